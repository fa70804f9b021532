"""Put the roles of a template's task definitions into the template itself.

    injection = inject(read("service.yaml"))
    injection.text

Earlier injections are removed first and written again with the options that the template records, so a second run
changes nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.aliases import has_aliases
from cfnroles.answers.template_tasks import asked_about, hanging, known_of, refuse, refuse_without_tasks
from cfnroles.document import Document, parse
from cfnroles.errors import InvalidInput
from cfnroles.need import Gap, Holder, Origin
from cfnroles.page import quoted
from cfnroles.sources.nested_stacks import NestedStack, nested_stacks, with_tasks
from cfnroles.sources.reading import Reading
from cfnroles.sources.role_places import RolePlace, given_at, named_already, places_of, shared, without_place
from cfnroles.sources.source import read
from cfnroles.sources.template_parameters import by_parameters
from cfnroles.sources.template_task_types import TASKS
from cfnroles.sources.template_tasks import TaskInWorlds, defined
from cfnroles.sources.told import Told
from cfnroles.sources.unknown_clusters import clusters_elsewhere
from cfnroles.sources.unknown_keys import files_of_unknown_key, own_buckets
from cfnroles.targets.cloudformation.build_template import unseen
from cfnroles.targets.cloudformation.injection import injected, restored
from cfnroles.targets.cloudformation.injection_record import Record, is_injected, options_of, recorded, told_again
from cfnroles.targets.cloudformation.parameters import PROJECT_DESCRIPTION
from cfnroles.targets.cloudformation.passed_roles import gaps_of_passing
from cfnroles.targets.cloudformation.project_names import project_of_document
from cfnroles.targets.cloudformation.refusal import refused_at
from cfnroles.targets.cloudformation.remaining import check_references
from cfnroles.targets.cloudformation.replaced_roles import Passing, ReplacedRole, Replacing
from cfnroles.targets.cloudformation.template_gate import add_gate
from cfnroles.targets.cloudformation.template_roles import Added, Adding, add_roles
from cfnroles.template.generated import Generator, mark_of
from cfnroles.template.template import Template


class Unplaced(Struct, frozen=True):
    """A role that a task definition needs and that no part of the template can name."""

    task: str
    holder: Holder
    origin: Origin


class Injection(Struct, frozen=True):
    """A template with the roles of its task definitions.

    ``before`` is the reading without anything injected. ``tasks`` now have roles of cfnroles, ``left`` still have roles
    of their own; both are task definitions, Express Mode services and services. ``looped`` are created by a loop, which
    has one pair of properties for all of them. ``asked`` says whether a secret validator checks secrets, found by the
    export of the project ``project``. ``made`` are the references that are not checked because the template creates
    what they name. ``taken`` are the parameters whose values were used, and ``others`` the roles that are needed and
    have no place. ``nested`` are the templates of nested stacks that have task definitions of their own. ``options``
    are the options with which the roles were written, and ``earlier`` those of the previous run, if there was one.
    ``unrecorded`` are parameters whose values are not recorded because they are secret. ``generator`` wrote the
    template once, and may do so again. ``passing`` are the statements that allow passing a role that was replaced.
    ``aliased`` says that the text has aliases or merge keys of YAML. ``unknown_keys`` are the files in Amazon S3 whose
    key no source and no option names, and ``unknown_clusters`` the services with ECS Exec in a cluster elsewhere.
    """

    text: str
    before: Reading
    tasks: tuple[str, ...]
    left: tuple[str, ...]
    looped: tuple[str, ...]
    replaced: tuple[ReplacedRole, ...]
    gaps: tuple[Gap, ...]
    project: str
    asked: bool
    made: tuple[Origin, ...]
    taken: tuple[str, ...]
    others: tuple[Unplaced, ...]
    nested: tuple[str, ...] = ()
    options: Mapping[str, Any] = MappingProxyType({})
    earlier: Mapping[str, Any] | None = None
    unrecorded: tuple[str, ...] = ()
    generator: Generator | None = None
    passing: tuple[Passing, ...] = ()
    aliased: bool = False
    unknown_keys: tuple[str, ...] = ()
    unknown_clusters: tuple[str, ...] = ()


class FoundTasks(Struct, frozen=True):
    """The requested task definitions: what they need, and the parameters whose values were used."""

    tasks: tuple[TaskInWorlds, ...]
    taken: tuple[str, ...]


def inject(reading: Reading, resource: str = "", *, replace_roles: bool = False, project: str = "") -> Injection:
    """Return the template with the roles of its task definitions and of what runs them, and the gate before each.

    ``resource`` is the logical ID of the only task definition to change. A role that is already named stays, unless
    ``replace_roles`` is true; of a task definition both stay. ``project`` is the default of the parameter that is part
    of the validator's export name.

    Raise InvalidInput for documents that are no templates or that a tool wrote, and for values that ECS would reject.
    """
    template = _template(reading)
    before = _before(reading, template)
    given, template = template, _template(before)
    earlier = {path.split(".")[1] for path in _injected(given)}
    nested = tuple(nested_stacks(template, before.documents[0], known_of(before)[1])) if not resource else ()
    ids = _asked(before, template, resource, nested)
    written = before.documents[0].members["Resources"]
    wanted = tuple(name for name in defined(template, TASKS) if name in written and (name in ids or name in earlier))
    found = found_in_template(wanted, before, template)
    refuse(found.tasks, before)
    places = [each for each in all_places(found.tasks, template) if each.alone and each.resource in written]
    own = named_already(places, template.tree)
    left = () if replace_roles else _left(own, given)
    name = project_of_document(before.name, project or _project(given, template))
    added, made = added_for(found.tasks, [each for each in places if each not in left], before, name)
    whole = added_for(found.tasks, places, before, name)[0] if left else added
    options = options_of(_recordable(before.told, template))
    text = injected(template.text, before.name, added, options) if added.resources else template.text
    _check_references(given, text, before.name)
    after = functools.partial(read, Document(before.name, text, before.documents[0].beside), before.told)
    passing = gaps_of_passing(found.tasks, places, added, after)
    named = list({each.path: each for each in own if given_at(each, template.tree) is not None}.values())
    needs = [need for task in found.tasks for need in task.needs]
    replacing = Replacing(before, template, found.tasks, whole, "" if left else text)
    return Injection(
        text,
        before,
        added.resourced,
        tuple(dict.fromkeys(place.resource for place in left)),
        tuple(name for name in ids if name not in written),
        tuple(replacing.roles(named, left)),
        (*_gaps(found.tasks, places, left), *added.gaps, *passing, *unseen(template, nested, known_of(before)[1])),
        name,
        bool(added.depends_on),
        made,
        found.taken,
        tuple(_unplaced(found.tasks, places, template)),
        with_tasks(nested),
        options,
        _options_before(given) if is_injected(given.tree) else None,
        tuple(name for name in before.told.parameters if name in template.secret_parameters),
        mark.generator if (mark := mark_of(template.tree)) else None,
        tuple(replacing.passing(named, left)),
        not template.text.lstrip().startswith("{") and has_aliases(template.text),
        files_of_unknown_key(needs, own_buckets((before,))),
        clusters_elsewhere(needs, (before,)),
    )


def _asked(before: Reading, template: Template, resource: str, nested: Sequence[NestedStack | Gap]) -> Sequence[str]:
    """Return the logical IDs of the requested task definitions. Raise InvalidInput if there are none."""
    ids = asked_about(before, template, resource, TASKS)
    if not ids:
        command = f"cfnroles inject {quoted(before.name)} --in-place --nested"
        refuse_without_tasks(before, [command] if with_tasks(nested) else [])
    return ids


def removed(reading: Reading) -> str:
    """Return the text of a template as it was before anything was injected.

    Raise InvalidInput for documents that are no templates, and if other parts refer to what was injected.
    """
    template = _template(reading)
    text = restored(template.text, reading.name)
    _check_references(template, text, reading.name)
    return text


def _check_references(given: Template, text: str, name: str) -> None:
    if is_injected(given.tree) and text != given.text:
        check_references(given, parse(text, name))


def _template(reading: Reading) -> Template:
    if reading.template is None:
        raise InvalidInput(
            f"is {reading.noun}; inject requires a CloudFormation template",
            where=reading.name,
            remedy="Write its stacks with `cfnroles build`.",
        )
    return reading.template


def _before(reading: Reading, template: Template) -> Reading:
    """Return the template as it was before anything was injected. Raise InvalidInput for one that a tool wrote."""
    text = restored(template.text, reading.name)
    mark = mark_of(template.tree)
    if mark and mark.generator.again:
        raise refused_at(
            template.text,
            reading.name,
            mark.path,
            f"is generated by {mark.generator.name}, which overwrites changes",
            why=f"{'.'.join(map(str, mark.path))} shows it. If it is never generated again, remove such marks.",
            remedy=mark.generator.where,
        )
    if text == template.text:
        return reading
    document = Document(reading.name, text, reading.documents[0].beside)
    told = told_again(reading.told, _options_before(template))
    settable = _template(read(document, replace(told, parameters=reading.told.parameters))).settable
    # The recorded value of a parameter that no longer exists has no effect.
    known = {
        name: each for name, each in told.parameters.items() if name in settable or name in reading.told.parameters
    }
    # References to what an earlier run added are reported separately.
    return replace(read(document, replace(told, parameters=known)), wrong=reading.wrong)


def _options_before(template: Template) -> Mapping[str, Any]:
    """Return the options that an earlier run recorded."""
    return recorded(template.tree, template.text, template.document).told if is_injected(template.tree) else {}


def _recordable(told: Told, template: Template) -> Told:
    """Return the given values without those that must not be recorded."""
    secret = template.secret_parameters
    return replace(told, parameters={name: each for name, each in told.parameters.items() if name not in secret})


def _injected(template: Template) -> frozenset[str]:
    """Return the paths of the properties that an earlier run set to roles."""
    record = recorded(template.tree, template.text, template.document) if is_injected(template.tree) else Record()
    paths = (*record.added, *record.replaced)
    return frozenset(
        path for path in paths if path.startswith("Resources.") and path.endswith(("RoleArn", "InstanceProfileArn"))
    )


def _project(template: Template, before: Template) -> str:
    """Return the project in the validator's export name of an earlier run; empty if there was none."""
    added = (each for name, each in template.declarations.items() if name not in before.declarations)
    return next((str(each.get("Default")) for each in added if each.get("Description") == PROJECT_DESCRIPTION), "")


