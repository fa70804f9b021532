"""Long tests are begun first, by each worker some."""

from __future__ import annotations

import pytest

from tests.running_order import in_order


def of_file(test: str) -> str:
    """The file of a long test, which has a capital letter."""
    return test[0] if test.isupper() else ""


@pytest.mark.parametrize(
    ("tests", "workers", "ordered"),
    [
        ("abcd", 1, "abcd"),
        ("abAcB", 1, "ABabc"),
        ("abcdAefBg", 3, "AabBcdefg"),
        ("abAcdAeB", 2, "AAabBcde"),
        ("AAAAab", 2, "AAAAab"),
        ("AaB", 4, "ABa"),
        ("", 2, ""),
    ],
    ids=["no long one", "one worker", "three workers", "of one file", "more than its share", "many workers", "none"],
)
def test_each_worker_begins_with_its_share(tests: str, workers: int, ordered: str) -> None:
    assert "".join(in_order(tests, workers, of_file)) == ordered
