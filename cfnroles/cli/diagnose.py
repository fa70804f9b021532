"""``cfnroles diagnose``: the cause of an error, and the missing statement."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from cfnroles.cli.completed import FILE
from cfnroles.cli.fixing import change_files, check_asked
from cfnroles.cli.panels import panel_command
from cfnroles.cli.shared_options import format_option, profile_option, yes_option
from cfnroles.cli.source import about_options, only_for_templates, reading_of, resource_options, taken, told
from cfnroles.cli.terminal import say
from cfnroles.errors import InvalidInput, Unavailable
from cfnroles.need import Holder
from cfnroles.page import quoted
from cfnroles.role_kinds import kind_of

if TYPE_CHECKING:
    from cfnroles.answers.diagnose import RoleOf
    from cfnroles.answers.diagnosis import Besides, Diagnosis
    from cfnroles.iam.roles import Role
    from cfnroles.messages.understanding import Understood
    from cfnroles.sources.reading import Reading
    from cfnroles.sources.told import Told


class _Options(Struct, frozen=True):
    text: str
    source: str
    role: str
    live: bool
    cluster: str
    task: str
    stack: str
    service: str
    profile: str
    resource: str
    fix: bool
    yes: bool
    format_: str


def _live_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options about a failure in an account."""
    for option in (
        profile_option("AWS profile for --live. Default: AWS_PROFILE."),
        click.option("--cluster", default="", metavar="CLUSTER", help="With --live: the cluster. Default: default."),
        click.option("--stack", default="", metavar="NAME", help="With --live: a stack whose last operation failed."),
        click.option("--service", default="", metavar="NAME", help="With --live: a service, by its name or ARN."),
        click.option("--task", default="", metavar="TASK", help="With --live: a stopped task, by its ID or ARN."),
        click.option(
            "--live",
            is_flag=True,
            help="Read --task, --service or --stack from AWS; with TEXT, read the role.",
        ),
    ):
        command = option(command)
    return command


@panel_command("diagnose")
@click.argument("text", metavar="[TEXT|FILE|-]", type=FILE, default="")
@click.option("--source", type=FILE, default="", metavar="SOURCE", help="A source as in `cfnroles explain`.")
@click.option(
    "--role", type=FILE, default="", metavar="ROLE", help="The role that made the call, as in `cfnroles verify`."
)
@_live_options
@about_options
@resource_options
@click.option("--fix", is_flag=True, help="Add the statement to the file that the role comes from.")
@yes_option("With --fix: do not ask before changing files.")
@format_option("human", "json")
def command(**given: Any) -> None:
    """Explain a failure of Amazon ECS and how to fix it.

    TEXT is a message: stoppedReason, a container's reason, an event of a service or stack, lines of the agent's or the
    application's log. FILE has such messages, or the output of `aws ecs describe-tasks`, `describe-services` or `aws
    cloudformation describe-stack-events`. - reads standard input. Sends nothing anywhere.

    --source shows which field makes the call, and whether the source's role allows it. For a role outside the source,
    add --role as in `cfnroles verify`, or --live to read it from AWS. A statement is shown only if the role's own
    policy lacks it: no statement helps against another policy.

    --live with --task, --service or --stack reads from AWS why the tasks stopped, the events, the registered task
    definition and its roles. A call that your credentials lack is listed with its permission.

    --fix shows the missing statement as a diff of the role's file, asks, and writes it: to a CloudFormation template,
    Terraform, a policy document or a service spec. All other lines stay. Exits with 1 if a missing statement was not
    written. With --live it needs --source: roles in AWS are never changed.

    Exit codes: 0 cause found; 3 cause unknown, with the possible causes ranked and a command to check each.

    \b
      cfnroles diagnose "ResourceInitializationError: ..." --source template.yaml
      aws ecs describe-tasks --cluster shop --tasks TASK |
          cfnroles diagnose - --source web.json --role roles.yaml:Web
      cfnroles diagnose --live --cluster shop --service web
    """
    options = taken(_Options, given)
    named = [name for name in ("cluster", "task", "stack", "service") if getattr(options, name)]
    if named and not options.live:
        file = " To pass the settings of a service, use --service-file." if named == ["service"] else ""
        raise InvalidInput(f"--{named[0]} requires --live", remedy=f"Also pass --live, or omit it.{file}")
    if options.fix:
        check_asked(options.source, live=options.live, yes=options.yes)
    if named:
        _ask(options, given)
    else:
        _read(options, given)


def _read(options: _Options, about: Mapping[str, Any]) -> None:
    """Diagnose the messages in a text."""
    from cfnroles.answers.diagnose import check_known, diagnosed
    from cfnroles.answers.diagnosis import Besides
    from cfnroles.messages.collecting import collected

    said = collected(_given(options.text or "-", options.source))
    check_known(said)
    readings, texts = _readings(options, told(about, live=options.live, profile=options.profile))
    found = diagnosed(said.heard, readings, _role(options, readings), options.resource)
    _show(found, Besides(said.unknown), texts, options)
    if options.fix:
        sys.exit(_fix(found, options, readings))
    settled = found and not said.unknown and all(each.is_settled for each in found)
    sys.exit(0 if settled else Unavailable.exit_code)


