"""The types of values: each checks a value, returns its JSON Schema, and has a name for messages.

https://json-schema.org/draft-07/json-schema-validation
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from cfnroles.need import Finding, fault
from cfnroles.spelling import meant
from cfnroles.workload import Path


class Type(Protocol):
    """The type of a key's value."""

    @property
    def noun(self) -> str:
        """Its name in messages: ``the ARN of a key``."""
        ...

    def problems(self, value: Any, path: Path) -> Iterator[Finding]:
        """Yield all faults of ``value``."""
        ...

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema, draft 7."""
        ...


class String(Struct, frozen=True):
    """A string with a format. ``known`` are the only allowed values, if there are any."""

    noun: str
    pattern: str
    remedy: str = ""
    known: tuple[str, ...] = ()

    def problems(self, value: Any, path: Path) -> Iterator[Finding]:
        """Yield a fault for another type, or another format."""
        if not isinstance(value, str):
            quotes = " Put it in quotes." if isinstance(value, (int, float)) else ""
            yield fault(
                path, f"{shown(value)} is not {self.noun}", f"{self.remedy}{quotes}".strip() or "Write a string."
            )
        elif self.known:
            if value not in self.known:
                yield fault(path, f"{value!r} is not {self.noun}", nearest(value, self.known))
        elif refused := self.refused(value):
            yield fault(path, refused, self.remedy)

    def refused(self, value: str) -> str:
        """Return what is wrong with the format of a string; empty if nothing is."""
        return "" if re.fullmatch(self.pattern, value) else f"{value!r} is not {self.noun}"

    def schema(self) -> dict[str, Any]:
        """Return a string with a pattern, or one of several."""
        if self.known:
            return {"type": "string", "enum": list(self.known)}
        return {"type": "string", "pattern": f"^({self.pattern})$"}


class Number(Struct, frozen=True):
    """An integer within limits, or one of several."""

    noun: str
    least: int = 0
    most: int = 0
    known: tuple[int, ...] = ()

    @property
    def _remedy(self) -> str:
        if self.known:
            return f"Write one of {', '.join(map(str, self.known))}."
        return f"Write a number from {self.least} to {self.most}, without quotes."

    def problems(self, value: Any, path: Path) -> Iterator[Finding]:
        """Yield a fault for anything but an integer within the limits."""
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or (value not in self.known if self.known else not self.least <= value <= self.most):
            yield fault(path, f"{shown(value)} is not {self.noun}", self._remedy)

    def schema(self) -> dict[str, Any]:
        """Return an integer with limits."""
        if self.known:
            return {"type": "integer", "enum": list(self.known)}
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class Flag(Struct, frozen=True):
    """``true`` or ``false``."""

    noun: str = "true or false"

    def problems(self, value: Any, path: Path) -> Iterator[Finding]:
        """Yield a fault for any other value; ``yes`` and ``on`` are strings."""
        if not isinstance(value, bool):
            yield fault(path, f"{shown(value)} is not {self.noun}", "Write true or false, without quotes.")

    def schema(self) -> dict[str, Any]:
        """Return a Boolean."""
        return {"type": "boolean"}


class Many(Struct, frozen=True):
    """A list of one or more unique elements; a single element may be without the list."""

    of: Type
    alone: bool = True

    @property
    def noun(self) -> str:
        """The element's name."""
        return f"{self.of.noun}, or a list" if self.alone else f"a list, each {self.of.noun}"

    def problems(self, value: Any, path: Path) -> Iterator[Finding]:
        """Yield faults for an empty list, a repeated element, and all faults of elements."""
        if not isinstance(value, list):
            if self.alone:
                yield from self.of.problems(value, path)
            else:
                yield fault(
                    path,
                    f"{shown(value)} is not a list",
                    "Write a list: one line for each element, beginning with `- `.",
                )
            return
        if not value:
            yield fault(path, "the list is empty", "Remove the key, or add an element.")
        for index, element in enumerate(value):
            if element in value[:index]:
                yield fault((*path, index), f"{shown(element)} is in the list twice", "Keep one of them.")
            yield from self.of.problems(element, (*path, index))

    def schema(self) -> dict[str, Any]:
        """Return an array, or the element alone."""
        array = {"type": "array", "items": self.of.schema(), "minItems": 1, "uniqueItems": True}
        return {"anyOf": [self.of.schema(), array]} if self.alone else array


class Named(Struct, frozen=True):
    """A mapping from the user's own names to values of one type."""

    noun: str
    key: String
    of: Type

    def problems(self, value: Any, path: Path) -> Iterator[Finding]:
        """Yield faults for names in another format, and all faults of values."""
        if not isinstance(value, Mapping):
            yield fault(path, f"{shown(value)} is not {self.noun}", "Write one line for each: `name: value`.")
            return
        if not value:
            yield fault(path, f"{path[-1]!r} is empty" if path else "it is empty", "Remove the key, or add an entry.")
        lowered: dict[str, str] = {}
        for name, member in value.items():
            yield from self.key.problems(name, (*path, name))
            if lowered.setdefault(name.lower(), name) != name:
                what = f"{name!r} differs from {lowered[name.lower()]!r} only in case"
                yield fault((*path, name), what, "Use another name.")
            yield from self.of.problems(member, (*path, name))

    def schema(self) -> dict[str, Any]:
        """Return an object whose property names have a pattern."""
        return {
            "type": "object",
            "propertyNames": self.key.schema(),
            "additionalProperties": self.of.schema(),
            "minProperties": 1,
        }


