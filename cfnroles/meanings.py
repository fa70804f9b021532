"""What distinguishes texts and symbols, which are equal by spelling and by name alone."""

from __future__ import annotations

from collections.abc import Hashable

from msgspec import Struct
from msgspec.structs import astuple

from cfnroles.symbols import Symbol
from cfnroles.text import Text


class Meanings:
    """The symbols that were seen."""

    def __init__(self) -> None:
        #: They are kept alive so that their IDs stay unique.
        self._seen: dict[int, tuple[Symbol, Hashable]] = {}
        self._known: dict[Hashable, Hashable] = {}

    def of(self, value: Hashable) -> Hashable:
        """Return what is equal for values with the same texts, whose symbols are equal in each field."""
        if isinstance(value, Text):
            return Text, *map(self.of, value.parts)
        if isinstance(value, Symbol):
            return self._of_symbol(value)
        if isinstance(value, tuple):
            return tuple(map(self.of, value))
        return (type(value), *map(self.of, astuple(value))) if isinstance(value, Struct) else value

    def _of_symbol(self, symbol: Symbol) -> Hashable:
        if id(symbol) not in self._seen:
            fields = type(symbol), *map(self.of, astuple(symbol))
            self._seen[id(symbol)] = symbol, self._known.setdefault(fields, object())
        return self._seen[id(symbol)][1]
