"""Suggestions for options and arguments of other tools: one table for all commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

#: An option here and its names in other tools. A suggestion is the first one that the command has.
_SYNONYMS = {
    "--parameter": "var variable param params parameters parameter-overrides context parameter-values",
    "--set": "value values define set-string",
    "--var-file": "vars-file variable-file tfvars",
    "--parameter-file": "params-file parameters-file parameter-overrides-file",
    "--template-format": "format",
    "--format json": "json",
    "--format html": "html",
    "--format markdown": "markdown md",
    "--format sarif": "sarif",
    "--format mermaid": "mermaid",
    "--format github": "github",
    "--format": "output-format template-format fmt",
    "--source": "task-definition taskdef task-def file template template-file spec",
    "--output": "out outfile out-file output-file output-dir out-dir outdir dir directory o",
    "--plan": "dry-run no-execute-changeset what-if preview diff check",
    "--yes": "auto-approve no-confirm-changeset non-interactive assume-yes no-confirm no-input force approve",
    "--role": "role-name iam-role role-arn task-role execution-role",
    "--role-arn": "cloudformation-role deploy-role service-role role",
    "--account": "account-id aws-account aws-account-id",
    "--region": "aws-region",
    "--profile": "aws-profile",
    "--only": "stack stack-name stacks exclusively target",
    "--stack-prefix": "prefix",
    "--environment": "env stage config-env",
    "--tag": "tags",
    "--bucket": "s3-bucket",
    "--in-place": "inplace write overwrite",
    "--force": "overwrite",
    "--severity": "level min-severity minimum-severity",
    "--fail-on": "fail-level error-on exit-code error-level",
    "--strict": "werror warnings-as-errors fail-on-warnings",
    "--live": "aws remote online",
    "--local": "localstack moto emulator",
    "--endpoint-url": "endpoint",
    "--follow": "wait watch tail",
    "--resource": "logical-id resource-id address",
    "--image": "container-image image-uri",
    "--execute-command": "enable-execute-command exec",
    "--quiet": "silent",
    "cfnroles stack-sets deploy": "stack-set stack-sets stackset",
    "cfnroles -v COMMAND": "verbose debug traceback",
    "cfnroles --version": "version",
}
#: Options of other tools that are arguments here.
_SOURCE = frozenset(("source", *_SYNONYMS["--source"].split()))
#: Options of other commands that write a file.
_OUTPUT = frozenset(("output", *_SYNONYMS["--output"].split()))
#: The similarity of an option that was likely meant: `--foo` is not `--format`.
_NEAR = 0.7
#: Remedies for missing arguments.
_MISSING = {
    "source": "`cfnroles init` shows the commands for what is in this folder.",
    "files": "`cfnroles lint .` looks at this folder and below.",
    "old": "Pass a file before and after the change, or a revision such as HEAD and a file.",
}


def understood(error: click.UsageError, words: Sequence[str], command: click.Command) -> str:
    """Return a hint about an error in a command line; empty if click's own message is as good."""
    told = ""
    if isinstance(error, click.NoSuchOption):
        # Terraform's options have one hyphen; click reads them as several short options.
        short = not error.option_name.startswith("--")
        name = next((word for word in words if short and word.startswith(error.option_name)), error.option_name)
        name = name.partition("=")[0]
        told = " ".join(filter(None, (f"No such option {name!r}.", _meant(name, command) or _spelled(name, command))))
    elif isinstance(error, click.MissingParameter):
        remedy = _MISSING.get(str(error.param.name), "") if isinstance(error.param, click.Argument) else ""
        told = f"{error.format_message()} {remedy}" if remedy else ""
    elif type(error) is click.UsageError and "unexpected extra argument" in error.message:
        options = (each for each in ("--source", "--role") if _is_of(command, each))
        told = f"{error.message}. Did you mean {option}?" if (option := next(options, "")) else ""
    return told


def _meant(name: str, command: click.Command) -> str:
    called = name.lstrip("-").lower().replace("_", "-")
    if isinstance(command, click.Group) and name in ("-q", "--quiet"):
        return f"Pass it after the command: cfnroles COMMAND {name}"
    meanings = (each for each, others in _SYNONYMS.items() if called in others.split() and _is_of(command, each))
    if found := next(meanings, ""):
        return f"Did you mean {found.replace('COMMAND', str(command.name))}?"
    if called in _OUTPUT:
        return f"{command.name} prints its answer: redirect it with > FILE."
    has_source = any(isinstance(each, click.Argument) and each.name == "source" for each in command.params)
    return "SOURCE is an argument: leave the option's name out." if has_source and called in _SOURCE else ""


def _spelled(name: str, command: click.Command) -> str:
    """Return a hint at the option with the nearest spelling. An option of one hyphen is never a misspelled one."""
    from cfnroles.spelling import meant

    known = [option for each in command.params if isinstance(each, click.Option) for option in each.opts]
    near = meant(name, [each for each in known if each.startswith("--")], _NEAR) if name.startswith("--") else None
    return f"Did you mean {near}?" if near else ""


def _is_of(command: click.Command, meaning: str) -> bool:
    """Return whether a command has the suggested option and choice. A suggested command fits everywhere."""
    name, _, choice = meaning.partition(" ")
    if not name.startswith("--"):
        return True
    return any(not choice or choice in choices for choices in _choices(command, name))


def _choices(command: click.Command, name: str) -> Iterator[Sequence[str]]:
    """Yield the choices of the command's option with this name."""
    for each in command.params:
        if isinstance(each, click.Option) and name in each.opts:
            yield tuple(map(str, each.type.choices)) if isinstance(each.type, click.Choice) else ()
