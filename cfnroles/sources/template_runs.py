"""Services and daemons of a template whose task definition is elsewhere: their own needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from cfnroles.facts import Facts
from cfnroles.need import Gap, Holder, Origin
from cfnroles.sources.task_definition_checks import discover
from cfnroles.sources.template_conditions import too_many_conditions
from cfnroles.sources.template_families import may_call
from cfnroles.sources.template_task_definitions import TemplateTask, running_elsewhere
from cfnroles.sources.template_task_types import CLUSTER, RUNS, TASK_DEFINITIONS, TASK_SET
from cfnroles.sources.unknown_members import unseen_members
from cfnroles.template.dependencies import reached_from
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.template import ResolvedStack, Template
from cfnroles.template.worlds import worlds_of

UNSEEN_TASK = (
    "it runs a task definition from outside the template; cfnroles does not check the permissions that this requires"
)
HOW_TO_SEE = "Pass that task definition to cfnroles, with the service that runs it as --service-file FILE"
_LOOKED_AT = (*TASK_DEFINITIONS, *RUNS, CLUSTER)


def asked_alone(template: Template, given: Given = NOTHING_GIVEN) -> Iterator[Gap]:
    """Yield a gap for each that runs a task definition elsewhere and has needs of its own, or may have."""
    kept = dict(_perhaps_elsewhere(template))
    for name in (name for name, each in kept.items() if each["Type"] in RUNS):
        around = replace(template, tree={**template.tree, "Resources": _around(name, kept, template)})
        worlds = worlds_of(around, given, around.conditions_of(_LOOKED_AT))
        stacks = (worlds.stack(world, _LOOKED_AT) for world in worlds.all)
        asked = (
            holder for stack in stacks for each, holder in asked_alone_in(stack, template.document) if each == name
        )
        if holder := next(asked, None):
            origin = Origin(template.document, ("Resources", name))
            yield Gap(holder, "hidden-resource", origin, UNSEEN_TASK, HOW_TO_SEE)
        elif not worlds.exact:
            yield too_many_conditions(template, ("Resources", name), Holder.EXECUTION)


def _around(
    name: str, resources: Mapping[str, Mapping[str, Any]], template: Template
) -> Mapping[str, Mapping[str, Any]]:
    """Return one that runs tasks with everything that it names, also by family, and the clusters, which it may give by
    name.
    """
    called = [each for each, found in resources.items() if may_call(resources[name], found, template)]
    reached = frozenset().union(*(reached_from(each, resources) for each in (name, *called)))
    return {each: found for each, found in resources.items() if each in reached or found["Type"] == CLUSTER}


def _perhaps_elsewhere(template: Template) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the resources, without those that run a task definition that always exists with them."""
    resources = template.resources
    # A task set has some of its service's settings.
    task_sets = any(each["Type"] == TASK_SET for each in resources.values())
    for name, each in resources.items():
        properties = each.get("Properties")
        if each["Type"] in TASK_DEFINITIONS and isinstance(properties, Mapping):
            # Resources that name it need no more of it, and there may be hundreds in many worlds.
            yield (
                name,
                {**each, "Properties": {member: properties[member] for member in properties if member == "Family"}},
            )
        elif each["Type"] not in RUNS or task_sets or not _runs_own(each, resources):
            yield name, each


def _runs_own(running: Mapping[str, Any], resources: Mapping[str, Mapping[str, Any]]) -> bool:
    properties = running.get("Properties")
    named = properties.get(RUNS[running["Type"]][1]) if isinstance(properties, Mapping) else None
    match named:
        case {"Ref": str(name)} if name in resources:
            own = resources[name]
            return own["Type"] in TASK_DEFINITIONS and own.get("Condition") in (None, running.get("Condition"))
    return False


def asked_alone_in(stack: ResolvedStack, document: str) -> Iterator[tuple[str, Holder]]:
    """Yield the same for one stack."""
    for task in running_elsewhere(stack, document):
        if holder := _asks(task):
            yield task.resource.logical_id, holder


def _asks(task: TemplateTask) -> Holder | None:
    found = discover(task.workload, Facts())
    gaps = (*found.gaps, *unseen_members(task.workload, task.unseen))
    holders = (*(need.holder for need in found.needs), *(gap.holder for gap in gaps))
    return next(iter(holders), None)
