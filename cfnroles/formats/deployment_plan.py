"""Plans of deployments as text, JSON, and Markdown for pull requests."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from cfnroles.answers.diff import Change, Difference
from cfnroles.answers.grants import GrantKind, RoleGrant
from cfnroles.counted import counted
from cfnroles.deploy.home import Destination
from cfnroles.deploy.plan import ParameterChange, Plan, ReferenceCheck, StackAction, StackPlan, Stranger
from cfnroles.deploy.statuses import MISSING
from cfnroles.formats.grants import actions_of, conditions_of, resources_of, when
from cfnroles.iam.evaluator import Effect
from cfnroles.markdown import (
    MarkdownBlock,
    Markup,
    below,
    code,
    document,
    heading,
    inline,
    nested,
    paragraph,
    strong,
    table,
)
from cfnroles.page import Page, json_page, page

SCHEMA = 1

_NOT = "not "


def plan_text(plan: Plan) -> Page:
    """Return the plan as text: each stack, what happens to it and, above all, which permissions change."""
    lines = [home_text(plan.home), ""]
    width = max(len(stack.name) for stack in plan.stacks)
    for stack in plan.stacks:
        lines.append(f"{stack.name:<{width}}  {_headline(stack)}")
        lines += [f"  ! {note}" for note in (*adoption(stack.adopted), *stack.notes)]
        lines += [f"  ! not checked before the task starts: {place}" for place in stack.unchecked]
        lines += [f"  ! change set {name} is pending on this stack, not made by this run" for name in stack.pending]
        lines += [f"  parameter {change}" for change in map(_parameter, stack.parameters)]
        lines += permission_lines(stack.permissions, marked=stack.action is StackAction.UPDATE)
        lines += [f"  {change}" for change in _resource_lines(stack)]
    return page([*lines, *check_lines(plan.check), "", summary(plan)])


def home_text(home: Destination) -> str:
    """Return the target and the caller in one line."""
    account = f"Account {home.account}" if home.account else "Account unknown"
    caller = f"as {home.caller}" if home.caller else f"caller unknown ({home.why or 'AWS was not asked'})"
    local = f" (an emulator at {home.endpoint})" if home.endpoint else ""
    return f"{account}, Region {home.region}, {caller}{local}"


def check_lines(check: ReferenceCheck) -> list[str]:
    """Return the results for references, and in one line those that could not be checked."""
    lines = [f"References: {check.usable} of {check.total} checked and usable."] if check.usable else []
    if check.unknown:
        why = Counter(each.why for each in check.unknown)
        reasons = "; ".join(f"{each} ({number})" if len(why) > 1 else each for each, number in why.items())
        number = f"{len(check.unknown)} of {counted(check.total, 'reference')}"
        lines.append(f"! {number} not checked before the deployment: {reasons}. The gate in the stack decides.")
    return [*lines, *(f"! {warning}" for warning in check.warnings)]


def summary(plan: Plan) -> str:
    """Return one line: the numbers of added and removed permissions, and of changed resources."""
    if not plan.needs_consent:
        checked = sum(stack.secrets for stack in plan.stacks if stack.action is StackAction.CHECK_AGAIN)
        again = f"; {counted(checked, 'secret')} to check again" if checked else ""
        return f"No permission changes and no resource changes{again}."
    entries = _entries(plan.permissions)
    added = sum(entry.added for entry in entries)
    removed = len(entries) - added
    updated = [stack for stack in plan.stacks if stack.action is StackAction.UPDATE]
    widening = sum(entry.widening for stack in updated for entry in _entries(stack.permissions.changes))
    changed = sum(len(stack.changes) for stack in plan.stacks if stack.needs_consent)
    wider = f" ({widening} widening)" if widening else ""
    permissions = (
        f"Permissions: {added} added{wider}, {removed} removed" if added or removed else "No permission changes"
    )
    later = [stack.name for stack in plan.stacks if stack.needs_consent and stack.change_set is None]
    tail = f", plus {', '.join(later)} (known only when deployed)" if later else ""
    return f"{permissions}. Resource changes: {changed}{tail}."


def _headline(stack: StackPlan) -> str:
    match stack.action:
        case StackAction.CREATE if stack.change_set is None and stack.source.imports:
            text = f"create, importing from {' and '.join(stack.source.depends_on)}"
        case StackAction.CHECK_AGAIN:
            text = f"no changes; {counted(stack.secrets, 'secret')} to check again"
        case StackAction.NOTHING:
            text = "no changes"
        case StackAction.UPDATE if not stack.changes and stack.change_set:
            text = "update (outputs, tags or metadata only)"
        case _:
            text = stack.action.value
    return text + ("; turns termination protection on" if stack.protect else "")


def adoption(adopted: Stranger | None) -> tuple[str, ...]:
    """Return the description of an adopted stack; nothing for one of cfnroles' own."""
    if not adopted:
        return ()
    whose, *rest = adopted.lines
    return (f"{whose}: it is taken over (--adopt)", *rest)


