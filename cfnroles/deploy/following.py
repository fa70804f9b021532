"""Waiting for CloudFormation: many operations at once in one thread, at a rate that is not throttled.

Work is a generator that yields whenever it must wait. ``together`` runs any number of them concurrently.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from msgspec import Struct, field

from cfnroles.aws.cloudformation import CloudFormation
from cfnroles.aws.refusals import Throttled
from cfnroles.aws.stack import Event, StackDescription
from cfnroles.deploy.plan import Tell
from cfnroles.deploy.statuses import status_of
from cfnroles.errors import Unavailable

T = TypeVar("T")

#: A generator that yields while it waits and returns its result.
Work = Generator[None, None, T]


class Clock(Struct, frozen=True):
    """The clock, which tests replace."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Pace(Struct):
    """The polling interval: short at first, then longer, with jitter to spread many runs.

    botocore's waiters poll every 30 seconds, too rarely for stacks that take five. Polling every second from many
    pipelines is throttled (``Rate exceeded``). An emulator on this machine is polled often.
    """

    local: bool
    clock: Clock = field(default_factory=Clock)
    deadline: float = float("inf")
    #: The command that follows the same stacks.
    follow: str = "cfnroles status SOURCE --follow"
    _next: float = 0.0

    def restart(self) -> None:
        """Reset the interval, because an operation has just started."""
        self._next = 0.0

    def wait(self, waiting_for: str) -> None:
        """Sleep for one interval.

        Raise ``Unavailable`` if the time is over.
        """
        if self.clock.now() >= self.deadline:
            raise Unavailable(
                f"timed out while {waiting_for}",
                why="CloudFormation continues.",
                remedy=f"Follow it with: {self.follow}, or run the same command again: it resumes.",
            )
        first, longest, factor = (0.05, 0.4, 1.5) if self.local else (2.0, 10.0, 1.3)
        self._next = min(longest, self._next * factor) if self._next else first
        jitter = 1.0 if self.local else random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, hides nothing
        self.clock.sleep(min(self._next * jitter, max(0.0, self.deadline - self.clock.now())))


def together(work: Sequence[Work[T]], pace: Pace, waiting_for: str) -> list[T]:
    """Run all of ``work`` concurrently and return the results in order.

    An exception of any of it propagates, and the rest is abandoned.
    """
    results: dict[int, T] = {}
    pending = dict(enumerate(work))
    while pending:
        for index, one in list(pending.items()):
            try:
                next(one)
            except StopIteration as end:
                results[index] = end.value
                del pending[index]
        if pending:
            pace.wait(waiting_for)
    return [results[index] for index in range(len(work))]


def latest_event(cloudformation: CloudFormation, stack_id: str) -> str:
    """Return the ID of a stack's newest event. Later events belong to the operation that starts next."""
    newest = next(iter(cloudformation.events(stack_id)), None)
    return newest.id if newest else ""


def followed(
    cloudformation: CloudFormation, stack_id: str, token: str, since: str, tell: Tell
) -> Work[tuple[StackDescription | None, tuple[Event, ...]]]:
    """Wait until the operation marked by ``token`` has ended, and report its events.

    ``since`` is the newest event before the operation. Return the stack and the operation's events, oldest first. The
    stack's status counts only after the operation's own last event, because DescribeStacks may lag behind.
    """
    seen: dict[str, Event] = {}
    last = since
    patience = _PATIENCE
    while True:
        try:
            stack = cloudformation.stack(stack_id)
            news = _since(cloudformation, stack_id, last) if stack else []
        except Throttled:
            # Watching can wait: the interval grows with every call.
            yield
            continue
        if stack is None:
            return None, tuple(seen.values())
        last = news[-1].id if news else last
        for event in news:
            if event.token == token:
                seen[event.id] = event
                tell(event)
        if not status_of(stack.status).in_progress:
            if any(_ends(event) for event in seen.values()) or not patience:
                return stack, tuple(seen.values())
            patience -= 1
        yield


_PATIENCE = 15


def _ends(event: Event) -> bool:
    return event.of_stack and not event.status.endswith("_IN_PROGRESS")


def _since(cloudformation: CloudFormation, stack_id: str, last: str) -> list[Event]:
    """Return the events after ``last``, oldest first, without reading older pages."""
    news = itertools.takewhile(lambda event: event.id != last, cloudformation.events(stack_id))
    return list(news)[::-1]


def settled(
    cloudformation: CloudFormation, stack: StackDescription, tell_waiting: Callable[[StackDescription], None]
) -> Work[StackDescription | None]:
    """Wait until no operation is in progress on ``stack``; return ``None`` if it was deleted meanwhile."""
    current: StackDescription | None = stack
    told = ""
    while current and status_of(current.status).in_progress:
        if current.status != told:
            tell_waiting(current)
            told = current.status
        yield
        current = cloudformation.stack(stack.id)
    return None if current is None or current.status == "DELETE_COMPLETE" else current


def watched(cloudformation: CloudFormation, name: str, tell: Tell) -> Work[StackDescription | None]:
    """Follow the operation in progress on a stack, by any caller, and return the stack."""
    stack = cloudformation.stack(name)
    if stack is None or not status_of(stack.status).in_progress:
        return stack
    newest = next(iter(cloudformation.events(stack.id)), None)
    stack, _ = yield from followed(cloudformation, stack.id, newest.token if newest else "", "", tell)
    return stack
