"""What the commands about deployed stacks have in common: which stacks, and in which account."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfnroles.errors import InvalidInput

if TYPE_CHECKING:
    from cfnroles.aws.connection import Connection
    from cfnroles.deploy.stacks_file import StackSource


def stack_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the argument SOURCE and the options that choose stacks and account."""
    for option in reversed(
        (
            click.argument("source", default="build", type=click.Path(path_type=Path)),
            click.option("--profile", default="", help="AWS profile to use. Default: AWS_PROFILE."),
            click.option("--region", default="", help="AWS Region. Default: AWS_REGION or the profile's."),
            click.option("--endpoint-url", default="", help="Address to call instead of AWS's own."),
            click.option("--only", multiple=True, metavar="STACK", help="Only this stack. May be repeated."),
            click.option(
                "--stack-prefix", default="", metavar="TEXT", help="Put TEXT before every stack name."
            ),
        )
    ):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Target:
    """The account and Region that options name."""

    profile: str
    region: str
    endpoint_url: str

    def connection(self) -> Connection:
        """As AWS's own tools read options, variables and profiles."""
        from cfnroles.aws.connection import Connection

        return Connection(self.profile, self.region, self.endpoint_url)


def stacks_of(source: Path) -> tuple[StackSource, ...]:
    """The stacks that a directory written by ``cfnroles build`` holds.

    Raises ``InvalidInput`` for anything else.
    """
    from cfnroles.deploy.stacks_file import read_stacks

    if source.is_dir():
        return read_stacks(source)
    if not source.exists():
        raise InvalidInput(
            "does not exist", where=str(source), remedy=f"Write it first: cfnroles build SOURCE -o {source}"
        )
    raise InvalidInput(
        "is not a directory with stacks",
        where=str(source),
        remedy=f"Build it first: cfnroles build {source} -o build, then: cfnroles deploy build",
    )


def selected(source: Path, only: tuple[str, ...], prefix: str) -> tuple[StackSource, ...]:
    """The stacks of ``source`` under their final names, narrowed to ``only``."""
    from cfnroles.deploy.stacks_file import chosen, prefixed

    return chosen(prefixed(stacks_of(source), prefix), only)


@contextlib.contextmanager
def local_connection(target: Target, *, state: Path | None) -> Iterator[Connection]:
    """A fresh or kept local emulator, for the length of a ``with`` block."""
    from cfnroles.aws.connection import Connection
    from cfnroles.emulator import REGION, emulator

    if target.profile or target.endpoint_url:
        raise InvalidInput("--local cannot be combined with --profile or --endpoint-url")
    region = target.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or REGION
    with emulator(state=state, region=region) as running:
        click.echo(f"local emulator at {running.endpoint_url} (nothing on AWS changes)", err=True)
        yield Connection.of_environment(running.environment())
