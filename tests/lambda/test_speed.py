"""How fast and how small it is, each time in a new process, with fifty milliseconds of latency to AWS.

The limits here are those that are promised and not those that are reached, on a machine that does nothing else:
``python -m benchmarks`` prints these, with the ratio to the ideal.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.gate.measurement import LATENCY, measure, serving
from tests.clock import slowdown


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(LATENCY) as served:
        yield served


@pytest.mark.parametrize(
    ("secrets", "parameters", "seconds"),
    [
        pytest.param(200, 0, 2, id="200-secrets"),
        pytest.param(100, 100, 2, id="100-secrets-and-100-parameters"),
        pytest.param(500, 500, 50, id="1000-references"),
    ],
)
def test_it_is_done_in_time_and_in_memory(address: str, secrets: int, parameters: int, seconds: float) -> None:
    for _ in range(3):  # the machine may become busy with something else
        limit = seconds * slowdown()
        run = measure(address, secrets, parameters)
        if run.seconds <= limit:
            break
    assert run.seconds <= limit
    assert run.megabytes < 128
