"""A number agrees with its noun, whatever the number is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cfnroles
from cfnroles.counted import by_number, counted, secrets_or_parameters
from cfnroles.formats.taken import defaults_words, values_words


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


def test_no_message_leaves_the_plural_to_its_reader() -> None:
    # What ECS itself writes, such as `has been retried 1 time(s)`, stays as it is.
    sources = [each for each in Path(cfnroles.__file__).parent.rglob("*.py") if "messages" not in each.parts]
    assert len(sources) > 300
    assert [str(each) for each in sources if re.search(r"\w\(s\)", each.read_text(encoding="utf-8"))] == []


def test_one_default_and_one_value_are_told_as_one() -> None:
    assert [by_number(number, "is", "are") for number in (0, 1, 2)] == ["are", "is", "are"]
    assert defaults_words(()) == ""
    assert defaults_words(("Env",)) == "Default used: Env. Override with --parameter NAME=VALUE."
    assert defaults_words(("A", "B")) == "Defaults used: A, B. Override with --parameter NAME=VALUE."
    one, several = (values_words(names, "build again")[0] for names in (("Image",), ("A", "B")))
    assert one == "The roles are built for the value that this parameter has here: Image."
    assert several == "The roles are built for the values that these parameters have here: A, B."
