"""Whether a role lets a task start, and what else it allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from cfnroles.answers.alternatives import without_alternatives
from cfnroles.answers.excess import AskedOf, Beyond, Untold, grants_beyond
from cfnroles.answers.judgements import InHome, Known
from cfnroles.answers.narrowing import narrowed
from cfnroles.answers.prove import removals
from cfnroles.answers.requests import Home, told_by_role
from cfnroles.answers.trust import Trust, service_of, without
from cfnroles.answers.verification import ORDER, Judged, Outcome, Verification
from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.iam.dangers import Danger, DangerKind
from cfnroles.iam.evaluator import (
    WHOLE_POLICY,
    Decision,
    Evaluation,
    IdentityPolicy,
    StatementId,
)
from cfnroles.iam.roles import Role, RolePolicy, Unread
from cfnroles.need import Gap, Holder, Need
from cfnroles.sources.reading import Reading, Task
from cfnroles.sources.roles import read_role_of
from cfnroles.statements import compose
from cfnroles.template.intrinsics import symbols

_ACCOUNT = "the account"
_REGION = "the Region"
_KEYS = "KmsKeyArns"
#: The evaluator's name for the open part of a resource.
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
    """Judge a role by the needs of the only task definition of ``reading``.

    ``role`` is a role that was read, or its place in a form of ``read_role_of``, such as ``roles.yaml:ExecutionRole``.
    ``context`` are known values of condition keys. ``aws_managed_keys`` says that no customer managed key encrypts a
    secret or parameter. Raise InvalidInput for a source that ECS would reject, for a role that cannot be read, and for
    keys that contradict ``aws_managed_keys``.
    """
    task = reading.task()
    read = role if isinstance(role, Role) else read_role_of(role, task.facts, reading.told.parameters)
    if aws_managed_keys:
        needs = tuple(without_keys(task.discovery.needs, task.facts))
        task = replace(task, discovery=replace(task.discovery, needs=needs))
    return judge(task, read, holder, context or {}, prove=prove)


def without_keys(needs: Iterable[Need], facts: Facts) -> Iterator[Need]:
    """Yield the needs without a customer managed key. Raise InvalidInput if one is given."""
    if facts.kms_key_arns:
        raise InvalidInput(
            "--aws-managed-keys and customer managed keys cannot be combined",
            remedy="Pass --aws-managed-keys or the customer managed keys.",
        )
    return (need for need in needs if _KEYS not in need.permission.when)


class Uses(Struct, frozen=True):
    """What a role is judged by: the needs of its holder, and those of ``others`` who share the role.

    ``open_ended`` says that an application with unknown needs also uses the role; ``chosen`` is given if a spec has
    those needs. ``known`` are known values of condition keys, ``apart`` symbols of the role that differ from every
    other symbol. ``sent`` are all ARNs that the service sends when it assumes the role, if known.
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
    """Judge a role by the needs of a task for its holder."""
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


def judge_uses(uses: Uses, role: Role, *, prove: bool, known: Known | None = None) -> Verification:
    """Judge a role by the needs of its holder. A grant that its other users need is not excess.

    Only the role is judged: policies of secrets, keys, buckets, repositories and the organization can still allow or
    deny. ``known`` has the results of earlier judgements.
    """
    known = known or Known()
    facts = told_by_role(_with_home_of(role, uses.facts), role.values)
    certain, hanging = known.definite(uses.needs, facts)
    besides, perhaps = known.definite(uses.others, facts)
    everything = (*certain, *besides)
    settled = {name for need in hanging for name in need.permission.when if role.values.get(name) == ""}
    seen = known.homes(facts, everything, role, uses.known, uses.apart)
    readings = [known.reading(role, home, uses.known) for home in seen]
    judge = _judge_in(uses, role, readings, known)
    judged = tuple(without_alternatives(list(map(judge, certain)), known.alternatives))
    unknown = {known.number(each.need) for each in judged if each.outcome is Outcome.UNKNOWN}
    unknown |= {known.number(need) for need in besides if judge(need).outcome is Outcome.UNKNOWN}
    lacking = [each.need for each in judged if each.outcome is Outcome.MISSING]
    untold = Untold(
        frozenset(n.permission.action for n in (*hanging, *perhaps) if settled.isdisjoint(n.permission.when)),
        tuple(dict.fromkeys(action for gap in uses.gaps for action in gap.actions)),
    )
    asked_of = [(r.ground.grants, (*r.asked(everything), *r.open(everything, unknown))) for r in readings]
    found = _beyond(uses, role, asked_of, untold, known.shown(role))
    first = readings[0]
    return Verification(
        uses.holder,
        role,
        _trust(role, uses, seen, known),
        judged,
        hanging,
        compose(lacking),
        found.excess,
        found.application,
        removals(first.policies, first.ground.boundary, first.asked(everything)) if prove else None,
        uses.gaps,
        found.chosen,
        _dangers(role, found, known),
        _unread(role, readings),
        tuple(sorted(settled)),
        found.unsure,
    )


