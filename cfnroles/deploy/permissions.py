"""What a new template permits that the deployed one does not, and the other way round."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cfnroles.deploy.template import Evaluation, Tree
from cfnroles.iam.containment import covers_action, covers_resource


@dataclass(frozen=True, slots=True)
class PermissionChange:
    """One thing that a role may do from now on, or may no longer do.

    ``kind`` is ``permission``, ``trust``, ``managed policy`` or ``boundary``. ``added`` says whether the new
    template has it; ``widening`` whether the role can do more through it. ``reasons`` are the fields that
    asked for it, as the template's own Metadata tells them.
    """

    role: str
    kind: str
    added: bool
    widening: bool
    effect: str
    action: str
    resource: str
    condition: str = ""
    sid: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Permission:
    role: str
    kind: str
    effect: str
    action: str
    resource: str
    condition: str


_Found = dict[_Permission, str]

_NOT = "not "


def permission_changes(
    old: Tree | None, old_parameters: Mapping[str, str], new: Tree, new_parameters: Mapping[str, str]
) -> tuple[PermissionChange, ...]:
    """The permissions of all roles in two templates, one by one; ``old`` is ``None`` for a new stack.

    Both are taken under their parameters, so that a statement behind a Condition counts exactly when it
    holds. Added ones come first; equal input gives equal order.
    """
    after = Evaluation(new, new_parameters)
    before = Evaluation(old, old_parameters) if old else None
    had = _permissions(before.resources()) if before else {}
    has = _permissions(after.resources())
    new_reasons = _reasons(after.resources())
    old_reasons = _reasons(before.resources()) if before else {}
    added = [_change(item, sid, True, _widens(item, had), new_reasons) for item, sid in has.items() if item not in had]
    removed = [
        _change(item, sid, False, item.effect == "Deny", old_reasons) for item, sid in had.items() if item not in has
    ]
    return tuple(sorted(added, key=_order) + sorted(removed, key=_order))


def _order(change: PermissionChange) -> tuple[str, ...]:
    return (change.role, change.kind, change.sid, change.action, change.resource, change.condition)


def _change(
    item: _Permission,
    sid: str,
    added: bool,
    widening: bool,
    reasons: Mapping[tuple[str, str], tuple[str, ...]],
) -> PermissionChange:
    return PermissionChange(
        role=item.role,
        kind=item.kind,
        added=added,
        widening=widening,
        effect=item.effect,
        action=item.action,
        resource=item.resource,
        condition=item.condition,
        sid=sid,
        reasons=reasons.get((item.role, sid), ()),
    )


def _widens(item: _Permission, had: Iterable[_Permission]) -> bool:
    """Whether nothing that was there before already gave it; a ``Deny`` never widens."""
    if item.effect != "Allow":
        return False
    return not any(
        old.effect == "Allow"
        and (old.role, old.kind) == (item.role, item.kind)
        and old.condition in {"", item.condition}
        and _covers(covers_action, old.action, item.action)
        and _covers(covers_resource, old.resource, item.resource)
        for old in had
    )


def _covers(covers: Callable[[str, str], bool], wide: str, narrow: str) -> bool:
    # What is written with NotAction or NotResource covers by leaving out: nothing is proved of it here.
    negated = wide.startswith(_NOT) or narrow.startswith(_NOT)
    return wide == narrow or (not negated and covers(wide, narrow))


def _permissions(resources: Mapping[str, Tree]) -> _Found:
    found: _Found = {}
    for name, resource in resources.items():
        properties = resource.get("Properties") or {}
        match resource.get("Type"):
            case "AWS::IAM::Role":
                _read_role(name, properties, found)
            case "AWS::IAM::Policy" | "AWS::IAM::RolePolicy" | "AWS::IAM::ManagedPolicy":
                for role in _listed(properties.get("Roles", properties.get("RoleName"))) or [name]:
                    _read_policy(_text(role).strip("${}"), "permission", properties.get("PolicyDocument"), found)
    return found


def _read_role(name: str, properties: Tree, found: _Found) -> None:
    _read_policy(name, "trust", properties.get("AssumeRolePolicyDocument"), found)
    for policy in _listed(properties.get("Policies")):
        _read_policy(name, "permission", policy.get("PolicyDocument"), found)
    for arn in _listed(properties.get("ManagedPolicyArns")):
        found[_Permission(name, "managed policy", "Allow", "*", _text(arn), "")] = ""
    boundary = properties.get("PermissionsBoundary")
    if boundary:
        found[_Permission(name, "boundary", "Deny", "*", _text(boundary), "")] = ""


def _read_policy(role: str, kind: str, document: Any, found: _Found) -> None:
    if not isinstance(document, dict):
        return
    for statement in _listed(document.get("Statement")):
        condition = statement.get("Condition")
        actions = _either(statement, "Action")
        resources = _either(statement, "Resource") or _principals(statement)
        for action in actions:
            for resource in resources:
                permission = _Permission(
                    role,
                    kind,
                    _text(statement.get("Effect", "")),
                    action,
                    resource,
                    _text(condition) if condition else "",
                )
                found.setdefault(permission, _text(statement.get("Sid", "")))


def _either(statement: Tree, member: str) -> list[str]:
    """The elements of Action or Resource; all of NotAction or NotResource as one, because they hold together."""
    if f"Not{member}" in statement:
        return [_NOT + ", ".join(map(_text, _listed(statement[f"Not{member}"])))]
    return [_text(element) for element in _listed(statement.get(member))]


def _principals(statement: Tree) -> list[str]:
    negated = "NotPrincipal" in statement
    principal = statement.get("NotPrincipal" if negated else "Principal", "*")
    if not isinstance(principal, dict):
        return [_NOT * negated + _text(principal)]
    names = [f"{kind} {_text(name)}" for kind, each in principal.items() for name in _listed(each)]
    return [_NOT + ", ".join(names)] if negated else names


def _listed(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _reasons(resources: Mapping[str, Tree]) -> dict[tuple[str, str], tuple[str, ...]]:
    """(role, Sid) -> the reasons in the role's Metadata, wherever in it a key is the Sid."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, resource in resources.items():
        if resource.get("Type") == "AWS::IAM::Role":
            _collect(name, resource.get("Metadata") or {}, found)
    return found


def _collect(role: str, node: Any, found: dict[tuple[str, str], tuple[str, ...]]) -> None:
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            found[role, key] = tuple(value)
        else:
            _collect(role, value, found)
