"""The worlds of a template, and what must hold for a thing that is there in some of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cfnroles.template.atoms import Atom
from cfnroles.template.given import Given
from cfnroles.template.template import Template, read_template
from cfnroles.template.worlds import Disjunction, Fork, Literal, Worlds, worlds_of

PARAMETERS = """\
Parameters:
  Stage: {Type: String, Default: dev}
  Size: {Type: String, AllowedValues: [small, big]}
  Key: {Type: String, Default: ""}
  Flag: {Type: String, AllowedValues: [true, false]}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !Equals [test, !Ref Stage]
  AlsoProd: !Equals [prod, !Ref Stage]
  NoTest: !Not [!Condition IsTest]
  Small: !Equals [!Ref Size, small]
  Big: !Equals [!Ref Size, big]
  Huge: !Equals [!Ref Size, huge]
  On: !Equals [!Ref Flag, "true"]
  Off: !Equals [!Ref Flag, "false"]
  HasKey: !Not [!Equals [!Ref Key, ""]]
  Away: !Not [!Equals [!Ref AWS::Region, us-east-1]]
  Both: !And [!Condition IsProd, !Condition HasKey]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Condition: HasKey
    Properties: {QueueName: !Sub "${Stage}-${Key}"}
"""


def worlds(*conditions: str, parameters: Mapping[str, str] | None = None, region: str = "") -> Worlds:
    return worlds_of(read_template(PARAMETERS, "t.yaml"), Given(parameters or {}, region=region), conditions)


def told(worlds: Worlds, *names: str) -> list[str]:
    """What holds in each world."""
    return sorted(" ".join(name for name in names if worlds.holds(name, world)) for world in worlds.all)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        pytest.param(["IsProd"], ["", "IsProd"], id="a default decides nothing"),
        pytest.param(
            ["IsProd", "IsTest"], ["", "IsProd", "IsTest"], id="constants of one parameter exclude each other"
        ),
        pytest.param(["IsProd", "AlsoProd"], ["", "IsProd AlsoProd"], id="one expression is one atom"),
        pytest.param(["IsTest", "NoTest"], ["IsTest", "NoTest"], id="a condition and its opposite"),
        pytest.param(["Small", "Big"], ["Big", "Small"], id="one of the allowed values"),
        pytest.param(["Small", "Big", "Huge"], ["Big", "Small"], id="none that is not allowed"),
        pytest.param(["On", "Off"], ["Off", "On"], id="allowed values without quotes"),
        pytest.param(["Small", "HasKey"], ["", "HasKey", "Small", "Small HasKey"], id="independent conditions"),
        pytest.param(["Both"], ["", "", "", "Both"], id="a condition of others"),
        pytest.param([], [""], id="none"),
        pytest.param(["Nowhere"], ["", "Nowhere"], id="one that the template lacks"),
    ],
)
def test_the_worlds_that_conditions_span(conditions: list[str], expected: list[str]) -> None:
    assert told(worlds(*conditions), *conditions) == expected


def test_what_is_given_is_decided() -> None:
    assert told(worlds("IsProd", parameters={"Stage": "prod"}), "IsProd") == ["IsProd"]
    assert told(worlds("Away", region="us-east-1"), "Away") == [""]


def test_a_parameter_has_the_value_that_its_world_is_about() -> None:
    whole = worlds("IsProd", "HasKey")
    stacks = [whole.stack(world) for world in whole.all]
    names = [stack.resources["Queue"].properties["QueueName"] for stack in stacks if "Queue" in stack.resources]
    assert sorted(names) == ["dev-${Key}", "prod-${Key}"]


def test_a_condition_that_is_left_aside_stays_undecided() -> None:
    some = worlds("IsProd")
    assert [some.stack(world).resources["Queue"].undecided for world in some.all] == ["HasKey", "HasKey"]


def test_a_condition_that_asks_what_a_fork_is_about_is_decided_with_it() -> None:
    asked = {"Fn::Not": [{"Fn::Equals": [{"Fn::Select": [0, {"Fn::Split": ["x", {"Ref": "Stage"}]}]}, ""]}]}
    template = read_template(PARAMETERS, "t.yaml")
    conditions = {**template.tree["Conditions"], "Asks": {"Fn::And": [{"Condition": "HasKey"}, asked]}}
    fork = Fork((Atom("it is so"),), (asked,), none=True)
    whole = worlds_of(
        replace(template, tree={**template.tree, "Conditions": conditions}), conditions=["Asks"], forks=[fork]
    )
    assert len(whole.all) == 4
    for world in whole.all:
        assert whole.holds("Asks", world) is (whole.holds("HasKey", world) and fork.atoms[0] in world)


def test_whether_a_list_is_empty_is_a_value_of_its_parameter() -> None:
    text = PARAMETERS.replace("Parameters:\n", "Parameters:\n  Keys: {Type: CommaDelimitedList, Default: ''}\n")
    text = text.replace("Conditions:\n", "Conditions:\n  NoKeys: !Equals [!Select [0, !Ref Keys], '']\n")
    whole = worlds_of(
        read_template(text.replace("QueueName: ", "Tags: !Ref Keys, X: "), "t.yaml"), conditions=["NoKeys", "HasKey"]
    )
    found = {
        whole.holds("NoKeys", world): whole.stack(world).resources["Queue"].properties["Tags"]
        for world in whole.all
        if whole.holds("HasKey", world)
    }
    assert found == {True: [""], False: "${Keys}"}


IS_PROD, IS_TEST, HAS_KEY, BOTH = (Literal(name) for name in ("IsProd", "IsTest", "HasKey", "Both"))


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param([[IS_PROD]], ((IS_PROD,),), id="a name rather than its expression"),
        pytest.param([[IS_PROD], [IS_TEST]], ((IS_PROD,), (IS_TEST,)), id="two alternatives"),
        pytest.param([[Literal("HasKey", holds=False)]], ((Literal("HasKey", holds=False),),), id="the opposite"),
        pytest.param([[IS_PROD, HAS_KEY]], ((BOTH,),), id="one name rather than two"),
        pytest.param([[IS_TEST, HAS_KEY]], ((IS_TEST, HAS_KEY),), id="two at once"),
        pytest.param([[]], ((),), id="always"),
        pytest.param([], (), id="never"),
    ],
)
def test_the_shortest_way_to_say_in_which_worlds(chosen: list[list[Literal]], expected: Disjunction) -> None:
    whole = worlds("IsProd", "IsTest", "HasKey", "Both")
    assert whole.when(world for each in chosen for world in whole.among(each)) == expected


def test_an_expression_without_a_name_is_shown_as_written() -> None:
    template = read_template("Conditions: {C: !Or [!Equals [!Ref A, x], !Equals [!Ref B, '']]}\nResources: {}", "t")
    whole = worlds_of(template)
    (a, b) = whole.atoms
    assert [str(literal) for (literal,) in whole.when(whole.among([Literal(a.expression)]))] == ["${A} is x"]
    assert b.expression == "${B} is empty"


ATOMS = [{"Fn::Equals": [{"Ref": name}, value]} for name in ("P", "Q") for value in ("a", "b", "c")]
ATOMS += [{"Fn::Equals": [{"Fn::FindInMap": ["M", {"Ref": name}, "k"]}, "yes"]} for name in ("P", "R")]
ATOMS += [
    {"Fn::Equals": ["yes", {"Fn::FindInMap": ["M", "a", {"Fn::Sub": "${S}"}, {"DefaultValue": "yes"}]}]},
    {"Fn::Equals": [{"Fn::FindInMap": ["M", {"Ref": "P"}, "k", {"DefaultValue": "yes"}]}, "yes"]},
    {"Fn::Equals": [{"Fn::FindInMap": ["M", {"Ref": "T"}, "k", {"DefaultValue": {"Ref": "P"}}]}, "yes"]},
    {"Fn::Equals": [{"Fn::FindInMap": ["Other", {"Ref": "T"}, "k"]}, "yes"]},
]
MAPPINGS = {"M": {"a": {"k": "yes", "l": "no"}, "b": {"k": "no"}, "c": {"l": "yes"}}}


def formulas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        inner.map(lambda each: {"Fn::Not": [each]}),
        several.map(lambda each: {"Fn::And": each}),
        several.map(lambda each: {"Fn::Or": each}),
    )


CONDITIONS = st.dictionaries(
    st.sampled_from(["One", "Two", "Three", "Four"]),
    st.recursive(st.sampled_from([*ATOMS, {"Condition": "One"}]), formulas, max_leaves=4),
    min_size=1,
).filter(lambda conditions: '{"Condition": "One"}' not in json.dumps(conditions.get("One")))


def template_of(conditions: Mapping[str, Any]) -> Template:
    parameters = {name: {"Type": "String"} for name in "PQRST"}
    tree = {"Parameters": parameters, "Mappings": MAPPINGS, "Conditions": conditions, "Resources": {}}
    return Template("t", "", tree)


@settings(max_examples=200, deadline=None)
@given(CONDITIONS, st.data())
def test_a_disjunction_holds_in_exactly_its_worlds(conditions: Mapping[str, Any], data: st.DataObject) -> None:
    whole = worlds_of(template_of(conditions))
    chosen = data.draw(st.sets(st.sampled_from(whole.all)))
    disjunction = whole.when(chosen)
    assert frozenset().union(*map(whole.among, disjunction)) == chosen


@settings(max_examples=200, deadline=None)
@given(CONDITIONS, st.fixed_dictionaries({name: st.sampled_from(["a", "b", "c", "k", "l"]) for name in "PQRS"}))
def test_whatever_the_parameters_are_it_is_one_of_the_worlds(
    conditions: Mapping[str, Any], parameters: Mapping[str, str]
) -> None:
    template = template_of(conditions)
    decided = template.resolve(Given(parameters)).conditions
    whole = worlds_of(template)
    assert any(
        all(decided[name] in (None, whole.holds(name, world)) for name in template.conditions) for world in whole.all
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param("[M, !Ref Stage, On]", {"prod": True, "test": False, "dev": False}, id="without a default"),
        pytest.param(
            '[M, !Ref Stage, On, DefaultValue: "yes"]', {"prod": True, "test": False, "x": True}, id="with one"
        ),
        pytest.param("[M, prod, !Ref Stage]", {"On": True, "Other": False}, id="the second key"),
    ],
)
def test_what_a_map_holds_is_decided_by_its_keys(asked: str, expected: Mapping[str, bool]) -> None:
    maps = "Mappings: {M: {prod: {On: 'yes', Other: 'no'}, test: {On: 'no'}, dev: {}}}\n"
    conditions = f"Conditions:\n  Asks: !Equals [!FindInMap {asked}, 'yes']\n"
    conditions += "".join(f"  {name.title()}: !Equals [!Ref Stage, {name}]\n" for name in expected)
    text = "Parameters: {Stage: {Type: String}}\n" + maps + conditions + "Resources: {}\n"
    whole = worlds_of(read_template(text, "t.yaml"))
    for name, holds in expected.items():
        assert {whole.holds("Asks", world) for world in whole.all if whole.holds(name.title(), world)} == {holds}


def test_too_many_keys_are_looked_at_by_what_they_hold() -> None:
    keys = [f"key{number}" for number in range(20)]
    template = Template(
        "t",
        "",
        {
            "Parameters": {name: {"Type": "String"} for name in ("P", "Q")},
            "Mappings": {"M": {key: {"k": "yes"} for key in keys}},
            "Conditions": {
                name: {"Fn::Equals": [{"Fn::FindInMap": ["M", {"Ref": name}, "k"]}, "yes"]} for name in ("P", "Q")
            },
            "Resources": {},
        },
    )
    whole = worlds_of(template)
    assert (whole.exact, len(whole.all)) == (True, 4)


def test_too_many_conditions_are_looked_at_one_by_one() -> None:
    names = [f"P{number}" for number in range(12)]
    template = Template(
        "t",
        "",
        {
            "Parameters": {name: {"Type": "String", "Default": "x" if name == "P3" else "y"} for name in names},
            "Conditions": {f"Is{name}": {"Fn::Equals": [{"Ref": name}, "x"]} for name in names},
            "Resources": {},
        },
    )
    whole = worlds_of(template)
    assert not whole.exact
    assert sorted(told(whole, "IsP3", "IsP5", "IsP7")) == sorted(["IsP3"] * 10 + [""] + ["IsP3 IsP5", "IsP3 IsP7"])
    assert whole.when(whole.among([Literal("IsP5")])) == ((Literal("IsP5"),),)


IN_PARTS = """\
Parameters:
  Name: {Type: String, Default: shop-web}
  Other: {Type: String, Default: b}
