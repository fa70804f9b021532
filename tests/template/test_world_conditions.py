"""Conditions for what is there in some worlds: the template's own, and new ones that hold in exactly these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cfnroles.template.logical_ids import LogicalIds
from cfnroles.template.template import read_template
from cfnroles.template.world_conditions import Conditions
from cfnroles.template.worlds import Literal, Worlds, worlds_of
from tests.template.test_worlds import CONDITIONS, PARAMETERS, template_of

NAMES = ("IsProd", "IsTest", "HasKey", "Small")


def whole(*names: str) -> tuple[Worlds, Conditions]:
    worlds = worlds_of(read_template(PARAMETERS, "t.yaml"), conditions=names)
    return worlds, Conditions(worlds, frozenset(worlds.all), LogicalIds(worlds.template.tree), {})


@pytest.mark.parametrize(
    ("chosen", "expected", "made"),
    [
        pytest.param([[]], None, {}, id="always"),
        pytest.param([[Literal("HasKey")]], Literal("HasKey"), {}, id="the template's own"),
        pytest.param([[Literal("HasKey", holds=False)]], Literal("HasKey", holds=False), {}, id="the opposite"),
        pytest.param([[Literal("IsTest", holds=False)]], Literal("NoTest"), {}, id="a name before an opposite"),
        pytest.param([[Literal("IsProd"), Literal("HasKey")]], Literal("Both"), {}, id="a name of both"),
        pytest.param(
            [[Literal("IsTest"), Literal("HasKey", holds=False)]],
            Literal("IsTestAndNotHasKey"),
            {
                "IsTestAndNotHasKey": {
                    "Fn::And": [{"Condition": "IsTest"}, {"Fn::Not": [{"Condition": "HasKey"}]}],
                }
            },
            id="two at once",
        ),
        pytest.param(
            [[Literal("IsProd")], [Literal("HasKey")]],
            Literal("HasKeyOrIsProd"),
            {"HasKeyOrIsProd": {"Fn::Or": [{"Condition": "HasKey"}, {"Condition": "IsProd"}]}},
            id="two alternatives",
        ),
    ],
)
def test_a_condition_for_some_of_the_worlds(
    chosen: list[list[Literal]], expected: Literal | None, made: Mapping[str, Any]
) -> None:
    worlds, conditions = whole(*NAMES, "Both", "NoTest")
    assert conditions.of(frozenset().union(*map(worlds.among, chosen))) == expected
    assert conditions.made == made


def test_an_expression_without_a_name_gets_one() -> None:
    worlds = worlds_of(
        read_template("Conditions: {C: !Or [!Equals [!Ref A, x], !Equals [!Ref B, '']]}\nResources: {}", "t")
    )
    conditions = Conditions(worlds, frozenset(worlds.all), LogicalIds(worlds.template.tree), {})
    (a, _) = worlds.atoms
    assert conditions.of(worlds.among([Literal(a.expression)])) == Literal("AIsX")
    assert conditions.made == {"AIsX": {"Fn::Equals": [{"Ref": "A"}, "x"]}}


def test_only_worlds_in_which_the_thing_is_there_count() -> None:
    worlds, _ = whole(*NAMES)
    there = worlds.among([Literal("IsProd")])
    conditions = Conditions(worlds, there, LogicalIds(worlds.template.tree), {})
    assert conditions.of(there) is None
    assert conditions.of(worlds.among([Literal("Both")])) == Literal("HasKey")


def test_conditions_on_unread_values_are_not_confused() -> None:
    text = PARAMETERS.replace("  IsProd:", "  Either: !Or [!Condition IsProd, !Condition HasKey]\n  IsProd:")
    worlds = worlds_of(read_template(text, "t.yaml"), conditions=["IsProd"])
    conditions = Conditions(worlds, frozenset(worlds.all), LogicalIds(worlds.template.tree), {})
    where = worlds.among([Literal("IsProd")])
    assert conditions.of(where) == Literal("IsProd")
    assert worlds.when(where) == ((Literal("IsProd"),),)


def test_several_literals_are_one_condition_with_a_name() -> None:
    _, conditions = whole(*NAMES)
    assert conditions.both([]) is None
    assert conditions.both([Literal("IsProd"), Literal("IsProd")]) == Literal("IsProd")
    both = conditions.both([Literal("IsProd"), Literal("HasKey", holds=False)])
    assert both == conditions.both([Literal("HasKey", holds=False), Literal("IsProd")])
    assert conditions.named(Literal("IsProd", holds=False)) == "NotIsProd"
    assert conditions.made["NotIsProd"] == {"Fn::Not": [{"Condition": "IsProd"}]}


@settings(max_examples=100, deadline=None)
@given(CONDITIONS, st.data())
def test_what_is_made_holds_in_exactly_the_worlds(tree: Mapping[str, Any], data: st.DataObject) -> None:
    template = template_of(tree)
    worlds = worlds_of(template)
    # CloudFormation refuses a condition that refers to itself.
    assume(not any(atom.expression.startswith("Condition ") for atom in worlds.atoms))
    there = frozenset(data.draw(st.sets(st.sampled_from(worlds.all), min_size=1)))
    where = frozenset(data.draw(st.sets(st.sampled_from(sorted(there, key=str)), min_size=1)))
    conditions = Conditions(worlds, there, LogicalIds(template.tree), {})
    literal = conditions.of(where)
    merged = replace(template, tree={**template.tree, "Conditions": {**tree, **conditions.made}})
    after = worlds_of(merged)
    held = {world for world in there if literal is None or after.holds(literal.condition, world) is literal.holds}
    assert held == where
