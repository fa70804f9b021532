"""The permissions of a role that no need uses, and the tight form of its statements.

A statement is examined by pairs of one action and one resource. A pair is exact if it matches a need, wide if needs use
it and it allows more, and unused if no need uses it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import IntEnum
from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.requests import Asked
from cfnroles.iam.actions import Risk, is_pattern, matches_action, risk_of
from cfnroles.iam.containment import covers_resource
from cfnroles.iam.evaluator import Effect, IdentityPolicy, PolicyStatement, StatementId, names_action, statement_applies
from cfnroles.iam.evaluator.conditions import PolicyCondition
from cfnroles.need import Condition, Holder, Need, Permission
from cfnroles.statements import Statement, compose

#: The end of an ARN without a name, by the action on it.
_NAMELESS = {"secretsmanager:GetSecretValue": ":secret:", "ssm:GetParameters": ":parameter/"}


class GrantedAction(Struct, frozen=True):
    """One action of a statement on one resource; both may be patterns."""

    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


class Wide(Struct, frozen=True):
    """A grant that needs use and that allows more.

    ``needed`` is what they use. ``actions`` and ``resources`` are whether it allows more of these; ``conditions`` are
    the condition keys of the needs that it lacks, ``looser`` those that it has with more values.
    """

    grant: GrantedAction
    needed: tuple[Permission, ...]
    actions: bool
    resources: bool
    conditions: tuple[str, ...] = ()
    looser: tuple[str, ...] = ()


class Excess(Struct, frozen=True):
    """The excess permissions of one statement, and the statements to replace it with; none: remove it.

    ``kept`` is the part that only a gap or an unknown need may use. It stays unchanged next to those. ``narrowing`` are
    the statement's own conditions that no need implies: its replacement keeps them.
    """

    statement: StatementId
    risk: Risk
    unused: tuple[GrantedAction, ...]
    wide: tuple[Wide, ...]
    tight: tuple[Statement, ...]
    kept: tuple[GrantedAction, ...] = ()
    narrowing: tuple[Condition, ...] = ()

    @property
    def grants(self) -> tuple[GrantedAction, ...]:
        """All excess grants, used or not."""
        return (*self.unused, *(wide.grant for wide in self.wide))


class Beyond(Struct, frozen=True):
    """The permissions of a role beyond its needs.

    ``excess`` are excess permissions, riskiest first. ``application`` are the actions of a task role that no feature of
    ECS uses and that may belong to the application; ``chosen`` are those that a spec grants by the name of their
    policy. ``unsure`` are grants that a need may or may not use. ``statements`` are all statements with any of the
    others.
    """

    excess: tuple[Excess, ...]
    application: tuple[str, ...]
    chosen: tuple[str, ...]
    unsure: tuple[GrantedAction, ...]
    statements: frozenset[StatementId]


class Untold(Struct, frozen=True):
    """The actions of unknown needs: those that depend on a parameter's value, and gaps."""

    hanging: frozenset[str] = frozenset()
    gaps: tuple[str, ...] = ()


class _Use(IntEnum):
    NONE = 0
    WIDE = 1
    EXACT = 2
    PERHAPS = 3


class _Pair(Struct, frozen=True):
    """How needs use a pair. ``under`` are conditions on which it depends whether it serves them."""

    use: _Use
    served: tuple[Asked, ...] = ()
    wide: tuple[bool, bool, tuple[str, ...], tuple[str, ...]] = (False, False, (), ())
    under: tuple[PolicyCondition, ...] = ()


#: The role in one home: its policies, and the requests.
AskedOf = tuple[Sequence[IdentityPolicy], Sequence[Asked]]

_Place = tuple[str, int]
_Key = tuple[StatementId, str, str]
#: A permission with the conditions on which it depends whether it is granted.
_Granted = tuple[Permission, tuple[PolicyCondition, ...]]


