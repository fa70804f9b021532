"""The result of a deployment or deletion."""

from __future__ import annotations

import enum

from msgspec import Struct

from cfnroles.deploy.failures import Failure


class StackOutcome(enum.StrEnum):
    """The outcome for one stack."""

    CREATED = "created"
    UPDATED = "updated"
    CHECKED = "secrets checked again"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    ABSENT = "does not exist"
    FAILED = "failed"
    NOT_REACHED = "not reached"


class StackResult(Struct, frozen=True):
    """The result for one stack.

    ``outputs`` of a deployed one, ``retained`` resources of a deleted one, and the ``failure`` of a failed one.
    ``secrets`` is the number that its gate found usable, ``None`` if a gate ran and its result is unknown.
    """

    stack: str
    outcome: StackOutcome
    outputs: tuple[tuple[str, str], ...] = ()
    failure: Failure | None = None
    seconds: float = 0.0
    secrets: int | None = 0
    retained: tuple[str, ...] = ()


class Result(Struct, frozen=True):
    """The results for all stacks, in deployment order."""

    stacks: tuple[StackResult, ...]

    @property
    def failures(self) -> tuple[Failure, ...]:
        """All failures."""
        return tuple(stack.failure for stack in self.stacks if stack.failure)

    @property
    def deployed(self) -> tuple[str, ...]:
        """The stacks that are deployed now."""
        bad = {StackOutcome.FAILED, StackOutcome.NOT_REACHED}
        return tuple(stack.stack for stack in self.stacks if stack.outcome not in bad)
