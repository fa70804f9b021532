"""The conditions that a need hangs on, as expressions of Terraform."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import replace

from cfnroles.errors import InvalidInput
from cfnroles.hcl.parser import parse_expression
from cfnroles.hcl.syntax import Source
from cfnroles.need import Need
from cfnroles.symbols import Parameter
from cfnroles.targets.terraform.names import Names
from cfnroles.targets.terraform.values import Unwritable
from cfnroles.template.worlds import Disjunction, Literal

_SIMPLE = re.compile(r"[\w.]+")
_PLAIN = re.compile(r'[\w.\[\]" =!<>&|-]+')


def guarded(need: Need, when: Disjunction, names: Names) -> Need:
    """The need with its conditions as expressions, each of which must hold.

    Raises Unwritable where one is no expression that can stand in another place than its own.
    """
    own = [f"length(var.{names.variable(Parameter(name))}) > 0" for name in need.permission.when]
    told = [written_condition(when)] if when else []
    return replace(need, permission=replace(need.permission, when=(*own, *told)))


def written_condition(when: Disjunction) -> str:
    """The conditions as one expression, empty where there are none; raises Unwritable as ``guarded`` does."""
    return either([_all_of(literals) for literals in when])


def either(conditions: Iterable[str]) -> str:
    """The condition that holds where any of these does; empty where there are none."""
    alternatives = tuple(conditions)
    return alternatives[0] if len(alternatives) == 1 else " || ".join(f"({each})" for each in alternatives)


def _all_of(literals: tuple[Literal, ...]) -> str:
    written = [_literal(each) for each in literals]
    return written[0] if len(written) == 1 else " && ".join(written)


def _literal(literal: Literal) -> str:
    condition = literal.condition
    try:
        parse_expression(Source("", condition))
    except InvalidInput:
        raise _unwritable(condition) from None
    if not _PLAIN.fullmatch(condition):
        raise _unwritable(condition)
    if not literal.holds:
        return opposite(condition)
    return condition if _SIMPLE.fullmatch(condition) else f"({condition})"


def opposite(condition: str) -> str:
    """The condition that holds where this one does not."""
    return f"!{condition}" if _SIMPLE.fullmatch(condition) else f"!({condition})"


def _unwritable(condition: str) -> Unwritable:
    return Unwritable(f"the condition {condition} cannot be written again", "Make it a local, and name that")