Conditions:
  IsShop: !Equals [!Select [0, !Split ["-", !Ref Name]], shop]
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Name, Tags: [{Key: a, Value: !Ref Other}]}}
"""


def test_a_default_does_not_decide_a_world_whose_condition_on_part_of_it_differs() -> None:
    found = worlds_of(read_template(IN_PARTS, "t.yaml"))

    made = {found.holds("IsShop", world): found.stack(world).resources["Queue"].properties for world in found.all}

    assert {holds: str(properties["QueueName"]) for holds, properties in made.items()} == {
        True: "shop-web",
        False: "${Name}",
    }
    assert [properties["Tags"][0]["Value"] for properties in made.values()] == ["b", "b"]


def test_what_worlds_may_be_told_apart_by_counts_where_a_condition_asks_for_it() -> None:
    template = read_template(IN_PARTS, "t.yaml")
    asked, another = (
        {"Fn::Equals": [{"Fn::Select": [0, {"Fn::Split": ["-", {"Ref": "Name"}]}]}, value]} for value in ("shop", "x")
    )
    forks = [Fork((Atom(name),), (expression,), none=True) for name, expression in (("a", asked), ("b", another))]

    found = worlds_of(template, possible=forks)

    assert [fork.atoms[0].expression for fork in found.forks] == ["a"]
    assert [atom.expression for atom in found.atoms] == ["a"]


RULED = """\
Parameters: {Stage: {Type: String}, Size: {Type: String, Default: big}, Free: {Type: String, Default: big}}
Conditions: {IsProd: !Equals [!Ref Stage, prod], Big: !Equals [!Ref Size, big]}
Rules:
  Some:
    RuleCondition: !Equals [!Ref Stage, prod]
    Assertions: [{Assert: ASSERTED}]
