"""Pages in the width of a terminal: long lines go on below, indented, and nothing is cut."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from cfnroles.page import BREAK, HANG, KEEP, Page, joined, page

#: The least that is left beside a hanging indent; a narrower rest goes below its head.
_ROOM = 30
_NARROWEST = 40
_INDENT = 2
#: As long is the word, `on` or `by`, behind which a long one gains nothing by a line of its own.
_SHORT = 4

_SGR = re.compile(r"\x1b\[[0-9;]*m")
_KEEP, _HANG, _BREAK = KEEP.painted, HANG.painted, BREAK.painted
_MARKS = re.compile(f"[{_KEEP}{_HANG}{_BREAK}]")
_LEAD = re.compile(r" *(?:(?:-|\d+\.) +)?")
#: What goes to the next line as a whole: a command, so that it can be copied, or a word.
_WORDS = re.compile(r"(?:`[^`]*`|\S)+")
#: A command behind a colon is the rest of its line.
_COMMAND = re.compile(r"(?:^ *|: )(?=(?:cfnroles|aws|terraform|git|pip|export) )")


def laid_out(text: Page, *, width: int | None, colour: bool) -> str:
    """The page as it is printed: with its colours or without, in ``width`` columns, or in lines as long as they are."""
    if width is None:
        return _MARKS.sub(_unbroken, text.painted) if colour else str(text)
    lines = [part for line in text.painted.split("\n") for part in _wrapped(line, max(width, _NARROWEST))]
    told = "\n".join(lines)
    return told if colour else _SGR.sub("", told)


def aligned(rows: Iterable[Sequence[str]], *, indent: int = 0) -> tuple[Page, ...]:
    """A line for each row, in columns as wide as their longest cell; a long last cell goes on below its beginning."""
    shown = [[each if isinstance(each, Page) else page([each]) for each in row] for row in rows]
    widths = [max(map(columns, column)) for column in zip(*(row[:-1] for row in shown), strict=True)]
    return tuple(_row(row, widths, " " * indent) for row in shown)


def _row(row: Sequence[Page], widths: Sequence[int], indent: str) -> Page:
    filled = len(row) - next((number for number, cell in enumerate(reversed(row)) if cell), 0)
    *first, last = row[:filled]
    cells = (joined(cell, " " * (width - columns(cell) + 2)) for cell, width in zip(first, widths, strict=False))
    return hanging(joined(indent, *cells), last)


def hanging(head: str, rest: str) -> Page:
    """A line whose ``rest`` goes on below its own beginning, or below ``head`` where that leaves it no room."""
    return joined(head, HANG, rest)


def either(parts: Iterable[str]) -> Page:
    """Parts on one line if they fit, else each on a line of its own."""
    first, *others = parts
    return joined(first, *(piece for part in others for piece in (BREAK, part)))


def unpainted(text: str) -> str:
    """A text as it is printed, without its colours."""
    return _SGR.sub("", text)


def columns(text: str) -> int:
    """How many columns of a terminal a line takes."""
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
    """The line in pieces that fit, each of whole words."""
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
    """Words in lines of ``width``: the first one begins with ``first``, all others with ``hang`` spaces."""
    before, at = first, _shown(first)
    empty = True
    for space, word in _pieces(text):
        size = columns(_SGR.sub("", word))
        gap = "" if empty and first else space
        # What fits no line stays behind a short word: below it, the terminal would break it as well.
        if not empty and at + len(gap) + size > width and (hang + size <= width or at > hang + _SHORT):
            yield before
            before, at, gap = " " * hang, hang, ""
        before += gap + word
        at += len(gap) + size
        empty = False
    yield before


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """What stands before each word, and the word; a command that ends the text is one word."""
    command = _COMMAND.search(text)
    told, rest = (text[: command.end()], text[command.end() :]) if command else (text, "")
    at = 0
    for found in _WORDS.finditer(told):
        yield told[at : found.start()], found[0]
        at = found.end()
    if rest:
        yield told[at:], rest
