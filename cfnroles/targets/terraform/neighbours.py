"""The neighbors of a file that is written: the names that it must not have, and the file that it replaces."""

from __future__ import annotations

from collections.abc import Iterable

from cfnroles.errors import InvalidInput
from cfnroles.hcl.configuration import Configuration, read_configuration
from cfnroles.hcl.directory import Files
from cfnroles.hcl.syntax import Node
from cfnroles.targets.terraform.gate import GateForm
from cfnroles.targets.terraform.names import identifier
from cfnroles.targets.terraform.written_file import Place, Subject, TerraformFile, written_file

#: The output that identifies the stem of a file.
_OUTPUT = "_execution_role_arn"


def written_files(subjects: Iterable[Subject], files: Files, *, form: GateForm) -> tuple[TerraformFile, ...]:
    """Return the file of each subject, for a directory with these files.

    Raise InvalidInput if Terraform would read the names of two of them as one.
    """
    beside = read_configuration(files, ".")
    paths: dict[str, Subject] = {}
    for subject in subjects:
        other = paths.setdefault(f"{identifier(subject.name)}.cfnroles.tf", subject)
        if other is not subject:
            raise InvalidInput(
                f"{other.label} and {subject.label} would be one file, {identifier(subject.name)}.cfnroles.tf",
                where=subject.header.document,
                remedy="Write them one by one, each with -o to a separate directory.",
            )
    return tuple(written_file(each, place_of(path, files, beside), form=form) for path, each in paths.items())


def place_of(path: str, files: Files, configuration: Configuration) -> Place:
    """Return the place of a file in a directory with this configuration."""
    own_document = files.called(path)

    def other(node: Node) -> bool:
        return node.place.document != own_document

    resources = {name: node for name, node in configuration.resources.items() if other(node)}
    taken = {f"{'data.' if mode == 'data' else ''}{kind}.{name}" for mode, kind, name in resources}
    taken |= {f"local.{name}" for name, node in configuration.locals.items() if other(node)}
    taken |= {f"var.{name}" for name, node in configuration.variables.items() if other(node)}
    taken |= {f"output.{name}" for name, node in configuration.outputs.items() if other(node)}
    own = [name for name, node in configuration.outputs.items() if not other(node) and name.endswith(_OUTPUT)]
    return Place(path, frozenset(taken), own[0].removesuffix(_OUTPUT) if own else "")
