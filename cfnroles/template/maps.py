"""The results of `Fn::FindInMap` that depend on one parameter.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-findinmap.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from cfnroles.template.intrinsics import Resolution, symbols


class ByParameter(Struct, frozen=True):
    """The results for the values of a parameter, and for all other values if known."""

    parameter: str
    held: Mapping[str, str]
    default: str | None

    def values_for(self, found: str) -> tuple[tuple[str, ...], bool]:
        """Return the values with this result; or all except these, if the second part is true."""
        by_default = self.default == found
        return tuple(value for value, each in self.held.items() if (each == found) is not by_default), by_default


def by_parameter(asked: Any, resolution: Resolution) -> ByParameter | None:
    """Return the results of an expression; ``None`` for another kind, and if several values are open."""
    match asked:
        case {"Fn::FindInMap": [str(name), first, second, *more]}:
            maps, default = resolution.tree.get("Mappings"), more[0] if more else None
            one, other = resolution.text(first), resolution.text(second)
            held = _held(maps.get(name) if isinstance(maps, Mapping) else None, one, other)
            parameter = _parameter(one if symbols(one) else other, resolution.tree)
            said = resolution.text(default.get("DefaultValue")) if isinstance(default, Mapping) else None
            texts = {key: resolution.text(each) for key, each in held.items() if isinstance(each, str | int | float)}
            if parameter and len(texts) == len(held) and not symbols(said or ""):
                return ByParameter(parameter, texts, said)
    return None


def _held(keys: Any, first: str, second: str) -> Mapping[str, Any]:
    """Return the results for the open one of two keys. If both are open, no text represents them."""
    if not isinstance(keys, Mapping) or (symbols(first) and symbols(second)):
        return {"": None}
    if symbols(first):
        return {str(key): each[second] for key, each in keys.items() if isinstance(each, Mapping) and second in each}
    inner = keys.get(first)
    return {str(key): each for key, each in inner.items()} if isinstance(inner, Mapping) else {"": None}


def _parameter(text: str, tree: Mapping[str, Any]) -> str:
    """Return the parameter that a text consists of; otherwise an empty string."""
    name = text.removeprefix("${").removesuffix("}")
    declared = tree.get("Parameters")
    known = name.startswith("AWS::") or (isinstance(declared, Mapping) and name in declared)
    return name if symbols(text) == (name,) and text == f"${{{name}}}" and known else ""
