"""Invocations of the secret validator, measured from outside."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LATENCY = 0.05
ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "PATH": os.defpath,
    "AWS_ACCESS_KEY_ID": "dummy",
    "AWS_SECRET_ACCESS_KEY": "dummy",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one cold invocation took; ideal is references / concurrency * latency."""

    seconds: float
    processor: float
    megabytes: float
    ideal: float


@contextlib.contextmanager
def serving(latency: float) -> Iterator[str]:
    """The address of a simulated AWS in a process of its own, so that it does not slow its client down."""
    command = [sys.executable, "-m", "benchmarks.gate.api", str(latency)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def measure(address: str, secrets: int, parameters: int) -> Measurement:
    """One cold invocation with so many references; raises RuntimeError if it does not succeed."""
    command = [sys.executable, "-m", "benchmarks.gate.invocation", address, str(secrets), str(parameters)]
    environment = {**ENVIRONMENT, "AWS_ENDPOINT_URL": address}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    if run.returncode != 0:
        raise RuntimeError(f"the invocation failed:\n{run.stderr}")
    took = json.loads(run.stdout)
    if not took["passed"]:
        raise RuntimeError("the invocation did not answer SUCCESS")
    ideal = (secrets + parameters) / took["threads_at_once"] * LATENCY
    return Measurement(took["seconds"], took["processor"], took["megabytes"], ideal)
