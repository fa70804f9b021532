"""Files in Terraform's JSON syntax, as the blocks and expressions of a `.tf` file.

https://developer.hashicorp.com/terraform/language/syntax/json
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property, partial
from typing import Any

from msgspec import Struct

from cfnroles.errors import InvalidInput
from cfnroles.hcl.parser import parse_expression, parse_template
from cfnroles.hcl.reader import DEPTH
from cfnroles.hcl.syntax import (
    Block,
    Body,
    Chunk,
    Constant,
    Interpolation,
    Node,
    Object,
    Place,
    Source,
    Template,
    Tuple,
)

#: The number of labels of the blocks that are read. All others are irrelevant for tasks and roles.
_LABELS = {"resource": 2, "data": 2, "variable": 1, "output": 1, "module": 1, "provider": 1, "locals": 0}
#: Blocks that can contain blocks.
_WITH_BLOCKS = frozenset({"resource", "data", "provider"})
#: Arguments in blocks that are maps, which JSON writes like blocks.
_MAPS = frozenset({"driver_opts", "input_paths", "labels", "options", "properties", "tags"})
_COMMENT = "//"
_LARGEST = 1e300
#: Values that are expressions, not templates:
#: https://developer.hashicorp.com/terraform/language/syntax/json
_BARE = {("variable", "type"), ("resource", "provider"), ("data", "provider"), ("dynamic", "iterator")}
_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_SCALAR = re.compile(r"[^\s,\]}]+")
_SIGN = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL)


class JsonText(Source, frozen=True, eq=False, dict=True):
    """The text of a JSON file."""

    @property
    def is_json(self) -> bool:
        """As for ``Source``."""
        return True


class Quoted(Source, frozen=True, eq=False, dict=True):
    """The contents of a quoted string in another text, with its offset."""

    around: Source
    begins: int

    @cached_property
    def _offsets(self) -> list[int]:
        signs = _SIGN.finditer(self.around.text, self.begins)
        return [next(signs).start() for _ in range(len(self.text) + 1)]

    @property
    def whole(self) -> str:
        """The text of the file."""
        return self.around.whole

    def place(self, offset: int) -> Place:
        """Return the place in the file of the character with this number."""
        return self.around.place(self._offsets[offset])


class _Part(Struct, frozen=True, eq=False):
    """A value of the file between two characters: an object is a tuple of pairs, a list a list."""

    start: int
    end: int
    data: Any

    @property
    def holds_blocks(self) -> bool:
        """Whether it is an object, or a list of only objects."""
        inner = self.data if isinstance(self.data, list) else [self]
        return bool(inner) and all(isinstance(each.data, tuple) for each in inner)


def parse_json(source: Source) -> Body:
    """Return the blocks of a file. Raise InvalidInput with line and column if it is malformed."""
    _check(source)
    return _File(source).body()


def parse_json_values(source: Source) -> dict[str, Node]:
    """Return the values of variables in a file, whose strings are not templates. Raise InvalidInput as
    ``parse_json``.
    """
    _check(source)
    return _File(source).values()


def _check(source: Source) -> None:
    try:
        json.loads(source.text, parse_constant=_refused, parse_float=_number)
    except json.JSONDecodeError as error:
        raise _fault(source, error.pos, f"is not valid JSON: {error.msg}") from error
    except ValueError as error:
        raise _fault(source, 0, f"is not valid JSON: {error}") from error
    except RecursionError as error:
        raise _too_deep(source, 0) from error


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _number(digits: str) -> float:
    found = float(digits)
    return found if abs(found) < _LARGEST else _refused(f"{digits[:20]}...")


def _fault(source: Source, offset: int, what: str, remedy: str = "Run `terraform validate`.") -> InvalidInput:
    place = source.place(min(offset, len(source.text)))
    where, drawn = f"{place.document}:{place.line}:{place.column}", partial(source.drawn, place)
    return InvalidInput(what, where=where, remedy=remedy, drawn=drawn)


def _too_deep(source: Source, offset: int) -> InvalidInput:
    what = f"is not supported: it is nested deeper than {DEPTH} levels"
    return _fault(source, offset, what, "Move an inner part to `locals`.")


class _File:
    """A JSON text as blocks."""

    def __init__(self, source: Source) -> None:
        self._source, self._at = JsonText(source.name, source.text), 0

    def body(self) -> Body:
        whole = self._part(0)
        blocks = (block for name, part in self._members(whole) for block in self._declared(str(name.data), part))
        return Body(self._source, whole.start, whole.end, {}, tuple(blocks))

    def values(self) -> dict[str, Node]:
        return {str(key.data): self._expression(value, literal=True) for key, value in self._members(self._part(0))}

    def _declared(self, kind: str, part: _Part) -> Iterator[Block]:
        if kind in _LABELS:
            yield from self._labelled(kind, part, (), _LABELS[kind])

    def _labelled(self, kind: str, part: _Part, labels: tuple[str, ...], missing: int) -> Iterator[Block]:
        """Yield the blocks of a type, with the names of the objects around them as labels."""
        if missing:
            for name, inner in self._members(part):
                yield from self._labelled(kind, inner, (*labels, str(name.data)), missing - 1)
            return
        for each in part.data if isinstance(part.data, list) else [part]:
            if each.data is not None:
                body = self._body(each, kind, outermost=True)
                yield Block(self._source, each.start, each.end, kind, labels, body)

    def _members(self, part: _Part) -> Iterator[tuple[_Part, _Part]]:
        """Yield the members of an object, or of each object in a list, without comments."""
        for each in part.data if isinstance(part.data, list) else [part]:
            if not isinstance(each.data, tuple):
                raise _fault(self._source, each.start, "is not valid Terraform: expected an object")
            yield from (pair for pair in each.data if pair[0].data != _COMMENT)

    def _body(self, part: _Part, kind: str, *, outermost: bool = False) -> Body:
        arguments: dict[str, Node] = {}
        blocks: list[Block] = []
        for key, value in self._members(part):
            name = str(key.data)
            as_block = (not outermost or kind in _WITH_BLOCKS) and name not in _MAPS and value.holds_blocks
            if name in arguments and not as_block:
                raise _fault(self._source, key.start, f"is not valid Terraform: the argument {name} is set twice")
            if as_block:
                blocks += self._inner(name, value)
            # Only the provider knows whether a resource has an argument or a block of this name.
            if name != "dynamic" and (outermost or not as_block):
                arguments[name] = self._argument(kind, name, value)
        return Body(self._source, part.start, part.end, arguments, tuple(blocks))

    def _inner(self, name: str, part: _Part) -> Iterator[Block]:
        if name != "dynamic":
            for each in part.data if isinstance(part.data, list) else [part]:
                yield Block(self._source, each.start, each.end, name, (), self._body(each, name))
            return
        for label, value in self._members(part):
            for each in value.data if isinstance(value.data, list) else [value]:
                body = self._body(each, name)
                yield Block(self._source, each.start, each.end, name, (str(label.data),), body)

    def _argument(self, kind: str, name: str, part: _Part) -> Node:
        if (kind, name) in _BARE and isinstance(part.data, str):
            return parse_expression(self._quoted(part))
        if (kind, name) == ("module", "providers"):
            pairs = ((self._bare(key), self._bare(value)) for key, value in self._members(part))
            return Object(self._source, part.start, part.end, tuple(pairs))
        return self._expression(part, literal=kind == "variable")

    def _bare(self, part: _Part) -> Node:
        return parse_expression(self._quoted(part)) if isinstance(part.data, str) else self._expression(part)

    def _expression(self, part: _Part, *, literal: bool = False) -> Node:
        """Return an expression; its strings are templates unless it is ``literal``."""
        where = (self._source, part.start, part.end)
        match part.data:
            case str():
                return self._text(part, literal=literal)
            case list():
                return Tuple(*where, tuple(self._expression(each, literal=literal) for each in part.data))
            case tuple():
                pairs = (tuple(self._expression(each, literal=literal) for each in pair) for pair in part.data)
                return Object(*where, tuple((key, value) for key, value in pairs))
        return Constant(*where, part.data)

    def _text(self, part: _Part, *, literal: bool) -> Node:
        inner = self._quoted(part)
        if literal or not ("${" in inner.text or "%{" in inner.text):
            chunks = (Chunk(inner, 0, len(inner.text), inner.text),) if inner.text else ()
            return Template(inner, 0, len(inner.text), chunks)
        found = parse_template(inner)
        only = found.parts[0] if len(found.parts) == 1 else None
        return only.inner if isinstance(only, Interpolation) else found

    def _quoted(self, part: _Part) -> Quoted:
        return Quoted(self._source.name, part.data, self._source, part.start + 1)

    def _part(self, depth: int) -> _Part:
        """Return the next value in valid JSON."""
        start = self._skip()
        if depth > DEPTH:
            raise _too_deep(self._source, start)
        match self._source.text[start]:
            case "{":
                data: Any = tuple(self._elements("}", depth, paired=True))
            case "[":
                data = list(self._elements("]", depth, paired=False))
            case sign:
                found = (_STRING if sign == '"' else _SCALAR).match(self._source.text, start)
                assert found is not None  # noqa: S101 - it is JSON
                self._at = found.end()
                data = json.loads(found[0])
        return _Part(start, self._at, data)

    def _elements(self, closing: str, depth: int, *, paired: bool) -> Iterator[Any]:
        self._at += 1
        while self._source.text[self._skip()] != closing:
            first = self._part(depth + 1)
            if paired:
                self._at = self._skip() + 1
            yield (first, self._part(depth + 1)) if paired else first
            self._at = self._skip() + (self._source.text[self._skip()] == ",")
        self._at += 1

    def _skip(self) -> int:
        """Skip spaces, and return the position of the next character."""
        match = _SPACE.match(self._source.text, self._at)
        self._at = match.end() if match else self._at
        return self._at
