"""A clock for what waits, where time goes by at once; and how much slower than by itself this machine is."""

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


def slowdown() -> float:
    """How many times as long as by itself something takes now; 1.0 on a machine that has nothing else to do.

    A limit in seconds is multiplied by it: who keeps the machine busy then breaks no promise about time, and a quiet
    machine keeps to the limit itself.
    """
    began, used = time.perf_counter(), time.thread_time()
    while time.thread_time() - used < 0.05:
        pass
    return max(1.0, (time.perf_counter() - began) / (time.thread_time() - used))
