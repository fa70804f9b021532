"""Texts and symbols that are equal by spelling, and what distinguishes them."""

from __future__ import annotations

from collections.abc import Hashable

import pytest

from cfnroles.facts import Facts
from cfnroles.meanings import Meanings
from cfnroles.symbols import EachOf, Expression, Parameter
from cfnroles.text import Text

UNKNOWN = Expression("var.key", written="${var.key}", reason="no value given")
ELSEWHERE = Expression("var.key", written="${module.app.key}", reason="no value given")


def each_of(symbol: Expression) -> EachOf:
    return EachOf("each of it", reason="a list", of=symbol, member="valueFrom")


PAIRS: list[tuple[Hashable, Hashable]] = [
    (UNKNOWN, ELSEWHERE),
    (each_of(UNKNOWN), each_of(ELSEWHERE)),
    (Text("a-", UNKNOWN), Text("a-", ELSEWHERE)),
    (("a", Text(UNKNOWN)), ("a", Text(ELSEWHERE))),
    (Facts(kms_key_arns=(Text(UNKNOWN),)), Facts(kms_key_arns=(Text(ELSEWHERE),))),
    (Text(Parameter("Name")), "${Name}"),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_equal_values_with_another_meaning_differ(one: Hashable, other: Hashable) -> None:
    meanings = Meanings()
    assert one == other
    assert meanings.of(one) != meanings.of(other)


def test_values_with_the_same_meaning_are_equal() -> None:
    meanings = Meanings()
    again = Expression("var.key", written="${var.key}", reason="no value given")
    assert meanings.of(("a", Text("b", UNKNOWN))) == meanings.of(("a", Text("b", again)))
    assert meanings.of("a") == "a"
