"""``cfnroles init``: a first service spec, from existing files."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from cfnroles.cli.completed import FILE
from cfnroles.cli.panels import panel_command
from cfnroles.cli.paths import PathParameter, pass_over
from cfnroles.cli.shared_options import profile_option, region_option
from cfnroles.cli.source import taken
from cfnroles.cli.terminal import is_asked, note, say
from cfnroles.counted import counted
from cfnroles.errors import InvalidInput
from cfnroles.files import TooLarge, exists, is_directory, is_file
from cfnroles.page import Page, page, quoted, visible

if TYPE_CHECKING:
    from cfnroles.facts import Facts
    from cfnroles.iam.roles import Role
    from cfnroles.sources.reading import Reading
    from cfnroles.sources.service_spec.draft import Drafted


#: The number of commands that a message lists.
_MOST_COMMANDS = 3


class _Options(Struct, frozen=True):
    output: Path
    project: str
    live: bool
    from_role: str
    execution_role: str
    profile: str
    region: str


@panel_command("init")
@click.argument("sources", metavar="[SOURCE...]", type=FILE, nargs=-1)
@click.option(
    "-o",
    "--output",
    default="cfnroles.yaml",
    show_default=True,
    type=PathParameter(dir_okay=False),
    metavar="FILE",
    help="New file to write.",
)
@click.option("--project", default="", metavar="NAME", help="The project. Default: the directory's name.")
@click.option("--live", is_flag=True, help="SOURCE is CLUSTER/SERVICE or FAMILY[:REVISION] in Amazon ECS.")
@click.option("--from-role", type=FILE, default="", metavar="ROLE", help="Start from what this task role allows.")
@click.option("--execution-role", type=FILE, default="", metavar="ROLE", help="Compare with this execution role.")
@profile_option("AWS profile for --live. Default: AWS_PROFILE.")
@region_option("AWS Region for --live. Default: AWS_REGION.")
def command(sources: tuple[str, ...], **given: Any) -> None:
    """Write a commented service spec for existing task definitions.

    Without SOURCE, searches this folder and below, asks on a terminal for what is open, and shows the commands for
    templates, CDK apps and Terraform, which need no spec. Also writes the schema with which editors complete and check
    the spec.

    SOURCE is a task definition in JSON or YAML, or a directory of them. ROLE is FILE:NAME for the output of `aws iam
    get-account-authorization-details`, FILE:LogicalId in a CloudFormation template, a policy document in JSON, or a
    role name with --live. Shows what the new roles gain and lose against it.
    """
    from cfnroles.sources.service_spec.draft import draft

    options = taken(_Options, given)
    _check(options)
    output = options.output
    # Without SOURCE, the commands for the files here are shown, also if a spec exists.
    named = sources or _found(options)
    if not named:
        return
    if exists(output):
        raise InvalidInput(
            "already exists; init does not overwrite files", where=str(output), remedy="Pass another file with -o FILE."
        )
    services = _drafts(named, options)
    log_groups = True
    if not sources and is_asked():
        from cfnroles.cli.init_here import asked

        services, log_groups = asked(services, output)
    _write(output, draft(options.project or _project(output, services), services, log_groups=log_groups))
    _write_schema(output.parent)
    count = len(services)
    note(f"Wrote {output}: {counted(count, 'service')}. Build its stacks: cfnroles build {quoted(str(output))}")
    if options.execution_role or options.from_role:
        _compare(services[0].facts, options)


def _check(options: _Options) -> None:
    """Raise InvalidInput for options that have no effect, or that no spec can have."""
    from cfnroles.sources.service_spec.forms import PROJECT

    if options.region and not options.live:
        remedy = "Also pass --live, or omit --region: the spec has the Region."
        raise InvalidInput("--region requires --live", remedy=remedy)
    if options.project and (refused := PROJECT.refused(options.project)):
        raise InvalidInput(f"--project {refused}", remedy=PROJECT.remedy)


def _drafts(named: Sequence[str], options: _Options) -> Sequence[Drafted]:
    """Return the services of the sources, with the permissions of their role if one was given."""
    read = _live if options.live else _files
    found = [each for source in named for each in read(source, options)]
    # A file may be named twice: alone, and by its directory. Services in Amazon ECS may share a task definition.
    services = _distinct(found if options.live else list({each.path: each for each in found}.values()))
    if (options.from_role or options.execution_role) and len(services) > 1:
        raise InvalidInput("--from-role and --execution-role require a single service", remedy="Pass one SOURCE.")
    if options.from_role:
        return [_with_role(services[0], _role(options.from_role, services[0].facts, options))]
    return services


def _found(options: _Options) -> tuple[str, ...]:
    """Return the task definitions in this folder and below, and print the commands for all other sources."""
    from cfnroles.cli.init_here import look, meanings

    if options.live:
        raise InvalidInput("--live requires a SOURCE", remedy="Pass CLUSTER/SERVICE or FAMILY[:REVISION].")
    here = look()
    commands = list(here.commands)
    unread = page(f"  {each}" for each in here.unread)
    if not here.definitions and not commands:
        raise _nothing(unread)
    if unread:
        say("Skipped, because it cannot be read:", unread, "", err=True)
    if commands:
        say("These need no spec:", *(f"  {command}" for command in commands), meanings(commands), "", err=True)
    if here.definitions:
        say("Found task definitions:", *(f"  {name}" for name in here.definitions), "", err=True)
    return here.definitions


def _nothing(unread: Page) -> InvalidInput:
    """Return the error if nothing can be written: no source, or none that can be read."""
    if unread:
        return InvalidInput(
            "no readable task definition in this folder or its subfolders",
            why=unread,
            remedy="Fix these files, and run cfnroles init again.",
        )
    return InvalidInput(
        "no task definition in this folder or its subfolders",
        why="Searched for task definitions, templates, cdk.out and Terraform.",
        remedy=page(
            [
                "Pass one: cfnroles init SOURCE",
                "Or read one from Amazon ECS: cfnroles init --live CLUSTER/SERVICE",
            ]
        ),
    )


def _write_schema(folder: Path) -> None:
    """Write the schema next to the spec, unless one exists."""
    from cfnroles.sources.service_spec.draft import SCHEMA_FILE
    from cfnroles.sources.service_spec.schema import schema_text

    path = folder / SCHEMA_FILE
    if not exists(path):
        _write(path, schema_text())


def _files(source: str, options: _Options) -> list[Drafted]:
    from cfnroles import read
    from cfnroles.document import read_document
    from cfnroles.sources.source import recognised

    if source == "-":
        raise InvalidInput("a spec cannot name standard input", remedy="Save the task definition as a file first.")
    path = Path(source)
    if not is_directory(source):
        return [_drafted(read(source), path, options)]
    files = [file for file in sorted(path.glob("*")) if file.suffix in (".json", ".yaml", ".yml") and is_file(file)]
    documents = []
    for file in files:
        try:
            documents.append((read_document(str(file)), file))
        except TooLarge as error:
            pass_over(error)
    readings = [(read(document), file) for document, file in documents if recognised(document)]
    found = [_drafted(each, file, options) for each, file in readings if each.tasks and not each.project]
    if not found:
        raise InvalidInput("has no task definition in a file of its own", where=source, remedy=_without_spec(source))
    return found


def _without_spec(folder: str) -> str:
    """Return the commands for the sources in a folder that need no spec."""
    from cfnroles.cli.init_here import look

    commands = [f"`{each}`" for each in look(folder).commands]
    if not commands:
        return "A task definition has containerDefinitions."
    return f"What is there needs no spec: in that directory, run {' or '.join(commands[:_MOST_COMMANDS])}."


def _drafted(reading: Reading, path: Path, options: _Options, described: Path | None = None) -> Drafted:
    from cfnroles.sources.service_spec.draft import Drafted, service_name

    task = reading.task()
    for each in filter(None, (path, described)):
        if visible(str(each)) != str(each):
            what = "has a name with characters that no spec can have"
            raise InvalidInput(what, where=str(each), remedy="Rename the file.")
    paths = [os.path.relpath(each, options.output.parent) if each else "" for each in (path, described)]
    return Drafted(service_name(task.name), paths[0], task.workload, task.facts, paths[1])


def _live(source: str, options: _Options) -> list[Drafted]:
    from cfnroles import read
    from cfnroles.aws.connection import Connection
    from cfnroles.aws.ecs import Ecs
    from cfnroles.document import Document

    ecs = Ecs(Connection(options.profile, options.region))
    cluster, slash, name = source.partition("/")
    settings, definition = ecs.service(cluster, name) if slash else ("", source)
    text = ecs.task_definition(definition)
    family = definition.rsplit("/", 1)[-1].replace(":", "-")
    path = options.output.parent / f"{family}.json"
    described = options.output.parent / f"{name}-service.json" if slash else None
    for each in filter(None, (path, described)):
        if exists(each):
            raise InvalidInput("already exists; init does not overwrite files", where=str(each), remedy="Move it away.")
    drafted = _drafted(read(Document(path.name, text)), path, options, described)
    if described:
        _write(described, _as_created(settings, described.name))
    _write(path, text)
    return [drafted]


def _as_created(settings: str, name: str) -> str:
    """Return the part of describe-services output that create-service accepts: the rest changes with every
    deployment.
    """
    from cfnroles.sources.settings import create_service, read_service

    return json.dumps(create_service(read_service(settings, name)), indent=2) + "\n"


def _distinct(services: list[Drafted]) -> list[Drafted]:
    from msgspec.structs import replace

    taken: dict[str, int] = {}
    distinct = []
    for each in services:
        taken[each.name] = taken.get(each.name, 0) + 1
        number = taken[each.name]
        distinct.append(each if number == 1 else replace(each, name=f"{each.name[:58]}-{number}"))
    return distinct


def _project(output: Path, services: Sequence[Drafted]) -> str:
    from cfnroles.sources.service_spec.draft import service_name

    return service_name(output.absolute().parent.name) if len(services) > 1 else services[0].name


def _role(named: str, facts: Facts, options: _Options) -> Role:
    if options.live:
        from cfnroles.sources.live import live_role

        return live_role(named, options.profile, facts.region)
    from cfnroles.sources.roles import read_role_of

    return read_role_of(named, facts)


def _with_role(service: Drafted, role: Role) -> Drafted:
    from msgspec.structs import replace

    from cfnroles.sources.service_spec.taken_over import taken_over

    managed, statements, left = taken_over(role)
    return replace(service, managed_policies=managed, statements=statements, left=left)


def _compare(facts: Facts, options: _Options) -> None:
    from cfnroles import read, verify
    from cfnroles.formats import verification
    from cfnroles.need import Holder

    reading = read(options.output)
    asked = {Holder.EXECUTION: options.execution_role, Holder.TASK: options.from_role}
    verifications = [verify(reading, _role(named, facts, options), holder) for holder, named in asked.items() if named]
    say("What the new roles gain is missing from the old ones; what they lose is excess there.", "")
    say(verification.human(verifications, reading.texts))


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file, _whole(path):
            file.write(text)
            file.flush()
    except OSError as error:
        raise InvalidInput(f"cannot be written: {error.strerror}", where=str(path)) from error


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Remove the file if it cannot be written completely."""
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise
