"""One object for equal values, so that what is made of a value is made once.

Passes evaluate many expressions again that their conditions do not change.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from msgspec import Struct

from cfnroles.hcl.json_texts import PartialMembers
from cfnroles.hcl.values import Encoded, Lazy, Value
from cfnroles.meanings import Meanings


class Seen(Struct, frozen=True):
    """The ``one`` of all values that are equal in their data and in the places of all parts.

    A ``fixed`` value is the same in every pass: no part is computed on demand. ``value`` is the one that was seen,
    which is kept alive so that its ID stays unique.
    """

    one: Value
    fixed: bool
    value: Value


class SameValues:
    """The values that were seen."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Value] = {}
        self._seen: dict[int, Seen] = {}
        self._meanings = Meanings()

    def seen(self, value: Value) -> Seen:
        """Return what is known about a value."""
        if id(value) not in self._seen:
            inner = tuple(map(self.seen, _parts(value.data)))
            one = self._known.setdefault(self._content(value, inner), value)
            fixed = not isinstance(value.data, Lazy) and all(each.fixed for each in inner)
            self._seen[id(value)] = Seen(one, fixed, value)
        return self._seen[id(value)]

    def _content(self, value: Value, inner: tuple[Seen, ...]) -> Hashable:
        """Return what distinguishes a value from others."""
        chunks = tuple([(self._meanings.of(part), place) for part, place in value.chunks])
        return type(value.data), self._own(value.data), tuple([id(each.one) for each in inner]), value.place, chunks

    def _own(self, data: Any) -> Hashable:
        if isinstance(data, dict):
            return tuple(data), self._meanings.of(data.rest if isinstance(data, PartialMembers) else None)
        if isinstance(data, Encoded):
            return data.data_source
        if isinstance(data, Lazy):
            return id(data)
        return None if isinstance(data, list) else self._meanings.of(data)


def _parts(data: Any) -> tuple[Value, ...]:
    """Return the values in data."""
    if isinstance(data, list):
        return tuple(data)
    if isinstance(data, dict):
        return tuple(data.values())
    return (data.value,) if isinstance(data, Encoded) else ()
