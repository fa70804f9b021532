"""Statements grant exactly the needs: no action, resource or condition more, and no order of the needs matters."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfnroles.need import Condition, Holder, Need, Origin, Permission, Reason
from cfnroles.statements import compose, single_valued
from cfnroles.text import ANYTHING, Text

ORIGIN = Origin("task.json", ("containerDefinitions", 0, "image"))
REASON = Reason("test", "it is tested", "https://docs.aws.amazon.com/")

conditions = st.lists(
    st.builds(
        lambda operator, key, value: Condition(operator, key, (value,)),
        st.sampled_from(["StringEquals", "StringLike", "Bool"]),
        st.sampled_from(["aws:A", "kms:B"]),
        st.sampled_from(["1", "2", "3"]),
    ),
    max_size=2,
    unique_by=lambda condition: (condition.operator, condition.key),
).map(lambda found: tuple(sorted(found)))

needs = st.lists(
    st.builds(
        lambda holder, action, resource, found, when, sid: Need(
            holder, Permission(action, resource, found, when), REASON, ORIGIN, sid
        ),
        st.sampled_from([Holder.EXECUTION, Holder.TASK]),
        st.sampled_from(["a:Read", "a:Write", "b:List"]),
        st.sampled_from(["r1", "r2", "r3"]),
        conditions,
        st.sampled_from([(), ("Key",)]),
        st.sampled_from(["One", "Two"]),
    ),
    max_size=25,
)


def granted(found: list[Need]) -> set[tuple[Holder, Permission]]:
    return {(statement.holder, each) for statement in compose(found) for each in statement.permissions()}


@given(needs)
@settings(max_examples=200, deadline=None)
def test_statements_grant_exactly_the_needs(found: list[Need]) -> None:
    assert granted(found) == {(each.holder, each.permission) for each in found}


@given(needs, st.randoms())
@settings(max_examples=100, deadline=None)
def test_the_order_of_the_needs_plays_no_part(found: list[Need], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert compose(shuffled) == compose(found)


@given(needs)
@settings(max_examples=100, deadline=None)
def test_each_statement_has_a_sid_of_its_own(found: list[Need]) -> None:
    sids = [(statement.holder, statement.sid) for statement in compose(found)]
    assert len(set(sids)) == len(sids)


@given(needs)
@settings(max_examples=100, deadline=None)
def test_each_need_stands_in_the_statement_that_grants_it(found: list[Need]) -> None:
    for statement in compose(found):
        assert {each.permission for each in statement.needs} == statement.permissions()
    assert {each for statement in compose(found) for each in statement.needs} == set(found)


def test_values_of_alternatives_are_multiplied_out_and_others_are_kept_together() -> None:
    both = (Condition("StringEquals", "a", ("1", "2")), Condition("StringNotEquals", "b", ("3", "4")))
    assert single_valued(both) == (
        (Condition("StringEquals", "a", ("1",)), both[1]),
        (Condition("StringEquals", "a", ("2",)), both[1]),
    )


def wanted(resource: Text, *, action: str = "a:Read", sid: str = "One", when: tuple[str, ...] = ()) -> Need:
    return Need(Holder.EXECUTION, Permission(action, resource, (), when), REASON, ORIGIN, sid)


GROUP = Text("group:", ANYTHING)


@pytest.mark.parametrize(
    ("narrow", "left_out"),
    [
        pytest.param(wanted(Text("group:stream")), True, id="a part of it"),
        pytest.param(wanted(Text("group:a/", ANYTHING)), True, id="an open part of it"),
        pytest.param(wanted(Text("group:stream"), sid="Two"), True, id="of another feature"),
        pytest.param(wanted(Text("group")), False, id="beside it"),
        pytest.param(wanted(Text("group:stream"), action="a:Write"), False, id="another action"),
        pytest.param(wanted(Text("group:stream"), when=("Key",)), False, id="depends on a parameter"),
    ],
)
def test_what_lies_within_another_permission_is_left_to_that_one(narrow: Need, left_out: bool) -> None:
    statements = compose([narrow, wanted(GROUP)])
    assert any(narrow.permission in each.permissions() for each in statements) is not left_out
    assert {need for each in statements for need in each.needs} == {narrow, wanted(GROUP)}


def test_the_widest_of_several_is_kept() -> None:
    nested = [Text("group:a/b"), Text("group:a/", ANYTHING), GROUP]
    (statement,) = compose([wanted(resource) for resource in nested])
    assert statement.resources == (GROUP,)
    assert len(statement.needs) == 3
