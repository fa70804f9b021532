"""From a reading to the Terraform files with its roles."""

from __future__ import annotations

import posixpath

from msgspec.structs import replace

from cfnroles.errors import InvalidInput
from cfnroles.hcl.directory import Directory, Files
from cfnroles.hcl.parser import parse_expression
from cfnroles.hcl.syntax import Source
from cfnroles.options import RoleOptions
from cfnroles.role_kinds import ROLE_KINDS
from cfnroles.sources.reading import Reading
from cfnroles.sources.terraform_directory import DirectoryRoles
from cfnroles.symbols import Expression
from cfnroles.targets.terraform.file import Again
from cfnroles.targets.terraform.gate import GateForm
from cfnroles.targets.terraform.neighbours import written_files
from cfnroles.targets.terraform.written_file import TerraformFile
from cfnroles.text import Text


def terraform(
    reading: Reading,
    directory: str = "",
    *,
    resource: str = "",
    form: GateForm = GateForm.DATA,
    again: Again | None = None,
) -> tuple[TerraformFile, ...]:
    """Return the file with the roles of each task definition, for ``directory`` or next to the task definition.

    ``again`` is the command that rewrites the file, as the file names it.

    Raise InvalidInput for values that ECS would reject, and if a file cannot be written.
    """
    if not is_directory(reading):
        files = files_of(reading, Directory(directory or "."), resource=resource, form=form, again=again)
        return tuple(replace(each, path=posixpath.join(directory, each.path)) for each in files)
    files = files_of(reading, Directory(reading.name), form=form, again=again)
    if directory:
        return tuple(replace(each, path=posixpath.join(directory, posixpath.basename(each.path))) for each in files)
    return tuple(replace(each, path=_from(reading.name, each.path)) for each in files)


def _from(directory: str, path: str) -> str:
    joined = posixpath.join(directory, path)
    return posixpath.normpath(joined) if path.startswith("../") else joined


def files_of(
    reading: Reading,
    files: Files,
    *,
    resource: str = "",
    form: GateForm = GateForm.DATA,
    again: Again | None = None,
) -> tuple[TerraformFile, ...]:
    """Return the files of ``terraform`` with paths relative to the directory of ``files``: the source or the output."""
    if reading.template is not None:
        from cfnroles.targets.terraform.templates import template_subjects

        subjects = template_subjects(reading, reading.template, resource, again or Again(reading.name))
        return written_files(subjects, files, form=form)
    if is_directory(reading):
        from cfnroles.targets.terraform.directory import directory_files

        return directory_files(reading, files, form=form, again=again or Again("."))
    from cfnroles.targets.terraform.task_definitions import task_files

    return task_files(reading, files, form=form, again=again or Again(reading.name))


def is_directory(reading: Reading) -> bool:
    """Whether a source is a Terraform directory, where the files go next to the task definitions."""
    return isinstance(reading.configuration, DirectoryRoles)


def reusable_module(reading: Reading, directory: str, again: Again) -> tuple[TerraformFile, ...]:
    """Return a module with the execution role of the only task definition, to which each call passes its secrets.

    Raise InvalidInput for a Terraform directory, because its names mean nothing in a module.
    """
    from cfnroles.targets.terraform.task_definitions import task_module

    if reading.addressed or reading.template is not None:
        raise InvalidInput(
            f"--module requires a task definition or a service, but {reading.name} is {reading.noun}",
            remedy="Omit it to write the roles of its task definition.",
        )
    made = task_module(reading, again)
    return (replace(made, path=posixpath.join(directory, made.path)),)


def with_options(reading: Reading, options: RoleOptions) -> Reading:
    """Return the reading with these options for every role; raise InvalidInput if the source has its own options."""
    if reading.project or reading.template is not None:
        raise InvalidInput(
            f"--path, --permissions-boundary and --tag require a task definition, but {reading.name} is {reading.noun}",
            remedy="Write them into the spec: docs/spec.md." if reading.project else "Omit them.",
        )
    given = {kind.holder: options for kind in ROLE_KINDS}
    return replace(reading, tasks=tuple(replace(task, options=given) for task in reading.tasks))


def expression_or_text(written: str) -> Text:
    """Return a string that a user passes for a Terraform file: literal, or Terraform expressions in ``${...}``.

    Raise InvalidInput for an invalid expression.
    """
    if not (written.startswith("${") and written.endswith("}")):
        return Text(written)
    parse_expression(Source(written, written[2:-1]))
    name = written[2:-1].replace("{", "(").replace("}", ")")
    return Text(Expression(name, written=written, reason=""))
