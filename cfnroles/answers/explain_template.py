"""Why each statement of each role of a template's task definitions is there, and on which conditions it hangs."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from cfnroles.answers.explanation import Explanation, explained_roles
from cfnroles.answers.template_tasks import asked_about, hanging, known_of, refuse
from cfnroles.need import Need, Permission
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_task_definitions import TASKS, spelled
from cfnroles.sources.template_tasks import TaskInWorlds, hidden, in_worlds
from cfnroles.template.template import Template


def explain_template(reading: Reading, template: Template, resource: str) -> tuple[Explanation, ...]:
    """An explanation for each task definition, or for the one that is asked about, and for what cannot be seen.

    Raises InvalidInput as `explain` does, and for parameters that the template does not have.
    """
    tasks = tuple(_tasks(reading, template, resource))
    refuse(tasks, reading)
    explanations = tuple(_explanation(task) for task in tasks)
    unseen = () if resource else tuple(hidden(template))
    if not explanations and not unseen:
        reading.accepted()
    return (*explanations, *((Explanation((), unseen, unseen=True),) if unseen else ()))


def _tasks(reading: Reading, template: Template, resource: str) -> Iterator[TaskInWorlds]:
    ids, known = asked_about(reading, template, resource, TASKS), known_of(reading)
    for logical_id in ids:
        yield in_worlds(logical_id, reading.documents[0], template, known)


def _explanation(task: TaskInWorlds) -> Explanation:
    needs: dict[str, list[Need]] = {}
    for need, where in task.needs.items():
        needs.setdefault(task.when(where), []).append(replace(need, permission=_spelled(need.permission)))
    gaps = sorted(hanging(task.gaps, task), key=lambda gap: (gap.origin.sort_key, gap.feature, gap.what))
    return Explanation(
        explained_roles(needs), tuple(gaps), resource=task.logical_id, when=task.condition, defaults=task.defaults
    )


def _spelled(permission: Permission) -> Permission:
    conditions = tuple(
        replace(condition, values=tuple(map(spelled, condition.values))) for condition in permission.conditions
    )
    return replace(permission, resource=spelled(permission.resource), conditions=conditions)
