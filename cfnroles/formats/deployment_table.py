"""The live table of a deployment on a terminal; loads rich, so only where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from cfnroles.aws.stack import Event
from cfnroles.deploy.plan import Note
from cfnroles.page import clipped, visible

_STYLES = (("FAILED", "bold red"), ("ROLLBACK", "red"), ("IN_PROGRESS", "yellow"), ("COMPLETE", "green"))


def deployment_table(told: Sequence[Event | Note], now: datetime, height: int = 40, width: int = 80) -> Table:
    """One row for each resource that has been told of, as it is now; the newest ``height`` where there are
    more.

    ``told`` is everything that happened so far, oldest first; ``now`` is what the elapsed time of what is
    still under way is measured against. Names that would leave no room in ``width`` are clipped.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("stack", no_wrap=True)
    table.add_column("resource", no_wrap=True, overflow="ellipsis")
    table.add_column("status", no_wrap=True)
    table.add_column("elapsed", justify="right", no_wrap=True)
    table.add_column("reason", overflow="fold", ratio=1)
    began: dict[tuple[str, str], datetime] = {}
    rows: dict[tuple[str, str], Event | Note] = {}
    for one in told:
        key = (one.stack, one.resource if isinstance(one, Event) else "")
        if isinstance(one, Event) and one.time and one.status.endswith("_IN_PROGRESS"):
            began.setdefault(key, one.time)
        rows[key] = one
    for (stack, resource), last in list(rows.items())[-height:]:
        if isinstance(last, Note):
            table.add_row(_cell(stack, width), "", "", "", _cell(last.text))
            continue
        ended = now if last.status.endswith("_IN_PROGRESS") else (last.time or now)
        table.add_row(
            _cell(stack, width),
            _cell(resource, width),
            _cell(last.status, style=next((style for word, style in _STYLES if word in last.status), "")),
            _elapsed(began.get((stack, resource)), ended),
            _cell(last.reason.strip().splitlines()[0] if last.failed and last.reason.strip() else ""),
        )
    return table


def _cell(text: str, width: int = 0, style: str = "") -> Text:
    # As a str, rich would take `[red]` and `:smile:` for more than a text.
    return Text(clipped(text, width * 2 // 5) if width else visible(text), style)


def _elapsed(start: datetime | None, end: datetime) -> str:
    if start is None:
        return ""
    seconds = max(0.0, (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds())
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
