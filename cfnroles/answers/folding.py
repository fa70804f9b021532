"""Folds the results for one role in the worlds of a template into one.

A result that holds only in some worlds depends on the conditions that these share. Statements are identified by their
place in the template, whatever else exists in a world.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.excess import Excess, GrantedAction, Wide
from cfnroles.answers.narrowing import under
from cfnroles.answers.prove import Removal
from cfnroles.answers.trust import Trust
from cfnroles.answers.verification import ORDER, Judged, Outcome, Use, Verification, trust_outcome
from cfnroles.iam.evaluator import StatementId
from cfnroles.iam.roles import Role, RolePolicy
from cfnroles.need import Condition, Gap, Need, Permission
from cfnroles.statements import Statement, compose
from cfnroles.template.atoms import World

_Item = TypeVar("_Item", bound=Hashable)
_Struct = TypeVar("_Struct", bound=Struct)
#: A result, and the worlds that have it.
Answer = tuple[Verification, frozenset[World]]
Told = Callable[[frozenset[World]], str]


def folded(answers: Sequence[Answer], use: Use, told: Told) -> Verification:
    """Return one result for all worlds. ``told`` returns the conditions that hold in exactly some worlds."""
    first, *others = answers
    if not others:
        return replace(first[0], use=use)
    role, renamed = _one_role([answer.role for answer, _ in answers])
    known: dict[tuple[int, int], Judged] = {}
    placed = [
        (_with_statements(answer, names, known), where)
        for (answer, where), names in zip(answers, _as_one(renamed), strict=True)
    ]
    fold = _Fold(placed, told)
    whole = fold.folded()
    return replace(whole, role=role, use=replace(use, conditions=fold.conditions))


class _Fold:
    """The parts of several results. ``conditions`` are those that they depend on."""

    def __init__(self, answers: Sequence[Answer], told: Told) -> None:
        self._answers, self._told = answers, told
        self._everywhere = frozenset[World]().union(*(where for _, where in answers))
        self.conditions: dict[object, str] = {}
        self._when_told: dict[frozenset[World], str] = {}

    def folded(self) -> Verification:
        first = self._answers[0][0]
        judged = self._judged()
        ordered = sorted(judged, key=lambda each: each.need.place_key)
        lacking: dict[Need, set[World]] = {}
        for each in ordered:
            if each.outcome is Outcome.MISSING:
                lacking.setdefault(each.need, set()).update(judged[each])
        needed: dict[Need, set[World]] = {}
        for each, where in judged.items():
            needed.setdefault(each.need, set()).update(where)
        return replace(
            first,
            trust=self._trust(),
            judged=tuple(ordered),
            hanging=tuple(sorted(self._each(lambda answer: answer.hanging), key=lambda need: need.place_key)),
            missing=tuple(self._statements(lacking, "missing")),
            excess=tuple(self._excess(needed)),
            application=tuple(self._each(lambda answer: answer.application)),
            removals=tuple(self._removals()) if first.removals is not None else None,
            gaps=tuple(self._gaps()),
            dangers=tuple(self._each(lambda answer: answer.dangers)),
            unread=tuple(self._each(lambda answer: answer.unread)),
            settled=tuple(self._each(lambda answer: answer.settled)),
            unsure=tuple(self._each(lambda answer: answer.unsure)),
        )

    def _when(self, where: Iterable[World]) -> str:
        there = frozenset(where)
        if there not in self._when_told:
            self._when_told[there] = "" if there == self._everywhere else self._told(there)
        return self._when_told[there]

    def _each(self, items: Callable[[Verification], Iterable[_Item]]) -> Mapping[_Item, frozenset[World]]:
        """Return the items of all results, each with its worlds."""
        found: dict[_Item, set[World]] = {}
        # Most items are one object in many worlds, which is compared by its contents once.
        known: dict[int, tuple[_Item, set[World]]] = {}
        for answer, where in self._answers:
            for item in items(answer):
                if id(item) not in known:
                    known[id(item)] = item, found.setdefault(item, set())
                known[id(item)][1].update(where)
        for item, among in found.items():
            self._note(item, among)
        return {item: frozenset(among) for item, among in found.items()}

    def _judged(self) -> Mapping[Judged, frozenset[World]]:
        """Return the results of needs. An unknown is listed once, with everything that it depends on in any world."""
        found = self._each(lambda answer: answer.judged)
        open_: dict[Need, list[Judged]] = {}
        for each in found:
            if each.outcome is Outcome.UNKNOWN:
                open_.setdefault(each.need, []).append(each)
        told = {each: where for each, where in found.items() if each.outcome is not Outcome.UNKNOWN}
        for several in open_.values():
            parts = {part: _union(several, part) for part in ("by", "keys", "unless_denied")}
            one = replace(several[0], **parts)
            told[one] = frozenset[World]().union(*(found[each] for each in several))
            self._note(one, told[one])
        return told

    def _note(self, item: object, where: Iterable[World]) -> None:
        if when := self._when(where):
            self.conditions[item] = when

    def _statements(
        self, needs: Mapping[Need, Iterable[World]], what: object, narrowing: Sequence[Condition] = ()
    ) -> Iterator[Statement]:
        """Yield the statements for needs under the ``narrowing`` conditions, separated by those of the template."""
        # What one field needs in some worlds and another in more of them is one permission.
        granted: dict[Permission, set[World]] = {}
        for need, where in needs.items():
            granted.setdefault(need.permission, set()).update(where)
        together: dict[str, list[Need]] = {}
        for need in needs:
            together.setdefault(self._when(granted[need.permission]), []).append(need)
        taken: set[str] = set()
        for when, several in together.items():
            for statement in compose(several):
                sids = chain((statement.sid,), (f"{statement.sid}{number}" for number in count(2)))
                one = under(replace(statement, sid=next(sid for sid in sids if sid not in taken)), narrowing)
                taken.add(one.sid)
                if when:
                    self.conditions[what, one] = when
                yield one

    def _trust(self) -> Trust | None:
        found = [answer.trust for answer, _ in self._answers if answer.trust]
        if not found:
            return None
        worst = max(found, key=lambda each: ORDER.index(trust_outcome(each)))
        others = tuple(sorted({name for each in found for name in each.others}))
        return replace(worst, others=others, open=any(each.open for each in found))

    def _gaps(self) -> Iterator[Gap]:
        for gap, where in self._each(lambda answer: answer.gaps).items():
            when = self._when(where)
            yield replace(gap, what=f"{gap.what}, if {when}") if when else gap

    def _removals(self) -> Iterator[Removal]:
        fails: dict[Removal, dict[Need, None]] = {}
        for answer, _ in self._answers:
            for each in answer.removals or ():
                fails.setdefault(replace(each, fails=()), {}).update(dict.fromkeys(each.fails))
        return (replace(each, fails=tuple(needs)) for each, needs in fails.items())

    def _excess(self, needed: Mapping[Need, Iterable[World]]) -> Iterator[Excess]:
        found: dict[StatementId, list[tuple[Excess, frozenset[World]]]] = {}
        for answer, where in self._answers:
            for each in answer.excess:
                found.setdefault(each.statement, []).append((each, where))
        merged = [self._of_statement(statement, several, needed) for statement, several in found.items()]
        return iter(sorted(merged, key=lambda each: (-each.risk, each.statement)))

    def _of_statement(
        self,
        statement: StatementId,
        several: Sequence[tuple[Excess, frozenset[World]]],
        needed: Mapping[Need, Iterable[World]],
    ) -> Excess:
        # A grant that is unused in one world may be too wide in another.
        told: dict[object, set[World]] = {}
        for each, where in several:
            for beyond in (*each.unused, *(("wide", wide.grant) for wide in each.wide)):
                told.setdefault((statement, beyond), set()).update(where)
        whole = frozenset[World]().union(*(where for _, where in several))
        for what, among in told.items():
            if among != whole:
                self._note(what, among)
        tight = {
            need: needed.get(need, self._everywhere) for each, _ in several for s in each.tight for need in s.needs
        }
        narrowing = tuple(dict.fromkeys(condition for each, _ in several for condition in each.narrowing))
        excess = Excess(
            statement,
            max(each.risk for each, _ in several),
            tuple(dict.fromkeys(grant for each, _ in several for grant in each.unused)),
            tuple(_widest([wide for each, _ in several for wide in each.wide])),
            tuple(self._statements(tight, statement, narrowing)),
            tuple(dict.fromkeys(grant for each, _ in several for grant in each.kept)),
            narrowing,
            any(each.shared for each, _ in several),
        )
        self._note(excess, whole)
        return excess


def _union(several: Iterable[Judged], part: str) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(each for judged in several for each in getattr(judged, part)))


def _widest(several: Iterable[Wide]) -> Iterator[Wide]:
    """Yield the wide grants without duplicates, each with everything that is needed in any world."""
    found: dict[GrantedAction, list[Wide]] = {}
    for wide in several:
        found.setdefault(wide.grant, []).append(wide)
    for grant, alike in found.items():
        needed = {permission for each in alike for permission in each.needed}
        yield Wide(
            grant,
            tuple(sorted(needed)),
            any(each.actions for each in alike),
            any(each.resources for each in alike),
            tuple(sorted({name for each in alike for name in each.conditions})),
            tuple(sorted({name for each in alike for name in each.looser})),
        )


#: A statement by its line, its text, and how many alike precede it on that line.
_Place = tuple[int, str, int]
#: A policy by its name and the place of its document.
_Key = tuple[str, str]
_Names = Mapping[tuple[str, int], tuple[str, int]]


def _one_role(roles: Sequence[Role]) -> tuple[Role, list[_Names]]:
    """Return the role with the statements of all its forms, and for each form their names in it."""
    together: dict[_Key, list[RolePolicy]] = {}
    for policy in (policy for role in roles for policy in role.policies):
        together.setdefault((policy.name, policy.where), []).append(policy)
    called: dict[_Key, str] = {}
    for name, where in together:
        number = sum(other == name for other, _ in called) + 1
        called[name, where] = f"{name} ({number})" if number > 1 else name
    places = {key: _ordered(alike) for key, alike in together.items()}
    merged = tuple(_merged(called[key], alike, places[key]) for key, alike in together.items())
    # A form may have a permissions boundary or trust policy that the first one lacks.
    unread = tuple(dict.fromkeys(each for role in roles for each in (*role.unread, *role.unread_besides)))
    return replace(roles[0], policies=merged, unread=unread), [_names(role, places, called) for role in roles]


def _ordered(alike: Sequence[RolePolicy]) -> Sequence[_Place]:
    return sorted({place: None for policy in alike for place in _places(policy)}, key=lambda place: place[0])


def _merged(name: str, alike: Sequence[RolePolicy], places: Sequence[_Place]) -> RolePolicy:
    statements = {
        place: each for policy in alike for place, each in zip(_places(policy), _statements(policy), strict=True)
    }
    unread = {
        replace(each, index=places.index(_places(policy)[each.index])): None
        for policy in alike
        for each in policy.unread
    }
    lines = tuple(line for line, *_ in places) if alike[0].lines else ()
    documents = (
        {place: each for policy in alike for place, each in zip(_places(policy), policy.documents, strict=bool(lines))}
        if alike[0].documents
        else {}
    )
    return RolePolicy(
        name,
        {"Statement": [statements[place] for place in places]},
        alike[0].where,
        lines,
        tuple(unread),
        tuple(documents[place] for place in places) if documents else (),
    )


def _names(role: Role, places: Mapping[_Key, Sequence[_Place]], called: Mapping[_Key, str]) -> _Names:
    return {
        (policy.name, index): (called[policy.name, policy.where], places[policy.name, policy.where].index(place))
        for policy in role.policies
        for index, place in enumerate(_places(policy))
    }


def _statements(policy: RolePolicy) -> list[Any]:
    given = policy.document.get("Statement")
    return given if isinstance(given, list) else [given]


def _places(policy: RolePolicy) -> list[_Place]:
    """Return the places of the statements of a policy; no two are the same."""
    lines = policy.lines or (0,)
    alike: Counter[tuple[int, str]] = Counter()
    places = []
    for index, each in enumerate(_statements(policy)):
        told = lines[min(index, len(lines) - 1)], json.dumps(each, default=str)
        places.append((*told, alike[told]))
        alike[told] += 1
    return places


def _as_one(renamed: Iterable[_Names]) -> Iterator[_Names]:
    """Yield the names of statements: one object for equal ones."""
    known: dict[frozenset[object], _Names] = {}
    for names in renamed:
        yield known.setdefault(frozenset(names.items()), names)


def _with_statements(value: Any, names: _Names, known: dict[tuple[int, int], Judged]) -> Any:
    """Return a result with the names of statements from the role of all worlds. ``known`` are those of other worlds."""
    if isinstance(value, Judged):
        same = id(value), id(names)
        if same not in known:
            known[same] = _with_members(value, names, known)
        return known[same]
    match value:
        case StatementId():
            policy, index = names.get((value.policy, value.index), (value.policy, value.index))
            return replace(value, policy=policy, index=index)
        case Role() | Need() | Gap() | Statement() | str():
            # None of these names a statement of the role.
            return value
        case tuple():
            return tuple([_with_statements(each, names, known) for each in value])
        case Struct():
            return _with_members(value, names, known)
    return value


def _with_members(value: _Struct, names: _Names, known: dict[tuple[int, int], Judged]) -> _Struct:
    members = {name: getattr(value, name) for name in value.__struct_fields__}
    changed = {name: _with_statements(member, names, known) for name, member in members.items()}
    return replace(value, **{name: each for name, each in changed.items() if each is not members[name]})