def allowed_besides(
    uses: Uses, role: Role, need: Need, policy: RolePolicy, name: Callable[[Role], Role] = lambda role: role
) -> bool:
    """Return whether a role certainly allows a need with one more policy. Its denials and its boundary limit that, too.

    ``name`` gives the texts of a role the spelling of the need.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
    """
    whole = name(replace(role, policies=(*role.policies, policy)))
    (found,) = judge_uses(Uses(uses.holder, (need,), uses.facts, known=uses.known), whole, prove=False).judged
    return found.outcome is Outcome.ALLOWED


def _beyond(
    uses: Uses, role: Role, readings: Sequence[AskedOf], untold: Untold, policies: tuple[IdentityPolicy, ...]
) -> Beyond:
    """Return the grants of the role beyond its needs, and those that may be needed."""
    found = grants_beyond(readings, policies, Holder.TASK if uses.open_ended else uses.holder, untold, uses.chosen)
    return replace(found, excess=tuple(narrowed(each, role) for each in found.excess))


def _dangers(role: Role, found: Beyond, known: Known) -> tuple[Danger, ...]:
    """Return the risks of the grants that no need matches exactly."""
    beyond = [each for each in known.dangers(role) if not found.statements.isdisjoint(each.by)]
    everything = {text for each in beyond if each.kind is DangerKind.SERVICE_WILDCARD for text in each.grants}
    return tuple(
        each for each in beyond if each.kind is DangerKind.SERVICE_WILDCARD or not everything.issuperset(each.grants)
    )


def _unread(role: Role, readings: Sequence[InHome]) -> tuple[str, ...]:
    """Return the names of all parts of the role that could not be read."""
    policies = [
        each for reading in readings for each in (*reading.policies, reading.ground.boundary) if each is not None
    ]
    statements = [str(statement.id) for policy in policies for statement in policy.unread]
    # An invalid statement is not part of any evaluation.
    parts = [each.name for each in role.all_unread if each.index != WHOLE_POLICY]
    trust = [f"the {role.trust.name}"] if isinstance(role.trust, Unread) else []
    return tuple(dict.fromkeys([*statements, *parts, *trust]))


def _judge_in(uses: Uses, role: Role, readings: Sequence[InHome], known: Known) -> Callable[[Need], Judged]:
    """Return the function that judges a need in these homes."""
    among, bases = _among(uses, role, readings, known), tuple(reading.base for reading in readings)
    views: dict[str, tuple[tuple[int, ...], ...]] = {}
    same = tuple(map(id, readings))

    def judge(need: Need) -> Judged:
        if (found := known.judged.get((id(need), same))) is None:
            found = judge_for(need)
            if not known.untold(need):
                known.judged[id(known.keep(need)), same] = found
        return found

    def judge_for(need: Need) -> Judged:
        action = need.permission.action
        if action not in views:
            views[action] = tuple(reading.ground.view(action)[0] for reading in readings)
        key = id(known.keep(need)), bases, views[action], readings[0].values(need)
        if key not in known.judged:
            known.judged[key] = _judge(need, readings)
        judged = known.judged[key]
        untold = known.untold(need)
        if untold and judged.outcome is Outcome.MISSING and not _refused(known.opened(need), among(untold)):
            return Judged(need, Outcome.UNKNOWN, keys=untold)
        return judged

    return judge


