"""``--help`` of every command: the options in panels; ``--help-all`` also lists rarely used ones.

An option belongs to the same panel in all commands: one name means one thing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from cfnroles.cli.paths import EMPTY
from cfnroles.cli.terminal import say
from cfnroles.cli.whole_words import WholeWordsContext
from cfnroles.errors import InvalidInput

#: The panels that `--help` shows, with their options in order. All other options are in the last panel.
SHOWN = {
    "Source": (
        *("--source", "--events", "--task", "--stack", "--cluster", "--service", "--resource", "--environment"),
        *("--parameter", "--parameter-file", "--var-file", "--set", "--image", "--before"),
    ),
    "Roles": ("--role", "--task-role", "--infrastructure-role", "--from-role", "--execution-role", "--called"),
    "Stacks": (
        *("--only", "--stack-prefix", "--tag", "--role-arn", "--bucket", "--termination-protection"),
        *("--service-role", "--no-rollback", "--continue-rollback", "--adopt", "--allow-edits"),
    ),
    "Targets": (
        *("--target-account", "--target-ou", "--target-region", "--max-concurrent", "--failure-tolerance"),
        *("--delegated-admin", "--administration-role-arn", "--execution-role-name"),
    ),
    "AWS": ("--account", "--region", "--live", "--profile", "--endpoint-url", "--local", "--local-state"),
    "Output": (
        *(
            "--output",
            "--in-place",
            "--project",
            "--format",
            "--template-format",
            "--parameterized",
            "--shared-gate",
            "--severity",
            "--fail-on",
        ),
        *("--strict", "--lint", "--force", "--for-account", "--plan", "--yes"),
    ),
}

#: Settings of a service or account: `--help-all` shows them, and they are better placed in a service spec.
IN_SPEC = (
    *("--family", "--service-file", "--run-task-file", "--launch-type", "--compat", "--guardduty"),
    *("--kms-key-arn", "--file-key-arn", "--log-group-key-arn", "--destination-key-arn"),
    *("--bucket-account", "--efs-account", "--efs-root-access", "--s3-files-bucket", "--pull-through-prefix"),
    *("--gmsa-secret", "--managed-storage-key", "--execute-command", "--execute-command-log-group"),
    *("--execute-command-bucket", "--execute-command-key"),
)
_ABOUT_SPEC = "Service and account (a service spec is a better place: docs/spec.md)"

#: Options that have no effect without another one of the same command.
REQUIRE = {
    **dict.fromkeys(("--profile", "--simulate", "--days"), "--live"),
    "--yes": "--fix",
    "--timeout": "--follow",
}

#: Options about a source, which some commands have as an option.
OF_SOURCE = frozenset({"--resource", "--var-file", "--set", "--image", *IN_SPEC})

_OTHERS = "Options"
_ALL = "cfnroles.help-all"

G = TypeVar("G", bound=click.Group)


class SuggestingCommand(click.Command):
    """A command whose usage errors suggest what was likely meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Return the remaining arguments. A usage error suggests the option that was likely meant, or has that name in
        another tool.
        """
        words = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            from cfnroles.cli.meant_options import understood

            if told := understood(error, words, self):
                raise click.UsageError(told, ctx) from error
            raise


class PanelCommand(SuggestingCommand):
    """A command whose ``--help`` shows its options in panels, and ``--help-all`` all of them."""

    context_class = WholeWordsContext

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Raise InvalidInput for an option that has no effect without another one.

        An empty value is a usage error: it would have no effect, and an unset shell variable is a mistake.
        """
        for each in self.params:
            if isinstance(each, click.Option) and _is_given(ctx, each) and _is_empty(ctx.params.get(each.name or "")):
                raise click.BadParameter(EMPTY, ctx, each)
        given = {_name(each) for each in self.params if _is_given(ctx, each)}
        own = {_name(each) for each in self.params}
        require = {**REQUIRE, **dict.fromkeys(OF_SOURCE, "--source")}
        for option in sorted(given & require.keys()):
            other = require[option]
            if other in own - given:
                raise InvalidInput(f"{option} requires {other}", remedy=f"Also pass {other}, or omit {option}.")
        return super().invoke(ctx)

    def __init__(self, *about: Any, **others: Any) -> None:
        super().__init__(*about, **others)
        self.params.append(_help_all(hidden=not any(_is_rare(_name(each)) for each in self.params)))

    def make_parser(self, ctx: click.Context) -> Any:
        """Return click's parser, which handles `-o` before long options, and suggests names for unknown ones."""
        parser: Any = super().make_parser(ctx)
        long, short = parser._match_long_opt, parser._short_opt

        def matched(option: str, value: str | None, state: Any) -> None:
            if value is None and option in short:
                parser._match_short_opt(option, state)
            else:
                long(option, value, state)

        parser._match_long_opt = matched
        return parser

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the panels."""
        records = {_name(each): each.get_help_record(ctx) for each in self.get_params(ctx)}
        panels = _panels({name: record for name, record in records.items() if record}, bool(ctx.meta.get(_ALL)))
        # One column for the names in all panels.
        column = max(len(name) for _, rows in panels for name, _ in rows if len(name) <= _COLUMN)
        for title, rows in panels:
            with formatter.section(title):
                formatter.write_dl([(name.ljust(column), text) for name, text in rows], col_max=_COLUMN)


_Record = tuple[str, str]
#: The widest name with its text on the same line; the text of a wider one is on the next line.
_COLUMN = 30


def _panels(records: dict[str, _Record], everything: bool) -> Sequence[tuple[str, Sequence[_Record]]]:
    """Return the titles with their rows, without empty panels."""
    rare = [name for name in records if _is_rare(name)] if everything else []
    further = [name for name in rare if name not in IN_SPEC]
    chosen = {**SHOWN, "Roles": (*SHOWN["Roles"], *further), _ABOUT_SPEC: IN_SPEC if everything else ()}
    known = {name for names in chosen.values() for name in names}
    own = [record for name, record in records.items() if name and name not in known and not _is_rare(name)]
    found = {title: [records[name] for name in names if name in records] for title, names in chosen.items()}
    return [(title, rows) for title, rows in {**found, _OTHERS: own}.items() if rows]


def _is_rare(name: str) -> bool:
    """Return whether only ``--help-all`` shows an option: settings of a spec, and rare kinds of roles."""
    return name in IN_SPEC or (name.endswith("-role") and not any(name in names for names in SHOWN.values()))


def _name(parameter: click.Parameter) -> str:
    """Return the long name of an option; empty for an argument."""
    if not isinstance(parameter, click.Option):
        return ""
    return next((each for each in parameter.opts if each.startswith("--")), parameter.opts[0])


def _is_given(ctx: click.Context, parameter: click.Parameter) -> bool:
    return ctx.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE


def _is_empty(value: Any) -> bool:
    return value == "" or (isinstance(value, tuple) and "" in value)


def _help_all(*, hidden: bool) -> click.Option:
    """Return the option; it is hidden where it shows the same as ``--help``."""

    def shown(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:
        if asked and not ctx.resilient_parsing:
            ctx.meta[_ALL] = True
            say(*ctx.get_help().split("\n"))
            ctx.exit()

    return click.Option(
        ["--help-all"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=shown,
        hidden=hidden,
        help="Show all options.",
    )


def with_help_all(group: G) -> G:
    """Let a group of commands accept ``--help-all``, as each command does."""
    group.params.append(_help_all(hidden=True))
    return group


def panel_command(name: str, **others: Any) -> Callable[[Callable[..., Any]], PanelCommand]:
    """``click.command`` for a command with panels."""
    return click.command(name, cls=PanelCommand, **others)
