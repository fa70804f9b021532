"""The reason for each statement of the roles of a template's task definitions, with its conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from cfnroles.answers.explanation import Explanation, explained_roles
from cfnroles.answers.template_tasks import asked_about, hanging, known_of, refuse
from cfnroles.errors import InvalidInput
from cfnroles.need import Gap, Need, Permission
from cfnroles.sources.cdk_app import construct_path
from cfnroles.sources.nested_stacks import NestedStack, linked_stacks
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_shapes import spelled
from cfnroles.sources.template_task_types import TASKS, noun_of
from cfnroles.sources.template_tasks import TaskInWorlds, hidden, in_worlds, own
from cfnroles.spelling import hint
from cfnroles.template.template import Template

_TELL = re.compile("Pass --parameter ([^=]+)=")


def explain_template(reading: Reading, template: Template, resource: str) -> tuple[Explanation, ...]:
    """Explain each task definition, or ``resource``, and the unreadable parts.

    Raise InvalidInput as `explain` does, and for parameters that the template does not have.
    """
    tasks, nested = tuple(_tasks(reading, template, resource)), tuple(_nested(reading, template, resource))
    refuse((*tasks, *(task for task, _ in nested)), reading)
    explanations = (*map(_explanation, tasks), *(_explanation_of_nested(*each, template) for each in nested))
    unseen = () if resource else tuple(unread_parts(reading, template))
    if not explanations and not unseen:
        reading.accepted()
    return (*explanations, *((Explanation((), unseen, unseen=True),) if unseen else ()))


def explain_app(readings: Iterable[Reading], resource: str) -> tuple[Explanation, ...]:
    """Explain all stacks of a CDK app. Raise InvalidInput as `explain` does."""
    return tuple(
        replace(each, stack=reading.name)
        for reading in readings
        if reading.template is not None
        for each in explain_template(reading, reading.template, resource)
    )


def _tasks(reading: Reading, template: Template, resource: str) -> Iterator[TaskInWorlds]:
    known = known_of(reading)
    if "." not in resource or not any(isinstance(each, NestedStack) for each in reading.nested):
        for logical_id in asked_about(reading, template, resource, TASKS):
            yield in_worlds(logical_id, reading.documents[0], template, known)


def _nested(reading: Reading, template: Template, resource: str) -> Iterator[tuple[TaskInWorlds, NestedStack]]:
    """Yield the task definitions of nested stacks, named by their path, with what is around their stacks."""
    facts, given = known_of(reading)
    ids = []
    for stack, whole in linked_stacks(template, given, reading.nested):
        home = replace(given, parameters={})
        for logical_id in own(whole, TASKS):
            ids.append(f"{stack.name}.{logical_id}")
            if resource in ("", ids[-1]):
                task = in_worlds(logical_id, stack.document, whole, (facts, home))
                yield replace(task, logical_id=ids[-1]), stack
    if "." in resource and ids and resource not in ids:
        why = f"The task definitions of its nested stacks: {', '.join(ids)}."
        what = f"has no task definition {resource}"
        raise InvalidInput(what, where=reading.name, why=why, remedy=hint(resource, ids))


def _explanation_of_nested(task: TaskInWorlds, stack: NestedStack, template: Template) -> Explanation:
    explanation = _explanation(task)
    # The parameters of a nested stack are not parameters of its parent template.
    inner = set(stack.template.declarations) - set(stack.passed)
    gaps = tuple(
        replace(gap, remedy=f"{gap.remedy} when {stack.document.name} is passed alone")
        if (told := _TELL.match(gap.remedy)) and (told[1] in inner or told[1] not in template.settable)
        else gap
        for gap in explanation.gaps
    )
    defaults = (f"{stack.name}.{name}" if name in inner else name for name in explanation.defaults)
    return replace(explanation, gaps=gaps, defaults=tuple(dict.fromkeys((*stack.defaults, *defaults))))


def unread_parts(reading: Reading, template: Template) -> Iterator[Gap]:
    """Yield a gap for each part of a template and of its nested stacks that cannot be read."""
    yield from hidden(template, known_of(reading)[1])
    for each in reading.nested:
        yield from hidden(each.template) if isinstance(each, NestedStack) else (each,)


def _explanation(task: TaskInWorlds) -> Explanation:
    needs: dict[str, list[Need]] = {}
    for need, where in task.needs.items():
        needs.setdefault(task.when(where), []).append(replace(need, permission=_spelled(need.permission)))
    gaps = sorted(hanging(task.gaps, task), key=lambda gap: (gap.origin.sort_key, gap.feature, gap.what))
    return Explanation(
        explained_roles(needs),
        tuple(gaps),
        resource=task.logical_id,
        when=task.condition,
        defaults=task.defaults,
        noun=noun_of(task.worlds.template, task.logical_id.rpartition(".")[2]),
        construct=construct_path(task.worlds.template, task.logical_id.rpartition(".")[2]),
    )


def _spelled(permission: Permission) -> Permission:
    conditions = tuple(
        replace(condition, values=tuple(map(spelled, condition.values))) for condition in permission.conditions
    )
    return replace(permission, resource=spelled(permission.resource), conditions=conditions)
