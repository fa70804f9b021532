"""What a process takes of a processor and of memory: both are the same on a busy machine and on an idle one."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds of the processor, of the user and of the system together, and the largest resident size."""

    seconds: float
    megabytes: float


def usage(command: Sequence[str], directory: Path | None = None, more: Mapping[str, str] | None = None) -> Usage:
    """What one process and those that it starts take; raises RuntimeError with its messages if it fails."""
    # Compiled modules are kept, as they are for everyone who has installed a package.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(
            command, cwd=directory, env={**environment, **(more or {})}, stdout=subprocess.DEVNULL, stderr=messages
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            messages.seek(0)
            raise RuntimeError(f"{command[0]} failed: {messages.read().decode()[-2000:]}")
    return Usage(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def interleaved(ours: Sequence[str], base: Sequence[str], runs: int) -> tuple[float, float, float]:
    """Median seconds of both, and the median of the ratios of neighbours, after one run of each that is not counted."""
    usage(ours), usage(base)
    pairs = [(usage(ours).seconds, usage(base).seconds) for _ in range(runs)]
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    return mine, other, statistics.median(one / two for one, two in pairs)
