"""Waiting for CloudFormation: many operations at once, in one thread, at a pace that is not throttled.

Work is a generator that yields whenever it has to wait; ``together`` runs any number of them side by side.
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

#: Work that yields while it waits and ends with its result.
Work = Generator[None, None, T]


class Clock(Struct, frozen=True):
    """Time, replaceable by tests."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Pace(Struct):
    """How long to wait between looks: short at first, then longer, with jitter so that many runs spread out.

    botocore's own waiters look every 30 seconds, too seldom for stacks that are done in five; looking every
    second from many pipelines is throttled (``Rate exceeded``). An emulator on this machine is asked often.
    """

    local: bool
    clock: Clock = field(default_factory=Clock)
    deadline: float = float("inf")
    #: The command that looks at the same stacks.
    follow: str = "cfnroles status SOURCE --follow"
    _next: float = 0.0

    def restart(self) -> None:
        """Look often again: something has just been started."""
        self._next = 0.0

    def wait(self, waiting_for: str) -> None:
        """Sleep for one interval.

        Raises ``Unavailable`` when the time allowed is over.
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
    """Run all of ``work`` side by side and return the results in its order.

    Raises what any of it raises; the rest is then abandoned where it stands.
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
    """The id of a stack's newest event: what is newer belongs to what is started next."""
    newest = next(iter(cloudformation.events(stack_id)), None)
    return newest.id if newest else ""


def followed(
    cloudformation: CloudFormation, stack_id: str, token: str, since: str, tell: Tell
) -> Work[tuple[StackDescription | None, tuple[Event, ...]]]:
    """Wait until the operation marked by ``token`` has ended; tell its events as they come.

    ``since`` is the newest event from before the operation. Ends with the stack as it then is and the
    operation's events, oldest first. The stack's status alone is not believed until the operation's own
    last event is there: DescribeStacks may lag behind what was just started.
    """
    seen: dict[str, Event] = {}
    last = since
    patience = _PATIENCE
    while True:
        try:
            stack = cloudformation.stack(stack_id)
            news = _since(cloudformation, stack_id, last) if stack else []
        except Throttled:
            # Whoever only watches can wait: the pace gets slower with every look.
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
    """The events after ``last``, oldest first; older pages are not read."""
    news = itertools.takewhile(lambda event: event.id != last, cloudformation.events(stack_id))
    return list(news)[::-1]


def settled(
    cloudformation: CloudFormation, stack: StackDescription, tell_waiting: Callable[[StackDescription], None]
) -> Work[StackDescription | None]:
    """Wait until nobody's operation is under way on ``stack``; ``None`` when it was deleted meanwhile."""
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
    """Follow whatever operation is under way on a stack, whoever started it; ends with the stack as it then
    is."""
    stack = cloudformation.stack(name)
    if stack is None or not status_of(stack.status).in_progress:
        return stack
    newest = next(iter(cloudformation.events(stack.id)), None)
    stack, _ = yield from followed(cloudformation, stack.id, newest.token if newest else "", "", tell)
    return stack