def _parameter(change: ParameterChange) -> str:
    before = "" if change.before is None else f"{change.before!r} -> "
    return f"{change.name}: {before}{change.after!r}"


def permission_lines(difference: Difference, *, marked: bool) -> list[str]:
    """Return added and removed permissions by statement. ``marked`` marks what widens a role: for a new one,
    everything.

    A wildcard under an undecided condition is always marked.
    """
    groups: dict[tuple[object, ...], list[_Entry]] = {}
    for entry in _entries(difference.changes):
        groups.setdefault(entry.statement, []).append(entry)
    lines = [line for group in groups.values() for line in _statement_lines(group, marked)]
    redefined = [f"  ! the condition {name} is defined in another way than before" for name in difference.redefined]
    return lines + redefined


class _Entry(Struct, frozen=True):
    """One added or removed grant. ``widening`` says whether the role may do more."""

    added: bool
    grant: RoleGrant
    widening: bool

    @property
    def sid(self) -> str:
        return next((place.sid for place in self.grant.places if place.sid), "")

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(reason for place in self.grant.places for reason in place.reasons))

    @property
    def wildcard(self) -> bool:
        return self.added and self.grant.effect is Effect.ALLOW and self.grant.is_undecided_wildcard

    @property
    def statement(self) -> tuple[object, ...]:
        """The common key of the entries of one printed statement."""
        grant = self.grant
        what = (grant.conditions, grant.guards, bool(grant.actions), grant.not_actions, grant.not_resources)
        return (self.added, grant.role, grant.kind, self.sid, grant.effect, *what, self.reasons)


def _entries(changes: Sequence[Change]) -> list[_Entry]:
    """Return additions, then removals. A widened or narrowed permission is one of each."""
    entries: dict[tuple[bool, RoleGrant], _Entry] = {}
    for change in changes:
        for added, grants, more in ((True, change.after, Effect.ALLOW), (False, change.before, Effect.DENY)):
            for grant in grants:
                widening = change.widens and grant.effect is more
                before = entries.get((added, grant))
                entries[added, grant] = _Entry(added, grant, widening or bool(before and before.widening))
    return sorted(entries.values(), key=lambda entry: (not entry.added, *_order(entry)))


def _order(entry: _Entry) -> tuple[object, ...]:
    grant = entry.grant
    return (grant.role, grant.kind, entry.sid, grant.actions, grant.resources, grant.conditions, grant.sort_key)


def _statement_lines(group: Sequence[_Entry], marked: bool) -> Iterator[str]:
    entry = group[0]
    marks = ["WIDER"] if marked and any(each.widening for each in group) else []
    marks += ["WILDCARD"] if any(each.wildcard for each in group) else []
    sid = f" [{entry.sid}]" if entry.sid else ""
    yield f"  {'+' if entry.added else '-'} {entry.grant.role} {_verb(entry.grant)}{sid}" + (
        f"  {', '.join(marks)}" if marks else ""
    )
    by_resource: dict[tuple[str, ...], list[str]] = {}
    for each in group:
        actions = by_resource.setdefault(tuple(map(str, resources_of(each.grant))), [])
        actions += [actions_of(each.grant)] if _has_actions(each.grant) else []
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for resources, actions in by_resource.items():
        by_actions.setdefault(tuple(actions), []).extend(resources)
    for names, resources_with_them in by_actions.items():
        margin = " " * (8 if names else 6)
        yield from [f"      {', '.join(names)}"] if names else []
        yield from (f"{margin}{resource}" for resource in resources_with_them)
    yield from (f"      {line}" for line in conditions_of(entry.grant))
    yield from (f"      because {reason}" for reason in entry.reasons)


def _has_actions(grant: RoleGrant) -> bool:
    return grant.kind in (GrantKind.PERMISSION, GrantKind.TRUST)


def _verb(grant: RoleGrant) -> str:
    if grant.kind is GrantKind.MANAGED_POLICY:
        return "has the managed policy"
    if grant.kind is GrantKind.BOUNDARY:
        return "is bounded by"
    allowed = grant.effect is Effect.ALLOW
    if grant.kind is GrantKind.TRUST:
        return "can be assumed" if allowed else "cannot be assumed"
    return "may" if allowed else "must not"


