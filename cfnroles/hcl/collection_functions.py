"""Functions about lists, sets and objects.

https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from typing import Any

from cfnroles.hcl.arguments import (
    Function,
    Open,
    Partial,
    as_set,
    distinct,
    key_of,
    known_all,
    known_number,
    known_text,
    known_truth,
    members_of,
    values_of,
    whole,
)
from cfnroles.hcl.values import (
    MOST,
    Elements,
    Encoded,
    Failed,
    Lazy,
    Value,
    first_unknown,
    number,
    same,
    text,
)
from cfnroles.text import Text


def _bounded(found: list[Value]) -> list[Value]:
    if len(found) > MOST:
        raise Failed(f"there are more than {MOST:,} elements")
    return found


def _concat(arguments: Sequence[Value]) -> list[Value]:
    return _together(arguments, deep=False)


def _flatten(arguments: Sequence[Value]) -> list[Value]:
    return _together([arguments[0]], deep=True)


def _together(lists: Sequence[Value], *, deep: bool) -> list[Value]:
    """Return the elements of all lists; the expression of an unknown list represents its elements."""
    found: list[Value] = []
    open_ = False
    pending = list(reversed(lists))
    while pending:
        value = pending.pop()
        if isinstance(value.data, Lazy):
            value = value.data.all(value.place)
        if value.unknown:
            found.append(value)
            open_ = True
        elif isinstance(value.data, list):
            open_ = open_ or isinstance(value.data, Partial)
            inner = [each for each in value.data if deep and (each.unknown or isinstance(each.data, list | Lazy))]
            if inner:
                pending += reversed(value.data)
            else:
                found += value.data
        elif deep:
            found.append(value)
        else:
            raise Failed("expected a list", value.place)
        _bounded(found)
    return Partial(found) if open_ else found


def _merge(arguments: Sequence[Value]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for argument in arguments:
        if argument.data is not None:
            found |= members_of(argument)
    return found


def _lookup(arguments: Sequence[Value]) -> Value:
    members, key = members_of(arguments[0]), known_text(arguments[1])
    if key in members:
        return members[key]
    if len(arguments) < 3:
        raise Failed(f"it has no {key}")
    return arguments[2]


def _element(arguments: Sequence[Value]) -> Value:
    found, index = values_of(arguments[0]), int(known_number(arguments[1]))
    if not found:
        raise Failed("the list is empty")
    return found[index % len(found)]


def _length(arguments: Sequence[Value]) -> int:
    data = arguments[0].data
    if isinstance(data, str):
        return len(known_text(arguments[0]))
    found = whole(arguments[0]).data
    if not isinstance(found, list | dict):
        raise Failed("expected a list, an object or a string")
    return len(found)


def _coalesce(arguments: Sequence[Value]) -> Value:
    for argument in arguments:
        nothing = [same(argument, Value(each, argument.place)) for each in (None, "")]
        if None in nothing:
            raise Open(first_unknown(argument))
        if True not in nothing:
            return argument
    raise Failed("no argument has a value")


def _coalescelist(arguments: Sequence[Value]) -> Value:
    for argument in arguments:
        if values_of(argument):
            return argument
    raise Failed("no list has elements")


def _contains(arguments: Sequence[Value]) -> bool:
    answers = [same(each, arguments[1]) for each in values_of(arguments[0])]
    if True not in answers and None in answers:
        raise Open(first_unknown(arguments[1]) or first_unknown(arguments[0]))
    return True in answers


def _compact(arguments: Sequence[Value]) -> list[Value]:
    found = []
    for each in values_of(arguments[0]):
        nothing = [same(each, Value(none, each.place)) for none in (None, "")]
        if None in nothing:
            raise Open(first_unknown(each))
        if True not in nothing:
            found.append(each)
    return found


def _zipmap(arguments: Sequence[Value]) -> dict[str, Value]:
    keys, values = (values_of(each) for each in arguments)
    if len(keys) != len(values):
        raise Failed("the numbers of keys and values differ")
    return {known_text(key): value for key, value in zip(keys, values, strict=True)}


def _map(arguments: Sequence[Value]) -> dict[str, Value]:
    if len(arguments) % 2:
        raise Failed("the last key has no value")
    return {known_text(key): value for key, value in zip(arguments[::2], arguments[1::2], strict=True)}


def _range(arguments: Sequence[Value]) -> list[Value]:
    numbers = [int(known_number(each)) for each in arguments]
    found = range(*numbers)
    if len(found) > 1024:
        raise Failed("there are more than 1,024 elements")
    return [Value(each, arguments[0].place) for each in found]


def _slice(arguments: Sequence[Value]) -> list[Value]:
    found, start, end = values_of(arguments[0]), *map(known_number, arguments[1:])
    if not 0 <= start <= end <= len(found):
        raise Failed("the list is shorter")
    return found[int(start) : int(end)]


def _index(arguments: Sequence[Value]) -> int:
    for index, each in enumerate(known_all(values_of(arguments[0]))):
        if same(each, arguments[1]):
            return index
    raise Failed("the list has no such element")


def _one(arguments: Sequence[Value]) -> Value:
    found = values_of(arguments[0])
    if len(found) > 1:
        raise Failed("there are several elements")
    return found[0] if found else Value(None, arguments[0].place)


def _setproduct(arguments: Sequence[Value]) -> list[Value]:
    lists = [values_of(each) for each in arguments]
    if prod(map(len, lists)) > MOST:
        raise Failed(f"there are more than {MOST:,} elements")
    return [Value(list(each), arguments[0].place) for each in product(*lists)]


def _sorted(arguments: Sequence[Value]) -> list[Value]:
    return sorted(known_all(values_of(arguments[0])), key=known_text)


def _chunklist(arguments: Sequence[Value]) -> list[Value]:
    found, size = values_of(arguments[0]), int(known_number(arguments[1]))
    if size <= 0:
        raise Failed("the size is not a positive number")
    return [Value(found[at : at + size], arguments[0].place) for at in range(0, len(found), size)]


def _of_sets(work: Callable[[set[Any], set[Any]], set[Any]]) -> Function:
    def worked_out(arguments: Sequence[Value]) -> Elements:
        sets = [values_of(each) for each in arguments]
        by_key = {key_of(each): each for each in (each for one in sets for each in one)}
        kept = {key_of(each) for each in sets[0]}
        for other in sets[1:]:
            kept = work(kept, {key_of(each) for each in other})
        return as_set([by_key[key] for key in kept])

    return worked_out


def _tostring(arguments: Sequence[Value]) -> Any:
    value = arguments[0]
    if value.data is None or isinstance(value.data, str | Encoded) or value.unknown:
        return value
    made = text(value)
    return made if made.symbols else made.plain


def _tonumber(arguments: Sequence[Value]) -> Any:
    value = arguments[0]
    if value.data is None or value.unknown or (isinstance(value.data, Text) and value.data.symbols):
        return value
    return number(value)


def _tobool(arguments: Sequence[Value]) -> Any:
    value = arguments[0]
    return value if value.data is None or value.unknown else known_truth(value)


def _same_value(arguments: Sequence[Value]) -> Value:
    return arguments[0]


def _tolist(arguments: Sequence[Value]) -> Any:
    value = arguments[0]
    return value if value.unknown or value.data is None else list(values_of(value))


def _toset(arguments: Sequence[Value]) -> Any:
    value = arguments[0]
    return value if value.unknown or value.data is None else as_set(values_of(value))


def _all(arguments: Sequence[Value]) -> bool:
    return all(known_truth(each) for each in values_of(arguments[0]) if each.data is not None)


def _any(arguments: Sequence[Value]) -> bool:
    return any(known_truth(each) for each in values_of(arguments[0]) if each.data is not None)


def _keys(arguments: Sequence[Value]) -> list[Value]:
    return [Value(key, value.place) for key, value in sorted(members_of(arguments[0]).items())]


def _values(arguments: Sequence[Value]) -> list[Value]:
    return [value for _, value in sorted(members_of(arguments[0]).items())]


def _matchkeys(arguments: Sequence[Value]) -> list[Value]:
    values, keys, wanted = (values_of(each) for each in arguments)
    known = {key_of(each) for each in wanted}
    return [value for value, key in zip(values, keys, strict=True) if key_of(key) in known]


FUNCTIONS: dict[str, Function] = {
    "alltrue": _all,
    "anytrue": _any,
    "chunklist": _chunklist,
    "coalesce": _coalesce,
    "coalescelist": _coalescelist,
    "compact": _compact,
    "concat": _concat,
    "contains": _contains,
    "distinct": lambda arguments: distinct(values_of(arguments[0])),
    "element": _element,
    "flatten": _flatten,
    "index": _index,
    "issensitive": lambda arguments: False,
    "keys": _keys,
    "length": _length,
    "list": lambda arguments: list(arguments),
    "lookup": _lookup,
    "map": _map,
    "matchkeys": _matchkeys,
    "merge": _merge,
    "nonsensitive": _same_value,
    "one": _one,
    "range": _range,
    "reverse": lambda arguments: values_of(arguments[0])[::-1],
    "sensitive": _same_value,
    "setintersection": _of_sets(set.intersection),
    "setproduct": _setproduct,
    "setsubtract": _of_sets(set.difference),
    "setunion": _of_sets(set.union),
    "slice": _slice,
    "sort": _sorted,
    "sum": lambda arguments: sum(known_number(each) for each in values_of(arguments[0])),
    "tobool": _tobool,
    "tolist": _tolist,
    "tomap": _same_value,
    "tonumber": _tonumber,
    "toset": _toset,
    "tostring": _tostring,
    "values": _values,
    "zipmap": _zipmap,
}
