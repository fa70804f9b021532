"""``cfnroles audit``: used and unused statements of roles, and what a trail cannot show."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from cfnroles.cli.completed import FILE
from cfnroles.cli.panels import panel_command
from cfnroles.cli.paths import PathParameter
from cfnroles.cli.role_options import role_options, taken_roles
from cfnroles.cli.shared_options import format_option, profile_option, several
from cfnroles.cli.source import about_options, only_for_templates, pairs, reading_of, resource_options, taken, told
from cfnroles.cli.terminal import note, say
from cfnroles.errors import BadAnswer, InvalidInput, Unavailable
from cfnroles.files import exists

if TYPE_CHECKING:
    from cfnroles.answers.audit_subjects import AuditQuestion
    from cfnroles.answers.audited import Audit
    from cfnroles.sources.reading import Reading
    from cfnroles.sources.told import Told

#: A file with its name in messages.
_SUFFIXES = (".json", ".yaml", ".yml", ".template")


class _Options(Struct, frozen=True):
    events: tuple[str, ...]
    sources: tuple[str, ...]
    called: Mapping[str, str]
    live: bool
    days: int
    profile: str
    fleet: bool
    output: Path | None
    format_: str
    resource: str


@panel_command("audit")
@several("--events", metavar="FILE|DIR|-", type=FILE, help="CloudTrail events, or IAM's last accessed details.")
@several(
    "--source",
    "sources",
    metavar="SOURCE",
    type=FILE,
    help="A source as in `cfnroles explain`, or a directory of them.",
)
@role_options(several=True)
@several(
    "--called",
    metavar="ROLE=NAME",
    callback=pairs,
    help="Name or ARN in the account of a role of a template or Terraform.",
)
@about_options
@resource_options
@click.option("--live", is_flag=True, help="Read roles from AWS, and without --events the event history.")
@click.option("--days", default=90, show_default=True, metavar="N", help="With --live: days of the event history.")
@profile_option("AWS profile for --live. Default: AWS_PROFILE.")
@click.option("--fleet", is_flag=True, help="One line for each role, the most urgent first.")
@click.option(
    "-o",
    "--output",
    default=None,
    type=PathParameter(file_okay=False),
    metavar="DIRECTORY",
    help="Write tight policies and differences to a new directory.",
)
@format_option("human", "json", "markdown", "html")
def command(**given: Any) -> None:
    """Find unused permissions of roles with CloudTrail.

    Each action on each resource of each statement is used, denied by another policy, unused in the window, or unknown.
    It is unknown if CloudTrail does not record it, or if the trail does not show that it records such events.
    Permissions that a field of a task definition needs, and unknown ones, are kept.

    FILE is a file that CloudTrail delivers, compressed or not; JSON lines; or the output of `aws cloudtrail
    lookup-events`, CloudTrail Lake or `aws iam get-service-last-accessed-details`. The output of `aws cloudtrail
    get-event-selectors` shows which calls the trail records, even if it has none of them. DIR is a directory of such
    files, for example a copy of AWSLogs.

    ROLE is as in `cfnroles verify`. The output of `aws iam get-account-authorization-details` without a role name
    means all roles that the sources name. Without ROLE, audits the roles of a template or of Terraform; with --live,
    those that the task definitions name.

    Exit codes: 0 nothing to remove; 1 a permission is unused or denied, or a role is unused; 3 a permission that no
    field needs is unknown.

    \b
      cfnroles audit --events AWSLogs/ --source web.json \\
          --role account.json:web-execution
      cfnroles audit --live --days 30 --source web.json \\
          --format html > review.html
      cfnroles audit --events AWSLogs/ --source task-definitions/ \\
          --role account.json --fleet
    """
    by_holder = taken_roles(given)
    roles = tuple((holder, text) for holder, texts in by_holder.items() for text in texts)
    options = taken(_Options, given)
    _check(options)
    readings = tuple(each for source in options.sources for each in _readings(source, told(given), options.resource))
    for each in readings:
        only_for_templates(each, resource=options.resource)
    readings = tuple(each.about(options.resource) for each in readings)
    from cfnroles.answers.audit_subjects import AuditQuestion

    read = _live_reader(options) if options.live else None
    asked = AuditQuestion(
        readings,
        roles,
        options.called,
        given["account"],
        given["region"],
        dict(given["parameters"]),
        read,
        options.resource,
    )
    found = _audit(asked, options)
    _show(found, readings, options)
    if options.output:
        _write(found, options.output)
    sys.exit(BadAnswer.exit_code if found.has_problems else Unavailable.exit_code if found.is_open else 0)


def _check(options: _Options) -> None:
    if not options.events and not options.live:
        raise InvalidInput(
            "no events to read",
            remedy="Pass --events FILE or DIR, or --live for the event history of the account.",
        )
    if list(options.events).count("-") + list(options.sources).count("-") > 1:
        raise InvalidInput("only one of --events and --source can be standard input")
    if options.output and exists(options.output):
        raise InvalidInput("already exists", where=str(options.output), remedy="Pass a new directory with -o DIR.")


def _readings(source: str, about: Told, resource: str) -> tuple[Reading, ...]:
    """Return the readings of one SOURCE. A directory of task definitions has one for each file."""
    from cfnroles.document import read_document
    from cfnroles.files import below_directly, is_directory
    from cfnroles.sources.cdk_app import read_app, stacks_with
    from cfnroles.sources.directories import holds_terraform, is_app
    from cfnroles.sources.source import recognised

    if source == "-" or not is_directory(source) or holds_terraform(source):
        return (reading_of(source, about),)
    if is_app(source):
        return tuple(stacks_with(read_app(source, about), resource, source))
    documents = [read_document(str(Path(source, name))) for name in below_directly(source) if name.endswith(_SUFFIXES)]
    known = [each for each in documents if recognised(each)]
    for each in documents:
        if each not in known:
            note(f"note: skipped {each.name}: not a task definition, spec or template")
    if not known:
        raise InvalidInput("has no task definition, spec or template", where=source)
    return tuple(reading_of(each, about) for each in known)


def _live_reader(options: _Options) -> Any:
    from cfnroles.sources.live import live_role

    return lambda name, region: live_role(name, options.profile, region)


def _audit(asked: AuditQuestion, options: _Options) -> Audit:
    from cfnroles.answers.audit_subjects import audit, subjects_of

    if options.events:
        return audit(asked, options.events)
    from cfnroles.answers.audit import audit_roles
    from cfnroles.answers.usage import grants_of
    from cfnroles.sources.live_trail import LiveTrail

    subjects = subjects_of(asked)
    region = asked.region or next((each.facts.region for each in subjects if each.facts.region), "")
    services = {each.granted.action.partition(":")[0] for one in subjects for each in grants_of(one.role)}
    arns = tuple(each.role.arn for each in subjects if each.role.arn)
    return audit_roles(subjects, LiveTrail(options.profile, region, options.days, arns, tuple(sorted(services))).read)


def _show(found: Audit, readings: tuple[Reading, ...], options: _Options) -> None:
    from cfnroles.formats import audit as plain
    from cfnroles.formats import audit_html, audit_markdown
    from cfnroles.formats.audit_words import summary

    texts = {name: text for each in readings for name, text in each.texts.items()}
    if options.format_ == "json":
        say(plain.json_text(found, texts))
    elif options.format_ == "markdown":
        say(audit_markdown.markdown(found, texts, fleet=options.fleet))
    elif options.format_ == "html":
        say(audit_html.html(found, texts, fleet=options.fleet))
    else:
        say(plain.human(found, texts, fleet=options.fleet))
    note(summary(found))


def _write(found: Audit, directory: Path) -> None:
    from cfnroles.cli.new_directory import write_new
    from cfnroles.formats.audit_policies import policy_files

    files = policy_files(found)
    if not files:
        note("no permission can be removed; nothing was written")
        return
    write_new(directory, files)
    for name in files:
        note(f"wrote {directory / name}")
