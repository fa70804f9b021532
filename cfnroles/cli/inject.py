"""``cfnroles inject``: add the roles of a template's task definitions to the template."""

from __future__ import annotations

import codecs
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from cfnroles.cli.panels import panel_command
from cfnroles.cli.paths import PathParameter
from cfnroles.cli.shared_options import refuse_gaps, strict_option
from cfnroles.cli.source import resource_options, source_options, taken, told
from cfnroles.cli.terminal import put, say
from cfnroles.counted import counted
from cfnroles.errors import BadAnswer, InvalidInput

if TYPE_CHECKING:
    from cfnroles.targets.cloudformation.inject import Injection


class _Options(Struct, frozen=True):
    output: Path | None
    in_place: bool
    replace_roles: bool
    remove: bool
    resource: str
    project: str
    strict: bool


@panel_command("inject")
@source_options
@click.option(
    "-o",
    "--output",
    default=None,
    type=PathParameter(dir_okay=False),
    metavar="FILE",
    help="File to write to. Default: standard output.",
)
@click.option("--in-place", is_flag=True, help="Write to SOURCE itself.")
@click.option("--replace-roles", is_flag=True, help="Also replace roles that task definitions already name.")
@click.option("--remove", is_flag=True, help="Remove everything that was injected, to the last byte.")
@resource_options
@click.option(
    "--project", default="", metavar="NAME", help="Project of the secret validator. Default: the file's name."
)
@strict_option("Exit with 1 for gaps and roles without a place.")
def command(source: str, **given: Any) -> None:
    """Add an execution role, a task role and the secret gate to the CloudFormation template SOURCE.

    Adds lines and sets the role properties of task definitions and services; everything else stays as it is. SOURCE is
    a file, or - for standard input. Exits with 1 if a task definition keeps its roles: it names some already, or a
    loop makes it.
    """
    from cfnroles import Document, inject, read
    from cfnroles.document import read_document
    from cfnroles.files import read_bytes, text_of
    from cfnroles.formats.injection import summary
    from cfnroles.targets.cloudformation.inject import removed

    options = taken(_Options, given)
    target = _target(source, options)
    _refuse_directory(source)
    data = read_bytes(source)
    text = text_of(data, "standard input" if source == "-" else source)
    document = Document("standard input", text) if source == "-" else read_document(source)
    reading = read(Document(document.name, text, document.beside), told(given))
    if options.remove:
        _write(removed(reading), data, target)
        return
    injection = inject(reading, options.resource, replace_roles=options.replace_roles, project=options.project)
    say(summary(injection, source), err=True)
    _write(injection.text, data, target)
    _end(injection, options)


def _refuse_directory(source: str) -> None:
    from cfnroles.files import is_directory
    from cfnroles.page import quoted
    from cfnroles.sources.directories import holds_terraform

    if source != "-" and is_directory(source):
        written = holds_terraform(source)
        remedy = (
            f"Run `cfnroles terraform {quoted(source)}` to write the roles next to its task definitions."
            if written
            else ""
        )
        raise InvalidInput("is a directory; inject requires a template", where=source, remedy=remedy)


def _target(source: str, options: _Options) -> Path | None:
    if not options.in_place:
        return options.output
    if options.output or source == "-":
        other = f"-o {options.output}" if options.output else "standard input"
        raise InvalidInput(f"--in-place cannot be combined with {other}", remedy="Omit --in-place.")
    return Path(source)


def _write(text: str, before: bytes, target: Path | None) -> None:
    """Write a text with its original byte order mark."""
    data = (codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b"") + text.encode()
    if target is None:
        put(data)
        return
    from cfnroles.cli.paths import replace_file

    replace_file(target, data)


def _end(injection: Injection, options: _Options) -> None:
    if options.strict:
        others = counted(len(injection.others), "role without a place", "roles without a place")
        refuse_gaps(len(injection.gaps), "the template was written", others if injection.others else "")
    if injection.left or injection.looped:
        sys.exit(BadAnswer.exit_code)