def _ask(options: _Options, about: Mapping[str, Any]) -> None:
    """Diagnose a failure that is read from AWS."""
    from cfnroles.answers.diagnose_live import check_failed, diagnose_gathered
    from cfnroles.sources.live import live_role
    from cfnroles.sources.live_failure import FailedThing, gather

    if options.text:
        raise InvalidInput("TEXT cannot be combined with --task, --service or --stack", remedy="Omit one of them.")
    failure = FailedThing(options.cluster, options.task, options.service, options.stack)
    region = about["region"] or failure.region
    own, texts = _readings(options, told(about, live=True, profile=options.profile))
    gathered = gather(failure, options.profile, region)
    read = partial(live_role, profile=options.profile, region=region)
    role = cache(partial(read, options.role)) if options.role else None
    found = diagnose_gathered(gathered, read, own, (lambda _: role()) if role else None)
    check_failed(found)
    # Responses of Amazon ECS have no source lines: the user does not have their text.
    _show(found.found, found.besides, texts, options)
    if options.fix:
        sys.exit(_fix(found.found, options, own))
    sys.exit(0 if found.is_settled else Unavailable.exit_code)


def _show(found: Sequence[Diagnosis], besides: Besides, texts: Mapping[str, str], options: _Options) -> None:
    from cfnroles.formats import diagnosis
    from cfnroles.formats.pasted_commands import Pasting

    given = Pasting(options.source, options.role)
    if options.format_ == "json":
        say(diagnosis.json_text(found, texts, besides, given))
    else:
        say(diagnosis.human(found, texts, besides, given))


#: What is a file name and no message, even if the file does not exist.
_FILE_NAME = re.compile(r"\S+\.(?:json|ya?ml|txt|log)")


def _given(text: str, source: str) -> str:
    """Return the text itself, or the content of the file that it names."""
    from cfnroles.files import is_file, read_text

    if text == "-" and source == "-":
        raise InvalidInput("only one of TEXT and SOURCE can be standard input", remedy="Pass one as a file.")
    if text == "-" or is_file(text) or _FILE_NAME.fullmatch(text):
        content = read_text(text)
        if content.strip():
            return content
        remedy = "Pass a message, or --live with --task, --service or --stack."
        raise InvalidInput("is empty", where="standard input" if text == "-" else text, remedy=remedy)
    if not text.strip():
        raise InvalidInput("the message is empty", remedy="Check that the shell variable is set.")
    return text


def _readings(options: _Options, about: Told) -> tuple[Sequence[Reading], Mapping[str, str]]:
    """Return the source, or all stacks of a CDK app, with their texts."""
    from cfnroles.files import is_directory
    from cfnroles.sources.directories import holds_terraform

    if not options.source:
        return (), {}
    if is_directory(options.source) and not holds_terraform(options.source):
        from cfnroles.sources.cdk_app import read_app, stacks_with, texts_of

        readings = read_app(options.source, about)
        return tuple(stacks_with(readings, options.resource, options.source)), texts_of(readings)
    reading = reading_of(options.source, about)
    # The template of a role has parameters, too.
    only_for_templates(reading, resource=options.resource, parameter=not options.role and about.parameters)
    return (reading.about(options.resource),), reading.texts


def _fix(found: Sequence[Diagnosis], options: _Options, readings: Sequence[Reading]) -> int:
    from cfnroles.targets.fix import fix

    if options.live:
        from cfnroles.answers.diagnose_live import in_source

        found = in_source(found, readings, options.resource)
    files = {reading.name: options.source for reading in readings if not reading.addressed}
    holder = next((one.holder for each in found for one in each.statements), Holder.EXECUTION)
    role = f" {kind_of(holder).option_name} {quoted(options.role)}" if options.role and not options.live else ""
    then = f"cfnroles verify {quoted(options.source)}{role}" if options.source else ""
    spec = next((reading for reading in readings if reading.project), None)
    fixed = fix(found, "" if options.live else options.role, spec)
    return change_files(found, fixed, files, yes=options.yes, then=then)


def _role(options: _Options, readings: Sequence[Reading]) -> str | RoleOf:
    """Return the given role, or a function that reads the role of each message from AWS."""
    if not options.live:
        return options.role
    from cfnroles.sources.live import live_role

    region = next((task.facts.region for reading in readings for task in reading.tasks), "")
    read = cache(partial(live_role, profile=options.profile, region=region))

    def role_of(each: Understood) -> Role | None:
        name = options.role or (each.denial.role if each.denial else "")
        return read(name) if name else None

    return role_of
