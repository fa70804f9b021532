"""What an audit tells of roles: what of their statements was used, and what a trail cannot show."""

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
    """What a trail says of a grant."""

    USED = "used"
    DENIED = "denied"
    UNUSED = "unused in the window"
    UNKNOWN = "cannot be known"
    NEVER_ASSUMED = "role never assumed"


class Times(Struct, frozen=True):
    """How often something was seen, and when last; ``what`` is an action, or the kind of policy that refused."""

    what: str
    times: int
    last: str


class RoleUser(Struct, frozen=True):
    """What a task definition uses a role for, and what it needs of it; ``gaps`` are needs that cannot be named."""

    task: str
    holder: Holder
    needs: tuple[Need, ...] = ()
    gaps: tuple[Gap, ...] = ()


class AuditedGrant(Struct, frozen=True):
    """One grant and what was seen of it.

    ``used``, ``perhaps`` and ``denied`` are the calls that used it, that may have, and that were refused all the same.
    ``why`` says why it cannot be known, ``page`` is AWS's on what is recorded. ``needs`` are those that it serves, and
    ``gap`` one that it may serve. ``idle`` are the actions of a pattern of which none was used, ``hidden`` says of how
    many that cannot be known. ``iam`` is what IAM's own report says. ``regions`` are those that were looked at, where
    the resource names none.
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
        """How many calls used it."""
        return sum(each.times for each in self.used)

    @property
    def last(self) -> str:
        """When it was last used, or last refused."""
        return max((each.last for each in self.used or self.denied), default="")

    @property
    def is_needed(self) -> bool:
        """Whether a field of a task definition asks for it, or may."""
        return bool(self.needs) or self.gap is not None

    @property
    def removable(self) -> bool:
        """Whether nothing speaks for it: it was not used, the trail would show it, and no field asks for it."""
        return self.status is GrantStatus.UNUSED and not self.is_needed

    @property
    def kept_actions(self) -> tuple[str, ...] | None:
        """What is left of a pattern of actions when those that nobody used are gone; ``None`` where it stays."""
        if not self.idle or self.hidden or self.gap or self.status is GrantStatus.NEVER_ASSUMED:
            return None
        seen = {each.what for each in (*self.used, *self.perhaps)}
        needed = {need.permission.action for need in self.needs}
        return tuple(sorted(seen | needed)) if self.status is GrantStatus.USED and not self.denied else None


class TightPolicy(Struct, frozen=True):
    """A policy without what nobody used; ``after`` is ``None`` where nothing of it is left."""

    name: str
    where: str
    before: Mapping[str, Any]
    after: Mapping[str, Any] | None
    removed: tuple[GrantedAction, ...]
    narrowed: tuple[tuple[GrantedAction, tuple[str, ...]], ...] = ()


class AuditedRole(Struct, frozen=True):
    """One role. ``name`` and ``account`` are what it is known by in the trail.

    ``users`` are the task definitions that have it. ``sessions`` counts how often it was assumed, ``by_tasks`` how
    often by Amazon ECS for a task, and ``calls`` its calls, in ``regions``. ``refused`` are calls that no statement
    allows, with how often; ``further`` more of them were counted only. ``unread`` is what could not be read of the
    role. ``ambiguous`` are accounts with a role of the name.
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
        """How many of its grants have a status."""
        return sum(each.status is status for each in self.grants)

    @property
    def never_assumed(self) -> bool:
        """Whether nobody assumed it, in a trail that would show it."""
        return any(each.status is GrantStatus.NEVER_ASSUMED for each in self.grants)

    @property
    def risk(self) -> Risk:
        """The worst that a grant allows which nobody was seen to use."""
        idle = (each for each in self.grants if each.status in (GrantStatus.UNUSED, GrantStatus.NEVER_ASSUMED))
        return max((risk_of(each.grant.granted.action) for each in idle), default=Risk.DESCRIBE)

    @property
    def wide(self) -> tuple[GrantedAction, ...]:
        """The grants on any action of a service, or of every one, and those that change things on any resource."""
        return tuple(each.grant.granted for each in self.grants if _is_wide(each.grant.granted))

    @property
    def tasks(self) -> tuple[str, ...]:
        """The task definitions that have it."""
        return tuple(dict.fromkeys(each.task for each in self.users))

    @property
    def rank(self) -> tuple[object, ...]:
        """Orders roles by what is to be looked at first: the riskiest idle grants, the widest, the most shared."""
        idle = self.count(GrantStatus.UNUSED) + self.count(GrantStatus.NEVER_ASSUMED)
        return (-self.risk if idle else 0, -len(self.wide), -idle, -len(self.tasks), self.role.name)


class Audit(Struct, frozen=True):
    """Everything that a trail says of some roles, those to be looked at first in front."""

    coverage: Coverage
    roles: tuple[AuditedRole, ...]
    notes: tuple[str, ...] = ()

    @property
    def has_problems(self) -> bool:
        """Whether something can be taken away, was refused, or serves nobody."""
        return any(
            role.refused
            or role.never_assumed
            or any(each.removable or each.denied or each.kept_actions is not None for each in role.grants)
            for role in self.roles
        )

    @property
    def is_open(self) -> bool:
        """Whether something cannot be known that no field of a task definition asks for."""
        return any(
            role.unread or any(each.status is GrantStatus.UNKNOWN and not each.is_needed for each in role.grants)
            for role in self.roles
        )


def _is_wide(granted: GrantedAction) -> bool:
    action, anywhere = granted.action, granted.resource == "*"
    whole = action.startswith("NOT ") or action.partition(":")[2] in ("", "*")
    return whole or (anywhere and risk_of(action) >= Risk.CHANGE)
