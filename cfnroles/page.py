"""Text that is safe to print: text from documents and AWS stays on its line, and invisible characters are shown."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable
from typing import Any

#: Letters and marks of Unicode that are invisible: fillers, joiners, variation selectors.
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
#: Line ends of YAML. A text has the same lines in every reader.
#: https://yaml.org/spec/1.1/#id871136
LINE_END = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# Commands of CI servers in a log: GitHub's runner reads them at the start of a line, after any spaces, or as `##[`
# anywhere; Azure Pipelines and TeamCity as `##name[`.
# https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
# https://learn.microsoft.com/en-us/azure/devops/pipelines/scripts/logging-commands
_COMMAND = re.compile(r"(?m)^(\s*):(?=:.*::)|#(?=#\w*\[)")


class Page(str):
    r"""A text whose line breaks come from its author. Only functions of this module create it.

    A page inside another string is an ordinary string again. Code that forgets this prints ``\n`` and never a line that
    a document forged.
    """

    __slots__ = ("painted",)

    #: The same with ANSI colors, and with the marks for wrapping long lines (`layout.py`).
    painted: str

    def __str__(self) -> str:
        return self  # `str` would return an ordinary string for a subclass


def visible(text: str) -> str:
    r"""Return the text in one line, with an escape such as ``\u202e`` for each invisible or moving character.

    Idempotent.
    """
    if text.isprintable() and (text.isascii() or _UNSEEN.isdisjoint(text)):
        return text
    return "".join(each if each.isprintable() and each not in _UNSEEN else _escape(each) for each in text)


def clipped(text: str, most: int) -> str:
    """Return the visible text in at most ``most`` characters, without cutting an escape."""
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
    """Join lines. An element that is a page keeps its lines."""
    pages = [_page(line) for line in lines]
    return _made("\n".join(pages), "\n".join(each.painted for each in pages))


def joined(*parts: str) -> Page:
    """Concatenate parts into one page."""
    pages = [_page(part) for part in parts]
    return _made("".join(pages), "".join(each.painted for each in pages))


def painted(text: str, sgr: str) -> Page:
    """Return the text in a color or weight, if the reader wants colors.

    https://en.wikipedia.org/wiki/ANSI_escape_code#SGR
    """
    plain = _page(text)
    return _made(plain, f"\x1b[{sgr}m{plain}\x1b[0m")


def verbatim(text: str) -> Page:
    """Return a page to copy from the terminal, such as a command or a file. Its lines are never wrapped."""
    whole = _page(text)
    return _made(whole, _KEPT + whole.painted.replace("\n", f"\n{_KEPT}"))


def json_page(value: Any, short: frozenset[str] = frozenset()) -> Page:
    """Return the value as ASCII JSON with JSON's own escapes, so that it means the same wherever it is printed.

    An object with one member is on one line if that member is in ``short``.
    """
    text = _on_lines(value, short).replace("\x7f", "\\u007f")
    return _file(_COMMAND.sub(lambda found: "\\u0023" if found[0] == "#" else found[0], text))


def annotation(kind: str, message: str, **properties: str) -> Page:
    """Return a line that GitHub's runner reads as an annotation. ``kind`` is error, warning or notice.

    No text can end the line or a property, or start another command.

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


#: A private-use character for parts that are on one line.
_HELD = "\ue000"


def json_source(value: Any) -> str:
    """Return the value as JSON for a file: letters of all scripts, and escapes for invisible characters."""
    return _in_source(json.dumps(value, indent=2, ensure_ascii=False), lambda each: json.dumps(each)[1:-1])


def yaml_source(value: Any) -> str:
    """Return the value on one line of YAML: JSON, without surrogate pairs, which YAML rejects."""
    return _in_source(json.dumps(value, ensure_ascii=False), lambda each: f"\\U{ord(each):08x}")


def _in_source(text: str, escape: Callable[[str], str]) -> str:
    return "".join(each if each == "\n" or visible(each) == each else escape(each) for each in text)


def xml_page(text: str) -> Page:
    """Return ASCII XML. Its texts must be visible already."""
    return _file(_COMMAND.sub(lambda found: "&#35;" if found[0] == "#" else found[0], text))


def quoted(text: str) -> str:
    """Return the text as one word for a shell, in printable characters, with the same meaning when pasted.

    ``$'...'`` is in POSIX since 2024, and was in bash, ksh and zsh before.
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


#: No text contains these: `visible` escapes invisible characters.
_KEPT = "\x01"
#: Marks the start of a line that is never wrapped.
KEEP = _made("", _KEPT)
#: Marks the column where a wrapped line continues.
HANG = _made("", "\x02")
#: A space where a line that does not fit is always wrapped.
BREAK = _made(" ", "\x03")


def _escape(character: str) -> str:
    number = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
