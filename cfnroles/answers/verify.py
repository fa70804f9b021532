"""Does this role let this task start, and does it allow anything more?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.answers.excess import Excess, excess
from cfnroles.answers.prove import Removal, removals
from cfnroles.answers.requests import Asked, Home, asked, definite, homes, opened, told_symbols
from cfnroles.answers.trust import Trust, trust
from cfnroles.facts import Facts
from cfnroles.iam.evaluator import Decision, Evaluation, IdentityPolicy, StatementId, evaluate
from cfnroles.iam.roles import Role, RolePolicy, Unread, evaluable
from cfnroles.need import Gap, Holder, Need
from cfnroles.sources.reading import Reading, Task
from cfnroles.sources.roles import read_role_of
from cfnroles.statements import Statement, compose


class Outcome(StrEnum):
    """What becomes of a need, the worst last."""

    ALLOWED = "allowed"
    UNKNOWN = "unknown"
    MISSING = "missing"
    DENIED = "denied"


_ORDER = tuple(Outcome)
_ACCOUNT = "the account"
_REGION = "the Region"
#: What the evaluator calls the open part of a resource.
REST_OF_RESOURCE = "the rest of the resource's ARN"


class Judged(Struct, frozen=True):
    """One need and what the role says to it.

    ``by`` are the statements behind it: those that allow, those that deny, or those that would decide if ``keys`` were
    known. ``boundary`` names the permissions boundary that leaves the need out.
    """

    need: Need
    outcome: Outcome
    by: tuple[StatementId, ...] = ()
    keys: tuple[str, ...] = ()
    boundary: str = ""


class Verification(Struct, frozen=True):
    """Everything that one role says to the needs of its holder.

    ``judged`` are all verdicts, in the order of the document. ``hanging`` are the needs that are there only if a
    parameter has a value that nobody told. ``missing`` are the statements to add, as `build` writes them.
    ``excess`` is what the role grants and no need uses; ``application`` are the actions of a task role that ECS has no
    part in, which only the application's authors can judge. ``removals`` is the proof, where it was asked for.
    """

    holder: Holder
    role: Role
    trust: Trust | None
    judged: tuple[Judged, ...]
    hanging: tuple[Need, ...]
    missing: tuple[Statement, ...]
    excess: tuple[Excess, ...]
    application: tuple[str, ...] = ()
    removals: tuple[Removal, ...] | None = None
    gaps: tuple[Gap, ...] = field(default=())

    @property
    def outcome(self) -> Outcome:
        """The worst of all verdicts, that on the trust policy among them."""
        outcomes = [judged.outcome for judged in self.judged]
        if self.trust is not None:
            outcomes.append(trust_outcome(self.trust))
        return max(outcomes, key=_ORDER.index, default=Outcome.ALLOWED)


def trust_outcome(trust: Trust) -> Outcome:
    """The verdict on a trust policy."""
    return {
        Decision.ALLOWED: Outcome.ALLOWED,
        Decision.UNKNOWN: Outcome.UNKNOWN,
        Decision.EXPLICIT_DENY: Outcome.DENIED,
        Decision.IMPLICIT_DENY: Outcome.MISSING,
    }[trust.decision]


def verify(
    reading: Reading,
    role: Role | str,
    holder: Holder = Holder.EXECUTION,
    *,
    context: Mapping[str, str] | None = None,
    prove: bool = False,
) -> Verification:
    """Judge a role by what the only task definition of ``reading`` needs of it.

    ``role`` is one that was read, or where it stands: ``roles.yaml:ExecutionRole`` and what else ``read_role_of``
    takes. ``context`` are values of condition keys that the caller knows. Raises InvalidInput for what was read and
    ECS would refuse, and for a role that cannot be read.
    """
    task = reading.task()
    read = role if isinstance(role, Role) else read_role_of(role, task.facts, reading.told.parameters)
    return judge(task, read, holder, context or {}, prove=prove)


def judge(task: Task, role: Role, holder: Holder, context: Mapping[str, str], *, prove: bool) -> Verification:
    """Judge a role by what a task needs of its holder.

    Only the role is judged: the policies of secrets, keys, buckets and repositories, and those of the organization,
    may add to it or take from it.
    """
    certain, hanging = definite((need for need in task.discovery.needs if need.holder is holder), task.facts)
    ordered = sorted(certain, key=lambda need: (need.origin.sort_key, need.sort_key))
    facts = _with_home_of(role, task.facts)
    seen = homes(facts, ordered, _texts(role), context)
    readings = [_Reading(role, home, context) for home in seen]
    judged = tuple(_judge(need, readings, role) for need in ordered)
    lacking = [each.need for each in judged if each.outcome is Outcome.MISSING]
    found, application = excess(
        [(reading.policies, (*reading.asked(ordered), *reading.open(ordered))) for reading in readings],
        tuple(evaluable(policy) for policy in role.policies),
        holder,
        {need.permission.action for need in hanging},
        task.chosen,
    )
    first = readings[0]
    return Verification(
        holder,
        role,
        _trust(role, holder, seen, context),
        judged,
        tuple(sorted(hanging, key=lambda need: (need.origin.sort_key, need.sort_key))),
        compose(lacking),
        found,
        application,
        removals(first.policies, first.boundary, first.asked(ordered)) if prove else None,
        tuple(gap for gap in task.discovery.gaps if gap.holder is holder),
    )


class _Reading:
    """The role in one home, and the answers that it gave there."""

    def __init__(self, role: Role, home: Home, context: Mapping[str, str]) -> None:
        self.home = home
        self.policies: tuple[IdentityPolicy, ...] = tuple(evaluable(policy, home.symbols) for policy in role.policies)
        boundary = role.boundary if isinstance(role.boundary, RolePolicy) else None
        self.boundary = evaluable(boundary, home.symbols) if boundary else None
        self._arn = home.text(role.arn)
        self._context = context
        self._asked: dict[tuple[Holder, object], tuple[Asked, ...]] = {}
        self._verdicts: dict[object, Evaluation] = {}

    def asked(self, needs: Sequence[Need]) -> tuple[Asked, ...]:
        """The requests of all ``needs``; needs of the same permission share theirs."""
        return tuple(each for need in needs for each in self.requests(need))

    def open(self, needs: Sequence[Need]) -> Iterator[Asked]:
        """The requests of needs with a part that nobody told, for whatever that part may be."""
        for need in needs:
            if told_symbols(need.permission):
                pairs = zip(self.requests(need), self.requests(opened(need)), strict=True)
                yield from (replace(wide, need=need, permission=own.permission) for own, wide in pairs)

    def requests(self, need: Need) -> tuple[Asked, ...]:
        key = (need.holder, need.permission)
        if key not in self._asked:
            self._asked[key] = asked(need, self.home, self._arn, self._context)
        return tuple(each if each.need is need else replace(each, need=need) for each in self._asked[key])

    def verdicts(self, need: Need) -> tuple[Evaluation, ...]:
        return tuple(self._verdict(each) for each in self.requests(need))

    def _verdict(self, each: Asked) -> Evaluation:
        if each.permission not in self._verdicts:
            self._verdicts[each.permission] = evaluate(each.request, self.policies, self.boundary)
        return self._verdicts[each.permission]


def _judge(need: Need, readings: Sequence[_Reading], role: Role) -> Judged:
    judged = [_worst([_of(need, verdict, role) for verdict in reading.verdicts(need)]) for reading in readings]
    if len({each.outcome for each in judged}) == 1:
        untold = told_symbols(need.permission)
        if untold and judged[0].outcome is Outcome.MISSING and not _refused(opened(need), readings):
            return Judged(need, Outcome.UNKNOWN, keys=untold)
        return judged[0]
    return Judged(need, Outcome.UNKNOWN, _by(judged), _deciding(readings, judged))


def _refused(need: Need, readings: Sequence[_Reading]) -> bool:
    verdicts = [verdict for reading in readings for verdict in reading.verdicts(need)]
    return any(verdict.decision is Decision.IMPLICIT_DENY for verdict in verdicts)


def _of(need: Need, verdict: Evaluation, role: Role) -> Judged:
    match verdict.decision:
        case Decision.ALLOWED if isinstance(role.boundary, Unread):
            return Judged(need, Outcome.UNKNOWN, verdict.by, (f"the permissions boundary {role.boundary.name}",))
        case Decision.ALLOWED:
            return Judged(need, Outcome.ALLOWED, verdict.by)
        case Decision.EXPLICIT_DENY:
            return Judged(need, Outcome.DENIED, verdict.by)
        case Decision.IMPLICIT_DENY if verdict.outside_boundary:
            return Judged(need, Outcome.DENIED, boundary=verdict.outside_boundary)
        case Decision.IMPLICIT_DENY if role.unread:
            return Judged(need, Outcome.UNKNOWN, keys=tuple(f"the policy {unread.name}" for unread in role.unread))
        case Decision.IMPLICIT_DENY:
            return Judged(need, Outcome.MISSING)
    # What a symbol of the role or a key stands for says also how the resource goes on.
    keys = tuple(key for key in verdict.keys if key != REST_OF_RESOURCE) or verdict.keys
    return Judged(need, Outcome.UNKNOWN, tuple(each.statement for each in verdict.undecided), keys)


def _worst(judged: Sequence[Judged]) -> Judged:
    worst = max(judged, key=lambda each: _ORDER.index(each.outcome))
    alike = [each for each in judged if each.outcome is worst.outcome]
    return replace(worst, by=_by(alike), keys=tuple(sorted({key for each in alike for key in each.keys})))


def _by(judged: Sequence[Judged]) -> tuple[StatementId, ...]:
    return tuple(sorted({statement for each in judged for statement in each.by}))


def _deciding(readings: Sequence[_Reading], judged: Sequence[Judged]) -> tuple[str, ...]:
    """What would have to be known of the account and the Region to tell the homes apart."""
    outcomes = {reading.home: each.outcome for reading, each in zip(readings, judged, strict=True)}

    def matters(same: Sequence[str]) -> bool:
        groups: dict[tuple[str, ...], set[Outcome]] = {}
        for home, outcome in outcomes.items():
            groups.setdefault(tuple(getattr(home, name) for name in same), set()).add(outcome)
        return any(len(group) > 1 for group in groups.values())

    keys = [_ACCOUNT] if matters(("region", "partition")) else []
    return (*keys, _REGION) if matters(("account",)) else tuple(keys)


def _trust(role: Role, holder: Holder, seen: Sequence[Home], context: Mapping[str, str]) -> Trust | None:
    found = [trust(role, holder, home, context) for home in seen]
    first = found[0]
    if first is None or len({each.decision for each in found if each}) == 1:
        return first
    return replace(first, decision=Decision.UNKNOWN, keys=(_ACCOUNT,))


def _with_home_of(role: Role, facts: Facts) -> Facts:
    # A task's roles are of the task's own account: PassRole reaches no other.
    parts = role.arn.split(":")
    return replace(facts, account=parts[4]) if not facts.account and len(parts) > 4 else facts


def _texts(role: Role) -> Iterable[str]:
    boundary = (role.boundary,) if isinstance(role.boundary, RolePolicy) else ()
    for policy in (*role.policies, *boundary):
        yield str(policy.document)
    yield str(role.trust)
