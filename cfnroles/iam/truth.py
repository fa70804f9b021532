"""Three truth values: true, false, and unknown with the condition keys that would decide it.

The connectives are Kleene's: an unknown operand matters only if the others do not decide the result.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct


class Unknown(Struct, frozen=True):
    """Neither true nor false. ``keys`` are the condition keys that would decide."""

    keys: frozenset[str]

    def __bool__(self) -> bool:
        raise TypeError("an unknown truth is neither true nor false: compare it with `is True` or `is False`")


Truth: TypeAlias = bool | Unknown


def unknown(*keys: str) -> Unknown:
    """Return an unknown that *keys* would decide."""
    return Unknown(frozenset(keys))


def negate(truth: Truth) -> Truth:
    """NOT. Unknown stays unknown."""
    return truth if isinstance(truth, Unknown) else not truth


def all_of(truths: Iterable[Truth]) -> Truth:
    """AND: false if any is false, otherwise unknown if any is; true for no operands."""
    return _fold(truths, decisive=False)


def any_of(truths: Iterable[Truth]) -> Truth:
    """OR: true if any is true, otherwise unknown if any is; false for no operands."""
    return _fold(truths, decisive=True)


def _fold(truths: Iterable[Truth], *, decisive: bool) -> Truth:
    keys: frozenset[str] = frozenset()
    for truth in truths:
        if isinstance(truth, Unknown):
            keys |= truth.keys
        elif truth is decisive:
            return decisive
    return Unknown(keys) if keys else not decisive
