"""Does this role let this task start, and does it allow anything more?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.answers.excess import AskedOf, Beyond, Untold, grants_beyond
from cfnroles.answers.prove import removals
from cfnroles.answers.requests import Asked, Home, asked, definite, homes, opened, told_by_role, told_symbols
from cfnroles.answers.trust import Trust, trust
from cfnroles.answers.verification import ORDER, Judged, Outcome, Verification
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
from cfnroles.need import Gap, Holder, Need, Origin
from cfnroles.sources.reading import Reading, Task
from cfnroles.sources.roles import read_role_of
from cfnroles.statements import compose
from cfnroles.symbols import Cut, RandomSuffix, Symbol
from cfnroles.template.intrinsics import symbols
from cfnroles.text import text_of

_ACCOUNT = "the account"
_REGION = "the Region"
_KEYS = "KmsKeyArns"
#: What a reference takes that may be one to a secret or to a parameter: one of both, and the key of that.
_EITHER = frozenset({"secretsmanager:GetSecretValue", "ssm:GetParameters", "kms:Decrypt"})
#: What the evaluator calls the open part of a resource.
REST_OF_RESOURCE = "the rest of the resource's ARN"


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
        needs = tuple(without_keys(task.discovery.needs, task.facts))
        task = replace(task, discovery=replace(task.discovery, needs=needs))
    return judge(task, read, holder, context or {}, prove=prove)


def without_keys(needs: Iterable[Need], facts: Facts) -> Iterator[Need]:
    """The needs that are there without a customer managed key; raises InvalidInput where one is told."""
    if facts.kms_key_arns:
        raise InvalidInput(
            "--aws-managed-keys and customer managed keys cannot be combined",
            remedy="Pass --aws-managed-keys or the customer managed keys.",
        )
    return (need for need in needs if _KEYS not in need.permission.when)


class Uses(Struct, frozen=True):
    """What a role is judged by: what its holder needs, and what ``others`` need who have the same role.

    ``open_ended`` says that the role is an application's, too, whose needs are unknown; ``chosen`` is given
    where a spec tells it. ``known`` are values of condition keys that the caller knows, ``apart`` symbols of the role
    that stand for something else than any other symbol does. ``sent`` are all ARNs that the service sends of itself
    when it assumes the role, where they are known.
    """

    holder: Holder
    needs: tuple[Need, ...]
    facts: Facts
    gaps: tuple[Gap, ...] = ()
    others: tuple[Need, ...] = ()
    open_ended: bool = False
    chosen: tuple[str, ...] | None = None
    known: Mapping[str, str] = field(default_factory=dict)
    apart: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()


def judge(task: Task, role: Role, holder: Holder, context: Mapping[str, str], *, prove: bool) -> Verification:
    """Judge a role by what a task needs of its holder."""
    return judge_uses(
        Uses(
            holder,
            tuple(need for need in task.discovery.needs if need.holder is holder),
            task.facts,
            tuple(gap for gap in task.discovery.gaps if gap.holder is holder),
            open_ended=holder is Holder.TASK,
            chosen=task.chosen,
            known=context,
        ),
        role,
        prove=prove,
    )


def judge_uses(uses: Uses, role: Role, *, prove: bool) -> Verification:
    """Judge a role by what its holder needs; a grant that others of its users need is not too much.

    Only the role is judged: the policies of secrets, keys, buckets and repositories, and those of the organization,
    may add to it or take from it.
    """
    facts = told_by_role(_with_home_of(role, uses.facts), role.values)
    certain, hanging = definite(uses.needs, facts)
    besides, perhaps = definite(uses.others, facts)
    ordered = sorted(certain, key=lambda need: (need.origin.sort_key, need.sort_key))
    everything = (*ordered, *besides)
    settled = {name for need in hanging for name in need.permission.when if role.values.get(name) == ""}
    seen = homes(facts, everything, _texts(role), uses.known, uses.apart)
    readings = [_Reading(role, home, uses.known) for home in seen]
    among = _among(uses, role, readings)
    judged = tuple(_either([_judge(need, readings, among) for need in ordered]))
    unknown = {each.need for each in judged if each.outcome is Outcome.UNKNOWN}
    unknown |= {need for need in besides if _judge(need, readings, among).outcome is Outcome.UNKNOWN}
    lacking = [each.need for each in judged if each.outcome is Outcome.MISSING]
    untold = Untold(
        frozenset(n.permission.action for n in (*hanging, *perhaps) if settled.isdisjoint(n.permission.when)),
        tuple(dict.fromkeys(action for gap in uses.gaps for action in gap.actions)),
    )
    found = _beyond(
        uses, role, [(r.policies, (*r.asked(everything), *r.open(everything, unknown))) for r in readings], untold
    )
    first = readings[0]
    return Verification(
        uses.holder,
        role,
        _trust(role, uses, seen),
        judged,
        tuple(sorted(hanging, key=lambda need: (need.origin.sort_key, need.sort_key))),
        compose(lacking),
        found.excess,
        found.application,
        removals(first.policies, first.boundary, first.asked(everything)) if prove else None,
        uses.gaps,
        found.chosen,
        _dangers(role, found),
        _unread(role, readings),
        tuple(sorted(settled)),
        found.unsure,
    )


def _beyond(uses: Uses, role: Role, readings: Sequence[AskedOf], untold: Untold) -> Beyond:
    """What the role grants beyond what is asked of its policies, and what may be asked although nobody tells."""
    policies = tuple(evaluable(policy) for policy in role.policies)
    return grants_beyond(readings, policies, Holder.TASK if uses.open_ended else uses.holder, untold, uses.chosen)


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

    def open(self, needs: Sequence[Need], unknown: Collection[Need]) -> Iterator[Asked]:
        """The requests of needs with a part that is unknown, for whatever that part may be.

        What surely allows a need is all that it uses, by whatever suffix the name of a secret gets.
        """
        for need in (each for each in needs if told_symbols(each.permission)):
            wide = opened(need) if need in unknown else opened(need, RandomSuffix)
            if wide != need:
                pairs = zip(self.requests(need), self.requests(wide), strict=True)
                yield from (replace(each, need=need, permission=own.permission) for own, each in pairs)

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


def _judge(need: Need, readings: Sequence[_Reading], among: _Among) -> Judged:
    judged = [_worst([_of(need, each) for each in reading.evaluations(need)]) for reading in readings]
    if len({each.outcome for each in judged}) == 1:
        untold = told_symbols(need.permission)
        if untold and judged[0].outcome is Outcome.MISSING and not _refused(opened(need), among(untold)):
            return Judged(need, Outcome.UNKNOWN, keys=untold)
        return judged[0]
    return Judged(need, Outcome.UNKNOWN, _by(judged), _deciding(readings, judged))


def _either(judged: Sequence[Judged]) -> Iterator[Judged]:
    """What becomes of the needs, of which some may turn out to be none: one symbol may name a secret or a parameter.

    What a role lacks of one of both is not known to be needed while it may allow the other.
    """
    served = {place for each in judged if each.outcome is not Outcome.MISSING for place in _alternatives(each.need)}
    for each in judged:
        places = _alternatives(each.need)
        if each.outcome is Outcome.MISSING and not served.isdisjoint(places):
            names = sorted({symbol.name for _, _, symbol in places})
            yield replace(each, outcome=Outcome.UNKNOWN, keys=tuple(names))
        else:
            yield each


def _alternatives(need: Need) -> frozenset[tuple[Origin, bool, Symbol]]:
    """The places at which this is one of several things that a symbol may name, keys apart from what they encrypt."""
    if need.permission.action not in _EITHER:
        return frozenset()
    texts = map(text_of, need.permission.texts)
    cut = {symbol.of for text in texts for symbol in text.symbols if isinstance(symbol, Cut)}
    return frozenset((need.origin, need.permission.action == "kms:Decrypt", symbol) for symbol in cut)


_Among = Callable[[tuple[str, ...]], Sequence[_Reading]]


def _among(uses: Uses, role: Role, readings: Sequence[_Reading]) -> _Among:
    """The readings without what these symbols of a need can surely not stand for."""

    @cache
    def among(names: tuple[str, ...]) -> Sequence[_Reading]:
        others = frozenset(uses.apart).difference(names)
        if not others or not set(uses.apart).issuperset(names):
            return readings
        return [_Reading(_without(role, others), each.home, uses.known) for each in readings]

    return among


def _without(role: Role, apart: frozenset[str]) -> Role:
    """The role without the resources that one of these symbols is part of."""

    def others(given: Any) -> list[Any]:
        resources = given if isinstance(given, list) else [given]
        return [each for each in resources if not (isinstance(each, str) and set(symbols(each)) & apart)]

    def cut(policy: RolePolicy) -> RolePolicy:
        given = policy.document.get("Statement")
        statements = [
            {**each, "Resource": others(each["Resource"])} if "Resource" in each else each
            for each in (given if isinstance(given, list) else [given])
            if isinstance(each, Mapping)
        ]
        kept = [each for each in statements if each.get("Resource", True)]
        return replace(policy, document={**policy.document, "Statement": kept})

    return replace(role, policies=tuple(each for each in map(cut, role.policies) if each.document["Statement"]))


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
    worst = max(judged, key=lambda each: ORDER.index(each.outcome))
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


def _trust(role: Role, uses: Uses, seen: Sequence[Home]) -> Trust | None:
    """What the trust policy answers; the first of several ARNs that it refuses, as the role is of no use there."""
    first = None
    for sent in uses.sent or ("",):
        found = [trust(role, uses.holder, home, uses.known, sent) for home in seen]
        first = found[0]
        if first is not None and len({each.decision for each in found if each}) > 1:
            return replace(first, decision=Decision.UNKNOWN, keys=(_ACCOUNT,))
        if first is None or first.decision is not Decision.ALLOWED:
            return first
    return first


def _with_home_of(role: Role, facts: Facts) -> Facts:
    # A task's roles are of the task's own account: PassRole reaches no other.
    parts = role.arn.split(":")
    return replace(facts, account=parts[4]) if not facts.account and len(parts) > 4 else facts


def _texts(role: Role) -> Iterable[str]:
    boundary = (role.boundary,) if isinstance(role.boundary, RolePolicy) else ()
    for policy in (*role.policies, *boundary):
        yield str(policy.document)
    yield str(role.trust)
