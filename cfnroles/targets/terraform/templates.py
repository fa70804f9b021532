"""Files of roles for the task definitions of a CloudFormation template."""

from __future__ import annotations

import posixpath

from msgspec.structs import replace

from cfnroles.answers.template_tasks import asked_about, hanging, known_of, refuse
from cfnroles.discovery import Discovery
from cfnroles.errors import InvalidInput
from cfnroles.need import Need, Reference
from cfnroles.sources.reading import Reading
from cfnroles.sources.template_task_types import CAPACITY_PROVIDER, TASKS, noun_of
from cfnroles.sources.template_tasks import TaskInWorlds, in_worlds
from cfnroles.targets.terraform.conditions import NeedConditions, When
from cfnroles.targets.terraform.file import Again, Header
from cfnroles.targets.terraform.names import in_words
from cfnroles.targets.terraform.written_file import Subject
from cfnroles.template.template import Template
from cfnroles.template.world_sets import WorldSet
from cfnroles.text import Text


def template_subjects(reading: Reading, template: Template, resource: str, again: Again) -> tuple[Subject, ...]:
    """Return the task definitions of a template.

    Its resources, imports and parameters, and whether its conditions hold, become variables. Raise InvalidInput if ECS
    would reject a task definition, and if there is none.
    """
    facts, given = known_of(reading)
    known = replace(facts, makes_profiles=True), given
    ids = asked_about(reading, template, resource, TASKS)
    tasks = [in_worlds(each, reading.documents[0], template, known) for each in ids]
    if not tasks:
        raise InvalidInput(f"is {reading.noun} without a task definition", where=reading.name)
    refuse(tasks, reading)
    return tuple(_subject(each, reading, again) for each in tasks)


def _subject(task: TaskInWorlds, reading: Reading, again: Again) -> Subject:
    name = task.logical_id
    facts, _ = known_of(reading)
    found: tuple[tuple[Need | Reference, WorldSet], ...] = (*task.needs.items(), *task.references.items())
    noun = noun_of(task.worlds.template, name)
    when: When = {thing: task.worlds.when(where) for thing, where in found if where != task.there}
    return Subject(
        name=in_words(name),
        label=f"the {noun} {name}",
        family=Text(name),
        discovery=Discovery(tuple(task.needs), tuple(hanging(task.gaps, task)), (), tuple(task.references)),
        facts=facts,
        header=Header(posixpath.basename(reading.name), f", the {noun} {name}", again.written),
        conditions=NeedConditions(when, by_variable=True),
        region=facts.region,
        for_tasks=task.worlds.template.type_of(name) != CAPACITY_PROVIDER,
    )
