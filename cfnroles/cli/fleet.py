"""``cfnroles fleet``: all task definitions of an account and Region, with their roles, secrets and other resources."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cfnroles.cli.panels import panel_command
from cfnroles.cli.paths import PathParameter
from cfnroles.cli.shared_options import choice, format_option, or_empty, profile_option, region_option
from cfnroles.cli.terminal import at, say
from cfnroles.errors import BadAnswer, InvalidInput, Unavailable
from cfnroles.page import quoted

if TYPE_CHECKING:
    from cfnroles.answers.fleet_finding import FleetReport


@panel_command("fleet")
@click.option("--live", is_flag=True, help="Read the account. Required.")
@click.option(
    "--revisions",
    default="all",
    show_default=True,
    metavar="WHICH",
    type=choice("all", "latest", "used"),
    help="all: every ACTIVE one. latest: the newest of each family. used: those of services and running tasks.",
)
@click.option("--resume", type=PathParameter(), metavar="FILE", help="Save progress to FILE, and continue from it.")
@click.option(
    "--fail-on",
    callback=or_empty,
    metavar="LEVEL",
    type=choice("excess"),
    help="excess: also exit with 1 for excess permissions and wide roles.",
)
@profile_option()
@region_option()
@format_option("human", "json", "sarif")
def command(
    live: bool, revisions: str, resume: Path | None, fail_on: str, profile: str, region: str, format_: str
) -> None:
    """Check all task definitions and roles of an account and Region, worst first.

    Each role is judged once, with the needs of all its task definitions: missing and excess permissions, risky grants,
    trust, sharing. Also lists roles, secrets, parameters, keys, log groups and repositories that do not exist, and
    roles that nothing uses. What could not be found out is listed with the permission for it.

    Changes nothing, and reads no value of a secret, parameter or variable. Slows down when AWS throttles. --resume FILE
    continues an interrupted run and shows a finished one again.

    Exit codes: 0 every task definition can start; 1 one cannot start; 3 unknown for one. With --fail-on excess, also 1
    for a role with excess permissions.

    \b
      cfnroles fleet --live --region eu-west-1 --resume fleet.jsonl
      cfnroles fleet --live --region eu-west-1 --resume fleet.jsonl \\
          --format sarif > fleet.sarif
    """
    if not live:
        raise InvalidInput("fleet requires --live", remedy="Pass --live.")
    try:
        report = _report(revisions, resume, profile, region)
    except (Unavailable, KeyboardInterrupt):
        if resume:
            say(f"The progress is in {resume}. Continue with --resume {quoted(str(resume))}.", err=True)
        else:
            say("To save progress, pass --resume FILE.", err=True)
        raise
    _show(report, format_)
    sys.exit(_exit_code(report, fail_on))


def _report(revisions: str, resume: Path | None, profile: str, region: str) -> FleetReport:
    from cfnroles.answers.live_fleet import fleet

    return fleet(profile, region, revisions, resume, lambda done: at(f"{done} read"))


def _show(report: FleetReport, format_: str) -> None:
    from cfnroles.formats import fleet, fleet_sarif

    match format_:
        case "json":
            say(fleet.json_text(report))
        case "sarif":
            say(fleet_sarif.sarif(report))
        case _:
            say(fleet.human(report))


def _exit_code(report: FleetReport, fail_on: str) -> int:
    from cfnroles.need import Severity

    if report.of(Severity.ERROR) or (fail_on == "excess" and report.of(Severity.WARNING)):
        return BadAnswer.exit_code
    return Unavailable.exit_code if report.unknown else 0
