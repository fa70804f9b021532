"""Plans of stack sets as text."""

from __future__ import annotations

from cfnroles.aws.stack_sets import Targets
from cfnroles.counted import counted
from cfnroles.deploy.stack_sets import FleetPlan, StackSetPlan
from cfnroles.formats.deployment_plan import adoption, check_lines, home_text, permission_lines
from cfnroles.page import Page, page


def stack_sets_text(fleet: FleetPlan) -> Page:
    """What happens to each stack set: where stacks come, whether existing ones change, and which permissions."""
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
