"""Files of roles for the task definitions of a Terraform directory, each next to its task definition."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.errors import InvalidInput, RefusedByEcs
from cfnroles.hcl.configuration import Configuration, provider_of, read_configuration
from cfnroles.hcl.definitions import Site, module_directory, passed_variables, without_instances
from cfnroles.hcl.directory import Below, Files, joined
from cfnroles.hcl.project import Project
from cfnroles.hcl.providers import USUAL, provider_block, root_provider
from cfnroles.need import Gap
from cfnroles.page import quoted
from cfnroles.sources.reading import Reading, Task
from cfnroles.sources.terraform_directory import DirectoryRoles, read_files, sites_with_roles, tasks_in
from cfnroles.sources.told import Told
from cfnroles.targets.made_profiles import with_made_profile
from cfnroles.targets.terraform.any_value import with_any_key, with_any_text
from cfnroles.targets.terraform.callers_needs import CALLERS, deciding_callers, needs_of_callers
from cfnroles.targets.terraform.conditions import NeedConditions
from cfnroles.targets.terraform.deciding import deciding
from cfnroles.targets.terraform.file import Again, Header, under
from cfnroles.targets.terraform.gate import GateForm
from cfnroles.targets.terraform.given_roles import given_roles
from cfnroles.targets.terraform.instances import Merged, merged_instances, without_own
from cfnroles.targets.terraform.names import identifier, without_type
from cfnroles.targets.terraform.neighbours import place_of
from cfnroles.targets.terraform.own_region import own_region, with_region_gap
from cfnroles.targets.terraform.parts import Repeated
from cfnroles.targets.terraform.values import EnclosingModule
from cfnroles.targets.terraform.written_file import Subject, TerraformFile, written_file
from cfnroles.text import text_of

_SECRET = re.compile(r"\baws_secretsmanager_secret\.([\w-]+)")
_RESOURCE, _VERSION = "aws_secretsmanager_secret", "aws_secretsmanager_secret_version"
#: The arguments that name the secret of a version.
_NAMING = ("secret_id", "for_each", "count")


def directory_files(reading: Reading, files: Files, *, form: GateForm, again: Again) -> tuple[TerraformFile, ...]:
    """Return the file of each task definition of a directory, in the directory of its module if that is local.

    Raise InvalidInput if a file cannot be written.
    """
    return tuple(each.finished() for each in _drafts(reading, files, form, again))


class _Draft(Struct, frozen=True):
    """A file before it is known which variables decide part of it. To find out takes many readings.

    ``callers`` are the variables of the root that decide what the calls of its module need besides.
    """

    file: TerraformFile
    header: Header
    deciding: Callable[[], tuple[str, ...]]
    callers: Callable[[], tuple[str, ...]] = tuple

    def finished(self) -> TerraformFile:
        """Return the file with the variables that decide part of it."""
        taken = self.deciding()
        text = under(replace(self.header, taken=taken), self.file.text)
        return replace(self.file, text=text, taken=tuple(sorted({*taken, *self.callers()})))


def _drafts(reading: Reading, files: Files, form: GateForm, again: Again) -> Sequence[_Draft]:
    project = _project_of(reading, files)
    known = {site.address: site for site in sites_with_roles(project)}
    tasks: dict[str, list[Task]] = defaultdict(list)
    opened: dict[str, list[Task]] = defaultdict(list)
    for task in tasks_in(project.again(any_text=True), reading.told):
        opened[without_instances(task.address)].append(with_made_profile(task))
    general = _for_any_key(project, reading.told, opened)
    elsewhere: set[str] = set()
    for task in map(with_made_profile, reading.accepted()):
        site = known[without_instances(task.address)]
        if site.calls:
            elsewhere.add(module_directory(project, site.calls))
        else:
            tasks[site.address].append(task)
    made = [
        _file(known[address], _Read(found, opened[address], general.get(address)), reading.told, project, form, again)
        for address, found in sorted(tasks.items())
    ]
    for directory in sorted(elsewhere):
        made += _in_module(_Called(directory, reading, opened), project, form, again)
    return made


def _in_module(called: _Called, project: Project, form: GateForm, again: Again) -> Iterator[_Draft]:
    """Yield the files for a module, in the module or where it is called."""
    directory, files = called.directory, project.files
    fetched = directory.startswith(".") and not directory.startswith("..")
    own = () if fetched else _inside(called, project, form, again.in_module(directory))
    beside: tuple[_Draft, ...] = ()
    if not own or any(map(_is_handed, own)) or _lacking(own):
        beside = tuple(_beside_calls(called, project, form, again))
    if beside and (not own or any(map(_is_handed, own)) or len(_gaps(beside)) <= len(_gaps(own)) - _lacking(own)):
        yield from beside
    elif directory.startswith("..") and not files.in_own_tree(directory):
        raise _of_another_place(joined(called.reading.name, directory))
    else:
        yield from own


def _inside(called: _Called, project: Project, form: GateForm, inside: Again) -> tuple[_Draft, ...]:
    """Return the files of a module in the module.

    If its defaults do not hold where it is called, so that ECS refuses them or something is lacking, the variables that
    callers pass may have any value. Raise InvalidInput if ECS refuses even that.
    """
    try:
        own = tuple(_of_module(called, project, form, inside))
        if not _lacking(own):
            return own
    except RefusedByEcs:
        return tuple(_of_module(called, project, form, inside, passed_variables(project, called.directory)))
    opened = tuple(_of_module(called, project, form, inside, passed_variables(project, called.directory)))
    return min(own, opened, key=lambda files: (_lacking(files), len(_gaps(files))))


def _gaps(files: Sequence[_Draft]) -> Sequence[Gap]:
    return [gap for each in files for gap in each.file.gaps]


def _lacking(files: Sequence[_Draft]) -> int:
    """Return the number of needs of callers that the files do not have."""
    return sum(gap.feature == CALLERS for gap in _gaps(files))


def _of_another_place(directory: str) -> InvalidInput:
    return InvalidInput(
        "the module is not in the repository of this directory; write the roles in its own repository",
        where=directory,
        remedy=f"Run `cfnroles terraform {quoted(directory)}` there.",
    )


class _Called(Struct, frozen=True):
    """A module with task definitions whose roles are written where it is called."""

    directory: str
    reading: Reading
    opened: Mapping[str, Sequence[Task]]


#: The suffix of an address that represents all keys.
_ANY = ("[each.key]", "[count.index]")


class _Read(Struct, frozen=True):
    """The instances of a task definition as read, for any string, and as one for any key."""

    here: Sequence[Task]
    opened: Sequence[Task]
    general: Task | None


def _reopened(site: Site, read: _Read, project: Project, told: Told, opened: frozenset[str]) -> _Read:
    """Return the same for variables that may have any value; parts that they do not change are not read again."""

    def again(*, any_text: bool = False, any_key: bool = False) -> tuple[Task, ...]:
        found = tasks_in(project.again(any_text=any_text, any_key=any_key, opened=opened), told, site.address)
        return tuple(map(with_made_profile, found))

    before = [*read.opened, *([read.general] if read.general else [])]
    if not opened & {*project.automatic, *(name for task in before for name in task.defaults)}:
        # When read for any string, strings and Booleans already have any value.
        return replace(read, here=again())
    found = again(any_text=True, any_key=True) if read.general else ()
    general = next((task for task in found if task.address.endswith(_ANY)), None)
    return _Read(again(), again(any_text=True), general)


def _project_of(reading: Reading, files: Files) -> Project:
    """The configuration of a reading of these files."""
    if isinstance(reading.configuration, DirectoryRoles):
        return reading.configuration.project
    return Project(files, reading.told.parameters, reading.told.variable_files)


def _for_any_key(project: Project, told: Told, opened: Mapping[str, Sequence[Task]]) -> Mapping[str, Task]:
    """Return what each task definition that ``for_each`` repeats is for any of its keys."""
    if not any('["' in task.address or "[1]" in task.address for tasks in opened.values() for task in tasks):
        return {}
    found = tasks_in(project.again(any_text=True, any_key=True), told)
    general = (with_made_profile(task) for task in found if task.address.endswith(_ANY))
    return {without_instances(task.address): task for task in general}


def _of_module(
    called: _Called, project: Project, form: GateForm, again: Again, opened: frozenset[str] = frozenset()
) -> Iterator[_Draft]:
    """Yield the files for the task definitions of a module, which is read for any of its calls."""
    directory, reading = called.directory, called.reading
    below = Below(project.files, directory)
    told = replace(reading.told, parameters={}, variable_files=())
    inner = read_files(below, joined(reading.name, directory), told, opened)
    options = reading.tasks[0].options
    own = tuple(replace(task, options=options) for task in inner.tasks if not task.address.startswith("module."))
    if own:
        calls = tuple(_in_calls(called, project))
        for each in _drafts(replace(inner, tasks=own), below, form, again):
            gaps = tuple(replace(gap, remedy=_of_the_module(gap.remedy, inner.name)) for gap in each.file.gaps)
            more = needs_of_callers(each.file, own, calls)
            file = replace(each.file, path=joined(directory, each.file.path), gaps=(*gaps, *more))
            yield replace(each, file=file, callers=partial(deciding_callers, each.file, own, calls, project, reading))


def _in_calls(called: _Called, project: Project) -> Iterator[Task]:
    """Yield the task definitions of a module, in all its calls."""
    known = {site.address: site for site in sites_with_roles(project)}
    for task in map(with_made_profile, called.reading.tasks):
        site = known[without_instances(task.address)]
        if site.calls and module_directory(project, site.calls) == called.directory:
            yield task


def _of_the_module(remedy: str, directory: str) -> str:
    """Return the remedy for a variable of a module, whose names are unknown in the root module."""
    command = f"cfnroles terraform {quoted(directory)}"
    told = re.compile(r"Pass (--parameter (?:'[^']*'|\S+))")
    return told.sub(lambda found: f"Pass it to the module: `{command} {found[1]}`", remedy)


def _is_handed(draft: _Draft) -> bool:
    """Whether the caller passes the containers to the module, and so is the only one that knows their needs."""
    return any(gap.origin.path[1:] == ("container_definitions",) for gap in draft.file.gaps)


def _beside_calls(called: _Called, project: Project, form: GateForm, again: Again) -> Iterator[_Draft]:
    """Yield the file of each task definition of a module, in terms of the root module, which passes the roles to it."""
    configuration = project.configuration(".")
    types = frozenset(kind for mode, kind, _ in configuration.resources if mode == "resource")
    opened = {task.address: task for tasks in called.opened.values() for task in tasks}
    known = {site.address: site for site in sites_with_roles(project)}
    for task in _in_calls(called, project):
        site = known[without_instances(task.address)]
        merged = _beside_call(task, opened.get(task.address))

        def same(names: frozenset[str], task: Task = task, site: Site = site, merged: Merged = merged) -> bool:
            read = _Read([task], called.opened[site.address], None)
            found = _reopened(site, read, project, called.reading.told, names)
            here, other = (_of_address(each, task.address) for each in (found.here, found.opened))
            if here is None or here.unread_runs - task.unread_runs:
                return False
            return _without_findings(_beside_call(here, other)) == _without_findings(merged)

        decide = partial(deciding, frozenset({*project.automatic, *task.defaults}), same)
        name, provider = without_type(task.address), _provider_of_root(site, project)
        subject = Subject(
            name=name,
            label=task.address,
            family=merged.family,
            discovery=merged.discovery,
            facts=task.facts,
            header=Header(
                posixpath.basename(configuration.modules[site.calls[0]].place.document),
                f", {task.address}",
                again.written,
                f"cfnroles explain {quoted(again.source)} --resource {quoted(task.address)}",
            ),
            options=task.options,
            conditions=merged.conditions,
            made=merged.made,
            provider=provider,
            region="" if provider and "region" not in site.block.body.arguments else task.facts.region,
            module=EnclosingModule("", types),
            versions=_versions(configuration),
            secret_providers=_secret_providers(configuration),
            apart_secrets=_apart_secrets(configuration),
            for_tasks=not task.workload.is_provider,
        )
        path = f"{identifier(name)}.cfnroles.tf"
        written = written_file(subject, place_of(path, project.files, configuration), form=form)
        written = with_region_gap(written, site, project)
        yield _Draft(replace(written, call=f"module.{site.calls[0]}"), subject.header, decide)


def _beside_call(task: Task, opened: Task | None) -> Merged:
    """Return what is needed, in the user's own expressions if no value decides."""
    merged = _one(task)
    return with_any_text(merged, _one(opened))[0] if opened and _all_seen([opened]) else merged


