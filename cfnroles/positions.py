"""Positions of the parts of a JSON or YAML text, computed on demand: most are never needed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import count
from json import JSONDecoder
from typing import Any

from msgspec import Struct

from cfnroles.page import LINE_END
from cfnroles.workload import Path

#: Line and column, counted from 1.
Position = tuple[int, int]

_SPACE = re.compile(r"[ \t\r\n]*")
_value: Callable[[str, int], tuple[Any, int]] = JSONDecoder().raw_decode


class Part(Struct, frozen=True):
    """A part of a text: its position, and a function that finds its members or elements."""

    at: Position
    inside: Callable[[], Iterable[tuple[str | int, Part]]]


class Positions(Mapping[Path, Position]):
    """Line and column of each path in a text. The position of a member is that of its key."""

    def __init__(self, root: Part | None) -> None:
        self._parts: dict[Path, Part] = {(): root} if root is not None else {}
        self._opened: dict[Path, list[Path]] = {}

    def __getitem__(self, path: Path) -> Position:
        return self._part(path).at

    def __iter__(self) -> Iterator[Path]:
        pending = list(self._parts)[:1]
        while pending:
            path = pending.pop()
            yield path
            pending += reversed(self._open(path))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _part(self, path: Path) -> Part:
        if path and path not in self._parts:
            self._open(path[:-1])
        return self._parts[path]

    def _open(self, path: Path) -> list[Path]:
        """Return the paths of the members or elements of a part."""
        if path not in self._opened:
            inner = {(*path, step): part for step, part in self._part(path).inside()}
            self._parts |= inner
            self._opened[path] = list(inner)
        return self._opened[path]


def of_json(text: str) -> Positions:
    """Return the positions in a JSON text. Raise ValueError for any other.

    JSON's own scanner finds the end of a value: a value is scanned once for each level that is looked up.
    """
    lines = [0, *(found.end() for found in LINE_END.finditer(text))]

    def part(start: int, value: int) -> Part:
        line = bisect_right(lines, start)
        return Part((line, start - lines[line - 1] + 1), partial(inside, value))

    def inside(start: int) -> Iterator[tuple[str | int, Part]]:
        at = start + 1
        for number in count() if text[start] in "{[" else ():
            at = _behind_space(text, at)
            if text[at] in "}]":
                return
            step, key = number, at
            if text[start] == "{":
                step, at = _value(text, at)
                at = _behind_space(text, _behind_space(text, at) + 1)
            yield step, part(key, at)
            at = _behind_space(text, _value(text, at)[1])
            at += text[at] == ","

    start = _behind_space(text, 0)
    _value(text, start)
    return Positions(part(start, start))


def _behind_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def of_yaml(root: Any) -> Positions:
    """Return the positions of YAML nodes; none for an empty text."""
    return Positions(None if root is None else _node(root, root))


def _node(first: Any, value: Any) -> Part:
    return Part((first.start_mark.line + 1, first.start_mark.column + 1), partial(_inside, value))


def _inside(node: Any) -> Iterator[tuple[str | int, Part]]:
    if node.id == "mapping":
        for key, value in node.value:
            yield str(key.value), _node(key, value)
    elif node.id == "sequence":
        for index, value in enumerate(node.value):
            yield index, _node(value, value)
