"""What judging a role has found out, for judging it again: in other worlds of its template, with other needs.

    known = Known()
    for role, uses in worlds:
        judge_uses(uses, role, prove=False, known=known)

A result for a need depends on the role's policies and on the values of the symbols in both. Needs and roles are the
same if they are one object: two equal texts may have different meanings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from cfnroles.answers.alternatives import Alternatives
from cfnroles.answers.excess import Grants, Serving
from cfnroles.answers.once import Once
from cfnroles.answers.requests import (
    Asked,
    Home,
    Said,
    asked,
    definite,
    homes,
    opened,
    said_by,
    said_in,
    told_symbols,
)
from cfnroles.answers.trust import Trust, trust
from cfnroles.answers.verification import Judged
from cfnroles.document import inside
from cfnroles.facts import Facts
from cfnroles.iam.dangers import Danger, DangerKind, dangers
from cfnroles.iam.evaluator import (
    Evaluation,
    IdentityPolicy,
    PolicyStatement,
    evaluate,
    names_action,
    unread_policy,
)
from cfnroles.iam.roles import Role, RolePolicy, Unread, evaluable
from cfnroles.need import Holder, Need
from cfnroles.symbols import RandomSuffix
from cfnroles.text import text_of

_NAME = re.compile(r"\$\{([^{}]+)\}")
#: Symbols with their values in a home.
_Values = tuple[tuple[str, str], ...]


class Known:
    """The results of earlier judgements."""

    def __init__(self) -> None:
        self._facts: dict[Facts, Callable[[Need], tuple[tuple[Need, ...], tuple[Need, ...]]]] = {}
        self._numbers: dict[Need, int] = {}
        self._saids: dict[Said, Said] = {}
        self._homes: dict[object, tuple[Home, ...]] = {}
        self._grounds: dict[object, Ground] = {}
        self._shared = Shared()
        self._asked: dict[object, tuple[Asked, ...]] = {}
        self._alike: dict[object, tuple[Asked, ...]] = {}
        self._in_homes: dict[object, tuple[Home, InHome]] = {}
        self.alternatives = Alternatives()
        self.judged: dict[object, Judged] = {}
        #: Any object whose ID is part of a key.
        self.keep = Once[Any, Any](lambda thing: thing)
        self.number = Once[Need, int](lambda need: self._numbers.setdefault(need, len(self._numbers)))
        self.rank = Once[Need, Any](lambda need: need.place_key)
        self.said = Once[Need, Said](self._said_by)
        self.untold = Once[Need, tuple[str, ...]](lambda need: told_symbols(need.permission))
        self.names = Once[Need, frozenset[str]](lambda need: _names(map(str, need.permission.texts)))
        self.meaning = Once[Need, tuple[object, ...]](_meaning)
        self.opened = Once[Need, Need](opened)
        self.with_suffix = Once[Need, Need](lambda need: opened(need, RandomSuffix))
        self.names_in_role = Once[Role, frozenset[str]](lambda role: _names(_texts_in_role(role)))
        self.role_said = Once[Role, Said](lambda role: said_in(_documents(role)))
        self.dangers = Once[Role, Sequence[Danger]](_proved_dangers)
        self._trust: dict[object, Trust | None] = {}
        self.names_in_trust = Once[Role, frozenset[str]](lambda role: _names(_texts_in(role.trust)))
        self.shown = Once[Role, tuple[IdentityPolicy, ...]](lambda role: tuple(map(evaluable, role.policies)))

    def _said_by(self, need: Need) -> Said:
        said = said_by(need)
        return self._saids.setdefault(said, said)

    def definite(self, needs: Iterable[Need], facts: Facts) -> tuple[tuple[Need, ...], tuple[Need, ...]]:
        """Return the needs that certainly exist, and those that depend on an unknown value, as `requests.definite`."""
        if facts not in self._facts:
            self._facts[facts] = Once[Need, tuple[tuple[Need, ...], tuple[Need, ...]]](
                lambda need: definite((need,), facts)
            )
        found = list(map(self._facts[facts], needs))
        certain = [each for several, _ in found for each in several]
        hanging = [each for _, several in found for each in several]
        return tuple(sorted(certain, key=self.rank)), tuple(sorted(hanging, key=self.rank))

    def homes(
        self, facts: Facts, needs: Iterable[Need], role: Role, context: Mapping[str, str], apart: Sequence[str]
    ) -> tuple[Home, ...]:
        """Return the homes that the role and the needs distinguish."""
        said = {id(each): each for each in map(self.said, needs)}
        key = facts, frozenset(said), id(self.keep(role)), tuple(sorted(context.items())), tuple(sorted(apart))
        if key not in self._homes:
            self._homes[key] = homes(facts, said.values(), self.role_said(role), context, apart)
        return self._homes[key]

    def reading(self, role: Role, home: Home, context: Mapping[str, str]) -> InHome:
        """Return the role in a home."""
        same = id(self.keep(role)), id(home), *sorted(context.items())
        if same not in self._in_homes:
            self._in_homes[same] = home, self._in_home(role, home, context)
        return self._in_homes[same][1]

    def _in_home(self, role: Role, home: Home, context: Mapping[str, str]) -> InHome:
        names = self.names_in_role(role)
        own = tuple(each for each in home.others if each[0] in names)
        base = home.account, home.region, home.partition, tuple(sorted(context.items()))
        key = id(self.keep(role)), base, own
        if key not in self._grounds:
            self._grounds[key] = Ground(role, replace(home, others=own), self._shared)
        return InHome(self, home, self._grounds[key], context, (base, role.arn))

    def requests(self, need: Need, reading: InHome) -> tuple[Asked, ...]:
        """Return the requests for a need in a home. Needs with equal permissions share them."""
        own = reading.values(need)
        key = id(need), reading.base, own
        if key not in self._asked:
            alike = *self.meaning(need), reading.base, own
            if alike not in self._alike:
                self._alike[alike] = asked(need, reading.home, reading.ground.arn, reading.context)
            self._asked[key] = tuple(
                each if each.need is need else replace(each, need=need) for each in self._alike[alike]
            )
            self.keep(need)
        return self._asked[key]

    def wide(self, need: Need, reading: InHome, *, unknown: bool) -> tuple[Asked, ...]:
        """Return the requests for a need for any value of its unknown parts; none if it has no such parts.

        A statement that certainly allows a need is all that it uses, whatever suffix the secret's name gets.
        """
        wide = self.opened(need) if unknown else self.with_suffix(need)
        if wide == need:
            return ()
        pairs = zip(self.requests(need, reading), self.requests(wide, reading), strict=True)
        found: list[Asked] = []
        for own, each in pairs:
            key = id(own), id(each)
            if key not in self._asked:
                self._asked[key] = (replace(each, need=need, permission=own.permission),)
            found += self._asked[key]
        return tuple(found)

    def trust(self, role: Role, holder: Holder, home: Home, context: Mapping[str, str], sent: str) -> Trust | None:
        """Return the result of the role's trust policy, as `trust.trust`."""
        names = self.names_in_trust(role)
        own = replace(home, others=tuple(each for each in home.others if each[0] in names))
        key = id(self.keep(role)), holder, own, tuple(sorted(context.items())), sent
        if key not in self._trust:
            self._trust[key] = trust(role, holder, own, context, sent)
        return self._trust[key]


