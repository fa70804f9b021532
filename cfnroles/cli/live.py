"""What changes in place at the end of a terminal, as long as something is under way; no trace of it elsewhere."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence

from cfnroles.cli.terminal import Region, is_live, live_region

#: Seconds between two looks at what there is to show.
_PACE = 0.2


@contextlib.contextmanager
def shown(lines: Callable[[], Sequence[str]], *, after: float = 0.0, kept: bool = False) -> Iterator[None]:
    """Redraw ``lines`` until the block ends, on a terminal, from ``after`` seconds on.

    At the end they are gone, or those of the end stay there if they are to be ``kept``.
    """
    if not is_live():
        yield
        return
    ended = threading.Event()

    def keep_up(region: Region) -> None:
        waited = ended.wait(after)
        while not waited:
            region.show(lines())
            waited = ended.wait(_PACE)

    with live_region() as region:
        drawing = threading.Thread(target=keep_up, args=(region,), daemon=True)
        drawing.start()
        try:
            yield
        finally:
            ended.set()
            drawing.join()
            if kept:
                region.leave(lines())
