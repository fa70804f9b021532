"""Texts that are safe to print: what a document or AWS says stays within its line, and shows what cannot be seen."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable
from typing import Any

#: Code points that are letters or marks to Unicode and that nobody sees: fillers, joiners, variation selectors.
#: https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt (Default_Ignorable_Code_Point)
_UNSEEN = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ),
    )
)
#: What YAML takes for the end of a line: a text has the same lines whichever way it is read.
#: https://yaml.org/spec/1.1/#id871136
LINE_END = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# What a CI server takes out of a log for a command: GitHub's runner at the beginning of a line, behind any spaces, or
# as `##[` anywhere; Azure Pipelines and TeamCity as `##name[`.
# https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
# https://learn.microsoft.com/en-us/azure/devops/pipelines/scripts/logging-commands
_COMMAND = re.compile(r"(?m)^(\s*):(?=:.*::)|#(?=#\w*\[)")


class Page(str):
    """A text whose line breaks its author put there. Only the functions of this module make one.

    A page that is put into another text is an ordinary one again, so that who forgets this shows ``\\n`` to the reader
    and never a line that a document made up.
    """

    __slots__ = ("painted",)

    #: The same with ANSI's colours, and with the marks that say how a long line goes on below (`layout.py`).
    painted: str

    def __str__(self) -> str:
        return self  # of a subclass, `str` would make an ordinary one


def visible(text: str) -> str:
    """The text in one line, with an escape such as ``\\u202e`` for each character that is not seen or moves others.

    All else stays as it is, so that what is made visible twice is what is made visible once.
    """
    if text.isprintable() and (text.isascii() or _UNSEEN.isdisjoint(text)):
        return text
    return "".join(each if each.isprintable() and each not in _UNSEEN else _escape(each) for each in text)


def clipped(text: str, most: int) -> str:
    """The text made visible, in ``most`` characters at most, with no escape cut in two."""
    if len(visible(text)) <= most:
        return visible(text)
    told = ""
    for character in text:
        more = visible(character)
        if len(told) + len(more) >= most:
            break
        told += more
    return f"{told}…"


def page(lines: Iterable[str]) -> Page:
    """The lines as one text; an element that is a page already is there with all of its lines."""
    pages = [_page(line) for line in lines]
    return _made("\n".join(pages), "\n".join(each.painted for each in pages))


def joined(*parts: str) -> Page:
    """Parts behind each other, as one page: a line, unless one of them is a page of several."""
    pages = [_page(part) for part in parts]
    return _made("".join(pages), "".join(each.painted for each in pages))


def painted(text: str, sgr: str) -> Page:
    """The text in a colour or weight, where the reader wants colours.

    https://en.wikipedia.org/wiki/ANSI_escape_code#SGR
    """
    plain = _page(text)
    return _made(plain, f"\x1b[{sgr}m{plain}\x1b[0m")


def verbatim(text: str) -> Page:
    """A page of what is copied from the terminal, such as a command or a file: none of its lines is broken."""
    whole = _page(text)
    return _made(whole, _KEPT + whole.painted.replace("\n", f"\n{_KEPT}"))


def json_page(value: Any, short: frozenset[str] = frozenset()) -> Page:
    """The value as JSON in ASCII, with escapes of JSON's own, so that it means the same wherever it is printed.

    An object with one member stands on one line where that is among ``short``.
    """
    text = _on_lines(value, short).replace("\x7f", "\\u007f")
    return _file(_COMMAND.sub(lambda found: "\\u0023" if found[0] == "#" else found[0], text))


def annotation(kind: str, message: str, **properties: str) -> Page:
    """A line that GitHub's runner takes for an annotation: ``kind`` is error, warning or notice.

    Nothing in a text ends the line, a property, or begins another command.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    """
    given = ",".join(f"{name}={_in_command(value, ':,')}" for name, value in properties.items())
    return _file(f"::{kind} {given}::{_in_command(message)}")


def _in_command(text: str, also: str = "") -> str:
    told = _COMMAND.sub(lambda found: "\\x23" if found[0] == "#" else found[0], visible(text))
    return "".join(f"%{ord(each):02X}" if each in f"%{also}" else each for each in told)


def _on_lines(value: Any, short: frozenset[str]) -> str:
    lines: list[str] = []

    def held(each: Any) -> Any:
        if isinstance(each, dict) and len(each) == 1 and not short.isdisjoint(each):
            lines.append(json.dumps(each))
            return f"{_HELD}{len(lines) - 1}{_HELD}"
        if isinstance(each, dict):
            return {name: held(member) for name, member in each.items()}
        return [held(member) for member in each] if isinstance(each, list) else each

    text = json.dumps(held(value) if short else value, indent=2)
    for number, line in enumerate(lines):
        text = text.replace(json.dumps(f"{_HELD}{number}{_HELD}"), line)
    return text


#: A sign for private use, in the place of what stands on one line.
_HELD = "\ue000"


def json_source(value: Any) -> str:
    """The value as JSON for a file: letters of all scripts as they are, and escapes for what cannot be seen."""
    return _in_source(json.dumps(value, indent=2, ensure_ascii=False), lambda each: json.dumps(each)[1:-1])


def yaml_source(value: Any) -> str:
    """The value on one line that YAML reads: JSON, but that YAML takes no pair of surrogates for a character."""
    return _in_source(json.dumps(value, ensure_ascii=False), lambda each: f"\\U{ord(each):08x}")


def _in_source(text: str, escape: Callable[[str], str]) -> str:
    return "".join(each if each == "\n" or visible(each) == each else escape(each) for each in text)


def xml_page(text: str) -> Page:
    """XML in ASCII whose texts were made visible one by one."""
    return _file(_COMMAND.sub(lambda found: "&#35;" if found[0] == "#" else found[0], text))


def quoted(text: str) -> str:
    """The text as one word of a shell, in printable characters, which means the same when it is pasted.

    ``$'...'`` is POSIX's since 2024, and was bash's, ksh's and zsh's before.
    https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_04
    """
    if visible(text) == text:
        return shlex.quote(text)
    literal = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{''.join(each if visible(each) == each else _octal(each) for each in literal)}'"


def _octal(character: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))


def _file(text: str) -> Page:
    return verbatim(_made(text, text))


def _page(text: str) -> Page:
    if isinstance(text, Page):
        return text
    plain = _COMMAND.sub(_harmless, visible(text))
    return _made(plain, plain)


def _harmless(found: re.Match[str]) -> str:
    return "\\x23" if found[0] == "#" else f"{found[1]}\\x3a"


def _made(plain: str, coloured: str) -> Page:
    made = Page(plain)
    made.painted = coloured
    return made


#: No text has these: `visible` writes an escape for each character that is not seen.
_KEPT = "\x01"
#: Behind the beginning of a line that is never broken.
KEEP = _made("", _KEPT)
#: Where a line goes on, when it is broken: below this place.
HANG = _made("", "\x02")
#: A space at which a line that does not fit is broken, be there room for more or not.
BREAK = _made(" ", "\x03")


def _escape(character: str) -> str:
    number = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
