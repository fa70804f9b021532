"""``cfnroles check``: whether all secrets and parameters exist, before a deployment."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from cfnroles.cli.panels import panel_command
from cfnroles.cli.shared_options import endpoint_option, format_option, profile_option
from cfnroles.cli.source import (
    only_for_templates,
    parameter_option,
    reading_of,
    resource_option,
    source_options,
    taken,
    told,
)
from cfnroles.cli.terminal import say
from cfnroles.errors import BadAnswer, InvalidInput, Unavailable

if TYPE_CHECKING:
    from cfnroles.answers.check import SecretCheck
    from cfnroles.answers.check_template import TemplateReferences
    from cfnroles.aws.connection import Connection
    from cfnroles.aws.secret_validator import Examined
    from cfnroles.facts import Facts
    from cfnroles.need import Reference
    from cfnroles.sources.reading import Reading, Task
    from cfnroles.sources.told import Told

#: A Region and account, and the references to look up there.
_Place = tuple[str, str]
_Asked = tuple[_Place, tuple["Reference", ...]]


class _Options(Struct, frozen=True):
    resource: str
    json_keys: bool
    keys: bool
    profile: str
    endpoint_url: str
    format_: str


@panel_command("check")
@source_options
@resource_option
@parameter_option
@click.option("--json-keys", is_flag=True, help="Read the secrets, and check that the JSON keys exist.")
@click.option("--keys", is_flag=True, help="Check that the KMS keys of the secrets are enabled.")
@profile_option()
@endpoint_option
@format_option("human", "json", "markdown")
def command(source: str, **given: Any) -> None:
    """Check that every secret and parameter in SOURCE exists and is usable, with your own credentials.

    SOURCE is a task definition, a service spec, a CloudFormation template, or the directory that `cdk synth` writes.
    Secrets that a template creates itself are not checked.

    Runs the same checks as the gate in a deployment. Reads no value unless you add --json-keys, and prints none.
    """
    from cfnroles.answers.check import Usable
    from cfnroles.files import is_directory
    from cfnroles.formats import check as formats
    from cfnroles.sources.directories import holds_terraform

    options = taken(_Options, given)
    about = told(given)
    if is_directory(source) and not holds_terraform(source):
        answer, texts = _of_app(source, about, options)
    else:
        reading = reading_of(source, about)
        only_for_templates(reading, resource=options.resource, parameter=about.parameters)
        answer, texts = _checked(reading.about(options.resource), options, about.region), reading.texts
    written = {"human": formats.human, "json": formats.json_text, "markdown": formats.markdown}
    say(written[options.format_](answer, texts))
    if answer.count(Usable.NO):
        sys.exit(BadAnswer.exit_code)
    if answer.count(Usable.UNKNOWN) or answer.unseen:
        sys.exit(Unavailable.exit_code)


def _of_app(source: str, about: Told, options: _Options) -> tuple[SecretCheck, Mapping[str, str]]:
    """Check the references of all stacks of a CDK app. Return the results and the texts of the stacks."""
    from cfnroles.answers.check import SecretCheck
    from cfnroles.answers.check_template import unseen_in
    from cfnroles.sources.cdk_app import own_tasks, read_app, stacks_with, texts_of

    readings, found = read_app(source, about), SecretCheck((), ())
    for reading in stacks_with(readings, options.resource, source):
        if own_tasks(reading):
            found += _checked(reading, options, reading.told.region)
        elif reading.template is not None:
            found += SecretCheck((), (), unseen_in(reading, reading.template))
    return found, texts_of(readings)


def _checked(reading: Reading, options: _Options, region: str) -> SecretCheck:
    """Check the references of all tasks. Those of one account and Region are looked up together."""
    from cfnroles.answers.check import SecretCheck, check, left_open
    from cfnroles.answers.check_template import elsewhere
    from cfnroles.aws.connection import Connection
    from cfnroles.aws.secret_validator import examine
    from cfnroles.formats.taken import defaults_words

    connection = Connection(options.profile, region, options.endpoint_url)
    found = _found(reading, options.resource)
    made = found.made if found else frozenset()
    if found:
        tasks: tuple[_Asked, ...] = (_placed(found, reading, connection),)
    else:
        tasks = tuple(_references(task, reading.name, connection) for task in reading.accepted())
        own = {each.origin for task in reading.tasks for each in task.made}
        made = frozenset(each for _, references in tasks for each in references if each.origin in own)
    places: dict[_Place, list[Reference]] = {}
    for place, references in tasks:
        asked = (each for each in references if each not in made and not left_open(each))
        places.setdefault(place, []).extend(asked)
    answers: dict[_Place, Iterator[Examined]] = {}
    warnings: list[str] = []
    for (home, account), several in places.items():
        examined, warned = examine(
            [each.asked for each in several], connection, home, account, json_keys=options.json_keys, keys=options.keys
        )
        answers[home, account] = iter(examined)
        warnings += warned
    if found and found.defaults:
        warnings.append(defaults_words(found.defaults).rstrip("."))
    checked = (check(references, answers[place], (), made) for place, references in tasks)
    return sum(checked, start=SecretCheck((), tuple(warnings), found.unseen if found else elsewhere(reading)))


def _found(reading: Reading, resource: str) -> TemplateReferences | None:
    from cfnroles.answers.check_template import template_references

    return template_references(reading, reading.template, resource) if reading.template is not None else None


def _placed(found: TemplateReferences, reading: Reading, connection: Connection) -> _Asked:
    """Return the references of a template's task definitions with their Region and account."""
    from cfnroles.answers.check import at_home, left_open
    from cfnroles.answers.template_tasks import known_of

    facts, _ = known_of(reading)
    if not all(each in found.made or left_open(each) for each in found.references):
        facts = _at_home(facts, reading.name, connection)
    placed = tuple(each if each in found.made else at_home(each, facts) for each in found.references)
    return (facts.region, facts.account), placed


def _references(task: Task, name: str, connection: Connection) -> _Asked:
    """Return the Region and account of a task, and its references in the form that ECS reads there."""
    from msgspec.structs import replace

    from cfnroles import discover
    from cfnroles.answers.check import at_home, left_open
    from cfnroles.written import as_written

    facts, references = task.facts, task.discovery.references
    if not (facts.account and facts.region) and not all(each in task.made or left_open(each) for each in references):
        facts = _at_home(facts, name, connection)
        if not task.address:
            references = discover(task.workload, facts).references
    told = (replace(each, value_from=as_written(each.value_from)) if each in task.made else each for each in references)
    return (facts.region, facts.account), tuple(at_home(each, facts) for each in told)


def _at_home(facts: Facts, name: str, connection: Connection) -> Facts:
    """Return the facts with an account and Region for names that have none: those of the caller."""
    from msgspec.structs import replace

    from cfnroles.aws.caller import caller_of

    region = facts.region or connection.home_region
    if not region:
        raise InvalidInput(
            "cannot determine the Region of the secrets",
            where=name,
            remedy="Pass --region REGION, or set AWS_REGION.",
        )
    return replace(facts, account=facts.account or caller_of(connection).account, region=region)