class Shared:
    """The statements of roles, one object for equal ones, and the requests that each serves."""

    def __init__(self) -> None:
        self._statements: dict[PolicyStatement, PolicyStatement] = {}
        self._policies: dict[IdentityPolicy, IdentityPolicy] = {}
        self.evaluations: dict[tuple[object, ...], tuple[Asked, Evaluation]] = {}
        self.serving = Serving()

    def policy(self, policy: IdentityPolicy) -> IdentityPolicy:
        """Return the policy with shared statements."""
        statements, unread = (
            tuple([self._statements.setdefault(each, each) for each in several])
            for several in (policy.statements, policy.unread)
        )
        return replace(policy, statements=statements, unread=unread)

    def about(self, action: str, policy: IdentityPolicy) -> IdentityPolicy:
        """Return the policy without statements about other actions: one object for equal ones."""
        statements, unread = (
            tuple([each for each in several if names_action(each, action)])
            for several in (policy.statements, policy.unread)
        )
        found = replace(policy, statements=statements, unread=unread)
        return self._policies.setdefault(found, found)


#: What a role says about an action: its policies and its boundary without other statements.
View = tuple[tuple[IdentityPolicy, ...], IdentityPolicy | None]


class Ground:
    """The policies of a role in one home, with the requests that were evaluated."""

    def __init__(self, role: Role, home: Home, shared: Shared) -> None:
        self.policies = tuple(
            shared.policy(each)
            for each in (
                *(evaluable(policy, home.symbols) for policy in role.policies),
                *(unread_policy(f"policy {each.name}", each.effects) for each in role.unread),
            )
        )
        boundary = _boundary(role, home)
        self.boundary = shared.policy(boundary) if boundary else None
        self.arn = home.text(role.arn)
        self.grants = Grants(self.policies, shared.serving)
        self._shared = shared
        self._views: dict[str, tuple[tuple[int, ...], View]] = {}

    def view(self, action: str) -> tuple[tuple[int, ...], View]:
        """Return what the role says about an action, with the IDs that identify it."""
        if action not in self._views:
            policies = tuple(self._shared.about(action, each) for each in self.policies)
            boundary = self._shared.about(action, self.boundary) if self.boundary else None
            self._views[action] = tuple(map(id, (*policies, boundary))), (policies, boundary)
        return self._views[action]

    def evaluation(self, each: Asked) -> Evaluation:
        """Return the result for a request."""
        ids, (policies, boundary) = self.view(each.request.action)
        key = id(each.request), ids
        found = self._shared.evaluations.get(key)
        if found is None:
            found = self._shared.evaluations[key] = each, evaluate(each.request, policies, boundary)
        return found[1]


