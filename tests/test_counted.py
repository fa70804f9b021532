"""A number agrees with its noun, whatever the number is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cfnroles.counted import counted, secrets_or_parameters


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (counted(0, "gap"), "0 gaps"),
        (counted(1, "gap"), "1 gap"),
        (counted(2, "gap"), "2 gaps"),
        (counted(1, "secret is", "secrets are"), "1 secret is"),
        (counted(2, "secret is", "secrets are"), "2 secrets are"),
        (secrets_or_parameters(1), "1 secret or parameter"),
        (secrets_or_parameters(2), "2 secrets or parameters"),
    ],
)
def test_a_number_has_its_noun(told: str, expected: str) -> None:
    assert told == expected


def test_no_message_leaves_the_plural_to_its_reader(repository: Path) -> None:
    # What ECS itself writes, such as `has been retried 1 time(s)`, stays as it is.
    sources = [each for each in (repository / "cfnroles").rglob("*.py") if "messages" not in each.parts]
    assert len(sources) > 300
    assert [str(each) for each in sources if re.search(r"\w\(s\)", each.read_text(encoding="utf-8"))] == []