Resources: {}
"""


@pytest.mark.parametrize(
    ("asserted", "left"),
    [
        pytest.param("!Equals [!Ref Size, small]", 3, id="another value"),
        pytest.param("!Equals [!Ref Size, big]", 4, id="a value that may be the other"),
        pytest.param("!Not [!Equals [!Ref Size, big]]", 3, id="not this value"),
        pytest.param("{Fn::Contains: [[small, tiny], !Ref Size]}", 3, id="one of several"),
        pytest.param("{Fn::Contains: [[small, big], !Ref Size]}", 4, id="among them"),
        pytest.param("!Or [!Equals [!Ref Size, small], !Equals [!Ref Free, x]]", 4, id="a default decides nothing"),
        pytest.param("!And [!Equals [!Ref Size, small], !Equals [!Ref Free, x]]", 3, id="one of both is refused"),
        pytest.param("{Fn::EachMemberIn: [[a], [b]]}", 4, id="what is not looked at"),
    ],
)
def test_no_world_is_left_that_a_rule_refuses(asserted: str, left: int) -> None:
    found = worlds_of(read_template(RULED.replace("ASSERTED", asserted), "t.yaml"))
    assert len(found.all) == left
    assert (sum(found.holds("IsProd", each) is True and found.holds("Big", each) is True for each in found.all)) == (
        left - 3
    )


def test_values_that_a_rule_refuses_are_looked_at_where_they_are_given() -> None:
    text = RULED.replace("ASSERTED", "!Equals [!Ref Size, small]")
    given = Given(parameters={"Stage": "prod", "Size": "big"})
    assert len(worlds_of(read_template(text, "t.yaml"), given).all) == 1


def test_a_map_that_holds_a_value_for_no_key_decides_a_condition() -> None:
    text = """\
