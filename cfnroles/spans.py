"""Where each part of a JSON or YAML text begins and ends, for who edits the text itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from msgspec import Struct

from cfnroles.document import readable_as_yaml
from cfnroles.errors import InvalidInput

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Scalar(Struct, frozen=True):
    """A text between ``start`` and ``end``; an alias is one, too, whose ``value`` nobody asks for."""

    start: int
    end: int
    value: str
    is_alias: bool = False


class Mapping(Struct, frozen=True):
    """Members with their keys, in the order of the text. ``flow`` tells that it stands in braces."""

    start: int
    end: int
    flow: bool
    members: tuple[tuple[Scalar, Node], ...]

    def member(self, name: str) -> tuple[Scalar, Node] | None:
        """The key and the value of a member; ``None`` where there is none."""
        return next((each for each in self.members if each[0].value == name), None)


class Sequence(Struct, frozen=True):
    """Elements in the order of the text. ``flow`` tells that it stands in brackets."""

    start: int
    end: int
    flow: bool
    elements: tuple[Node, ...]


Node = Scalar | Mapping | Sequence


def spans(text: str, document: str) -> Node:
    """The parts of a text that ``parse`` accepts; raises InvalidInput where YAML does not know what JSON does.

    Offsets count characters. What spans lines ends where its last leaf does, so that comments and empty lines
    behind it are not part of it.
    """
    plain = readable_as_yaml(text)
    try:
        events: Iterator[Any] = iter(list(yaml.parse(plain, Loader=_Loader)))
    except yaml.YAMLError as error:
        raise InvalidInput("is JSON that YAML cannot read, so its parts cannot be found", where=document) from error
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            return _node(next(events), events, text)
    raise InvalidInput("is empty", where=document)


def _node(event: Any, events: Iterator[Any], text: str) -> Node:
    start = _at(event.start_mark)
    if isinstance(event, yaml.AliasEvent):
        return Scalar(start, _at(event.end_mark), str(event.anchor), is_alias=True)
    if isinstance(event, yaml.ScalarEvent):
        end = _at(event.end_mark)
        if event.style in ("|", ">"):
            # A block scalar ends where the next part begins.
            end = start + len(text[start:end].rstrip())
        return Scalar(start, end, str(event.value))
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(event, events, text)
    return _sequence(event, events, text)


def _mapping(opened: Any, events: Iterator[Any], text: str) -> Mapping:
    members: list[tuple[Scalar, Node]] = []
    for each in events:
        if isinstance(each, yaml.MappingEndEvent):
            last = members[-1][1].end if members and not opened.flow_style else _at(each.end_mark)
            return Mapping(_at(opened.start_mark), last, opened.flow_style, tuple(members))
        key = _node(each, events, text)
        if not isinstance(key, Scalar):
            raise ValueError("a key of a document that was parsed is a scalar")
        members.append((key, _node(next(events), events, text)))
    raise ValueError("a mapping that was parsed has an end")


def _sequence(opened: Any, events: Iterator[Any], text: str) -> Sequence:
    elements: list[Node] = []
    for each in events:
        if isinstance(each, yaml.SequenceEndEvent):
            last = elements[-1].end if elements and not opened.flow_style else _at(each.end_mark)
            return Sequence(_at(opened.start_mark), last, opened.flow_style, tuple(elements))
        elements.append(_node(each, events, text))
    raise ValueError("a sequence that was parsed has an end")


def _at(mark: Any) -> int:
    index: int = mark.index
    return index
