"""The types of variables, and conversion of values to them.

https://developer.hashicorp.com/terraform/language/expressions/type-constraints
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cfnroles.hcl.arguments import Partial, as_set
from cfnroles.hcl.syntax import Call, Node, Object, Template, Tuple, Variable
from cfnroles.hcl.values import Encoded, Failed, Lazy, Value, number, text, truth
from cfnroles.text import Text

_Default = Callable[[Node], Value]


def converted(value: Value, kind: Node | None, default: _Default) -> Value:
    """Return a value converted to the type of its variable; ``default`` returns the default of an optional member.

    Raise Failed if it cannot be converted.
    """
    if kind is None or value.data is None or value.unknown or isinstance(value.data, Lazy):
        return value
    if isinstance(kind, Variable):
        return _simple(value, kind.name)
    if isinstance(kind, Call) and kind.arguments:
        return _collection(value, kind, default)
    return value


def takes_text(kind: Node | None) -> bool:
    """Return whether the text of an option is the value itself, and not an expression.

    https://developer.hashicorp.com/terraform/language/values/variables#variables-on-the-command-line
    """
    return kind is None or _called(kind) in _ON_COMMAND_LINE


def example(kind: Node | None) -> str:
    """Return an example of an option's text for a variable of a type: ``VALUE``, ``["VALUE"]``, ``{"KEY":"VALUE"}``."""
    return _ON_COMMAND_LINE.get(_called(kind), "VALUE") if takes_text(kind) else written_example(kind)


#: Valid texts on the command line, by the type that accepts them unchanged.
_ON_COMMAND_LINE = {"string": "VALUE", "number": "1", "bool": "true"}
#: The same as expressions, with the collection types of older configurations.
_EXAMPLES = {"number": "1", "bool": "true", "list": '["VALUE"]', "set": '["VALUE"]', "map": '{"KEY":"VALUE"}'}


def written_example(kind: Node | None) -> str:
    """Return an example of an expression for a variable of a type."""
    if not isinstance(kind, Call) or not kind.arguments:
        return _EXAMPLES.get(_called(kind), '"VALUE"')
    inner = kind.arguments[0]
    match kind.name, inner:
        case "list" | "set", _:
            return f"[{written_example(inner)}]"
        case "map", _:
            return f'{{"KEY":{written_example(inner)}}}'
        case "tuple", Tuple():
            return f"[{','.join(map(written_example, inner.elements))}]"
        case "object", Object():
            members = (f'"{_name(key)}":{written_example(each)}' for key, each in inner.members if not _optional(each))
            return f"{{{','.join(members)}}}"
    return written_example(inner)


def _called(kind: Node | None) -> str:
    """Return the name of a type without arguments, which older configurations quote."""
    return kind.name if isinstance(kind, Variable) else _name(kind) if kind is not None else ""


def _optional(kind: Node) -> bool:
    return isinstance(kind, Call) and kind.name == "optional"


def _simple(value: Value, kind: str) -> Value:
    data = value.data
    if isinstance(data, Encoded) or (isinstance(data, Text) and data.symbols):
        return value
    if kind == "string" and isinstance(data, bool | int | float):
        return Value(text(value).plain, value.place)
    if kind == "number" and isinstance(data, str):
        return Value(number(value), value.place)
    if kind == "bool" and isinstance(data, str):
        return Value(truth(value), value.place)
    return value


def _collection(value: Value, kind: Call, default: _Default) -> Value:
    inner, data = kind.arguments[0], value.data
    match kind.name:
        case "list" | "set" if isinstance(data, list):
            made = [converted(each, inner, default) for each in data]
            if kind.name == "set":
                return Value(as_set(made), value.place)
            return Value(Partial(made) if isinstance(data, Partial) else made, value.place)
        case "map" if isinstance(data, dict):
            return Value({key: converted(each, inner, default) for key, each in data.items()}, value.place)
        case "object" if isinstance(data, dict) and isinstance(inner, Object):
            return Value(_members(value, data, inner, default), value.place)
        case "optional":
            return converted(value, inner, default)
    return value


def _members(value: Value, data: dict[str, Value], kind: Object, default: _Default) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key, inner in kind.members:
        name = _name(key)
        optional = _optional(inner)
        given = data.get(name)
        if given is not None and (given.data is not None or not optional):
            found[name] = converted(given, inner, default)
        elif optional and isinstance(inner, Call):
            usual = default(inner.arguments[1]) if len(inner.arguments) > 1 else Value(None, value.place)
            found[name] = converted(usual, inner.arguments[0], default)
        else:
            raise Failed(f"the member {name} is missing", value.place)
    return found


def _name(key: Node) -> str:
    parts: Any = key.parts if isinstance(key, Template) else ()
    return "".join(getattr(part, "text", "") for part in parts)
