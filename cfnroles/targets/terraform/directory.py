"""Files of roles for the task definitions of a directory of Terraform, each beside what it is for."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from cfnroles.errors import InvalidInput
from cfnroles.hcl.configuration import Configuration, provider_of
from cfnroles.hcl.definitions import Site, sites
from cfnroles.hcl.directory import Files
from cfnroles.hcl.project import Project
from cfnroles.need import Holder
from cfnroles.sources.reading import Reading, Task
from cfnroles.sources.terraform_members import TASK_DEFINITION
from cfnroles.targets.terraform.file import Header
from cfnroles.targets.terraform.gate import GateForm
from cfnroles.targets.terraform.instances import merged_instances, without_instances
from cfnroles.targets.terraform.neighbours import place_of
from cfnroles.targets.terraform.values import Module
from cfnroles.targets.terraform.written_file import Given, Subject, TerraformFile, written_file
from cfnroles.text import text_of

_SECRET = re.compile(r"\baws_secretsmanager_secret\.([\w-]+)")
#: The arguments that name the roles of a task definition.
_ROLES = {Holder.EXECUTION: "execution_role_arn", Holder.TASK: "task_role_arn"}
_RESOURCE, _VERSION = "aws_secretsmanager_secret", "aws_secretsmanager_secret_version"
#: The arguments that tell whose version one is.
_NAMING = ("secret_id", "for_each", "count")


def directory_files(reading: Reading, files: Files, *, form: GateForm) -> tuple[TerraformFile, ...]:
    """The file of each task definition of a directory. Raises InvalidInput where one cannot be written."""
    project = Project(files, reading.told.parameters, reading.told.variable_files)
    tasks: dict[str, list[Task]] = defaultdict(list)
    for task in reading.accepted():
        tasks[without_instances(task.address)].append(task)
    known = {site.address: site for site in sites(project, TASK_DEFINITION)}
    return tuple(_file(known[address], found, project, form=form) for address, found in sorted(tasks.items()))


def _file(site: Site, tasks: Sequence[Task], project: Project, *, form: GateForm) -> TerraformFile:
    if site.calls:
        raise InvalidInput(
            f"the task definition stands in the module {'.'.join(site.calls)}",
            where=site.address,
            remedy="Give the module's own directory.",
        )
    task, merged = tasks[0], merged_instances(site, tasks)
    configuration = project.configuration(".")
    types = frozenset(kind for mode, kind, _ in configuration.resources if mode == "resource")
    provider = provider_of(site.block)
    subject = Subject(
        name=site.name,
        label=f"{site.type}.{site.name}",
        family=merged.family or text_of(site.name),
        discovery=merged.discovery,
        facts=task.facts,
        header=Header(
            posixpath.basename(site.place.document),
            f":{site.place.line}, {site.type}.{site.name}",
            "cfnroles terraform .",
            f"cfnroles explain . --resource {site.address}",
        ),
        conditions=merged.conditions,
        made=merged.made,
        repeated=merged.repeated,
        provider=provider,
        region="" if provider else task.facts.region,
        module=Module("", types),
        versions=_versions(configuration),
        given=tuple(_given(site, holder, argument) for holder, argument in _ROLES.items()),
    )
    path = f"{site.name}.cfnroles.tf"
    return written_file(subject, place_of(path, project.files, configuration), form=form)


def _given(site: Site, holder: Holder, argument: str) -> Given:
    """What a task definition says of one of its roles."""
    node = site.block.body.arguments.get(argument)
    place = site.place if node is None else node.place
    return Given(holder, argument, str(place), "" if node is None else node.written)


def _versions(configuration: Configuration) -> Mapping[str, Sequence[str]]:
    """The resources that give secrets their values, by the address of the secret.

    One that names its secret in a roundabout way may give any secret its value.
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
