"""Shared options of the commands for deployed stacks: the stacks, and their account."""

from __future__ import annotations

import contextlib
import functools
import math
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct
from msgspec.structs import replace

from cfnroles.cli.paths import PathParameter
from cfnroles.cli.shared_options import (
    ROLE_ARN,
    endpoint_option,
    of_form,
    profile_option,
    region_option,
    several,
    strict_option,
)
from cfnroles.cli.source import pairs
from cfnroles.cli.terminal import is_asked, note, say
from cfnroles.errors import InvalidInput
from cfnroles.files import exists, is_directory
from cfnroles.page import quoted

if TYPE_CHECKING:
    from cfnroles.aws.connection import Connection
    from cfnroles.deploy.plan import Options
    from cfnroles.deploy.reference_check import Examine
    from cfnroles.deploy.stacks_file import EnvironmentPlace, StackSource


def collected(name: str, into: type[Struct], *options: Callable[..., Any]) -> Callable[..., Any]:
    """Return a decorator that passes the values of ``options`` to a command as one value, ``name``, of type
    ``into``.
    """

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_one_value(**given: Any) -> Any:
            own = {field: given.pop(field) for field in into.__struct_fields__}
            return command(**{name: into(**own)}, **given)

        for option in reversed(options):
            with_one_value = option(with_one_value)
        return with_one_value

    return decorated


class _Minutes(click.FloatRange):
    """Minutes to wait. NaN is rejected: it compares false with everything, so the wait would never end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number. Anything that is not a positive number is a usage error."""
        minutes = super().convert(value, param, ctx)
        if math.isnan(minutes):
            self.fail(f"{value!r} is not a number of minutes.", param, ctx)
        return minutes


timeout_option = click.option(
    "--timeout",
    type=_Minutes(min=0, min_open=True),
    metavar="MINUTES",
    default=60,
    show_default=True,
    help="Minutes to follow.",
)


class Selected(Struct, frozen=True):
    """Stacks with the gaps of their roles, one text for each; ``None`` if the build did not record them.

    ``account`` and ``region`` are the target of the deployment according to the source; empty if it has none. ``place``
    is the environment of the build: the stacks cannot be deployed elsewhere.
    """

    stacks: tuple[StackSource, ...]
    gaps: tuple[str, ...] | None = None
    account: str = ""
    region: str = ""
    place: EnvironmentPlace | None = None


