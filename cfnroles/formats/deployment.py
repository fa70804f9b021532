"""Plans, events, results and failures of a deployment as text."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Sequence

from cfnroles.aws.stack import Event, Stack
from cfnroles.deploy.deleting import Deletion
from cfnroles.deploy.failures import Failure
from cfnroles.deploy.permissions import PermissionChange
from cfnroles.deploy.plan import GATE, Action, Note, Plan, StackPlan
from cfnroles.deploy.result import Outcome, Result
from cfnroles.deploy.statuses import MISSING, status_of

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
        lines += [f"  ! change set {name} is pending on this stack, made by somebody else" for name in stack.pending]
        lines += [f"  parameter {change}" for change in map(_parameter, stack.parameters)]
        lines += _permission_lines(stack.permissions)
        lines += [f"  {change}" for change in _resource_lines(stack)]
    return "\n".join([*lines, "", summary(plan)])


def summary(plan: Plan) -> str:
    """One line: how many permissions come and go, and how many resources change."""
    if not plan.needs_consent:
        checked = sum(stack.secrets for stack in plan.stacks if stack.action is Action.CHECK_AGAIN)
        again = f"; {_count(checked, 'secret')} checked again" if checked else ""
        return f"No permission changes and no resource changes{again}."
    added = sum(change.added for change in plan.permissions)
    removed = len(plan.permissions) - added
    widening = sum(change.widening for change in plan.permissions)
    changed = sum(len(stack.changes) for stack in plan.stacks)
    parts = [
        f"{_count(added, 'permission')} added" + (f" ({widening} widening)" if widening else ""),
        f"{removed} removed",
    ]
    later = [stack.name for stack in plan.stacks if stack.needs_consent and stack.change_set is None]
    tail = f", and {', '.join(later)} when its turn comes" if later else ""
    return f"Permissions: {', '.join(parts)}. Resource changes: {changed}{tail}."


def _headline(stack: StackPlan) -> str:
    match stack.action:
        case Action.CREATE if stack.change_set is None and stack.source.imports:
            text = f"create, once {', '.join(stack.source.depends_on)} exports what it imports"
        case Action.CHECK_AGAIN:
            text = f"no changes; {_count(stack.secrets, 'secret')} checked again"
        case Action.NOTHING:
            text = "no changes"
        case Action.UPDATE if not stack.changes and stack.change_set:
            text = "update (outputs, tags or metadata only)"
        case _:
            text = stack.action.value
    return text + ("; turns termination protection on" if stack.protect else "")


def _parameter(change: object) -> str:
    name, before, after = (getattr(change, key) for key in ("name", "before", "after"))
    return f"{name}: {after!r}" if before is None else f"{name}: {before!r} -> {after!r}"


def _permission_lines(changes: Sequence[PermissionChange]) -> list[str]:
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
    return [line for key, group in groups.items() for line in _statement_lines(key, group)]


def _statement_lines(key: _Statement, group: Sequence[PermissionChange]) -> list[str]:
    added, role, kind, sid, effect, condition, reasons = key
    by_resource: dict[str, list[str]] = {}
    for change in group:
        by_resource.setdefault(change.resource, []).append(change.action)
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for resource, actions in by_resource.items():
        by_actions.setdefault(tuple(actions), []).append(resource)
    sign = "+" if added else "-"
    mark = "  WIDER" if any(change.widening for change in group) else ""
    verb = "" if effect == "Allow" else f"{effect.lower()} "
    title = {"permission": "may", "trust": "trusts"}.get(kind, kind)
    lines = [f"  {sign} {role} {verb}{title}{f' [{sid}]' if sid else ''}{mark}"]
    for actions_of, resources in by_actions.items():
        lines.append(f"      {', '.join(actions_of)}")
        lines += [f"        on {resource}" for resource in resources]
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


def _count(number: int, noun: str) -> str:
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


def event_line(told: Event | Note) -> str:
    """One line for an event or a note, as it is printed where there is no terminal."""
    if isinstance(told, Note):
        return f"{told.stack}: {told.text}"
    clock = f"{told.time:%H:%M:%S}  " if told.time else ""
    reason = f"  {first_line(told.reason)}" if told.reason and told.failed else ""
    return f"{clock}{told.stack}  {told.status}  {told.resource} ({told.type}){reason}"


def first_line(reason: str) -> str:
    """The beginning of a reason; the whole of it is told at the end."""
    lines = reason.strip().splitlines() or [""]
    return lines[0] + (" ..." if len(lines) > 1 else "")


def result_text(result: Result) -> str:
    """What was done, one line per stack; failures are told apart by ``failure_text``."""
    width = max(len(stack.stack) for stack in result.stacks)
    lines = []
    for stack in result.stacks:
        checked = f", {_count(stack.secrets, 'secret')} checked" if stack.secrets else ""
        took = f" in {stack.seconds:.1f} s" if stack.seconds >= 0.05 else ""
        detail = "" if stack.outcome in {Outcome.FAILED, Outcome.NOT_REACHED, Outcome.UNCHANGED} else took
        lines.append(f"{stack.stack:<{width}}  {stack.outcome}{checked}{detail}")
    return "\n".join(lines)


def failure_text(failures: Iterable[Failure], deployed: Sequence[str] = ()) -> str:
    """Why it failed, the cause first, then where things stand and what to do."""
    lines: list[str] = []
    for failure in failures:
        lines += failure.lines
        lines += [f"also: {other}" for other in failure.others]
        lines.append("")
        lines.append(_stands(failure))
        if failure.remedy:
            lines.append(failure.remedy)
    if deployed:
        lines.append(f"Still deployed: {', '.join(deployed)}.")
    return "\n".join(lines)


def _stands(failure: Failure) -> str:
    resource = f" at {failure.resource} ({failure.type})" if failure.resource else ""
    stood = f"; the stack is {failure.status}" if failure.status else ""
    meaning = status_of(failure.status).meaning if failure.status else ""
    what = "was refused by the gate" if failure.type == GATE else "failed"
    return f"{failure.stack} {what}{resource}{stood}{f' ({meaning})' if meaning else ''}."


def outputs_text(outputs: Sequence[tuple[str, tuple[tuple[str, str], ...]]]) -> str:
    """The outputs of stacks for a person."""
    return "\n".join(f"{stack}.{name} = {value}" for stack, pairs in outputs for name, value in pairs)


def outputs_json(outputs: Sequence[tuple[str, tuple[tuple[str, str], ...]]]) -> str:
    """The outputs of stacks for programs."""
    return json.dumps({"schema": SCHEMA, "stacks": {stack: dict(pairs) for stack, pairs in outputs}}, indent=2)


def statuses_text(stacks: Sequence[tuple[str, Stack | None]]) -> str:
    """Where stacks stand, one line each."""
    width = max(len(name) for name, _ in stacks)
    lines = []
    for name, stack in stacks:
        status = stack.status if stack else MISSING
        reason = f"; {first_line(stack.reason)}" if stack and stack.reason else ""
        lines.append(f"{name:<{width}}  {status}: {status_of(status).meaning}{reason}")
    return "\n".join(lines)


def deletion_text(deletion: Deletion) -> str:
    """What is going to be deleted, in order, and what stays."""
    lines = []
    for step in deletion.stacks:
        if step.stack is None:
            lines.append(f"{step.source.name}  does not exist")
            continue
        notes = f"; {', '.join(step.notes)}" if step.notes else ""
        lines.append(f"{step.source.name}  delete ({step.stack.status}{notes})")
        lines += [f"  keeps {resource}" for resource in step.retained]
    return "\n".join(lines)


def outputs_env(outputs: Sequence[tuple[str, tuple[tuple[str, str], ...]]]) -> str:
    """The outputs of stacks as lines for a shell: ``SHOP_ROLES_EXECUTION_ROLE_ARN=...``."""
    return "\n".join(
        f"{_variable(stack)}_{_variable(name)}={shlex.quote(value)}"
        for stack, pairs in outputs
        for name, value in pairs
    )


def _variable(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_").upper()


def statuses_json(stacks: Sequence[tuple[str, Stack | None]]) -> str:
    """Where stacks stand, for programs."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "stacks": [
                {
                    "name": name,
                    "status": stack.status if stack else MISSING,
                    "meaning": status_of(stack.status if stack else MISSING).meaning,
                    "reason": stack.reason if stack else "",
                    "updated": stack.updated.isoformat() if stack and stack.updated else None,
                    "terminationProtection": bool(stack and stack.termination_protection),
                }
                for name, stack in stacks
            ],
        },
        indent=2,
    )