def grants_beyond(
    readings: Sequence[AskedOf],
    shown: Sequence[IdentityPolicy],
    holder: Holder,
    untold: Untold = Untold(),  # noqa: B008
    chosen: Collection[str] | None = None,
) -> Beyond:
    """Return the permissions of a role beyond its needs.

    ``readings`` are the role in each home, ``shown`` its policies for display. A grant on one resource that may serve a
    need with an unknown result, or a conditional need, counts as used. A grant that a gap may need on any resource is
    not excess. ``chosen`` is given if the application's needs are known: the policies that were chosen by name. Then
    nothing is attributed to the application.
    """
    unread = _unread((shown, *(policies for policies, _ in readings)))
    allowing = [statement for policy in shown for statement in _allowing(policy, unread)]
    names = [key for statement in allowing for key in _keys(statement)]
    best = _best([_pairs(*reading, untold.hanging, unread) for reading in readings])
    asked = {*untold.hanging, *(each.permission.action for _, certain in readings for each in certain)}
    exactly: set[_Granted] = {
        (each.permission, pair.under) for pair in best if pair.use is _Use.EXACT for each in pair.served
    }
    told, left, leaving = list[Excess](), dict[str, None](), set[StatementId]()
    for statement in allowing:
        own = [(GrantedAction(*key[1:]), pair) for key, pair in zip(names, best, strict=True) if key[0] == statement.id]
        unused = [grant for grant, pair in own if pair.use is _Use.NONE and not _names_nothing(grant)]
        if holder is Holder.TASK and (chosen is None or statement.id.policy in chosen):
            others = [grant for grant in unused if not any(matches_action(grant.action, action) for action in asked)]
            left |= dict.fromkeys(grant.action for grant in others)
            leaving |= {statement.id for _ in others}
            unused = [grant for grant in unused if grant not in others]
        if found := _excess(statement.id, own, unused, exactly, untold.gaps):
            told.append(found[0])
            exactly |= found[1]
    return Beyond(
        tuple(sorted(told, key=lambda each: (-each.risk, each.statement))),
        tuple(left) if chosen is None else (),
        tuple(left) if chosen is not None else (),
        tuple(GrantedAction(*key[1:]) for key, pair in zip(names, best, strict=True) if pair.use is _Use.PERHAPS),
        frozenset((*leaving, *(each.statement for each in told))),
    )


def _names_nothing(grant: GrantedAction) -> bool:
    """Return whether a grant is for a secret or parameter without a name, which does not exist.

    A policy for a reference of either kind has it for the other kind.
    """
    return grant.resource.endswith(_NAMELESS.get(grant.action, "\n"))


def _unread(roles: Iterable[Sequence[IdentityPolicy]]) -> frozenset[_Place]:
    return frozenset(_place(statement) for role in roles for policy in role for statement in policy.unread)


def _best(pairs: Sequence[Sequence[_Pair]]) -> list[_Pair]:
    # Every home has the same pairs in the same order. A pair counts as in the home where it is used most.
    return [max(alike, key=lambda pair: pair.use) for alike in zip(*pairs, strict=True)]


def _excess(
    statement: StatementId,
    own: Sequence[tuple[GrantedAction, _Pair]],
    unused: Sequence[GrantedAction],
    exactly: set[_Granted],
    gaps: Sequence[str],
) -> tuple[Excess, set[_Granted]] | None:
    """Return the excess of a statement, and the permissions of its tight form."""
    wide = [_wide(grant, pair) for grant, pair in own if pair.use is _Use.WIDE]
    beyond = [*unused, *(each.grant for each in wide)]
    kept = [
        GrantedAction(action, grant.resource)
        for grant in beyond
        for action in gaps
        if matches_action(grant.action, action)
    ]
    served = {grant for grant in beyond if not _is_open(grant) and any(matches_action(grant.action, a) for a in gaps)}
    unused = [grant for grant in unused if grant not in served]
    wide = [each for each in wide if each.grant not in served]
    if not unused and not wide:
        return None
    # The statements that replace this one serve nothing whose use is unknown.
    kept += [grant for grant, pair in own if pair.use in (_Use.PERHAPS, _Use.EXACT) and not pair.served]
    tight, granted = _tight([pair for _, pair in own], exactly)
    risk = max(risk_of(grant.action) for grant in (*unused, *(each.grant for each in wide)))
    return Excess(statement, risk, tuple(unused), tuple(wide), tight, tuple(dict.fromkeys(kept))), granted


def _is_open(grant: GrantedAction) -> bool:
    """Return whether a grant allows more than one action."""
    return is_pattern(grant.action) or grant.action.startswith("NOT ")


def _pairs(
    policies: Sequence[IdentityPolicy],
    certain: Sequence[Asked],
    hanging: Collection[str],
    unread: Collection[_Place],
) -> list[_Pair]:
    pairs: list[_Pair] = []
    asked = {each.request.action for each in certain}
    for policy in policies:
        for statement in _allowing(policy, unread):
            named = {action for action in asked if names_action(statement, action)}
            touched = [
                each
                for each in certain
                if each.request.action in named and statement_applies(statement, each.request) is not False
            ]
            pairs += [_pair(statement, *key[1:], touched, hanging) for key in _keys(statement)]
    return pairs


