"""``cfnroles build``: CloudFormation stacks for a task definition or a service spec."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from cfnroles.cli.panels import panel_command
from cfnroles.cli.paths import PathParameter
from cfnroles.cli.shared_options import WRITTEN, choice, profile_option, refuse_gaps, strict_option
from cfnroles.cli.source import (
    only_for_specs,
    only_for_templates,
    reading_of,
    resource_options,
    source_options,
    taken,
    told,
)
from cfnroles.cli.terminal import is_quiet, note, say
from cfnroles.cli.unknown_keys import note_unknown_clusters, note_unknown_keys
from cfnroles.counted import counted
from cfnroles.errors import BadAnswer, InvalidInput
from cfnroles.page import page

if TYPE_CHECKING:
    from cfnroles.targets.cloudformation.output_files import Format


#: The maximum number of files to list by name: one screen.
_MOST_LISTED = 24


class _Options(Struct, frozen=True):
    directory: Path
    project: str
    format_: Format
    lint: bool
    strict: bool
    environment: str
    for_account: str
    live: bool
    profile: str
    force: bool
    resource: str
    parameterized: bool
    shared_gate: bool


@panel_command("build")
@source_options
@click.option(
    "-o",
    "--output",
    "directory",
    default="build",
    metavar="DIRECTORY",
    show_default=True,
    type=PathParameter(file_okay=False),
    help="Directory to write to.",
)
@click.option("--project", default="", metavar="NAME", help="Prefix of stack names. Default: the family.")
@click.option(
    "--template-format",
    "format_",
    default="yaml",
    metavar="FORMAT",
    type=choice("yaml", "json"),
    help="yaml (default) or json.",
)
@click.option("--parameterized", is_flag=True, help="Leave names, paths and boundaries to parameters.")
@click.option("--shared-gate", is_flag=True, help="Wait for the gate of `cfnroles gate`.")
@click.option("--lint", is_flag=True, help="Check the templates with cfn-lint first.")
@strict_option()
@click.option("--environment", default="", metavar="NAME", help="Environment of a service spec.")
@click.option("--for-account", default="", metavar="ID", help="Write what this other account must grant instead.")
@click.option("--live", is_flag=True, help="Read FAMILY:REVISION of a spec from Amazon ECS.")
@profile_option("AWS profile for --live. Default: AWS_PROFILE.")
@resource_options
@click.option("--force", is_flag=True, help="Overwrite files edited since the last build.")
def command(source: str, **given: Any) -> None:
    """Write the CloudFormation stacks with the roles.

    SOURCE is a task definition or a service spec in JSON or YAML, or - for standard input. `cfnroles init` writes a
    service spec. For a CloudFormation template or Terraform, writes the roles as a separate stack.
    """
    from cfnroles import build
    from cfnroles.cli.output_directory import write_files
    from cfnroles.formats import build as formats
    from cfnroles.sources.from_service_spec import reads_live

    options = taken(_Options, given)
    about = told(given, live=options.live, profile=options.profile)
    reading = reading_of(source, about, passing=not options.for_account).about(options.resource)
    only_for_specs(reading, live=options.live)
    if options.live and not reading.wrong and not reads_live(reading):
        note(f"note: --live has no effect: no service of {reading.name} names FAMILY:REVISION")
    only_for_templates(reading, resource=options.resource, parameter=given["parameters"])
    built = None
    if options.for_account:
        from cfnroles.targets.cloudformation.other_side import other_side_files

        _refuse_for_account(options)
        files: Mapping[str, str] = other_side_files(reading, options.for_account, options.format_, options.project)
        summary, gaps = formats.other_side(options.for_account), reading.gaps
    else:
        built = build(
            reading,
            project=options.project,
            environment=options.environment,
            format=options.format_,
            resource=options.resource,
            parameterized=options.parameterized,
            shared_gate=options.shared_gate,
            keep=False,
        )
        summary = formats.summary(reading, built, options.directory, source, _again())
        files, gaps = built.files, built.gaps
    if options.lint:
        _lint(files)
    written = write_files(options.directory, files, force=options.force)
    lines = [*_wrote(files, options), *_listed("Removed from an earlier build:", written.removed, options)]
    lines += _listed("Kept from an earlier build, because edited since:", written.left, options)
    note(*lines, *summary)
    if built is not None:
        note_unknown_keys(built.unknown_keys, of_spec=reading.project is not None)
        note_unknown_clusters(built.unknown_clusters)
    if is_quiet():
        say(*formats.told(reading, gaps), err=True)
    if options.strict:
        refuse_gaps(len(gaps), WRITTEN)


def _refuse_for_account(options: _Options) -> None:
    """Raise InvalidInput for an option about stacks that are not written for another account."""
    given = {
        "--environment": options.environment,
        "--parameterized": options.parameterized,
        "--shared-gate": options.shared_gate,
    }
    if other := next((name for name, value in given.items() if value), ""):
        remedy = (
            "The policies name the account of the spec: write that of the environment there."
            if options.environment
            else "It is about the stacks of this account."
        )
        raise InvalidInput(f"--for-account cannot be combined with {other}", remedy=remedy)


def _again() -> str:
    from cfnroles.cli.again import options_again

    context = click.get_current_context()
    return options_again(context, "") + options_again(context, "", of_root=True)


def _wrote(files: Mapping[str, str], options: _Options) -> list[str]:
    """Return the names of the files if they are few, otherwise their number: stacks.json lists them."""
    if len(files) > _MOST_LISTED:
        return [f"Wrote {counted(len(files), 'file')} to {options.directory}."]
    return _listed("Wrote:", files, options)


def _listed(title: str, names: Iterable[str], options: _Options) -> list[str]:
    paths = [f"  {options.directory / name}" for name in names]
    return [title, *paths] if paths else []


def _lint(files: Mapping[str, str]) -> None:
    from cfnroles.answers.template_lint import template_problems

    problems = [
        f"{name}: line {problem.line}: {problem.check} {problem.what}"
        for name, text in files.items()
        if name.endswith((".yaml", ".json")) and name not in ("stacks.json", "statements.json")
        for problem in template_problems(text)
    ]
    if problems:
        raise BadAnswer("cfn-lint reports problems in the templates; nothing was written", why=page(problems))
