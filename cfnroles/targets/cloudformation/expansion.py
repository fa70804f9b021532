"""The result of a macro: a template with the roles of its tasks and of what runs them, and the gate before each.

It contains what `inject` adds, without parameters, because a macro cannot prompt for one. The roles do not depend on
the values of parameters or on defaults, so they are right for all values. CloudFormation may not call the macro for an
update that changes only values. The values only reveal what no role for all values could contain.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.template_tasks import asked_about, errors_of, hanging, known_of
from cfnroles.document import Document
from cfnroles.errors import InvalidInput
from cfnroles.lines import findings_text, gaps_text
from cfnroles.need import Gap, Holder, Need, Origin
from cfnroles.page import page
from cfnroles.sources.reading import Reading
from cfnroles.sources.role_places import (
    RolePlace,
    given_at,
    named_already,
    own_places,
    roleless_targets,
)
from cfnroles.sources.source import read
from cfnroles.sources.template_task_types import TASKS
from cfnroles.sources.template_tasks import TaskInWorlds
from cfnroles.sources.told import Told
from cfnroles.targets.cloudformation.inject import added_for, all_places, found_in_template
from cfnroles.targets.cloudformation.injection import with_added
from cfnroles.targets.cloudformation.passed_roles import gaps_of_passing
from cfnroles.targets.cloudformation.task import SecretsExist
from cfnroles.targets.cloudformation.template_roles import Added
from cfnroles.template.template import Template
from cfnroles.template.world_sets import WorldSet
from cfnroles.template.worlds import Literal, without_defaults
from cfnroles.workload import Path

#: The name of a template in messages, because a macro has no file name.
NAME = "template"
#: The text has one line, which no one has seen.
_LINE = f"{NAME}:1"


NO_VALUES: Mapping[str, str] = MappingProxyType({})


class MacroSettings(Struct, frozen=True):
    """The settings for all templates that a macro expands.

    ``validator`` is the ARN of the secret validator. ``key_arns`` are the customer managed keys of secrets and
    parameters, empty if AWS managed keys encrypt them. With ``accept_gaps``, a template is expanded even if its roles
    lack permissions on unknown resources.
    """

    validator: str
    key_arns: tuple[str, ...] = ()
    accept_gaps: bool = False


class Expansion(Struct, frozen=True):
    """An expanded template. ``left`` are the task definitions with roles of their own, ``gaps`` what the roles lack."""

    fragment: Mapping[str, Any]
    tasks: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()


def expanded(
    fragment: Mapping[str, Any], settings: MacroSettings, deployment: str, values: Mapping[str, str] = NO_VALUES
) -> Expansion:
    """Return the template with the roles of each task definition that names none; unchanged if all name their roles.

    ``deployment`` identifies the deployment for the gate, and ``values`` are those of the parameters. Raise
    InvalidInput with every obstacle: values that ECS would reject, one role named without the other, and what cannot be
    read or named. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
    """
    reading, template = _read(fragment, settings)
    ids = asked_about(reading, template, "", TASKS)
    tasks = tuple(map(_without_key_parameter, found_in_template(ids, reading, template).tasks))
    places = all_places(tasks, template)
    left = named_already(places, template.tree)
    wanted = [place for place in places if place.alone and place not in left]
    refused = _refused(tasks, template, reading)
    # No role can be created for values that ECS would reject.
    added, _ = added_for(tasks, [] if refused else wanted, reading, "")
    made = with_added(fragment, _settled(added, settings, deployment)) if added.resources else fragment
    lacking = (*_gaps(tasks, wanted, reading, values), *added.gaps, *_without_role(places, left, wanted, template))
    passing = gaps_of_passing(tasks, places, added, lambda: _read(made, settings)[0])
    gaps = tuple(dict.fromkeys((*lacking, *passing)))
    if refused or (gaps and not settings.accept_gaps):
        raise _error(refused, gaps, reading)
    return Expansion(made, added.resourced, tuple(dict.fromkeys(place.resource for place in left)), gaps)


def _read(fragment: Mapping[str, Any], settings: MacroSettings) -> tuple[Reading, Template]:
    if not isinstance(fragment, Mapping) or not isinstance(fragment.get("Resources"), Mapping):
        raise InvalidInput(
            "is not a complete template",
            where=NAME,
            remedy="List the macro in the section Transform, not in Fn::Transform in another section.",
        )
    tree = without_defaults(fragment, lambda name, declared: True)
    reading = read(Document(NAME, json.dumps(tree)), Told(kms_key_arns=settings.key_arns))
    if (template := reading.template) is None:
        raise InvalidInput(f"is {reading.noun}, not a CloudFormation template", where=NAME)
    # A macro that runs after this one may create what the template names.
    reading = replace(reading, wrong=())
    known_of(reading)
    return reading, template


def _gaps(
    tasks: Sequence[TaskInWorlds], wanted: Iterable[RolePlace], reading: Reading, values: Mapping[str, str]
) -> Iterator[Gap]:
    """Yield what the roles for these places lack."""
    at: dict[tuple[str, Holder], list[RolePlace]] = {}
    for place in wanted:
        at.setdefault((place.task, place.holder), []).append(place)
    for task in tasks:
        found = {
            gap: _there(where, task, at.get((task.logical_id, gap.holder), ())) for gap, where in task.gaps.items()
        }
        yield from hanging({gap: where for gap, where in found.items() if where}, task)
    having = [task for task in tasks if any(name == task.logical_id for name, _ in at)]
    yield from _by_value(having, at, reading, values)


def _there(where: WorldSet, task: TaskInWorlds, places: Iterable[RolePlace]) -> WorldSet:
    """Return the worlds in which something at these places has the role."""
    resources = task.worlds.template.tree["Resources"]
    conditions = {resources[place.resource].get("Condition") for place in places}
    worlds = task.worlds
    possible = (worlds.possible([Literal(each)] if isinstance(each, str) else ()) for each in conditions)
    return where & worlds.space.union(possible)


def _by_value(
    tasks: Sequence[TaskInWorlds], roles: Collection[tuple[str, Holder]], reading: Reading, values: Mapping[str, str]
) -> Iterator[Gap]:
    """Yield what roles need for the current parameter values and cannot contain for all values.

    For example, an image may be known by its name. The values of NoEcho parameters are not read.
    """
    template = reading.template
    if template is None or not values or not tasks:
        return
    shown = set(template.settable) - set(template.secret_parameters)
    told = replace(reading.told, parameters={name: value for name, value in values.items() if name in shown})
    ids = [task.logical_id for task in tasks]
    valued = found_in_template(ids, replace(reading, told=told), template).tasks
    known = {_kind_of(each) for task in tasks for each in _wanted(task, roles)}
    new = {_kind_of(each): each for task in valued for each in _wanted(_without_key_parameter(task), roles)}
    yield from (_gap(each) for kind, each in new.items() if kind not in known)


def _wanted(task: TaskInWorlds, roles: Collection[tuple[str, Holder]]) -> Iterator[Need | Gap]:
    """Yield what a task definition needs of its roles among these."""
    found: tuple[Need | Gap, ...] = (*task.needs, *task.gaps)
    yield from (each for each in found if (task.logical_id, each.holder) in roles)


def _kind_of(wanted: Need | Gap) -> tuple[Path, Holder, str]:
    """Return the task definition and the role that need it, and the action or the gap's feature."""
    kind = wanted.permission.action if isinstance(wanted, Need) else wanted.feature
    return wanted.origin.path[:2], wanted.holder, kind


