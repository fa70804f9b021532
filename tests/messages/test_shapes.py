"""The diagnosis of the messages of each service, stage and client, and of which a statement is reported missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfnroles.messages.collecting import collected
from cfnroles.table.message import PolicyKind

ROWS = [
    line.split(" | ", 3)
    for line in (Path(__file__).parent / "shapes.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(
    ("category", "action", "patch", "text"), ROWS, ids=[f"{row[0]}: {row[3][:60]}" for row in ROWS]
)
def test_a_message_says_what_failed(category: str, action: str, patch: str, text: str) -> None:
    first = next((each.understood for each in collected(text.replace("\\n", "\n")).heard), None)
    assert (first.category if first else "none") == category
    assert ((first and first.action) or "-") == action
    assert bool(first and first.patchable) == (patch == "patch")


def test_a_statement_is_missing_only_where_iam_says_so() -> None:
    patched = [text for _, _, patch, text in ROWS if patch == "patch"]
    assert len(patched) > 20
    for text in patched:
        assert "because no identity-based policy allows" in text
        assert {denial.kind for each in collected(text).heard for denial in each.understood.denials} == {
            PolicyKind.IDENTITY
        }
