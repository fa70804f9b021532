"""What holds for any value replaces what was read for the known values, wherever both need the same.

A directory is read with the known values, with any string in place of the defaults, and with any key in place of those
of ``for_each``. Needs that all three readings share are written with the user's own expression. If a value decides what
is needed, the file has that value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from cfnroles.discovery import Discovery
from cfnroles.hcl.definitions import without_instances
from cfnroles.need import Gap, Need, Origin, Reference
from cfnroles.symbols import EachOf
from cfnroles.targets.terraform.conditions import NeedConditions, Thing
from cfnroles.targets.terraform.instances import Merged
from cfnroles.targets.terraform.names import FileNames
from cfnroles.targets.terraform.permissions import named
from cfnroles.targets.terraform.values import EnclosingModule, Unwritable, Values
from cfnroles.text import text_of

_Place = tuple[object, ...]
#: The number of steps to a container: the address, `container_definitions`, its number.
_CONTAINER = 3
_PlaceOf = Callable[[Origin], _Place]
_Thing = TypeVar("_Thing", Need, Gap, Reference)


def with_any_text(usual: Merged, opened: Merged) -> tuple[Merged, bool]:
    """Return what is needed for any string, and whether a default decides part of it."""
    decided = _decided([usual.discovery], opened, _in_text, listed=True)
    return _both(usual, opened, decided, _in_text), bool(decided)


def with_any_key(
    usual: Merged, general: Merged, instances: Sequence[Discovery], module: EnclosingModule
) -> tuple[Merged, bool]:
    """Return what any instance needs for the needs of all instances, and whether the keys decide part of it."""
    decided = _decided(instances, general, place_in_tree) | frozenset(_unwritable(general, module))
    found = general.discovery
    things: tuple[Thing, ...] = (*found.needs, *found.gaps, *found.findings, *found.references)
    origins = (each.origin for each in things)
    called = {place_in_tree(origin)[:_CONTAINER]: origin.container for origin in origins if origin.container}
    merged = _both(usual, general, decided, place_in_tree)
    return _renamed(merged, called), bool(decided)


def _renamed(merged: Merged, called: Mapping[_Place, str]) -> Merged:
    """Return the same needs with the name that the containers have in all instances, for those of several instances."""
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
    """Return the general form of all needs, except the usual form at places that are ``decided``."""

    def chosen(here: Iterable[_Thing], anywhere: Iterable[_Thing]) -> tuple[_Thing, ...]:
        kept = tuple(each for each in here if place(each.origin) in decided)
        return tuple(each for each in anywhere if place(each.origin) not in decided) + kept

    def of(here: Mapping[Thing, _Value], anywhere: Mapping[Thing, _Value]) -> Mapping[Thing, _Value]:
        kept = {thing: each for thing, each in here.items() if place(thing.origin) in decided}
        return {**{thing: each for thing, each in anywhere.items() if place(thing.origin) not in decided}, **kept}

    before, after = usual.discovery, general.discovery
    found = Discovery(
        chosen(before.needs, after.needs),
        (*chosen(before.gaps, after.gaps), *_hidden_in_both(before.gaps, after.gaps, decided, place)),
        before.findings,
        chosen(before.references, after.references),
    )
    conditions = NeedConditions(
        of(usual.conditions.when, general.conditions.when),
        of(usual.conditions.instances, general.conditions.instances),
    )
    made = frozenset(chosen(usual.made, general.made))
    return replace(usual, family=general.family or usual.family, discovery=found, conditions=conditions, made=made)


def _hidden_in_both(
    here: Sequence[Gap], anywhere: Sequence[Gap], decided: Collection[_Place], place: _PlaceOf
) -> Iterable[Gap]:
    """Yield the gaps for any value whose members are a gap with the known values, too, for another reason.

    No value decides what they need, even though the reasons have different places.
    """
    unseen = {place_in_tree(gap.origin) for gap in here if place(gap.origin) not in decided}
    yield from (gap for gap in anywhere if place(gap.origin) in decided and place_in_tree(gap.origin) in unseen)


def _decided(
    known: Sequence[Discovery], general: Merged, place: _PlaceOf, *, listed: bool = False
) -> frozenset[_Place]:
    """Return the places that need something else, or whose needs cannot be named, if a value is not the known one.

    If ``listed`` is true, a list may have elements that it does not have here. Otherwise the known elements are better,
    because the gate can check them.
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
    """Whether a need exists for each reference in a list, which may be empty."""
    return any(isinstance(symbol, EachOf) for text in need.permission.texts for symbol in text_of(text).symbols)


def _unwritable(general: Merged, module: EnclosingModule) -> Iterable[_Place]:
    """Yield the places of needs that cannot be written for any key."""
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
    """Return the place of a value in the text: the element of a list depends on conditions."""
    names = tuple(step for step in origin.path if isinstance(step, str))
    if names[-1:] == ("image",):
        # A container has one place, wherever its value is: a default, and the variable that may have any other value.
        return place_in_tree(origin)
    return origin.document, origin.line, origin.column, names


def place_in_tree(origin: Origin) -> _Place:
    """Return the place of a value in the evaluated block. Its text may be anywhere."""
    first, *others = origin.path or ("",)
    return (without_instances(str(first)), *others)


_Value = TypeVar("_Value")
