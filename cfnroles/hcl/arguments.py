"""Arguments of functions that are known as far as the function needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cfnroles.hcl.values import Elements, Failed, Lazy, Value, elements, first_unknown, is_known, number, plain, truth
from cfnroles.symbols import Symbol

#: A function: from its arguments to its result, with or without a place of its own.
Function = Callable[[Sequence[Value]], Any]


class Open(Exception):
    """The result of a function depends on an unknown."""

    def __init__(self, on: Symbol | None) -> None:
        super().__init__("open")
        self.on = on


class Partial(list[Value]):
    """A partly known list; an expression among its elements represents any number of elements."""


def known_text(value: Value) -> str:
    """Return the text of a value. Raise Open if a part of it is unknown."""
    found = None if value.unknown else plain(value)
    if found is None:
        raise Open(first_unknown(value))
    return found


def known_number(value: Value) -> int | float:
    """Return the number of a value. Raise Open if it is unknown."""
    if not is_known(value):
        raise Open(first_unknown(value))
    return number(value)


def known_truth(value: Value) -> bool:
    """Return the Boolean of a value. Raise Open if it is unknown."""
    if not is_known(value):
        raise Open(first_unknown(value))
    return truth(value)


def whole(value: Value) -> Value:
    """Return a list, set or object with all its elements. Raise Open if some are unknown."""
    if isinstance(value.data, Lazy):
        value = value.data.all(value.place)
    if value.unknown or isinstance(value.data, Partial):
        raise Open(first_unknown(value))
    return value


def values_of(value: Value) -> list[Value]:
    """Return the elements of a list, a set or an object."""
    return [each for _, each in elements(whole(value))]


def members_of(value: Value) -> dict[str, Value]:
    """Return the members of an object. Raise Failed for anything else."""
    found = whole(value).data
    if not isinstance(found, dict):
        raise Failed("expected an object", value.place)
    return found


def known_all(values: Sequence[Value]) -> Sequence[Value]:
    """Return the values. Raise Open if one of them is unknown."""
    for value in values:
        if not is_known(value):
            raise Open(first_unknown(value))
    return values


def key_of(value: Value) -> tuple[str, str]:
    """Return a key that distinguishes known values. Raise Open for an unknown one."""
    if isinstance(value.data, list | dict):
        members = value.data.items() if isinstance(value.data, dict) else enumerate(value.data)
        return type(value.data).__name__, repr([(key, key_of(each)) for key, each in members])
    if isinstance(value.data, bool) or value.data is None:
        return type(value.data).__name__, str(value.data)
    return "text", known_text(value)


def distinct(values: Sequence[Value]) -> list[Value]:
    """Return the values without duplicates; unknown ones are distinguished by their symbols."""
    found: dict[object, Value] = {}
    for value in values:
        try:
            found.setdefault(key_of(value), value)
        except Open:
            found.setdefault(value.data if isinstance(value.data, str | Symbol) else id(value), value)
    return list(found.values())


def as_set(values: Sequence[Value]) -> Elements:
    """Return the values as a set, in Terraform's order."""
    apart = distinct(values)
    if all(map(is_known, apart)):
        apart = sorted(apart, key=lambda each: key_of(each)[1])
    return Elements(apart)
