"""A clock for what waits: time goes by at once."""

from __future__ import annotations

import threading
import time


class WoundClock:
    """This machine's time, and all that was slept on top of it: sleeping winds the clock forward, and returns.

    Two threads that sleep at once wind it by the sum, so that time is never shorter than it would be.
    """

    def __init__(self) -> None:
        self.slept = 0.0
        self.lock = threading.Lock()

    def monotonic(self) -> float:
        return time.monotonic() + self.slept

    def time(self) -> float:
        return time.time() + self.slept

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.slept += seconds
