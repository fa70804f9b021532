"""Options of several commands, with one name, form and meaning in all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

from cfnroles.errors import InvalidInput

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def choice(*names: str) -> click.Choice[str]:
    """Return a choice that ignores case."""
    return click.Choice(names, case_sensitive=False)


def or_empty(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    """Return the value of an option, or an empty string."""
    return value or ""


#: What the value of an option may be: its pattern, its noun and how to write it.
Form = tuple[str, str, str]
ACCOUNT: Form = (r"\d{12}", "an account ID", "An account ID has 12 digits.")
REGION: Form = (r"[a-z]{2,}(-[a-z]+)+-\d+", "a Region", "Write it like us-east-1.")
ROLE_ARN: Form = (
    r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+",
    "the ARN of a role",
    "Write arn:aws:iam::ACCOUNT:role/NAME.",
)


def of_form(form: Form) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return the callback of an option that raises InvalidInput for a value of another form."""
    pattern, noun, remedy = form

    def checked(_context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        for each in value if isinstance(value, tuple) else (value,):
            if each and not re.fullmatch(pattern, each):
                raise InvalidInput(f"{parameter.opts[0]} {each} is not {noun}", remedy=remedy)
        return value

    return checked


def several(*names: str, metavar: str, help: str, **others: Any) -> Decorator:
    """Return an option that can be repeated."""
    return click.option(*names, multiple=True, metavar=metavar, help=f"{help} Repeatable.", **others)


def format_option(*formats: str, default: str = "human", help: str = "Output format.") -> Decorator:
    """``--format``: the output format."""
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
    """``-y``: skip the confirmation."""
    return click.option("-y", "--yes", is_flag=True, help=help)


def strict_option(help: str = "Exit with 1 when there are gaps.") -> Decorator:
    """``--strict``: treat unknowns as problems."""
    return click.option("--strict", is_flag=True, help=help)


#: The outcome of a command that wrote its files anyway.
WRITTEN = "the files were written"


def refuse_gaps(gaps: int, outcome: str, others: str = "") -> None:
    """End a command with ``--strict`` that has gaps, or ``others`` like them. ``outcome`` is what it did.

    Raise BadAnswer.
    """
    from cfnroles.counted import counted
    from cfnroles.errors import BadAnswer

    if found := " and ".join(filter(None, (counted(gaps, "gap") if gaps else "", others))):
        raise BadAnswer(f"{found}, and --strict was given: {outcome}")


def profile_option(help: str = "AWS profile. Default: AWS_PROFILE.") -> Decorator:
    """``--profile``: the profile with the credentials."""
    return click.option("--profile", default="", metavar="NAME", help=help)


def region_option(help: str = "AWS Region. Default: AWS_REGION or the profile's.") -> Decorator:
    """``--region``: the Region of the resources and of the calls."""
    return click.option("--region", default="", metavar="REGION", help=help)


#: ``--endpoint-url``: an endpoint other than AWS's own.
endpoint_option = click.option("--endpoint-url", default="", metavar="URL", help="Address to call instead of AWS.")
