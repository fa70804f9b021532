"""The SOURCE argument and the options that say what no task definition states, shared by the commands that take them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfnroles.errors import InvalidInput

if TYPE_CHECKING:
    from cfnroles.discovery import Discovery
    from cfnroles.facts import Facts
    from cfnroles.workload import Workload

_OPTIONS = (
    click.argument("source", metavar="SOURCE"),
    click.option("--family", default="", metavar="NAME", help="Use this family instead of the document's own."),
    click.option("--account", default="", metavar="ID", help="Account that the task runs in (12 digits)."),
    click.option("--region", default="", metavar="REGION", help="Region that the task runs in."),
    click.option(
        "--kms-key-arn",
        "kms_key_arns",
        multiple=True,
        metavar="ARN",
        help="Customer managed key of secrets or parameters; may be given several times.",
    ),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A task definition that was read, with what is known about it and what follows from it."""

    name: str
    text: str
    workload: Workload
    facts: Facts
    discovery: Discovery


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the SOURCE argument and the options about it; it receives them as keyword arguments."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_source(
    source: str, family: str = "", account: str = "", region: str = "", kms_key_arns: tuple[str, ...] = ()
) -> Source:
    """Read SOURCE and discover its needs.

    Raises InvalidInput for a text that is no task definition, and with every finding for one that ECS would refuse.
    """
    from cfnroles.discovery import discover
    from cfnroles.need import Severity
    from cfnroles.readers.document import read_text
    from cfnroles.readers.task_definition import home, read_task_definition

    if account and not re.fullmatch(r"\d{12}", account):
        raise InvalidInput(f"--account {account} is not an account", remedy="An account has 12 digits.")
    text = read_text(source)
    name = "standard input" if source == "-" else Path(source).name
    workload = read_task_definition(text, name, family)
    facts = home(workload, account, region, kms_key_arns)
    discovery = discover(workload, facts)
    errors = [finding for finding in discovery.findings if finding.severity is Severity.ERROR]
    if errors:
        from cfnroles.formats.human import findings_text

        raise InvalidInput(
            f"ECS would refuse this task definition, or misread it, in {len(errors)} place{'s'[: len(errors) > 1]}",
            where=name,
            why=findings_text(errors, text),
        )
    return Source(name, text, workload, facts, discovery)
