"""What holds for any value, in the place of what was read for the values of here, as far as both need the same.

A directory is read with the values of here, with any text in the place of the defaults, and with any key in the place
of those of ``for_each``. What is needed at a place under all of them is told by the user's own expression; where a
value decides what is needed, it does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from cfnroles.discovery import Discovery
from cfnroles.need import Gap, Need, Origin, Reference
from cfnroles.symbols import EachOf
from cfnroles.targets.terraform.conditions import NeedConditions, Thing
from cfnroles.targets.terraform.instances import Merged, without_instances
from cfnroles.targets.terraform.names import FileNames
from cfnroles.targets.terraform.permissions import named
from cfnroles.targets.terraform.values import EnclosingModule, Unwritable, Values
from cfnroles.text import text_of

_Place = tuple[object, ...]
#: So many steps lead to a container: the address, `container_definitions`, its number.
_CONTAINER = 3
_PlaceOf = Callable[[Origin], _Place]
_Thing = TypeVar("_Thing", Need, Gap, Reference)


def with_any_text(usual: Merged, opened: Merged) -> tuple[Merged, bool]:
    """What is needed under any text, and whether a default decides part of it."""
    decided = _decided([usual.discovery], opened, _in_text, listed=True)
    return _both(usual, opened, decided, _in_text), bool(decided)


def with_any_key(
    usual: Merged, general: Merged, instances: Sequence[Discovery], module: EnclosingModule
) -> tuple[Merged, bool]:
    """What the instances need as what any of them does, and whether the keys decide part of it."""
    decided = _decided(instances, general, place_in_tree) | frozenset(_unwritable(general, module))
    found = general.discovery
    things: tuple[Thing, ...] = (*found.needs, *found.gaps, *found.findings, *found.references)
    origins = (each.origin for each in things)
    called = {place_in_tree(origin)[:_CONTAINER]: origin.container for origin in origins if origin.container}
    merged = _both(usual, general, decided, place_in_tree)
    return _renamed(merged, called), bool(decided)


def _renamed(merged: Merged, called: Mapping[_Place, str]) -> Merged:
    """The same with what holds for several instances under the name that their containers have in all of them."""
    conditions, needs = dict(merged.conditions.instances), []
    for need in merged.discovery.needs:
        name = need.origin.container or called.get(place_in_tree(need.origin)[:_CONTAINER], "")
        renamed = replace(need, origin=replace(need.origin, container=name))
        if need in conditions:
            conditions[renamed] = conditions.pop(need)
        needs.append(renamed)
    found = replace(merged.discovery, needs=tuple(needs))
    return replace(merged, discovery=found, conditions=replace(merged.conditions, instances=conditions))


def _both(usual: Merged, general: Merged, decided: Collection[_Place], place: _PlaceOf) -> Merged:
    """The general form of what none of the places ``decided``, and the usual one there."""

    def chosen(here: Iterable[_Thing], anywhere: Iterable[_Thing]) -> tuple[_Thing, ...]:
        kept = tuple(each for each in here if place(each.origin) in decided)
        return tuple(each for each in anywhere if place(each.origin) not in decided) + kept

    def of(here: Mapping[Thing, _Value], anywhere: Mapping[Thing, _Value]) -> Mapping[Thing, _Value]:
        kept = {thing: each for thing, each in here.items() if place(thing.origin) in decided}
        return {**{thing: each for thing, each in anywhere.items() if place(thing.origin) not in decided}, **kept}

    before, after = usual.discovery, general.discovery
    found = Discovery(
        chosen(before.needs, after.needs),
        chosen(before.gaps, after.gaps),
        before.findings,
        chosen(before.references, after.references),
    )
    conditions = NeedConditions(
        of(usual.conditions.when, general.conditions.when),
        of(usual.conditions.instances, general.conditions.instances),
    )
    made = frozenset(chosen(usual.made, general.made))
    return replace(usual, family=general.family or usual.family, discovery=found, conditions=conditions, made=made)


def _decided(
    known: Sequence[Discovery], general: Merged, place: _PlaceOf, *, listed: bool = False
) -> frozenset[_Place]:
    """The places at which something else is needed, or cannot be named, where a value is not the one of here.

    With ``listed``, a list may have elements that it does not have here; else the known ones are better, which the gate
    can ask for.
    """
    now = _asked(general.discovery.needs, place)
    hanging = _asked(
        (need for need in general.discovery.needs if need in general.conditions.when or (listed and _is_listed(need))),
        place,
    )
    lacking = {place(gap.origin) for gap in general.discovery.gaps}
    found: set[_Place] = set()
    for each in known:
        before = _asked(each.needs, place)
        open_ = lacking - {place(gap.origin) for gap in each.gaps}
        found |= open_ | {
            at for at in {*before, *now} if not before[at] <= now[at] or not now[at] - before[at] <= hanging[at]
        }
    return frozenset(found)


def _is_listed(need: Need) -> bool:
    """Whether a need is there for each reference in a list, which may be empty."""
    return any(isinstance(symbol, EachOf) for text in need.permission.texts for symbol in text_of(text).symbols)


def _unwritable(general: Merged, module: EnclosingModule) -> Iterable[_Place]:
    """The places of what could not be written for any key."""
    values = Values(FileNames(""), module)
    yield from (place_in_tree(gap.origin) for gap in named(general.discovery.needs, general.conditions, values)[1])
    for each in general.discovery.references:
        try:
            values.of(each.value_from)
            general.conditions.of(each, values)
        except Unwritable:
            yield place_in_tree(each.origin)


def _asked(needs: Iterable[Need], place: _PlaceOf) -> defaultdict[_Place, set[tuple[str, ...]]]:
    found: defaultdict[_Place, set[tuple[str, ...]]] = defaultdict(set)
    for need in needs:
        found[place(need.origin)].add((need.holder, need.sid, need.permission.action))
    return found


def _in_text(origin: Origin) -> _Place:
    """Where something stands in the text: which element of a list that is depends on conditions."""
    names = tuple(step for step in origin.path if isinstance(step, str))
    if names[-1:] == ("image",):
        # A container has one, wherever its value is: a default, and the variable that may have any other.
        return place_in_tree(origin)
    return origin.document, origin.line, origin.column, names


def place_in_tree(origin: Origin) -> _Place:
    """Where something stands in what the block comes to: the text of it may stand anywhere."""
    first, *others = origin.path or ("",)
    return (without_instances(str(first)), *others)


_Value = TypeVar("_Value")
