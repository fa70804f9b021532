"""``cfnroles check``: do all secrets and parameters exist, asked before any deployment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from cfnroles.cli.source import source_options, taken, told
from cfnroles.errors import BadAnswer, InvalidInput, Unavailable

if TYPE_CHECKING:
    from cfnroles.answers.check import SecretCheck
    from cfnroles.facts import Facts
    from cfnroles.sources.reading import Reading


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
    from cfnroles.answers.check import SecretCheck, Usable
    from cfnroles.formats import check as formats

    options = taken(_Options, given)
    reading = read(source, told(given))
    answer = sum(_checked(reading, options), start=SecretCheck((), ()))
    written = {"human": formats.human, "json": formats.json_text, "markdown": formats.markdown}
    click.echo(written[options.format_](answer, reading.texts))
    if answer.count(Usable.NO):
        sys.exit(BadAnswer.exit_code)
    if answer.count(Usable.UNKNOWN):
        sys.exit(Unavailable.exit_code)


def _checked(reading: Reading, options: _Options) -> Iterator[SecretCheck]:
    from cfnroles import discover
    from cfnroles.answers.check import at_home, check, left_open
    from cfnroles.aws.connection import Connection
    from cfnroles.aws.secret_validator import examine

    for task in reading.accepted():
        facts, references = task.facts, task.discovery.references
        if not (facts.account and facts.region) and not all(map(left_open, references)):
            facts = _at_home(facts, reading.name, options)
            references = discover(task.workload, facts).references
        references = tuple(at_home(each, facts) for each in references)
        found, warnings = examine(
            [each.asked for each in references if not left_open(each)],
            Connection(options.profile, facts.region, options.endpoint_url),
            facts.account,
            json_keys=options.json_keys,
            keys=options.keys,
        )
        yield check(references, found, warnings)


def _at_home(facts: Facts, name: str, options: _Options) -> Facts:
    """The facts with the account and region that names without them are looked up in: those of the caller."""
    from msgspec.structs import replace

    from cfnroles.aws.connection import Connection
    from cfnroles.aws.secret_validator import caller_account

    region = facts.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")
    if not region:
        raise InvalidInput(
            "which region's secrets to look at cannot be told",
            where=name,
            remedy="Give --region REGION, or set AWS_REGION.",
        )
    account = facts.account or caller_account(Connection(options.profile, region, options.endpoint_url))
    return replace(facts, account=account, region=region)