def all_places(tasks: Collection[TaskInWorlds], template: Template) -> tuple[RolePlace, ...]:
    """Return the places where the template names the roles of these task definitions."""
    places = [place for task in tasks for place in places_of(task, template.tree)]
    return tuple(shared(places, [task.logical_id for task in tasks]))


def _left(named: Iterable[RolePlace], given: Template) -> tuple[RolePlace, ...]:
    """Return the places that keep the roles named there: those that no earlier run replaced."""
    replaced = _injected(given)
    return tuple(place for place in named if ".".join(map(str, place.path)) not in replaced)


def found_in_template(wanted: Iterable[str], before: Reading, template: Template) -> FoundTasks:
    """Return what the task definitions with these logical IDs need; raise InvalidInput for what cannot be read."""
    document, (facts, given) = before.documents[0], known_of(before)
    known = replace(facts, makes_profiles=True), given
    each = [by_parameters(name, document, template, known) for name in wanted]
    return FoundTasks(
        tuple(task for task, _ in each), tuple(dict.fromkeys(name for _, taken in each for name in taken))
    )


def added_for(
    tasks: Iterable[TaskInWorlds], places: Collection[RolePlace], before: Reading, project: str
) -> tuple[Added, tuple[Origin, ...]]:
    """Return the additions that give tasks roles at these places, and where references to its own resources are.

    The gate comes before each task definition that has all of its roles.
    """
    adding = Adding(_template(before).tree, known_of(before)[0])
    made: list[Origin] = []
    for task in tasks:
        theirs = [place for place in places if place.task == task.logical_id]
        if theirs:
            add_roles(task, theirs, adding)
        if any(place.resource == task.logical_id for place in theirs):
            made += add_gate(task, adding, project)
    return adding.added, tuple(made)


def _gaps(tasks: Iterable[TaskInWorlds], places: Iterable[RolePlace], left: Collection[RolePlace]) -> Iterator[Gap]:
    """Yield what the roles lack, except those that stay."""
    made = {(place.task, place.holder) for place in places if place not in left}
    staying = {(place.task, place.holder) for place in left} - made
    for task in tasks:
        found = (gap for gap in hanging(task.gaps, task) if (task.logical_id, gap.holder) not in staying)
        yield from sorted(found, key=lambda gap: (gap.origin.sort_key, gap.feature, gap.what))


def _unplaced(tasks: Iterable[TaskInWorlds], places: Sequence[RolePlace], template: Template) -> Iterator[Unplaced]:
    for task in tasks:
        for holder, origin in without_place(task, places, template.tree).items():
            yield Unplaced(task.logical_id, holder, origin)
