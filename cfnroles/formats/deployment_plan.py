"""Plans of deployments as text: for a person, for programs, for pull requests."""

from __future__ import annotations

import json
from collections.abc import Sequence

from cfnroles.deploy.permissions import PermissionChange
from cfnroles.deploy.plan import Action, ParameterChange, Plan, StackPlan
from cfnroles.deploy.statuses import MISSING

SCHEMA = 1

#: (added or removed, role, kind, Sid, effect, condition, reasons): what one printed statement has in common.
_Statement = tuple[bool, str, str, str, str, str, tuple[str, ...]]


def plan_text(plan: Plan) -> str:
    """The plan for a person: each stack, what happens to it and, above all, which permissions change."""
    lines: list[str] = []
    width = max(len(stack.name) for stack in plan.stacks)
    for stack in plan.stacks:
        lines.append(f"{stack.name:<{width}}  {_headline(stack)}")
        lines += [f"  ! {note}" for note in stack.notes]
        lines += [f"  ! change set {name} is pending on this stack, not made by this run" for name in stack.pending]
        lines += [f"  parameter {change}" for change in map(_parameter, stack.parameters)]
        lines += permission_lines(stack.permissions, marked=stack.action is Action.UPDATE)
        lines += [f"  {change}" for change in _resource_lines(stack)]
    return "\n".join([*lines, "", summary(plan)])


def summary(plan: Plan) -> str:
    """One line: how many permissions come and go, and how many resources change."""
    if not plan.needs_consent:
        checked = sum(stack.secrets for stack in plan.stacks if stack.action is Action.CHECK_AGAIN)
        again = f"; {count(checked, 'secret')} checked again" if checked else ""
        return f"No permission changes and no resource changes{again}."
    added = sum(change.added for change in plan.permissions)
    removed = len(plan.permissions) - added
    updated = [stack for stack in plan.stacks if stack.action is Action.UPDATE]
    widening = sum(change.widening for stack in updated for change in stack.permissions)
    changed = sum(len(stack.changes) for stack in plan.stacks if stack.needs_consent)
    wider = f" ({widening} widening)" if widening else ""
    permissions = (
        f"Permissions: {added} added{wider}, {removed} removed" if added or removed else "No permission changes"
    )
    later = [stack.name for stack in plan.stacks if stack.needs_consent and stack.change_set is None]
    tail = f", and {', '.join(later)} when its turn comes" if later else ""
    return f"{permissions}. Resource changes: {changed}{tail}."


def _headline(stack: StackPlan) -> str:
    match stack.action:
        case Action.CREATE if stack.change_set is None and stack.source.imports:
            text = f"create, with what {' and '.join(stack.source.depends_on)} will export"
        case Action.CHECK_AGAIN:
            text = f"no changes; {count(stack.secrets, 'secret')} checked again"
        case Action.NOTHING:
            text = "no changes"
        case Action.UPDATE if not stack.changes and stack.change_set:
            text = "update (outputs, tags or metadata only)"
        case _:
            text = stack.action.value
    return text + ("; turns termination protection on" if stack.protect else "")


def _parameter(change: ParameterChange) -> str:
    before = "" if change.before is None else f"{change.before!r} -> "
    return f"{change.name}: {before}{change.after!r}"


def permission_lines(changes: Sequence[PermissionChange], *, marked: bool) -> list[str]:
    """``marked`` points out what widens a role; of a new role everything does, and nothing is worth a
    mark."""
    groups: dict[_Statement, list[PermissionChange]] = {}
    for change in changes:
        key = (
            change.added,
            change.role,
            change.kind,
            change.sid,
            change.effect,
            change.condition,
            change.reasons,
        )
        groups.setdefault(key, []).append(change)
    return [line for key, group in groups.items() for line in _statement_lines(key, group, marked)]


def _statement_lines(key: _Statement, group: Sequence[PermissionChange], marked: bool) -> list[str]:
    added, role, kind, sid, effect, condition, reasons = key
    by_resource: dict[str, list[str]] = {}
    for change in group:
        by_resource.setdefault(change.resource, []).append(change.action)
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for resource, actions in by_resource.items():
        by_actions.setdefault(tuple(actions), []).append(resource)
    sign = "+" if added else "-"
    mark = "  WIDER" if marked and any(change.widening for change in group) else ""
    allowed = effect == "Allow"
    verb = {
        "permission": "may" if allowed else "must not",
        "trust": "can be assumed" if allowed else "cannot be assumed",
        "managed policy": "has the managed policy",
        "boundary": "is bounded by",
    }[kind]
    lines = [f"  {sign} {role} {verb}{f' [{sid}]' if sid else ''}{mark}"]
    word = "by" if kind == "trust" else "on"
    for actions_of, resources in by_actions.items():
        if kind in {"permission", "trust"}:
            lines.append(f"      {', '.join(actions_of)}")
            lines += [f"        {word} {resource}" for resource in resources]
        else:
            lines += [f"      {resource}" for resource in resources]
    if condition:
        lines.append(f"      when {condition}")
    lines += [f"      because {reason}" for reason in reasons]
    return lines


def _resource_lines(stack: StackPlan) -> list[str]:
    signs = {"Add": "+", "Remove": "-", "Modify": "~"}
    return [
        f"{signs.get(change.action, '~')} {change.resource} ({change.type})"
        + (f" {', '.join(change.properties)}" if change.properties else "")
        + (" REPLACED" if change.replacement == "True" else "")
        for change in stack.changes
        if stack.action is not Action.CHECK_AGAIN
    ]


def count(number: int, noun: str) -> str:
    """A number with its noun: ``1 secret``, ``2 secrets``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def plan_json(plan: Plan) -> str:
    """The plan for programs; ``schema`` rises when a field changes its meaning."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "stacks": [
                {
                    "name": stack.name,
                    "action": stack.action.value,
                    "status": stack.before.status if stack.before else MISSING,
                    "changes": [
                        {
                            "action": change.action,
                            "resource": change.resource,
                            "type": change.type,
                            "replacement": change.replacement,
                            "properties": list(change.properties),
                        }
                        for change in stack.changes
                    ],
                    "permissions": [
                        {
                            "role": change.role,
                            "kind": change.kind,
                            "change": "added" if change.added else "removed",
                            "widening": change.widening,
                            "effect": change.effect,
                            "action": change.action,
                            "resource": change.resource,
                            "condition": change.condition,
                            "sid": change.sid,
                            "reasons": list(change.reasons),
                        }
                        for change in stack.permissions
                    ],
                    "parameters": [
                        {"name": change.name, "before": change.before, "after": change.after}
                        for change in stack.parameters
                    ],
                    "secrets": stack.secrets,
                    "notes": list(stack.notes),
                    "pendingChangeSets": list(stack.pending),
                }
                for stack in plan.stacks
            ],
        },
        indent=2,
    )


def plan_markdown(plan: Plan) -> str:
    """The plan for a pull request."""
    lines = ["### Deployment plan", "", summary(plan), ""]
    for stack in plan.stacks:
        lines.append(f"- **{stack.name}**: {_headline(stack)}")
        lines += [f"  - {note}" for note in stack.notes]
    if plan.permissions:
        lines += ["", "| | role | action | resource | because |", "|---|---|---|---|---|"]
        lines += [
            f"| {'added' if change.added else 'removed'}{', **wider**' if change.widening else ''} "
            f"| {change.role} | {_cell(change.action)} | {_cell(change.resource)} "
            f"| {'<br>'.join(map(_plain_cell, change.reasons)) or change.kind} |"
            for change in plan.permissions
        ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return f"`{_plain_cell(text)}`"


def _plain_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
