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

    ``kept`` is the part that only a gap, an unknown need or the application may use. It stays unchanged next to those.
    ``narrowing`` are the statement's own conditions that no need implies: its replacement keeps them. ``shared`` says
    that the application, whose needs are unknown, may use more of the wide grants, and that nothing is kept for it.
    """

    statement: StatementId
    risk: Risk
    unused: tuple[GrantedAction, ...]
    wide: tuple[Wide, ...]
    tight: tuple[Statement, ...]
    kept: tuple[GrantedAction, ...] = ()
    narrowing: tuple[Condition, ...] = ()
    shared: bool = False

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


#: The role in one home: its grants, and the requests.
AskedOf = tuple["Grants", Sequence[Asked]]

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
    unread = _unread((shown, *(grants.policies for grants, _ in readings)))
    allowing = [statement for policy in shown for statement in _allowing(policy, unread)]
    names = [key for statement in allowing for key in _keys(statement)]
    best = _best([grants.pairs(asked, untold.hanging, unread) for grants, asked in readings])
    asked = {*untold.hanging, *(each.permission.action for _, certain in readings for each in certain)}
    exactly: set[_Granted] = {
        (each.permission, pair.under) for pair in best if pair.use is _Use.EXACT for each in pair.served
    }
    by_statement: dict[StatementId, list[tuple[GrantedAction, _Pair]]] = {}
    for key, pair in zip(names, best, strict=True):
        by_statement.setdefault(key[0], []).append((GrantedAction(*key[1:]), pair))
    told, theirs = list[Excess](), dict[StatementId, list[GrantedAction]]()
    for statement in allowing:
        own = by_statement.get(statement.id, [])
        unused = [grant for grant, pair in own if pair.use is _Use.NONE and not _names_nothing(grant)]
        if holder is Holder.TASK and (chosen is None or statement.id.policy in chosen):
            theirs[statement.id] = _of_application(unused, asked)
        others = theirs.get(statement.id, [])
        if found := _excess(statement.id, own, [each for each in unused if each not in others], exactly, untold.gaps):
            shared = bool(found[0].wide) and not others and holder is Holder.TASK and chosen is None
            kept = tuple(dict.fromkeys((*found[0].kept, *others)))
            told.append(replace(found[0], kept=kept, shared=shared))
            exactly |= found[1]
    left = tuple(dict.fromkeys(grant.action for others in theirs.values() for grant in others))
    return Beyond(
        tuple(sorted(told, key=lambda each: (-each.risk, each.statement))),
        left if chosen is None else (),
        left if chosen is not None else (),
        tuple(GrantedAction(*key[1:]) for key, pair in zip(names, best, strict=True) if pair.use is _Use.PERHAPS),
        frozenset((*(each for each, others in theirs.items() if others), *(each.statement for each in told))),
    )


def _of_application(unused: Iterable[GrantedAction], asked: Iterable[str]) -> list[GrantedAction]:
    """Return the grants of actions that no need has, and that the application may use."""
    actions = tuple(asked)
    return [grant for grant in unused if not any(matches_action(grant.action, action) for action in actions)]


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


class Serving:
    """The pairs of statements, with the requests that may use each. Statements are the same if they are one object."""

    def __init__(self) -> None:
        self._singles: dict[int, tuple[PolicyStatement, list[_Single]]] = {}
        self._served: dict[tuple[int, int], tuple[Asked, list[tuple[_Single, bool]]]] = {}

    def singles(self, statement: PolicyStatement) -> list[_Single]:
        """Return the pairs of a statement."""
        found = self._singles.get(id(statement))
        if found is None:
            singles = [_Single(statement, *key[1:]) for key in _keys(statement)]
            found = self._singles[id(statement)] = statement, singles
        return found[1]

    def by(self, each: Asked, statement: PolicyStatement) -> list[tuple[_Single, bool]]:
        """Return the pairs of a statement that a request may use, and whether it certainly does."""
        key = id(each), id(statement)
        found = self._served.get(key)
        if found is None:
            found = self._served[key] = each, list(self._by(each, statement))
        return found[1]

    def _by(self, each: Asked, statement: PolicyStatement) -> Iterator[tuple[_Single, bool]]:
        if statement_applies(statement, each.request) is not False:
            for one in self.singles(statement):
                if matches_action(one.action, each.told.action):
                    truth = statement_applies(one.statement, each.request)
                    if truth is not False:
                        yield one, truth is True


class Grants:
    """The grants of policies in one home, with the requests that each may serve."""

    def __init__(self, policies: Sequence[IdentityPolicy], serving: Serving) -> None:
        self.policies, self._serving = policies, serving
        self._by_action: dict[tuple[str, frozenset[_Place]], list[PolicyStatement]] = {}

    def pairs(self, certain: Sequence[Asked], hanging: Collection[str], unread: frozenset[_Place]) -> list[_Pair]:
        """Return how the requests use each pair of an action and a resource."""
        served: dict[int, list[Asked]] = {}
        perhaps: dict[int, list[Asked]] = {}
        for each in certain:
            for statement in self._about(each.request.action, unread):
                for single, truth in self._serving.by(each, statement):
                    (served if truth else perhaps).setdefault(id(single), []).append(each)
        return [
            one.pair(served.get(id(one), ()), perhaps.get(id(one), ()), hanging)
            for policy in self.policies
            for statement in _allowing(policy, unread)
            for one in self._serving.singles(statement)
        ]

    def _about(self, action: str, unread: frozenset[_Place]) -> list[PolicyStatement]:
        key = action, unread
        if key not in self._by_action:
            allowing = (each for policy in self.policies for each in _allowing(policy, unread))
            self._by_action[key] = [each for each in allowing if names_action(each, action)]
        return self._by_action[key]


class _Single:
    """A pair of a statement, with its uses that are known."""

    def __init__(self, whole: PolicyStatement, action: str, resource: str) -> None:
        self.action, self.resource = action, resource
        self.statement = replace(
            whole,
            actions=whole.actions if whole.not_actions else (action,),
            resources=whole.resources if whole.not_resources else (resource,),
        )
        self._whole = whole
        self._known: dict[tuple[int, ...], _Pair] = {}

    def pair(self, served: Sequence[Asked], perhaps: Sequence[Asked], hanging: Collection[str]) -> _Pair:
        """Return how the requests that it serves use it."""
        hangs = not is_pattern(self.action) and not is_pattern(self.resource)
        hangs = hangs and self.action.lower() in {each.lower() for each in hanging}
        key = int(hangs), len(served), *map(id, served), *map(id, () if served else perhaps)
        if key not in self._known:
            self._known[key] = _pair(self._whole, self.action, self.resource, served, perhaps, hangs=hangs)
        return self._known[key]


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
    statement: PolicyStatement,
    action: str,
    resource: str,
    served: Sequence[Asked],
    perhaps: Sequence[Asked],
    *,
    hangs: bool,
) -> _Pair:
    if served:
        equal = [each for each in served if each.told.resource == resource]
        wide = (is_pattern(action), not equal, *_wide_conditions(statement, equal or served))
        return _Pair(_Use.WIDE if any(wide) else _Use.EXACT, tuple(served), wide)
    if perhaps and is_pattern(action):
        return _Pair(_Use.WIDE, tuple(perhaps), (True, False, (), ()), statement.conditions)
    within = [each for each in perhaps if covers_resource(each.told.resource, resource)]
    if within and not any(_wide_conditions(statement, within)):
        # With or without its condition, it allows no more than the need.
        return _Pair(_Use.EXACT)
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
