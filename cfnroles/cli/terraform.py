"""``cfnroles terraform``: the roles of task definitions as Terraform files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from cfnroles.cli.panels import panel_command
from cfnroles.cli.paths import PathParameter
from cfnroles.cli.shared_options import WRITTEN, choice, refuse_gaps, several, strict_option
from cfnroles.cli.source import (
    only_for_templates,
    pairs,
    reading_of,
    resource_options,
    service_option,
    source_options,
    taken,
    told,
)
from cfnroles.cli.terminal import say
from cfnroles.cli.unknown_keys import note_unknown
from cfnroles.errors import InvalidInput

if TYPE_CHECKING:
    from cfnroles.sources.reading import Reading
    from cfnroles.sources.service_spec.types import String
    from cfnroles.targets.terraform.file import Again
    from cfnroles.text import Text


class _Options(Struct, frozen=True):
    directory: Path | None
    gate: str
    module: bool
    path: str
    boundary: str
    tags: Mapping[str, str]
    service: str
    resource: str
    strict: bool
    force: bool


@panel_command("terraform")
@source_options
@click.option(
    "-o",
    "--output",
    "directory",
    type=PathParameter(file_okay=False),
    metavar="DIRECTORY",
    help="Directory to write to. Default: the task definition's in Terraform, else this one.",
)
@click.option(
    "--gate",
    default="data",
    show_default=True,
    metavar="HOW",
    type=choice("data", "check", "none"),
    help="How Terraform checks secrets, without reading a value. data: at plan. check: with `cfnroles check`, at apply."
    " none: not at all.",
)
@click.option("--path", default="", metavar="PATH", help="Path of the roles, or an expression.")
@click.option(
    "--permissions-boundary",
    "boundary",
    default="",
    metavar="ARN",
    help="Permissions boundary of the roles, or an expression.",
)
@several("--tag", "tags", metavar="NAME=VALUE", callback=pairs, help="Tag of the roles, or an expression.")
@click.option(
    "--module",
    is_flag=True,
    help="Write a reusable module to -o DIRECTORY instead: an execution role for SOURCE, with the variables"
    " service_name, secrets_arns and additional_policies.",
)
@service_option
@resource_options
@strict_option()
@click.option("--force", is_flag=True, help="Overwrite files edited since cfnroles wrote them.")
@click.pass_context
def command(context: click.Context, /, source: str, **given: Any) -> None:
    """Write the roles of SOURCE as Terraform: NAME.cfnroles.tf.

    SOURCE is a directory of Terraform, or a task definition, service spec or CloudFormation template. The file uses
    the directory's own expressions; for other sources, unknown values become variables.
    """
    from cfnroles.cli.terraform_output import write_files
    from cfnroles.formats import terraform as formats
    from cfnroles.targets.terraform.build import reusable_module, terraform
    from cfnroles.targets.terraform.gate import GateForm

    options = taken(_Options, given)
    reading = reading_of(source, told(given)).about(options.resource)
    only_for_templates(reading, resource=options.resource, parameter=given["parameters"])
    if options.service:
        reading = reading.of(options.service)
    directory = "" if options.directory is None else str(options.directory)
    how = _again(context, source, reading, directory)
    reading = _with_options(reading, options)
    if options.module:
        if not directory:
            raise InvalidInput("--module needs a directory to write to", remedy="Pass -o DIR, such as -o modules/role.")
        files = reusable_module(reading, directory, how)
    else:
        form = GateForm(options.gate)
        files = terraform(reading, directory, resource=options.resource, form=form, again=how)
    write_files({Path(each.path): each.text for each in files}, force=options.force)
    say(*formats.summary(reading, files, options.resource), err=True)
    note_unknown((need for each in files for need in each.needs), (reading,))
    if options.strict:
        refuse_gaps(len(formats.gaps_of(reading, files, options.resource)), WRITTEN)


def _with_options(reading: Reading, options: _Options) -> Reading:
    from cfnroles.options import RoleOptions
    from cfnroles.sources.service_spec import forms
    from cfnroles.targets.terraform.build import expression_or_text, with_options

    if not (options.path or options.boundary or options.tags):
        return reading
    tags = {name: expression_or_text(value) for name, value in options.tags.items()}
    path = _admitted("--path", options.path, forms.ROLE_PATH)
    boundary = _admitted("--permissions-boundary", options.boundary, forms.POLICY_ARN)
    return with_options(reading, RoleOptions(path=path, permissions_boundary=boundary, tags=tags))


def _admitted(option: str, written: str, form: String) -> Text:
    """Return the value of an option. Raise InvalidInput for a literal that IAM refuses, as in a service spec."""
    from cfnroles.targets.terraform.build import expression_or_text

    value = expression_or_text(written)
    if written and not value.symbols and (refused := form.refused(written)):
        raise InvalidInput(f"{option} {refused}", remedy=f"{form.remedy} An expression is in ${{...}}.")
    return value


def _again(context: click.Context, source: str, reading: Reading, directory: str) -> Again:
    """Return the command that writes the files again from their directory."""
    from cfnroles.cli.again import options_again, source_from
    from cfnroles.hcl.directory import Directory
    from cfnroles.targets.terraform.build import is_directory
    from cfnroles.targets.terraform.directory import sensitive_variables
    from cfnroles.targets.terraform.file import Again

    lies = directory or (reading.name if is_directory(reading) else ".")
    hidden = sensitive_variables(Directory(reading.name)) if is_directory(reading) else frozenset()
    seen = source_from(source, lies)
    elsewhere = " -o ." if directory and seen != "." else ""
    of_root = options_again(context, lies, hidden=hidden, of_root=True)
    return Again(seen, options_again(context, lies) + elsewhere, of_root)
