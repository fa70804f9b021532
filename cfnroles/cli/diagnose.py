"""``cfnroles diagnose``: from an error to its cause, and to the statement if one is missing."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from cfnroles.cli.source import about_options, only_for_templates, reading_of, resource_options, taken, told
from cfnroles.cli.terminal import say, width
from cfnroles.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from cfnroles.answers.diagnose import RoleOf
    from cfnroles.iam.roles import Role
    from cfnroles.messages.understanding import Understood
    from cfnroles.sources.reading import Reading
    from cfnroles.sources.told import Told


class _Options(Struct, frozen=True):
    source: str
    role: str
    live: bool
    profile: str
    resource: str
    format_: str


@click.command("diagnose")
@click.argument("text", metavar="TEXT|FILE|-", default="-")
@click.option(
    "--source", default="", metavar="SOURCE", help="The task definition, spec, template, cdk.out or Terraform."
)
@click.option("--role", default="", metavar="ROLE", help="The role that made the call, as `verify` takes it.")
@click.option("--live", is_flag=True, help="Read the role from AWS: ROLE, or that of the message. Reads only.")
@click.option("--profile", default="", help="AWS profile to use with --live. Default: AWS_PROFILE.")
@about_options
@resource_options
@click.option("--format", "format_", default="human", show_default=True, type=click.Choice(["human", "json"]))
def command(text: str, **given: Any) -> None:
    """Tell what is behind a failure of Amazon ECS, and what to do.

    TEXT is a message as you have it: stoppedReason, the reason of a container, an event of a service or a stack, lines
    of the agent's or the application's log. FILE holds such texts, or what `aws ecs describe-tasks`,
    `describe-services` or `aws cloudformation describe-stack-events` answers; `-` reads standard input.

    With --source it tells which field asked for the call, and whether the role allows it that the source gives to the
    task. A role that stands elsewhere is told with --role, as `cfnroles verify` takes it, or read from AWS with --live.
    A statement is shown only where the role's own policy lacks one: no other policy is cured by it. Nothing is sent
    anywhere.

    The exit code is 0 if the cause is known, and 3 if the text cannot decide: then the causes are ranked, each with
    the command that decides.

    \b
      cfnroles diagnose "ResourceInitializationError: ..." --source template.yaml
      aws ecs describe-tasks --cluster shop --tasks TASK | cfnroles diagnose - --source web.json --role roles.yaml:Web
    """
    from cfnroles.answers.diagnose import check_known, diagnosed
    from cfnroles.answers.diagnosis import Besides
    from cfnroles.formats import diagnosis
    from cfnroles.messages.collecting import collected

    options = taken(_Options, given)
    said = collected(_given(text, options.source))
    check_known(said)
    readings, texts = _readings(options, told(given, live=options.live, profile=options.profile))
    found = diagnosed(said.heard, readings, _role(options, readings), options.resource)
    besides = Besides(said.unknown)
    if options.format_ == "json":
        say(diagnosis.json_text(found, texts, besides))
    else:
        say(diagnosis.human(found, texts, width(), besides))
    settled = found and not said.unknown and all(each.is_settled for each in found)
    sys.exit(0 if settled else Unavailable.exit_code)


def _given(text: str, source: str) -> str:
    """The text itself, or that of the file it names."""
    from cfnroles.files import is_file, read_text

    if text == "-" and source == "-":
        raise InvalidInput("both the message and SOURCE are to come from standard input", remedy="Give one as a file.")
    if text == "-" or is_file(text):
        return read_text(text)
    if not text.strip():
        raise InvalidInput("the message is empty", remedy="Is a variable of the shell not set?")
    return text


def _readings(options: _Options, about: Told) -> tuple[Sequence[Reading], Mapping[str, str]]:
    """The source, or all stacks of an app of the CDK, with their texts."""
    from cfnroles.files import is_directory
    from cfnroles.sources.source import holds_terraform

    if not options.source:
        return (), {}
    if is_directory(options.source) and not holds_terraform(options.source):
        from cfnroles.sources.cdk_app import read_app, stacks_with, texts_of

        readings = read_app(options.source, about)
        return tuple(stacks_with(readings, options.resource, options.source)), texts_of(readings)
    reading = reading_of(options.source, about)
    only_for_templates(reading, resource=options.resource)
    return (reading.about(options.resource),), reading.texts


def _role(options: _Options, readings: Sequence[Reading]) -> str | RoleOf:
    """The role that was given, or what reads that of each message from AWS."""
    if not options.live:
        return options.role
    from cfnroles.sources.live import live_role

    region = next((task.facts.region for reading in readings for task in reading.tasks), "")
    read = cache(partial(live_role, profile=options.profile, region=region))

    def role_of(each: Understood) -> Role | None:
        name = options.role or (each.denial.role if each.denial else "")
        return read(name) if name else None

    return role_of
