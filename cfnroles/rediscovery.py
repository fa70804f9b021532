"""What the rows tell of workloads that are nearly the same, each part of which is asked about once.

    known = Rediscovery()
    for workload in alike:
        discover(workload, facts, known=known)

A task that hundreds of schedules run, or that is there in hundreds of worlds, is nearly the same each time. What was
told of a part holds for every workload that has the same part there, and in which the rows see the same when they look
at anything outside of it.
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
from cfnroles.table.ecs import FEATURES
from cfnroles.table.feature import Feature, Found
from cfnroles.text import Text
from cfnroles.workload import Path, Workload

#: So many answers are kept of one part. Where what is around it differs in more ways, it is asked about again.
_KEPT = 8
#: A path to an element of a list in a container is so long: the containers, a number, the list, and a number.
_CONTAINERS, _IN_ELEMENT = "containerDefinitions", 4

_Seen = TypeVar("_Seen")
#: Looks into a workload, at a place.
_How = Callable[[Workload, Any], Any]
#: What is seen, by how and where is looked.
_Looks = dict[tuple[_How, Any], Any]


class Watched(Workload, frozen=True):
    """The ``whole`` workload, of which is written down how and where is looked at it, and what is seen there."""

    whole: Workload = Workload("", {})
    looks: _Looks = field(default_factory=dict)

    def at(self, path: Path) -> Any:
        """The value at ``path``, as `Workload.at` gives it."""
        return self.look(Workload.at, path)

    def part(self, path: Path) -> Mapping[str, Any]:
        """The structure at ``path``, of which each member is a look of its own."""
        return _Members(self, path)

    def find(self, member: str) -> Iterator[tuple[Path, Any]]:
        """Path and value of each occurrence of ``member``, as `Workload.find` gives them."""
        return iter(self.look(_found, member))

    def place(self, path: Path) -> Path:
        """The path of what is at ``path`` where it came from, as `Workload.place` gives it."""
        place: Path = self.look(Workload.place, path)
        return place

    def look(self, how: _How, where: Any) -> Any:
        """What is seen in the whole workload, which is written down."""
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
    """A workload in which nothing was looked at yet."""
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


#: A text is equal to another one that has its spelling and another meaning: what is the same is one object.
_IS_SAME: Mapping[_How, Callable[[Any, Any], bool]] = {
    Workload.at: operator.is_,
    Workload.place: operator.eq,
    _found: _are_found_alike,
    _has: operator.is_,
    _names: operator.eq,
}


class Parts:
    """The parts of trees, each as one object wherever it is the same, so that it is known by its identity."""

    def __init__(self) -> None:
        self._known: dict[object, Any] = {}
        #: What was looked at, which is kept alive and so keeps its identity, and what is the same.
        self._seen: dict[int, tuple[object, Any]] = {}

    def one(self, value: Any) -> Any:
        """The value, or the one that is the same. A text is equal to a string that has its spelling alone."""
        if isinstance(value, str):
            said = value.parts if isinstance(value, Text) else value
            return self._known.setdefault((type(value), said), value)
        if not isinstance(value, (dict, list, Mapping)):
            return self._known.setdefault((type(value), value), value)
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
    """What was told of a part, and what was seen outside of it. The part is kept alive, and so keeps its identity."""

    things: tuple[Thing, ...]
    looks: _Looks
    part: object

    def holds(self, workload: Workload) -> bool:
        """Whether the same is told of the part in another workload."""
        return all(_IS_SAME[how](seen, how(workload, where)) for (how, where), seen in self.looks.items())


class _Rows(Struct):
    """The rows whose field is a part of a workload, and those of the parts of that part."""

    own: list[Feature] = field(default_factory=list)
    members: dict[str, _Rows] = field(default_factory=dict)
    elements: _Rows | None = None

    def at(self, member: str) -> _Rows:
        """Those of a field that is named from here."""
        rows = self
        for step in member.split("."):
            rows = rows.members.setdefault(step.removesuffix("[]"), _Rows())
            if step.endswith("[]"):
                rows.elements = rows = rows.elements or _Rows()
        return rows

    def below(self, value: Any) -> Iterator[tuple[str | int, Any, _Rows]]:
        """The parts of a value that there are rows of."""
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
    """Those of the whole table, for whoever asks: there may be hundreds of task definitions."""
    return _rows_of(FEATURES)


class _Asked(Struct, frozen=True):
    """What is asked of one workload. ``ground`` stands for all that may be told of besides its tree and its places."""

    workload: Workload
    watched: Watched
    facts: Facts
    ground: int


class Rediscovery:
    """What rows told of the parts of workloads. ``asked`` counts the parts of which it had to be worked out.

    ``across`` says that a row looked into an element of one of the lists ``apart`` in containers, from outside of it.
    """

    def __init__(self, features: Sequence[Feature] = FEATURES, apart: Collection[str] = ()) -> None:
        self.asked, self.across = 0, False
        self._apart = apart
        self._rows = _rows_of_table() if features is FEATURES else _rows_of(features)
        self._told: dict[Hashable, list[_Told]] = {}
        self._grounds: dict[Hashable, int] = {}
        self._once: dict[Hashable, tuple[Any, object]] = {}

    def told(self, workload: Workload, facts: Facts) -> Iterator[Thing]:
        """What the rows tell of a workload."""
        hanging = workload.document, tuple(workload.settings.items()), tuple(workload.spots.items()), facts
        asked = _Asked(workload, watched(workload), facts, self._grounds.setdefault(hanging, len(self._grounds)))
        for name, value, rows in self._rows.below(workload.tree):
            places = [place[1:] for place in workload.places if place[:1] in ((name,), ())]
            yield from self._of(rows, value, (name,), places, asked).things

    def once(self, look: Callable[[Workload], _Seen], members: Mapping[str, Any], ask: Callable[[], _Seen]) -> _Seen:
        """What there is to see in these members of a tree, and in no other with the same ones."""
        same = look, *members, *map(id, members.values())
        if same not in self._once:
            self._once[same] = ask(), members
        seen: _Seen = self._once[same][0]
        return seen

    def _of(self, rows: _Rows, value: Any, path: Path, places: Sequence[Path], asked: _Asked) -> _Told:
        """What is told of a part; ``places`` are those parts of it that came there from another place."""
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
        for step, part, inner in rows.below(value):
            # What is moved as a whole is moved in each of its parts.
            moved = [place[1:] for place in places if place[:1] == (step,)] if () not in places else [()]
            told = self._of(inner, part, (*path, step), moved, asked)
            things += told.things
            looks |= told.looks
        return tuple(things), {look: looks[look] for look in looks if not _is_inside(look, path, bool(places))}

    def _is_across(self, look: tuple[_How, Any], path: Path) -> bool:
        """Whether a look from a path shows an element that is apart, and in which the path is not."""
        how, where = look
        if how is _found:
            where = tuple(where.replace("[]", ".0").split("."))
        if where[:1] not in ((), (_CONTAINERS,)) or how is Workload.place:
            return False
        if how is not _found and len(where) >= _IN_ELEMENT and where[2] in self._apart:
            return bool(where[:_IN_ELEMENT] != path[:_IN_ELEMENT])
        # What members a structure has tells nothing of them.
        return how in (Workload.at, _found) and self._holds_elements(where)

    def _holds_elements(self, path: Path) -> bool:
        """Whether elements that are apart are in what is at a path, or around it."""
        return path[:1] in ((), (_CONTAINERS,)) and (
            len(path) < len(("containers", 0, "list")) or path[2] in self._apart
        )


def _is_inside(look: tuple[_How, Any], path: Path, is_moved: bool) -> bool:
    """Whether what is seen depends on nothing but the part at a path, and on whether anything of it was moved."""
    how, where = look
    return where[: len(path)] == path and how is not _found and not (how is Workload.place and is_moved)
