"""Implication of Condition blocks: whether every request that meets one also meets another.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from cfnroles.iam.containment import covers_arn, covers_text
from cfnroles.iam.evaluator.conditions import operator_named
from cfnroles.iam.evaluator.operators import Operator, TextOperator
from cfnroles.need import Condition


def implies(strict: Iterable[Condition], lenient: Iterable[Condition]) -> bool:
    """Return whether every request that meets all of ``strict`` meets all of ``lenient``; ``False`` if not proved.

    A single condition of ``strict`` must imply each condition of ``lenient``.
    """
    given = tuple(strict)
    return all(any(_implies(condition, wanted) for condition in given) for wanted in lenient)


def _implies(strict: Condition, lenient: Condition) -> bool:
    if strict == lenient:
        return True
    left, right = operator_named(strict.operator), operator_named(lenient.operator)
    if left is None or right is None or strict.key.lower() != lenient.key.lower():
        return False
    (left_qualifier, left_operator, left_if_exists), (right_qualifier, right_operator, right_if_exists) = left, right
    if left_qualifier is not right_qualifier or (left_if_exists and not right_if_exists):
        return False
    if left_operator is None or right_operator is None:
        same = {value.lower() for value in strict.values} == {value.lower() for value in lenient.values}
        return left_operator is right_operator and same
    if left_operator.negated != right_operator.negated:
        return False
    if left_operator.negated:
        # Excluded values must already be excluded.
        return _within(lenient.values, right_operator, strict.values, left_operator)
    return _within(strict.values, left_operator, lenient.values, right_operator)


def _within(narrow: Iterable[str], narrow_operator: Operator, wide: Iterable[str], wide_operator: Operator) -> bool:
    """Return whether ``wide`` covers each value of ``narrow``, by their operators."""
    alternatives = tuple(wide)
    return all(any(_covers(other, wide_operator, value, narrow_operator) for other in alternatives) for value in narrow)


def _covers(wide: str, wide_operator: Operator, narrow: str, narrow_operator: Operator) -> bool:
    if not isinstance(wide_operator, TextOperator) or not isinstance(narrow_operator, TextOperator):
        return wide_operator is narrow_operator and (
            wide == narrow or (_base(wide_operator) == "IpAddress" and _covers_network(wide, narrow))
        )
    arns = {_base(operator).startswith("Arn") for operator in (wide_operator, narrow_operator)}
    if arns == {True}:
        return covers_arn(wide, narrow)
    ignoring = [_base(operator).endswith("IgnoreCase") for operator in (wide_operator, narrow_operator)]
    if arns != {False} or ignoring == [False, True]:
        return False
    return covers_text(
        wide,
        narrow,
        wide_literal=not wide_operator.wildcards,
        narrow_literal=not narrow_operator.wildcards,
        ignore_case=ignoring[0],
    )


def _base(operator: Operator) -> str:
    return operator.name.replace("Not", "")


def _covers_network(wide: str, narrow: str) -> bool:
    try:
        whole, part = (ipaddress.ip_network(text, strict=False) for text in (wide, narrow))
    except ValueError:
        return False
    if isinstance(whole, ipaddress.IPv4Network) and isinstance(part, ipaddress.IPv4Network):
        return part.subnet_of(whole)
    if isinstance(whole, ipaddress.IPv6Network) and isinstance(part, ipaddress.IPv6Network):
        return part.subnet_of(whole)
    return False
