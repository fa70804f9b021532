"""Print the time, the memory and the ratio to the ideal of a few invocations; exit 1 if one misses its goal."""

from __future__ import annotations

import statistics
import sys

from benchmarks.gate.measurement import LATENCY, measure, serving

RUNS = 3
#: References to secrets and to parameters, and the seconds that they may take.
CASES = ((200, 0, 2.0), (100, 100, 2.0), (0, 200, 2.0), (1000, 0, 50.0), (500, 500, 50.0), (0, 1000, 50.0))
MEGABYTES = 128
RATIO = 2.0


def main() -> int:
    """Run the cases one after the other."""
    print(f"latency {LATENCY * 1000:.0f} ms; median of {RUNS} cold invocations, each in a new process")
    print("secrets  parameters  seconds  ideal  ratio  processor  memory")
    missed = False
    with serving(LATENCY) as address:
        for secrets, parameters, limit in CASES:
            runs = [measure(address, secrets, parameters) for _ in range(RUNS)]
            seconds = statistics.median(run.seconds for run in runs)
            processor = statistics.median(run.processor for run in runs)
            megabytes = max(run.megabytes for run in runs)
            ideal = runs[0].ideal
            good = seconds <= limit and seconds / ideal <= RATIO and megabytes <= MEGABYTES
            missed |= not good
            print(
                f"{secrets:7}  {parameters:10}  {seconds:5.2f} s  {ideal:3.2f} s  {seconds / ideal:5.2f}"
                f"  {processor:7.2f} s  {megabytes:3.0f} MB{'' if good else '  MISSED'}"
            )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
