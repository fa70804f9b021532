"""The task definitions of a template that a command is about, and what is known about the stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from cfnroles import lines
from cfnroles.counted import counted
from cfnroles.errors import InvalidInput, RefusedByEcs
from cfnroles.facts import Facts
from cfnroles.need import Finding, Gap, Severity
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_task_types import NOUNS, TASK_DEFINITIONS
from cfnroles.sources.template_tasks import TaskInWorlds, own
from cfnroles.sources.told_facts import told_facts
from cfnroles.spelling import hint
from cfnroles.template.given import Given
from cfnroles.template.template import Template
from cfnroles.template.world_sets import WorldSet


def asked_about(
    reading: Reading, template: Template, resource: str, kinds: Sequence[str] = TASK_DEFINITIONS
) -> tuple[str, ...]:
    """Return the logical IDs of all task definitions and other resources that define tasks, or ``resource``.

    Raise InvalidInput if it does not exist, or if the template or a given parameter has an undefined name.
    """
    lines.refuse(reading.wrong, reading.texts)
    ids = own(template, kinds)
    if resource and resource not in ids:
        nouns = ("task definition", *(NOUNS[kind] for kind in kinds if kind in NOUNS))
        noun = " or ".join(filter(None, (", ".join(nouns[:-1]), nouns[-1])))
        why = f"It has {', '.join(ids)}." if ids else "It has none."
        what = f"has no {noun} {resource}"
        raise InvalidInput(what, where=reading.name, why=why, remedy=hint(resource, ids))
    if unknown := sorted(set(reading.told.parameters) - set(template.settable)):
        known = ", ".join(template.settable)
        why = f"Its parameters: {known}." if known else "It has none."
        what, remedy = f"has no parameter {unknown[0]} to set", hint(unknown[0], template.settable)
        raise InvalidInput(what, where=reading.name, why=why, remedy=remedy)
    refuse_other_values(reading, template)
    return (resource,) if resource else ids


def refuse_other_values(reading: Reading, template: Template) -> None:
    """Raise InvalidInput for a value that is not among a parameter's AllowedValues. Values of NoEcho are not shown.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    """
    for name, value in sorted(reading.told.parameters.items()):
        declared = template.declarations.get(name, {})
        allowed = declared.get("AllowedValues")
        if value is None or not isinstance(allowed, list):
            continue
        known = [str(each).lower() if isinstance(each, bool) else str(each) for each in allowed]
        several = "List" in str(declared.get("Type", ""))
        other = next((each for each in (value.split(",") if several else [value]) if each.strip() not in known), None)
        if other is not None:
            said = "the value that was passed" if name in template.secret_parameters else repr(other)
            what, why = f"the parameter {name} does not allow {said}", f"Its AllowedValues: {', '.join(known)}."
            raise InvalidInput(what, where=reading.name, why=why, remedy=hint(other, known))


def known_of(reading: Reading) -> tuple[Facts, Given]:
    """Return the given account, keys and parameters.

    Raise InvalidInput for values in another form, and for names that the template does not have.
    """
    lines.refuse(reading.wrong, reading.texts)
    told = reading.told
    facts = told_facts(told, Facts(told.account, told.region, told.kms_key_arns))
    return facts, Given(told.parameters, told.account, told.region)


def errors_of(tasks: Iterable[TaskInWorlds]) -> list[Finding]:
    """Return everything that ECS would reject or misread in these task definitions."""
    told = {finding for task in tasks for finding in hanging(task.findings, task)}
    return sorted((each for each in told if each.severity is Severity.ERROR), key=lambda each: each.sort_key)


def refuse(tasks: Iterable[TaskInWorlds], reading: Reading) -> None:
    """Raise InvalidInput with everything that ECS would reject or misread in these task definitions."""
    if errors := errors_of(tasks):
        raise RefusedByEcs(
            f"ECS would refuse a task definition of this template, or misread it, in {counted(len(errors), 'place')}",
            where=reading.name,
            why=lines.findings_text(errors, reading.texts),
            drawn=partial(lines.findings_text, errors, reading.texts, drawn=True),
        )


def refuse_without_tasks(reading: Reading, commands: Sequence[str]) -> None:
    """Raise InvalidInput for a template without task definitions.

    ``commands`` are the command lines for its nested stacks that have some.
    """
    if commands:
        raise InvalidInput(
            "has task definitions only in its nested stacks",
            where=reading.name,
            remedy=f"Run {', and '.join(f'`{each}`' for each in commands)}.",
        )
    reading.accepted()


_Told = TypeVar("_Told", Gap, Finding)


def hanging(found: Mapping[_Told, WorldSet], task: TaskInWorlds) -> Iterator[_Told]:
    """Yield the findings with their conditions."""
    for each, where in found.items():
        when = task.when(where)
        yield replace(each, what=f"{each.what}, if {when}") if when else each
