"""Does this role let this task start, and does it allow anything more?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.answers.excess import Beyond, Excess, GrantedAction, grants_beyond
from cfnroles.answers.prove import Removal, removals
from cfnroles.answers.requests import Asked, Home, asked, definite, homes, opened, told_by_role, told_symbols
from cfnroles.answers.trust import Trust, trust
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.iam.dangers import Danger, DangerKind, dangers
from cfnroles.iam.evaluator import (
    WHOLE_POLICY,
    Decision,
    Evaluation,
    IdentityPolicy,
    StatementId,
    evaluate,
    unread_policy,
)
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
_KEYS = "KmsKeyArns"
#: What the evaluator calls the open part of a resource.
REST_OF_RESOURCE = "the rest of the resource's ARN"


class Verdict(StrEnum):
    """What a role comes to against its source.

    It passes if it allows what is needed and nothing else, and if all of it was judged. It fails where something is
    missing, denied or too much, whatever else is not known.
    """

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    NOT_JUDGED = "not judged"


class Ground(StrEnum):
    """What keeps a role from passing."""

    NEEDS = "what is needed is missing or denied"
    NOT_TRUSTING = "ECS may not assume the role"
    OTHERS = "others may assume the role"
    DANGERS = "it gives away what nothing needs"
    EXCESS = "it grants more than is needed"
    UNREAD = "part of it could not be read"
    UNKNOWN = "what is allowed depends on what nobody told"
    UNSURE = "whether it grants more than is needed depends on what nobody told"
    UNKNOWN_TRUST = "whether ECS may assume the role depends on what nobody told"
    HANGING = "what is needed depends on what nobody told"
    GAPS = "what is needed cannot be named"
    APPLICATION = "nobody told what the application may do"

    @property
    def fails(self) -> bool:
        """Whether the role fails because of it; if not, it is not judged."""
        return self in (Ground.NEEDS, Ground.NOT_TRUSTING, Ground.OTHERS, Ground.DANGERS, Ground.EXCESS)


class Judged(Struct, frozen=True):
    """One need and what the role says to it.

    ``by`` are the statements behind it: those that allow, those that deny, or those that would decide if ``keys`` were
    known. ``boundary`` names the permissions boundary that leaves the need out. ``unless_denied`` are the statements
    that allow it if nothing among ``keys`` denies it.
    """

    need: Need
    outcome: Outcome
    by: tuple[StatementId, ...] = ()
    keys: tuple[str, ...] = ()
    boundary: str = ""
    unless_denied: tuple[StatementId, ...] = ()


class Verification(Struct, frozen=True):
    """Everything that one role says to the needs of its holder.

    ``judged`` are all needs with their outcomes, in the order of the document. ``hanging`` are the needs that are there
    only if a parameter has a value; ``settled`` are the parameters among them to which the role's own template gives
    none. ``missing`` are the statements to add, as `build` writes them. ``excess`` is what the role grants and no need
    uses; ``application`` are the actions of a task role that ECS has no part in, which only the application's authors
    can judge; ``chosen`` are those that a spec grants by the name of their policy. ``dangers`` are what such grants
    give away. ``unsure`` are grants that a need may or may not use.
    ``unread`` is what could not be read of the role. ``removals`` is the proof, where it was asked for.
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
    chosen: tuple[str, ...] = ()
    dangers: tuple[Danger, ...] = ()
    unread: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    unsure: tuple[GrantedAction, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether the role passes, fails or is not judged."""
        grounds = self.grounds
        if any(ground.fails for ground in grounds):
            return Verdict.FAIL
        return Verdict.NOT_JUDGED if grounds else Verdict.PASS

    @property
    def grounds(self) -> tuple[Ground, ...]:
        """Everything that keeps the role from passing, what makes it fail first."""
        outcomes = {each.outcome for each in self.judged}
        trusted = Outcome.ALLOWED if self.trust is None else trust_outcome(self.trust)
        bad = {Outcome.MISSING, Outcome.DENIED}
        hanging = any(not self.is_settled(need) for need in self.hanging)
        found = {
            Ground.NEEDS: bool(outcomes & bad),
            Ground.NOT_TRUSTING: trusted in bad,
            Ground.OTHERS: self.trust is not None and bool(self.trust.others),
            Ground.DANGERS: bool(self.dangers),
            Ground.EXCESS: bool(self.excess),
            Ground.UNREAD: bool(self.unread),
            Ground.UNKNOWN: Outcome.UNKNOWN in outcomes,
            # Where a need itself is open, what may serve it is, too.
            Ground.UNSURE: bool(self.unsure) and Outcome.UNKNOWN not in outcomes and not hanging,
            Ground.UNKNOWN_TRUST: trusted is Outcome.UNKNOWN,
            Ground.HANGING: hanging,
            Ground.GAPS: bool(self.gaps),
            Ground.APPLICATION: bool(self.application),
        }
        return tuple(ground for ground in Ground if found[ground])

    def is_settled(self, need: Need) -> bool:
        """Whether the role's own template says that a hanging need is not there."""
        return not set(self.settled).isdisjoint(need.permission.when)

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of all needs, that on the trust policy among them."""
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
    aws_managed_keys: bool = False,
) -> Verification:
    """Judge a role by what the only task definition of ``reading`` needs of it.

    ``role`` is one that was read, or where it stands: ``roles.yaml:ExecutionRole`` and what else ``read_role_of``
    takes. ``context`` are values of condition keys that the caller knows. ``aws_managed_keys`` tells that no customer
    managed key encrypts a secret or parameter. Raises InvalidInput for what was read and
    ECS would refuse, for a role that cannot be read, and where keys are told in both ways.
    """
    task = reading.task()
    read = role if isinstance(role, Role) else read_role_of(role, task.facts, reading.told.parameters)
    if aws_managed_keys:
        if task.facts.kms_key_arns:
            raise InvalidInput(
                "AWS managed keys encrypt everything, and so do customer managed ones",
                remedy="Give either --aws-managed-keys or the customer managed keys.",
            )
        needs = tuple(need for need in task.discovery.needs if _KEYS not in need.permission.when)
        task = replace(task, discovery=replace(task.discovery, needs=needs))
    return judge(task, read, holder, context or {}, prove=prove)


def judge(task: Task, role: Role, holder: Holder, context: Mapping[str, str], *, prove: bool) -> Verification:
    """Judge a role by what a task needs of its holder.

    Only the role is judged: the policies of secrets, keys, buckets and repositories, and those of the organization,
    may add to it or take from it.
    """
    facts = told_by_role(_with_home_of(role, task.facts), role.values)
    certain, hanging = definite((need for need in task.discovery.needs if need.holder is holder), facts)
    ordered = sorted(certain, key=lambda need: (need.origin.sort_key, need.sort_key))
    settled = {name for need in hanging for name in need.permission.when if role.values.get(name) == ""}
    seen = homes(facts, ordered, _texts(role), context)
    readings = [_Reading(role, home, context) for home in seen]
    judged = tuple(_judge(need, readings) for need in ordered)
    lacking = [each.need for each in judged if each.outcome is Outcome.MISSING]
    found = grants_beyond(
        [(reading.policies, (*reading.asked(ordered), *reading.open(ordered))) for reading in readings],
        tuple(evaluable(policy) for policy in role.policies),
        holder,
        {need.permission.action for need in hanging if settled.isdisjoint(need.permission.when)},
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
        found.excess,
        found.application,
        removals(first.policies, first.boundary, first.asked(ordered)) if prove else None,
        tuple(gap for gap in task.discovery.gaps if gap.holder is holder),
        found.chosen,
        _dangers(role, found),
        _unread(role, readings),
        tuple(sorted(settled)),
        found.unsure,
    )


def _dangers(role: Role, found: Beyond) -> tuple[Danger, ...]:
    """What the role gives away by grants that no need uses exactly."""
    boundary = evaluable(role.boundary).statements if isinstance(role.boundary, RolePolicy) else None
    whole = dangers([each for policy in role.policies for each in evaluable(policy).statements], boundary)
    # What nobody knows gives nothing away, and a condition may keep the rest: neither is proved.
    proved = [each for each in whole if each.kind is not DangerKind.UNKNOWN_ACTION and not each.conditional]
    beyond = [each for each in proved if not found.statements.isdisjoint(each.by)]
    everything = {text for each in beyond if each.kind is DangerKind.SERVICE_WILDCARD for text in each.grants}
    return tuple(
        each for each in beyond if each.kind is DangerKind.SERVICE_WILDCARD or not everything.issuperset(each.grants)
    )


def _unread(role: Role, readings: Sequence[_Reading]) -> tuple[str, ...]:
    """The names of everything of the role that could not be read."""
    policies = [each for reading in readings for each in (*reading.policies, reading.boundary) if each is not None]
    statements = [str(statement.id) for policy in policies for statement in policy.unread]
    # What is no statement at all has no part in any evaluation.
    parts = [each.name for each in role.all_unread if each.index != WHOLE_POLICY]
    trust = [f"the {role.trust.name}"] if isinstance(role.trust, Unread) else []
    return tuple(dict.fromkeys([*statements, *parts, *trust]))


class _Reading:
    """The role in one home, and the answers that it gave there."""

    def __init__(self, role: Role, home: Home, context: Mapping[str, str]) -> None:
        self.home = home
        self.policies: tuple[IdentityPolicy, ...] = (
            *(evaluable(policy, home.symbols) for policy in role.policies),
            *(unread_policy(f"policy {each.name}", each.effects) for each in role.unread),
        )
        self.boundary = _boundary(role, home)
        self._arn = home.text(role.arn)
        self._context = context
        self._asked: dict[tuple[Holder, object], tuple[Asked, ...]] = {}
        self._evaluations: dict[object, Evaluation] = {}

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

    def evaluations(self, need: Need) -> tuple[Evaluation, ...]:
        return tuple(self._evaluation(each) for each in self.requests(need))

    def _evaluation(self, each: Asked) -> Evaluation:
        if each.permission not in self._evaluations:
            self._evaluations[each.permission] = evaluate(each.request, self.policies, self.boundary)
        return self._evaluations[each.permission]


def _boundary(role: Role, home: Home) -> IdentityPolicy | None:
    if isinstance(role.boundary, Unread):
        return unread_policy(f"permissions boundary {role.boundary.name}")
    return evaluable(role.boundary, home.symbols) if role.boundary else None


def _judge(need: Need, readings: Sequence[_Reading]) -> Judged:
    judged = [_worst([_of(need, each) for each in reading.evaluations(need)]) for reading in readings]
    if len({each.outcome for each in judged}) == 1:
        untold = told_symbols(need.permission)
        if untold and judged[0].outcome is Outcome.MISSING and not _refused(opened(need), readings):
            return Judged(need, Outcome.UNKNOWN, keys=untold)
        return judged[0]
    return Judged(need, Outcome.UNKNOWN, _by(judged), _deciding(readings, judged))


def _refused(need: Need, readings: Sequence[_Reading]) -> bool:
    found = [each for reading in readings for each in reading.evaluations(need)]
    return any(each.decision is Decision.IMPLICIT_DENY for each in found)


def _of(need: Need, found: Evaluation) -> Judged:
    match found.decision:
        case Decision.ALLOWED:
            return Judged(need, Outcome.ALLOWED, found.by)
        case Decision.EXPLICIT_DENY:
            return Judged(need, Outcome.DENIED, found.by)
        case Decision.IMPLICIT_DENY if found.outside_boundary:
            return Judged(need, Outcome.DENIED, boundary=found.outside_boundary)
        case Decision.IMPLICIT_DENY:
            return Judged(need, Outcome.MISSING)
    # What a symbol of the role or a key stands for says also how the resource goes on.
    keys = tuple(key for key in found.keys if key != REST_OF_RESOURCE) or found.keys
    by = tuple(dict.fromkeys(each.statement for each in found.undecided if str(each.statement) not in keys))
    return Judged(need, Outcome.UNKNOWN, by, keys, unless_denied=found.by)


def _worst(judged: Sequence[Judged]) -> Judged:
    worst = max(judged, key=lambda each: _ORDER.index(each.outcome))
    alike = [each for each in judged if each.outcome is worst.outcome]
    keys = tuple(sorted({key for each in alike for key in each.keys}))
    unless = tuple(sorted({statement for each in alike for statement in each.unless_denied}))
    # What one of the requests leaves open may not even be allowed.
    return replace(worst, by=_by(alike), keys=keys, unless_denied=unless if all(e.unless_denied for e in alike) else ())


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
