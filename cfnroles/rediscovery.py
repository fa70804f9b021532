"""Discovery in workloads that are nearly the same, which evaluates each distinct part once.

    known = Rediscovery()
    for workload in alike:
        discover(workload, facts, known=known)

A task that hundreds of schedules run, or that exists in hundreds of worlds, is nearly the same each time. The result
for a part holds for every workload that has the same part at that place and in which the rows read the same values
outside of it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.discovery import Thing, of_occurrence
from cfnroles.facts import Facts
from cfnroles.meanings import Meanings
from cfnroles.table.ecs import FEATURES
from cfnroles.table.feature import Feature, Found
from cfnroles.workload import Path, Workload

#: The maximum number of cached results for one part.
_KEPT = 8
#: The length of a path to a list element in a container: containers, number, list, number.
_CONTAINERS, _IN_ELEMENT = "containerDefinitions", 4

_Seen = TypeVar("_Seen")
#: A read of a workload at a path.
_How = Callable[[Workload, Any], Any]
#: A value that was read, by method and path.
_Looks = dict[tuple[_How, Any], Any]


class Watched(Workload, frozen=True):
    """A view of the ``whole`` workload that records each read and its value."""

    whole: Workload = Workload("", {})
    looks: _Looks = field(default_factory=dict)

    def at(self, path: Path) -> Any:
        """Return the value at ``path``, as `Workload.at`."""
        return self.look(Workload.at, path)

    def part(self, path: Path) -> Mapping[str, Any]:
        """Return the structure at ``path``, which records reads of its members."""
        return _Members(self, path)

    def find(self, member: str) -> Iterator[tuple[Path, Any]]:
        """Yield path and value of each occurrence of ``member``, as `Workload.find`."""
        return iter(self.look(_found, member))

    def place(self, path: Path) -> Path:
        """Return the original path of the value at ``path``, as `Workload.place`."""
        place: Path = self.look(Workload.place, path)
        return place

    def spot(self, path: Path) -> tuple[str, int, int]:
        """Return document, line and column of the value at ``path``, as `Workload.spot`."""
        spot: tuple[str, int, int] = self.look(Workload.spot, path) if self.spots else ("", 0, 0)
        return spot

    def hides(self, path: Path) -> bool:
        """Return whether the members at ``path`` may be unknown, as `Workload.hides`."""
        return bool(self.look(Workload.hides, path))

    def look(self, how: _How, where: Any) -> Any:
        """Read from the whole workload, and record it."""
        seen = self.looks[how, where] = how(self.whole, where)
        return seen


class _Members(Mapping[str, Any]):
    """The members of a structure in a watched workload."""

    def __init__(self, workload: Watched, path: Path) -> None:
        self._workload, self._path = workload, path

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        return self._workload.at((*self._path, name))

    def __contains__(self, name: object) -> bool:
        return bool(self._workload.look(_has, (*self._path, name)))

    def __iter__(self) -> Iterator[str]:
        names: tuple[str, ...] = self._workload.look(_names, self._path)
        return iter(names)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def watched(whole: Workload) -> Watched:
    """Return a view of a workload without recorded reads."""
    own = Watched(whole.document, {}, whole.settings, whole.places, whole.spots, whole=whole)
    return replace(own, tree=_Members(own, ()))


def _has(workload: Workload, path: Path) -> bool:
    return path[-1] in workload.part(path[:-1])


def _names(workload: Workload, path: Path) -> tuple[str, ...]:
    return tuple(workload.part(path))


def _found(workload: Workload, member: str) -> list[tuple[Path, Any]]:
    return list(workload.find(member))


def _are_found_alike(some: list[tuple[Path, Any]], others: list[tuple[Path, Any]]) -> bool:
    return len(some) == len(others) and all(
        one[0] == other[0] and one[1] is other[1] for one, other in zip(some, others, strict=True)
    )


#: A Text equals any text with its spelling, also with another meaning. Identity distinguishes them.
_IS_SAME: Mapping[_How, Callable[[Any, Any], bool]] = {
    Workload.at: operator.is_,
    Workload.place: operator.eq,
    Workload.spot: operator.eq,
    Workload.hides: operator.is_,
    _found: _are_found_alike,
    _has: operator.is_,
    _names: operator.eq,
}


class Parts:
    """Parts of trees, with one object for equal parts, so that identity means equality."""

    def __init__(self) -> None:
        self._known: dict[object, Any] = {}
        self._meanings = Meanings()
        #: The parts seen, kept alive so that their IDs stay unique, and the object for each.
        self._seen: dict[int, tuple[object, Any]] = {}

    def one(self, value: Any) -> Any:
        """Return the value, or the object that equals it. A text equals only texts with the same meaning."""
        if not isinstance(value, (dict, list, Mapping)):
            return self._known.setdefault((type(value), self._meanings.of(value)), value)
        if id(value) not in self._seen:
            self._seen[id(value)] = value, self._structure(value)
        return self._seen[id(value)][1]

    def _structure(self, value: Mapping[str, Any] | list[Any]) -> Any:
        if isinstance(value, list):
            elements = [self.one(element) for element in value]
            return self._known.setdefault((list, *map(id, elements)), elements)
        members = {name: self.one(member) for name, member in value.items()}
        return self._known.setdefault((dict, *((name, id(member)) for name, member in members.items())), members)


class _Told(Struct, frozen=True):
    """The result for a part, and the values that were read outside of it. Keeps the part alive, so that its ID stays
    unique.
    """

    things: tuple[Thing, ...]
    looks: _Looks
    part: object

    def holds(self, workload: Workload) -> bool:
        """Return whether the result also holds in another workload."""
        return all(_IS_SAME[how](seen, how(workload, where)) for (how, where), seen in self.looks.items())


class _Rows(Struct):
    """The rows whose field is a part of a workload, and those of its parts."""

    own: list[Feature] = field(default_factory=list)
    members: dict[str, _Rows] = field(default_factory=dict)
    elements: _Rows | None = None

    def at(self, member: str) -> _Rows:
        """Return the rows of a member."""
        rows = self
        for step in member.split("."):
            rows = rows.members.setdefault(step.removesuffix("[]"), _Rows())
            if step.endswith("[]"):
                rows.elements = rows = rows.elements or _Rows()
        return rows

    def below(self, value: Any) -> Iterator[tuple[str | int, Any, _Rows]]:
        """Yield the parts of a value that have rows."""
        if self.members and isinstance(value, (dict, Mapping)):
            yield from ((name, value[name], rows) for name, rows in self.members.items() if name in value)
        elif self.elements and isinstance(value, (list, Sequence)) and not isinstance(value, str):
            yield from ((index, element, self.elements) for index, element in enumerate(value))


def _rows_of(features: Iterable[Feature]) -> _Rows:
    rows = _Rows()
    for feature in features:
        rows.at(feature.field).own.append(feature)
    return rows


@cache
def _rows_of_table() -> _Rows:
    """Return the rows of the whole table, built once for hundreds of task definitions."""
    return _rows_of(FEATURES)


class _Asked(Struct, frozen=True):
    """A query about one workload. ``ground`` represents everything that affects results besides its tree and places."""

    workload: Workload
    watched: Watched
    facts: Facts
    ground: int


class Rediscovery:
    """Results of rows for parts of workloads. ``asked`` counts the parts that were evaluated.

    ``across`` says that a row read an element of one of the lists ``apart`` in containers from outside of it.
    """

    def __init__(self, features: Sequence[Feature] = FEATURES, apart: Collection[str] = ()) -> None:
        self.asked, self.across = 0, False
        self._apart = apart
        self._rows = _rows_of_table() if features is FEATURES else _rows_of(features)
        self._told: dict[Hashable, list[_Told]] = {}
        self._meanings = Meanings()
        self._grounds: dict[Hashable, int] = {}
        self._once: dict[Hashable, tuple[Any, object]] = {}

    def told(self, workload: Workload, facts: Facts) -> Iterator[Thing]:
        """Yield the results of the rows for a workload."""
        settings, said = tuple(workload.settings.items()), self._meanings.of(facts)
        hanging = workload.document, settings, bool(workload.spots), said
        asked = _Asked(workload, watched(workload), facts, self._grounds.setdefault(hanging, len(self._grounds)))
        moved = _by_first_step(workload.places)
        for name, value, rows in self._rows.below(workload.tree):
            places = [*moved.get((name,), ()), *moved.get((), ())]
            yield from self._of(rows, value, (name,), places, asked).things

    def once(self, look: Callable[[Workload], _Seen], members: Mapping[str, Any], ask: Callable[[], _Seen]) -> _Seen:
        """Return a result that depends only on these members of a tree, computed once for equal members."""
        same = look, *members, *map(id, members.values())
        if same not in self._once:
            self._once[same] = ask(), members
        seen: _Seen = self._once[same][0]
        return seen

    def _of(self, rows: _Rows, value: Any, path: Path, places: Sequence[Path], asked: _Asked) -> _Told:
        """Return the result for a part. ``places`` are its parts that were moved there from another place."""
        about = asked.ground, id(rows), path, id(value), bool(places)
        known = self._told.setdefault(about, [])
        told = next((each for each in known if each.holds(asked.workload)), None)
        if told is None:
            self.asked += 1
            told = _Told(*self._worked_out(rows, value, path, places, asked), value)
            known.insert(0, told)
            del known[_KEPT:]
        return told

    def _worked_out(
        self, rows: _Rows, value: Any, path: Path, places: Sequence[Path], asked: _Asked
    ) -> tuple[tuple[Thing, ...], _Looks]:
        things: list[Thing] = []
        looks: _Looks = {}
        if rows.own:
            asked.watched.looks.clear()
            things += of_occurrence(rows.own, Found(value, path, asked.watched, asked.facts))
            looks |= asked.watched.looks
            self.across |= self._holds_elements(path) and len(path) < _IN_ELEMENT
            self.across |= any(self._is_across(look, path) for look in looks)
        moved = _by_first_step(places)
        for step, part, inner in rows.below(value):
            # Moving a whole moves each of its parts.
            told = self._of(inner, part, (*path, step), [()] if () in moved else moved.get((step,), ()), asked)
            things += told.things
            looks |= told.looks
        return tuple(things), {look: looks[look] for look in looks if not _is_inside(look, path, bool(places))}

    def _is_across(self, look: tuple[_How, Any], path: Path) -> bool:
        """Return whether a read from a path sees an element that is apart and does not contain the path."""
        how, where = look
        if how is _found:
            where = tuple(where.replace("[]", ".0").split("."))
        if where[:1] not in ((), (_CONTAINERS,)) or how in (Workload.place, Workload.spot):
            return False
        if how is not _found and len(where) >= _IN_ELEMENT and where[2] in self._apart:
            return bool(where[:_IN_ELEMENT] != path[:_IN_ELEMENT])
        # The names of a structure's members reveal nothing about their values.
        return how in (Workload.at, _found) and self._holds_elements(where)

    def _holds_elements(self, path: Path) -> bool:
        """Return whether the value at a path, or a value around it, contains elements that are apart."""
        return path[:1] in ((), (_CONTAINERS,)) and (
            len(path) < len(("containers", 0, "list")) or path[2] in self._apart
        )


def _by_first_step(places: Iterable[Path]) -> Mapping[Path, list[Path]]:
    """Return the other steps of paths by their first one; a path without steps is by itself."""
    found: dict[Path, list[Path]] = {}
    for place in places:
        found.setdefault(place[:1], []).append(place[1:])
    return found


def _is_inside(look: tuple[_How, Any], path: Path, is_moved: bool) -> bool:
    """Return whether a read depends only on the part at a path, and on whether any of it was moved."""
    how, where = look
    if how in (_found, Workload.hides, Workload.spot):
        return False
    return where[: len(path)] == path and not (how is Workload.place and is_moved)
