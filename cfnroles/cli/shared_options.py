"""Options that several commands have: one name, one form and one meaning in all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def choice(*names: str) -> click.Choice[str]:
    """One of some words, in any case."""
    return click.Choice(names, case_sensitive=False)


def or_empty(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    """The value of an option that was not given, as a text."""
    return value or ""


def several(*names: str, metavar: str, help: str, **others: Any) -> Decorator:
    """An option that may be given several times."""
    return click.option(*names, multiple=True, metavar=metavar, help=f"{help} Repeatable.", **others)


def format_option(*formats: str, default: str = "human", help: str = "Output format.") -> Decorator:
    """``--format``: how an answer is written."""
    return click.option(
        "--format",
        "format_",
        default=default,
        show_default=True,
        type=choice(*formats),
        metavar="FORMAT",
        help=f"{help} One of: {', '.join(formats)}.",
    )


def yes_option(help: str) -> Decorator:
    """``-y``: the answer to the question that the command asks."""
    return click.option("-y", "--yes", is_flag=True, help=help)


def strict_option(help: str = "Exit with 1 when there are gaps.") -> Decorator:
    """``--strict``: what is not known counts as a fault."""
    return click.option("--strict", is_flag=True, help=help)


#: What a command did that wrote its files all the same.
WRITTEN = "the files were written"


def refuse_gaps(gaps: int, outcome: str, others: str = "") -> None:
    """End a command of ``--strict`` that has gaps, or ``others`` that count as such; ``outcome`` is what it did.

    Raises BadAnswer.
    """
    from cfnroles.counted import counted
    from cfnroles.errors import BadAnswer

    if found := " and ".join(filter(None, (counted(gaps, "gap") if gaps else "", others))):
        raise BadAnswer(f"{found}, and --strict was given: {outcome}")


def profile_option(help: str = "AWS profile. Default: AWS_PROFILE.") -> Decorator:
    """``--profile``: whose credentials are used."""
    return click.option("--profile", default="", metavar="NAME", help=help)


def region_option(help: str = "AWS Region. Default: AWS_REGION or the profile's.") -> Decorator:
    """``--region``: the Region that is meant, and asked."""
    return click.option("--region", default="", metavar="REGION", help=help)


#: ``--endpoint-url``: another address than AWS's own.
endpoint_option = click.option("--endpoint-url", default="", metavar="URL", help="Address to call instead of AWS.")
