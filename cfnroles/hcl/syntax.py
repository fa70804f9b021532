"""Expressions and blocks in a file, before their values are known.

https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property, lru_cache

from msgspec import Struct

from cfnroles.page import Page
from cfnroles.refused_texts import drawn_at


class Place(Struct, frozen=True, order=True):
    """A place: a document, with line and column, counted from 1."""

    document: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


class Source(Struct, frozen=True, eq=False, dict=True):
    """The text of a file, with its name in messages."""

    name: str
    text: str

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(at + 1 for at, sign in enumerate(self.text) if sign == "\n")]

    @property
    def is_json(self) -> bool:
        """Whether it is a JSON file, which has no comments, and expressions only in strings."""
        return False

    @cached_property
    def _places(self) -> dict[int, Place]:
        return {}

    @property
    def whole(self) -> str:
        """The text of the file."""
        return self.text

    def drawn(self, place: Place) -> Page:
        """Return the line at a place of the file, with a caret."""
        return drawn_at(self.whole, place.line, place.column, place.document)

    def place(self, offset: int) -> Place:
        """Return the place of the character with this number."""
        found = self._places.get(offset)
        if found is None:
            line = bisect_right(self._lines, offset)
            found = self._places[offset] = Place(self.name, line, offset - self._lines[line - 1] + 1)
        return found


class Node(Struct, frozen=True, eq=False):
    """A part of a file, between two characters."""

    source: Source
    start: int
    end: int

    @property
    def place(self) -> Place:
        """Where it begins."""
        return self.source.place(self.start)

    @property
    def written(self) -> str:
        """Its own text, in one line with the same meaning."""
        return _in_one_line(self)


class Constant(Node, frozen=True, eq=False):
    """A number, ``true``, ``false`` or ``null``."""

    value: int | float | bool | None


class Chunk(Node, frozen=True, eq=False):
    """A literal part of a template."""

    text: str


class Stripping(Node, frozen=True, eq=False):
    """A part of a template that strips the spaces ``before`` it or ``after`` it."""

    before: bool
    after: bool


class Interpolation(Stripping, frozen=True, eq=False):
    """``${...}`` in a template."""

    inner: Node


class IfDirective(Node, frozen=True, eq=False):
    """``%{ if ... }`` with the contents of both branches."""

    predicate: Node
    yes: tuple[Node, ...]
    no: tuple[Node, ...]


class ForDirective(Node, frozen=True, eq=False):
    """``%{ for ... }``; ``key`` is empty if it only names the values."""

    key: str
    value: str
    collection: Node
    inner: tuple[Node, ...]


class Template(Node, frozen=True, eq=False):
    """A quoted string, a heredoc or the text of a template file."""

    parts: tuple[Node, ...]


class Variable(Node, frozen=True, eq=False):
    """A name by itself or at the start of a traversal."""

    name: str


class GetAttribute(Node, frozen=True, eq=False):
    """``of.name``."""

    of: Node
    name: str


class Index(Node, frozen=True, eq=False):
    """``of[key]``."""

    of: Node
    key: Node


class Splat(Node, frozen=True, eq=False):
    """``of[*]``: ``each`` is evaluated for each element, which is called ``*`` there."""

    of: Node
    each: Node


class Call(Node, frozen=True, eq=False):
    """A function with its arguments; ``expands`` says that the last one is a list of arguments."""

    name: str
    arguments: tuple[Node, ...]
    expands: bool


class Tuple(Node, frozen=True, eq=False):
    """``[...]``."""

    elements: tuple[Node, ...]


class Object(Node, frozen=True, eq=False):
    """``{...}``: pairs of expressions."""

    members: tuple[tuple[Node, Node], ...]


class For(Node, frozen=True, eq=False):
    """A ``for`` expression. ``member`` is the key of the resulting object, ``None`` for a list."""

    key: str
    value: str
    collection: Node
    member: Node | None
    result: Node
    condition: Node | None
    grouped: bool


class Conditional(Node, frozen=True, eq=False):
    """``predicate ? yes : no``."""

    predicate: Node
    yes: Node
    no: Node


class Operation(Node, frozen=True, eq=False):
    """An operator with its one or two operands."""

    operator: str
    operands: tuple[Node, ...]


class Block(Node, frozen=True, eq=False):
    """A block with its labels."""

    type: str
    labels: tuple[str, ...]
    body: Body


class Body(Node, frozen=True, eq=False):
    """The contents of a block or a file: arguments by name, and blocks."""

    arguments: dict[str, Node]
    blocks: tuple[Block, ...]

    def of(self, kind: str) -> tuple[Block, ...]:
        """Return the blocks of a type."""
        return tuple(block for block in self.blocks if block.type == kind)


_COMMENT = re.compile(r"(?:#|//)[^\n]*|/\*.*?\*/", re.DOTALL)


@lru_cache(maxsize=16_384)  # each pass reads the same ones
def _in_one_line(node: Node) -> str:
    """Return the text of an expression without line breaks and comments, with commas for line ends in objects.

    A heredoc, which needs its lines, is no longer an expression.
    https://developer.hashicorp.com/terraform/language/expressions/types#maps-objects
    """
    raw = node.source.text[node.start : node.end]
    if node.source.is_json:
        return " ".join(raw.split())
    if "\n" not in raw and "/*" not in raw:
        return raw if '"' in raw else " ".join(raw.split())
    if isinstance(node, Template) and not raw.startswith('"'):
        return " ".join(raw.split())
    made, at = "", node.start
    for child in sorted(children(node), key=lambda each: each.start):
        made += _between(node, at, child.start) + _in_one_line(child)
        at = child.end
    return made + _between(node, at, node.end, last=True)


def _between(node: Node, start: int, end: int, *, last: bool = False) -> str:
    """Return the text between two parts of an expression."""
    text = node.source.text[start:end]
    if isinstance(node, Template):
        return text
    text = _COMMENT.sub(" ", text)
    if "\n" not in text:
        return text
    if last:
        text = text.replace(",", "")
    elif isinstance(node, Object) and start > node.start and "," not in text:
        text = text.replace("\n", ", ", 1)
    return re.sub(r"\s+", " ", re.sub(r"\s+,", ",", text))


def children(node: object) -> Iterator[Node]:
    """Yield the child nodes, without the literal parts of a template."""
    if isinstance(node, Chunk):
        return
    values = (
        node if isinstance(node, tuple) else [getattr(node, name) for name in getattr(node, "__struct_fields__", ())]
    )
    for value in values:
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple | dict):
            yield from children(tuple(value.values()) if isinstance(value, dict) else value)
