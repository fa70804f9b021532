"""Results about the stacks of one template, computed once for all stacks with the same visible resources.

    known = KnownStacks()
    for world in worlds.all:
        known.answer(("task", "Web"), worlds.stack(world), checked)

The stacks of worlds share equal resources, so they are compared by identity.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, TypeVar

from msgspec import field

from cfnroles.template.template import ResolvedStack, Resource

_Answer = TypeVar("_Answer")
#: A logical ID, or types whose resources are all requested, with the result.
_Look = str | tuple[str, ...]
_Found = Resource | tuple[Resource, ...] | None
_Looks = dict[_Look, _Found]
#: The identities of what was found.
_Ids = tuple[int | tuple[int, ...], ...]


class _WatchedStack(ResolvedStack, frozen=True):
    """A view of a stack that records which resources are read."""

    whole: ResolvedStack = ResolvedStack({}, {})
    looks: _Looks = field(default_factory=dict)

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        """Return the resources of these types, as `ResolvedStack.of_type`."""
        found = self.looks[types] = self.whole.of_type(*types)
        return found


class _Watched(Mapping[str, Resource]):
    """A view of the resources of a stack that records which are read."""

    def __init__(self, resources: Mapping[str, Resource], looks: _Looks) -> None:
        self._resources, self._looks = resources, looks

    def __getitem__(self, logical_id: str) -> Resource:
        found = self._looks[logical_id] = self._resources.get(logical_id)
        if found is None:
            raise KeyError(logical_id)
        return found

    def __iter__(self) -> Iterator[str]:
        for name in self._resources:
            self._looks[name] = self._resources[name]
        self._looks[("",)] = tuple(self._resources.values())
        return iter(self._resources)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class KnownStacks:
    """The results about the stacks of a template. ``asked`` counts those that were computed."""

    def __init__(self) -> None:
        self.asked = 0
        #: The answers about each thing, by what was read for them and by the objects that this found.
        self._answers: dict[Hashable, dict[tuple[_Look, ...], dict[_Ids, Any]]] = {}
        #: A reference keeps the ID of an object unique.
        self._kept: list[_Looks] = []

    def answer(self, about: Hashable, stack: ResolvedStack, ask: Callable[[ResolvedStack], _Answer]) -> _Answer:
        """Return the result of ``ask`` for a stack, which depends only on what it is ``about`` and on the resources."""
        answers = self._answers.setdefault(about, {})
        for looks, found in answers.items():
            ids = tuple([_ids(_seen(look, stack)) for look in looks])
            if ids in found:
                known: _Answer = found[ids]
                return known
        self.asked += 1
        looked: _Looks = {}
        made = ask(
            _WatchedStack(_Watched(stack.resources, looked), stack.conditions, stack.changed, whole=stack, looks=looked)
        )
        self._kept.append(looked)
        answers.setdefault(tuple(looked), {})[tuple(map(_ids, looked.values()))] = made
        return made


def _seen(look: _Look, stack: ResolvedStack) -> _Found:
    if isinstance(look, str):
        return stack.resources.get(look)
    return tuple(stack.resources.values()) if look == ("",) else stack.of_type(*look)


def _ids(found: _Found) -> int | tuple[int, ...]:
    return tuple(map(id, found)) if isinstance(found, tuple) else id(found)
