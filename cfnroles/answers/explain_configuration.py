"""The reason for each statement of the roles of a configuration's task definitions, with its conditions."""

from __future__ import annotations

from msgspec.structs import replace

from cfnroles.answers.explanation import CONFIGURATION, Explanation, explained_roles
from cfnroles.need import Gap, Need, Permission
from cfnroles.sources.reading import Reading, Task
from cfnroles.written import in_terraform


def explain_configuration(reading: Reading, resource: str) -> tuple[Explanation, ...]:
    """Explain each task definition, or ``resource``, and the unreadable parts.

    Raise InvalidInput as `explain` does.
    """
    asked = reading.resource(resource) if resource else reading
    unseen = () if resource else reading.unseen
    tasks = () if unseen and not asked.tasks else asked.accepted()
    rest = Explanation((), unseen, unseen=True, whole=CONFIGURATION)
    return (*map(_explanation, tasks), *((rest,) if unseen else ()))


def _explanation(task: Task) -> Explanation:
    needs: dict[str, list[Need]] = {}
    for need in task.discovery.needs:
        written = replace(need, permission=_written(need.permission))
        needs.setdefault(task.only_if(need), []).append(written)
    return Explanation(
        explained_roles(needs),
        tuple(_hanging(gap, task) for gap in task.discovery.gaps),
        resource=task.address,
        when=task.there_if,
        defaults=task.defaults,
        noun=task.workload.noun,
        whole=CONFIGURATION,
    )


def _hanging(gap: Gap, task: Task) -> Gap:
    when = task.only_if(gap)
    return replace(gap, what=f"{gap.what} (only if {when})") if when else gap


def _written(permission: Permission) -> Permission:
    conditions = tuple(
        replace(condition, values=tuple(map(in_terraform, condition.values))) for condition in permission.conditions
    )
    return replace(permission, resource=in_terraform(permission.resource), conditions=conditions)
