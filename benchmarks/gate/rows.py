"""The time, the memory and the ratio to the ideal of a few cold invocations, each in a new process."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator

from benchmarks.gate.measurement import LATENCY, measure, serving
from benchmarks.row import Row

RUNS = 3
#: References to secrets and to parameters, and the seconds that they may take.
CASES = ((200, 0, 2.0), (100, 100, 2.0), (0, 200, 2.0), (1000, 0, 50.0), (500, 500, 50.0), (0, 1000, 50.0))
MEGABYTES = 128
RATIO = 2.0


def rows() -> Iterator[Row]:
    """Yield the cases one by one; none on a busy machine, where a clock measures the other work, too."""
    busy, processors = os.getloadavg()[0], os.cpu_count() or 1
    if busy > processors:
        why = f"these rows take a clock, and {busy:.0f} processes shared {processors} processors."
        yield Row("secret validator", "", f"{1000 * LATENCY:.0f} ms a call", "", f"<= {RATIO} x", None, why)
        return
    with serving(LATENCY) as address:
        yield from (_row(address, *case) for case in CASES)


def _row(address: str, secrets: int, parameters: int, limit: float) -> Row:
    runs = [measure(address, secrets, parameters) for _ in range(RUNS)]
    seconds, ideal = statistics.median(run.seconds for run in runs), runs[0].ideal
    megabytes = max(run.megabytes for run in runs)
    good = seconds <= limit and seconds / ideal <= RATIO and megabytes <= MEGABYTES
    return Row(
        f"secret validator, {secrets} secrets and {parameters} parameters",
        f"{seconds:.2f} s, {megabytes:.0f} MB",
        f"{1000 * LATENCY:.0f} ms a call, {ideal:.2f} s",
        f"{seconds / ideal:.2f} x",
        f"<= {RATIO} x, {limit:.0f} s, {MEGABYTES} MB",
        good,
    )
