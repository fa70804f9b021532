"""The command line: one module for each command, imported when the command runs."""

from __future__ import annotations

import atexit
import contextlib
import errno
import gc
import importlib
import itertools
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cfnroles.cli.panels import SuggestingCommand, with_help_all
from cfnroles.cli.terminal import (
    be_quiet,
    is_live,
    open_streams,
    output_reader,
    say,
    say_error,
    say_traceback,
    say_usage,
)
from cfnroles.errors import CfnrolesError, InvalidInput

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

#: Errors of a full or failing disk, if the output is redirected to it.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})

#: Command name -> one-line help, in the order of ``cfnroles --help``. The module has the command's name.
COMMANDS = {
    "init": "Write a service spec for what this folder has.",
    "build": "Write the CloudFormation stacks with the roles.",
    "gate": "Print, write or compare the shared gate.",
    "inject": "Add the roles to a CloudFormation template.",
    "terraform": "Write the roles as Terraform.",
    "explain": "Explain each statement of each role.",
    "graph": "Draw the permissions as Mermaid or HTML.",
    "policy": "Print one policy document in JSON.",
    "check": "Check that every secret and parameter exists.",
    "verify": "Find missing and excess permissions of a role.",
    "audit": "Find unused permissions with CloudTrail.",
    "diagnose": "Explain a failure of Amazon ECS and its fix.",
    "fleet": "Check all task definitions and roles of an account.",
    "lint": "Find faults in templates, task definitions, policies.",
    "diff": "Show how a change affects permissions.",
    "schema": "Print the JSON Schema of service specs and JSON answers.",
    "deploy": "Deploy the stacks once every secret exists.",
    "deploy-policy": "Write the IAM policy for deploying the stacks.",
    "status": "Show stack status.",
    "outputs": "Print stack outputs.",
    "delete": "Delete the stacks.",
    "stack-sets": "Deploy to many accounts and Regions.",
    "mcp": "Offer explain, verify, lint and diagnose to agents.",
    "completion": "Print a shell completion script.",
    "local": "Run a command against a local emulator.",
}


#: What a slow command is doing, shown on a terminal.
_DOING = {
    "audit": "Reading events",
    "build": "Building",
    "check": "Asking AWS",
    "delete": "Asking AWS",
    "deploy": "Planning",
    "deploy-policy": "Reading",
    "diagnose": "Looking",
    "diff": "Comparing",
    "explain": "Reading",
    "fleet": "Reading the account",
    "graph": "Reading",
    "inject": "Reading",
    "lint": "Linting",
    "outputs": "Asking AWS",
    "policy": "Reading",
    "status": "Asking AWS",
    "terraform": "Reading",
    "verify": "Verifying",
}

#: The names of these commands in other tools.
_ALSO_CALLED = {
    other: name
    for name, others in {
        "build": "generate synth synthesize create render make",
        "check": "secrets",
        "delete": "destroy remove rm down",
        "deploy": "apply up",
        "diagnose": "debug troubleshoot doctor",
        "explain": "why show describe",
        "init": "new start",
        "lint": "validate test",
        "outputs": "exports",
        "status": "list ls ps",
    }.items()
    for other in others.split()
}

#: Every command has these options without declaring them.
_QUIET = click.Option(
    ["-q", "--quiet"],
    is_flag=True,
    expose_value=False,
    is_eager=True,
    help="Print only the answer and errors.",
    callback=lambda _context, _parameter, quiet: be_quiet(True) if quiet else None,
)


class LazyCommands(SuggestingCommand, click.Group):
    """A group that knows its commands by name and help, and imports a command's module only when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of ``COMMANDS``."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the click command, or ``None`` if the name is not a command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"cfnroles.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        for each in (command, *getattr(command, "commands", {}).values()):
            if not any(parameter.name == _QUIET.name for parameter in each.params):
                each.params.append(_QUIET)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is called. An unknown name is a usage error with a suggestion."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from cfnroles.spelling import hint

            also = _ALSO_CALLED.get(args[0].lower())
            remedy = f"Did you mean {also!r}?" if also else hint(args[0], COMMANDS)
            if args[0].lower() == "help":
                asked = [each for each in args[1:2] if each in COMMANDS]
                remedy = f"Run `{' '.join(('cfnroles', *asked, '--help'))}`."
            ctx.fail(" ".join(filter(None, (f"No such command {args[0]!r}.", remedy))))
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Complete the name of a command or option, without importing any command."""
        from click.shell_completion import CompletionItem

        named = [CompletionItem(name, help=help) for name, help in COMMANDS.items() if name.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command list of ``--help``, without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@with_help_all
@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cfnroles")
@click.option("-v", "--verbose", is_flag=True, help="Show a traceback when something fails.")
@click.pass_context
def cfnroles(ctx: click.Context, verbose: bool) -> None:
    """Exact IAM roles for Amazon ECS: built from a task definition, explained, verified, deployed."""
    ctx.obj = verbose


def _shown(words: Sequence[str]) -> contextlib.AbstractContextManager[None]:
    """Show on a terminal what the command is doing."""
    doing = _DOING.get(next((word for word in words if not word.startswith("-")), ""))
    if not doing or not is_live():
        return contextlib.nullcontext()
    from cfnroles.cli.progress import working

    return working(doing)


def run() -> None:
    """Run the command line as the whole process.

    The interpreter would end by releasing all objects of the command, one by one. That takes up to a tenth of the time.
    """
    try:
        main()
    except SystemExit as ended:
        # Every stream is flushed when it is written to.
        atexit._run_exitfuncs()
        os._exit(ended.code if isinstance(ended.code, int) else 1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with the code that README.md documents."""
    # Nearly all objects of a command live until it ends, so frequent garbage collection wastes time.
    gc.set_threshold(1_000_000)
    words = list(sys.argv[1:] if arguments is None else arguments)
    # Arguments after the command's name belong to the command: `cfnroles local grep -v` does not request a traceback.
    before = itertools.takewhile(lambda word: word.startswith("-"), words)
    verbose = any(word in ("-v", "--verbose") for word in before)
    open_streams()
    be_quiet(False)
    reader = output_reader()
    try:
        with _shown(words):
            code = cfnroles.main(args=words, prog_name="cfnroles", standalone_mode=False)
    except click.exceptions.Abort:
        say("interrupted", err=True)
        code = 130
    except click.ClickException as error:
        say_usage(error)
        code = error.exit_code
    except CfnrolesError as error:
        if verbose:
            say_traceback(error)
        say_error(error.in_full)
        code = error.exit_code
    except SystemExit as ended:
        # click replaces a standard output whose reader has gone (`| head`), and exits with 1. Nothing is wrong, and
        # nothing more can be printed.
        code = ended.code if output_reader() is reader else 0
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends here, with a code that says so
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            say_error(f"the answer cannot be written: {error.strerror}")
            sys.exit(InvalidInput.exit_code)
        if verbose:
            say_traceback(error)
        say_error(f"a bug in cfnroles: {type(error).__name__}: {error}")
        say("Run the command again with -v before the command's name, and report what it prints.", err=True)
        code = 70
    sys.exit(code if isinstance(code, int) else 0)
