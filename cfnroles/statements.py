"""Statements that grant exactly a set of needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.need import Condition, Holder, Need, Permission
from cfnroles.text import ANYTHING, Text, text_of

# Values of these are alternatives, so merging two statements that differ in one of them grants nothing more.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
ALTERNATIVES = frozenset({"StringEquals", "StringLike", "ArnEquals", "ArnLike"})


class Statement(Struct, frozen=True):
    """One Allow statement: every action on every resource under every combination of its condition values.

    ``sid`` is unique within its holder; ``needs`` are all the needs that the statement covers.
    """

    holder: Holder
    sid: str
    actions: tuple[str, ...]
    resources: tuple[Text, ...]
    conditions: tuple[Condition, ...]
    when: tuple[str, ...]
    needs: tuple[Need, ...]

    def permissions(self) -> frozenset[Permission]:
        """Everything that the statement grants, as permissions with one value in each condition."""
        return frozenset(
            Permission(action, resource, conditions, self.when)
            for action in self.actions
            for resource in self.resources
            for conditions in single_valued(self.conditions)
        )


def single_valued(conditions: tuple[Condition, ...]) -> tuple[tuple[Condition, ...], ...]:
    """Return the combinations of condition values. Negated operators keep their values together."""
    combinations: tuple[tuple[Condition, ...], ...] = ((),)
    for condition in conditions:
        values = [(value,) for value in condition.values] if condition.operator in ALTERNATIVES else [condition.values]
        combinations = tuple(
            (*combination, replace(condition, values=value)) for combination in combinations for value in values
        )
    return combinations


def compose(needs: Iterable[Need]) -> tuple[Statement, ...]:
    """Return the statements for ``needs``, by holder and Sid, independent of the order of the needs.

    A permission that is part of another is dropped. Actions on one resource are merged first, then resources with the
    same actions, then values of a condition if everything else is equal: the product of a statement's parts is exactly
    what is needed.
    """
    ordered = sorted(set(needs), key=lambda need: need.sort_key)
    within = _within((need.holder, need.permission) for need in ordered)
    sids: dict[_Held, str] = {}
    reasons: dict[_Held, list[Need]] = defaultdict(list)
    for need in ordered:
        held = need.holder, need.permission
        wide = within.get(held, held)
        if wide == held:
            # A permission that two features need belongs to the statement of the first.
            sids.setdefault(held, need.sid)
        reasons[wide].append(need)
    drafts = [
        Statement(
            holder,
            sid,
            (permission.action,),
            (permission.resource,),
            tuple(sorted(permission.conditions)),
            permission.when,
            tuple(reasons[holder, permission]),
        )
        for (holder, permission), sid in sids.items()
    ]
    drafts = _collect(drafts, lambda s: (s.resources, s.conditions), _join_actions)
    drafts = _collect(drafts, lambda s: (s.actions, s.conditions), _join_resources)
    keys = sorted({(c.operator, c.key) for s in drafts for c in s.conditions if c.operator in ALTERNATIVES})
    for operator, key in keys:
        drafts = _collect(drafts, _all_but(operator, key), _join_values(operator, key))
    return _numbered(drafts)


_Held = tuple[Holder, Permission]


def _within(permissions: Iterable[_Held]) -> dict[_Held, _Held]:
    """Return the permissions that are part of a wider one, each with the widest.

    For example, an action on ``group:*`` includes the same action on ``group:stream`` under the same conditions.
    """
    alike: dict[tuple[object, ...], list[_Held]] = defaultdict(list)
    for held in permissions:
        holder, permission = held
        alike[holder, permission.action, permission.conditions, permission.when].append(held)
    found: dict[_Held, _Held] = {}
    for group in alike.values():
        wide = sorted({held for held in group if _is_open(held[1].resource)}, key=lambda held: len(held[1].resource))
        for held in group if wide else ():
            resource = held[1].resource
            widest = next((each for each in wide if resource.startswith(each[1].resource[:-1])), held)
            if widest[1].resource != resource:
                found[held] = widest
    return found


def _is_open(resource: Text) -> bool:
    return text_of(resource).parts[-1:] == ANYTHING.parts


_Key = Callable[[Statement], tuple[Any, ...]]
_Join = Callable[[list[Statement]], Statement]


def _collect(drafts: list[Statement], key: _Key, join: _Join) -> list[Statement]:
    groups: dict[tuple[Any, ...], list[Statement]] = defaultdict(list)
    for draft in drafts:
        groups[draft.holder, draft.sid, draft.when, *key(draft)].append(draft)
    return [join(group) if len(group) > 1 else group[0] for group in groups.values()]


def _join_needs(group: list[Statement]) -> tuple[Need, ...]:
    return tuple(sorted({need for draft in group for need in draft.needs}, key=lambda need: need.sort_key))


def _join_actions(group: list[Statement]) -> Statement:
    actions = tuple(sorted({action for draft in group for action in draft.actions}))
    return replace(group[0], actions=actions, needs=_join_needs(group))


def _join_resources(group: list[Statement]) -> Statement:
    resources = tuple(sorted({resource for draft in group for resource in draft.resources}))
    return replace(group[0], resources=resources, needs=_join_needs(group))


def _all_but(operator: str, key: str) -> _Key:
    def rest(draft: Statement) -> tuple[Any, ...]:
        others = tuple(c for c in draft.conditions if (c.operator, c.key) != (operator, key))
        return draft.actions, draft.resources, others, len(draft.conditions)

    return rest


def _join_values(operator: str, key: str) -> _Join:
    def join(group: list[Statement]) -> Statement:
        values = {
            value
            for draft in group
            for condition in draft.conditions
            if (condition.operator, condition.key) == (operator, key)
            for value in condition.values
        }
        conditions = tuple(
            replace(condition, values=tuple(sorted(values)))
            if (condition.operator, condition.key) == (operator, key)
            else condition
            for condition in group[0].conditions
        )
        return replace(group[0], conditions=conditions, needs=_join_needs(group))

    return join


def _numbered(drafts: list[Statement]) -> tuple[Statement, ...]:
    ordered = sorted(drafts, key=lambda s: (s.holder, s.sid, s.when, s.actions, s.resources, s.conditions))
    counts: dict[tuple[Holder, str], int] = defaultdict(int)
    numbered = []
    for draft in ordered:
        counts[draft.holder, draft.sid] += 1
        count = counts[draft.holder, draft.sid]
        numbered.append(draft if count == 1 else replace(draft, sid=f"{draft.sid}{count}"))
    return tuple(numbered)
