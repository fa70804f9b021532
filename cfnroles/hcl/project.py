"""A directory of Terraform as the root of a configuration, with the modules that are available."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from cfnroles.errors import InvalidInput
from cfnroles.files import read_text
from cfnroles.hcl.configuration import Configuration, literal, read_configuration
from cfnroles.hcl.directory import Files, joined
from cfnroles.hcl.parser import parse, parse_expression
from cfnroles.hcl.session import MOST_OF_ALL, Budget
from cfnroles.hcl.syntax import Block, Chunk, Constant, Node, Place, Source, Template
from cfnroles.hcl.types import takes_text
from cfnroles.hcl.uses import known_type
from cfnroles.hcl.values import Missing, Outside
from cfnroles.spelling import hint, meant

#: Where `terraform init` notes the modules that it brought.
_INSTALLED = ".terraform/modules/modules.json"
WORKSPACE = "terraform.workspace"
_FIRST = ("terraform.tfvars", "terraform.tfvars.json")
_AUTOMATIC = (".auto.tfvars", ".auto.tfvars.json")


class Project:
    """A configuration with what its root is given. ``given`` are the expressions of variables, by their names.

    Nothing is fetched: a module is read where its source is a path, or where `terraform init` has brought it. With
    ``any_text``, the default of a text or a truth value is not its value: it may have any. With ``any_key``, what
    ``for_each`` repeats is one thing for any of its keys, and so is what ``count`` makes several of. The variables
    ``opened`` may have any value, whatever their type. ``by_state`` is how a state tells what only AWS knows.
    """

    def __init__(
        self,
        files: Files,
        parameters: Mapping[str, str] | None = None,
        variable_files: Sequence[str] = (),
        *,
        any_text: bool = False,
        any_key: bool = False,
        opened: frozenset[str] = frozenset(),
        by_state: str = "",
    ):
        self.files = files
        self.any_key, self.by_state = any_key, by_state
        self._any_text, self._opened = any_text, opened
        self.budget = Budget(MOST_OF_ALL)
        self._known: dict[str, Configuration] = {}
        #: The blocks that were found of each type, for whoever asks once more.
        self.sites: dict[str, Any] = {}
        #: Where each provider of the root makes resources, once that was looked at.
        self.providers: dict[str, Any] = {}
        self._read: dict[tuple[str, str], tuple[str | None, str]] = {}
        self.root = self.configuration(".")
        if not self.root.texts:
            raise InvalidInput(
                "has no .tf files", where=files.called("."), remedy="Pass the directory that `terraform` runs in."
            )
        self._parameters = dict(parameters or {})
        self.workspace = self._parameters.pop(WORKSPACE, "")
        self.given: dict[str, Node] = self._from_files(variable_files)
        self._take_parameters()
        self._installed = self._read_installed()

    def default_of(self, block: Block) -> Node | None:
        """The default of a variable of the root, if its value may be taken for that."""
        usual = block.body.arguments.get("default")
        return None if self._may_be_any(block, usual) else usual

    def _may_be_any(self, block: Block, value: Node | None) -> bool:
        return block.labels[0] in self._opened or (self._any_text and _is_open(block, value))

    def configuration(self, directory: str) -> Configuration:
        """The configuration in a directory, as seen from the root; raises InvalidInput where it is not well formed."""
        if directory not in self._known:
            self._known[directory] = read_configuration(self.files, directory)
        return self._known[directory]

    @property
    def texts(self) -> dict[str, str]:
        """The texts of all files that were read, by what they are called."""
        return {name: text for each in self._known.values() for name, text in each.texts.items()}

    def file(self, path: str, directory: str, place: Place) -> str:
        """The text of a file that a module in a directory names; raises Failed where it cannot be read."""
        key = path, directory
        if key not in self._read:
            self._read[key] = self._text(path, directory)
        text, fault = self._read[key]
        if text is None:
            raise Missing(fault, place, self._near(path)) if fault else Outside(path, place)
        return text

    def _text(self, path: str, directory: str) -> tuple[str | None, str]:
        """The text, or why there is none; nothing where the file lies elsewhere."""
        files = self.files
        if not files.inside(path, ".") and not files.inside(path, directory) and not files.in_repository(path):
            return None, ""
        try:
            text = files.text(path)
        except InvalidInput as error:
            return None, str(error)
        return text, "" if text is not None else f"the file {files.called(path)} does not exist"

    def _near(self, path: str) -> str:
        """The file that was meant by a path at which there is none."""
        directory, name = posixpath.split(path)
        near = meant(name, self.files.names(directory or "."))
        return f"Did you mean {posixpath.join(directory, near)!r}?" if near else ""

    def _from_files(self, variable_files: Sequence[str]) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for name in automatic_files(self.files.names(".")):
            text = self.files.text(name) or ""
            # Terraform itself passes over what names no variable.
            found |= values_in(Source(self.files.called(name), text))
        #: The variables whose values stand in the files that Terraform takes by itself.
        self.automatic = frozenset(found) & self.root.variables.keys()
        # What Terraform takes by itself, the next command line may give another value.
        blocks = self.root.variables
        found = {
            name: node for name, node in found.items() if name not in blocks or not self._may_be_any(blocks[name], node)
        }
        for name in variable_files:
            given = values_in(Source(name, read_text(name)))
            self._refuse_others(given, name)
            found |= given
        return found

    def _take_parameters(self) -> None:
        self._refuse_others(self._parameters, "--parameter")
        for name, text in self._parameters.items():
            self.given[name] = self._argument(name, text)

    def _refuse_others(self, names: Mapping[str, Any], where: str) -> None:
        for name in names:
            if name not in self.root.variables:
                known = ", ".join(sorted(self.root.variables))
                why = f"Its variables: {known}." if known else "It has none."
                what, remedy = f"{where}: no variable is named {name}", hint(name, self.root.variables)
                raise InvalidInput(what, where=self.files.called("."), why=why, remedy=remedy)

    def _argument(self, name: str, text: str) -> Node:
        """The value of a variable from the command line: a text where its type is one, else an expression.

        Terraform makes a text of it where no type is declared, and stops where it is used as anything else.
        """
        kind = known_type(self.root, self.root.variables[name])
        source = Source(f"--parameter {name}", text)
        if takes_text(kind):
            return Template(source, 0, len(text), (Chunk(source, 0, len(text), text),))
        return parse_expression(source)

    def _read_installed(self) -> dict[str, str]:
        text = self.files.text(_INSTALLED)
        if text is None or not self.files.inside(_INSTALLED, "."):
            return {}
        try:
            modules = json.loads(text)["Modules"]
            return {str(each["Key"]): str(each["Dir"]) for each in modules}
        except (ValueError, KeyError, TypeError, RecursionError):
            return {}

    def source_of(self, call: Block, directory: str, path: tuple[str, ...]) -> str | None:
        """The directory of a called module as seen from the root; ``None`` where it is not available.

        ``directory`` is that of the caller, and ``path`` the names of the calls from the root on.
        """
        source = literal(call.body.arguments.get("source"))
        if (source is not None and source.startswith(("./", "../"))) or source in (".", ".."):
            found = joined(directory, source)
        else:
            installed = self._installed.get(".".join(path))
            if installed is None or posixpath.isabs(installed):
                return None
            found = joined(".", installed)
        return found if self.configuration(found).texts else None


def automatic_files(names: Sequence[str]) -> list[str]:
    """Those of a directory's files whose values Terraform takes by itself, in the order in which a later one wins.

    https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
    """
    first = [name for name in _FIRST if name in names]
    return [*first, *sorted(name for name in names if name.endswith(_AUTOMATIC) and not name.startswith("."))]


def values_in(source: Source) -> dict[str, Node]:
    """The values of variables in a file; raises InvalidInput where it is not well formed, or has blocks in it."""
    if source.name.endswith(".json"):
        from cfnroles.hcl.json_files import parse_json_values

        return parse_json_values(source)
    found = parse(source)
    if found.blocks:
        place = found.blocks[0].place
        where = f"{place.document}:{place.line}:{place.column}"
        raise InvalidInput("has a block, expected values of variables", where=where, remedy="Write NAME = VALUE.")
    return found.arguments


def _is_open(variable: Block, value: Node | None) -> bool:
    """Whether the value of a variable is a text or a truth value, and always will be one."""
    kind = variable.body.arguments.get("type")
    if isinstance(value, Constant) and isinstance(value.value, bool):
        return kind is None or kind.written == "bool"
    return literal(value) is not None and (kind is None or kind.written == "string")
