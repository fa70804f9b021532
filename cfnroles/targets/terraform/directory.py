"""Files of roles for the task definitions of a directory of Terraform, each beside what it is for."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from cfnroles.errors import InvalidInput
from cfnroles.hcl.configuration import Configuration, provider_of
from cfnroles.hcl.definitions import Site, sites
from cfnroles.hcl.directory import Directory
from cfnroles.hcl.project import Project
from cfnroles.need import Gap
from cfnroles.sources.reading import Reading, Task
from cfnroles.sources.terraform_members import TASK_DEFINITION
from cfnroles.targets.terraform.file import Header, declared, file_of
from cfnroles.targets.terraform.gate import Gate, gate_of
from cfnroles.targets.terraform.names import Names, stems
from cfnroles.targets.terraform.parts import Parts, Repeated
from cfnroles.targets.terraform.permissions import packed
from cfnroles.targets.terraform.values import Module, Values
from cfnroles.text import text_of

_INSTANCE = re.compile(r'\[(?:"[^"]*"|[^\]]*)\]')
_SECRET = re.compile(r"\baws_secretsmanager_secret\.([\w-]+)")
_VERSION = "aws_secretsmanager_secret_version"
#: The output by which a file's stem is known again.
_OUTPUT = "_execution_role_arn"


class TerraformFile(Struct, frozen=True):
    """A file that is written. ``gaps`` are the permissions that its roles do not have."""

    path: str
    text: str
    gaps: tuple[Gap, ...] = ()
    gate: Gate = Gate()


def directory_files(reading: Reading, *, gated: bool) -> tuple[TerraformFile, ...]:
    """The file of each task definition of a directory. Raises InvalidInput where one cannot be written."""
    project = Project(Directory(reading.name), reading.told.parameters, reading.told.variable_files)
    tasks: dict[str, list[Task]] = defaultdict(list)
    for task in reading.accepted():
        tasks[_INSTANCE.sub("", task.address)].append(task)
    known = {site.address: site for site in sites(project, TASK_DEFINITION)}
    return tuple(
        _file(known[address], found, project, reading, gated=gated) for address, found in sorted(tasks.items())
    )


def _file(site: Site, tasks: Sequence[Task], project: Project, reading: Reading, *, gated: bool) -> TerraformFile:
    if site.calls:
        raise InvalidInput(
            f"the task definition stands in the module {'.'.join(site.calls)}",
            where=site.address,
            remedy="Give the module's own directory.",
        )
    if len(tasks) > 1 or {"count", "for_each"} & set(site.block.body.arguments):
        raise InvalidInput("the task definition is repeated, and its roles cannot be written", where=site.address)
    task = tasks[0]
    configuration = project.configuration(".")
    path = posixpath.join(reading.name, f"{site.name}.cfnroles.tf")
    taken, earlier = _taken(configuration, path)
    header = Header(
        f"{posixpath.basename(site.place.document)}:{site.place.line}, {site.type}.{site.name}",
        "cfnroles terraform .",
        f"cfnroles explain . --resource {site.address}",
    )
    gate = gate_of(task.discovery.references, task.facts) if gated else Gate()
    for stem in stems(site.name, earlier):
        names = Names(stem)
        parts, gaps = _parts(site, task, configuration, names)
        text, blocks = file_of(header, parts, gate)
        if not declared(blocks) & taken:
            break
    return TerraformFile(path, text, (*task.discovery.gaps, *gaps), gate)


def _parts(site: Site, task: Task, configuration: Configuration, names: Names) -> tuple[Parts, tuple[Gap, ...]]:
    types = frozenset(kind for mode, kind, _ in configuration.resources if mode == "resource")
    values = Values(names, Module("", types), "" if provider_of(site.block) else task.facts.region)
    policies, gaps = packed(task.discovery.needs, task.when, values)
    parts = Parts(
        f"{site.type}.{site.name}",
        text_of(task.workload.family or site.name),
        names,
        values,
        policies,
        versions=_versions(configuration),
        repeated=Repeated(),
        provider=provider_of(site.block),
        key_arns=task.facts.kms_key_arns,
    )
    return parts, gaps


def _versions(configuration: Configuration) -> Mapping[str, Sequence[str]]:
    """The resources that give secrets their values, by the address of the secret."""
    found: dict[str, list[str]] = defaultdict(list)
    for (mode, kind, name), block in configuration.resources.items():
        node = block.body.arguments.get("secret_id")
        if mode == "resource" and kind == _VERSION and node is not None:
            for secret in dict.fromkeys(_SECRET.findall(node.written)):
                found[f"aws_secretsmanager_secret.{secret}"].append(f"{_VERSION}.{name}")
    return found


def _taken(configuration: Configuration, path: str) -> tuple[frozenset[str], str]:
    """What the directory declares in other files than ours, and the stem of ours."""
    taken = {
        f"{'data.' if mode == 'data' else ''}{kind}.{name}" for (mode, kind, name) in _foreign(configuration, path)
    }
    taken |= {f"local.{name}" for name, node in configuration.locals.items() if node.place.document != path}
    taken |= {f"var.{name}" for name, block in configuration.variables.items() if block.place.document != path}
    taken |= {f"output.{name}" for name, block in configuration.outputs.items() if block.place.document != path}
    own = [name for name, block in configuration.outputs.items() if block.place.document == path]
    earlier = next((name.removesuffix(_OUTPUT) for name in own if name.endswith(_OUTPUT)), "")
    return frozenset(taken), earlier


def _foreign(configuration: Configuration, path: str) -> Iterator[tuple[str, str, str]]:
    yield from (name for name, block in configuration.resources.items() if block.place.document != path)
