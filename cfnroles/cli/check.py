"""``cfnroles check``: do all secrets and parameters exist, asked before any deployment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from cfnroles.cli.source import Source, read_source, source_options
from cfnroles.errors import BadAnswer, InvalidInput, Unavailable

if TYPE_CHECKING:
    from cfnroles.facts import Facts
    from cfnroles.need import Reference


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

    SOURCE is a task definition or a service spec.
    The checks are those of the gate in a deployment. No value is read without --json-keys, and none is ever shown.
    """
    from cfnroles.answers.check import Check, Usable, check
    from cfnroles.aws.connection import Connection
    from cfnroles.aws.secret_validator import examine
    from cfnroles.formats import check as formats

    answer = Check((), ())
    texts: dict[str, str] = {}
    for asked in _asked(about, profile, endpoint_url):
        connection = Connection(profile, asked.facts.region, endpoint_url)
        items = [each.asked for each in asked.references]
        account, region = asked.facts.account, asked.facts.region
        found, warnings = examine(items, connection, region, account, json_keys=json_keys, keys=keys)
        answer += check(asked.references, found, warnings)
        texts |= asked.texts
    written = {"human": formats.human, "json": formats.json_text, "markdown": formats.markdown}
    click.echo(written[format_](answer, texts))
    if answer.count(Usable.NO):
        sys.exit(BadAnswer.exit_code)
    if answer.count(Usable.UNKNOWN):
        sys.exit(Unavailable.exit_code)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The references of one task definition, and the texts of the documents that they stand in."""

    references: tuple[Reference, ...]
    facts: Facts
    texts: Mapping[str, str]


def _asked(about: Mapping[str, Any], profile: str, endpoint_url: str) -> Iterator[_Asked]:
    from cfnroles.cli.spec_source import read_services, spec_of

    if spec := spec_of(about["source"]):
        project = read_services(spec, about["source"], about)
        for service in project.services:
            yield _Asked(service.discovery.references, service.facts, project.texts)
        return
    source = read_source(**about)
    if source.discovery.references and not (source.facts.account and source.facts.region):
        source = read_source(**{**about, **_home(source, profile, endpoint_url)})
    yield _Asked(source.discovery.references, source.facts, {source.name: source.text})


def _home(source: Source, profile: str, endpoint_url: str) -> dict[str, str]:
    """The account and region that names without them are looked up in: those of the caller."""
    from cfnroles.aws.connection import Connection
    from cfnroles.aws.secret_validator import caller_account

    region = source.facts.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")
    if not region:
        raise InvalidInput(
            "which region's secrets to look at cannot be told",
            where=source.name,
            remedy="Give --region REGION, or set AWS_REGION.",
        )
    account = source.facts.account or caller_account(Connection(profile, region, endpoint_url))
    return {"account": account, "region": region}
