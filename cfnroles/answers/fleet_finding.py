"""The findings about all task definitions of an account and Region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from cfnroles.need import Severity


class Kind(StrEnum):
    """The kind of a finding, worst first."""

    ROLE_MISSING = "role missing"
    NO_ROLE = "no role"
    NOT_ASSUMABLE = "not assumable"
    SECRET_MISSING = "secret missing"  # noqa: S105
    LACKS = "lacks permission"
    KEY = "key not usable"
    REPOSITORY_MISSING = "repository missing"
    LOG_GROUP_MISSING = "log group missing"
    WIDE = "wide role"
    EXCESS = "excess"
    SHARED = "shared role"
    UNUSED = "unused role"
    NOT_KNOWN = "unknown"

    @property
    def severity(self) -> Severity:
        """An error prevents a task from starting; a warning is excess; an info is worth knowing."""
        if self in _WARNINGS:
            return Severity.WARNING
        return Severity.INFO if self in _INFOS else Severity.ERROR

    @property
    def meaning(self) -> str:
        """The meaning in one sentence."""
        return _MEANINGS[self]


_WARNINGS = frozenset({Kind.WIDE, Kind.EXCESS})
_INFOS = frozenset({Kind.SHARED, Kind.UNUSED, Kind.NOT_KNOWN})
_MEANINGS = {
    Kind.ROLE_MISSING: "The task definition names a role that does not exist",
    Kind.NO_ROLE: "The task definition names no role for what Amazon ECS does for it",
    Kind.NOT_ASSUMABLE: "The trust policy of the role does not let Amazon ECS assume it",
    Kind.SECRET_MISSING: "A secret or parameter that the task definition refers to does not exist",
    Kind.LACKS: "The role lacks a permission that the task definition needs",
    Kind.KEY: "The KMS key of a secret cannot be used",
    Kind.REPOSITORY_MISSING: "The repository of an image does not exist",
    Kind.LOG_GROUP_MISSING: "A log group does not exist, and nothing creates it",
    Kind.WIDE: "The role has risky permissions that nothing needs, or lets others assume it",
    Kind.EXCESS: "The role grants more than all of its task definitions need",
    Kind.SHARED: "Task definitions of several families have the same role",
    Kind.UNUSED: "Amazon ECS may assume the role, and no task definition that was looked at names it",
    Kind.NOT_KNOWN: "Something could not be found out",
}


class Affected(Struct, frozen=True):
    """The task definitions of a finding: the revisions of each family, sorted."""

    revisions: Mapping[str, tuple[int, ...]]

    @property
    def count(self) -> int:
        """The number of task definitions."""
        return sum(map(len, self.revisions.values()))

    def words(self, most: int = 3) -> str:
        """Return ``api:1-3,7 web:2``, and the number of further families."""
        shown = [f"{family}:{_ranges(numbers)}" for family, numbers in list(self.revisions.items())[:most]]
        rest = len(self.revisions) - len(shown)
        return " ".join((*shown, *([f"+{rest:,} families"] if rest > 1 else ["+1 family"] if rest else [])))


def _ranges(numbers: Iterable[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] + 1 == number:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    texts = ["-".join(map(str, run)) for run in runs]
    return ",".join(texts) if len(texts) < 5 else f"{','.join(texts[:2])},..,{texts[-1]}"


class FleetFinding(Struct, frozen=True):
    """One finding, with its subject and its task definitions.

    ``subject`` is the name of a role, secret or other resource, ``where`` the fields of the first task definition.
    """

    kind: Kind
    subject: str
    what: str
    affected: Affected
    where: str = ""

    @property
    def rank(self) -> tuple[object, ...]:
        """The sort key: worst first, then the number of task definitions."""
        order = (Severity.ERROR, Severity.WARNING, Severity.INFO)
        last = self.kind is Kind.NOT_KNOWN
        return last, order.index(self.kind.severity), -self.affected.count, list(Kind).index(self.kind), self.subject


class FleetReport(Struct, frozen=True):
    """The scope and the findings, ranked. ``denied`` are permissions that the caller lacks to read more.

    ``looked_at`` is the time if an earlier run began it.
    """

    account: str
    region: str
    revisions: str
    definitions: int
    families: int
    roles: int
    findings: tuple[FleetFinding, ...]
    denied: tuple[str, ...] = ()
    began: str = ""
    resumed: bool = False

    def of(self, severity: Severity) -> tuple[FleetFinding, ...]:
        """Return the findings of a severity, without unknowns."""
        return tuple(
            each for each in self.findings if each.kind.severity is severity and each.kind is not Kind.NOT_KNOWN
        )

    @property
    def unknown(self) -> tuple[FleetFinding, ...]:
        """The findings about what could not be determined."""
        return tuple(each for each in self.findings if each.kind is Kind.NOT_KNOWN)
