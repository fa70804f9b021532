"""Diagnosis of a failure in an AWS account, from its messages, its task definition and its current roles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.diagnose import RoleOf, diagnosed
from cfnroles.answers.diagnosis import Besides, Diagnosis
from cfnroles.answers.verification import Outcome, trust_outcome
from cfnroles.answers.verify import Uses, judge_uses
from cfnroles.aws.iam import NoSuchRole
from cfnroles.aws.refusals import Denied
from cfnroles.errors import InvalidInput, Unavailable
from cfnroles.facts import Facts
from cfnroles.iam.roles import Role
from cfnroles.messages.collecting import Heard, collected
from cfnroles.messages.understanding import Understood
from cfnroles.need import Holder
from cfnroles.page import page
from cfnroles.sources.failures import Gathered
from cfnroles.sources.live_failure import reading_of
from cfnroles.sources.reading import Reading
from cfnroles.table.message import CallingRole, PolicyKind, PossibleCause

_HOLDERS = {
    CallingRole.EXECUTION: Holder.EXECUTION,
    CallingRole.LOG_WRITER: Holder.EXECUTION,
    CallingRole.TASK: Holder.TASK,
}
#: The policies that determine what a role allows. For all others, the role is irrelevant and is not read.
_OWN = (PolicyKind.IDENTITY, PolicyKind.UNSTATED)
#: The message that is the same for a missing role and for a trust policy that denies access.
_NOT_ASSUMED = "role-not-assumed"


class LiveDiagnosis(Struct, frozen=True):
    """The diagnoses of a failure, with other findings."""

    found: tuple[Diagnosis, ...]
    besides: Besides

    @property
    def is_settled(self) -> bool:
        """Whether there is a failure and its cause is known."""
        return bool(self.found) and not self.besides.unknown and all(each.is_settled for each in self.found)


def diagnose_gathered(
    gathered: Gathered, read: Callable[[str], Role], own: Sequence[Reading] = (), role: RoleOf | None = None
) -> LiveDiagnosis:
    """Diagnose a failure that was read from AWS.

    ``read`` reads a role from AWS by name or ARN, ``own`` is the user's source instead of the registered task
    definition, and ``role`` a given one. Errors of reading a role propagate, except for a role that does not exist or
    that the credentials may not read: these are reported.
    """
    unread = list(gathered.unread)
    readings = tuple(own)
    if not readings:
        readings, refused = _registered(gathered)
        unread += refused
    roles = _Roles(readings, read)
    said = collected(gathered.text)
    found = diagnosed(said.heard, readings, role or roles.of)
    settled = tuple(replace(roles.settled(each), fixable=bool(own)) for each in found)
    return LiveDiagnosis(settled, Besides(said.unknown, tuple(dict.fromkeys([*unread, *roles.unread]))))


def _registered(gathered: Gathered) -> tuple[tuple[Reading, ...], list[str]]:
    """Return the task definition that is registered in Amazon ECS, or nothing and the reason."""
    try:
        reading = reading_of(gathered)
        if reading is not None:
            reading.accepted()
    except InvalidInput as error:
        name = gathered.definition.rpartition("/")[2]
        return (), [f"which field requires the call: {name} cannot be read: {error.what}"]
    return (reading,) if reading else (), []


class _Roles:
    """The roles of a failure, each read when a message is about it. ``unread`` has what was denied."""

    def __init__(self, readings: Sequence[Reading], read: Callable[[str], Role]) -> None:
        tasks = [task for reading in readings for task in reading.tasks]
        self._task = tasks[0] if len(tasks) == 1 else None
        self._read_from_aws = read
        self.unread: list[str] = []
        self._absent: set[str] = set()
        self._read = cache(self._role)

    def of(self, understood: Understood) -> Role | None:
        """Return the role that made the call in a message; ``None`` if it is unknown or cannot be read."""
        denial = understood.denial
        if not understood.action or understood.name == _NOT_ASSUMED or (denial and denial.kind not in _OWN):
            return None
        named = denial.role if denial else ""
        return self._read(named or self._of(_HOLDERS.get(understood.caller)))

    def settled(self, each: Diagnosis) -> Diagnosis:
        """Settle the diagnosis of a role that was not assumed, by whether it exists and by its trust policy."""
        said = each.understood
        named = said.thing or self._only()
        if said.name != _NOT_ASSUMED or not named:
            return each
        trust, gone, *others = said.causes
        role = self._read(named)
        if role is None:
            absent = f"the account has no role {named.rpartition('/')[2]}"
            return _because(each, absent, gone) if named in self._absent else each
        facts = self._task.facts if self._task else Facts()
        told = judge_uses(Uses(Holder.TASK, (), facts), role, prove=False).trust
        outcome = trust_outcome(told) if told else Outcome.UNKNOWN
        if outcome in (Outcome.MISSING, Outcome.DENIED):
            return _because(each, f"the trust policy of {role.name} does not let ECS assume it", trust)
        return replace(each, causes=tuple(others) if outcome is Outcome.ALLOWED else (trust, *others))

    def _of(self, holder: Holder | None) -> str:
        return self._task.role(holder) if holder and self._task else ""

    def _only(self) -> str:
        """Return the only role of the task definition, if it has one."""
        names = {name for holder in (Holder.TASK, Holder.EXECUTION) if (name := self._of(holder))}
        return names.pop() if len(names) == 1 else ""

    def _role(self, named: str) -> Role | None:
        if not named:
            return None
        try:
            return self._read_from_aws(named)
        except NoSuchRole:
            self._absent.add(named)
        except Denied as denied:
            name = named.rpartition("/")[2]
            self.unread.append(f"what the role {name} allows: AWS refused the permission {denied.call}")
        except (Unavailable, InvalidInput) as error:
            self.unread.append(f"what the role {named.rpartition('/')[2]} allows: {error.what}")
        return None


def in_source(found: Sequence[Diagnosis], own: Sequence[Reading], resource: str = "") -> tuple[Diagnosis, ...]:
    """Return the results of the source's roles for calls that roles in AWS do not allow."""
    return diagnosed([Heard(each.understood) for each in found if each.statements], own, "", resource)


def _because(each: Diagnosis, why: str, cause: PossibleCause) -> Diagnosis:
    said = each.understood
    understood = replace(
        said,
        what=f"ECS could not assume a role of the task: {why}",
        category=cause.category or said.category,
        remedy=cause.remedy,
    )
    return replace(each, understood=understood, causes=())


def check_failed(live: LiveDiagnosis) -> None:
    """Raise Unavailable if nothing failed and no denied call could hide a failure."""
    if not live.found and not live.besides.unknown:
        if live.besides.unread:
            raise Unavailable(
                "the cause is unknown",
                why=page(f"unknown: {each}" for each in live.besides.unread),
                remedy="Request the permission, or pass a saved message: cfnroles diagnose TEXT.",
            )
        raise Unavailable(
            "AWS reports no failure",
            why="Amazon ECS keeps a stopped task for at least one hour.",
            remedy="Run it again as soon as it fails, or pass a saved message: cfnroles diagnose TEXT.",
        )
