"""Terraform files, in the layout of `terraform fmt`.

https://developer.hashicorp.com/terraform/language/style
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from cfnroles.page import visible

#: A list or an object of at most this width is on one line.
_WIDTH = 100
_LOOP = "flatten([for once in [true] : "
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Written(Struct, frozen=True):
    """An expression as it is written, on one line."""

    text: str


class Items(Struct, frozen=True):
    """A list."""

    items: tuple[Expression, ...]


class Members(Struct, frozen=True):
    """An object. If ``apart`` is true, each member is on its own line."""

    members: tuple[Entry, ...]
    apart: bool = False


class WrittenCall(Struct, frozen=True):
    """A function with its arguments. If one of them takes several lines, each begins on its own line."""

    name: str
    arguments: tuple[Expression, ...]


class Lookup(Struct, frozen=True):
    """The value of an object under a key, which is an expression as it is written."""

    cases: Members
    key: str


class OnlyIf(Struct, frozen=True):
    """A list that is empty if a condition does not hold, which is an expression as it is written.

    A conditional cannot choose between objects with different members, because both lists must have one type. A loop
    evaluates its result only if the condition holds, so the result may contain values that do not exist otherwise.
    https://developer.hashicorp.com/terraform/language/expressions/conditionals#type-conversions
    """

    condition: str
    items: Items


Expression = Written | Items | Members | WrittenCall | OnlyIf | Lookup


class Comment(Struct, frozen=True):
    """A comment on its own line."""

    text: str


class Blank(Struct, frozen=True):
    """An empty line."""


class Argument(Struct, frozen=True):
    """An argument of a block or a member of an object, by its name. The name of a member can be any string."""

    name: str
    value: Expression


class WrittenBlock(Struct, frozen=True):
    """A block with its labels, after its ``comments``."""

    type: str
    labels: tuple[str, ...]
    body: tuple[Entry, ...]
    comments: tuple[str, ...] = ()


Entry = Argument | Comment | Blank | WrittenBlock


def file_text(blocks: Iterable[WrittenBlock]) -> str:
    """Return the text of a file with these blocks."""
    return "\n\n".join("\n".join(_entries((block,), "")) for block in blocks) + "\n"


def literal(text: str) -> str:
    """Return a plain string as it is between the quotes of a template, with nothing to interpolate.

    https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
    """
    escaped = "".join(_ESCAPES.get(sign) or (sign if sign.isprintable() else _by_number(sign)) for sign in text)
    # A dollar sign before an opening brace is doubled. Terraform would read another one before that as the first of the
    # two.
    escaped = re.sub(r"\$+(?=\{)", lambda signs: '${"$"}' * (len(signs[0]) - 1) + "$$", escaped)
    return re.sub(r"%+(?=\{)", lambda signs: '${"%"}' * (len(signs[0]) - 1) + "%%", escaped)


def only_if(condition: str) -> str:
    """Return a condition after the result of a ``for``, with the space that `terraform fmt` leaves there."""
    return f" if{condition}" if condition.startswith("(") else f" if {condition}"


def quoted(text: str) -> Written:
    """Return a plain string as an expression."""
    return Written(f'"{literal(text)}"')


def _by_number(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"


def _entries(entries: Sequence[Entry], indent: str) -> Iterator[str]:
    """Yield the lines of the entries. The equals signs of neighbors that take one line each are aligned."""
    neighbours: list[tuple[str, str]] = []
    for number, entry in enumerate(entries):
        if isinstance(entry, Argument):
            name = _called(entry.name)
            first, *others = _expression(entry.value, indent, len(name) + 3)
            if not others:
                neighbours.append((name, first))
                continue
            yield from _aligned(neighbours, indent)
            neighbours = []
            yield f"{indent}{name} = {first}"
            yield from others
            continue
        yield from _aligned(neighbours, indent)
        neighbours = []
        if isinstance(entry, Blank):
            yield ""
            continue
        if isinstance(entry, Comment):
            yield f"{indent}# {visible(entry.text)}".rstrip()
            continue
        if number and not isinstance(entries[number - 1], Comment | Blank | WrittenBlock):
            yield ""
        yield from _block(entry, indent)
    yield from _aligned(neighbours, indent)


def _aligned(neighbours: Sequence[tuple[str, str]], indent: str) -> Iterator[str]:
    width = max((len(name) for name, _ in neighbours), default=0)
    yield from (f"{indent}{name:<{width}} = {value}" for name, value in neighbours)


def _block(block: WrittenBlock, indent: str) -> Iterator[str]:
    yield from (f"{indent}# {visible(comment)}".rstrip() for comment in block.comments)
    head = " ".join([block.type, *(quoted(label).text for label in block.labels)])
    if not block.body:
        yield f"{indent}{head} {{}}"
        return
    yield f"{indent}{head} {{"
    yield from _entries(block.body, f"{indent}  ")
    yield f"{indent}}}"


def _expression(value: Expression, indent: str, before: int) -> list[str]:
    """Return the lines of an expression; the first one follows ``before`` characters on its line."""
    line = _line(value)
    if line is not None and (len(indent) + before + len(line) <= _WIDTH or _is_short(value)):
        return [line]
    inner = f"{indent}  "
    match value:
        case Items(items=items):
            return ["[", *_listed(items, inner), f"{indent}]"]
        case Members(members=members):
            return ["{", *_entries(members, inner), f"{indent}}}"]
        case Lookup(cases=cases, key=key):
            return ["{", *_entries(cases.members, inner), f"{indent}}}[{key}]"]
        case OnlyIf(condition=condition, items=items):
            return [f"{_LOOP}[", *_listed(items.items, inner), f"{indent}]{only_if(condition)}])"]
        case WrittenCall(name=name, arguments=(argument,)):
            first, *others = _expression(argument, indent, before + len(name) + 1)
            return _closed([f"{name}({first}", *others])
        case WrittenCall(name=name, arguments=arguments):
            return [f"{name}(", *_listed(arguments, inner), f"{indent})"]
    return [line or ""]


def _closed(lines: list[str]) -> list[str]:
    return [*lines[:-1], f"{lines[-1]})"]


def _listed(items: Iterable[Expression], indent: str) -> Iterator[str]:
    for item in items:
        first, *others = _expression(item, indent, 0)
        lines = [f"{indent}{first}", *others]
        yield from lines[:-1]
        yield f"{lines[-1]},"


def _is_short(value: Expression) -> bool:
    """Whether an expression is too short to be worth several lines."""
    return isinstance(value, Written) or (isinstance(value, Items) and len(value.items) < 2)


def line_of(value: Lookup) -> str:
    """Return a lookup on one line."""
    members = [each for each in value.cases.members if isinstance(each, Argument)]
    cases = ", ".join(f"{_called(each.name)} = {_line(each.value)}" for each in members)
    return f"{{ {cases} }}[{value.key}]"


def _called(name: str) -> str:
    return name if _NAME.fullmatch(name) else quoted(name).text


def _line(value: Expression) -> str | None:
    """Return the expression on one line; ``None`` if it needs several."""
    match value:
        case Written(text=text):
            return text
        case Items(items=items):
            inner = [_line(item) for item in items]
            return None if None in inner else f"[{', '.join(map(str, inner))}]"
        case WrittenCall(name=name, arguments=arguments):
            inner = [_line(argument) for argument in arguments]
            return None if None in inner else f"{name}({', '.join(map(str, inner))})"
        case OnlyIf(condition=condition, items=items):
            line = _line(items)
            return None if line is None else f"{_LOOP}{line}{only_if(condition)}])"
        case Lookup():
            return None
    return _object_line(value)


def _object_line(value: Members) -> str | None:
    if not value.members:
        return "{}"
    if value.apart or len(value.members) > 1:
        return None
    (member,) = value.members
    line = _line(member.value) if isinstance(member, Argument) else None
    if line is None or not isinstance(member, Argument):
        return None
    return f"{{ {_called(member.name)} = {line} }}"
