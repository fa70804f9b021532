"""From a reading to its stacks, and to the files that a build writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.errors import InvalidInput
from cfnroles.lines import gap_lines
from cfnroles.need import Gap, Origin, Severity
from cfnroles.sources.reading import Reading
from cfnroles.sources.unknown_keys import files_of_unknown_key
from cfnroles.targets.cloudformation.output_files import Format, output_files
from cfnroles.targets.cloudformation.project_names import project_of, project_of_document
from cfnroles.targets.cloudformation.service import Stack, service_stacks
from cfnroles.targets.cloudformation.settled import Form

if TYPE_CHECKING:
    from cfnroles.sources.spec import Spec
    from cfnroles.targets.cloudformation.alarms import AlarmOptions
    from cfnroles.targets.cloudformation.template_stacks import Taking
    from cfnroles.template.template import Template


class Build(Struct, frozen=True):
    """The stacks in deployment order, and the text of each file by its name: templates, and ``stacks.json`` last.

    ``gaps`` are the permissions that the roles lack. For a template, ``takes`` are the roles with the places that use
    them, ``made`` the references that the validator does not check because the template creates what they name, and
    ``nested`` the templates of nested stacks that have task definitions of their own. ``taken`` are the parameters of a
    template whose values were used, and ``handed`` the parameters of the roles that receive values from the template.
    ``expressions`` are the Terraform expressions for parameters of the stack, by parameter. ``other_accounts`` are the
    accounts in which the services of a project use something, and ``unknown_keys`` the files in Amazon S3 whose key no
    source and no option names. ``unknown_clusters`` are the services with ECS Exec in a cluster elsewhere.
    """

    stacks: tuple[Stack, ...]
    files: Mapping[str, str]
    gaps: tuple[Gap, ...] = ()
    takes: tuple[Taking, ...] = ()
    made: tuple[Origin, ...] = ()
    nested: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    handed: tuple[str, ...] = ()
    expressions: Mapping[str, str] = field(default_factory=dict)
    other_accounts: tuple[str, ...] = ()
    unknown_keys: tuple[str, ...] = ()
    unknown_clusters: tuple[str, ...] = ()


def build(
    reading: Reading,
    *,
    project: str = "",
    environment: str = "",
    format: Format = "yaml",
    resource: str = "",
    parameterized: bool = False,
    shared_gate: bool = False,
    keep: bool = True,
) -> Build:
    """Return the stacks of a task definition, those of all services of a project, or the roles for a template.

    ``project`` begins the names of a task definition's stacks and exports; without it they begin with the family, or
    with the name of the template's file. A spec names its own project, and with ``environment`` the stacks have the
    parameters of that environment. ``resource`` is the logical ID of a template's only task definition to build. With
    ``parameterized``, all ``CHOICES`` are parameters; without it, only those that the source sets. With a
    ``shared_gate``, here or in the spec, the stacks wait for the gate that ``cfnroles gate`` writes. Raise InvalidInput
    for values that ECS, CloudFormation or IAM would reject, and for an unknown name.
    """
    if environment and not reading.project:
        reading.refuse_wrong()
        raise InvalidInput(f"--environment requires a service spec, but {reading.name} is {reading.noun}")
    if reading.addressed or reading.template is not None:
        _refuse_forms(reading, **{"--parameterized": parameterized, "--shared-gate": shared_gate})
    if reading.addressed:
        return _of_configuration(reading, project, format)
    if reading.template is not None:
        return _beside(reading, reading.template, resource, project_of_document(reading.name, project), format)
    if reading.project and reading.project.get("shared-gate"):
        shared_gate = True
    form = Form(everything=parameterized, shared_gate=shared_gate)
    if reading.project:
        if project:
            reading.accepted()
            raise InvalidInput(
                f"--project requires a task definition, but {reading.name} is {reading.noun}",
                remedy="Set the project in the spec, or in one of its environments, and pass --environment NAME.",
            )
        return _of_project(reading, reading.project, _Asked(environment, form, format, keep))
    reading.accepted()
    told = {"gaps": list(gap_lines(reading.gaps, reading.texts, reading.name))}
    task = reading.task()
    name = project_of(task, project)
    stacks = service_stacks(task.workload, task.discovery, task.facts, name, form)
    files = output_files(stacks, name, reading.name, format, told=told)
    return Build(stacks, files, reading.gaps, unknown_keys=files_of_unknown_key(task.discovery.needs))


def _refuse_forms(reading: Reading, **asked: bool) -> None:
    """Raise InvalidInput for an option about stacks that contain the task definition."""
    if option := next((name for name, given in asked.items() if given), ""):
        own = (
            "The roles of a template have the parameters of the template."
            if reading.template is not None
            else "Omit it: the roles have a parameter for each value that only Terraform knows, and no gate."
        )
        what = f"{option} requires a task definition or a service spec, but {reading.name} is {reading.noun}"
        raise InvalidInput(what, remedy=own)


def _beside(reading: Reading, template: Template, resource: str, name: str, format: Format) -> Build:
    """Return the roles' stack for a template."""
    from cfnroles.targets.cloudformation.build_template import stacks_beside

    beside = stacks_beside(reading, template, resource, name)
    gaps = {"gaps": list(gap_lines(beside.gaps, reading.texts, reading.name))}
    files = output_files(beside.stacks, name, reading.name, format, told=gaps)
    return Build(
        beside.stacks,
        files,
        beside.gaps,
        beside.takes,
        beside.made,
        beside.nested,
        beside.taken,
        beside.handed,
        unknown_keys=beside.unknown_keys,
        unknown_clusters=beside.unknown_clusters,
    )


