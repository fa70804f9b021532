"""Variables with a default, in a file that is for any of their values, as far as these have no say in what is needed.

A directory is read twice: with the defaults, and with any text in their place. What is needed at a place under both is
told by the expression with the variable; where a default decides what is needed, it does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from cfnroles.discovery import Discovery
from cfnroles.need import Gap, Need, Origin, Reference
from cfnroles.targets.terraform.conditions import NeedConditions, Thing
from cfnroles.targets.terraform.instances import Merged

_Place = tuple[object, ...]
_Thing = TypeVar("_Thing", Need, Gap, Reference)


def with_any_text(usual: Merged, opened: Merged) -> tuple[Merged, bool]:
    """What is needed under any text, and whether a default decides part of it."""
    decided = _decided(usual, opened)
    found = Discovery(
        _chosen(usual.discovery.needs, opened.discovery.needs, decided),
        _chosen(usual.discovery.gaps, opened.discovery.gaps, decided),
        usual.discovery.findings,
        _chosen(usual.discovery.references, opened.discovery.references, decided),
    )
    conditions = NeedConditions(
        _of(usual.conditions.when, opened.conditions.when, decided),
        _of(usual.conditions.instances, opened.conditions.instances, decided),
    )
    made = frozenset(_chosen(tuple(usual.made), tuple(opened.made), decided))
    family = opened.family or usual.family
    return replace(usual, family=family, discovery=found, conditions=conditions, made=made), bool(decided)


def _decided(usual: Merged, opened: Merged) -> frozenset[_Place]:
    """The places at which something else is needed, or cannot be named, where a default is not the value."""
    before, now = _asked(usual.discovery.needs), _asked(opened.discovery.needs)
    hanging = _asked(need for need in opened.discovery.needs if need in opened.conditions.when)
    lacking = {_place(gap.origin) for gap in opened.discovery.gaps}
    lacking -= {_place(gap.origin) for gap in usual.discovery.gaps}
    return frozenset(
        place
        for place in {*before, *now, *lacking}
        if place in lacking or not before[place] <= now[place] or not now[place] - before[place] <= hanging[place]
    )


def _asked(needs: Iterable[Need]) -> defaultdict[_Place, set[tuple[str, ...]]]:
    found: defaultdict[_Place, set[tuple[str, ...]]] = defaultdict(set)
    for need in needs:
        found[_place(need.origin)].add((need.holder, need.sid, need.permission.action))
    return found


def _place(origin: Origin) -> _Place:
    """Where something stands in the text: which element of a list that is hangs on conditions."""
    names = tuple(step for step in origin.path if isinstance(step, str))
    return origin.document, origin.line, origin.column, names


def _chosen(usual: tuple[_Thing, ...], opened: tuple[_Thing, ...], decided: frozenset[_Place]) -> tuple[_Thing, ...]:
    kept = tuple(each for each in usual if _place(each.origin) in decided)
    return tuple(each for each in opened if _place(each.origin) not in decided) + kept


_Value = TypeVar("_Value")


def _of(
    usual: Mapping[Thing, _Value], opened: Mapping[Thing, _Value], decided: frozenset[_Place]
) -> Mapping[Thing, _Value]:
    kept = {thing: each for thing, each in usual.items() if _place(thing.origin) in decided}
    return {**{thing: each for thing, each in opened.items() if _place(thing.origin) not in decided}, **kept}
