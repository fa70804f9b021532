"""Where each part of a JSON or YAML text begins and ends, for who edits the text itself."""

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
    """A text between ``start`` and ``end``; an alias is one, too, whose ``value`` nobody asks for."""

    start: int
    end: int
    value: str
    is_alias: bool = False


class Mapping(Struct, frozen=True, eq=False, dict=True):
    """Members with their keys, in the order of the text. ``flow`` tells that it stands in braces.

    A text may have tens of thousands of parts, and few of them are asked for: ``_found`` looks for the members.
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
        """Where it ends; in block style, where its last leaf does."""
        return self.members[-1][1].end if self.members and not self.flow else self._closed

    def member(self, name: str) -> tuple[Scalar, Node] | None:
        """The key and the value of a member; ``None`` where there is none."""
        return next((each for each in self.members if each[0].value == name), None)


class Sequence(Struct, frozen=True, eq=False, dict=True):
    """Elements in the order of the text. ``flow`` tells that it stands in brackets."""

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
        """Where it ends; in block style, where its last leaf does."""
        return self.elements[-1].end if self.elements and not self.flow else self._closed


Node = Scalar | Mapping | Sequence


def spans(text: str, document: str) -> Node:
    """The parts of a text that ``parse`` accepts; raises InvalidInput where YAML does not know what JSON does.

    Offsets count characters. What spans lines ends where its last leaf does, so that comments and empty lines
    behind it are not part of it.
    """
    try:
        # What YAML composed of an alias stands somewhere else in the text.
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
    """The part of a text that a node without aliases was composed of."""
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
