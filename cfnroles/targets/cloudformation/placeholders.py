"""Placeholders that nobody has filled: each becomes a parameter of the task's stack, so that none is ever deployed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from troposphere import Parameter

from cfnroles.placeholders import name_of, places
from cfnroles.targets.cloudformation.values import literal
from cfnroles.workload import Workload

_PSEUDO_PARAMETER = re.compile(r"(\$\{AWS::[A-Za-z]+\})")


@dataclass(frozen=True, slots=True)
class Open:
    """What is still open in a task definition: placeholders by their text, and containers without an image.

    Both map to the name of the parameter that must be given a value.
    """

    placeholders: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[int, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)

    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters: without a default, so that CloudFormation asks for them."""
        return tuple(
            Parameter(name, Type="String", Description=self.descriptions[name])
            for name in (*self.placeholders.values(), *self.images.values())
        )

    def spelled(self, text: str) -> str:
        """A text of the user's in the spelling of ``Fn::Sub``, with a parameter for each placeholder."""
        if not self.placeholders:
            return spelled(text)
        pattern = "|".join(re.escape(found) for found in sorted(self.placeholders, key=len, reverse=True))
        parts = re.split(f"({pattern})", text)
        return "".join(
            f"${{{self.placeholders[part]}}}" if part in self.placeholders else spelled(part) for part in parts
        )


def open_places(workload: Workload, members: Mapping[str, Any], taken: Collection[str]) -> Open:
    """What is open in ``members``, those of the workload that the template has.

    ``taken`` are names of parameters that exist already.
    """
    placeholders: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    where: dict[str, list[str]] = {}
    for path, found in places(members):
        where.setdefault(found, []).append(workload.origin(path).pointer)
    # A text `${Name}` that stays as it is must not look like a parameter that was forgotten in an Fn::Sub.
    texts = set(re.findall(r"\$\{(\w+)\}", "\n".join(_texts(members))))
    names = {*taken, *(text for text in texts if f"${{{text}}}" not in where)}
    for found, pointers in where.items():
        name = _free(_parameter_name(name_of(found)) or "Placeholder", names)
        placeholders[found] = name
        descriptions[name] = f"Value of the placeholder {_told(found)} in {_listed(pointers)}."
    images: dict[int, str] = {}
    for index, container in enumerate(members["containerDefinitions"]):
        if not str(container.get("image", "")).strip():
            name = _free(f"{_parameter_name(str(container.get('name', '')))}Image", names)
            images[index] = name
            descriptions[name] = f"Image of the container {container.get('name', index + 1)}."
    return Open(placeholders, images, descriptions)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for element in value:
            yield from _texts(element)
    elif isinstance(value, str):
        yield value


def _told(found: str) -> str:
    return name_of(found) if found.startswith("${") else found


def spelled(text: str) -> str:
    """A text of the user's in the spelling of ``Fn::Sub``, in which only pseudo parameters have a meaning."""
    parts = _PSEUDO_PARAMETER.split(text)
    return "".join(part if index % 2 else literal(part) for index, part in enumerate(parts))


def _parameter_name(text: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", text)
    return "".join(word[:1].upper() + (word[1:].lower() if word.isupper() else word[1:]) for word in words)[
        :200
    ].lstrip("0123456789")


def _free(name: str, names: set[str]) -> str:
    candidates = (name, *(f"{name}{number}" for number in range(2, len(names) + 3)))
    chosen = next(candidate for candidate in candidates if candidate not in names)
    names.add(chosen)
    return chosen


def _listed(pointers: Iterable[str]) -> str:
    unique = list(dict.fromkeys(pointers))
    told = ", ".join(unique[:3])
    return told if len(unique) <= 3 else f"{told} and {len(unique) - 3} more"
