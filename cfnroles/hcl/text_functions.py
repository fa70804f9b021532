"""Functions about texts and numbers.

https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from cfnroles.hcl.arguments import Function, Open, known_number, known_text, values_of
from cfnroles.hcl.syntax import Place
from cfnroles.hcl.values import LONGEST, Failed, Value, checked, chunks_of, encoded, first_unknown, text
from cfnroles.symbols import Expression, Symbol
from cfnroles.text import Part, Text

_VERB = re.compile(r"%(?:%|([-+ 0#]*)(\d*)(?:\.(\d+))?([a-zA-Z]))")
_WIDEST = 1000
#: A pattern that Python matches quickly: at most three repetitions, and none of groups.
_REPEATED = re.compile(r"[*+]|\{\d*,")
#: A class of characters, in which no sign repeats anything.
_CLASS = re.compile(r"\[\^?\]?[^\]\[]*\]")
_NESTED = re.compile(r"\)[*+?{]|\(\?|\\[1-9]")
_MOST_SEARCHED = 500
#: Patterns with another meaning in Python, now or later.
_OTHERWISE = re.compile(r"\[\[|--|&&|~~|\|\||\\[pPQEzC]")
#: Characters that no name contains, so none is in the value of a symbol.
_OF_NO_NAME = re.compile(r"[${}<>%]")

#: The beginning of an ARN, as far as it is written.
_ARN = re.compile(r"arn:(?:[a-z-]+:?)?|arn:[a-z-]+:(?P<service>[a-z0-9-]+)(?P<rest>:.*)?")
#: Common patterns for the revision at the end of the ARN of a task definition.
_REVISION = frozenset({r"/:\d+$/", r"/:\d*$/", "/:[0-9]+$/", "/:[0-9]*$/", "/:[^:]+$/", "/:[^:]*$/"})
#: Attributes with the name of a parameter, which may begin with a slash.
_NAMES = frozenset({("aws_ssm_parameter", "name"), ("aws_ssm_parameter", "id")})
_DEFINITION = "aws_ecs_task_definition"


def _of_text(work: Callable[[str], Any]) -> Function:
    return lambda arguments: work(*map(known_text, arguments))


def _of_texts(work: Callable[..., Any]) -> Function:
    return lambda arguments: work(*map(known_text, arguments))


def _starts(arguments: Sequence[Value]) -> bool:
    """Whether a text begins with another: its first characters may decide, or the service in the ARN of a resource."""
    whole, start = text(arguments[0]), known_text(arguments[1])
    head = _literal(whole.parts[:1])
    if len(head) >= len(start) or not start.startswith(head):
        return head.startswith(start)
    arn = _ARN.fullmatch(start) if not head else None
    if arn and (service := _service(whole.whole)) is not None:
        named, rest = arn["service"] or "", arn["rest"]
        if not (service == named if rest else service.startswith(named)):
            return False
        # A written partition is that of the resource, as in a policy.
        if not rest or rest == ":":
            return True
    raise Open(first_unknown(arguments[0]))


def _ends(arguments: Sequence[Value]) -> bool:
    whole, end = text(arguments[0]), known_text(arguments[1])
    tail = _literal(whole.parts[-1:])
    if len(tail) >= len(end) or not end.endswith(tail):
        return tail.endswith(end)
    raise Open(first_unknown(arguments[0]))


def _contains(arguments: Sequence[Value]) -> bool:
    whole, sought = text(arguments[0]), known_text(arguments[1])
    if any(sought in part for part in whole.parts if isinstance(part, str)):
        return True
    return sought in known_text(arguments[0])


def _literal(parts: Sequence[Part]) -> str:
    return next((part for part in parts if isinstance(part, str)), "")


def _service(symbol: Symbol | None) -> str | None:
    """Return the service in the ARN that a symbol represents; ``None`` if it may be something else."""
    if not isinstance(symbol, Expression):
        return None
    attribute = symbol.attribute.rpartition(".")[2]
    if symbol.type == "aws_ssm_parameter" and attribute == "arn":
        return "ssm"
    is_secret = symbol.type.startswith("aws_secretsmanager_secret") and attribute == "arn"
    return "secretsmanager" if is_secret else None


def _of_numbers(work: Callable[..., Any]) -> Function:
    return lambda arguments: work(*map(known_number, arguments))


def _join(arguments: Sequence[Value]) -> Value:
    separator, place = known_text(arguments[0]), arguments[0].place
    if len(arguments) < 2:
        raise Failed("expected a list to join")
    chunks: list[tuple[Part, Place]] = []
    for argument in arguments[1:]:
        for each in values_of(argument):
            chunks += [(separator, each.place), *chunks_of(each)]
    made = checked(Text(*(part for part, _ in chunks[1:])))
    return Value(_plain(made), place, tuple(chunks[1:]))


def _plain(made: Text) -> Text | str:
    return made if made.symbols else made.plain


def _format(arguments: Sequence[Value]) -> Text | str:
    form, rest = known_text(arguments[0]), list(arguments[1:])
    parts: list[Part] = []
    at = 0
    for match in _VERB.finditer(form):
        parts.append(form[at : match.start()])
        at = match.end()
        if match[0] == "%%":
            parts.append("%")
            continue
        if not rest:
            raise Failed("the format has more verbs than arguments")
        parts.append(_formatted(match, rest.pop(0)))
    return _plain(checked(Text(*parts, form[at:])))


def _formatted(verb: re.Match[str], value: Value) -> Part:
    flags, width, precision, kind = verb[1], verb[2], verb[3], verb[4]
    if (width and int(width[:5]) > _WIDEST) or (precision and int(precision[:5]) > _WIDEST):
        raise Failed("the width is too large")
    if kind in "sv" and not flags and not width and not precision:
        if isinstance(value.data, list | dict):
            return encoded(value)
        return text(value)
    if kind in "dfeEgGxXob":
        number = known_number(value)
        python = {"d": "d", "x": "x", "X": "X", "o": "o", "b": "b"}.get(kind, kind)
        form = f"%{flags}{width}{'.' + precision if precision else ''}{python}"
        if kind == "b":
            return format(int(number), f"{flags}{width}b")
        return form % (int(number) if python in "dxXo" else number)
    found = known_text(value)
    if kind == "q":
        found = '"' + found.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if precision:
        found = found[: int(precision)]
    return found.ljust(int(width or 0)) if "-" in flags else found.rjust(int(width or 0))


def _formatlist(arguments: Sequence[Value]) -> list[Value]:
    columns = [values_of(each) if isinstance(each.data, list) else None for each in arguments[1:]]
    lengths = {len(column) for column in columns if column is not None} or {1}
    if len(lengths) > 1:
        raise Failed("the lists are of different lengths")
    place = arguments[0].place
    return [
        Value(
            _format(
                [arguments[0], *(c[i] if c is not None else a for c, a in zip(columns, arguments[1:], strict=True))]
            ),
            place,
        )
        for i in range(lengths.pop())
    ]


def _replace(arguments: Sequence[Value]) -> Text | str:
    old = known_text(arguments[1])
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        if (symbol := arguments[0].unknown) and old in _REVISION and symbol.type == _DEFINITION:
            return _of_any_revision(symbol, text(arguments[2]))
        found, new = known_text(arguments[0]), known_text(arguments[2])
        by = re.sub(r"\$\{?(\w+)\}?", r"\\g<\1>", new.replace("\\", "\\\\"))
        return _pattern(old[1:-1], found).sub(by, found)
    if arguments[0].unknown:
        raise Open(arguments[0].unknown)
    whole, put = text(arguments[0]), text(arguments[2])
    if whole.symbols and not _OF_NO_NAME.search(old):
        raise Open(whole.symbols[0])
    pieces = whole.cut(old) if old else [whole]
    if len(pieces) * max(len(put), 1) > LONGEST:
        raise Failed("the string is too long")
    parts: list[Part] = []
    for piece in pieces:
        parts += [put, piece]
    return _plain(checked(Text(*parts[1:])))


def _of_any_revision(symbol: Expression, put: Text) -> Text:
    """Return the ARN of a task definition with another text in place of its revision.

    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudwatch_event_target
    """
    if symbol.attribute.rpartition(".")[2] != "arn":
        raise Open(symbol)
    name, written, attribute = (
        f"{each}_without_revision" for each in (symbol.name, symbol.written.rstrip("}"), symbol.attribute)
    )
    return Text(replace(symbol, name=name, written=f"{written}}}", attribute=attribute), put)


def _pattern(written: str, searched: str) -> re.Pattern[str]:
    """Return a regular expression. Raise Open if it might be slow, or has another meaning in Python."""
    repetitions = len(_REPEATED.findall(_CLASS.sub("", written)))
    if repetitions > 3 or (repetitions and len(searched) > _MOST_SEARCHED) or len(written) > _MOST_SEARCHED:
        raise Open(None)
    if _NESTED.search(written) or _OTHERWISE.search(written):
        raise Open(None)
    try:
        return re.compile(written)
    except (re.error, OverflowError) as error:
        raise Failed(f"{written} is not a regular expression") from error


def _regex(arguments: Sequence[Value]) -> Any:
    written, searched = map(known_text, arguments)
    match = _pattern(written, searched).search(searched)
    if match is None:
        raise Failed("the pattern matches nothing")
    return _groups(match, arguments[1])


def _groups(match: re.Match[str], value: Value) -> Any:
    groups = [Value(group, value.place) for group in match.groups()]
    return groups or match[0]


def _regexall(arguments: Sequence[Value]) -> list[Value]:
    written, searched = map(known_text, arguments)
    found = _pattern(written, searched).finditer(searched)
    return [Value(_groups(match, arguments[1]), arguments[1].place) for match in found]


def _split(arguments: Sequence[Value]) -> list[Value]:
    separator, whole = map(known_text, arguments)
    pieces = whole.split(separator) if separator else list(whole)
    return [Value(piece, arguments[1].place) for piece in pieces]


def _substr(arguments: Sequence[Value]) -> str:
    whole, start, length = known_text(arguments[0]), *map(known_number, arguments[1:])
    begin = int(start) if start >= 0 else len(whole) + int(start)
    return whole[begin:] if length < 0 else whole[begin : begin + int(length)]


def _title(found: str) -> str:
    """Return the text with each letter that begins a word in uppercase: https://pkg.go.dev/strings#Title."""
    return re.sub(r"(^|\s|[^\w\x80-\U0010ffff])([^\W\d_])", lambda match: match[1] + match[2].upper(), found)