def _gap(wanted: Need | Gap) -> Gap:
    feature = wanted.reason.feature if isinstance(wanted, Need) else wanted.feature
    what = "what is needed here depends on the value of a parameter"
    how = "Write the value instead of the parameter, or add roles to the task definition"
    return Gap(wanted.holder, feature, wanted.origin, what, how)


def _without_key_parameter(task: TaskInWorlds) -> TaskInWorlds:
    """Return the task without the needs of keys from a parameter: if keys are set, the needs name them."""
    return replace(task, needs={need: where for need, where in task.needs.items() if not need.permission.when})


def _refused(tasks: Iterable[TaskInWorlds], template: Template, reading: Reading) -> list[str]:
    """Return the problems that no setting allows, each as lines of a message."""
    found = [str(findings_text(errors, reading.texts)) for errors in [errors_of(tasks)] if errors]
    found += [line for task in tasks for line in _half_named(task, template)]
    loops = [name for name in reading.documents[0].members["Resources"] if str(name).startswith("Fn::")]
    if loops:
        found += [f"- cannot see which resources {name} creates" for name in loops]
        found.append("  List the macro behind AWS::LanguageExtensions in Transform, which writes loops out.")
    return found


def _half_named(task: TaskInWorlds, template: Template) -> Iterator[str]:
    """Yield the task definitions that name some of their roles and need others, which they would silently lack."""
    own = own_places(task.logical_id, template.tree)
    unnamed = [place for place in own if given_at(place, template.tree) is None]
    for place in unnamed if len(unnamed) < len(own) else ():
        if any(need.holder is place.holder for need in task.needs):
            yield f"- Resources.{place.task} names a role, and has needs of the {place.holder}, which it does not name"
            yield f"  Set {place.property}, too, or take out the roles that it names."


def _without_role(
    places: Iterable[RolePlace], left: Collection[RolePlace], wanted: Collection[RolePlace], template: Template
) -> Iterator[Gap]:
    """Yield what lacks a role that it needs, because several roles are possible or the right one is unknown."""
    for place in places:
        if place not in left and place not in wanted:
            what = f"the {place.holder} is required here, but it is unknown whether {place.resource} runs {place.task}"
            yield Gap(place.holder, "hidden-resource", Origin(NAME, place.path), what, "Set RoleArn there")
    known = {place.path for place in places}
    for path, holder in roleless_targets(template.tree):
        if path not in known:
            what = f"the {holder} is required here, but it is unknown what {path[1]} runs"
            yield Gap(holder, "hidden-resource", Origin(NAME, path), what, "Set RoleArn there")


def _error(refused: Iterable[str], gaps: Iterable[Gap], reading: Reading) -> InvalidInput:
    parts = [line for each in refused for line in each.split("\n")]
    if told := tuple(gaps):
        parts += str(gaps_text(told, reading.texts)).split("\n")
    return InvalidInput("cannot be expanded", where=NAME, why=page(line.replace(_LINE, NAME, 1) for line in parts))


def _settled(added: Added, settings: MacroSettings, deployment: str) -> Added:
    """Return the additions with values in place of their parameters, all of which belong to the gate."""
    told = {"ServiceToken": settings.validator, "DeploymentId": deployment}
    resources = {
        name: {**each, "Properties": {**each["Properties"], **told}}
        if each["Type"] == SecretsExist.resource_type
        else each
        for name, each in added.resources.items()
    }
    return replace(added, parameters={}, resources=resources)
