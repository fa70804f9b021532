"""A template and the stack of roles that `build` writes beside it, as one template that `verify` can judge.

What the stack is handed by parameters stands there itself, as whoever deploys it hands it over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from cfnroles import Reading, build
from cfnroles.document import parse

_GIVES = re.compile(r"What (?:Ref|Fn::GetAtt) (\S+) gives in the stack of the task definition.*")
_OF_THE_STACK = re.compile(r"Template([A-Za-z0-9]+)")


def joined(reading: Reading) -> dict[str, Any]:
    """The tree with all roles of the stack, each where the command tells that it belongs."""
    assert reading.template is not None
    built = build(reading)
    stack = json.loads(json.dumps(parse(built.files["roles.yaml"], "roles.yaml")))
    tree: dict[str, Any] = json.loads(json.dumps(reading.template.tree))
    names = _names(stack.get("Parameters", {}), tree.get("Parameters") or {})
    for section in ("Parameters", "Conditions", "Resources"):
        own = {name: each for name, each in stack.get(section, {}).items() if name not in names}
        tree[section] = {**_handed(own, names), **(tree.get(section) or {})}
    exported = {each["Export"]["Name"]["Fn::Sub"]: each["Value"] for each in stack["Outputs"].values()}
    for taking in built.takes:
        for place in taking.places if all(place.alone for place in taking.places) else ():
            _set(tree, place.path, exported[taking.export])
    return tree


def _names(stack: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, str]:
    """What the parameters of the stack stand for that have another name in the template."""
    found = {}
    for name, declared in stack.items():
        renamed = _OF_THE_STACK.fullmatch(name)
        if gives := _GIVES.fullmatch(str(declared.get("Description", ""))):
            found[name] = gives[1]
        elif renamed and renamed[1] in source and name not in source:
            found[name] = renamed[1]
    return found


def _handed(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case {"Ref": str(name)} if name in names:
            resource, _, attribute = names[name].partition(".")
            return {"Fn::GetAtt": [resource, attribute]} if attribute else {"Ref": resource}
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": re.sub(r"\$\{(\w+)\}", lambda each: f"${{{names.get(each[1], each[1])}}}", text)}
        case Mapping():
            return {name: _handed(member, names) for name, member in value.items()}
        case list():
            return [_handed(member, names) for member in value]
    return value


def _set(tree: Any, path: tuple[str | int, ...], value: Any) -> None:
    resource = tree["Resources"][path[1]]
    resource["Properties"] = resource.get("Properties") or {}
    for step in path[:-1]:
        tree = tree[step]
    tree[path[-1]] = value