def _of_address(tasks: Sequence[Task], address: str) -> Task | None:
    return next((task for task in tasks if task.address == address), None)


def _provider_of_root(site: Site, project: Project) -> str:
    """Return the provider of the root that creates a module's task definition; empty for the default provider."""
    name = root_provider(project, site.calls, provider_of(site.block) or USUAL)
    return name if provider_block(project, name) and name != USUAL else ""


def _one(task: Task) -> Merged:
    """Return a single instance."""
    when = {thing: besides for thing, each in task.when.items() if (besides := without_own(each, task))}
    return Merged(text_of(task.workload.family), task.discovery, NeedConditions(when), task.made, Repeated())


def sensitive_variables(files: Files) -> frozenset[str]:
    """Return the variables of a directory whose values must not be shown."""
    variables = read_configuration(files, ".").variables
    return frozenset(name for name, block in variables.items() if "sensitive" in block.body.arguments)


def _file(site: Site, read: _Read, told: Told, project: Project, form: GateForm, again: Again) -> _Draft:
    configuration = project.configuration(".")
    types = frozenset(kind for mode, kind, _ in configuration.resources if mode == "resource")
    module = EnclosingModule("", types)
    task, (merged, by_key) = read.here[0], _merged(site, read, module)

    def same(names: frozenset[str]) -> bool:
        found = _reopened(site, read, project, told, names)
        other = found if by_key else replace(read, general=found.general)
        if not other.here or _unread_runs(found.here) - _unread_runs(read.here):
            return False
        return _for_any_keys(_merged(site, other, module)[0]) == _for_any_keys(merged)

    defaults = (task.defaults for task in (*read.here, *read.opened, *([read.general] if read.general else [])))
    names = frozenset({*project.automatic, *(name for each in defaults for name in each)})
    name, provider = _name(site, project), provider_of(site.block)
    subject = Subject(
        name=name,
        label=f"{site.type}.{site.name}",
        family=merged.family or text_of(site.name),
        discovery=merged.discovery,
        facts=task.facts,
        header=Header(
            posixpath.basename(site.place.document),
            f":{site.place.line}, {site.type}.{site.name}",
            again.written,
            f"cfnroles explain {quoted(again.source)} --resource {quoted(site.address)}",
        ),
        options=task.options,
        conditions=merged.conditions,
        made=merged.made,
        repeated=merged.repeated,
        provider=provider,
        region="" if provider else task.facts.region,
        module=module,
        versions=_versions(configuration),
        secret_providers=_secret_providers(configuration),
        apart_secrets=_apart_secrets(configuration),
        own_region=own_region(site),
        given=tuple(given_roles(site, read.here, project)),
        for_tasks=not task.workload.is_provider,
    )
    path = f"{name}.cfnroles.tf"
    written = written_file(subject, place_of(path, project.files, configuration), form=form)
    return _Draft(with_region_gap(written, site, project), subject.header, partial(deciding, names, same))


