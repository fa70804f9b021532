"""Start and end of each part of a JSON or YAML text, for editing the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import yaml
from msgspec import Struct

from cfnroles.aliases import MAYBE
from cfnroles.document import composed, readable_as_yaml
from cfnroles.errors import InvalidInput

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Scalar(Struct, frozen=True):
    """A text between ``start`` and ``end``, or an alias, whose ``value`` is unused."""

    start: int
    end: int
    value: str
    is_alias: bool = False


class Mapping(Struct, frozen=True, eq=False, dict=True):
    """Members with their keys, in order. ``flow`` is true for braces.

    A text may have tens of thousands of parts, of which few are used: ``_found`` computes the members on demand.
    """

    start: int
    flow: bool
    _closed: int
    _found: Callable[[], Iterator[tuple[Scalar, Node]]]

    @cached_property
    def members(self) -> tuple[tuple[Scalar, Node], ...]:
        """The keys and values."""
        return tuple(self._found())

    @property
    def end(self) -> int:
        """The end; in block style, that of the last leaf."""
        return self.members[-1][1].end if self.members and not self.flow else self._closed

    def member(self, name: str) -> tuple[Scalar, Node] | None:
        """Return the key and the value of a member, or ``None``."""
        return next((each for each in self.members if each[0].value == name), None)


class Sequence(Struct, frozen=True, eq=False, dict=True):
    """Elements in order. ``flow`` is true for brackets."""

    start: int
    flow: bool
    _closed: int
    _found: Callable[[], Iterator[Node]]

    @cached_property
    def elements(self) -> tuple[Node, ...]:
        """The elements."""
        return tuple(self._found())

    @property
    def end(self) -> int:
        """The end; in block style, that of the last leaf."""
        return self.elements[-1].end if self.elements and not self.flow else self._closed


Node = Scalar | Mapping | Sequence


def spans(text: str, document: str) -> Node:
    """Return the parts of a text that ``parse`` accepts. Raise InvalidInput if only JSON accepts it, not YAML.

    Offsets count characters. A part of several lines ends at its last leaf, without trailing comments and empty lines.
    """
    try:
        # An alias is composed from text at another place.
        root = None if MAYBE.search(text) else composed(text, document)
        if root is not None:
            return _of(root, text)
        events: Iterator[Any] = iter(list(yaml.parse(readable_as_yaml(text), Loader=_Loader)))
    except (yaml.YAMLError, InvalidInput) as error:
        raise InvalidInput("is JSON that YAML cannot read, so the line is unknown", where=document) from error
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            return _node(next(events), events, text)
    raise InvalidInput("is empty", where=document)


def _of(node: Any, text: str) -> Node:
    """Return the part of a text for a node without aliases."""
    start, end = _marks(node)
    if isinstance(node, yaml.MappingNode):
        return Mapping(start, bool(node.flow_style), end, lambda: _members(node, text))
    if isinstance(node, yaml.SequenceNode):
        return Sequence(start, bool(node.flow_style), end, lambda: (_of(each, text) for each in node.value))
    return _scalar(start, end, node, text)


def _members(node: Any, text: str) -> Iterator[tuple[Scalar, Node]]:
    for key, value in node.value:
        yield _key(_of(key, text)), _of(value, text)


def _node(event: Any, events: Iterator[Any], text: str) -> Node:
    start, end = _marks(event)
    if isinstance(event, yaml.AliasEvent):
        return Scalar(start, end, str(event.anchor), is_alias=True)
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(start, end, event, text)
    flow, several = bool(event.flow_style), isinstance(event, yaml.MappingStartEvent)
    members: list[tuple[Scalar, Node]] = []
    elements: list[Node] = []
    for each in events:
        if isinstance(each, yaml.CollectionEndEvent):
            end = _marks(each)[1]
            break
        if several:
            members.append((_key(_node(each, events, text)), _node(next(events), events, text)))
        else:
            elements.append(_node(each, events, text))
    if several:
        return Mapping(start, flow, end, lambda: iter(members))
    return Sequence(start, flow, end, lambda: iter(elements))


def _marks(part: Any) -> tuple[int, int]:
    return part.start_mark.index, part.end_mark.index


def _scalar(start: int, end: int, scalar: Any, text: str) -> Scalar:
    if scalar.style in ("|", ">"):
        # A block scalar ends where the next part begins.
        end = start + len(text[start:end].rstrip())
    return Scalar(start, end, str(scalar.value))


def _key(node: Node) -> Scalar:
    if not isinstance(node, Scalar):
        raise ValueError("a key of a document that was parsed is a scalar")
    return node
