"""Why each statement of each role is there."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.need import Gap, Holder, Origin, Reason
from cfnroles.sources.reading import Reading, Task
from cfnroles.statements import Statement, compose


class ExplainedReason(Struct, frozen=True):
    """One reason for a statement, and the fields that give it."""

    reason: Reason
    origins: tuple[Origin, ...]


class ExplainedStatement(Struct, frozen=True):
    """One statement with the reasons behind it."""

    statement: Statement
    reasons: tuple[ExplainedReason, ...]


class Explanation(Struct, frozen=True):
    """The statements of each role that has any, and what the roles lack for want of a name.

    ``service`` is the name of the service in its project; empty for a task definition alone.
    """

    roles: tuple[tuple[Holder, tuple[ExplainedStatement, ...]], ...]
    gaps: tuple[Gap, ...]
    service: str = ""


def explain(reading: Reading) -> tuple[Explanation, ...]:
    """The reasons behind every statement that `build` writes, for each task definition.

    Raises InvalidInput for what was read and ECS would refuse.
    """
    return tuple(_explanation(task, task.name if reading.project else "") for task in reading.accepted())


def _explanation(task: Task, service: str) -> Explanation:
    statements = compose(task.discovery.needs)
    holders = sorted({statement.holder for statement in statements})
    roles = tuple(
        (holder, tuple(_explained(statement) for statement in statements if statement.holder is holder))
        for holder in holders
    )
    return Explanation(roles, task.discovery.gaps, service)


def _explained(statement: Statement) -> ExplainedStatement:
    origins: dict[Reason, set[Origin]] = {}
    for need in statement.needs:
        origins.setdefault(need.reason, set()).add(need.origin)
    return ExplainedStatement(
        statement,
        tuple(
            ExplainedReason(reason, tuple(sorted(origins[reason], key=lambda origin: origin.sort_key)))
            for reason in sorted(origins)
        ),
    )