def _resource_lines(stack: StackPlan) -> list[str]:
    signs = {"Add": "+", "Remove": "-", "Modify": "~"}
    return [
        f"{signs.get(change.action, '~')} {change.resource} ({change.type})"
        + (f" {', '.join(change.properties)}" if change.properties else "")
        + (" REPLACED" if change.replacement == "True" else "")
        for change in stack.changes
        if stack.action is not StackAction.CHECK_AGAIN
    ]


def plan_json(plan: Plan) -> Page:
    """Return the plan as JSON. ``schema`` increases if a member changes its meaning."""
    told = {
        "schema": SCHEMA,
        "account": plan.home.account or None,
        "region": plan.home.region,
        "caller": plan.home.caller or None,
        "emulator": plan.home.endpoint or None,
        "references": _check(plan.check),
        "stacks": [_stack(stack) for stack in plan.stacks],
    }
    return json_page(told)


def _check(check: ReferenceCheck) -> dict[str, object]:
    not_checked = [
        {"stack": each.stack, "reference": each.reference, "neededBy": each.needed_by, "why": each.why}
        for each in check.unknown
    ]
    return {"total": check.total, "usable": check.usable, "notChecked": not_checked, "warnings": list(check.warnings)}


def _stack(stack: StackPlan) -> dict[str, object]:
    return {
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
        "permissions": [_permission(entry) for entry in _entries(stack.permissions.changes)],
        "redefinedConditions": list(stack.permissions.redefined),
        "parameters": [
            {"name": change.name, "before": change.before, "after": change.after} for change in stack.parameters
        ],
        "secrets": stack.secrets,
        "uncheckedSecrets": list(stack.unchecked),
        "adopted": {"tags": dict(stack.adopted.tags), "lost": list(stack.adopted.lost)} if stack.adopted else None,
        "notes": list(stack.notes),
        "pendingChangeSets": list(stack.pending),
    }


def _permission(entry: _Entry) -> dict[str, object]:
    grant = entry.grant
    not_actions, not_resources = (_NOT * negated for negated in (grant.not_actions, grant.not_resources))
    return {
        "role": grant.role,
        "kind": "boundary" if grant.kind is GrantKind.BOUNDARY else str(grant.kind),
        "change": "added" if entry.added else "removed",
        "widening": entry.widening,
        "wildcard": entry.wildcard,
        "effect": str(grant.effect),
        "action": not_actions + ", ".join(grant.actions) if _has_actions(grant) else "*",
        "resource": not_resources + ", ".join(grant.resources),
        "condition": _condition(grant),
        "when": when(grant),
        "sid": entry.sid,
        "reasons": list(entry.reasons),
    }


def _condition(grant: RoleGrant) -> str:
    """Return the Condition block of the statement as JSON; empty without one."""
    block: dict[str, dict[str, object]] = {}
    for condition in grant.conditions:
        values = condition.values
        block.setdefault(condition.operator, {})[condition.key] = values[0] if len(values) == 1 else list(values)
    return json.dumps(block, sort_keys=True) if block else ""


def plan_markdown(plan: Plan) -> Page:
    """Return the plan for a pull request."""
    return document(_markdown(plan))


def _markdown(plan: Plan) -> Iterator[str]:
    yield heading(3, "Deployment plan")
    yield _home_markdown(plan.home)
    yield summary(plan)
    yield nested([*map(_told, plan.stacks), *((line, ()) for line in check_lines(plan.check))])
    entries = _entries(plan.permissions)
    if entries:
        yield table(("", "role", "action", "resource", "because"), map(_row, entries))


def _told(stack: StackPlan) -> tuple[Markup, Sequence[str]]:
    """Return the description of a stack, and the notes below it."""
    notes = [*adoption(stack.adopted), *stack.notes]
    notes += [f"not checked before the task starts: {place}" for place in stack.unchecked]
    return inline(strong(code(stack.name)), f": {_headline(stack)}"), notes


def _home_markdown(home: Destination) -> MarkdownBlock:
    account, caller = (code(each) if each else "unknown" for each in (home.account, home.caller))
    local = inline(", an emulator at ", code(home.endpoint)) if home.endpoint else ""
    return paragraph("Account ", account, ", Region ", code(home.region), ", caller ", caller, local)


def _row(entry: _Entry) -> Iterator[str]:
    grant = entry.grant
    marks = [", ", strong("wider")] if entry.widening else []
    marks += [", ", strong("wildcard")] if entry.wildcard else []
    yield inline("added" if entry.added else "removed", *marks)
    yield code(grant.role)
    yield code(actions_of(grant) if _has_actions(grant) else "*")
    yield below(line.markdown for line in (*resources_of(grant), *conditions_of(grant)))
    yield below(entry.reasons) or str(grant.kind)
