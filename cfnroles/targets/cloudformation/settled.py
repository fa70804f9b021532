"""Templates without the choices that no option leaves open: each has the value of its default, and what follows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.role_kinds import ROLE_KINDS

#: The choices of those who deploy roles or a validator. A parameter of a role that has an option in the spec stays.
_OF_ROLES = frozenset(
    {
        *("PermissionsBoundaryArn", "RolePath"),
        *(f"{kind.name}{option}" for kind in ROLE_KINDS for option in ("Name", "Path", "BoundaryArn")),
    }
)
_OTHERS = frozenset(
    {
        *("TrustConditions", "ExecutionRoleSourceArn"),
        *("Architecture", "MemorySize", "Timeout", "LogRetentionInDays", "LogKmsKeyArn"),
    }
)
CHOICES = _OF_ROLES | _OTHERS

#: The project, and the stack, of the gate that services share; its exports begin with it.
SHARED_GATE = "cfnroles-gate"

_NO_VALUE = {"Ref": "AWS::NoValue"}
_SYMBOL = re.compile(r"\$\{(\w+)\}")


class Form(Struct, frozen=True):
    """How stacks are written: ``names`` are the choices that are parameters, ``services`` those of one service alone.

    With ``everything``, all choices are. A ``shared_gate`` is one function for all services of an account.
    """

    names: frozenset[str] = frozenset()
    services: Mapping[str, Collection[str]] = {}
    everything: bool = False
    shared_gate: bool = False

    def __contains__(self, name: object) -> bool:
        return self.everything or name in self.names

    def of(self, service: str) -> Form:
        """Return what the templates of one service leave open."""
        return self.also(*self.services.get(service, ()))

    def also(self, *names: str) -> Form:
        """Return the same with more choices."""
        return replace(self, names=self.names.union(names))


USUAL = Form()


def settled(template: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """Return the template without the choices that neither the ``form`` leaves open nor an option of the source sets.

    Each of its resources has the properties that it has in the whole template with the defaults of the parameters, even
    ``Path: /``: CloudFormation replaces a role whose path is omitted. No condition remains that depends on these alone.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
    """
    declared: Mapping[str, Any] = template.get("Parameters", {})
    values = {name: each["Default"] for name, each in declared.items() if name not in form and _is_open(name, each)}
    if not values:
        return dict(template)
    settling = _Settling(values, template.get("Conditions", {}))
    rest = {name: section for name, section in template.items() if name not in ("Parameters", "Conditions")}
    whole = {
        "Parameters": {name: each for name, each in declared.items() if name not in values},
        "Conditions": settling.left,
        **settling.tree(rest),
    }
    return {name: section for name, section in whole.items() if section != {}}


def _is_open(name: str, declaration: Mapping[str, Any]) -> bool:
    return name in _OTHERS or (name in _OF_ROLES and declaration["Default"] in ("", "/"))


class _Settling:
    """The result of a template some of whose parameters have one value."""

    def __init__(self, values: Mapping[str, Any], conditions: Mapping[str, Any]) -> None:
        self._values, self._conditions = values, conditions
        known = {name: self._condition(each) for name, each in conditions.items()}
        #: Whether each settled condition holds, and what remains of the others.
        self._holds = {name: each for name, each in known.items() if isinstance(each, bool)}
        self.left = {name: each for name, each in known.items() if not isinstance(each, bool)}

    def tree(self, tree: Any) -> Any:
        """Return a part of the template."""
        if isinstance(tree, str):
            return tree  # most parts are strings
        if isinstance(tree, list):
            return [each for each in map(self.tree, tree) if each != _NO_VALUE]
        if not isinstance(tree, (dict, Mapping)):
            return tree
        match tree if len(tree) == 1 else None:
            case {"Ref": str(name)} if name in self._values:
                return self._values[name]
            case {"Fn::Sub": str(text)}:
                return {"Fn::Sub": _SYMBOL.sub(lambda each: str(self._values.get(each[1], each[0])), text)}
            case {"Fn::If": [str(name), yes, no]} if name in self._holds:
                return self.tree(yes if self._holds[name] else no)
            case {"Fn::If": [name, yes, no]}:
                return {"Fn::If": [name, self.tree(yes), self.tree(no)]}
        members = [(name, each if type(each) is str else self.tree(each)) for name, each in tree.items()]
        return {name: each for name, each in members if each != _NO_VALUE}

    def _condition(self, condition: Any) -> Any:
        """Return whether a condition holds, or what remains of one that also depends on other parameters."""
        match condition:
            case {"Condition": str(name)}:
                holds = self._condition(self._conditions[name])
                return holds if isinstance(holds, bool) else condition
            case {"Fn::Equals": [one, other]}:
                one, other = self.tree(one), self.tree(other)
                return one == other if isinstance(one, str) and isinstance(other, str) else condition
            case {"Fn::Not": [of]}:
                holds = self._condition(of)
                return not holds if isinstance(holds, bool) else {"Fn::Not": [holds]}
            case {"Fn::And": [*parts]}:
                return self._joined("Fn::And", parts, True)
            case {"Fn::Or": [*parts]}:
                return self._joined("Fn::Or", parts, False)
        return condition

    def _joined(self, name: str, parts: Iterable[Any], neutral: bool) -> Any:
        held = [each for each in map(self._condition, parts) if each is not neutral]
        if any(isinstance(each, bool) for each in held):
            return not neutral
        return {name: held} if len(held) > 1 else held[0] if held else neutral
