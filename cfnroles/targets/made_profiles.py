"""Capacity providers whose instance profile is created with its role and replaces the one that they name."""

from __future__ import annotations

from msgspec.structs import replace

from cfnroles.discovery import Discovery, discover, together
from cfnroles.sources.reading import Task
from cfnroles.table.ecs.managed_instances import PASSED_ROLE
from cfnroles.workload import Workload


def with_made_profile(task: Task) -> Task:
    """Return the task with permission to pass the role that is created, and not the one in the profile it names."""
    if not task.workload.is_provider:
        return task
    variants = tuple((workload, _made(workload, found, task)) for workload, found in task.variants)
    whole = _made(task.workload, task.discovery, task)
    if variants:
        whole = replace(whole, needs=together([whole, *(found for _, found in variants)]).needs)
    return replace(task, discovery=whole, variants=variants)


def _made(workload: Workload, found: Discovery, task: Task) -> Discovery:
    own = discover(workload, replace(task.facts, makes_profiles=True), (PASSED_ROLE,))
    needs = (*(need for need in found.needs if need.reason.feature != PASSED_ROLE.name), *own.needs)
    gaps = tuple(gap for gap in found.gaps if gap.feature != PASSED_ROLE.name)
    return replace(found, needs=needs, gaps=gaps)
