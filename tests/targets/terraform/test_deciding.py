"""The variables whose values decide what is written."""

from __future__ import annotations

import pytest

from cfnroles.targets.terraform.deciding import MOST, deciding

NAMES = tuple(f"v{number:02}" for number in range(40))
DECIDING = {"none": (), "one": ("v07",), "two of them": ("v07", "v31"), "next to each other": ("v07", "v08")}


@pytest.mark.parametrize("expected", DECIDING.values(), ids=DECIDING)
def test_a_variable_is_named_if_something_else_would_be_written(expected: tuple[str, ...]) -> None:
    assert deciding(NAMES, lambda opened: opened.isdisjoint(expected)) == expected


def test_the_comparisons_are_bounded_and_no_deciding_variable_is_lost() -> None:
    expected, asked = NAMES[::2], list[frozenset[str]]()

    def same(opened: frozenset[str]) -> bool:
        asked.append(opened)
        return opened.isdisjoint(expected)

    assert set(deciding(NAMES, same)).issuperset(expected)
    assert len(asked) == MOST
