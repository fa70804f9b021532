"""What names stand for at a place of a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.hcl.session import Session
from cfnroles.hcl.syntax import Node, Place
from cfnroles.hcl.values import Value
from cfnroles.symbols import Expression, Symbol

_LONGEST = 160


class Names(Protocol):
    """What a module knows by its names."""

    @property
    def address(self) -> str:
        """Its address, with a dot behind; empty for the root."""

    @property
    def directory(self) -> str:
        """Its directory, as seen from that of the root."""

    def named(self, root: str, steps: tuple[str, ...], place: Place) -> tuple[Value, int] | None:
        """What a name stands for with so many of the steps behind it; ``None`` where the module has no such name."""

    def read(self, path: str, place: Place) -> str:
        """The text of a file of the module; raises Failed where it cannot be read, or lies elsewhere."""

    def file_name(self, path: str) -> str:
        """What messages call a file of the module by."""


class Scope(Struct, frozen=True, eq=False):
    """The names of a module, and those that loops and instances ``bound``.

    ``label`` tells one turn of a loop from the others. ``alone`` says that there are no names but the bound ones.
    """

    names: Names
    session: Session
    bound: Mapping[str, Value] = field(default_factory=dict)
    label: str = ""
    alone: bool = False

    def binding(self, label: str, bound: Mapping[str, Value]) -> Scope:
        """The scope with more names bound in it."""
        both = f"{self.label}, {label}" if self.label and label else self.label or label
        return replace(self, bound={**self.bound, **bound}, label=both)

    def only(self, bound: Mapping[str, Value]) -> Scope:
        """The scope of a template's file, which knows nothing but its variables."""
        return replace(self, bound=bound, alone=True)

    def named(self, root: str, steps: tuple[str, ...], place: Place) -> tuple[Value, int] | None:
        """What a name stands for with so many of the steps behind it; ``None`` where there is no such name."""
        if root in self.bound:
            return self.bound[root], 0
        return None if self.alone else self.names.named(root, steps, place)

    def called(self, written: str) -> str:
        """An expression that is written here, as one tells it from all others."""
        if len(written) > _LONGEST:
            written = f"{written[:_LONGEST]}..."
        label = f" where {self.label}" if self.label else ""
        return f"{self.names.address}{written}{label}".replace("{", "(").replace("}", ")")

    def unknown(self, node: Node, reason: str, remedy: str = "", written: str = "") -> Value:
        """A value that nobody knows, called as the user writes it."""
        text = written or node.written
        return Value(Expression(self.called(text), written=f"${{{text}}}", reason=reason, remedy=remedy), node.place)

    def open(self, node: Node, on: Symbol | None) -> Expression:
        """What nobody knows, because it depends on something else."""
        reason, remedy = (on.reason, on.remedy) if isinstance(on, Expression) else ("its value is unknown", "")
        return Expression(self.called(node.written), written=f"${{{node.written}}}", reason=reason, remedy=remedy)

    def hanging(self, node: Node, on: Symbol | None, written: str = "") -> Value:
        """A value that nobody knows, because it depends on another one."""
        if isinstance(on, Expression):
            return self.unknown(node, on.reason, on.remedy, written)
        return self.unknown(node, "its value is unknown", "", written)