class Key(Struct, frozen=True):
    """One key of a structure: the source of documentation, schema and checks.

    ``beside`` names keys of which one must be next to this one; empty for an independent key. ``source`` is AWS's page
    about the setting.
    """

    name: str
    type: Type
    doc: str
    example: Any
    required: bool = False
    beside: tuple[str, ...] = ()
    source: str = ""


class Structure(Struct, frozen=True):
    """A mapping with known keys. Exactly one of ``choice`` must be present, if it is not empty."""

    noun: str
    keys: tuple[Key, ...]
    choice: tuple[str, ...] = ()

    def problems(self, value: Any, path: Path) -> Iterator[Finding]:
        """Yield unknown, missing and contradictory keys, and all faults of values."""
        if not isinstance(value, Mapping):
            yield fault(path, f"{shown(value)} is not {self.noun}", self._instead_of(value, path))
            return
        keys = {key.name: key for key in self.keys}
        for name, member in value.items():
            if name not in keys:
                yield fault((*path, name), f"{name!r} is not a key of {self.noun}", self._meant(name))
            elif member is None:
                yield fault((*path, name), f"{name!r} has no value", f"Write {keys[name].type.noun}.")
            else:
                yield from keys[name].type.problems(member, (*path, name))
                if keys[name].beside and not any(other in value for other in keys[name].beside):
                    what = f"{name!r} has no effect without another key"
                    yield fault((*path, name), what, f"Use it with {listed(keys[name].beside, 'or')}.")
        for key in self.keys:
            if key.required and key.name not in value:
                yield fault(path, f"{self.noun} has no {key.name!r}", f"Add it: {key.doc}")
        chosen = [name for name in value if name in self.choice]
        if self.choice and len(chosen) != 1 and (chosen or not value.keys() - keys):
            what = f"{listed(chosen)} cannot be combined" if chosen else "the entry names no grant"
            remedy = "Write one entry for each." if chosen else f"Use one of {listed(self.choice)}."
            yield fault((*path, chosen[1]) if chosen else path, what, remedy)

    def _instead_of(self, value: Any, path: Path) -> str:
        """Return a remedy for a value of another type: the key that accepts a list, or all keys."""
        fitting = [
            key.name
            for key in self.keys
            if isinstance(value, list) and value and not any(key.type.problems(value, path))
        ]
        return f"Put the list under {listed(fitting, 'or')}." if fitting else f"Its keys are {listed(self._names)}."

    def _meant(self, name: str) -> str:
        """Return a remedy for an unknown key: by its meaning, its spelling, or the key that contains it."""
        from cfnroles.sources.service_spec.meant_grants import grants_with, meant_grant  # only for wrong input

        if grants := meant_grant(name, self.choice) if self.choice else ():
            return f"Did you mean {grants[0]!r}?" if len(grants) == 1 else f"Its service has {listed(grants)}."
        if grants := grants_with(name, self.choice):
            return f"Name the service: {listed(grants, 'or')}."
        above = [key.name for key in self.keys if name in _names_in(key.type)]
        if above and not meant(name, self._names, 0.8):
            return f"Move it below {' or '.join(map(repr, above))}, which has this key."
        return nearest(name, self._names)

    @property
    def _names(self) -> tuple[str, ...]:
        return _names_in(self)

    def schema(self) -> dict[str, Any]:
        """Return an object with properties and their documentation."""
        schema: dict[str, Any] = {
            "title": self.noun,
            "type": "object",
            "additionalProperties": False,
            "properties": {key.name: {**key.type.schema(), "description": key.doc} for key in self.keys},
        }
        if required := [key.name for key in self.keys if key.required]:
            schema["required"] = required
        if self.choice:
            schema["oneOf"] = [{"required": [name]} for name in self.choice]
        beside = {key.name: {"anyOf": [{"required": [n]} for n in key.beside]} for key in self.keys if key.beside}
        if beside:
            schema["dependencies"] = beside
        return schema


class Either(Struct, frozen=True):
    """A value of either type; a mapping is always the second."""

    plain: Type
    mapping: Type

    @property
    def noun(self) -> str:
        """Both names."""
        return f"{self.plain.noun}, or {self.mapping.noun}"

    def problems(self, value: Any, path: Path) -> Iterator[Finding]:
        """Yield the faults of the value for the type that it resembles."""
        chosen = self.mapping if isinstance(value, Mapping) else self.plain
        yield from chosen.problems(value, path)

    def schema(self) -> dict[str, Any]:
        """Return either schema."""
        return {"anyOf": [self.plain.schema(), self.mapping.schema()]}


def _names_in(of: Type) -> tuple[str, ...]:
    """Return the keys that a value of a type may have."""
    return tuple(key.name for key in of.keys) if isinstance(of, Structure) else ()


def shown(value: Any) -> str:
    """Return a value for messages: quoted if it is short, otherwise its type."""
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return repr(value)
    if value is None or isinstance(value, bool):
        return {None: "an empty value", True: "true", False: "false"}[value]
    return "a list" if isinstance(value, Sequence) else "a mapping"


def nearest(name: str, known: Sequence[str]) -> str:
    """Return a remedy: the known name that ``name`` likely means, otherwise all of them."""
    near = meant(name, known)
    return f"Did you mean {near!r}?" if near else f"Known are {listed(known)}."


def listed(names: Sequence[str], before_last: str = "and") -> str:
    """Return names as a list, with ``and`` or another word before the last."""
    names = [repr(name) for name in names]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {before_last} {names[-1]}"
