"""Progress: lines that update on a terminal and disappear at the end; elsewhere, plain events of stacks."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cfnroles.cli.live import shown
from cfnroles.cli.terminal import at, is_at, is_live, note

if TYPE_CHECKING:
    from cfnroles.aws.stack import Event
    from cfnroles.deploy.plan import Note, Tell

#: Seconds before progress is shown.
_AFTER = 1.0


class Progress:
    """Receives events from the deployer. In ``live()``, they are a table if standard error is a terminal."""

    def __init__(self) -> None:
        self._told: list[Event | Note] = []
        self._live = False

    @property
    def tell(self) -> Tell:
        """The callback for the deployer."""
        return self._tell

    def _tell(self, told: Event | Note) -> None:
        from cfnroles.formats.deployment import event_line

        self._told.append(told)
        if not self._live:
            note(event_line(told))

    @contextlib.contextmanager
    def live(self) -> Iterator[None]:
        """Show a table that updates until the block ends, if there is a terminal."""
        self._told.clear()
        self._live = is_live()
        try:
            with shown(self._table, kept=True):
                yield
        finally:
            self._live = False

    def _table(self) -> Sequence[str]:
        from cfnroles.formats.deployment_table import deployment_table

        return deployment_table(tuple(self._told), datetime.now(UTC))


@contextlib.contextmanager
def working(doing: str) -> Iterator[None]:
    """Show on a terminal what is in progress, after one second, until the block ends."""
    began = time.monotonic()

    def lines() -> Sequence[str]:
        what, done, total = is_at()
        number = f"{done} of {total}, " if total else ""
        return (f"{doing}: {number}{time.monotonic() - began:.0f} s{f': {what}' if what else ''}",)

    at("")
    with shown(lines, after=_AFTER):
        yield
