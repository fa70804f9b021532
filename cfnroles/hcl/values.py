"""Values: known data, symbols in texts, and unknowns, each with the place where it is written."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.hcl.syntax import Node, Place
from cfnroles.symbols import Expression, Symbol
from cfnroles.text import Part, Text, text_of

#: The maximum length of texts that Terraform writes for a task.
LONGEST = 1_000_000
#: The maximum number of elements of a list or map.
MOST = 10_000


class Failed(Exception):
    """Terraform itself would fail at this expression. ``cause`` is where the value that it rejects is written."""

    def __init__(self, what: str, place: Place | None = None, cause: Place | None = None) -> None:
        super().__init__(what)
        self.what, self.place, self.cause = what, place, cause or place


class Outside(Failed):
    """The file ``path`` is outside of what is read, whatever Terraform does."""

    def __init__(self, path: str, place: Place) -> None:
        super().__init__(f"{path} is outside the directory", place)
        self.path = path


class Missing(Failed):
    """A file of the configuration does not exist, or cannot be read; ``remedy`` is what was likely meant."""

    def __init__(self, what: str, place: Place, remedy: str = "") -> None:
        super().__init__(what, place)
        self.remedy = remedy


class Value(Struct, frozen=True, eq=False):
    """One value. ``data`` is ``None``, a truth value, a number, a text, a list, a dictionary, or one of these:

    an `Expression` for what is not known, `Encoded` for a text in JSON, `Lazy` for resources and their instances.
    ``chunks`` are the parts of a text that a template made, each with its place.
    """

    data: Any
    place: Place
    chunks: tuple[tuple[Part, Place], ...] = ()

    @property
    def unknown(self) -> Expression | None:
        """The expression that represents the whole value; ``None`` if anything is known about it."""
        return self.data if isinstance(self.data, Expression) else None


class Encoded(Struct, frozen=True, eq=False):
    """A text that is the JSON of a value; ``data_source`` is the type of its data source, if one creates it."""

    value: Value
    data_source: str = ""


class Elements(list[Value]):
    """A set: its elements are in order, without numbers."""


class Lazy(ABC):
    """A value whose members are computed on demand."""

    @abstractmethod
    def member(self, key: str | int, place: Place) -> Value:
        """Return a member by name or number. Raise Failed if there is none."""

    @abstractmethod
    def all(self, place: Place) -> Value:
        """Return all of it as a list or a dictionary, or as an expression if its members are unknown."""

    def at_open_key(self, key: Value, node: Node) -> Value | None:
        """Return a member by an unknown key, the value of ``node``; ``None`` if nothing is known about it."""
        return None


def text(value: Value) -> Text:
    """Return the value as a text. Raise Failed if Terraform cannot convert it."""
    data = value.data
    match data:
        case Expression():
            return Text(data)
        case bool():
            return Text("true" if data else "false")
        case str():
            return text_of(data)
        case int() | float():
            return Text(number_text(data))
        case Encoded():
            return checked(encoded(data.value))
    what = "null" if data is None else "a list or an object"
    raise Failed(f"expected a string, found {what}", value.place)


def checked(made: Text, place: Place | None = None) -> Text:
    """Return the text. Raise Failed if it exceeds the maximum length."""
    if len(made) > LONGEST:
        raise Failed(f"the string has more than {LONGEST:,} characters", place)
    return made


def plain(value: Value) -> str | None:
    """Return the text of a value, if no part of it is open."""
    made = text(value)
    return "".join(map(str, made.parts)) if all(type(part) is str for part in made.parts) else None


def number_text(number: int | float) -> str:
    """Return a number in Terraform's notation for texts."""
    if isinstance(number, int) or number.is_integer():
        return str(int(number)) if abs(number) < 10**300 else "0"
    return repr(number)


def number(value: Value) -> int | float:
    """Return the number of a value, also of a text. Raise Failed for any other, and for an unknown."""
    data = value.data
    if isinstance(data, (int, float)) and not isinstance(data, bool):
        return data
    if isinstance(data, str):
        try:
            found = float(text(value).plain)
        except ValueError:
            found = float("nan")
        if abs(found) < 1e300:
            return int(found) if found.is_integer() else found
    raise Failed("expected a number", value.place)


def truth(value: Value) -> bool:
    """Return the Boolean of a value, also of a text. Raise Failed for any other."""
    if isinstance(value.data, bool):
        return value.data
    if isinstance(value.data, str) and value.data in ("true", "false"):
        return value.data == "true"
    raise Failed("expected a Boolean", value.place)


def elements(value: Value) -> list[tuple[Value, Value]]:
    """Return key and value of each element of a list, a set or an object. Raise Failed for anything else.

    The caller handles completely unknown values.
    """
    data = value.data
    if isinstance(data, Lazy):
        return elements(data.all(value.place))
    if isinstance(data, Elements):
        return [(each, each) for each in data]
    if isinstance(data, list):
        return [(Value(index, each.place), each) for index, each in enumerate(data)]
    if isinstance(data, dict):
        return [(Value(key, data[key].place), data[key]) for key in sorted(data)]
    raise Failed("expected a list or an object", value.place)


