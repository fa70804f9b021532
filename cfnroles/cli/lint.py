"""``cfnroles lint``: what is wrong in templates, task definitions and policies."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cfnroles.errors import BadAnswer, InvalidInput

if TYPE_CHECKING:
    from cfnroles.answers.lint import LintedFile, LintFinding, LintReport
    from cfnroles.need import Severity

_SUFFIXES = frozenset({".json", ".yaml", ".yml", ".template"})
_LEVELS = ("error", "warning", "info")


@click.command("lint")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--format",
    "format_",
    default="human",
    show_default=True,
    type=click.Choice(["human", "json", "sarif", "junit", "markdown"]),
)
@click.option(
    "--fail-on",
    default="error",
    show_default=True,
    type=click.Choice([*_LEVELS, "never"]),
    help="Exit with 1 for findings that are as bad as this, or worse.",
)
@click.option(
    "--severity",
    default="info",
    show_default=True,
    type=click.Choice(_LEVELS),
    help="Tell findings that are as bad as this, or worse.",
)
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Value of a template's parameter; the others have their defaults. May be given several times.",
)
@click.option("--cfn-lint/--no-cfn-lint", "cfn_lint", default=False, help="Tell what cfn-lint finds in templates, too.")
@click.option("--skip-others", is_flag=True, help="Pass over files that are no template, task definition or policy.")
def command(
    files: tuple[str, ...],
    format_: str,
    fail_on: str,
    severity: str,
    parameters: tuple[str, ...],
    cfn_lint: bool,
    skip_others: bool,
) -> None:
    """Find what ECS refuses, what IAM never allows, and what is far too wide.

    FILE is a CloudFormation template, a task definition or a policy in JSON or YAML, a directory of such files, or -
    for standard input. The checks and how to suppress them are in docs/checks.md.
    """
    from cfnroles.answers.lint import LintReport
    from cfnroles.need import Severity

    values = _values(parameters)
    linted = [
        file
        for name, only_if_known in _named(files, skip_others)
        if (file := _lint(name, values, cfn_lint, only_if_known)) is not None
    ]
    report = LintReport(tuple(linted)).at_least(Severity(severity))
    threshold = None if fail_on == "never" else Severity(fail_on)
    text = _text(report, format_, threshold)
    if text:
        click.echo(text, color=_colourful() or None)
    _tell(report, format_)
    sys.exit(_exit_code(report, threshold))


def _values(parameters: Sequence[str]) -> dict[str, str]:
    values = {}
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if not equals or not name:
            raise InvalidInput(f"--parameter {parameter} has no value", remedy="Write --parameter NAME=VALUE.")
        values[name] = value
    return values


def _named(files: Sequence[str], skip_others: bool) -> Iterator[tuple[str, bool]]:
    """The files, and whether each is passed over where it is nothing that can be linted."""
    for name in files:
        path = Path(name)
        if name != "-" and path.is_dir():
            inside = (file for file in path.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
            for file in sorted(inside):
                if not any(part.startswith(".") for part in file.relative_to(path).parts):
                    yield str(file), True
        else:
            yield name, skip_others


def _lint(name: str, parameters: Mapping[str, str], cfn_lint: bool, only_if_known: bool) -> LintedFile | None:
    from cfnroles.answers.lint import LintedFile, lint
    from cfnroles.checks.subject import NotLintable, looks_lintable
    from cfnroles.document import read_text

    document, text = "standard input" if name == "-" else name, ""
    try:
        text = read_text(name)
        return lint(text, document, parameters, tuple(_of_cfn_lint(text, document)) if cfn_lint else ())
    except InvalidInput as error:
        if only_if_known and (isinstance(error, NotLintable) or (text and not looks_lintable(text))):
            return None
        return LintedFile(document, "", unreadable=str(error))


def _of_cfn_lint(text: str, document: str) -> Iterator[LintFinding]:
    from cfnroles.answers.lint import LintFinding
    from cfnroles.answers.template_lint import template_problems
    from cfnroles.checks.subject import is_template
    from cfnroles.need import Origin

    for problem in template_problems(text) if is_template(text, document) else ():
        yield LintFinding(
            problem.rule,
            problem.rule,
            problem.severity,
            Origin(document, problem.path),
            problem.message.rstrip("."),
            "",
            problem.source,
            problem.line,
            problem.column,
        )


def _text(report: LintReport, format_: str, threshold: Severity | None) -> str:
    match format_:
        case "sarif":
            from cfnroles.formats.sarif import sarif

            return sarif(report)
        case "junit":
            from cfnroles.formats.junit import junit

            return junit(report, threshold)
    from cfnroles.formats import lint

    if format_ == "json":
        return lint.json_text(report)
    if format_ == "markdown":
        return lint.markdown(report)
    return lint.human(report, shutil.get_terminal_size((100, 24)).columns, _colourful())


def _tell(report: LintReport, format_: str) -> None:
    from cfnroles.formats.lint import summary

    for file in report.files:
        if file.unreadable:
            click.echo(f"error: {file.unreadable}", err=True)
    if format_ != "markdown":
        click.echo(summary(report), err=True)


def _colourful() -> bool:
    """Whether standard output is for eyes that want colours. https://no-color.org, https://force-color.org"""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and os.environ.get("TERM") != "dumb")


def _exit_code(report: LintReport, threshold: Severity | None) -> int:
    from cfnroles.answers.lint import SEVERITIES

    if any(file.unreadable for file in report.files):
        return InvalidInput.exit_code
    bad = SEVERITIES[SEVERITIES.index(threshold) :] if threshold else ()
    return BadAnswer.exit_code if any(finding.severity in bad for finding in report.findings) else 0
