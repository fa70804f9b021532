"""What functions take: arguments that are known as far as they need it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cfnroles.hcl.values import Elements, Failed, Lazy, Value, elements, first_unknown, is_known, number, plain, truth
from cfnroles.symbols import Symbol

#: A function: from its arguments to what it gives, with a place of its own or without.
Function = Callable[[Sequence[Value]], Any]


class Open(Exception):
    """What a function gives depends on something that nobody knows."""

    def __init__(self, on: Symbol | None) -> None:
        super().__init__("open")
        self.on = on


class Partial(list[Value]):
    """A list of which some elements are known; an expression among them stands for any number of others."""


def known_text(value: Value) -> str:
    """The text that a value is; raises Open where a part of it is not known."""
    found = None if value.unknown else plain(value)
    if found is None:
        raise Open(first_unknown(value))
    return found


def known_number(value: Value) -> int | float:
    """The number that a value is; raises Open where it is not known."""
    if not is_known(value):
        raise Open(first_unknown(value))
    return number(value)


def known_truth(value: Value) -> bool:
    """The truth value that a value is; raises Open where it is not known."""
    if not is_known(value):
        raise Open(first_unknown(value))
    return truth(value)


def whole(value: Value) -> Value:
    """A list, a set or an object with all its elements; raises Open where they are not known, be it in part."""
    if isinstance(value.data, Lazy):
        value = value.data.all(value.place)
    if value.unknown or isinstance(value.data, Partial):
        raise Open(first_unknown(value))
    return value


def values_of(value: Value) -> list[Value]:
    """The elements of a list, a set or an object."""
    return [each for _, each in elements(whole(value))]


def members_of(value: Value) -> dict[str, Value]:
    """The members of an object; raises Failed for anything else."""
    found = whole(value).data
    if not isinstance(found, dict):
        raise Failed("expected an object", value.place)
    return found


def known_all(values: Sequence[Value]) -> Sequence[Value]:
    """The values themselves; raises Open where one of them is not known."""
    for value in values:
        if not is_known(value):
            raise Open(first_unknown(value))
    return values


def key_of(value: Value) -> tuple[str, str]:
    """By what two known values are told apart; raises Open where it is not known."""
    if isinstance(value.data, list | dict):
        members = value.data.items() if isinstance(value.data, dict) else enumerate(value.data)
        return type(value.data).__name__, repr([(key, key_of(each)) for key, each in members])
    if isinstance(value.data, bool) or value.data is None:
        return type(value.data).__name__, str(value.data)
    return "text", known_text(value)


def distinct(values: Sequence[Value]) -> list[Value]:
    """The values without repetition; open ones are told apart by their symbols."""
    found: dict[object, Value] = {}
    for value in values:
        try:
            found.setdefault(key_of(value), value)
        except Open:
            found.setdefault(value.data if isinstance(value.data, str | Symbol) else id(value), value)
    return list(found.values())


def as_set(values: Sequence[Value]) -> Elements:
    """The values as a set, in the order that Terraform has them in."""
    apart = distinct(values)
    if all(map(is_known, apart)):
        apart = sorted(apart, key=lambda each: key_of(each)[1])
    return Elements(apart)
