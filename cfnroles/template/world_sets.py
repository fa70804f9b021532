"""Sets of worlds, of which there may be too many to list.

    space = space_of(groups)                    # 20 groups of two alternatives: a million worlds
    where = space.agreeing([world], atoms)      # all that agree with a world in these atoms
    where | other, where & other, ~where        # one object for each set: compared by identity, hashed by it

A world is one alternative of each group. A set is a decision diagram over the groups: a node asks for the alternative
of one group, and each answer leads to another node, to all worlds or to none. Groups that play no part are skipped.
https://en.wikipedia.org/wiki/Binary_decision_diagram
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import reduce
from typing import Any
from weakref import WeakValueDictionary

#: What holds in a world, or in one of the alternatives of a group.
_World = frozenset[Any]
_NONE, _ALL = 0, 1


class Space:
    """All ways to choose one alternative of each of some ``groups``, which have nothing in common."""

    def __init__(self, groups: Sequence[Sequence[_World]]) -> None:
        self.groups = tuple(map(tuple, groups))
        self._atoms: tuple[_World, ...] = tuple(frozenset[Any]().union(*group) for group in self.groups)
        self._numbers = [{each: number for number, each in enumerate(group)} for group in self.groups]
        #: The group that a node asks for, and where each of its alternatives leads.
        self._parts: list[tuple[int, tuple[int, ...]]] = [(len(self.groups), ())] * 2
        self._nodes: dict[tuple[int, tuple[int, ...]], int] = {}
        self._answers: dict[tuple[Callable[[bool, bool], bool], int, int], int] = {}

    @property
    def everywhere(self) -> WorldSet:
        """All worlds."""
        return WorldSet(self, _ALL)

    @property
    def nowhere(self) -> WorldSet:
        """None of them."""
        return WorldSet(self, _NONE)

    def agreeing(self, worlds: Iterable[_World], atoms: Collection[Any]) -> WorldSet:
        """All worlds that agree in these atoms with one of some ``worlds``."""
        found = tuple(worlds)
        return WorldSet(self, self._agreeing(0, found, frozenset(atoms)) if found else _NONE)

    def union(self, sets: Iterable[WorldSet]) -> WorldSet:
        """The worlds of all these sets."""
        return reduce(operator.or_, sets, self.nowhere)

    def _agreeing(self, group: int, worlds: Sequence[_World], atoms: _World) -> int:
        while group < len(self.groups) and self._atoms[group].isdisjoint(atoms):
            group += 1
        if group == len(self.groups):
            return _ALL
        seen = self._atoms[group] & atoms
        apart: dict[_World, list[_World]] = {}
        for world in worlds:
            apart.setdefault(world & seen, []).append(world)
        found = {each: self._agreeing(group + 1, among, atoms) for each, among in apart.items()}
        return self._node(group, tuple(found.get(each & seen, _NONE) for each in self.groups[group]))

    def _node(self, group: int, leads: tuple[int, ...]) -> int:
        if all(each == leads[0] for each in leads):
            return leads[0]
        node = self._nodes.setdefault((group, leads), len(self._parts))
        if node == len(self._parts):
            self._parts.append((group, leads))
        return node

    def combined(self, how: Callable[[bool, bool], bool], one: int, other: int) -> int:
        """The node of the worlds that two nodes give by an operation on truth values."""
        if one <= _ALL and other <= _ALL:
            return int(how(bool(one), bool(other)))
        key = how, one, other
        if key not in self._answers:
            group = min(self._parts[one][0], self._parts[other][0])
            pairs = zip(self._leads(one, group), self._leads(other, group), strict=True)
            self._answers[key] = self._node(group, tuple(self.combined(how, *pair) for pair in pairs))
        return self._answers[key]

    def _leads(self, node: int, group: int) -> tuple[int, ...]:
        asked, leads = self._parts[node]
        return leads if asked == group else (node,) * len(self.groups[group])

    def has(self, node: int, world: _World) -> bool:
        """Whether a world is among those of a node."""
        while node > _ALL:
            group, leads = self._parts[node]
            number = self._numbers[group].get(world & self._atoms[group])
            node = _NONE if number is None else leads[number]
        return node == _ALL

    def worlds(self, node: int, group: int = 0) -> Iterator[_World]:
        """The worlds of a node, in the order of the alternatives."""
        if node == _NONE:
            return
        if group == len(self.groups):
            yield frozenset()
            return
        for alternative, lead in zip(self.groups[group], self._leads(node, group), strict=True):
            for rest in self.worlds(lead, group + 1):
                yield alternative | rest

    def seen(self, node: int) -> _World:
        """The atoms of all groups that a node and those that it leads to ask for."""
        found, left = set[int](), [node]
        while left:
            if (each := left.pop()) > _ALL and each not in found:
                found.add(each)
                left += self._parts[each][1]
        return frozenset[Any]().union(*(self._atoms[self._parts[each][0]] for each in found))


class WorldSet:
    """Some of the worlds of a space; sets of the same worlds are equal."""

    __slots__ = ("_node", "_space")

    def __init__(self, space: Space, node: int) -> None:
        self._space, self._node = space, node

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WorldSet) and other._space is self._space and other._node == self._node

    def __hash__(self) -> int:
        return hash((id(self._space), self._node))

    def __bool__(self) -> bool:
        return self._node != _NONE

    def __contains__(self, world: _World) -> bool:
        return self._space.has(self._node, world)

    def __iter__(self) -> Iterator[_World]:
        return self._space.worlds(self._node)

    def __or__(self, other: WorldSet) -> WorldSet:
        return self._with(operator.or_, other)

    def __and__(self, other: WorldSet) -> WorldSet:
        return self._with(operator.and_, other)

    def __sub__(self, other: WorldSet) -> WorldSet:
        return self._with(operator.gt, other)

    def __invert__(self) -> WorldSet:
        return self._space.everywhere - self

    def __le__(self, other: WorldSet) -> bool:
        return not self - other

    @property
    def atoms(self) -> _World:
        """The atoms on which it depends whether a world is in the set, with those of their groups."""
        return self._space.seen(self._node)

    def _with(self, how: Callable[[bool, bool], bool], other: WorldSet) -> WorldSet:
        return WorldSet(self._space, self._space.combined(how, self._node, other._node))


_SPACES: WeakValueDictionary[tuple[tuple[_World, ...], ...], Space] = WeakValueDictionary()


def space_of(groups: Sequence[Sequence[_World]]) -> Space:
    """The space of some groups, which is one object for all who have the same ones."""
    key = tuple(map(tuple, groups))
    return _SPACES.setdefault(key, Space(key))
