"""Packing of statements into policies within IAM's quotas."""

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

# IAM counts characters without white space. Inline policies of a role share one quota.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
INLINE_TOTAL = 10_240
MANAGED_POLICY = 6_144
#: Managed policies of a role: by default, and after a quota increase.
MANAGED_POLICIES = 20
MOST_MANAGED_POLICIES = 25

#: The longest values in AWS: `aws-us-gov`, `ap-southeast-1` with room for longer names, twelve digits.
_PSEUDO_PARAMETERS = {"AWS::Partition": "a" * 10, "AWS::Region": "r" * 16, "AWS::AccountId": "0" * 12}
_UNKNOWN_PARAMETER = "p" * 90

_SYMBOL, _SPACE = re.compile(r"\$\{([^}]+)\}"), re.compile(r"\s+")
_compact = json.JSONEncoder(separators=(",", ":")).encode


class Policy(Struct, frozen=True):
    """One policy document. ``when`` names the template parameters that must have a value for the policy to exist."""

    name: str
    when: tuple[str, ...]
    statements: tuple[Statement, ...]
    managed: bool = False


def document(statements: Iterable[Statement]) -> dict[str, Any]:
    """Return the policy document in IAM's format, with CloudFormation values in the spelling of ``Fn::Sub``."""
    return {"Version": "2012-10-17", "Statement": [_statement(statement) for statement in statements]}


#: Characters of a policy around its statements. Each statement counts with its comma.
_AROUND = len(_compact(document(()))) - 1


def size(statements: Iterable[Statement], parameters: Mapping[str, str] | None = None) -> int:
    """Return the characters that IAM counts, with pseudo parameters at their longest and ``parameters`` at their
    values.
    """
    return _AROUND + (sum(_size(statement, parameters) for statement in statements) or 1)


def _size(statement: Statement, parameters: Mapping[str, str] | None) -> int:
    """Return what a statement adds to the size of its policy, with the comma."""
    values = {**_PSEUDO_PARAMETERS, **(parameters or {})}
    text = _SYMBOL.sub(lambda symbol: values.get(symbol[1]) or _UNKNOWN_PARAMETER, _compact(_statement(statement)))
    return len(_SPACE.sub("", text)) + 1


def pack(
    statements: Iterable[Statement],
    parameters: Mapping[str, str] | None = None,
    reserved: int = 0,
    remedy: str = "Use fewer secrets in one task, or store several values as JSON keys of one secret.",
) -> tuple[Policy, ...]:
    """Return the policies of one role, each within its quota. Their union is exactly the statements.

    Inline policies come first, up to their quota, one for each set of required template parameters, because an inline
    policy exists as soon as its role does. The rest goes into customer managed policies. Statements are cut where a
    policy is full. ``reserved`` characters of the inline quota stay free. Raise InvalidInput with the ``remedy`` if a
    role would need more policies than IAM allows.
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
    """Return the statements that fit into ``room``, the last one cut if necessary, and the rest."""
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
    """Return the longest part of the statement that fits, and the rest. The first is empty if nothing fits."""
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
    """One list of alternatives in a statement. A part of the list makes a statement that grants a part."""

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
    """Number the policies of a statement that was cut, after its Sid."""
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
    """Return the statement with only the needs that it still covers."""
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