def _judge(need: Need, readings: Sequence[InHome]) -> Judged:
    judged = [_worst([_of(need, each) for each in reading.evaluations(need)]) for reading in readings]
    if len({each.outcome for each in judged}) == 1:
        return judged[0]
    return Judged(need, Outcome.UNKNOWN, _by(judged), _deciding(readings, judged))


_Among = Callable[[tuple[str, ...]], Sequence[InHome]]


def _among(uses: Uses, role: Role, readings: Sequence[InHome], known: Known) -> _Among:
    """Return the readings without the impossible meanings of a need's symbols."""

    @cache
    def among(names: tuple[str, ...]) -> Sequence[InHome]:
        others = frozenset(uses.apart).difference(names)
        if not others or not set(uses.apart).issuperset(names):
            return readings
        return [known.reading(_without(role, others), each.home, uses.known) for each in readings]

    return among


def _without(role: Role, apart: frozenset[str]) -> Role:
    """Return the role without the resources that contain one of these symbols."""

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


def _refused(need: Need, readings: Sequence[InHome]) -> bool:
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
    # The value of a role's symbol or key also determines the rest of the resource.
    keys = tuple(key for key in found.keys if key != REST_OF_RESOURCE) or found.keys
    by = tuple(dict.fromkeys(each.statement for each in found.undecided if str(each.statement) not in keys))
    return Judged(need, Outcome.UNKNOWN, by, keys, unless_denied=found.by)


def _worst(judged: Sequence[Judged]) -> Judged:
    worst = max(judged, key=lambda each: ORDER.index(each.outcome))
    alike = [each for each in judged if each.outcome is worst.outcome]
    keys = tuple(sorted({key for each in alike for key in each.keys}))
    unless = tuple(sorted({statement for each in alike for statement in each.unless_denied}))
    # An open part of a request may turn out not to be allowed.
    return replace(worst, by=_by(alike), keys=keys, unless_denied=unless if all(e.unless_denied for e in alike) else ())


def _by(judged: Sequence[Judged]) -> tuple[StatementId, ...]:
    return tuple(sorted({statement for each in judged for statement in each.by}))


def _deciding(readings: Sequence[InHome], judged: Sequence[Judged]) -> tuple[str, ...]:
    """Return the keys of the account and Region that would distinguish the homes."""
    outcomes = {reading.home: each.outcome for reading, each in zip(readings, judged, strict=True)}

    def matters(same: Sequence[str]) -> bool:
        groups: dict[tuple[str, ...], set[Outcome]] = {}
        for home, outcome in outcomes.items():
            groups.setdefault(tuple(getattr(home, name) for name in same), set()).add(outcome)
        return any(len(group) > 1 for group in groups.values())

    keys = [_ACCOUNT] if matters(("region", "partition")) else []
    return (*keys, _REGION) if matters(("account",)) else tuple(keys)


def _trust(role: Role, uses: Uses, seen: Sequence[Home], known: Known) -> Trust | None:
    """Return the result of the trust policy. Of several ARNs, the first that it denies decides."""
    found = _first_trust(role, uses, seen, known)
    holders = {*(need.holder for need in uses.others), *([Holder.TASK] if uses.open_ended else ())}
    return found and without(found, {service_of(each) for each in holders}.__contains__)


def _first_trust(role: Role, uses: Uses, seen: Sequence[Home], known: Known) -> Trust | None:
    first = None
    for sent in uses.sent or ("",):
        found = [known.trust(role, uses.holder, home, uses.known, sent) for home in seen]
        first = found[0]
        if first is not None and len({each.decision for each in found if each}) > 1:
            return replace(first, decision=Decision.UNKNOWN, keys=(_ACCOUNT,))
        if first is None or first.decision is not Decision.ALLOWED:
            return first
    return first


def _with_home_of(role: Role, facts: Facts) -> Facts:
    # A task's roles belong to its own account: PassRole does not cross accounts.
    parts = role.arn.split(":")
    return replace(facts, account=parts[4]) if not facts.account and len(parts) > 4 else facts
