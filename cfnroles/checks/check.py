"""One row of the table of checks, and what a check is given to look at.

The same few words everywhere: a check looks at a *subject*, one document as it was read, and yields *faults*, places in
it with what is wrong there. Which check found a fault, and how bad that is, is the row's to say.
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
from cfnroles.need import Finding, Gap, Origin, Severity, fault
from cfnroles.template.template import ResolvedStack
from cfnroles.workload import Path, Workload

#: The first letter of a rule of cfn-lint tells how bad what it finds is.
#: https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md
_LETTERS = {Severity.ERROR: "E", Severity.WARNING: "W", Severity.INFO: "I"}


_Seen = TypeVar("_Seen")


class TaskKind(Enum):
    """Where a task definition is, and so which command writes its roles."""

    FILE = auto()
    TEMPLATE = auto()
    TERRAFORM = auto()


class CheckedTask(Struct, frozen=True, dict=True):
    """A task definition of the document, with what was discovered in it.

    ``logical_id`` is empty outside of templates. ``sources`` tells where members stand in the document, where that is
    not the same path after ``start``, and ``begin`` where the task definition itself does. ``execution_role``,
    ``task_role`` and ``infrastructure_role`` are what these members hold: an empty text where they are absent, and
    ``None`` where that depends on something unknown.
    """

    workload: Workload
    discovery: Discovery
    execution_role: str | None
    task_role: str | None
    logical_id: str = ""
    sources: Mapping[Path, Path] = field(default_factory=dict)
    start: Path = ()
    infrastructure_role: str | None = ""
    begin: Origin | None = None

    @property
    def kind(self) -> TaskKind:
        """Where the task definition is."""
        if self.begin:
            return TaskKind.TERRAFORM
        return TaskKind.TEMPLATE if self.logical_id else TaskKind.FILE

    def once(self, look: Callable[..., Iterable[_Seen]], *others: object) -> tuple[_Seen, ...]:
        """What there is to see in the task beside others; looked at once, since most worlds have the same of each."""
        key = look, *map(id, others)
        if key not in self._known:
            # What is kept alive keeps its identity.
            self._known[key] = tuple(look(self, *others)), others
        seen: tuple[_Seen, ...] = self._known[key][0]
        return seen

    @cached_property
    def _known(self) -> dict[object, tuple[Any, object]]:
        return {}

    def source(self, path: Path) -> Path:
        """Where the member at ``path`` stands in the document."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.sources:
                return (*self.sources[path[:length]], *path[length:])
        return (*self.start, *path)

    def fault(self, origin: Origin, what: str, remedy: str) -> Finding:
        """A fault at a member of the task definition."""
        found = fault(self.source(origin.path), what, remedy, origin.container, origin.item)
        if not origin.line:
            return found
        # The reader knows where it stands, be it in another document.
        place = replace(found.origin, document=origin.document, line=origin.line, column=origin.column)
        return replace(found, origin=place, line=origin.line, column=origin.column)

    def whole_fault(self, what: str, remedy: str) -> Finding:
        """A fault of the task definition as a whole."""
        return self.fault(self.begin, what, remedy) if self.begin else fault(self.start, what, remedy)


class AllowStatement(Struct, frozen=True):
    """One Allow statement of an identity-based policy, its texts resolved."""

    path: Path
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_actions: bool = False
    not_resources: bool = False
    conditional: bool = False


class Placed(Struct, frozen=True):
    """A danger of a role or policy, and the place of the first statement of the document that makes it."""

    danger: Danger
    path: Path


class PlacedTrust(Struct, frozen=True):
    """A danger of a trust policy, and the place of its statement."""

    danger: TrustDanger
    path: Path


class TemplateRole(Struct, frozen=True):
    """A role of a template: as it is judged, and where the parts of it stand.

    ``trusted`` are the service principals that may assume it, ``None`` where that cannot be told. ``managed`` are the
    managed policies that stand elsewhere, by ARN and with the place of each. ``dangers`` and ``open_to`` are what its
    own policies give away, and whom its trust policy lets in.
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
    """One document: a task definition, a policy or a service spec, or a template in one of its worlds.

    ``statements`` are those of every policy in it, ``refused`` is what reading a spec finds wrong with it. ``dangers``
    are those of a document that is a policy itself. ``unseen_tasks`` are the services and daemons that ask for
    something themselves and run a task definition of elsewhere, ``unseen`` is what else of a configuration is not read.
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

    def role(self, reference: str | None) -> TemplateRole | None:
        """The role of the document that a member such as ``executionRoleArn`` names, if it is one of them."""
        return next((role for role in self.roles if reference and reference in role.names), None)


class Check(Struct, frozen=True):
    """A row. ``bad`` is a document in which the check finds one fault, ``good`` the same document without it.

    ``id`` is what people call it by, ``code`` what cfn-lint does.
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
        """The id of the rule in cfn-lint: ``E9301`` for an error."""
        return f"{_LETTERS[self.severity]}{self.number}"
