"""The conditions of a statement that its replacement must keep, so that it never allows more than the statement does.

    found = narrowed(excess, role)      # a statement for one VPC endpoint is replaced with statements for that endpoint

A condition that those of the needs imply, such as a wider list of services for `kms:ViaService`, is left out. An ARN of
the needs counts in the partition that the condition names, as their resources do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from cfnroles.answers.excess import Excess
from cfnroles.answers.statement_grants import conditions_of
from cfnroles.iam.implication import implies
from cfnroles.iam.roles import Role
from cfnroles.need import Condition
from cfnroles.statements import Statement
from cfnroles.symbols import Symbol
from cfnroles.text import PARTITION, Part, Text, arn_of, text_of


def narrowed(excess: Excess, role: Role) -> Excess:
    """Return the excess with the statement's own conditions in its replacement."""
    own = tuple(_own(excess, role))
    kept = tuple(each for each in own if any(not _implied(one, each) for one in excess.tight))
    return replace(excess, tight=tuple(under(one, kept) for one in excess.tight), narrowing=kept) if kept else excess


def under(statement: Statement, conditions: Iterable[Condition]) -> Statement:
    """Return the statement with more conditions, except those that it implies.

    A policy has one list of values for an operator and a key: then that of ``conditions`` replaces its own.
    """
    added = [each for each in conditions if not _implied(statement, each)]
    places = {_place(each) for each in added}
    kept = (each for each in statement.conditions if _place(each) not in places)
    return replace(statement, conditions=tuple(sorted((*kept, *added)))) if added else statement


def _implied(statement: Statement, wanted: Condition) -> bool:
    arns = (arn_of(value) for value in wanted.values)
    partitions = {arn.partition for arn in arns if arn is not None and not arn.partition.unknown}
    partition = partitions.pop() if len(partitions) == 1 else PARTITION
    return implies((_in_partition(each, partition) for each in statement.conditions), (wanted,))


def _in_partition(condition: Condition, partition: Text) -> Condition:
    def resolved(symbol: Symbol) -> Part:
        return partition if symbol == PARTITION.whole else symbol

    return replace(condition, values=tuple(text_of(value).replaced(resolved) for value in condition.values))


def _place(condition: Condition) -> tuple[str, str]:
    return condition.operator.lower(), condition.key.lower()


def _own(excess: Excess, role: Role) -> Iterator[Condition]:
    policy = next(each for each in role.policies if each.name == excess.statement.policy)
    given = policy.document.get("Statement")
    statement = given[excess.statement.index] if isinstance(given, list) else given
    if isinstance(statement, Mapping):
        yield from conditions_of(statement.get("Condition"))