def _name(site: Site, project: Project) -> str:
    """Return the name of a resource, with its kind if another type has a resource of the same name."""
    alike = [each for each in sites_with_roles(project) if each.calls == site.calls and each.name == site.name]
    return site.name if alike[0] == site else f"{site.name}_{site.type.removeprefix('aws_ecs_')}"


def _merged(site: Site, read: _Read, module: EnclosingModule) -> tuple[Merged, bool]:
    """Return what is needed, in the user's own expressions if no value decides, and whether it depends on keys."""
    merged = merged_instances(site, read.here)
    if [task.address for task in read.here] == [task.address for task in read.opened] and _all_seen(read.opened):
        merged, _ = with_any_text(merged, merged_instances(site, read.opened))
    if read.general and _all_seen([read.general]):
        known = [task.discovery for task in (*read.here, *read.opened)]
        return with_any_key(merged, merged_instances(site, [read.general]), known, module)
    return merged, True


def _unread_runs(tasks: Iterable[Task]) -> frozenset[str]:
    return frozenset(address for task in tasks for address in task.unread_runs)


def _for_any_keys(merged: Merged) -> Merged:
    """Return the same without the keys of instances: where keys decide something, the needs have them."""
    return _without_findings(replace(merged, repeated=replace(merged.repeated, keys=())))


