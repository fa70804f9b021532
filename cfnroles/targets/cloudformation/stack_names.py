"""What only a template knows about its own stack, as parameters: in another stack the same names mean that stack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from cfnroles.template.logical_ids import LogicalIds
from cfnroles.template.template import Template

#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
_OF_ONE_STACK = ("AWS::StackName", "AWS::StackId")
_DESCRIPTION = "Value of Ref {} in the stack of the task definition."


def with_stack_names(template: Template) -> Template:
    """Return the template with parameters in place of its stack's name and ID."""
    text, ids = str(template.tree), LogicalIds(template.tree)
    names = {each: _free(each.partition("::")[2], text, ids) for each in _OF_ONE_STACK if each in text}
    if not names:
        return template
    declared = {name: {"Type": "String", "Description": _DESCRIPTION.format(each)} for each, name in names.items()}
    tree = _renamed(template.tree, names)
    return replace(template, tree={**tree, "Parameters": {**(tree.get("Parameters") or {}), **declared}})


def stack_name_of(declared: Any) -> str:
    """Return what a parameter represents that was declared for a stack's name or ID; empty for any other."""
    said = declared.get("Description") if isinstance(declared, Mapping) else None
    return next((each for each in _OF_ONE_STACK if said == _DESCRIPTION.format(each)), "")


def _free(wanted: str, text: str, ids: LogicalIds) -> str:
    """Return a name that is free, and that no Fn::Sub uses for a variable of its own."""
    name = ids.new(wanted)
    return _free(wanted, text, ids) if f"{{{name}}}" in text else name


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case {"Ref": str(name)} if name in names:
            return {"Ref": names[name]}
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": _substituted(text, names)}
        case {"Fn::Sub": [str(text), *others]}:
            return {"Fn::Sub": [_substituted(text, names), *(_renamed(each, names) for each in others)]}
        case Mapping():
            return {name: _renamed(member, names) for name, member in value.items()}
        case list():
            return [_renamed(member, names) for member in value]
    return value


def _substituted(text: str, names: Mapping[str, str]) -> str:
    for each, name in names.items():
        text = re.sub(rf"\$\{{\s*{each}\s*\}}", f"${{{name}}}", text)
    return text
