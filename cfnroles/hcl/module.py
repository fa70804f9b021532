"""A module with its inputs: the values of its variables, locals, resources, data sources and calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from cfnroles.hcl.configuration import ResourceName
from cfnroles.hcl.directory import joined
from cfnroles.hcl.evaluator import evaluate
from cfnroles.hcl.instances import ResourceInstance, repeated
from cfnroles.hcl.project import WORKSPACE, Project
from cfnroles.hcl.provided import Provided
from cfnroles.hcl.providers import provided, provided_by
from cfnroles.hcl.remembered import Remembered
from cfnroles.hcl.scope import Scope
from cfnroles.hcl.session import Session
from cfnroles.hcl.syntax import Block, Constant, Node, Place
from cfnroles.hcl.types import converted, example, written_example
from cfnroles.hcl.unavailable import unavailable
from cfnroles.hcl.uses import known_type
from cfnroles.hcl.values import Failed, Lazy, Value
from cfnroles.page import quoted
from cfnroles.symbols import Apart, Expression

#: The maximum depth of modules; real ones have at most three levels.
_DEEPEST = 12
_NOWHERE = Place("", 0, 0)
_Work = Callable[[], Value]
_Result = TypeVar("_Result")
#: The suffix of the locals that `cfnroles terraform` writes. Their users may exist before them.
WRITTEN_ROLE = "_role_arn"
_WRITE = "Run `cfnroles terraform` to write these locals for the roles of task definitions"
_DECLARE = "Declare it with its value as the default"
#: Why the outputs of a module with an unavailable source are unknown.
NOT_AT_HAND = "is not available"
#: Arguments of a call that do not belong to the module.
OWN = frozenset({"source", "version", "count", "for_each", "providers", "depends_on"})


def root_module(project: Project, home: Provided | None = None) -> Module:
    """Return the root of a configuration with a session for its passes, which share what they remember.

    All readings of one configuration share them, too. ``home`` is as for ``Session``.
    """
    if home not in project.roots:
        session = Session(project.budget)
        session.home = home
        project.roots[home] = Module(project, session)
    root: Module = project.roots[home]
    root.session.inputs = project
    return root


class Module:
    """One module. ``call`` is the scope of its call with the call itself; ``None`` for the root.

    All passes of its session share what it remembers.
    """

    def __init__(
        self,
        project: Project,
        session: Session,
        directory: str = ".",
        path: tuple[str, ...] = (),
        address: str = "",
        call: tuple[Scope, Block] | None = None,
    ) -> None:
        self.project, self.session = project, session
        self.directory, self.path, self.address = directory, path, address
        self.configuration = project.configuration(directory)
        self.scope = Scope(self, session).kept()
        self._call = call
        if call is None:
            session.inputs = project
        self._known: dict[object, Remembered] = {}
        self._instances: dict[object, Lazy] = {}
        self._apart: dict[tuple[int, str], Apart] = {}

    def named(self, root: str, steps: tuple[str, ...], place: Place) -> tuple[Value, int] | None:
        """As for ``Names``."""
        first = steps[0] if steps else ""
        match root:
            case "var" if first:
                found = self._once(("var", first), f"var.{first}", place, lambda: self._variable(first))
                # Without a value of its own, it is where it is used.
                return found if found.place.document else replace(found, place=place), 1
            case "local" if first:
                return self._once(("local", first), f"local.{first}", place, lambda: self._local(first, place)), 1
            case "module" if first:
                return self.called_module(first, place), 1
            case "data" if len(steps) > 1:
                return self.resource(("data", steps[0], steps[1]), place), 2
            case "path" if first in ("module", "root"):
                return Value(self.directory if first == "module" else ".", place), 1
            case "path" | "terraform" if first:
                return self._of_run(f"{root}.{first}", place), 1
            case "each" | "count" | "self":
                return None
        return (self.resource(("resource", root, first), place), 1) if first and "_" in root else None

    def _once(self, key: object, called: str, place: Place, work: _Work) -> Value:
        thing = (self.address, key)
        self.session.enter(thing, f"{self.address}{called}", place)
        try:
            return self.remembering(key, work)
        finally:
            self.session.leave(thing)

    def remembering(self, key: object, work: Callable[[], _Result]) -> _Result:
        """Return the result of a computation that only the conditions of a pass change."""
        return self.session.once(self._known.setdefault(key, Remembered()), work)

    def _of_run(self, name: str, place: Place) -> Value:
        if name == WORKSPACE and self.project.workspace:
            return Value(self.project.workspace, place)
        remedy = f"Pass --parameter {WORKSPACE}=NAME" if name == WORKSPACE else ""
        reason = "the workspace is unknown" if name == WORKSPACE else f"{name} is known only when Terraform runs"
        return Value(Expression(name, written=f"${{{name}}}", reason=reason, remedy=remedy), place)

    def _variable(self, name: str) -> Value:
        block = self.configuration.variables.get(name)
        if block is None:
            # Terragrunt adds files with variables before it runs Terraform.
            reason = f"no file of {self.project.files.called(self.directory)} declares var.{name}"
            called = f"{self.address}var.{name}"
            return Value(Expression(called, written=f"${{var.{name}}}", reason=reason, remedy=_DECLARE), _NOWHERE)
        kind = block.body.arguments.get("type")
        given = self._input(name) if self._call is None else self._given(name, *self._call)
        if given is None and self._call is not None and (usual := block.body.arguments.get("default")) is not None:
            given = evaluate(usual, self.scope)
        if given is None:
            return self._untold(name, block)
        return converted(given, kind, lambda node: evaluate(node, self.scope))

    def _untold(self, name: str, block: Block) -> Value:
        hidden = block.body.arguments.get("sensitive")
        symbol = Expression(
            f"{self.address}var.{name}",
            written=f"${{var.{name}}}",
            reason=f"no value given for var.{name}",
            remedy=self._how_to_give(name, known_type(self.configuration, block)),
            secret=isinstance(hidden, Constant) and hidden.value is True,
        )
        # If it has a value that is not considered, it is there, so that the results for both are compared.
        usual = self.project.usual(name) if self._call is None else None
        return Value(symbol, usual.place if usual is not None else _NOWHERE)

    def _how_to_give(self, name: str, kind: Node | None) -> str:
        if self._call is None:
            return f"Pass --parameter {quoted(f'{name}={example(kind)}')}"
        return f"Write {name} = {written_example(kind)} in the call of {self.address[:-1]}"

    def _input(self, name: str) -> Value | None:
        node, is_default = self.session.input(name)
        if node is None:
            return None
        value = evaluate(node, self.scope)
        if is_default:
            self.session.note("defaults", name, node)
        return value

    def _given(self, name: str, scope: Scope, call: Block) -> Value | None:
        node = call.body.arguments.get(name) if name not in OWN else None
        if node is None:
            return None
        value = evaluate(node, scope)
        nullable = self.configuration.variables[name].body.arguments.get("nullable")
        # https://developer.hashicorp.com/terraform/language/block/variable#nullable
        replaced = value.data is None and nullable is not None and evaluate(nullable, self.scope).data is False
        return None if replaced else value

    def _local(self, name: str, place: Place) -> Value:
        node = self.configuration.locals.get(name)
        if node is None and name.endswith(WRITTEN_ROLE):
            where = self.project.files.called(self.directory)
            reason = f"no file of {where} declares local.{name}"
            written = f"local.{name}"
            symbol = Expression(f"{self.address}{written}", written=f"${{{written}}}", reason=reason, remedy=_WRITE)
            return Value(symbol, place)
        if node is None:
            raise Failed(f"local {name} does not exist", place)
        return evaluate(node, self.scope)

    def resource(self, name: ResourceName, place: Place) -> Value:
        """Return a resource or data source, or its instances."""
        mode, kind, own = name
        called = f"{'data.' if mode == 'data' else ''}{kind}.{own}"
        block = self.configuration.resources.get(name)
        if block is None:
            reason = f"no file of {self.project.files.called(self.directory)} declares {called}"
            address = f"{self.address}{called}"
            found = Expression(
                address, written=f"${{{called}}}", reason=reason, remedy=self.by_state, address=address, type=kind
            )
            return Value(found, place)

        def make(scope: Scope, key: str) -> Lazy:
            return ResourceInstance(self, block, f"{called}{key}", kind, scope)

        return self._there(name, lambda: repeated(block, self.scope, called, make), place)

    def _there(self, name: object, made: Callable[[], Lazy], place: Place) -> Value:
        """Return a resource or a call, or its instances: the same ones in all passes."""
        if name not in self._instances:
            self._instances[name] = made()
        there = self._instances[name]
        if isinstance(there, ResourceInstance):
            there.meet()
        return Value(there, place)

    def called_module(self, name: str, place: Place) -> Value:
        """Return a module that this one calls, or its instances."""
        block = self.configuration.modules.get(name)
        if block is None:
            raise Failed(f"module {name} does not exist", place)
        path = (*self.path, name)
        directory = self.project.source_of(block, self.directory, path) if len(path) <= _DEEPEST else None
        if directory is None:
            return self._not_at_hand(name, block, place)

        def make(scope: Scope, key: str) -> Lazy:
            address = f"{self.address}module.{name}{key}."
            return Outputs(Module(self.project, self.session, directory, path, address, (scope, block)))

        called = f"module.{name}"
        return self._there(name, lambda: repeated(block, self.scope, called, make), place)

    def _not_at_hand(self, name: str, block: Block, place: Place) -> Value:
        why = unavailable(block)
        reason = f"module.{name} {NOT_AT_HAND}: {why.reason}"
        return Value(
            Expression(f"{self.address}module.{name}", written=f"${{module.{name}}}", reason=reason, remedy=why.remedy),
            place,
        )

    @property
    def by_state(self) -> str:
        """As for ``Owner``."""
        return self.project.by_state

    def apart(self, block: Block, region: str) -> Apart:
        """As for ``Owner``."""
        if (id(block), region) not in self._apart:
            home = self.session.home or provided_by(self.project)
            self._apart[id(block), region] = provided(self.project, self.path, block, region).apart(home)
        return self._apart[id(block), region]

    @property
    def called_by(self) -> str:
        """The address in its caller, with a dot at the end."""
        return self.address.removeprefix(self._call[0].names.address) if self._call else ""

    def read(self, path: str, place: Place) -> str:
        """As for ``Names``."""
        return self.project.file(joined(".", path), self.directory, place)

    def file_name(self, path: str) -> str:
        """As for ``Names``."""
        return self.project.files.called(joined(".", path))


class Outputs(Lazy):
    """The outputs of a module."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def member(self, key: str | int, place: Place) -> Value:
        """Return an output."""
        block = self.module.configuration.outputs.get(str(key))
        node = block.body.arguments.get("value") if block else None
        if node is None:
            raise Failed(f"{self.module.address}{key} is not an output of the module", place)
        module = self.module
        value = module._once(("output", key), f"output {key}", place, lambda: evaluate(node, module.scope))
        if not isinstance(value.data, Expression):
            return value
        # It is the same thing, which the caller names by the output.
        return Value(replace(value.data, written=f"${{{module.called_by}{key}}}"), value.place)

    def all(self, place: Place) -> Value:
        """Return all outputs."""
        return Value({name: self.member(name, place) for name in self.module.configuration.outputs}, place)