class StackArguments(Struct, frozen=True):
    """The values of ``stack_options``: the stacks, and their account and Region."""

    source: Path
    project: str
    environment: str
    profile: str
    region: str
    endpoint_url: str
    only: tuple[str, ...]
    stack_prefix: str
    allow_edits: bool

    @property
    def follow(self) -> str:
        """The command that follows the same stacks."""
        return self.again("status", "--follow")

    def again(self, command: str, *more: str) -> str:
        """Return another command for the same stacks, ready to paste."""
        given = {
            "--project": self.project,
            "--environment": self.environment,
            "--profile": self.profile,
            "--region": self.region,
            "--endpoint-url": self.endpoint_url,
            "--stack-prefix": self.stack_prefix,
        }
        words = [
            *("cfnroles", *command.split(), str(self.source), *more),
            *(word for option, value in given.items() if value for word in (option, value)),
        ]
        words += [word for stack in self.only for word in ("--only", stack)]
        return " ".join(map(quoted, (*words, *["--allow-edits"][: self.allow_edits])))

    def connection(self) -> Connection:
        """The connection, from options, variables and profiles, as in AWS's own tools."""
        from cfnroles.aws.connection import Connection

        return Connection(self.profile, self.region, self.endpoint_url)

    def stacks(self) -> tuple[StackSource, ...]:
        """Return the selected stacks of the source under their final names, for commands that only read.

        Edited files are accepted. Raise ``InvalidInput`` if the source is neither a directory that ``cfnroles build``
        wrote nor a file that it accepts.
        """
        edited = replace(self, allow_edits=True) if is_directory(self.source) else self
        return edited.selected().stacks

    def selected(self, account: str = "", given: Iterable[tuple[str, str]] = ()) -> Selected:
        """Return the selected stacks with the gaps of their roles. A file is built for ``account``, if given.

        It is built with parameters for all options if the ``given`` parameter values set one.
        """
        from cfnroles.deploy.stacks_file import chosen, prefixed

        found = self._all_stacks(account, given)
        return replace(found, stacks=chosen(prefixed(found.stacks, self.stack_prefix), self.only))

    def _all_stacks(self, account: str, given: Iterable[tuple[str, str]]) -> Selected:
        from cfnroles.deploy.stacks_file import read_stacks, recorded

        source = self.source
        if is_directory(source):
            if self.project or self.environment:
                raise InvalidInput(
                    f"--project and --environment require a SOURCE that is not a build directory, but {source} is one",
                    remedy="Build it again with them, or pass --parameter ProjectName=NAME.",
                )
            stacks, told = read_stacks(source, allow_edits=self.allow_edits), recorded(source)
            return Selected(stacks, told.gaps, told.place.account, told.place.region, told.place)
        if not exists(source) and str(source) != "-":
            remedy = (
                "Check the path, which is relative to the current directory."
                if source.suffix
                else f"Write it first: cfnroles build SOURCE -o {quoted(str(source))}"
            )
            raise InvalidInput("does not exist", where=str(source), remedy=remedy)
        if self.allow_edits:
            raise InvalidInput(f"--allow-edits requires a directory that `cfnroles build` wrote; {source} is not one")
        return self._built(account, given)

    def _built(self, account: str, given: Iterable[tuple[str, str]]) -> Selected:
        """Return the stacks that ``cfnroles build`` would write, and the gaps, formatted in the same way."""
        from cfnroles import Told, build, read
        from cfnroles.deploy.stacks_file import built_record, built_stacks
        from cfnroles.lines import gap_lines, gaps_head, gaps_text
        from cfnroles.targets.cloudformation.settled import CHOICES

        reading = read(str(self.source))
        if (self.region or account) and not reading.project:
            reading = read(reading.documents[0], Told(region=self.region, account=account))
        chosen = any(name in CHOICES for name, _ in given)
        built = build(reading, project=self.project, environment=self.environment, parameterized=chosen)
        stacks = built_stacks(built.files, str(self.source))
        place, facts = built_record(built.files, str(self.source)).place, [task.facts for task in reading.tasks]
        account = place.account or _agreed(each.account for each in facts)
        made = Selected(stacks, (), account, place.region or _agreed(each.region for each in facts), place)
        if not reading.gaps:
            return made
        told = gaps_text(reading.gaps, reading.texts)
        head = gaps_head(reading.gaps)
        say(head, told, err=True)
        return replace(made, gaps=gap_lines(reading.gaps, reading.texts))


def _agreed(told: Iterable[str]) -> str:
    """Return the common value; empty if the values differ."""
    (first, *others) = {*told} or {""}
    return "" if others else first


project_option = click.option("--project", default="", metavar="NAME", help="Project, if SOURCE is a task definition.")
environment_option = click.option("--environment", default="", metavar="NAME", help="Environment of a service spec.")
prefix_option = click.option("--stack-prefix", default="", metavar="TEXT", help="Prefix of every stack name.")
edits_option = click.option("--allow-edits", is_flag=True, help="Accept files that were edited after the build.")

plan_option = click.option("--plan", "plan_only", is_flag=True, help="Show what would change, and change nothing.")
role_option = click.option(
    "--role-arn", default="", metavar="ARN", callback=of_form(ROLE_ARN), help="Service role that CloudFormation uses."
)


