"""Overrides of a task definition in the input of a target, as far as a template contains them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfnroles.sources.inner_json import event_json, inner_json

#: The maximum depth of an override: RunTask's has about six levels.
_LEVELS = 50
#: Overrides that need no permission for any value.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerOverride.html
FREE = frozenset(
    {
        "command",
        "cpu",
        "environment",
        "ephemeralStorage",
        "inferenceAcceleratorOverrides",
        "memory",
        "memoryReservation",
        "resourceRequirements",
    }
)


def is_dynamic(name: str, said: Mapping[str, Any]) -> bool:
    """Return whether a member comes from the input of an execution or the event of a pipe.

    https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html
    """
    value = said.get(name)
    return f"{name}.$" in said or (isinstance(value, str) and value.lstrip().startswith(("{%", "$.", "<$")))


def seen(value: Any, hidden: list[str]) -> Any:
    """Return the overrides with RunTask's names, without dynamic ones; ``hidden`` collects those that may need
    permissions.
    """
    if isinstance(value, list):
        return [seen(each, hidden) for each in value]
    if not isinstance(value, Mapping):
        return value
    kept = {}
    for written, each in value.items():
        name = written.removesuffix(".$")
        member = name[:1].lower() + name[1:]
        if not is_dynamic(name, value):
            kept[member] = seen(each, hidden)
        elif member not in FREE and member != "value":
            hidden.append(name)
    return kept


def input_of(given: Any, name: str) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Return the overrides in the input of a target, and the member with unknown ones.

    An input transformer inserts parts of an event into its template, and the others are literal:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    """
    if given is None:
        return {}, ()
    template = given.get("InputTemplate") if isinstance(given, Mapping) else None
    said: Any = None
    if name == "Input" and isinstance(given, str):
        said = inner_json(given, _LEVELS)
    elif name == "InputTransformer" and isinstance(template, str):
        said = event_json(template, _LEVELS)
    hidden: list[str] = []
    if not isinstance(said, dict) or _has_open_name(said) or (name != "Input" and _has_open_element(said, "")):
        return {}, (name,)
    overrides = said if name == "Input" else seen(said, hidden)
    return ({}, (name,)) if hidden else (overrides, ())


def _has_open_element(value: Any, member: str) -> bool:
    """Return whether an element of a list that may need permissions is a part of an event."""
    if isinstance(value, dict):
        return any(_has_open_element(each, name) for name, each in value.items())
    elements = value if isinstance(value, list) else ()
    return any(
        (member not in FREE and is_dynamic("", {"": each})) or _has_open_element(each, member) for each in elements
    )


def _has_open_name(value: Any) -> bool:
    """Return whether the name of a member depends on what CloudFormation knows."""
    if isinstance(value, dict):
        return any("${" in name or name.startswith("$.") for name in value) or any(map(_has_open_name, value.values()))
    return isinstance(value, list) and any(map(_has_open_name, value))
