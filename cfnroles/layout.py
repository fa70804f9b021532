"""Layout of pages in the width of a terminal: long lines wrap with an indent, and nothing is cut."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from cfnroles.page import BREAK, HANG, KEEP, Page, joined, page

#: The minimum width next to a hanging indent. A narrower rest moves below its head.
_ROOM = 30
_NARROWEST = 40
_INDENT = 2
#: The length of `on` or `by`: after such a word, a long word gains nothing from a line of its own.
_SHORT = 4

_SGR = re.compile(r"\x1b\[[0-9;]*m")
_KEEP, _HANG, _BREAK = KEEP.painted, HANG.painted, BREAK.painted
_MARKS = re.compile(f"[{_KEEP}{_HANG}{_BREAK}]")
_LEAD = re.compile(r" *(?:(?:-|\d+\.) +)?")
#: What wraps as a whole: a word, or a command, so that it can be copied.
_WORDS = re.compile(r"(?:`[^`]*`|\S)+")
#: A command after a colon extends to the end of the line.
_COMMAND = re.compile(r"(?:^ *|: )(?=(?:cfnroles|aws|terraform|git|pip|export) )")


def laid_out(text: Page, *, width: int | None, colour: bool) -> str:
    """Return the page for printing, with or without colors, wrapped to ``width`` columns or not at all."""
    if width is None:
        return _MARKS.sub(_unbroken, text.painted) if colour else str(text)
    lines = [part for line in text.painted.split("\n") for part in _wrapped(line, max(width, _NARROWEST))]
    told = "\n".join(lines)
    return told if colour else _SGR.sub("", told)


def aligned(rows: Iterable[Sequence[str]], *, indent: int = 0) -> tuple[Page, ...]:
    """Return a line for each row, in columns as wide as their longest cell. A long last cell wraps in its column."""
    shown = [[each if isinstance(each, Page) else page([each]) for each in row] for row in rows]
    widths = [max(map(columns, column)) for column in zip(*(row[:-1] for row in shown), strict=True)]
    return tuple(_row(row, widths, " " * indent) for row in shown)


def _row(row: Sequence[Page], widths: Sequence[int], indent: str) -> Page:
    filled = len(row) - next((number for number, cell in enumerate(reversed(row)) if cell), 0)
    *first, last = row[:filled]
    cells = (joined(cell, " " * (width - columns(cell) + 2)) for cell, width in zip(first, widths, strict=False))
    return hanging(joined(indent, *cells), last)


def hanging(head: str, rest: str) -> Page:
    """Return a line whose ``rest`` wraps in its own column, or below ``head`` if there is too little room."""
    return joined(head, HANG, rest)


def either(parts: Iterable[str]) -> Page:
    """Join the parts on one line if they fit, otherwise put each on its own line."""
    first, *others = parts
    return joined(first, *(piece for part in others for piece in (BREAK, part)))


def unpainted(text: str) -> str:
    """Return a text as printed, without its colors."""
    return _SGR.sub("", text)


def columns(text: str) -> int:
    """Return the number of terminal columns of a line."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _unbroken(mark: re.Match[str]) -> str:
    return " " if mark[0] == _BREAK else ""


def _shown(marked: str) -> int:
    return columns(_SGR.sub("", _MARKS.sub(_unbroken, marked)))


def _wrapped(line: str, width: int) -> Iterator[str]:
    """Split the line between words into pieces that fit."""
    whole = _MARKS.sub(_unbroken, line)
    if line.startswith(_KEEP) or columns(_SGR.sub("", whole)) <= width:
        yield whole
        return
    head, hangs, rest = line.partition(_HANG)
    lead = _LEAD.match(_SGR.sub("", head) if head else "")
    hang = _shown(head)
    if not hangs or hang + _ROOM > width:
        hang = len(lead[0] if lead else "") + _INDENT
        if hangs and head.strip():
            yield from _filled(head.rstrip(), width, hang)
            head, first = "", " " * hang
        else:
            head, rest, first = "", head + rest, ""
    else:
        first = head
    for part in rest.split(_BREAK):
        yield from _filled(part, width, hang, first)
        first = " " * hang


def _filled(text: str, width: int, hang: int, first: str = "") -> Iterator[str]:
    """Fill lines of ``width`` with words. The first line starts with ``first``, all others with ``hang`` spaces."""
    before, at = first, _shown(first)
    empty = True
    for space, word in _pieces(text):
        size = columns(_SGR.sub("", word))
        gap = "" if empty and first else space
        # A word that fits no line stays after a short word: below it, the terminal would break it as well.
        if not empty and at + len(gap) + size > width and (hang + size <= width or at > hang + _SHORT):
            yield before
            before, at, gap = " " * hang, hang, ""
        before += gap + word
        at += len(gap) + size
        empty = False
    yield before


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield each word with the space before it. A command at the end is one word."""
    command = _COMMAND.search(text)
    told, rest = (text[: command.end()], text[command.end() :]) if command else (text, "")
    at = 0
    for found in _WORDS.finditer(told):
        yield told[at : found.start()], found[0]
        at = found.end()
    if rest:
        yield told[at:], rest