Parameters: {P: {Type: String}, Q: {Type: String}}
Mappings: {M: {a: {k: "no"}, b: {k: "no"}}}
Conditions:
  Never: !Equals [!FindInMap [M, !Ref P, k], "yes"]
  IsIt: !Equals [!Ref Q, x]
  Or: !Or [!Condition Never, !Condition IsIt]
Resources: {Queue: {Type: AWS::SQS::Queue, Condition: Or}}
"""
    found = worlds_of(read_template(text, "t.yaml"), Given(), conditions=("Or",))
    there = [world for world in found.all if found.holds("Or", world)]
    assert [[str(each) for each in literals] for literals in found.when(there)] == [["IsIt holds"]]


@pytest.mark.parametrize("number", [3, 12])
def test_a_set_is_gone_through_in_each_form_of_what_it_depends_on(number: int) -> None:
    atoms = {f"C{each}": {"Fn::Equals": [{"Ref": f"P{each}"}, "x"]} for each in range(number)}
    parameters = {f"P{each}": {"Type": "String", "Default": "x" if each == 2 else "y"} for each in range(number)}
    whole = worlds_of(Template("t", "", {"Parameters": parameters, "Conditions": atoms, "Resources": {}}))
    either = whole.among([Literal("C0")]) | whole.among([Literal("C1")])
    found = list(whole.some_of(either))
    assert {tuple(whole.holds(f"C{each}", world) for each in (0, 1)) for world in found} == {
        (True, True),
        (True, False),
        (False, True),
    }
    assert all(whole.holds("C2", world) for world in found) is (not whole.exact)
    assert len(found) == (6 if whole.exact else 3)
