"""``cfnroles check``: do all secrets and parameters exist, asked before any deployment."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from cfnroles.cli.source import read_source, source_options
from cfnroles.errors import BadAnswer, InvalidInput, Unavailable


@click.command("check")
@source_options
@click.option("--json-keys", is_flag=True, help="Read the secrets too, to see that the JSON keys exist.")
@click.option("--keys", is_flag=True, help="Ask also whether the KMS keys of the secrets are enabled.")
@click.option("--profile", default="", help="AWS profile to use. Default: AWS_PROFILE.")
@click.option("--endpoint-url", default="", help="Address to call instead of AWS's own.")
@click.option(
    "--format", "format_", default="human", show_default=True, type=click.Choice(["human", "json", "markdown"])
)
def command(json_keys: bool, keys: bool, profile: str, endpoint_url: str, format_: str, **about: Any) -> None:
    """Ask AWS whether every secret and parameter in SOURCE exists and can be used, with your own credentials.

    The checks are those of the gate in a deployment. No value is read without --json-keys, and none is ever shown.
    """
    from cfnroles.answers.check import Usable, check
    from cfnroles.aws.connection import Connection
    from cfnroles.aws.secret_validator import caller_account, examine
    from cfnroles.formats import check as formats

    source = read_source(**about)
    region = source.facts.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")
    if not region:
        raise InvalidInput(
            "which region's secrets to look at cannot be told",
            where=source.name,
            remedy="Give --region REGION, or set AWS_REGION.",
        )
    connection = Connection(profile, region, endpoint_url)
    references = source.discovery.references
    if references and not (source.facts.account and source.facts.region):
        account = source.facts.account or caller_account(connection)
        source = read_source(**{**about, "account": account, "region": region})
        references = source.discovery.references
    asked = [{"ValueFrom": each.value_from, "For": each.origin.place} for each in references]
    examined, warnings = examine(asked, connection, region, source.facts.account, json_keys=json_keys, keys=keys)
    answer = check(references, examined, warnings)
    written = {"human": formats.human, "json": formats.json_text, "markdown": formats.markdown}
    click.echo(written[format_](answer, source.text))
    if answer.count(Usable.NO):
        sys.exit(BadAnswer.exit_code)
    if answer.count(Usable.UNKNOWN):
        sys.exit(Unavailable.exit_code)
