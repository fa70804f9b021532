"""Operators.

https://developer.hashicorp.com/terraform/language/expressions/operators
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable

from msgspec.structs import replace

from cfnroles.hcl.scope import Scope
from cfnroles.hcl.syntax import Node, Operation
from cfnroles.hcl.values import Failed, Lazy, Value, first_unknown, is_known, number, plain, same, truth

_NUMBERS: dict[str, Callable[[int | float, int | float], int | float | bool]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_LARGEST = 10**30


def worked_out(node: Operation, scope: Scope, evaluate: Callable[[Node, Scope], Value]) -> Value:
    """Return the value of an operation. Raise Failed for invalid operands."""
    left = evaluate(node.operands[0], scope)
    if node.operator in ("&&", "||"):
        return _either(node, left, scope, evaluate)
    operands = [left, *(evaluate(each, scope) for each in node.operands[1:])]
    if node.operator in ("==", "!="):
        return _compared(node, operands, scope)
    for each in operands:
        if not is_known(each):
            return scope.hanging(node, first_unknown(each))
    if node.operator == "!":
        return Value(not truth(left), node.place)
    if len(operands) == 1:
        return Value(-number(left), node.place)
    return Value(_of_numbers(node, *map(number, operands)), node.place)


def _of_numbers(node: Operation, left: int | float, right: int | float) -> int | float | bool:
    if node.operator in ("/", "%"):
        if right == 0:
            raise Failed("a number is divided by zero", node.place)
        found: int | float | bool = left / right if node.operator == "/" else left - right * int(left / right)
    else:
        found = _NUMBERS[node.operator](left, right)
    if abs(found) > _LARGEST:
        raise Failed("a number is too large", node.place)
    return int(found) if isinstance(found, float) and found.is_integer() else found


def _either(node: Operation, left: Value, scope: Scope, evaluate: Callable[[Node, Scope], Value]) -> Value:
    """Evaluate ``&&`` and ``||``: one operand may decide."""
    decisive = node.operator == "||"
    if is_known(left) and truth(left) is decisive:
        return Value(decisive, node.place)
    right = evaluate(node.operands[1], scope)
    if is_known(right) and truth(right) is decisive:
        return Value(decisive, node.place)
    if is_known(left):
        return right
    if is_known(right):
        return left
    return scope.hanging(node, first_unknown(left))


def _said(value: Value) -> str:
    """Return a known text as an expression, with any loop names; empty for anything else."""
    return json.dumps(plain(value)) if isinstance(value.data, str) and is_known(value) else ""


def _compared(node: Operation, operands: list[Value], scope: Scope) -> Value:
    left, right = (each.data.all(node.place) if isinstance(each.data, Lazy) else each for each in operands)
    equal = same(left, right)
    if equal is None:
        open_ = scope.open(node, first_unknown(left) or first_unknown(right))
        sides = (each.unknown.name if each.unknown else _said(each) for each in (left, right))
        named = [name or operand.written for name, operand in zip(sides, node.operands, strict=True)]
        # Unknowns are compared without the names of loops.
        if left.unknown or right.unknown:
            open_ = replace(open_, name=f" {node.operator} ".join(named))
        return Value(open_, node.place)
    return Value(equal is (node.operator == "=="), node.place)
