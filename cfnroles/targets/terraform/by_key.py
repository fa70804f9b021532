"""The differences between the instances of a task definition, as one value that depends on the instance key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from cfnroles.need import Need
from cfnroles.symbols import Symbol
from cfnroles.targets.terraform.writing import quoted
from cfnroles.text import Text, text_of

_ONE = re.compile(r'each\.key == ("[^"\\]*")|count\.index == (\d+)')
_SEVERAL = re.compile(r"contains\((\[[^\]]*\]), (?:each\.key|count\.index)\)")


#: The instances that have a thing, by the suffix of their address.
Keys = Mapping[Any, Sequence[str]]


class ByKey(Symbol, frozen=True, kw_only=True):
    """A place where each instance has another value: ``cases`` are the keys with these values."""

    cases: tuple[tuple[str, Text], ...]
    meta: str


def by_key(needs: Iterable[Need]) -> bool:
    """Whether anything here depends on the instance."""
    permissions = [need.permission for need in needs]
    conditions = [each for permission in permissions for each in permission.when]
    symbols = [symbol for each in permissions for text in each.texts for symbol in text_of(text).symbols]
    return any(keys_in(each) is not None for each in conditions) or any(isinstance(each, ByKey) for each in symbols)


def plain_key(instance: str) -> str:
    """Return the key in the suffix of an instance's address, such as ``["web"]``."""
    return instance.strip('[]"')


def among(instances: Sequence[str], meta: str) -> str:
    """Return the expression for whether an instance is one of these."""
    own = [plain_key(each) if meta == "count" else quoted(plain_key(each)).text for each in instances]
    name = "count.index" if meta == "count" else "each.key"
    return f"{name} == {own[0]}" if len(own) == 1 else f"contains([{', '.join(own)}], {name})"


def keys_in(condition: str) -> frozenset[str] | None:
    """Return the keys for which such an expression holds; ``None`` for any other expression."""
    if one := _ONE.fullmatch(condition):
        return frozenset([json.loads(one[1]) if one[1] else one[2]])
    several = _SEVERAL.fullmatch(condition)
    return frozenset(map(str, json.loads(several[1]))) if several else None


def alike(needs: Iterable[Need], keys: Keys, meta: str) -> Iterator[tuple[Need, list[str]]]:
    """Yield each need with the instances that have it: one need if they differ only in names and share their place."""
    groups: dict[tuple[object, ...], list[Need]] = {}
    for need in needs:
        groups.setdefault(_shape(need), []).append(need)
    for group in groups.values():
        whose = [instance for need in group for instance in keys[need]]
        if len(group) == 1 or len(set(whose)) < len(whose):
            yield from ((need, list(keys[need])) for need in group)
        else:
            yield _joined(group, keys, meta), sorted(whose, key=_order)


def _order(instance: str) -> tuple[int, str]:
    key = plain_key(instance)
    return (int(key) if key.isdigit() else 0, key)


def _shape(need: Need) -> tuple[object, ...]:
    origin = need.origin
    conditions = tuple((each.operator, each.key, len(each.values)) for each in need.permission.conditions)
    return need.holder, need.sid, need.permission.action, need.permission.when, origin.document, origin.path, conditions


def _joined(group: Sequence[Need], keys: Keys, meta: str) -> Need:
    first, *_ = group

    def case(texts: tuple[Text, ...]) -> Text:
        if len({*texts}) == 1:
            return texts[0]
        pairs = [(key, text) for need, text in zip(group, texts, strict=True) for key in keys[need]]
        cases = tuple((plain_key(key), text_of(text)) for key, text in sorted(pairs, key=lambda pair: _order(pair[0])))
        name = "; ".join(f"{key} = {text}" for key, text in cases).replace("{", "(").replace("}", ")")
        return Text(ByKey(name, cases=cases, meta=meta))

    conditions = tuple(
        replace(each, values=tuple(case(values) for values in zip(*_values(group, at), strict=True)))
        for at, each in enumerate(first.permission.conditions)
    )
    resource = case(tuple(need.permission.resource for need in group))
    origin = first.origin
    if len({need.origin.container for need in group}) > 1:
        origin = replace(origin, container="")
    items = [need.origin.item.partition(" ") for need in group]
    names = ", ".join(dict.fromkeys(name for _, _, name in items if name))
    origin = replace(origin, item=f"{items[0][0]} {names}") if names else origin
    permission = replace(first.permission, resource=resource, conditions=conditions)
    return replace(first, permission=permission, origin=origin)


def _values(group: Sequence[Need], at: int) -> Iterator[tuple[Text, ...]]:
    """Yield the values of all needs for the same condition."""
    yield from (need.permission.conditions[at].values for need in group)