class InHome:
    """The role in one home, with its results."""

    def __init__(self, known: Known, home: Home, ground: Ground, context: Mapping[str, str], base: object) -> None:
        self.known, self.home, self.ground, self.context, self.base = known, home, ground, context, base
        self._requests = Once[Need, tuple[Asked, ...]](lambda need: known.requests(need, self))

    @property
    def policies(self) -> tuple[IdentityPolicy, ...]:
        """The policies for the evaluator."""
        return self.ground.policies

    def values(self, need: Need) -> _Values:
        """Return the symbols of a need with their values."""
        names = self.known.names(need)
        return tuple([each for each in self.home.others if each[0] in names]) if names else ()

    def asked(self, needs: Iterable[Need]) -> tuple[Asked, ...]:
        """Return the requests for all ``needs``."""
        return tuple([each for need in needs for each in self._requests(need)])

    def open(self, needs: Iterable[Need], unknown: Collection[int]) -> Iterator[Asked]:
        """Yield the requests for needs with an unknown part, for any value of it.

        ``unknown`` are the numbers of the needs with an unknown result.
        """
        for need in needs:
            if self.known.untold(need):
                yield from self.known.wide(need, self, unknown=self.known.number(need) in unknown)

    def evaluations(self, need: Need) -> tuple[Evaluation, ...]:
        """Return the results for the requests of a need."""
        return tuple(self.ground.evaluation(each) for each in self._requests(need))


def _boundary(role: Role, home: Home) -> IdentityPolicy | None:
    if isinstance(role.boundary, Unread):
        return unread_policy(f"permissions boundary {role.boundary.name}")
    return evaluable(role.boundary, home.symbols) if role.boundary else None


def _proved_dangers(role: Role) -> Sequence[Danger]:
    """Return the dangers of a role, without unknown grants, which prove none, and those that conditions may prevent."""
    boundary = evaluable(role.boundary).statements if isinstance(role.boundary, RolePolicy) else None
    whole = dangers([each for policy in role.policies for each in evaluable(policy).statements], boundary)
    return [each for each in whole if each.kind is not DangerKind.UNKNOWN_ACTION and not each.conditional]


def _meaning(need: Need) -> tuple[object, ...]:
    return need.holder, need.permission, tuple(text_of(text).parts for text in need.permission.texts)


def _names(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(name for text in texts for name in _NAME.findall(text))


def _texts_in_role(role: Role) -> Iterator[str]:
    yield role.arn
    boundary = (role.boundary,) if isinstance(role.boundary, RolePolicy) else ()
    for policy in (*role.policies, *boundary):
        yield from _texts_in(policy.document)


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for member in value if isinstance(value, tuple) else inside(value):
        yield from _texts_in(member)


def _documents(role: Role) -> Iterator[str]:
    boundary = (role.boundary,) if isinstance(role.boundary, RolePolicy) else ()
    for policy in (*role.policies, *boundary):
        yield str(policy.document)
    yield str(role.trust)
