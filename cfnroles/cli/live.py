"""Output that updates in place at the end of a terminal. Prints nothing elsewhere."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence

from cfnroles.cli.terminal import draw, drawing, drawing_size, is_live, rows
from cfnroles.layout import columns, unpainted

#: Seconds between updates.
_PACE = 0.2


@contextlib.contextmanager
def shown(lines: Callable[[], Sequence[str]], *, after: float = 0.0, kept: bool = False) -> Iterator[None]:
    """Show ``lines`` on a terminal and update them until the block ends, starting after ``after`` seconds.

    At the end they are erased, unless they are ``kept``.
    """
    if not is_live():
        yield
        return
    ended, region = threading.Event(), _Region()

    def keep_up() -> None:
        over = ended.wait(after)
        while not over:
            if is_live():  # --quiet may be read meanwhile
                region.show(lines())
            over = ended.wait(_PACE)

    drawer = threading.Thread(target=keep_up, daemon=True)
    with drawing(region):
        drawer.start()
        try:
            yield
        finally:
            ended.set()
            drawer.join()
            region.erase()
            if kept:
                draw("".join(f"{row}\n" for row in rows(lines())))


class _Region:
    """The last rows of the terminal, redrawn in place. Other output appears above them."""

    def __init__(self) -> None:
        self._rows = 0
        self._held = False
        self._lock = threading.RLock()

    def show(self, texts: Sequence[str]) -> None:
        """Replace the lines. If the terminal has too few rows, show the last ones."""
        size = drawing_size()
        drawn = rows(texts)[-max(size.lines - 1, 1) :]
        with self._lock:
            if not self._held:
                draw(self._erasing() + "".join(f"{row}\n" for row in drawn))
                self._rows = sum(max(1, -(-columns(unpainted(row)) // size.columns)) for row in drawn)

    def hold(self, held: bool) -> None:
        """Pause drawing."""
        with self._lock:
            self.erase()
            self._held = held

    def erase(self) -> None:
        """Erase the lines."""
        with self._lock:
            draw(self._erasing())
            self._rows = 0

    def _erasing(self) -> str:
        # https://en.wikipedia.org/wiki/ANSI_escape_code#CSIsection: move up, and clear everything below.
        return f"\x1b[{self._rows}F\x1b[J" if self._rows else ""