def _without_findings(merged: Merged) -> Merged:
    """Return what decides the file: what ECS rejects for some values is not in it."""
    return replace(merged, discovery=replace(merged.discovery, findings=()))


def _all_seen(tasks: Sequence[Task]) -> bool:
    """Whether all combinations of conditions were read."""
    return not any(gap.feature == "conditions" for task in tasks for gap in task.discovery.gaps)


def _versions(configuration: Configuration) -> Mapping[str, Sequence[str]]:
    """Return the resources that give secrets their values, by the address of the secret.

    A resource that names its secret indirectly may give any secret its value.
    """
    found: dict[str, list[str]] = defaultdict(list)
    secrets = [name for mode, kind, name in configuration.resources if (mode, kind) == ("resource", _RESOURCE)]
    for (mode, kind, name), block in configuration.resources.items():
        if (mode, kind) != ("resource", _VERSION):
            continue
        written = [node.written for argument in _NAMING if (node := block.body.arguments.get(argument)) is not None]
        named = next(filter(None, map(_SECRET.findall, written)), secrets)
        for secret in dict.fromkeys(named):
            found[f"{_RESOURCE}.{secret}"].append(f"{_VERSION}.{name}")
    return found


def _secret_providers(configuration: Configuration) -> Mapping[str, str]:
    """Return the provider of each secret, by its address."""
    return {
        f"{'data.' if mode == 'data' else ''}{kind}.{name}": provider_of(block)
        for (mode, kind, name), block in configuration.resources.items()
        if kind == _RESOURCE
    }


def _apart_secrets(configuration: Configuration) -> frozenset[str]:
    """Return the addresses of the secrets with a Region of their own."""
    return frozenset(
        f"{'data.' if mode == 'data' else ''}{kind}.{name}"
        for (mode, kind, name), block in configuration.resources.items()
        if kind == _RESOURCE and "region" in block.body.arguments
    )
