"""``cfnroles lint``: faults in templates, task definitions and policies."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct
from msgspec.structs import replace

from cfnroles.cli.completed import FILE
from cfnroles.cli.panels import panel_command
from cfnroles.cli.shared_options import choice, format_option
from cfnroles.cli.source import parameter_option, taken, told, variables_option
from cfnroles.cli.terminal import at, note, say, say_error
from cfnroles.errors import BadAnswer, InvalidInput

if TYPE_CHECKING:
    from cfnroles.answers.lint import LintedFile, LintReport
    from cfnroles.need import Severity
    from cfnroles.sources.told import Told

_SUFFIXES = frozenset({".json", ".yaml", ".yml", ".template"})
_LEVELS = ("error", "warning", "info")


#: The maximum number of skipped directories to name.
_MOST_TOLD = 8


class _Options(Struct, frozen=True):
    format_: str
    fail_on: str
    severity: str
    cfn_lint: bool
    skip_others: bool


@panel_command("lint")
@click.argument("files", metavar="FILE...", type=FILE, nargs=-1, required=True)
@format_option("human", "json", "sarif", "junit", "markdown", "github", "gitlab")
@click.option(
    "--fail-on",
    default="error",
    show_default=True,
    metavar="LEVEL",
    type=choice(*_LEVELS, "never"),
    help="Lowest severity that exits with 1: error, warning, info, never.",
)
@click.option(
    "--severity",
    default="info",
    show_default=True,
    metavar="LEVEL",
    type=choice(*_LEVELS),
    help="Lowest severity to report: error, warning, info.",
)
@parameter_option
@variables_option
@click.option("--cfn-lint", is_flag=True, help="Also run cfn-lint on templates.")
@click.option("--skip-others", is_flag=True, help="Skip files that are not a template, task definition or policy.")
def command(files: tuple[str, ...], **given: Any) -> None:
    """Find task definitions that ECS rejects, and permissions that never work or are too wide.

    FILE is a CloudFormation template, task definition, service spec or policy in JSON or YAML; a plan or state of
    Terraform; a directory of such files, of Terraform, or of `cdk synth`; or - for standard input. docs/checks.md
    lists the checks and how to suppress one.
    """
    from cfnroles.answers.lint import LintReport
    from cfnroles.need import Severity

    options = taken(_Options, given)
    about = told(given)
    linted = [
        *([file] for name in files for file in _of_app(name, about, options.cfn_lint)),
        *(
            [*_lint(name, about, options.cfn_lint, only_if_known)]
            for name, only_if_known in _counted([*_named(files, options.skip_others)])
        ),
    ]
    whole = LintReport(_each_once(linted))
    _refuse_unused(files, about, whole)
    _tell_of_others(files, whole)
    report = whole.at_least(Severity(options.severity))
    threshold = None if options.fail_on == "never" else Severity(options.fail_on)
    text = _text(report, options.format_, threshold)
    if text:
        say(text)
    _tell(report, options.format_)
    sys.exit(_exit_code(report, threshold))


def _named(files: Sequence[str], skip_others: bool) -> Iterator[tuple[str, bool]]:
    """Yield the files, and for each whether to skip it if it is of an unsupported kind."""
    from cfnroles.files import below, is_directory, is_file
    from cfnroles.sources.directories import holds_terraform

    for name in files:
        if name != "-" and is_directory(name):
            if holds_terraform(name):
                yield name, False
            found, unlisted = below(name)
            yield from ((str(file), True) for file in found if file.suffix in _SUFFIXES and is_file(file))
            yield from ((str(folder), False) for folder in unlisted)
        else:
            yield name, skip_others


def _counted(files: Sequence[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    for number, file in enumerate(files, 1):
        at(file[0], number, len(files))
        yield file


def _of_app(name: str, about: Told, cfn_lint: bool) -> Iterator[LintedFile]:
    """Yield the results for the linked stacks of a `cdk synth` directory; nothing for other directories."""
    from cfnroles.files import is_directory

    if name == "-" or not is_directory(name):
        return
    from cfnroles import lint
    from cfnroles.answers.lint import LintedFile
    from cfnroles.answers.template_lint import template_problems
    from cfnroles.sources.cdk_app import read_app
    from cfnroles.sources.directories import is_app

    if not is_app(name):
        return
    try:
        for reading in read_app(name, about, f"{name.rstrip('/')}/"):
            document = reading.documents[0]
            yield lint(reading, template_problems(document.text, document.name) if cfn_lint else ())
    except InvalidInput as error:
        yield LintedFile(name, "", unreadable=str(error))


def _lint(name: str, told: Told, cfn_lint: bool, only_if_known: bool) -> Iterator[LintedFile]:
    """Yield the results for a file and for the task definitions that it names."""
    from cfnroles import Document, lint, read
    from cfnroles.answers.lint import LintedFile, lint_named
    from cfnroles.answers.template_lint import template_problems
    from cfnroles.answers.template_tasks import refuse_other_values
    from cfnroles.cli.paths import pass_over
    from cfnroles.document import read_document
    from cfnroles.files import TooLarge, is_directory
    from cfnroles.sources.source import Unrecognised, looks_known

    document = Document("standard input" if name == "-" else name, "")
    try:
        if is_directory(name):
            yield from _in_directory(name, told)
            return
        told = replace(told, variable_files=())
        document = read_document(name, document.name)
        reading = read(document, told)
        if reading.template is not None:
            refuse_other_values(reading, reading.template)
        others = template_problems(document.text, document.name) if cfn_lint and reading.template else ()
        yield lint(reading, others)
        yield from lint_named(reading)
    except TooLarge as error:
        if only_if_known:
            pass_over(error)
        else:
            yield LintedFile(document.name, "", unreadable=str(error))
    except InvalidInput as error:
        other = isinstance(error, Unrecognised) or (document.text and not looks_known(document))
        if not (only_if_known and other):
            yield LintedFile(document.name, "", unreadable=str(error))


def _in_directory(name: str, told: Told) -> Sequence[LintedFile]:
    """Return the results for a directory of Terraform, with those of the parameters that it has."""
    from cfnroles import read
    from cfnroles.answers.lint import lint_configuration
    from cfnroles.sources.terraform_directory import variables_of

    parameters = variables_of(name) if told.parameters else ()
    given = {each: value for each, value in told.parameters.items() if each in parameters}
    return lint_configuration(read(name, replace(told, parameters=given)), parameters)


def _refuse_unused(files: Sequence[str], told: Told, report: LintReport) -> None:
    """Raise InvalidInput for a parameter that no file has, and for files of variables without a configuration.

    An unreadable file may have them.
    """
    from cfnroles.sources.directories import holds_terraform
    from cfnroles.spelling import hint

    if told.variable_files and not any(name != "-" and holds_terraform(name) for name in files):
        raise InvalidInput("--var-file requires a directory of Terraform, and no FILE is one")
    known = tuple(dict.fromkeys(each for file in report.files for each in file.parameters))
    unknown = next((each for each in told.parameters if each not in known), "")
    if unknown and not any(file.unreadable for file in report.files):
        why = f"Their parameters: {', '.join(known)}." if known else "None of them has parameters."
        raise InvalidInput(f"--parameter: no file has a parameter {unknown}", why=why, remedy=hint(unknown, known))


def _each_once(linted: Iterable[Sequence[LintedFile]]) -> tuple[LintedFile, ...]:
    """Return each file once, with the result for its role in a spec or template, if it has one."""
    found: dict[str, LintedFile] = {}
    for own, *named in filter(None, linted):
        found.setdefault(os.path.realpath(own.document), own)
        found |= {os.path.realpath(file.document): file for file in named}
    return tuple(found.values())


def _text(report: LintReport, format_: str, threshold: Severity | None) -> str:
    match format_:
        case "sarif":
            from cfnroles.formats.sarif import sarif

            return sarif(report)
        case "junit":
            from cfnroles.formats.junit import junit

            return junit(report, threshold)
        case "github" | "gitlab":
            from cfnroles.formats import annotations

            return annotations.github(report) if format_ == "github" else annotations.gitlab(report)
    from cfnroles.formats import lint

    if format_ == "json":
        return lint.json_text(report)
    if format_ == "markdown":
        return lint.markdown(report)
    return lint.human(report)


def _tell_of_others(files: Sequence[str], report: LintReport) -> None:
    """Report the Terraform directories below the given ones that are skipped: whether they are applied is unknown."""
    from cfnroles.files import below, is_directory
    from cfnroles.hcl.directory import is_configuration
    from cfnroles.page import quoted

    looked_at = {str(Path(os.path.realpath(file.document)).parent) for file in report.files}
    looked_at |= {os.path.realpath(name) for name in files}
    found = [file for name in files if name != "-" and is_directory(name) for file in below(name)[0]]
    folders = dict.fromkeys(str(file.parent) for file in found if is_configuration(file.name))
    others = [folder for folder in folders if os.path.realpath(folder) not in looked_at]
    if others:
        told = " ".join(map(quoted, others[:_MOST_TOLD]))
        first = "; the first ones are listed" if len(others) > _MOST_TOLD else ""
        are = "directories of Terraform are" if len(others) > 1 else "directory of Terraform is"
        note(
            f"note: {len(others)} {are} not checked{first}; to check a directory that you apply:",
            f"  cfnroles lint {told}",
        )


def _tell(report: LintReport, format_: str) -> None:
    from cfnroles.formats.lint import summary

    for file in report.files:
        if file.unreadable:
            say_error(file.unreadable)
    if format_ != "markdown":
        note(summary(report))


def _exit_code(report: LintReport, threshold: Severity | None) -> int:
    from cfnroles.answers.lint import SEVERITIES

    if any(file.unreadable for file in report.files):
        return InvalidInput.exit_code
    bad = SEVERITIES[SEVERITIES.index(threshold) :] if threshold else ()
    return BadAnswer.exit_code if any(finding.severity in bad for finding in report.findings) else 0
