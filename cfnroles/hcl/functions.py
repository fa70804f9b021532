"""Terraform's functions that are evaluated here; the results of all others are unknown.

https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cfnroles.hcl import collection_functions, text_functions
from cfnroles.hcl.arguments import Function, Open
from cfnroles.hcl.json_texts import decode
from cfnroles.hcl.scope import Scope
from cfnroles.hcl.syntax import Call, Place
from cfnroles.hcl.values import Encoded, Failed, Missing, Outside, Value, chunks_of, first_unknown, is_known, plain

_FUNCTIONS: dict[str, Function] = {**text_functions.FUNCTIONS, **collection_functions.FUNCTIONS}


def called(node: Call, arguments: Sequence[Value], scope: Scope) -> Value:
    """Return the result of a function. Raise Failed if Terraform would fail."""
    try:
        match node.name:
            case "jsonencode" if len(arguments) == 1:
                return Value(Encoded(arguments[0]), node.place)
            case "jsondecode" if len(arguments) == 1:
                return _decoded(arguments[0])
            case "file" | "fileexists" if arguments:
                return or_outside(node, scope, lambda: _of_file(node, arguments, scope))
        work = _FUNCTIONS.get(node.name)
        if work is None:
            return scope.unknown(node, f"cfnroles does not evaluate {node.name}")
        made = work(arguments)
    except Open as open_:
        if open_.on is None:
            return scope.unknown(node, f"cfnroles does not evaluate this call of {node.name}")
        return scope.hanging(node, open_.on)
    except Missing:
        raise
    except Failed as failed:
        raise Failed(f"{node.name}: {failed.what}", failed.place or node.place, failed.cause) from failed
    except (IndexError, ValueError, TypeError) as error:
        raise Failed(f"{node.name} does not accept these arguments", node.place) from error
    return made if isinstance(made, Value) else Value(made, node.place)


def or_outside(node: Call, scope: Scope, work: Callable[[], Value]) -> Value:
    """Return the result for a file; an expression if the file is outside of what is read."""
    try:
        return work()
    except Outside as outside:
        reason = f"{outside.what}, and cfnroles reads no files there"
        return scope.unknown(
            node, reason, f"Move {outside.path} into the directory, or keep both in one Git repository"
        )


def _decoded(argument: Value) -> Value:
    if isinstance(argument.data, Encoded):
        return argument.data.value
    if argument.unknown:
        raise Open(argument.unknown)
    return decode(tuple(chunks_of(argument)))


def _of_file(node: Call, arguments: Sequence[Value], scope: Scope) -> Value:
    if not is_known(arguments[0]):
        raise Open(first_unknown(arguments[0]))
    path = str(plain(arguments[0]))
    if node.name == "fileexists":
        try:
            scope.names.read(path, node.place)
        except Outside:
            raise
        except Failed:
            return Value(False, node.place)
        return Value(True, node.place)
    text = scope.names.read(path, node.place)
    place = Place(scope.names.file_name(path), 1, 1)
    return Value(text, place, ((text, place),))
