"""Plans and statuses of stack sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfnroles.aws.stack_sets import Instance, Targets
from cfnroles.counted import counted
from cfnroles.deploy.deleting_stack_sets import FleetDeletion, StackSetDeletion
from cfnroles.deploy.stack_sets import FleetPlan, StackSetPlan
from cfnroles.formats.deployment_plan import adoption, check_lines, home_text, permission_lines
from cfnroles.layout import aligned
from cfnroles.page import Page, json_page, page


def stack_sets_text(fleet: FleetPlan) -> Page:
    """Return the plan for each stack set: new stacks, changes of existing ones, and permissions."""
    width = max(len(plan.source.name) for plan in fleet.stack_sets)
    lines = [f"{home_text(fleet.home)}, which administers the stack sets", ""]
    for plan in fleet.stack_sets:
        lines.append(f"{plan.source.name:<{width}}  {_headline(plan)}")
        lines += [f"  ! {note}" for note in adoption(plan.adopted)]
        lines += [f"  + {_targets(targets)}" for targets in plan.missing]
        lines += [
            f"  ! {one.account} {one.region} is {one.status}{f': {one.reason}' if one.reason else ''}"
            for one in plan.instances
            if one.status not in {"CURRENT", ""}
        ]
        lines += [f"  ! not checked before the task starts: {place}" for place in plan.unchecked]
        lines += permission_lines(plan.permissions, marked=plan.before is not None)
    lines += check_lines(fleet.check)
    return page(lines)


def stack_set_deletion_text(deletion: FleetDeletion) -> Page:
    """What is going to be deleted, with the place of each stack, and what stays."""
    lines = [f"{home_text(deletion.home)}, which administers the stack sets", ""]
    shown = [(step.name, _ending(step)) for step in deletion.stack_sets]
    for step, line in zip(deletion.stack_sets, aligned(shown), strict=True):
        lines.append(line)
        lines += [f"  - {_targets(targets)}" for targets in step.targets]
        lines += [f"  keeps {resource}" for resource in step.retained]
    return page(lines)


def _ending(step: StackSetDeletion) -> str:
    if step.stack_set is None:
        return "does not exist"
    return f"delete, with {counted(len(step.instances), 'stack')}"


def _headline(plan: StackSetPlan) -> str:
    if plan.before is None:
        return "create the stack set"
    if plan.update:
        return f"update, in {counted(len(plan.instances), 'stack')}"
    return "add stacks" if plan.missing else "no changes"


def _targets(targets: Targets) -> str:
    where = ", ".join(targets.organizational_units or targets.accounts)
    only = f" (only {', '.join(targets.accounts)})" if targets.organizational_units and targets.accounts else ""
    return f"stacks in {where}{only}: {', '.join(targets.regions)}"


def statuses_text(found: Sequence[tuple[str, tuple[Instance, ...] | None]]) -> Page:
    """Return the stacks of each stack set, one line each, with the reason below."""
    return page(line for name, stacks in found for line in _status(name, stacks))


def _status(name: str, stacks: tuple[Instance, ...] | None) -> Iterator[str]:
    if not stacks:
        yield f"{name}: {'does not exist' if stacks is None else 'has no stacks'}"
        return
    yield f"{name}:"
    for each in stacks:
        yield f"  {each.account} {each.region} {each.status}"
        yield from (f"    {line}" for line in each.reason.splitlines() if line.strip())


def statuses_json(found: Sequence[tuple[str, tuple[Instance, ...] | None]]) -> Page:
    """Return the same as JSON."""
    return json_page({"schema": 1, "stackSets": [{"name": name, "stacks": _entries(stacks)} for name, stacks in found]})


def _entries(stacks: tuple[Instance, ...] | None) -> list[dict[str, str]] | None:
    if stacks is None:
        return None
    return [
        {"account": each.account, "region": each.region, "status": each.status, "reason": each.reason}
        for each in stacks
    ]
