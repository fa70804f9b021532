"""Functions of objects, computed once for each object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

_Thing = TypeVar("_Thing")
_Answer = TypeVar("_Answer")


class Once(Generic[_Thing, _Answer]):
    """A function of objects that is computed once for each. It keeps them, so that their IDs stay unique."""

    def __init__(self, ask: Callable[[_Thing], _Answer]) -> None:
        self._ask = ask
        self._known: dict[int, tuple[_Thing, _Answer]] = {}

    def __call__(self, thing: _Thing) -> _Answer:
        """Return the result for an object."""
        found = self._known.get(id(thing))
        if found is None:
            found = self._known[id(thing)] = thing, self._ask(thing)
        return found[1]
