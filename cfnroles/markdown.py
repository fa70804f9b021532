"""Markdown in which text from outside stays text, as GitHub and CommonMark read it.

https://github.github.com/gfm/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from cfnroles.page import Page, page, verbatim, visible

_OPENING, _CLOSING = "(\"'", ")\"'.,:;!?"
# A word without meaning to any Markdown reader or filter of GitHub (mentions, issues, commits, addresses).
_PLAIN = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|\d{1,6}")
_COMMIT = re.compile(r"[0-9a-fA-F]{7,40}")
#: The maximum number of words of a quotation in backticks.
_QUOTATION = 20


class Markup(str):
    """Inline Markdown. Only functions of this module create it. Any other string in a document is plain text."""

    __slots__ = ()


class MarkdownBlock(Page):
    """Lines of a document. Only functions of this module create them."""

    __slots__ = ()


#: A new line in a cell.
BREAK = Markup("<br>")


def code(text: str) -> Markup:
    """Return the text as code, in more backticks than it has in a row.

    https://github.github.com/gfm/#code-spans
    """
    shown = visible(text)
    if not shown:
        return Markup()
    if not shown.strip():
        shown = f"'{shown}'"
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    space = " " if shown.startswith(("`", " ")) or shown.endswith(("`", " ")) else ""
    return Markup(f"{fence}{space}{shown}{space}{fence}")


def prose(text: str) -> Markup:
    """Return the text as prose. Every word that is more than letters becomes code."""
    words = visible(text).split(" ")
    told: list[str] = []
    at = 0
    while at < len(words):
        quoted = _quotation(words[at : at + _QUOTATION])
        told.append(_word(" ".join(words[at : at + max(quoted, 1)]), quoted=bool(quoted)))
        at += max(quoted, 1)
    return Markup(" ".join(told).strip())


def inline(*parts: str) -> Markup:
    """Concatenate the parts. Parts that are not markup are prose."""
    told = ""
    for part in parts:
        more = part if isinstance(part, Markup) else _kept(part)
        # Two adjacent code spans without text between them would merge.
        told += f" {more}" if told.endswith("`") and more.startswith("`") else more
    return Markup(told)


def below(parts: Iterable[str]) -> Markup:
    """Put the parts one below the other, without duplicates."""
    return Markup(BREAK.join(dict.fromkeys(inline(part) for part in parts if part)))


def strong(*parts: str) -> Markup:
    """Return the parts in bold."""
    return Markup(f"**{_line(*parts)}**")


def link(label: str, address: str) -> Markup:
    """Return a link to a page of AWS or a tool, or only the label if it is not an address."""
    if not address.startswith("https://"):
        return inline(label)
    return Markup(f"[{inline(label)}]({quote(address, safe=':/?#@!$&*+,;=%~-._')})")


def heading(level: int, *parts: str) -> MarkdownBlock:
    """Return a heading."""
    return _block([f"{'#' * level} {_line(*parts)}"])


def paragraph(*parts: str) -> MarkdownBlock:
    """Return a paragraph."""
    return _block([_line(*parts)])


def items(entries: Iterable[str]) -> MarkdownBlock:
    """Return a list."""
    return _block(f"- {_line(entry)}" for entry in entries)


def nested(entries: Iterable[tuple[str, Iterable[str]]]) -> MarkdownBlock:
    """Return a list of entries, each with its own list."""
    return _block(
        line for entry, below in entries for line in (f"- {_line(entry)}", *(f"  - {_line(each)}" for each in below))
    )


def numbered(number: int, head: str, entries: Iterable[str]) -> MarkdownBlock:
    """Return an entry of a numbered list, with its own list."""
    return _block([f"{number}. {_line(head)}", *(f"   - {_line(entry)}" for entry in entries)])


def table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> MarkdownBlock:
    """Return a table. A column whose head ends with a colon is aligned right.

    https://github.github.com/gfm/#tables-extension-
    """
    rule = "|".join("--:" if name.endswith(":") else "---" for name in head)
    names = [name.removesuffix(":") for name in head]
    return _block([_row(names), f"|{rule}|", *map(_row, rows)])


def fenced(text: Page, language: str, *, margin: str = "") -> MarkdownBlock:
    """Return a page as a block of code."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return _block(f"{margin}{line}" for line in (f"{fence}{language}", *text.split("\n"), fence))


def document(blocks: Iterable[str]) -> Page:
    """Join the blocks with empty lines between them. A string that is not a block is a paragraph."""
    whole = [block if isinstance(block, MarkdownBlock) else paragraph(block) for block in blocks]
    return page(line for number, block in enumerate(filter(None, whole)) for line in (*[""][:number], block))


def _quotation(words: Sequence[str]) -> int:
    """Return how many of the first words are a quotation in backticks of our own messages, or 0."""
    if not words[0].lstrip(_OPENING).startswith("`"):
        return 0
    for number, word in enumerate(words, start=1):
        inner = word.lstrip(_OPENING)[1:] if number == 1 else word
        if "`" in inner:
            whole = inner.count("`") == 1 and inner.rstrip(_CLOSING).endswith("`")
            return number if whole and (number > 1 or not inner.startswith("`")) else 0
    return 0


def _word(word: str, *, quoted: bool) -> str:
    rest = word.lstrip(_OPENING)
    before, core = word[: len(word) - len(rest)], rest.rstrip(_CLOSING)
    if quoted:
        return f"{before}{code(core[1:-1])}{rest[len(core) :]}"
    if not core:
        return word if len(word) <= 1 else code(word)
    if _PLAIN.fullmatch(core) and not _COMMIT.fullmatch(core):
        return word
    # A question mark at the end may be part of a name, and so may a bracket that was opened in it.
    core = rest.rstrip("\"'.,:;" if "(" in rest else ")\"'.,:;")
    return f"{before}{code(core)}{rest[len(core) :]}"


def _kept(text: str) -> str:
    """Return the text as prose, with the spaces around it."""
    told = prose(text)
    before, after = (" " if side == " " else "" for side in (text[:1], text[-1:]))
    return f"{before}{told}{after}" if told else before


def _line(*parts: str) -> str:
    """Return the parts for the start of a block, where an indent or a list number would have a meaning."""
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", inline(*parts).strip())


def _row(cells: Iterable[str]) -> str:
    # In a table every bar is escaped, also in code.
    told = (_line(cell).replace("|", "\\|") for cell in cells)
    return f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in told)}|"


def _block(lines: Iterable[str]) -> MarkdownBlock:
    whole = verbatim(page(lines))
    made = MarkdownBlock(whole)
    made.painted = whole.painted
    return made
