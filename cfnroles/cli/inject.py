"""``cfnroles inject``: add the roles of a template's task definitions to the template."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from msgspec import Struct
from msgspec.structs import replace

from cfnroles.cli.panels import panel_command
from cfnroles.cli.paths import PathParameter
from cfnroles.cli.shared_options import refuse_gaps, strict_option
from cfnroles.cli.source import reading_of, resource_options, source_options, taken, told
from cfnroles.cli.terminal import put, say
from cfnroles.cli.unknown_keys import note_unknown_clusters, note_unknown_keys
from cfnroles.counted import counted
from cfnroles.errors import BadAnswer, InvalidInput

if TYPE_CHECKING:
    from cfnroles.document import Document
    from cfnroles.sources.reading import Reading
    from cfnroles.sources.told import Told
    from cfnroles.targets.cloudformation.inject import Injection


class _Options(Struct, frozen=True):
    output: Path | None
    in_place: bool
    nested: bool
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
@click.option("--nested", is_flag=True, help="Also edit the templates of nested stacks, with --in-place.")
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
    options = taken(_Options, given)
    _refuse_combinations(source, options)
    _refuse_directory(source)
    about = told(given)
    top = _opened(source, about, reading_of)
    files = _with_nested(top, about) if options.nested else {top: ""}
    if options.remove:
        from cfnroles.targets.cloudformation.inject import removed

        for file, text in [(each, removed(each.reading)) for each in files]:
            _write(text, file, options)
        return
    _inject(files, options, source if options.nested else "")


class _File(Struct, frozen=True, eq=False):
    """A template on the command line, or one that it nests."""

    name: str
    data: bytes
    reading: Reading


def _opened(name: str, about: Told, read: Callable[[Document, Told], Reading]) -> _File:
    from cfnroles import Document
    from cfnroles.document import read_document
    from cfnroles.files import read_bytes, text_of

    data = read_bytes(name)
    text = text_of(data, "standard input" if name == "-" else name)
    document = Document("standard input", text) if name == "-" else read_document(name)
    return _File(name, data, read(Document(document.name, text, document.beside), about))


def _with_nested(top: _File, about: Told) -> dict[_File, str]:
    """Return the templates with task definitions: the one given, and those of nested stacks.

    Each has its project if that is not its default.
    """
    from cfnroles import read
    from cfnroles.sources.nested_stacks import with_tasks
    from cfnroles.sources.template_task_types import TASKS
    from cfnroles.sources.template_tasks import defined
    from cfnroles.targets.cloudformation.project_names import project_option, projects_of

    # Values of parameters are those of the template around a nested stack.
    nested = [_opened(each, replace(about, parameters={}), read) for each in with_tasks(top.reading.nested)]
    template = top.reading.template
    own = [top] if not nested or (template and defined(template, TASKS)) else []
    projects = projects_of([each.name for each in (*own, *nested)])
    return {
        each: projects[each.name] * bool(project_option(each.name, projects[each.name])) for each in (*own, *nested)
    }


def _inject(files: Mapping[_File, str], options: _Options, top: str) -> None:
    """Edit the templates. ``top`` is the one that has the others as nested stacks, if there may be others."""
    from cfnroles import inject
    from cfnroles.formats.injection import summary

    made = {
        file: inject(
            file.reading,
            options.resource,
            replace_roles=options.replace_roles,
            project=options.project or project,
        )
        for file, project in files.items()
    }
    for file, injection in made.items():
        say(*([f"{file.name}:"] if top else []), summary(injection, file.name, top), err=True)
        _write(injection.text, file, options)
    note_unknown_keys(sorted({file for each in made.values() for file in each.unknown_keys}))
    note_unknown_clusters(sorted({service for each in made.values() for service in each.unknown_clusters}))
    _end(tuple(made.values()), options)


def _refuse_directory(source: str) -> None:
    from cfnroles.files import is_directory
    from cfnroles.page import quoted
    from cfnroles.sources.directories import holds_terraform, nothing_to_read

    if source != "-" and is_directory(source):
        if not holds_terraform(source):
            raise nothing_to_read(source)
        remedy = f"Run `cfnroles terraform {quoted(source)}` to write the roles next to its task definitions."
        raise InvalidInput("is a directory of Terraform; inject requires a template", where=source, remedy=remedy)


def _refuse_combinations(source: str, options: _Options) -> None:
    if options.in_place and (options.output or source == "-"):
        other = f"-o {options.output}" if options.output else "standard input"
        raise InvalidInput(f"--in-place cannot be combined with {other}", remedy="Omit --in-place.")
    if options.nested and not options.in_place:
        raise InvalidInput("--nested requires --in-place, because it edits several files")
    if options.remove and (other := _other_than_removing()):
        raise InvalidInput(
            f"--remove cannot be combined with {other}", remedy="It removes everything that was injected."
        )
    if options.nested and options.resource:
        raise InvalidInput("--nested cannot be combined with --resource", remedy="Pass one of them.")


#: The options with a meaning for --remove.
_REMOVING = frozenset({"source", "remove", "output", "in_place", "nested"})


def _other_than_removing() -> str:
    """Return an option on the command line that has no meaning for --remove."""
    context = click.get_current_context()
    given = (
        each
        for each in context.command.params
        if context.get_parameter_source(each.name or "") is ParameterSource.COMMANDLINE and each.expose_value
    )
    return next((each.opts[-1] for each in given if each.name not in _REMOVING), "")


def _write(text: str, file: _File, options: _Options) -> None:
    """Write a text with the byte order mark of its file."""
    data = (codecs.BOM_UTF8 if file.data.startswith(codecs.BOM_UTF8) else b"") + text.encode()
    target = Path(file.name) if options.in_place else options.output
    if target is None:
        put(data)
        return
    from cfnroles.cli.paths import replace_file

    replace_file(target, data)


def _end(injections: Sequence[Injection], options: _Options) -> None:
    if options.strict:
        others = sum(len(each.others) for each in injections)
        without = counted(others, "role without a place", "roles without a place") if others else ""
        refuse_gaps(sum(len(each.gaps) for each in injections), "the template was written", without)
    if any(each.left or each.looped for each in injections):
        sys.exit(BadAnswer.exit_code)
