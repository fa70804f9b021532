"""Three truth values: true, false, and unknown with the condition keys that would decide it.

The connectives are Kleene's: an unknown operand matters only where the others leave the result open.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct


class Unknown(Struct, frozen=True):
    """Neither true nor false as far as is known; ``keys`` are what would have to be known to tell."""

    keys: frozenset[str]

    def __bool__(self) -> bool:
        raise TypeError("an unknown truth is neither true nor false: compare it with `is True` or `is False`")


Truth: TypeAlias = bool | Unknown


def unknown(*keys: str) -> Unknown:
    """An unknown truth that *keys* would decide."""
    return Unknown(frozenset(keys))


def negate(truth: Truth) -> Truth:
    """NOT: the opposite; unknown stays unknown."""
    return truth if isinstance(truth, Unknown) else not truth


def all_of(truths: Iterable[Truth]) -> Truth:
    """AND: false as soon as one is false, else unknown if any is; true of nothing."""
    return _fold(truths, decisive=False)


def any_of(truths: Iterable[Truth]) -> Truth:
    """OR: true as soon as one is true, else unknown if any is; false of nothing."""
    return _fold(truths, decisive=True)


def _fold(truths: Iterable[Truth], *, decisive: bool) -> Truth:
    keys: frozenset[str] = frozenset()
    for truth in truths:
        if isinstance(truth, Unknown):
            keys |= truth.keys
        elif truth is decisive:
            return decisive
    return Unknown(keys) if keys else not decisive
