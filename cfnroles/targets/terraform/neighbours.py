"""What stands beside a file that is written: the names that it must not have, and the file that it replaces."""

from __future__ import annotations

from cfnroles.hcl.configuration import Configuration
from cfnroles.hcl.directory import Files
from cfnroles.hcl.syntax import Node
from cfnroles.targets.terraform.written_file import Place

#: The output by which the stem of a file is known again.
_OUTPUT = "_execution_role_arn"


def place_of(path: str, files: Files, configuration: Configuration) -> Place:
    """The place of a file in a directory with this configuration."""
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
