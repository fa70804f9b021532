"""The values of names at a place of a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.hcl.remembered import Remembered
from cfnroles.hcl.session import Session
from cfnroles.hcl.syntax import Node, Place
from cfnroles.hcl.values import Value
from cfnroles.symbols import Expression, Symbol

_LONGEST = 160


class Names(Protocol):
    """The names of a module."""

    @property
    def address(self) -> str:
        """Its address, with a dot at the end; empty for the root."""

    @property
    def directory(self) -> str:
        """Its directory, relative to that of the root."""

    def named(self, root: str, steps: tuple[str, ...], place: Place) -> tuple[Value, int] | None:
        """Return the value of a name with a number of following steps; ``None`` if the module has no such name."""

    def read(self, path: str, place: Place) -> str:
        """Return the text of a file of the module. Raise Failed if it cannot be read, or is elsewhere."""

    def file_name(self, path: str) -> str:
        """Return the name of a module's file for messages."""


class Scope(Struct, frozen=True, eq=False):
    """The names of a module, and those that loops and instances ``bound``.

    ``label`` distinguishes the iterations of a loop. ``alone`` says that only the bound names exist. ``known`` are the
    values of expressions, if all passes use the scope.
    """

    names: Names
    session: Session
    bound: Mapping[str, Value] = field(default_factory=dict)
    label: str = ""
    alone: bool = False
    known: dict[int, Remembered] | None = None

    def binding(self, label: str, bound: Mapping[str, Value]) -> Scope:
        """Return the scope with more bound names."""
        both = f"{self.label}, {label}" if self.label and label else self.label or label
        return replace(self, bound={**self.bound, **bound}, label=both, known=None)

    def only(self, bound: Mapping[str, Value]) -> Scope:
        """Return the scope of a template file, which has only its variables."""
        return replace(self, bound=bound, alone=True, known=None)

    def kept(self) -> Scope:
        """Return the scope for all passes, which share the values of its expressions."""
        return replace(self, known={})

    def named(self, root: str, steps: tuple[str, ...], place: Place) -> tuple[Value, int] | None:
        """Return the value of a name with a number of following steps; ``None`` if there is no such name."""
        if root in self.bound:
            return self.bound[root], 0
        return None if self.alone else self.names.named(root, steps, place)

    def called(self, written: str) -> str:
        """Return an expression with what distinguishes it from all others."""
        if len(written) > _LONGEST:
            written = f"{written[:_LONGEST]}..."
        label = f" where {self.label}" if self.label else ""
        return f"{self.names.address}{written}{label}".replace("{", "(").replace("}", ")")

    def unknown(self, node: Node, reason: str, remedy: str = "", written: str = "") -> Value:
        """Return an unknown value in the user's spelling."""
        text = written or node.written
        return Value(Expression(self.called(text), written=f"${{{text}}}", reason=reason, remedy=remedy), node.place)

    def open(self, node: Node, on: Symbol | None) -> Expression:
        """Return an unknown that depends on something else."""
        reason, remedy = (on.reason, on.remedy) if isinstance(on, Expression) else ("its value is unknown", "")
        return Expression(self.called(node.written), written=f"${{{node.written}}}", reason=reason, remedy=remedy)

    def hanging(self, node: Node, on: Symbol | None, written: str = "") -> Value:
        """Return an unknown value that depends on another one."""
        if isinstance(on, Expression):
            return self.unknown(node, on.reason, on.remedy, written)
        return self.unknown(node, "its value is unknown", "", written)
