"""Why each statement of each role of a template's task definitions is there, and on which conditions it hangs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from msgspec.structs import replace

from cfnroles.answers.explanation import Explanation, explained_roles
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.lines import findings_text
from cfnroles.need import Finding, Gap, Need, Permission, Severity
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_task_definitions import spelled
from cfnroles.sources.template_tasks import TaskInWorlds, defined, hidden, in_worlds
from cfnroles.sources.told_facts import told_facts
from cfnroles.template.given import Given
from cfnroles.template.template import Template
from cfnroles.template.worlds import World


def explain_template(reading: Reading, template: Template, resource: str) -> tuple[Explanation, ...]:
    """An explanation for each task definition, or for the one that is asked about, and for what cannot be seen.

    Raises InvalidInput as `explain` does, and for parameters that the template does not have.
    """
    tasks = tuple(_tasks(reading, template, resource))
    _refuse(tasks, reading)
    explanations = tuple(_explanation(task) for task in tasks)
    unseen = () if resource else tuple(hidden(template))
    if not explanations and not unseen:
        reading.accepted()
    return (*explanations, *((Explanation((), unseen, unseen=True),) if unseen else ()))


def _tasks(reading: Reading, template: Template, resource: str) -> Iterator[TaskInWorlds]:
    told = reading.told
    ids = defined(template)
    if resource and resource not in ids:
        why = f"Its task definitions: {', '.join(ids)}." if ids else "It has none."
        raise InvalidInput(f"has no task definition {resource}", where=reading.name, why=why)
    if unknown := sorted(set(told.parameters) - set(template.settable)):
        known = ", ".join(template.settable)
        why = f"Its parameters: {known}." if known else "It has none."
        raise InvalidInput(f"has no parameter {unknown[0]} that takes a value", where=reading.name, why=why)
    facts = told_facts(told, Facts(told.account, told.region, told.kms_key_arns))
    given = Given(told.parameters, told.account, told.region)
    for logical_id in ids:
        if resource in ("", logical_id):
            yield in_worlds(logical_id, reading.documents[0], template, facts, given)


def _explanation(task: TaskInWorlds) -> Explanation:
    needs: dict[str, list[Need]] = {}
    for need, where in task.needs.items():
        needs.setdefault(task.when(where), []).append(replace(need, permission=_spelled(need.permission)))
    gaps = sorted(_hanging(task.gaps, task), key=lambda gap: (gap.origin.sort_key, gap.feature, gap.what))
    return Explanation(
        explained_roles(needs), tuple(gaps), resource=task.logical_id, when=task.condition, defaults=task.defaults
    )


def _spelled(permission: Permission) -> Permission:
    conditions = tuple(
        replace(condition, values=tuple(map(spelled, condition.values))) for condition in permission.conditions
    )
    return replace(permission, resource=spelled(permission.resource), conditions=conditions)


_Told = TypeVar("_Told", Gap, Finding)


def _hanging(found: Mapping[_Told, frozenset[World]], task: TaskInWorlds) -> Iterator[_Told]:
    for each, where in found.items():
        when = task.when(where)
        yield replace(each, what=f"{each.what}, if {when}") if when else each


def _refuse(tasks: tuple[TaskInWorlds, ...], reading: Reading) -> None:
    told = {finding for task in tasks for finding in _hanging(task.findings, task)}
    errors = sorted((each for each in told if each.severity is Severity.ERROR), key=lambda each: each.sort_key)
    if errors:
        raise InvalidInput(
            f"ECS would refuse a task definition of this template, or misread it,"
            f" in {len(errors)} place{'s'[: len(errors) > 1]}",
            where=reading.name,
            why=findings_text(errors, reading.texts),
        )
