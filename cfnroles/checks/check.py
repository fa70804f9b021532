"""A row of the table of checks, and the input of a check.

A check examines a *subject*, one document, and yields *faults*: places with a problem. The row adds the name and the
severity of the check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto
from functools import cached_property
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.discovery import Discovery
from cfnroles.iam.dangers import Danger, TrustDanger
from cfnroles.iam.roles import Role
from cfnroles.need import Finding, Gap, Holder, Origin, Severity, fault
from cfnroles.sources.template_spelling import in_template
from cfnroles.template.template import ResolvedStack
from cfnroles.workload import Path, Workload

#: The first letter of a rule ID in cfn-lint is its severity.
#: https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md
_LETTERS = {Severity.ERROR: "E", Severity.WARNING: "W", Severity.INFO: "I"}


_Seen = TypeVar("_Seen")


class TaskKind(Enum):
    """The place of a task definition, which determines the command that writes its roles."""

    FILE = auto()
    TEMPLATE = auto()
    TERRAFORM = auto()


class CheckedTask(Struct, frozen=True, dict=True):
    """A task definition of the document, with its discovery.

    ``logical_id`` is empty outside of templates. ``sources`` are the positions of members in the document that differ
    from their path after ``start``, and ``begin`` is that of the task definition. ``execution_role`` and ``task_role``
    are the values of these members: empty if absent, and ``None`` if they depend on an unknown. ``other_roles`` are
    those of an Express Mode service or a capacity provider, each with the path of the member.
    """

    workload: Workload
    discovery: Discovery
    execution_role: str | None
    task_role: str | None
    logical_id: str = ""
    sources: Mapping[Path, Path] = field(default_factory=dict)
    start: Path = ()
    other_roles: Mapping[Holder, tuple[str | None, Path]] = field(default_factory=dict)
    begin: Origin | None = None

    @property
    def kind(self) -> TaskKind:
        """The place of the task definition."""
        if self.begin:
            return TaskKind.TERRAFORM
        return TaskKind.TEMPLATE if self.logical_id else TaskKind.FILE

    def once(self, look: Callable[..., Iterable[_Seen]], *others: object) -> tuple[_Seen, ...]:
        """Return what ``look`` finds in the task, computed once: it is the same in most worlds."""
        key = look, *map(id, others)
        if key not in self._known:
            # A reference keeps the ID unique.
            self._known[key] = tuple(look(self, *others)), others
        seen: tuple[_Seen, ...] = self._known[key][0]
        return seen

    @cached_property
    def _known(self) -> dict[object, tuple[Any, object]]:
        return {}

    def source(self, path: Path) -> Path:
        """Return the path in the document of the member at ``path``."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.sources:
                return (*self.sources[path[:length]], *path[length:])
        return (*self.start, *path)

    def fault(self, origin: Origin, what: str, remedy: str) -> Finding:
        """Return a fault of a member of the task definition."""
        if self.kind is TaskKind.TEMPLATE:
            what, remedy = in_template(what, origin.path), in_template(remedy, origin.path)
        found = fault(self.source(origin.path), what, remedy, origin.container, origin.item)
        if not origin.line:
            return found
        # The reader knows the position, also if it is in another document.
        place = replace(found.origin, document=origin.document, line=origin.line, column=origin.column)
        return replace(found, origin=place, line=origin.line, column=origin.column)

    def whole_fault(self, what: str, remedy: str) -> Finding:
        """Return a fault of the task definition as a whole."""
        return self.fault(self.begin, what, remedy) if self.begin else fault(self.start, what, remedy)


class AllowStatement(Struct, frozen=True):
    """One Allow statement of an identity-based policy, with resolved texts."""

    path: Path
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_actions: bool = False
    not_resources: bool = False
    conditional: bool = False


class Placed(Struct, frozen=True):
    """A danger of a role or policy, with the place of the first statement that causes it."""

    danger: Danger
    path: Path


class PlacedTrust(Struct, frozen=True):
    """A danger of a trust policy, with the place of its statement."""

    danger: TrustDanger
    path: Path


class TemplateRole(Struct, frozen=True):
    """A role of a template, with the positions of its parts.

    ``trusted`` are the service principals that may assume it; ``None`` if unknown. ``managed`` are the managed policies
    outside of the template, by ARN, with their places. ``dangers`` and ``open_to`` are the dangers of its own policies
    and of its trust policy.
    """

    logical_id: str
    path: Path
    names: frozenset[str]
    trusted: frozenset[str] | None
    statements: tuple[AllowStatement, ...]
    managed: tuple[tuple[str, Path], ...]
    role: Role
    dangers: tuple[Placed, ...] = ()
    open_to: tuple[PlacedTrust, ...] = ()


class Subject(Struct, frozen=True):
    """One document: a task definition, a policy, a service spec, or a template in one of its worlds.

    ``statements`` are those of all policies, ``refused`` are the faults from reading a spec. ``dangers`` are those of a
    document that is itself a policy. ``unseen_tasks`` are services and daemons with needs of their own whose task
    definition is elsewhere; ``unseen`` are other parts of a configuration that are not read. ``runs`` are the task
    definitions with the overrides of what runs them.
    """

    document: str
    tasks: tuple[CheckedTask, ...] = ()
    statements: tuple[AllowStatement, ...] = ()
    roles: tuple[TemplateRole, ...] = ()
    stack: ResolvedStack | None = None
    tree: Mapping[str, Any] = field(default_factory=dict)
    refused: tuple[Finding, ...] = ()
    dangers: tuple[Placed, ...] = ()
    unseen_tasks: tuple[str, ...] = ()
    unseen: tuple[Gap, ...] = ()
    runs: tuple[CheckedTask, ...] = ()

    def role(self, reference: str | None) -> TemplateRole | None:
        """Return the role of the document that a member such as ``executionRoleArn`` names, if there is one."""
        return next((role for role in self.roles if reference and reference in role.names), None)


class Check(Struct, frozen=True):
    """A row. ``bad`` is a document with one fault of this check, ``good`` the same document without it.

    ``id`` is the name for people, ``code`` that for cfn-lint.
    """

    id: str
    number: int
    severity: Severity
    what: str
    why: str
    source: str
    bad: str
    good: str
    look: Callable[[Subject], Iterable[Finding]]

    @property
    def code(self) -> str:
        """The ID of the rule in cfn-lint: ``E9301`` for an error."""
        return f"{_LETTERS[self.severity]}{self.number}"
