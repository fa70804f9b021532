"""The resource behind an attribute of a plan that has no value yet.

A plan contains the names in an expression, but not the expression. Only a single name determines the value; the content
of a document stays unknown.
https://developer.hashicorp.com/terraform/internals/json-format#configuration-representation
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cfnroles.symbols import Expression

#: Attributes that AWS sets if the configuration does not: what other resources give a role.
TOLD_BY_AWS = frozenset({"managed_policy_arns", "inline_policy", "policy"})
#: Attributes that contain only the name or ARN of a role or policy.
LINKS = frozenset(
    {
        *("execution_role_arn", "task_role_arn", "infrastructure_role_arn", "ec2_instance_profile_arn"),
        *("role", "role_name", "policy_arn", "permissions_boundary"),
    }
)
#: The path of an attribute of a resource: names of blocks, each with a number, and its own.
Steps = tuple[str | int, ...]
_STEP = re.compile(r'([\w-]+)((?:\[(?:"[^"]*"|\d+)\])?)')
_DEEPEST = 12


def linked(
    root: Any, addresses: Sequence[str], address: str, attribute: Steps, hidden: Expression
) -> Expression | None:
    """Return the attribute of another resource that is the value of this one; ``None`` if unknown.

    ``attribute`` is its path, through blocks. ``root`` is the root module of the plan's configuration, ``addresses``
    are those of all its resources.
    """
    calls, _ = _apart(address)
    found = _followed(root, calls, _at(_configured(root, address), "expressions", *attribute), 0)
    return _expression(*found, addresses, hidden) if found else None


def is_left_out(root: Any, address: str, *attribute: str | int) -> bool:
    """Return whether the configuration of a resource omits the attribute at a path, so that AWS sets it."""
    resource = _configured(root, address)
    around = _at(resource, "expressions", *attribute[:-1])
    if around is None and len(attribute) == 1:
        return resource is not None
    return isinstance(around, Mapping) and attribute[-1] not in around


def named_by(root: Any, address: str) -> frozenset[str]:
    """Return the types of the resources that refer to another one of their module; that of an output is empty."""
    calls, own = _apart(address)
    name, module = ".".join(step for step, _ in own[:2]), _module(root, calls)
    blocks = [(str(_at(each, "type")), each) for each in _list(_at(module, "resources"))]
    blocks += [("", _at(module, part)) for part in ("outputs", "module_calls")]
    named = re.compile(rf'"{re.escape(name)}(?:[.\[][^"]*)?"')
    others = ((kind, each) for kind, each in blocks if _at(each, "address") != name)
    return frozenset(kind for kind, each in others if each and named.search(json.dumps(each)))


def provider_key(root: Any, address: str) -> str:
    """Return the key of a resource's provider in a plan; empty if unknown."""
    key = _at(_configured(root, address), "provider_config_key")
    return key if isinstance(key, str) else ""


def _configured(root: Any, address: str) -> Any:
    """Return the configuration of a resource."""
    calls, own = _apart(address)
    start = ".".join(name for name, _ in own[:2])
    found = (each for each in _list(_at(_module(root, calls), "resources")) if _at(each, "address") == start)
    return next(found, None)


_Calls = tuple[tuple[str, str], ...]


def _followed(root: Any, calls: _Calls, expression: Any, depth: int) -> tuple[_Calls, str] | None:
    """Return the module and the reference that an expression finally refers to."""
    names = [each for each in _list(_at(expression, "references")) if isinstance(each, str)]
    longest = [
        each
        for each in names
        if not any(other != each and other.startswith((f"{each}.", f"{each}[")) for other in names)
    ]
    if len(longest) != 1 or depth > _DEEPEST:
        return None
    (name,) = longest
    if name.startswith("var."):
        if not calls:
            return None
        given = _at(_module(root, calls[:-1]), "module_calls", calls[-1][0], "expressions", name.removeprefix("var."))
        return _followed(root, calls[:-1], given, depth + 1)
    if name.startswith("module."):
        steps = _STEP.findall(name.removeprefix("module."))
        if len(steps) < 2:
            return None
        inner = (*calls, steps[0])
        output = _at(_module(root, inner), "outputs", steps[1][0], "expression")
        return _followed(root, inner, output, depth + 1)
    return calls, name


def _expression(calls: _Calls, name: str, addresses: Sequence[str], hidden: Expression) -> Expression | None:
    around = "".join(f"module.{called}{key}." for called, key in calls)
    steps = _STEP.findall(name)
    length = 3 if name.startswith("data.") else 2
    if len(steps) != length + 1 or steps[-1][1]:
        return None
    start = ".".join(f"{step}{key}" for step, key in steps[:length])
    whole = f"{around}{start}"
    known = [each for each in addresses if each == whole or each.startswith(f"{whole}[")]
    if len(known) != 1:
        return None
    type_, attribute = steps[length - 2][0], steps[-1][0]
    return Expression(
        f"{known[0]}.{attribute}",
        written=f"${{{start}.{attribute}}}",
        reason=hidden.reason,
        remedy=hidden.remedy,
        address=known[0],
        type=type_,
        attribute=f"{known[0].removeprefix(whole)}.{attribute}".lstrip("."),
    )


def _apart(address: str) -> tuple[_Calls, list[tuple[str, str]]]:
    """Return the modules of an address, and its other steps, each with its key."""
    steps = _STEP.findall(address)
    calls: list[tuple[str, str]] = []
    while len(steps) > 2 and steps[0] == ("module", ""):
        calls.append(steps[1])
        steps = steps[2:]
    return tuple(calls), steps


def _module(root: Any, calls: _Calls) -> Any:
    for name, _ in calls:
        root = _at(root, "module_calls", name, "module")
    return root


def _at(value: Any, *names: str | int) -> Any:
    for name in names:
        if isinstance(value, list) and isinstance(name, int):
            value = value[name] if name < len(value) else None
        else:
            value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
