"""``cfnroles check``: do all secrets and parameters exist, asked before any deployment."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from cfnroles.cli.source import source_options, taken, told
from cfnroles.cli.terminal import say
from cfnroles.errors import BadAnswer, InvalidInput, Unavailable

if TYPE_CHECKING:
    from cfnroles.answers.check import SecretCheck
    from cfnroles.aws.connection import Connection
    from cfnroles.aws.secret_validator import Examined
    from cfnroles.facts import Facts
    from cfnroles.need import Reference
    from cfnroles.sources.reading import Reading, Task


class _Options(Struct, frozen=True):
    json_keys: bool
    keys: bool
    profile: str
    endpoint_url: str
    format_: str


@click.command("check")
@source_options
@click.option("--json-keys", is_flag=True, help="Read the secrets too, to see that the JSON keys exist.")
@click.option("--keys", is_flag=True, help="Ask also whether the KMS keys of the secrets are enabled.")
@click.option("--profile", default="", help="AWS profile to use. Default: AWS_PROFILE.")
@click.option("--endpoint-url", default="", help="Address to call instead of AWS's own.")
@click.option(
    "--format", "format_", default="human", show_default=True, type=click.Choice(["human", "json", "markdown"])
)
def command(source: str, **given: Any) -> None:
    """Ask AWS whether every secret and parameter in SOURCE exists and can be used, with your own credentials.

    SOURCE is a task definition or a service spec.
    The checks are those of the gate in a deployment. No value is read without --json-keys, and none is ever shown.
    """
    from cfnroles import read
    from cfnroles.answers.check import Usable
    from cfnroles.formats import check as formats

    options = taken(_Options, given)
    about = told(given)
    reading = read(source, about)
    answer = _checked(reading, options, about.region)
    written = {"human": formats.human, "json": formats.json_text, "markdown": formats.markdown}
    say(written[options.format_](answer, reading.texts))
    if answer.count(Usable.NO):
        sys.exit(BadAnswer.exit_code)
    if answer.count(Usable.UNKNOWN):
        sys.exit(Unavailable.exit_code)


def _checked(reading: Reading, options: _Options, region: str) -> SecretCheck:
    """What is found out about the references of all tasks: those of one account and Region are asked about at once."""
    from cfnroles.answers.check import SecretCheck, check, left_open
    from cfnroles.aws.connection import Connection
    from cfnroles.aws.secret_validator import examine

    connection = Connection(options.profile, region, options.endpoint_url)
    tasks = tuple(_references(task, reading.name, connection) for task in reading.accepted())
    places: dict[tuple[str, str], list[Reference]] = {}
    for place, references in tasks:
        places.setdefault(place, []).extend(each for each in references if not left_open(each))
    answers: dict[tuple[str, str], Iterator[Examined]] = {}
    warnings: list[str] = []
    for (home, account), asked in places.items():
        examined, warned = examine(
            [each.asked for each in asked], connection, home, account, json_keys=options.json_keys, keys=options.keys
        )
        answers[home, account] = iter(examined)
        warnings += warned
    checked = (check(references, answers[place], ()) for place, references in tasks)
    return sum(checked, start=SecretCheck((), tuple(warnings)))


def _references(task: Task, name: str, connection: Connection) -> tuple[tuple[str, str], tuple[Reference, ...]]:
    """The Region and account of a task, and its references as ECS is given them there."""
    from cfnroles import discover
    from cfnroles.answers.check import at_home, left_open

    facts, references = task.facts, task.discovery.references
    if not (facts.account and facts.region) and not all(map(left_open, references)):
        facts = _at_home(facts, name, connection)
        references = discover(task.workload, facts).references
    return (facts.region, facts.account), tuple(at_home(each, facts) for each in references)


def _at_home(facts: Facts, name: str, connection: Connection) -> Facts:
    """The facts with the account and region that names without them are looked up in: those of the caller."""
    from msgspec.structs import replace

    from cfnroles.aws.caller import caller_of

    region = facts.region or connection.home_region
    if not region:
        raise InvalidInput(
            "which region's secrets to look at cannot be told",
            where=name,
            remedy="Give --region REGION, or set AWS_REGION.",
        )
    return replace(facts, account=facts.account or caller_of(connection).account, region=region)
