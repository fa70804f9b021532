"""Real messages, where the corpus is available: their diagnoses, and what is never offered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cfnroles.messages.understanding import understand
from tests.diagnosed_corpus import category, lacks_statement, seen

CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "diagnose" / "dev.jsonl"


def test_the_halves_are_the_same_whenever_they_are_split() -> None:
    ids = [f"m{number}" for number in range(9)]
    assert seen(ids) == seen(list(reversed(ids)))
    assert len(seen(ids)) == 5


def test_a_missing_statement_is_told_from_a_policy_that_no_statement_cures() -> None:
    truth: Mapping[str, Any] = {"category": "permission", "remedy": "allow it in the role"}
    assert lacks_statement(truth)
    assert not lacks_statement({**truth, "remedy": "allow it in the SCP; a statement in the role does not help"})
    assert not lacks_statement({**truth, "category": "network"})


FILES = [CORPUS] if CORPUS.is_file() else []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_half_that_was_seen_is_told_rightly(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    half = seen([row["id"] for row in rows])
    rows = [row for row in rows if row["id"] in half]
    high = [row for row in rows if row["confidence"] == "high"]
    right = sum(category(understand(row["text"])) == row["truth"]["category"] for row in high)
    assert right >= 0.95 * len(high)
    patched = [row["id"] for row in rows if (one := understand(row["text"])) and one.patchable]
    assert [row["id"] for row in rows if row["id"] in patched and not lacks_statement(row["truth"])] == []