def _allowing(policy: IdentityPolicy, unread: Collection[_Place]) -> Iterator[PolicyStatement]:
    """Yield the Allow statements, except those that could not be read in one of the homes."""
    return (
        statement
        for statement in policy.statements
        if statement.effect is Effect.ALLOW and _place(statement) not in unread
    )


def _place(statement: PolicyStatement) -> _Place:
    return statement.id.policy, statement.id.index


def _keys(statement: PolicyStatement) -> Iterator[_Key]:
    actions = [f"NOT {', '.join(statement.actions)}"] if statement.not_actions else statement.actions
    resources = [f"NOT {', '.join(statement.resources)}"] if statement.not_resources else statement.resources
    return ((statement.id, action, resource) for action, resource in product(actions, resources))


def _pair(
    statement: PolicyStatement, action: str, resource: str, certain: Sequence[Asked], hanging: Collection[str]
) -> _Pair:
    one = replace(
        statement,
        actions=statement.actions if statement.not_actions else (action,),
        resources=statement.resources if statement.not_resources else (resource,),
    )
    answers = [
        (each, statement_applies(one, each.request)) for each in certain if matches_action(action, each.told.action)
    ]
    served = tuple(each for each, answer in answers if answer is True)
    if served:
        equal = [each for each in served if each.told.resource == resource]
        wide = (is_pattern(action), not equal, *_wide_conditions(statement, equal or served))
        return _Pair(_Use.WIDE if any(wide) else _Use.EXACT, served, wide)
    perhaps = tuple(each for each, answer in answers if answer is not False)
    if perhaps and is_pattern(action):
        return _Pair(_Use.WIDE, perhaps, (True, False, (), ()), statement.conditions)
    within = [each for each in perhaps if covers_resource(each.told.resource, resource)]
    if within and not any(_wide_conditions(statement, within)):
        # With or without its condition, it allows no more than the need.
        return _Pair(_Use.EXACT)
    hangs = not is_pattern(action) and not is_pattern(resource) and action.lower() in {each.lower() for each in hanging}
    return _Pair(_Use.PERHAPS if perhaps or hangs else _Use.NONE)


def _wide_conditions(statement: PolicyStatement, served: Sequence[Asked]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the condition keys of the needs that the statement lacks, and those that it has with more values."""
    needed = {tuple(sorted((c.key.lower(), c.values) for c in each.told.conditions)) for each in served}
    if () in needed:
        return (), ()
    given: dict[str, set[str]] = {}
    for condition in statement.conditions:
        if condition.operator and not condition.operator.negated and not condition.if_exists:
            given.setdefault(condition.key.lower(), set()).update(condition.values)
    names = {c.key.lower(): c.key for each in served for c in each.told.conditions}
    lacking = tuple(sorted(name for key, name in names.items() if key not in given))
    values_of = {
        key: {value for each in needed for name, values in each if name == key for value in values} for key in names
    }
    looser = tuple(sorted(name for key, name in names.items() if given.get(key, set()) - values_of[key]))
    if lacking or looser:
        return lacking, looser
    # The values of several keys grant their product, so each combination must belong to a need.
    keys = sorted(names)
    combinations = product(*(sorted(given[key]) for key in keys))
    if all(
        tuple((key, (value,)) for key, value in zip(keys, values, strict=True)) in needed for values in combinations
    ):
        return (), ()
    return (), tuple(names[key] for key in keys)


def _wide(grant: GrantedAction, pair: _Pair) -> Wide:
    needed = tuple(sorted({each.permission for each in pair.served}))
    return Wide(grant, needed, *pair.wide)


def _tight(pairs: Iterable[_Pair], elsewhere: set[_Granted]) -> tuple[tuple[Statement, ...], set[_Granted]]:
    """Return tight statements for what the needs use of one statement, without what another grants as tightly."""
    kept: set[_Granted] = set()
    needs: list[Need] = []
    for pair in pairs:
        for each in pair.served:
            granted = each.permission, pair.under
            if pair.use is _Use.EXACT or elsewhere.isdisjoint(((each.permission, ()), granted)):
                needs.append(replace(each.need, permission=each.permission))
                kept.add(granted)
    return compose(needs), kept
