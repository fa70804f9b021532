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
_Looks = dict[str | tuple[str, ...], Resource | tuple[Resource, ...] | None]


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
        self._answers: dict[Hashable, list[tuple[_Looks, Any]]] = {}

    def answer(self, about: Hashable, stack: ResolvedStack, ask: Callable[[ResolvedStack], _Answer]) -> _Answer:
        """Return the result of ``ask`` for a stack, which depends only on what it is ``about`` and on the resources."""
        answers = self._answers.setdefault(about, [])
        for looks, answer in answers:
            if all(_is_same(seen, _seen(look, stack)) for look, seen in looks.items()):
                known: _Answer = answer
                return known
        self.asked += 1
        looked: _Looks = {}
        found = ask(_WatchedStack(_Watched(stack.resources, looked), stack.conditions, stack, looked))
        answers.append((looked, found))
        return found


def _seen(look: str | tuple[str, ...], stack: ResolvedStack) -> Resource | tuple[Resource, ...] | None:
    if isinstance(look, str):
        return stack.resources.get(look)
    return tuple(stack.resources.values()) if look == ("",) else stack.of_type(*look)


def _is_same(one: object, other: object) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return one is other
