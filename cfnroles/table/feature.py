"""One row of the feature table: what ECS does if a field is set, and the permissions for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Protocol

from msgspec import Struct

from cfnroles.facts import Facts
from cfnroles.need import Condition, Holder, Standing
from cfnroles.text import ANYTHING, Text, text_of
from cfnroles.workload import Path, Workload

_KINDS = {bool: "a truth value", int: "a number", float: "a number", list: "a list"}


class Action(Protocol):
    """An action of awacs, such as ``awacs.ecr.BatchGetImage``."""

    @property
    def prefix(self) -> str | None:
        """The service's prefix: ``ecr``."""

    @property
    def action(self) -> str | None:
        """The action's own name."""


class Unnamed(Exception):
    """Raised by a row's function for a need whose resource name is unknown. Becomes a gap."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


class Malformed(Exception):
    """Raised by a row's function for a value that ECS would reject or misread. Becomes a finding."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


class Trap(Struct, frozen=True):
    """A value that ECS accepts and that will likely fail later. Becomes a warning."""

    what: str
    remedy: str


class Found(Struct, frozen=True, dict=True):
    """One occurrence of a feature's field."""

    value: Any
    path: Path
    workload: Workload
    facts: Facts

    @property
    def text(self) -> Text:
        """The value of a string field. Raises Malformed for any other value."""
        if not isinstance(self.value, str):
            kind = _KINDS.get(type(self.value), "an object")
            raise Malformed(f"expected a string, found {kind}", "Write a string.")
        return text_of(self.value)

    @cached_property
    def parent(self) -> Mapping[str, Any]:
        """The structure that contains the field."""
        return self.workload.part(self.path[:-1])

    @cached_property
    def container(self) -> Mapping[str, Any]:
        """The container definition that contains the field; empty for a field outside of containers."""
        return self.workload.part(self.path[:2]) if self.path[:1] == ("containerDefinitions",) else {}


def always(found: Found) -> bool:
    """The feature is used wherever its field is set."""
    return True


def unconditional(found: Found) -> tuple[Condition, ...]:
    """No Condition block."""
    return ()


def harmless(found: Found) -> Trap | None:
    """No warning."""
    return None


def nothing_hidden(found: Found) -> None:
    """No hidden permissions: the grants are complete."""


def everything(found: Found) -> Text:
    """``*``, only for actions without a resource type."""
    return ANYTHING


class Grant(Struct, frozen=True):
    """One action of a feature. ``on`` returns the resource, or several; ``sid`` is the statement's purpose.

    ``when`` names the template parameters that the permission requires. ``standing`` is the evidence for the grant if
    it differs from the feature's, and ``doubt`` the part of it that is not proven.
    """

    action: Action
    on: Callable[[Found], Text | tuple[Text, ...]]
    sid: str
    conditions: Callable[[Found], tuple[Condition, ...]] = unconditional
    when: tuple[str, ...] = ()
    standing: Standing | None = None
    doubt: str = ""

    @property
    def action_name(self) -> str:
        """The action as IAM spells it: ``ecr:BatchGetImage``."""
        return f"{self.action.prefix}:{self.action.action}"


class Feature(Struct, frozen=True):
    """What ECS does if ``field`` is set and ``when`` holds.

    Two rows may share a field if their ``when`` differ. A row without grants says that the feature needs no permission,
    unless ``hidden`` raises Unnamed for unknown permissions, or Malformed for what ECS would reject. ``standing`` is
    the evidence that ECS does it. ``reference`` returns the secret or parameter that must exist, in the form of
    ``valueFrom``, and ``use`` is its purpose, if not a variable. ``trap`` returns what ECS accepts and will likely
    fail. ``beside`` are the fields next to the example.
    """

    name: str
    field: str
    holder: Holder
    why: str
    source: str
    standing: Standing
    example: Any
    grants: tuple[Grant, ...] = ()
    when: Callable[[Found], bool] = always
    reference: Callable[[Found], Text] | None = None
    use: str = ""
    trap: Callable[[Found], Trap | None] = harmless
    hidden: Callable[[Found], None] = nothing_hidden
    beside: tuple[tuple[str, Any], ...] = ()

    @property
    def is_free(self) -> bool:
        """Whether the feature needs no permission."""
        return not self.grants and self.hidden is nothing_hidden
