"""Policy documents as Terraform expressions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from cfnroles.need import Condition, Need
from cfnroles.policies import Policy
from cfnroles.role_kinds import AssumedBy
from cfnroles.statements import Statement
from cfnroles.targets.terraform.conditions import opposite
from cfnroles.targets.terraform.values import Values
from cfnroles.targets.terraform.writing import (
    Argument,
    Comment,
    Entry,
    Expression,
    Items,
    Members,
    OnlyIf,
    WrittenCall,
    quoted,
)
from cfnroles.text import ACCOUNT, ANYTHING

_VERSION = Argument("Version", quoted("2012-10-17"))


#: IAM accepts no policy without a statement, and everyone may make this call whatever a policy says. A policy with
#: `count = length(statements) > 0 ? 1 : 0` would need no such statement, but Terraform refuses a count that is unknown
#: in the plan, as with a repository or a secret that the same run creates.
#: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
_NOTHING = Members(
    (
        Comment("IAM requires a statement. This one has no effect, and is here if no other is."),
        Argument("Sid", quoted("NoEffect")),
        Argument("Effect", quoted("Deny")),
        Argument("Action", Items((quoted("sts:GetCallerIdentity"),))),
        Argument("Resource", Items((quoted("*"),))),
    ),
    apart=True,
)


def policy_document(policies: Sequence[Policy], values: Values, any_of: str = "") -> Expression:
    """Return one document with the statements of policies, each list of them under its conditions.

    If it may have no statements, ``any_of`` is the condition that there is one.
    """
    lists = [_statements(each, values) for each in policies]
    if any_of:
        lists.append(OnlyIf(opposite(any_of), Items((_NOTHING,))))
    statements = lists[0] if len(lists) == 1 else WrittenCall("concat", tuple(lists))
    return WrittenCall("jsonencode", (Members((_VERSION, Argument("Statement", statements)), apart=True),))


def trust_policy(by: AssumedBy, values: Values) -> Expression:
    """Return who may assume a role: only for this account's and Region's resources, as far as AWS documents it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    statement: list[Entry] = [
        Argument("Effect", quoted("Allow")),
        Argument("Principal", Members((Argument("Service", quoted(by.service)),))),
        Argument("Action", quoted("sts:AssumeRole")),
    ]
    if by.source_arn:
        conditions = [Condition("StringEquals", "aws:SourceAccount", (ACCOUNT,))]
        if not by.source_arn_switch:
            conditions.append(Condition("ArnLike", "aws:SourceArn", (values.at_home(by.source_arn),)))
        statement.append(Argument("Condition", _conditions(conditions, values)))
    statements = Items((Members(tuple(statement), apart=True),))
    return WrittenCall("jsonencode", (Members((_VERSION, Argument("Statement", statements)), apart=True),))


def _statements(policy: Policy, values: Values) -> Expression:
    items = Items(tuple(_statement(each, values) for each in policy.statements))
    return OnlyIf(both(policy.when), items) if policy.when else items


def both(when: Sequence[str]) -> str:
    """Return the condition that holds if all of these do; empty for none."""
    return when[0] if len(when) == 1 else " && ".join(f"({each})" for each in when)


def _statement(statement: Statement, values: Values) -> Members:
    members: list[Entry] = [
        *(Comment(each) for each in (*reasons(statement.needs), *_unscoped(statement))),
        Argument("Sid", quoted(statement.sid)),
        Argument("Effect", quoted("Allow")),
        Argument("Action", Items(tuple(map(quoted, statement.actions)))),
        Argument("Resource", values.several(statement.resources)),
    ]
    if statement.conditions:
        members.append(Argument("Condition", _conditions(statement.conditions, values)))
    return Members(tuple(members), apart=True)


def _unscoped(statement: Statement) -> Iterator[str]:
    """Yield why a statement is for all resources.

    A user's own statement gets no reason, because AWS may have resource types for its actions.
    """
    if statement.resources == (ANYTHING,) and not any(need.reason.feature == "statement" for need in statement.needs):
        yield f"AWS defines no resource type for {', '.join(statement.actions)}."


def reasons(needs: Sequence[Need]) -> list[str]:
    """Return the fields that a statement exists for, with each list of a container in one line."""
    places = {(need.origin.container, _field(need), need.origin.item): None for need in needs}
    lines: list[str] = []
    for (container, field), group in groupby(sorted(places), key=lambda place: place[:2]):
        items = [_plain(item.partition(" ")[2] or item) for _, _, item in group if item]
        told = f"{field} {', '.join(items)}" if items else field
        lines.append(f"{told} (container {container})" if container else told)
    return lines


def _plain(item: str) -> str:
    """Return the name of an item, without the markers around the name of a list."""
    return item[2:-1] if item.startswith("${each of ") else item


def _field(need: Need) -> str:
    """Return the member of a task definition that a need comes from, without its parents."""
    names = [step for step in need.origin.path if isinstance(step, str)]
    lists = [name for name in names if name in ("secrets", "secretOptions", "environmentFiles", "volumes")]
    if lists:
        return lists[-1]
    return names[-3] if names[-2:-1] == ["options"] and len(names) > 2 else names[-1] if names else need.reason.feature


def _conditions(conditions: Sequence[Condition], values: Values) -> Members:
    block: dict[str, list[Entry]] = {}
    for condition in conditions:
        found = values.several(condition.values)
        one = found.items[0] if isinstance(found, Items) and len(found.items) == 1 else found
        block.setdefault(condition.operator, []).append(Argument(condition.key, one))
    return Members(tuple(Argument(operator, Members(tuple(keys))) for operator, keys in block.items()))
