"""The results of an audit: which statements of roles were used, and what a trail cannot show."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from cfnroles.answers.excess import GrantedAction
from cfnroles.answers.usage import Refused, SingleGrant
from cfnroles.iam.actions import Risk, risk_of
from cfnroles.iam.roles import Role
from cfnroles.need import Gap, Holder, Need
from cfnroles.trail.coverage import Coverage


class GrantStatus(StrEnum):
    """The usage of a grant according to the trail."""

    USED = "used"
    DENIED = "denied"
    UNUSED = "unused in the window"
    UNKNOWN = "cannot be known"
    NEVER_ASSUMED = "role never assumed"


class Times(Struct, frozen=True):
    """How often something was seen, and when last. ``what`` is an action, or the kind of policy that denied a call."""

    what: str
    times: int
    last: str


class RoleUser(Struct, frozen=True):
    """A task definition with a role, and its needs. ``gaps`` are needs without a resource name."""

    task: str
    holder: Holder
    needs: tuple[Need, ...] = ()
    gaps: tuple[Gap, ...] = ()


class AuditedGrant(Struct, frozen=True):
    """One grant, with what was seen of it.

    ``used``, ``perhaps`` and ``denied`` are calls that used it, that may have used it, and that were denied
    nevertheless. ``why`` says why its usage is unknown; ``page`` is AWS's page on what is recorded. ``needs`` are the
    needs that it serves, and ``gap`` one that it may serve. ``idle`` are the unused actions of a pattern, ``hidden``
    the number of those that are unknown. ``iam`` is IAM's own report. ``regions`` are the Regions that were examined,
    if the resource names none.
    """

    grant: SingleGrant
    status: GrantStatus
    used: tuple[Times, ...] = ()
    perhaps: tuple[Times, ...] = ()
    denied: tuple[Times, ...] = ()
    why: str = ""
    page: str = ""
    needs: tuple[Need, ...] = ()
    gap: Gap | None = None
    idle: tuple[str, ...] = ()
    hidden: int = 0
    iam: str = ""
    regions: tuple[str, ...] = ()

    @property
    def times(self) -> int:
        """The number of calls that used it."""
        return sum(each.times for each in self.used)

    @property
    def last(self) -> str:
        """When it was last used or denied."""
        return max((each.last for each in self.used or self.denied), default="")

    @property
    def is_needed(self) -> bool:
        """Whether a field of a task definition needs it, or may."""
        return bool(self.needs) or self.gap is not None

    @property
    def removable(self) -> bool:
        """Whether it can be removed: it was not used, the trail would show it, and no field needs it."""
        return self.status is GrantStatus.UNUSED and not self.is_needed

    @property
    def kept_actions(self) -> tuple[str, ...] | None:
        """The rest of a pattern of actions without the unused ones; ``None`` if it stays unchanged."""
        if not self.idle or self.hidden or self.gap or self.status is GrantStatus.NEVER_ASSUMED:
            return None
        seen = {each.what for each in (*self.used, *self.perhaps)}
        needed = {need.permission.action for need in self.needs}
        return tuple(sorted(seen | needed)) if self.status is GrantStatus.USED and not self.denied else None


class TightPolicy(Struct, frozen=True):
    """A policy without unused permissions. ``after`` is ``None`` if nothing remains."""

    name: str
    where: str
    before: Mapping[str, Any]
    after: Mapping[str, Any] | None
    removed: tuple[GrantedAction, ...]
    narrowed: tuple[tuple[GrantedAction, tuple[str, ...]], ...] = ()


class AuditedRole(Struct, frozen=True):
    """One role. ``name`` and ``account`` are its identity in the trail.

    ``users`` are its task definitions. ``sessions`` counts how often it was assumed, ``by_tasks`` how often by Amazon
    ECS for a task, and ``calls`` its calls, in ``regions``. ``refused`` are denied calls that no statement allows, with
    counts; ``further`` is the number of others. ``unread`` are the unreadable parts of the role. ``ambiguous`` are
    accounts that have a role of this name.
    """

    role: Role
    name: str
    account: str
    users: tuple[RoleUser, ...]
    sessions: Times
    by_tasks: Times
    calls: Times
    regions: tuple[str, ...]
    grants: tuple[AuditedGrant, ...]
    refused: tuple[tuple[Refused, Times], ...] = ()
    further: int = 0
    unread: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    tight: tuple[TightPolicy, ...] = ()

    def count(self, status: GrantStatus) -> int:
        """Return the number of grants with a status."""
        return sum(each.status is status for each in self.grants)

    @property
    def never_assumed(self) -> bool:
        """Whether it was never assumed, in a trail that would show it."""
        return any(each.status is GrantStatus.NEVER_ASSUMED for each in self.grants)

    @property
    def risk(self) -> Risk:
        """The highest risk among the grants that were not used."""
        idle = (each for each in self.grants if each.status in (GrantStatus.UNUSED, GrantStatus.NEVER_ASSUMED))
        return max((risk_of(each.grant.granted.action) for each in idle), default=Risk.DESCRIBE)

    @property
    def wide(self) -> tuple[GrantedAction, ...]:
        """Grants for any action of a service or of all services, and grants of changes to any resource."""
        return tuple(each.grant.granted for each in self.grants if _is_wide(each.grant.granted))

    @property
    def tasks(self) -> tuple[str, ...]:
        """Its task definitions."""
        return tuple(dict.fromkeys(each.task for each in self.users))

    @property
    def rank(self) -> tuple[object, ...]:
        """The sort key, most urgent first: the riskiest idle grants, the widest, the most shared."""
        idle = self.count(GrantStatus.UNUSED) + self.count(GrantStatus.NEVER_ASSUMED)
        return (-self.risk if idle else 0, -len(self.wide), -idle, -len(self.tasks), self.role.name)


class Audit(Struct, frozen=True):
    """The result for all roles, most urgent first."""

    coverage: Coverage
    roles: tuple[AuditedRole, ...]
    notes: tuple[str, ...] = ()

    @property
    def has_problems(self) -> bool:
        """Whether something can be removed, was denied, or is unused."""
        return any(
            role.refused
            or role.never_assumed
            or any(each.removable or each.denied or each.kept_actions is not None for each in role.grants)
            for role in self.roles
        )

    @property
    def is_open(self) -> bool:
        """Whether something is unknown that no field of a task definition needs."""
        return any(
            role.unread or any(each.status is GrantStatus.UNKNOWN and not each.is_needed for each in role.grants)
            for role in self.roles
        )


def _is_wide(granted: GrantedAction) -> bool:
    action, anywhere = granted.action, granted.resource == "*"
    whole = action.startswith("NOT ") or action.partition(":")[2] in ("", "*")
    return whole or (anywhere and risk_of(action) >= Risk.CHANGE)
