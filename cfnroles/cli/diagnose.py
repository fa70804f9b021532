"""``cfnroles diagnose``: from an error to its cause, and to the statement if one is missing."""

from __future__ import annotations

import sys
from typing import Any

import click

from cfnroles.cli.source import about_options, only_for_templates, reading_of, resource_options, told
from cfnroles.cli.terminal import say, width
from cfnroles.errors import InvalidInput, Unavailable


@click.command("diagnose")
@click.argument("text", metavar="TEXT|FILE|-", default="-")
@click.option("--source", default="", metavar="SOURCE", help="The task definition, spec, template or Terraform.")
@click.option("--role", default="", metavar="ROLE", help="The role that made the call, as `verify` takes it.")
@about_options
@resource_options
@click.option("--format", "format_", default="human", show_default=True, type=click.Choice(["human", "json"]))
def command(text: str, source: str, role: str, resource: str, format_: str, **about: Any) -> None:
    """Tell what is behind a failure of Amazon ECS, and what to do.

    TEXT is a message as you have it: stoppedReason, the reason of a container, an event of a service or a stack, lines
    of the agent's or the application's log. FILE holds such texts, or what `aws ecs describe-tasks`,
    `describe-services` or `aws cloudformation describe-stack-events` answers; `-` reads standard input.

    With --source it tells which field asked for the call. With --role it asks whether the role allows it. A statement
    is shown only where the role's own policy lacks one: no other policy is cured by it. Nothing is sent anywhere.

    The exit code is 0 if the cause is known, and 3 if the text cannot decide: then the causes are ranked, each with
    the command that decides.

    \b
      cfnroles diagnose "ResourceInitializationError: ..." --source web.json
      aws ecs describe-tasks --cluster shop --tasks TASK | cfnroles diagnose - --source web.json --role roles.yaml:Web
    """
    from cfnroles.answers.diagnose import check_known, diagnosed
    from cfnroles.answers.diagnosis import Besides
    from cfnroles.formats import diagnosis
    from cfnroles.messages.collecting import collected

    given = _given(text, source)
    reading = reading_of(source, told(about)) if source else None
    if reading is not None:
        only_for_templates(reading, resource=resource)
    said = collected(given)
    check_known(said)
    found, besides = diagnosed(said.heard, reading, role, resource), Besides(said.unknown)
    texts = reading.texts if reading else {}
    if format_ == "json":
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
