"""The permissions of an existing role in the form of a spec."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cfnroles.iam.managed_policies import managed_policy
from cfnroles.iam.roles import Role, RolePolicy
from cfnroles.sources.service_spec.forms import ACTION, RESOURCE


def taken_over(role: Role) -> tuple[tuple[str, ...], tuple[Mapping[str, Any], ...], tuple[str, ...]]:
    """Return the AWS managed policies of a role by name, its other statements, and what no spec can express.

    A spec names each action: a statement with a ``*`` in one, with ``NotAction`` or with ``Deny`` is left out.
    """
    managed: list[str] = []
    statements: list[Mapping[str, Any]] = []
    left = [f"{unread.label}: {unread.why}" for unread in role.all_unread]
    for policy in role.policies:
        if _is_managed_by_aws(policy):
            managed.append(policy.name)
            continue
        unread = {each.index for each in policy.unread}
        for index, statement in enumerate(_listed(policy.document.get("Statement", []))):
            if index in unread:
                continue
            if wrong := _unsayable(statement):
                left.append(f"{policy.name}, statement {statement.get('Sid') or index + 1}: {wrong}")
                continue
            taken = {
                "reason": f"copied from the policy {policy.name} of {role.name}",
                "actions": _listed(statement["Action"]),
                "resources": _plain(_listed(statement["Resource"])),
            }
            if "Condition" in statement:
                taken["conditions"] = _plain(statement["Condition"])
            statements.append(taken)
    return tuple(managed), tuple(statements), tuple(left)


def _is_managed_by_aws(policy: RolePolicy) -> bool:
    known = managed_policy(policy.name)
    return known is not None and (policy.where.startswith("AWS managed") or policy.document == known.document)


def _plain(value: Any) -> Any:
    """Return a part of a policy in IAM's form: roles are read in the spelling of ``Fn::Sub``."""
    if isinstance(value, Mapping):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(element) for element in value]
    return str(value).lower() if isinstance(value, bool) else str(value).replace("${!", "${")


def _unsayable(statement: Mapping[str, Any]) -> str:
    if statement.get("Effect") != "Allow":
        return "it denies; use a permissions boundary instead"
    if "Action" not in statement or "Resource" not in statement:
        return "it uses NotAction or NotResource"
    for action in _listed(statement["Action"]):
        if not re.fullmatch(ACTION.pattern, str(action)):
            return f"{action} is not a single action"
    for resource in _listed(statement["Resource"]):
        if not re.fullmatch(RESOURCE.pattern, str(resource)):
            return f"{resource} is not an ARN"
    if re.search(r"\$\{(?!!)", f"{statement['Resource']} {statement.get('Condition')}"):
        return "a part of it is a value of its template"
    return ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
