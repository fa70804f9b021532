"""From statements to policies within IAM's quotas."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.errors import InvalidInput
from cfnroles.statements import ALTERNATIVES, Statement
from cfnroles.text import Text

# IAM counts characters without white space. Inline policies of a role share one total.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
INLINE_TOTAL = 10_240
MANAGED_POLICY = 6_144
#: Managed policies of a role: without a request, and with one.
MANAGED_POLICIES = 20
MOST_MANAGED_POLICIES = 25

#: The longest that AWS has: `aws-us-gov`, `ap-southeast-1` with room for longer names to come, twelve digits.
_PSEUDO_PARAMETERS = {"AWS::Partition": "a" * 10, "AWS::Region": "r" * 16, "AWS::AccountId": "0" * 12}
_UNKNOWN_PARAMETER = "p" * 90

_SYMBOL, _SPACE = re.compile(r"\$\{([^}]+)\}"), re.compile(r"\s+")
_compact = json.JSONEncoder(separators=(",", ":")).encode


class Policy(Struct, frozen=True):
    """One policy document. ``when`` names the template parameters without which the policy must not exist."""

    name: str
    when: tuple[str, ...]
    statements: tuple[Statement, ...]
    managed: bool = False


def document(statements: Iterable[Statement]) -> dict[str, Any]:
    """The policy document as IAM takes it, with CloudFormation values in the spelling of ``Fn::Sub``."""
    return {"Version": "2012-10-17", "Statement": [_statement(statement) for statement in statements]}


#: Characters of a policy around its statements, each of which brings its comma.
_AROUND = len(_compact(document(()))) - 1


def size(statements: Iterable[Statement], parameters: Mapping[str, str] | None = None) -> int:
    """Characters that IAM will count, with pseudo parameters at their longest and ``parameters`` at their values."""
    return _AROUND + (sum(_size(statement, parameters) for statement in statements) or 1)


def _size(statement: Statement, parameters: Mapping[str, str] | None) -> int:
    """What a statement adds to the size of its policy, with the comma."""
    values = {**_PSEUDO_PARAMETERS, **(parameters or {})}
    text = _SYMBOL.sub(lambda symbol: values.get(symbol[1]) or _UNKNOWN_PARAMETER, _compact(_statement(statement)))
    return len(_SPACE.sub("", text)) + 1


def pack(
    statements: Iterable[Statement],
    parameters: Mapping[str, str] | None = None,
    reserved: int = 0,
    remedy: str = "Use fewer secrets in one task, or store several values as JSON keys of one secret.",
) -> tuple[Policy, ...]:
    """The policies of one role. Their union is the statements; each is within its quota.

    As much as their total allows goes into inline policies, one for each set of template parameters that must have a
    value, because an inline policy is there from the moment that its role is. The rest goes into customer managed
    policies; statements are cut where a policy is full. ``reserved`` characters of the inline policies are kept free.
    Raises InvalidInput with the ``remedy`` where a role would need more policies than IAM allows.
    """
    statements = tuple(statements)
    inline: list[Policy] = []
    managed: list[Policy] = []
    room = INLINE_TOTAL - reserved
    for when in sorted({statement.when for statement in statements}):
        group = [statement for statement in statements if statement.when == when]
        placed, rest = _fill(group, room, parameters)
        if placed:
            inline.append(Policy(_name(when), when, placed))
            room -= size(placed, parameters)
        managed += _managed(when, rest, parameters)
    if len(managed) > MANAGED_POLICIES:
        raise InvalidInput(
            f"one role would need {len(managed)} managed policies{' besides its inline policies' if inline else ''}",
            why=f"IAM allows {MANAGED_POLICIES} attached policies of {MANAGED_POLICY} characters each.",
            remedy=remedy,
        )
    return tuple(_numbered([*inline, *managed]))


def _managed(
    when: tuple[str, ...], rest: Sequence[Statement], parameters: Mapping[str, str] | None
) -> Iterator[Policy]:
    number = 0
    while rest:
        number += 1
        placed, rest = _fill(rest, MANAGED_POLICY, parameters)
        if not placed:
            raise InvalidInput(
                f"the statement {rest[0].sid} exceeds the size of a policy",
                why=f"IAM allows {MANAGED_POLICY} characters in a managed policy.",
                remedy="Shorten its names.",
            )
        yield Policy(f"{_name(when)}{number}", when, placed, managed=True)


def _name(when: tuple[str, ...]) -> str:
    return "Permissions" if not when else "With" + "And".join(when)


def _fill(
    statements: Sequence[Statement], room: int, parameters: Mapping[str, str] | None
) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """The statements that fit into ``room``, the last of them cut where it must be, and those that do not."""
    placed: list[Statement] = []
    room -= _AROUND
    for index, statement in enumerate(statements):
        if (needed := _size(statement, parameters)) <= room:
            placed.append(statement)
            room -= needed
            continue
        head, tail = _cut(statement, room, parameters)
        return (*placed, *head), (*tail, *statements[index + 1 :])
    return tuple(placed), ()


def _cut(
    statement: Statement, room: int, parameters: Mapping[str, str] | None
) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """The longest beginning of the statement that fits, and the rest; nothing and all of it where none does."""
    pieces = _along_longest_list(statement)
    least, most = 0, len(pieces.values)
    while least < most:
        middle = (least + most + 1) // 2
        if _size(pieces.part(0, middle), parameters) <= room:
            least = middle
        else:
            most = middle - 1
    if least == 0:
        return (), (statement,)
    return (pieces.part(0, least),), (pieces.part(least, len(pieces.values)),)


class _List(Struct, frozen=True):
    """One of a statement's lists of alternatives. A part of it makes a statement that grants a part."""

    statement: Statement
    values: tuple[Text, ...]
    condition: int | None = None

    def part(self, start: int, stop: int) -> Statement:
        values = self.values[start:stop]
        if self.condition is None:
            return _only(replace(self.statement, resources=values))
        conditions = list(self.statement.conditions)
        conditions[self.condition] = replace(conditions[self.condition], values=values)
        return _only(replace(self.statement, conditions=tuple(conditions)))


def _along_longest_list(statement: Statement) -> _List:
    lists = [_List(statement, statement.resources)]
    lists += [
        _List(statement, condition.values, index)
        for index, condition in enumerate(statement.conditions)
        if condition.operator in ALTERNATIVES
    ]
    return max(lists, key=lambda one: sum(map(len, one.values)))


def _numbered(policies: Sequence[Policy]) -> Iterator[Policy]:
    """The policies with a number after the Sid of each piece of a statement that was cut."""
    totals = Counter(statement.sid for policy in policies for statement in policy.statements)
    seen: Counter[str] = Counter()
    for policy in policies:
        statements = []
        for statement in policy.statements:
            seen[statement.sid] += 1
            cut = totals[statement.sid] > 1
            statements.append(replace(statement, sid=f"{statement.sid}Part{seen[statement.sid]}") if cut else statement)
        yield replace(policy, statements=tuple(statements))


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
