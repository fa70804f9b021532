"""Templates as text: what a person would write."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from cfnroles.document import parse
from cfnroles.targets.cloudformation.template_text import Indentation, Shared, to_json, to_yaml, yaml_members

NO_VALUE = {"Ref": "AWS::NoValue"}

SPELLED = {
    "a reference": ({"Ref": "Role"}, "!Ref Role"),
    "a pseudo parameter": ({"Ref": "AWS::Region"}, "!Ref AWS::Region"),
    "an attribute": ({"Fn::GetAtt": ["Role", "Arn"]}, "!GetAtt Role.Arn"),
    "an attribute that is none": ({"Fn::GetAtt": ["Role", 5]}, "!GetAtt [Role, 5]"),
    "a substitution": ({"Fn::Sub": "arn:${AWS::Partition}:iam::x"}, "!Sub arn:${AWS::Partition}:iam::x"),
    "a substitution that ends in a colon": ({"Fn::Sub": "${Secret}:key::"}, "!Sub '${Secret}:key::'"),
    "a short list": ({"Fn::Equals": [{"Ref": "A"}, ""]}, "!Equals [!Ref A, '']"),
    "nested short lists": (
        {"Fn::Not": [{"Fn::Equals": [{"Fn::Select": [0, {"Ref": "L"}]}, ""]}]},
        "!Not [!Equals [!Select [0, !Ref L], '']]",
    ),
    "a condition inside another": (
        {"Fn::And": [{"Condition": "A"}, {"Condition": "B"}]},
        "!And [!Condition A, !Condition B]",
    ),
    "two short forms in a row": ({"Fn::ImportValue": {"Fn::Sub": "${P}-Role"}}, "!ImportValue\n  Fn::Sub: ${P}-Role"),
    "a choice with structure": (
        {"Fn::If": ["Has", {"Key": "Value"}, NO_VALUE]},
        "!If\n  - Has\n  - Key: Value\n  - !Ref AWS::NoValue",
    ),
    "a text that YAML would take for something else": ("true", "'true'"),
    "a text of several lines": ("a\nb\n", "|\n  a\n  b"),
    "a wildcard": ("*", "'*'"),
}


@pytest.mark.parametrize(("value", "text"), SPELLED.values(), ids=SPELLED)
def test_values_have_their_short_form(value: Any, text: str) -> None:
    written = to_yaml({"Resources": {}, "Value": value})

    assert written == f"Resources: {{}}\nValue: {text}\n"


@pytest.mark.parametrize("value", [value for value, _ in SPELLED.values()], ids=SPELLED)
def test_what_is_written_reads_back_as_it_was(value: Any) -> None:
    template = {"Resources": {}, "Value": value}

    assert parse(to_yaml(template), "template") == template
    assert json.loads(to_json(template)) == template


PARTS = {
    **{name: value for name, (value, _) in SPELLED.items() if isinstance(value, dict)},
    "no member": {},
    "a member": {"Type": "String"},
    "members": {"Type": "String", "AllowedValues": ["a", {"b": "c"}], "Of": {"d": "e"}},
    "a condition of its own": {"Condition": "A"},
}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_a_part_that_templates_share_is_written_as_any_other(part: dict[str, Any]) -> None:
    def around(part: dict[str, Any]) -> dict[str, Any]:
        return {"A": part, "B": {"C": part, "D": [part, [part]]}, "E": {"Fn::And": [part, {"F": [part], "G": part}]}}

    for shared in (Shared(part),) * 2:
        for style in (Indentation(), Indentation("   ", lists=False)):
            assert yaml_members(around(shared), "", style=style) == yaml_members(around(part), "", style=style)


def test_a_condition_of_a_resource_is_no_intrinsic() -> None:
    template = {"Resources": {"Role": {"Condition": "HasRole"}}}

    assert to_yaml(template) == "Resources:\n  Role:\n    Condition: HasRole\n"


def test_sections_and_attributes_are_in_the_order_that_people_write_them() -> None:
    resource = {"Properties": {}, "DependsOn": "B", "Type": "T"}
    template = {"Outputs": {}, "Resources": {"A": resource}, "Parameters": {}, "AWSTemplateFormatVersion": "2010-09-09"}

    assert list(json.loads(to_json(template))) == ["AWSTemplateFormatVersion", "Parameters", "Resources", "Outputs"]
    assert list(json.loads(to_json(template))["Resources"]["A"]) == ["Type", "DependsOn", "Properties"]


def test_the_header_is_a_comment() -> None:
    assert to_yaml({"Resources": {}}, ("one", "two")).startswith("# one\n# two\nResources")


def test_no_line_of_the_header_becomes_a_part_of_the_template() -> None:
    written = to_yaml({"Resources": {}}, ("Written from a\nOutputs: {}\x85\u2028\x1b[2K\u202e.json",))

    assert written.splitlines()[0] == r"# Written from a\nOutputs: {}\x85\u2028\x1b[2K\u202e.json"
    assert parse(written, "template") == {"Resources": {}}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_written_shows_everything_and_reads_back_as_it_was(text: str) -> None:
    template = {"Resources": {}, text: [text, {"Fn::Sub": text}]}

    for written in (to_yaml(template), to_json(template)):
        assert written.replace("\n", "").isprintable()
        assert parse(written, "template") == template


TEXTS = st.text(max_size=30) | st.text(alphabet="ab: #-'\"\n,[]{}!&*?|>%@`$^.01eE+~=<\t", max_size=12)


@given(TEXTS)
@example("yes").via("a truth value of YAML 1.1")
@example("1e3").via("a number")
@example("2026-11-22").via("a date")
@example("0o17").via("an octal number")
@example("<<").via("a merge key")
@example(" a\nb\n").via("a block that begins with a space")
@example("a\n\n").via("a block that ends in two line breaks")
@example("\u2028\x85").via("line breaks of Unicode")
def test_every_text_is_read_as_itself_by_every_reader(text: str) -> None:
    template = {"Resources": {}, "Block": text, "List": [text, {"Fn::Equals": [text, ""]}], "Map": {text: 1}}

    written = to_yaml(template)

    assert parse(written, "template") == template
    plain = yaml.load(re.sub(r"!Equals\b", "", written), Loader=yaml.SafeLoader)
    assert plain == {**template, "List": [text, [text, ""]]}


@pytest.mark.parametrize("text", ["a:b", "a#b", "yes sir", "./a", "/a b", "${A}::b", "^a$", "_a", "nullable", ".info"])
def test_a_text_that_every_reader_understands_has_no_quotes(text: str) -> None:
    assert to_yaml({"Resources": {}, "Value": text}).endswith(f"\nValue: {text}\n")


@pytest.mark.parametrize("text", ["a: b", "a #b", "a:", "a ", "Y", "OFF", "Null", ".5", ".5a", ".Inf", ".NaN", "1", ""])
def test_a_text_that_a_reader_might_misunderstand_has_quotes(text: str) -> None:
    assert to_yaml({"Resources": {}, "Value": text}).endswith(f"\nValue: '{text}'\n")
