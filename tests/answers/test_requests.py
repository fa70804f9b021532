"""The values of unknown symbols in the requests of ECS."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from cfnroles.answers.requests import Said, homes, said_by
from cfnroles.facts import Facts
from cfnroles.need import Holder, Need, Origin, Permission, Reason
from cfnroles.symbols import SUFFIX, Expression, RandomSuffix, Symbol
from cfnroles.text import Text


def values(symbols: Sequence[Symbol]) -> dict[str, str]:
    """The value of each symbol in needs for all of them."""
    reason, origin = Reason("secrets", "", ""), Origin("", ("secrets",))
    needs = [
        Need(Holder.EXECUTION, Permission("ssm:GetParameters", Text("arn:aws:ssm:::", each)), reason, origin, "Read")
        for each in symbols
    ]
    (home,) = homes(Facts(), map(said_by, needs), Said())
    return dict(home.others)


def of_names(*names: str) -> list[Symbol]:
    return [Expression(name, reason="") for name in names]


def test_a_symbol_has_the_same_value_next_to_any_others() -> None:
    assert values(of_names("b.name"))["b.name"] == values(of_names("a", "b.name", "c"))["b.name"]


def test_names_that_differ_only_in_special_characters_have_different_values() -> None:
    found = values(of_names("a.b", "a-b", "a_b", "1-a-b", "0-a-b"))
    assert len(set(found.values())) == 5


def test_the_characters_after_two_secrets_differ() -> None:
    by_number: dict[int, str] = {}
    for name in (f"{SUFFIX}{number}" for number in range(5_000)):
        other = by_number.setdefault(crc32(name.encode()) % 100_000, name)
        if other != name:
            break
    found = values([RandomSuffix(other), RandomSuffix(name)])
    assert len(set(found.values())) == 2
    assert all(len(each) == 6 for each in found.values())