def _of_configuration(reading: Reading, project: str, format: Format) -> Build:
    """Return the roles' stack of the only task definition of a configuration, which stays where it is."""
    from cfnroles.targets.cloudformation.configured_roles import roles_of_configuration

    task = reading.task()
    name = project_of(task, project)
    made = roles_of_configuration(task, name)
    unknown_keys = files_of_unknown_key(task.discovery.needs)
    gaps = (*reading.gaps, *reading.unseen, *made.gaps)
    told = {"gaps": list(gap_lines(gaps, reading.texts, reading.name))}
    files = output_files((made.stack,), name, reading.name, format, told=told)
    handed = made.handed
    return Build((made.stack,), files, gaps, taken=task.defaults, expressions=handed, unknown_keys=unknown_keys)


def _place(spec: Spec, environment: str) -> dict[str, dict[str, str]]:
    """Return the account and Region of an environment, for anyone who deploys it."""
    told = {key: spec.get("environments", environment, key) for key in ("account", "region") if environment}
    place = {key: str(value) for key, value in told.items() if value}
    return {"environment": {"name": environment, **place}} if place else {}


class _Asked(Struct, frozen=True):
    """The options of a build."""

    environment: str
    form: Form
    format: Format
    keep: bool

    def kept(self, stack: Stack) -> Stack:
        """Return what to keep of a stack whose template is written."""
        if self.keep:
            return stack
        # The values of an environment are compared with the declarations.
        declared = {"Parameters": stack.template.get("Parameters", {})} if self.environment else {}
        return replace(stack, template=declared)


def _of_project(reading: Reading, spec: Spec, asked: _Asked) -> Build:
    """Return the stacks of a project, whose services are read once and written one by one."""
    from cfnroles.targets.cloudformation.environments import offered_by
    from cfnroles.targets.cloudformation.other_accounts import other_accounts
    from cfnroles.targets.cloudformation.output_files import Output
    from cfnroles.targets.cloudformation.project import ProjectStacks

    output, alarms, form = Output(reading.name, asked.format), _alarms(spec), offered_by(spec, asked.form)

    def keep(stack: Stack) -> Stack:
        output.put(stack)
        return asked.kept(stack)

    made = ProjectStacks(spec.project, alarms, form, keep)
    accounts: set[str] = set()
    unknown_keys: set[str] = set()
    right = not reading.wrong
    for task in reading.tasks:
        # No stacks can be created from values that ECS would reject. All of these are reported before any other
        # problem.
        right = right and not any(each.severity is Severity.ERROR for each in task.discovery.findings)
        if right:
            made.add(task)
            accounts.update(other_accounts([task]))
            unknown_keys.update(files_of_unknown_key(task.discovery.needs))
    stacks = made.all(reading.accepted())
    if asked.environment:
        stacks = _in_environment(reading, spec, asked, made.names, stacks)
    told = {"gaps": list(gap_lines(reading.gaps, reading.texts, reading.name)), **_place(spec, asked.environment)}
    files = output.finished(stacks, str(stacks[0].parameters["ProjectName"]), told)
    used = tuple(sorted(accounts))
    return Build(stacks, files, reading.gaps, other_accounts=used, unknown_keys=tuple(sorted(unknown_keys)))


def _in_environment(
    reading: Reading, spec: Spec, asked: _Asked, services: Sequence[str], stacks: tuple[Stack, ...]
) -> tuple[Stack, ...]:
    """Return the stacks with the names and the parameters that an environment gives them."""
    from cfnroles.sources.service_spec.types import nearest
    from cfnroles.targets.cloudformation.environments import offered_by, with_parameters
    from cfnroles.targets.cloudformation.project import project_stacks

    environment = asked.environment
    known = spec.get("environments") or {}
    if environment not in known:
        remedy = nearest(environment, tuple(known)) if known else "It has none: add `environments`."
        raise InvalidInput(f"the spec has no environment {environment!r}", where=spec.document, remedy=remedy)
    project = spec.get("environments", environment, "project") or spec.project
    there = stacks
    if project != spec.project:
        there = project_stacks(reading.tasks, project, _alarms(spec), offered_by(spec, asked.form), asked.kept)
    same = [replace(stack, template=template.template) for stack, template in zip(there, stacks, strict=True)]
    owners = {f"{project}-{name}-{kind}": name for name in services for kind in ("roles", "task", "log-groups")}
    return with_parameters(spec, environment, same, owners)


def _alarms(spec: Spec) -> AlarmOptions | None:
    from cfnroles.targets.cloudformation.alarms import AlarmOptions

    if not spec.get("alarms"):
        return None
    return AlarmOptions(
        spec.get("alarms", "trail-log-group"),
        spec.get("alarms", "email") or "",
        spec.get("alarms", "topic") or "",
        spec.get("alarms", "threshold") or 1,
    )