def is_known(value: Value) -> bool:
    """Return whether nothing in a value is open."""
    match value.data:
        case Text() as made:
            return not made.symbols
        case Expression() | Lazy():
            return False
        case Encoded(value=inner):
            return is_known(inner)
        case list() as members:
            return all(map(is_known, members))
        case dict() as members:
            return all(map(is_known, members.values()))
    return True


def first_unknown(value: Value) -> Symbol | None:
    """Return the first symbol in a value; ``None`` if everything is known."""
    match value.data:
        case Expression() as found:
            return found
        case Text() as made:
            return next(iter(made.symbols), None)
        case Encoded(value=inner):
            return first_unknown(inner)
        case list() as members:
            return next(filter(None, map(first_unknown, members)), None)
        case dict() as members:
            return next(filter(None, map(first_unknown, members.values())), None)
    return None


def same(left: Value, right: Value) -> bool | None:
    """Return whether two values are equal; ``None`` if unknown."""
    if isinstance(left.data, Encoded) or isinstance(right.data, Encoded):
        if isinstance(left.data, Encoded) and isinstance(right.data, Encoded):
            return same(left.data.value, right.data.value)
        others = [each.data for each in (left, right) if not isinstance(each.data, Encoded)]
        # An empty text is not JSON.
        if others[0] == "" or isinstance(others[0], bool | int | float | list | dict | None):
            return False
        return None if not (is_known(left) and is_known(right)) else text(left) == text(right)
    if isinstance(left.data, (list, dict)) and isinstance(right.data, (list, dict)):
        return _same_members(left.data, right.data)
    if is_known(left) and is_known(right):
        if isinstance(left.data, bool) is not isinstance(right.data, bool):
            return False
        return bool(left.data == right.data)
    return _same_open(left, right)


def _same_members(left: Any, right: Any) -> bool | None:
    if isinstance(left, dict) is not isinstance(right, dict) or len(left) != len(right):
        return False
    if isinstance(left, dict) and left.keys() != right.keys():
        return False
    pairs = [(left[key], right[key]) for key in left] if isinstance(left, dict) else zip(left, right, strict=True)
    answers = [same(*pair) for pair in pairs]
    return False if False in answers else None if None in answers else True


def _same_open(left: Value, right: Value) -> bool | None:
    """Compare two values of which at least one is open: texts differ by their certain parts."""
    left, right = (left, right) if not is_known(left) else (right, left)
    # The name of a resource is never null and never empty.
    if right.data is None or right.data == "":
        for_sure = isinstance(left.data, Text) and any(isinstance(part, str) for part in left.data.parts)
        if for_sure or isinstance(left.data, (list, dict)) or _is_set(left.data):
            return False
        if isinstance(left.data, Text) and right.data is None:
            return False
    return None


def _is_set(data: Any) -> bool:
    symbol = data.whole if isinstance(data, Text) else data
    return isinstance(symbol, Expression) and symbol.attribute in ("arn", "id")


def encoded(value: Value) -> Text:
    """Return the JSON of a value with its symbols; one in place of a whole value has no quotes.

    Raise Failed as ``text``.
    """
    return checked(Text(*(part for part, _ in _encoded(value))), value.place)


def _encoded(value: Value) -> Iterator[tuple[Part, Place]]:
    """Yield the parts of a value's JSON, each with the place of its own value."""
    data, place = value.data, value.place
    if isinstance(data, Lazy):
        yield from _encoded(data.all(place))
    elif isinstance(data, list):
        yield from _between("[", [(("", place), each) for each in data], "]", place)
    elif isinstance(data, dict):
        members = [((f'"{_quoted(key)}":', data[key].place), data[key]) for key in sorted(data)]
        yield from _between("{", members, "}", place)
    elif data is None or isinstance(data, Expression):
        yield ("null" if data is None else json_of(data)), place
    elif isinstance(data, str | Encoded):
        yield '"', place
        yield from ((_quoted(part) if isinstance(part, str) else part, place) for part in text(value).parts)
        yield '"', place
    else:
        yield from ((part, place) for part in text(value).parts)


def json_of(symbol: Expression) -> Expression:
    """Return the expression of the JSON of a value, which represents it in a text."""
    return replace(symbol, written=f"${{jsonencode({symbol.written[2:-1]})}}") if symbol.written else symbol


def _between(
    begin: str, members: Sequence[tuple[tuple[str, Place], Value]], end: str, place: Place
) -> Iterator[tuple[Part, Place]]:
    yield begin, place
    for index, (key, value) in enumerate(members):
        if index:
            yield ",", place
        yield key
        yield from _encoded(value)
    yield end, place


def _quoted(part: str) -> str:
    # https://developer.hashicorp.com/terraform/language/functions/jsonencode
    quoted = json.dumps(part, ensure_ascii=False)[1:-1]
    for sign in "<>&\u2028\u2029":
        quoted = quoted.replace(sign, f"\\u{ord(sign):04x}")
    return quoted


def chunks_of(value: Value) -> Iterator[tuple[Part, Place]]:
    """Yield the parts of a value's text, each with its place."""
    if value.chunks:
        yield from value.chunks
    elif isinstance(value.data, Encoded):
        yield from _encoded(value.data.value)
    else:
        yield from ((part, value.place) for part in text(value).parts)
