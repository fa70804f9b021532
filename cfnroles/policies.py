"""From statements to policies within IAM's quotas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cfnroles.errors import InvalidInput
from cfnroles.statements import Statement

# IAM counts characters without white space. Inline policies of a role share one total.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
INLINE_TOTAL = 10_240
MANAGED_POLICY = 6_144
MANAGED_POLICIES = 10

#: The longest that AWS has: `aws-us-gov`, `ap-southeast-1` with room for longer names to come, twelve digits.
_PSEUDO_PARAMETERS = {"AWS::Partition": "a" * 10, "AWS::Region": "r" * 16, "AWS::AccountId": "0" * 12}
_UNKNOWN_PARAMETER = "p" * 90


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy document. ``when`` names the template parameters without which the policy must not exist."""

    name: str
    when: tuple[str, ...]
    statements: tuple[Statement, ...]
    managed: bool = False


def document(statements: Iterable[Statement]) -> dict[str, Any]:
    """The policy document as IAM takes it, with CloudFormation values in the spelling of ``Fn::Sub``."""
    return {"Version": "2012-10-17", "Statement": [_statement(statement) for statement in statements]}


def size(statements: Iterable[Statement], parameters: Mapping[str, str] | None = None) -> int:
    """Characters that IAM will count, with pseudo parameters at their longest and ``parameters`` at their values."""

    def resolved(symbol: re.Match[str]) -> str:
        values = {**_PSEUDO_PARAMETERS, **(parameters or {})}
        return values.get(symbol[1]) or _UNKNOWN_PARAMETER

    text = json.dumps(document(statements), separators=(",", ":"))
    return len(re.sub(r"\s", "", re.sub(r"\$\{([^}]+)\}", resolved, text)))


def pack(statements: Iterable[Statement], parameters: Mapping[str, str] | None = None) -> tuple[Policy, ...]:
    """The policies of one role. Their union is the statements; each is within its quota.

    All go inline, one policy for each set of template parameters that must have a value, because an inline policy is
    there from the moment that its role is. What passes the total of the inline policies goes into customer managed
    policies. Raises InvalidInput where a role would need more of them than IAM allows.
    """
    inline: list[Policy] = []
    managed: list[Policy] = []
    room = INLINE_TOTAL
    for when in sorted({statement.when for statement in statements}):
        group = [statement for statement in statements if statement.when == when]
        whole = Policy(_name(when), when, tuple(group))
        if (needed := size(group, parameters)) <= room:
            inline.append(whole)
            room -= needed
        else:
            managed.extend(_bins(whole, parameters))
    if len(managed) > MANAGED_POLICIES:
        raise InvalidInput(
            f"one role would need {len(managed)} managed policies besides its inline policies",
            why=f"IAM allows {MANAGED_POLICIES} policies of {MANAGED_POLICY} characters attached to a role.",
            remedy="Give fewer secrets to one task, or keep several values as JSON keys of one secret.",
        )
    return (*inline, *managed)


def _name(when: tuple[str, ...]) -> str:
    return "Permissions" if not when else "With" + "And".join(when)


def _bins(policy: Policy, parameters: Mapping[str, str] | None) -> list[Policy]:
    bins: list[list[Statement]] = []
    for statement in policy.statements:
        for piece in _pieces(statement, parameters):
            if bins and size([*bins[-1], piece], parameters) <= MANAGED_POLICY:
                bins[-1].append(piece)
            else:
                bins.append([piece])
    return [
        replace(policy, name=f"{policy.name}{number}", statements=tuple(pieces), managed=True)
        for number, pieces in enumerate(bins, start=1)
    ]


def _pieces(statement: Statement, parameters: Mapping[str, str] | None) -> list[Statement]:
    if size([statement], parameters) <= MANAGED_POLICY:
        return [statement]
    halves = _halves(statement)
    if halves is None:
        raise InvalidInput(
            f"the statement {statement.sid} alone is larger than a policy may be",
            why=f"IAM takes {MANAGED_POLICY} characters in a managed policy.",
            remedy="Shorten the names in it.",
        )
    numbered = [piece for half in halves for piece in _pieces(half, parameters)]
    return [replace(piece, sid=f"{statement.sid}Part{number}") for number, piece in enumerate(numbered, start=1)]


def _halves(statement: Statement) -> tuple[Statement, Statement] | None:
    """The statement cut in two along its longest list; ``None`` where every list has one element."""
    if len(statement.resources) > 1:
        middle = len(statement.resources) // 2
        return (
            _only(replace(statement, resources=statement.resources[:middle])),
            _only(replace(statement, resources=statement.resources[middle:])),
        )
    for index, condition in enumerate(statement.conditions):
        if len(condition.values) > 1 and condition.operator.startswith(("String", "Arn")):
            middle = len(condition.values) // 2
            parts = (condition.values[:middle], condition.values[middle:])
            first, second = (
                _only(
                    replace(
                        statement,
                        conditions=tuple(
                            replace(condition, values=part) if number == index else other
                            for number, other in enumerate(statement.conditions)
                        ),
                    )
                )
                for part in parts
            )
            return first, second
    return None


def _only(statement: Statement) -> Statement:
    """The statement with the needs that it still answers."""
    granted = statement.permissions()
    return replace(statement, needs=tuple(need for need in statement.needs if need.permission in granted))


def _statement(statement: Statement) -> dict[str, Any]:
    rendered: dict[str, Any] = {
        "Sid": statement.sid,
        "Effect": "Allow",
        "Action": list(statement.actions),
        "Resource": list(statement.resources) if len(statement.resources) > 1 else statement.resources[0],
    }
    if statement.conditions:
        block: dict[str, dict[str, list[str]]] = {}
        for condition in statement.conditions:
            block.setdefault(condition.operator, {})[condition.key] = list(condition.values)
        rendered["Condition"] = block
    return rendered
