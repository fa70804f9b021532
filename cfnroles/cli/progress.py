"""Progress on standard error: one live table on a terminal, one plain line per event elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cfnroles.cli.terminal import console, is_live, say

if TYPE_CHECKING:
    from rich.table import Table

    from cfnroles.aws.stack import Event
    from cfnroles.deploy.plan import Note, Tell


class Progress:
    """Takes what the deployer tells; inside ``live()`` it is one table where standard error is a terminal."""

    def __init__(self) -> None:
        self._told: list[Event | Note] = []
        self._live = False

    @property
    def tell(self) -> Tell:
        """The function to hand to the deployer."""
        return self._tell

    def _tell(self, told: Event | Note) -> None:
        from cfnroles.formats.deployment import event_line

        self._told.append(told)
        if not self._live:
            say(event_line(told), err=True)

    @contextlib.contextmanager
    def live(self) -> Iterator[None]:
        """Show a live table until the block ends, if there is a terminal to show it on."""
        if not is_live():
            yield
            return
        from rich.live import Live

        standard_error = console()
        self._told.clear()
        self._live = True
        try:
            with Live(
                get_renderable=lambda: self._table(*standard_error.size),
                console=standard_error,
                refresh_per_second=4,
            ):
                yield
        finally:
            self._live = False

    def _table(self, width: int, height: int) -> Table:
        from cfnroles.formats.deployment_table import deployment_table

        return deployment_table(tuple(self._told), datetime.now(UTC), height - 2, width)
