"""The members in requests and responses of ECS, with their types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from cfnroles import workload
from cfnroles.spelling import meant

#: The types of members without members. Strings, numbers and Booleans are interchangeable, as in CloudFormation.
TEXT, NUMBER, FLAG, MAP, ANYTHING = "text", "number", "truth value", "map", "anything"

#: The number of members that a message lists.
_FEW = 4

#: The members by operation and shape. Written by `make model`, from the newest botocore.
RECORD = Path(__file__).with_name("members.json")


@cache
def recorded() -> Mapping[str, Any]:
    """Return the record of ECS: what each operation ``takes``, its ``choices`` and ``answers``; account
    ``settings``.
    """
    record: Mapping[str, Any] = msgspec.json.decode(RECORD.read_bytes())
    return record


def structure(*members: Mapping[str, str]) -> Mapping[str, Any]:
    """Return all members by path, as one structure: a mapping for a structure, a list of one for a list."""
    tree: dict[str, Any] = {}
    for path, kind in (member for each in members for member in each.items()):
        inner = tree
        *steps, last = path.split(".")
        for step in steps:
            name = step.removesuffix("[]")
            inner = inner.setdefault(name, {}) if step == name else inner.setdefault(name, [{}])[0]
        name = last.removesuffix("[]")
        inner[name] = kind if last == name else [kind]
    return tree


#: The members of a task definition of any kind.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
MEMBERS: Mapping[str, Any] = structure(
    *(recorded()["takes"][f"Register{kind}"] for kind in ("TaskDefinition", "DaemonTaskDefinition"))
)


def problems(
    tree: Any, members: Mapping[str, Any] = MEMBERS, path: workload.Path = ()
) -> Iterator[tuple[workload.Path, str, str]]:
    """Yield path, fault and remedy of each member with a wrong type or wrong case."""
    yield from _problems(tree, members, path)


def _problems(value: Any, kind: Any, path: workload.Path) -> Iterator[tuple[workload.Path, str, str]]:
    # Most values are plain strings, and a template has them in many worlds.
    if isinstance(value, str) and isinstance(kind, str) and kind != MAP:
        return
    if isinstance(kind, Mapping):
        if not isinstance(value, Mapping):
            yield path, f"expected an object, found {_article(value)}", _as_object(value, kind)
            return
        for name, member in value.items():
            if name in kind:
                yield from _problems(member, kind[name], (*path, name))
            elif spelled := same_letters(name, kind):
                yield (*path, name), f"ECS has no member {name}", f"Did you mean {spelled}?"
    elif isinstance(kind, list):
        if not isinstance(value, list):
            yield path, f"expected a list, found {_article(value)}", _as_list(value, kind[0])
            return
        for index, element in enumerate(value):
            if element is not None:
                yield from _problems(element, kind[0], (*path, index))
    elif kind == MAP:
        if not isinstance(value, Mapping):
            yield path, f"expected a map of strings, found {_article(value)}", "Write {NAME: VALUE, ...}"
            return
        for name, member in value.items():
            yield from _problems(member, TEXT, (*path, name))
    elif kind != ANYTHING and isinstance(value, (Mapping, list)):
        noun = "string" if kind == TEXT else kind
        yield path, f"expected a {noun}, found {_article(value)}", f"Write a {noun}"


def _as_object(value: Any, kind: Mapping[str, Any]) -> str:
    """Return how to write a value as an object: with what members, or without the list around it."""
    if isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        return "Remove the [ and ] around it"
    shown = [*kind][:_FEW]
    return f"Its members are {', '.join(shown)}{', ...' if len(shown) < len(kind) else ''}"


def _as_list(value: Any, element: Any) -> str:
    """Return how to write a value as a list. A map of names to values is not an element of it."""
    if not isinstance(value, Mapping) or not isinstance(element, Mapping) or not value:
        return "Put it between [ and ]"
    if any(same_letters(str(name), element) for name in value):
        return "Put it between [ and ]"
    members = f" with the members {', '.join(element)}" if len(element) <= _FEW else ""
    return f"Write a list of objects{members}"


def same_letters(name: str, kind: Mapping[str, Any]) -> str:
    """Return the member that differs from a name only in case; empty if there is none. Members of ECS never do."""
    return next((member for member in kind if member.lower() == name.lower()), "")


def meant_by(name: str, kind: Mapping[str, Any]) -> str:
    """Return the member that was likely meant by an unknown name."""
    near = meant(name, kind)
    return f"Did you mean {near}?" if near else "A newer cfnroles may know it."


def _article(value: Any) -> str:
    if isinstance(value, Mapping):
        of_cloudformation = len(value) == 1 and re.match(r"Fn::|Ref$", next(iter(value)))
        return "a function of CloudFormation" if of_cloudformation else "an object"
    return _NOUNS.get(type(value), "a string")


#: The types of values that are neither a string nor an object.
_NOUNS = {list: "a list", bool: "true or false", int: "a number", float: "a number", type(None): "null"}
