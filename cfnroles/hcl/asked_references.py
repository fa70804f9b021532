"""What a file that cfnroles wrote asks of one reference, read as the part of the reference that it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cfnroles.hcl.configuration import literal
from cfnroles.hcl.scope import Scope
from cfnroles.hcl.syntax import Call, Conditional, Constant, Index, Node, Place
from cfnroles.hcl.values import Value
from cfnroles.symbols import AfterParameter, Expression, ParameterPath
from cfnroles.text import Part, Text, bucket_of, field_of

_Evaluate = Callable[[Node, Scope], Value]
_PATH = "parameter/"


def piece_asked(node: Node, scope: Scope, evaluate: _Evaluate) -> Value | None:
    """A part of an open reference, for `try(split(":", REFERENCE)[3], "")`; ``None`` for anything else."""
    match node:
        case Call(name="try", arguments=(Index(of=of, key=Constant(value=number)), last)) if literal(last) == "":
            found = _piece(of, number, scope, evaluate)
            return Value(found, node.place) if found is not None else None
    return None


def _piece(node: Node, number: object, scope: Scope, evaluate: _Evaluate) -> Text | None:
    separator, of = _split(node)
    match separator, number, of:
        case ":", int(), _ if 0 <= number < 7:
            symbol = _open(of, scope, evaluate)
            return field_of(symbol, number) if symbol else None
        case ":parameter/", 1, _:
            symbol = _open(of, scope, evaluate)
            return Text(AfterParameter(f"{symbol.name}[parameter]", of=symbol)) if symbol else None
        case "/", 0, Index(of=inner, key=Constant(value=5)) if _split(inner)[0] == ":":
            symbol = _open(_split(inner)[1], scope, evaluate)
            return bucket_of(symbol) if symbol else None
    return None


def _split(node: Node) -> tuple[str | None, Node]:
    """Return the separator of a `split` and what it splits; no separator for anything else."""
    match node:
        case Call(name="split", arguments=(separator, of)):
            return literal(separator), of
    return None, node


def path_asked(node: Node, scope: Scope, evaluate: _Evaluate) -> Value | None:
    """The path of the parameter that an open reference names; ``None`` for anything else.

    A file has `parameter/${startswith(REFERENCE, "arn:") ? "" : trimprefix(REFERENCE, "/")}`.
    """
    match node:
        case Conditional(
            predicate=Call(name="startswith", arguments=(of, arn)),
            yes=yes,
            no=Call(name="trimprefix", arguments=(name, slash)),
        ) if (literal(arn), literal(yes), literal(slash)) == ("arn:", "", "/") and of.written == name.written:
            symbol = _open(of, scope, evaluate)
            return Value(Text(ParameterPath(f"{_PATH}{symbol.name}", of=symbol)), node.place) if symbol else None
    return None


def _open(node: Node, scope: Scope, evaluate: _Evaluate) -> Expression | None:
    return evaluate(node, scope).unknown


def with_paths(chunks: Iterable[tuple[Part, Place]]) -> tuple[tuple[Part, Place], ...]:
    """Return the parts of a text in which a path includes the `parameter/` before it."""
    found: list[tuple[Part, Place]] = []
    for part, place in chunks:
        if isinstance(part, ParameterPath) and found:
            before, where = found[-1]
            if isinstance(before, str) and before.endswith(_PATH):
                found[-1] = before.removesuffix(_PATH), where
        found.append((part, place))
    return tuple(found)