def _hashed(name: str) -> Function:
    return _of_text(lambda found: hashlib.new(name, found.encode(), usedforsecurity=False).hexdigest())


def _base64decode(found: str) -> str:
    try:
        return base64.b64decode(found, validate=True).decode()
    except ValueError as error:
        raise Failed("it is not a base64 string") from error


def _trimprefix(arguments: Sequence[Value]) -> Text | str:
    symbol, start = arguments[0].unknown, known_text(arguments[1])
    if symbol and start == "/" and (symbol.type, symbol.attribute.rpartition(".")[2]) in _NAMES:
        # It is the end of the ARN, which the name itself represents.
        return Text(replace(symbol, written=f'${{trimprefix({symbol.written[2:-1]}, "/")}}'))
    return known_text(arguments[0]).removeprefix(start)


def _indent(arguments: Sequence[Value]) -> str:
    spaces, found = min(int(known_number(arguments[0])), _WIDEST), known_text(arguments[1])
    if found.count("\n") * spaces > LONGEST:
        raise Failed("the string is too long")
    return found.replace("\n", "\n" + " " * spaces)


FUNCTIONS: dict[str, Function] = {
    "abs": _of_numbers(abs),
    "base64decode": _of_text(_base64decode),
    "base64encode": _of_text(lambda found: base64.b64encode(found.encode()).decode()),
    "ceil": _of_numbers(math.ceil),
    "chomp": _of_text(lambda found: found.rstrip("\r\n")),
    "endswith": _ends,
    "floor": _of_numbers(math.floor),
    "format": _format,
    "formatlist": _formatlist,
    "indent": _indent,
    "join": _join,
    "lower": _of_text(str.lower),
    "max": _of_numbers(max),
    "md5": _hashed("md5"),
    "min": _of_numbers(min),
    "regex": _regex,
    "regexall": _regexall,
    "replace": _replace,
    "sha1": _hashed("sha1"),
    "sha256": _hashed("sha256"),
    "split": _split,
    "startswith": _starts,
    "strcontains": _contains,
    "strrev": _of_text(lambda found: found[::-1]),
    "substr": _substr,
    "title": _of_text(_title),
    "trim": _of_texts(lambda found, signs: found.strip(signs)),
    "trimprefix": _trimprefix,
    "trimspace": _of_text(str.strip),
    "trimsuffix": _of_texts(lambda found, end: found.removesuffix(end)),
    "upper": _of_text(str.upper),
    "urlencode": _of_text(lambda found: quote(found, safe="-_.~").replace("%20", "+")),
}
