"""``cfnroles init``: a first service spec, from what is there already."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cfnroles.errors import InvalidInput

if TYPE_CHECKING:
    from cfnroles.iam.roles import Role
    from cfnroles.sources.service_spec.draft import Drafted


@click.command("init")
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    default="cfnroles.yaml",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; never one that exists.",
)
@click.option("--project", default="", metavar="NAME", help="The project [default: the directory's name].")
@click.option("--live", is_flag=True, help="SOURCE is CLUSTER/SERVICE or FAMILY[:REVISION] in Amazon ECS. Reads only.")
@click.option("--from-role", default="", metavar="ROLE", help="Take over what this task role allows.")
@click.option("--execution-role", default="", metavar="ROLE", help="Compare with this execution role.")
@click.option("--profile", default="", help="AWS profile to use with --live. Default: AWS_PROFILE.")
@click.option("--region", default="", help="AWS Region to use with --live. Default: AWS_REGION.")
def command(
    sources: tuple[str, ...],
    output: Path,
    project: str,
    live: bool,
    from_role: str,
    execution_role: str,
    profile: str,
    region: str,
) -> None:
    """Write a commented service spec for task definitions that are there already.

    SOURCE is a task definition in JSON or YAML, or a directory of them. ROLE is FILE:NAME for the output of `aws iam
    get-account-authorization-details`, FILE:LogicalId in a CloudFormation template, a policy document in JSON, or with
    --live a role's name. What the new roles gain and lose against it is told.
    """
    from cfnroles.sources.service_spec.draft import draft

    if output.exists():
        raise InvalidInput(
            "exists already, and init overwrites nothing", where=str(output), remedy="Write elsewhere: -o FILE."
        )
    if (from_role or execution_role) and len(sources) > 1:
        raise InvalidInput("a role is of one service, and here are several", remedy="Name one SOURCE.")
    services = [
        each
        for source in sources
        for each in (_live(source, profile, region, output) if live else _files(source, output))
    ]
    services = _distinct(services)
    if from_role:
        services = [_with_role(services[0], _role(from_role, services[0], live, profile))]
    text = draft(project or _project(output, services), services)
    _write(output, text)
    count = len(services)
    click.echo(
        f"Wrote {output}: {count} service{'s'[: count > 1]}. Build its stacks: cfnroles build {output}", err=True
    )
    if execution_role or from_role:
        _compare(output, services[0], from_role, execution_role, live, profile)


def _files(source: str, output: Path) -> list[Drafted]:
    from cfnroles.document import parse, read_text

    if source == "-":
        raise InvalidInput(
            "standard input has no path that a spec could name", remedy="Save the task definition as a file first."
        )
    path = Path(source)
    if not path.is_dir():
        return [_drafted(read_text(source), path, output)]
    found = []
    for file in sorted(path.glob("*")):
        if file.suffix not in (".json", ".yaml", ".yml") or not file.is_file():
            continue
        text = read_text(str(file))
        try:
            data = parse(text, file.name)
        except InvalidInput:
            continue
        if isinstance(data, dict) and isinstance(data.get("taskDefinition"), dict):
            data = data["taskDefinition"]
        if isinstance(data, dict) and "containerDefinitions" in data:
            found.append(_drafted(text, file, output))
    if not found:
        raise InvalidInput(
            "holds no task definition", where=source, remedy="A task definition has containerDefinitions."
        )
    return found


def _drafted(text: str, path: Path, output: Path, settings: str = "") -> Drafted:
    from cfnroles.sources.service_spec.draft import Drafted, service_name
    from cfnroles.sources.settings import read_service
    from cfnroles.sources.task_definition import home, read_task_definition

    workload = read_task_definition(text, path.name)
    relative = os.path.relpath(path, output.parent)
    known = read_service(settings, path.name) if settings else {}
    return Drafted(service_name(workload.family), relative, workload, home(workload), known)


def _live(source: str, profile: str, region: str, output: Path) -> list[Drafted]:
    from cfnroles.aws.connection import Connection
    from cfnroles.aws.ecs import Ecs

    ecs = Ecs(Connection(profile, region))
    cluster, slash, name = source.partition("/")
    settings, definition = ecs.service(cluster, name) if slash else ("", source)
    text = ecs.task_definition(definition)
    family = definition.rsplit("/", 1)[-1].replace(":", "-")
    path = output.parent / f"{family}.json"
    if path.exists():
        raise InvalidInput("exists already, and init overwrites nothing", where=str(path), remedy="Move it away.")
    drafted = _drafted(text, path, output, settings)
    _write(path, text)
    return [drafted]


def _distinct(services: list[Drafted]) -> list[Drafted]:
    from dataclasses import replace

    taken: dict[str, int] = {}
    distinct = []
    for each in services:
        taken[each.name] = taken.get(each.name, 0) + 1
        number = taken[each.name]
        distinct.append(each if number == 1 else replace(each, name=f"{each.name[:58]}-{number}"))
    return distinct


def _project(output: Path, services: list[Drafted]) -> str:
    from cfnroles.sources.service_spec.draft import service_name

    return service_name(output.absolute().parent.name) if len(services) > 1 else services[0].name


def _role(named: str, service: Drafted, live: bool, profile: str) -> Role:
    from cfnroles.iam.roles import detailed_role, read_role

    if live:
        from cfnroles.aws.connection import Connection
        from cfnroles.aws.iam import Iam

        detail, policies = Iam(Connection(profile, service.facts.region)).role(named)
        return detailed_role(detail, policies, "AWS")
    from cfnroles.document import read_text

    file, name = (named, "") if Path(named).exists() else named.rpartition(":")[::2]
    return read_role(read_text(file), Path(file).name, name, {}, service.facts.account, service.facts.region)


def _with_role(service: Drafted, role: Role) -> Drafted:
    from dataclasses import replace

    from cfnroles.sources.service_spec.taken_over import taken_over

    managed, statements, left = taken_over(role)
    return replace(service, managed_policies=managed, statements=statements, left=left)


def _compare(output: Path, service: Drafted, from_role: str, execution_role: str, live: bool, profile: str) -> None:
    from cfnroles.answers.verify import verify
    from cfnroles.cli.spec_source import read_services, spec_of
    from cfnroles.formats import verification
    from cfnroles.need import Holder

    spec = spec_of(str(output))
    assert spec is not None  # noqa: S101 - it was written just now
    project = read_services(spec, str(output))
    (prepared,) = project.services
    asked = {Holder.EXECUTION: execution_role, Holder.TASK: from_role}
    verifications = [
        verify(
            prepared.discovery.needs,
            prepared.discovery.gaps,
            _role(named, service, live, profile),
            prepared.facts,
            holder,
            {},
            prove=False,
        )
        for holder, named in asked.items()
        if named
    ]
    click.echo("What the new roles gain is missing from the old ones; what they lose is excess there.\n")
    text = project.texts[str(prepared.service.get("task-definition"))]
    click.echo(verification.human(verifications, text, verification.Terminal(100, False)))


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise InvalidInput(f"cannot be written: {error.strerror}", where=str(path)) from error
