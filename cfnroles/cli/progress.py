"""What is under way: lines that change on a terminal and are gone in the end; plain events of stacks elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from cfnroles.cli.live import shown
from cfnroles.cli.terminal import is_live, note

if TYPE_CHECKING:
    from cfnroles.aws.stack import Event
    from cfnroles.deploy.plan import Note, Tell

_Each = TypeVar("_Each")

#: What is done sooner shows nothing.
_AFTER = 1.0


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
            note(event_line(told))

    @contextlib.contextmanager
    def live(self) -> Iterator[None]:
        """Show a table that changes until the block ends, if there is a terminal to show it on."""
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


class Work:
    """Something that takes its time: what it is, how much of it is done, and what it is at."""

    def __init__(self, doing: str, total: int = 0) -> None:
        self.doing = doing
        self.total = total
        self.done = 0
        self.at = ""
        self._began = time.monotonic()

    def lines(self) -> Sequence[str]:
        """One line: ``Linting: 3 of 20, 4 s: roles.yaml``."""
        number = f"{self.done} of {self.total}, " if self.total else ""
        at = f": {self.at}" if self.at else ""
        return (f"{self.doing}: {number}{time.monotonic() - self._began:.0f} s{at}",)


@contextlib.contextmanager
def working(doing: str, total: int = 0) -> Iterator[Work]:
    """Show on a terminal that something is under way, once it takes more than a second, until the block ends."""
    work = Work(doing, total)
    with shown(work.lines, after=_AFTER):
        yield work


def each_of(doing: str, things: Iterable[_Each]) -> Iterator[_Each]:
    """The things one by one, shown as they are worked on."""
    several = [*things]
    with working(doing, len(several)) as work:
        for work.done, thing in enumerate(several, 1):
            work.at = str(thing)
            yield thing