def _pairs(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the pairs like ``pairs``, but keep duplicates: the caller defines their meaning."""
    return tuple(pair for text in texts for pair in pairs(context, parameter, (text,)).items())


#: The options with values for template parameters.
parameter_options = (
    several("--parameter", "parameters", callback=_pairs, metavar="NAME=VALUE", help="Value of a template parameter."),
    click.option(
        "--parameter-file",
        type=PathParameter(exists=True, dir_okay=False),
        metavar="FILE",
        help="Parameter values in JSON or YAML.",
    ),
)


def given_parameters(file: Path | None, given: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return the values of a file, overridden by those of the command line. Raise ``InvalidInput`` if the file has
    none.
    """
    from cfnroles.deploy.parameters_file import read_parameters

    return tuple({**dict(read_parameters(file) if file else ()), **dict(given)}.items())


tag_option = several("--tag", "tags", callback=_pairs, metavar="NAME=VALUE", help="Tag of every stack and resource.")
bucket_option = click.option(
    "--bucket", default="", metavar="BUCKET", help="S3 bucket for templates too long for a request."
)
protection_option = click.option("--termination-protection", is_flag=True, help="Protect the stacks against deletion.")
continue_option = click.option("--continue-rollback", is_flag=True, help="Finish a rollback that failed earlier.")
administration_option = click.option(
    "--administration-role-arn",
    default="",
    metavar="ARN",
    callback=of_form(ROLE_ARN),
    help="Administration role of StackSets.",
)
adopt_option = click.option("--adopt", is_flag=True, help="Take over existing stacks of these names.")

#: The SOURCE argument and the options that choose stacks and account, as the value ``where`` of the command.
stack_options = collected(
    "where",
    StackArguments,
    click.argument("source", default="build", type=PathParameter()),
    project_option,
    environment_option,
    profile_option(),
    region_option(),
    endpoint_option,
    several("--only", metavar="STACK", help="Only this stack."),
    prefix_option,
    edits_option,
)


class CheckArguments(Struct, frozen=True):
    """The values of ``check_options``: the preconditions of a deployment."""

    no_check: bool
    strict: bool
    allow_unchecked_secrets: bool

    def __post_init__(self) -> None:
        """Raise ``InvalidInput`` for --strict together with an exception from it."""
        for name, given in (("no-check", self.no_check), ("allow-unchecked-secrets", self.allow_unchecked_secrets)):
            if self.strict and given:
                raise InvalidInput(f"--strict and --{name} cannot be combined", remedy="Pass one of them.")

    def examine(self, connection: Connection) -> Examine | None:
        """Return the function that checks secrets and parameters with the connection of the deployment."""
        from cfnroles.aws import secret_validator

        if self.no_check:
            return None
        return lambda references, region, account: secret_validator.examine(references, connection, region, account)


#: The options for the preconditions of a deployment, as the value ``checks`` of the command.
check_options = collected(
    "checks",
    CheckArguments,
    click.option("--no-check", is_flag=True, help="Let only the gate check the secrets, not this command first."),
    strict_option("Refuse gaps, and secrets that could not be checked."),
    click.option(
        "--allow-unchecked-secrets",
        is_flag=True,
        help="Deploy secrets that nothing checks before the task starts.",
    ),
)


class Deployment(Struct, frozen=True):
    """One deployment from the command line. ``ask`` says whether its plan needs confirmation."""

    selected: Selected
    connection: Connection
    options: Options
    examine: Examine | None
    ask: bool
    follow: str = ""


def check_can_ask(*, ask: bool, plan_only: bool) -> None:
    """Raise ``InvalidInput`` if confirmation is needed but there is no terminal."""
    if ask and not plan_only and not is_asked():
        raise InvalidInput(
            "cannot ask for confirmation: not a terminal",
            remedy="Pass --yes to continue without confirmation, or --plan to only show the plan.",
        )


@contextlib.contextmanager
def following_on_interrupt(command: str = "") -> Iterator[None]:
    """If Ctrl-C ends the block, print that CloudFormation continues, and the command that follows it."""
    try:
        yield
    except KeyboardInterrupt:
        say(
            "",
            f"CloudFormation continues what it has started.{f' Follow it with: {command}' if command else ''}",
            "Run the same command again to resume.",
            err=True,
        )
        raise


@contextlib.contextmanager
def local_connection(where: StackArguments, *, state: Path | None) -> Iterator[Connection]:
    """Run a new or persistent local emulator for the duration of a ``with`` block."""
    from cfnroles.aws.connection import Connection
    from cfnroles.emulator import emulator, region_of

    if where.profile or where.endpoint_url:
        raise InvalidInput("--local cannot be combined with --profile or --endpoint-url")
    with emulator(state=state, region=where.region or region_of(os.environ)) as running:
        note(f"local emulator at {running.endpoint_url} (nothing on AWS changes)")
        yield Connection.of_environment(running.environment())
