"""A directory of Terraform as the root of a configuration, with its available modules."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from cfnroles.errors import InvalidInput
from cfnroles.files import read_text
from cfnroles.hcl.configuration import Configuration, literal, read_configuration
from cfnroles.hcl.directory import Files, joined
from cfnroles.hcl.parser import parse, parse_expression
from cfnroles.hcl.session import MOST_OF_ALL, Budget
from cfnroles.hcl.syntax import Block, Call, Chunk, Constant, Node, Object, Place, Source, Template, Tuple
from cfnroles.hcl.types import takes_text
from cfnroles.hcl.unavailable import is_local
from cfnroles.hcl.uses import known_type
from cfnroles.hcl.values import Missing, Outside
from cfnroles.spelling import hint, meant

#: Where `terraform init` records the modules that it installed.
_INSTALLED = ".terraform/modules/modules.json"
WORKSPACE = "terraform.workspace"
_FIRST = ("terraform.tfvars", "terraform.tfvars.json")
_AUTOMATIC = (".auto.tfvars", ".auto.tfvars.json")


class Project:
    """A configuration with the inputs of its root. ``given`` are the expressions of variables, by name.

    Nothing is downloaded: a module is read if its source is a path, or if `terraform init` has installed it. With
    ``any_text``, a string or Boolean may have any value instead of its default. With ``any_key``, one instance
    represents all keys of ``for_each`` and all instances of ``count``. The variables ``opened`` may have any value of
    any type. ``by_state`` says how to find in a state what only AWS knows.
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
        self._any_text, self._opened, self._always_opened = any_text, opened, opened
        self.budget = Budget(MOST_OF_ALL)
        self._known: dict[str, Configuration] = {}
        #: The blocks of each type, cached.
        self.sites: dict[str, Any] = {}
        #: Where each provider of the root creates resources, cached.
        self.providers: dict[str, Any] = {}
        #: The roots for the passes, by where the current task definition is created.
        self.roots: dict[Any, Any] = {}
        #: What its readings share, by type.
        self.shared: dict[type, Any] = {}
        self._sources: dict[tuple[str, tuple[str, ...]], str | None] = {}
        self._read: dict[tuple[str, str], tuple[str | None, str]] = {}
        self.root = self.configuration(".")
        if not self.root.texts:
            raise InvalidInput(
                "has no .tf files", where=files.called("."), remedy="Pass the directory that `terraform` runs in."
            )
        self._parameters = dict(parameters or {})
        self.workspace = self._parameters.pop(WORKSPACE, "")
        self._automatic = self._automatically()
        #: The variables with values in the files that Terraform reads automatically.
        self.automatic = frozenset(self._automatic) & self.root.variables.keys()
        self._told = {**self._from_files(variable_files), **self._from_parameters()}
        self.given = self._chosen()
        self._installed = self._read_installed()

    def again(self, *, any_text: bool = False, any_key: bool = False, opened: frozenset[str] = frozenset()) -> Project:
        """Return another reading of the same configuration, which shares what it knows with this one."""
        found = copy(self)
        found.any_key, found._any_text, found._opened = any_key, any_text, opened | self._always_opened
        found.budget, found.given = Budget(MOST_OF_ALL), found._chosen()
        return found

    def input(self, name: str) -> tuple[Node | None, bool]:
        """Return the value of a variable of the root, and whether that is its default."""
        if (given := self.given.get(name)) is not None:
            return given, False
        block = self.root.variables[name]
        usual = block.body.arguments.get("default")
        return (None, False) if usual is None or self._may_be_any(block, usual) else (usual, True)

    def usual(self, name: str) -> Node | None:
        """Return the value that a variable of the root has if the command line gives none."""
        return self._automatic.get(name) or self.root.variables[name].body.arguments.get("default")

    def _may_be_any(self, block: Block, value: Node | None) -> bool:
        return block.labels[0] in self._opened or (self._any_text and _is_open(block, value))

    def configuration(self, directory: str) -> Configuration:
        """Return the configuration in a directory, relative to the root. Raise InvalidInput if it is malformed."""
        if directory not in self._known:
            self._known[directory] = read_configuration(self.files, directory)
        return self._known[directory]

    @property
    def texts(self) -> dict[str, str]:
        """Return the texts of all files that were read, by name."""
        return {name: text for each in self._known.values() for name, text in each.texts.items()}

    def file(self, path: str, directory: str, place: Place) -> str:
        """Return the text of a file that a module in a directory names. Raise Failed if it cannot be read."""
        key = path, directory
        if key not in self._read:
            self._read[key] = self._text(path, directory)
        text, fault = self._read[key]
        if text is None:
            raise Missing(fault, place, self._near(path)) if fault else Outside(path, place)
        return text

    def _text(self, path: str, directory: str) -> tuple[str | None, str]:
        """Return the text, or why there is none; nothing for a file elsewhere."""
        files = self.files
        if not files.inside(path, ".") and not files.inside(path, directory) and not files.in_repository(path):
            return None, ""
        try:
            text = files.text(path)
        except InvalidInput as error:
            return None, str(error)
        return text, "" if text is not None else f"the file {files.called(path)} does not exist"

    def _near(self, path: str) -> str:
        """Return the file that was likely meant by a path without a file."""
        directory, name = posixpath.split(path)
        near = meant(name, self.files.names(directory or "."))
        return f"Did you mean {posixpath.join(directory, near)!r}?" if near else ""

    def _automatically(self) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for name in automatic_files(self.files.names(".")):
            text = self.files.text(name) or ""
            # Terraform itself ignores values for undeclared variables.
            found |= values_in(Source(self.files.called(name), text))
        return found

    def _chosen(self) -> dict[str, Node]:
        """Return the expressions of variables. The next command line may override values that Terraform reads
        automatically.
        """
        blocks, automatic = self.root.variables, self._automatic.items()
        kept = {
            name: node for name, node in automatic if name not in blocks or not self._may_be_any(blocks[name], node)
        }
        return kept | self._told

    def _from_files(self, variable_files: Sequence[str]) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for name in variable_files:
            given = values_in(Source(name, read_text(name)))
            self._refuse_others(given, name)
            found |= given
        return found

    def _from_parameters(self) -> dict[str, Node]:
        self._refuse_others(self._parameters, "--parameter")
        return {name: self._argument(name, text) for name, text in self._parameters.items()}

    def _refuse_others(self, names: Mapping[str, Any], where: str) -> None:
        for name in names:
            if name not in self.root.variables:
                known = ", ".join(sorted(self.root.variables))
                why = f"Its variables: {known}." if known else "It has none."
                what, remedy = f"{where}: no variable is named {name}", hint(name, self.root.variables)
                raise InvalidInput(what, where=self.files.called("."), why=why, remedy=remedy)

    def _argument(self, name: str, text: str) -> Node:
        """Return the value of a variable from the command line: a text if its type is one, otherwise an expression.

        Without a type, Terraform reads a text, and fails if it is used as anything else.
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
        """Return the directory of a called module relative to the root; ``None`` if it is unavailable.

        ``directory`` is that of the caller, and ``path`` are the names of the calls from the root.
        """
        if (directory, path) not in self._sources:
            self._sources[directory, path] = self._source_of(call, directory, path)
        return self._sources[directory, path]

    def _source_of(self, call: Block, directory: str, path: tuple[str, ...]) -> str | None:
        source = literal(call.body.arguments.get("source"))
        if source is not None and is_local(source):
            found = joined(directory, source)
        else:
            installed = self._installed.get(".".join(path))
            if installed is None or posixpath.isabs(installed):
                return None
            found = joined(".", installed)
        return found if self.configuration(found).texts else None


def automatic_files(names: Sequence[str]) -> list[str]:
    """Return the variable files that Terraform reads automatically, in ascending precedence.

    https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
    """
    first = [name for name in _FIRST if name in names]
    return [*first, *sorted(name for name in names if name.endswith(_AUTOMATIC) and not name.startswith("."))]


def values_in(source: Source) -> dict[str, Node]:
    """Return the values of variables in a file. Raise InvalidInput if it is malformed, or contains blocks."""
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
    """Return whether the value of a variable is a string or Boolean of any value, or empty."""
    kind = variable.body.arguments.get("type")
    if (isinstance(value, Tuple) and not value.elements) or (isinstance(value, Object) and not value.members):
        return True
    if isinstance(value, Constant) and value.value is None:
        return isinstance(kind, Call) and kind.name in ("list", "set", "map")
    if isinstance(value, Constant) and isinstance(value.value, bool):
        return kind is None or kind.written == "bool"
    return literal(value) is not None and (kind is None or kind.written == "string")
