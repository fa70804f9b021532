"""Markdown in which a text never becomes more than a text, as GitHub and CommonMark read it.

https://github.github.com/gfm/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from cfnroles.page import Page, page, verbatim, visible

_OPENING, _CLOSING = "(\"'", ")\"'.,:;!?"
# A word that no reader of Markdown, and no filter of GitHub's (mentions, issues, commits, addresses), gives a meaning.
_PLAIN = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|\d{1,6}")
_COMMIT = re.compile(r"[0-9a-fA-F]{7,40}")
#: How many words a quotation in backticks may have.
_QUOTATION = 20


class Markup(str):
    """Inline Markdown. Only the functions of this module make one; whatever else is put into a document is a text."""

    __slots__ = ()


class MarkdownBlock(Page):
    """Lines of a document. Only the functions of this module make one."""

    __slots__ = ()


#: A new line within a cell.
BREAK = Markup("<br>")


def code(text: str) -> Markup:
    """The text as code: behind and before more backticks than it has in a row.

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
    """The text as a sentence, in which every word that is more than letters is code."""
    words = visible(text).split(" ")
    told: list[str] = []
    at = 0
    while at < len(words):
        quoted = _quotation(words[at : at + _QUOTATION])
        told.append(_word(" ".join(words[at : at + max(quoted, 1)]), quoted=bool(quoted)))
        at += max(quoted, 1)
    return Markup(" ".join(told).strip())


def inline(*parts: str) -> Markup:
    """The parts behind each other; those that are no markup are prose."""
    told = ""
    for part in parts:
        more = part if isinstance(part, Markup) else _kept(part)
        # Two codes without anything between them would be one, or none.
        told += f" {more}" if told.endswith("`") and more.startswith("`") else more
    return Markup(told)


def below(parts: Iterable[str]) -> Markup:
    """The parts one below the other, each of them once."""
    return Markup(BREAK.join(dict.fromkeys(inline(part) for part in parts if part)))


def strong(*parts: str) -> Markup:
    """The parts, printed bold."""
    return Markup(f"**{_line(*parts)}**")


def link(label: str, address: str) -> Markup:
    """A link to a page of AWS's or a tool's; the label alone for what is no address."""
    if not address.startswith("https://"):
        return inline(label)
    return Markup(f"[{inline(label)}]({quote(address, safe=':/?#@!$&*+,;=%~-._')})")


def heading(level: int, *parts: str) -> MarkdownBlock:
    """A heading."""
    return _block([f"{'#' * level} {_line(*parts)}"])


def paragraph(*parts: str) -> MarkdownBlock:
    """A paragraph."""
    return _block([_line(*parts)])


def items(entries: Iterable[str]) -> MarkdownBlock:
    """A list."""
    return _block(f"- {_line(entry)}" for entry in entries)


def nested(entries: Iterable[tuple[str, Iterable[str]]]) -> MarkdownBlock:
    """A list of entries, each with a list of its own."""
    return _block(
        line for entry, below in entries for line in (f"- {_line(entry)}", *(f"  - {_line(each)}" for each in below))
    )


def numbered(number: int, head: str, entries: Iterable[str]) -> MarkdownBlock:
    """An entry of a numbered list, with a list of its own."""
    return _block([f"{number}. {_line(head)}", *(f"   - {_line(entry)}" for entry in entries)])


def table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> MarkdownBlock:
    """A table. A column whose head ends with a colon has its cells on the right.

    https://github.github.com/gfm/#tables-extension-
    """
    rule = "|".join("--:" if name.endswith(":") else "---" for name in head)
    names = [name.removesuffix(":") for name in head]
    return _block([_row(names), f"|{rule}|", *map(_row, rows)])


def fenced(text: Page, language: str, *, margin: str = "") -> MarkdownBlock:
    """A page as a block of code."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return _block(f"{margin}{line}" for line in (f"{fence}{language}", *text.split("\n"), fence))


def document(blocks: Iterable[str]) -> Page:
    """The blocks with an empty line between them; a text that is no block is a paragraph."""
    whole = [block if isinstance(block, MarkdownBlock) else paragraph(block) for block in blocks]
    return page(line for number, block in enumerate(filter(None, whole)) for line in (*[""][:number], block))


def _quotation(words: Sequence[str]) -> int:
    """How many of the first words our own sentences have set in backticks; 0 where they have not."""
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
    # What ends a question may belong to a name, and so may a bracket that was opened in it.
    core = rest.rstrip("\"'.,:;" if "(" in rest else ")\"'.,:;")
    return f"{before}{code(core)}{rest[len(core) :]}"


def _kept(text: str) -> str:
    """The text as prose, with the spaces around it."""
    told = prose(text)
    before, after = (" " if side == " " else "" for side in (text[:1], text[-1:]))
    return f"{before}{told}{after}" if told else before


def _line(*parts: str) -> str:
    """The parts as they can begin a block: what would be an indentation or the number of a list is neither."""
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", inline(*parts).strip())


def _row(cells: Iterable[str]) -> str:
    # Within a table every bar has a backslash, in code as elsewhere.
    told = (_line(cell).replace("|", "\\|") for cell in cells)
    return f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in told)}|"


def _block(lines: Iterable[str]) -> MarkdownBlock:
    whole = verbatim(page(lines))
    made = MarkdownBlock(whole)
    made.painted = whole.painted
    return made
