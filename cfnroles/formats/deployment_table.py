"""The table of a deployment in progress, redrawn on each event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

from cfnroles.aws.stack import Event
from cfnroles.deploy.plan import Note
from cfnroles.layout import aligned
from cfnroles.page import Page, joined, painted

_COLOURS = (("FAILED", "1;31"), ("ROLLBACK", "31"), ("IN_PROGRESS", "33"), ("COMPLETE", "32"))


def deployment_table(told: Sequence[Event | Note], now: datetime) -> Sequence[Page]:
    """Return the stacks with their resources: status, time, and the reason of failures.

    ``told`` are all events so far, oldest first; ``now`` is the end of the elapsed time of operations in progress.
    """
    began: dict[tuple[str, str], datetime] = {}
    stacks: dict[str, dict[str, Event]] = {}
    notes: dict[str, str] = {}
    for one in told:
        resources = stacks.setdefault(one.stack, {})
        if isinstance(one, Note):
            notes[one.stack] = one.text
            continue
        if one.time and one.status.endswith("_IN_PROGRESS"):
            began.setdefault((one.stack, one.resource), one.time)
        resources[one.resource] = one
    every = [each for resources in stacks.values() for each in resources.values()]
    rows = iter(aligned((_row(each, began.get((each.stack, each.resource)), now) for each in every), indent=2))
    lines: list[Page] = []
    for stack, resources in stacks.items():
        lines += [
            joined(painted(stack, "1"), f": {notes[stack]}" if stack in notes else ""),
            *islice(rows, len(resources)),
        ]
    return lines


def _row(one: Event, began: datetime | None, now: datetime) -> Sequence[str]:
    ended = now if one.status.endswith("_IN_PROGRESS") else (one.time or now)
    colour = next((colour for word, colour in _COLOURS if word in one.status), "")
    reason = one.reason.strip().splitlines()[0] if one.failed and one.reason.strip() else ""
    return (one.resource, painted(one.status, colour) if colour else one.status, _elapsed(began, ended), reason)


def _elapsed(start: datetime | None, end: datetime) -> str:
    if start is None:
        return ""
    seconds = max(0.0, (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds())
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
