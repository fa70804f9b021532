"""How a deployment or a deletion ended, as values."""

from __future__ import annotations

import enum

from msgspec import Struct

from cfnroles.deploy.failures import Failure


class StackOutcome(enum.StrEnum):
    """How it ended for one stack."""

    CREATED = "created"
    UPDATED = "updated"
    CHECKED = "secrets checked again"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    ABSENT = "does not exist"
    FAILED = "failed"
    NOT_REACHED = "not reached"


class StackResult(Struct, frozen=True):
    """How it ended for one stack.

    ``outputs`` of a deployed one, ``retained`` resources of a deleted one, and the ``failure`` of a failed
    one. ``secrets`` is how many its gate found usable, ``None`` where a gate was asked and its answer is not known.
    """

    stack: str
    outcome: StackOutcome
    outputs: tuple[tuple[str, str], ...] = ()
    failure: Failure | None = None
    seconds: float = 0.0
    secrets: int | None = 0
    retained: tuple[str, ...] = ()


class Result(Struct, frozen=True):
    """How it ended for all stacks, in deployment order."""

    stacks: tuple[StackResult, ...]

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Every cause."""
        return tuple(stack.failure for stack in self.stacks if stack.failure)

    @property
    def deployed(self) -> tuple[str, ...]:
        """The stacks that are deployed now."""
        bad = {StackOutcome.FAILED, StackOutcome.NOT_REACHED}
        return tuple(stack.stack for stack in self.stacks if stack.outcome not in bad)
