"""Loops of AWS::LanguageExtensions, written out."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.loops import unrolled
from cfnroles.template.template import Template, read_template

HEAD = "Transform: [AWS::LanguageExtensions]\nParameters: {List: {Type: CommaDelimitedList}}\n"


def read(text: str, parameters: dict[str, str] | None = None, head: str = HEAD) -> Template:
    return unrolled(read_template(head + text, "t.yaml"), Given(parameters or {}))


LOOPS: dict[str, tuple[str, Any]] = {
    "a list": ("[N, [a, b], {'T${N}': {Type: X}}]", {"Ta": {"Type": "X"}, "Tb": {"Type": "X"}}),
    "a parameter": ("[N, !Ref List, {'T${N}': {Type: X}}]", {"Tc": {"Type": "X"}}),
    "letters and digits alone": ("[N, [a.b], {'T&{N}': {Type: '${N}'}}]", {"Tab": {"Type": "a.b"}}),
    "a Ref": ("[N, [a], {'T${N}': {P: !Ref N, Q: !Ref M}}]", {"Ta": {"P": "a", "Q": {"Ref": "M"}}}),
    "an attribute": ("[N, [a], {'T${N}': !GetAtt 'R${N}.Arn'}]", {"Ta": {"Fn::GetAtt": ["Ra", "Arn"]}}),
    "a loop in a loop": (
        "[N, [a, b], {'Fn::ForEach::M': [O, [c, d], {'T${N}${O}': {}}]}]",
        {"Tac": {}, "Tad": {}, "Tbc": {}, "Tbd": {}},
    ),
    "nothing": ("[N, [], {'T${N}': {}}]", {}),
}


@pytest.mark.parametrize(("loop", "made"), LOOPS.values(), ids=LOOPS)
def test_what_a_loop_makes(loop: str, made: Any) -> None:
    text = f"Resources: {{'Fn::ForEach::L': {loop}}}"
    assert read(text, {"List": "c"}).tree["Resources"] == made


def test_properties_have_loops_too() -> None:
    text = "Resources: {T: {Type: A, Properties: {'Fn::ForEach::L': [N, [A, B], {'${N}': 1}], C: 1}}}"
    assert read(text).tree["Resources"]["T"]["Properties"] == {"A": 1, "B": 1, "C": 1}


@pytest.mark.parametrize(
    "loop",
    ["[N, !Ref List, {'T${N}': {}}]", "[N, [!Ref Other], {'T${N}': {}}]", "[N, [a], text]", "[N, a]", "text"],
)
def test_what_cannot_be_written_out_stands_as_it_is(loop: str) -> None:
    assert list(read(f"Resources: {{'Fn::ForEach::L': {loop}}}").tree["Resources"]) == ["Fn::ForEach::L"]


def test_without_the_transform_it_is_no_loop() -> None:
    text = "Resources: {'Fn::ForEach::L': [N, [a], {'T${N}': {}}]}"
    assert read(text, head="").tree["Resources"].keys() == {"Fn::ForEach::L"}


def test_conditions_and_outputs_have_loops_too() -> None:
    loop = "{'Fn::ForEach::L': [N, [a], {'C${N}': !Equals [!Ref N, a]}]}"
    template = read(
        f"Conditions: {loop}\nOutputs: {{'Fn::ForEach::O': [N, [a], {{'O${{N}}': {{Value: 1}}}}]}}\nResources: {{}}"
    )
    assert template.conditions == ("Ca",)
    assert template.tree["Outputs"] == {"Oa": {"Value": 1}}
    assert template.resolve(NOTHING_GIVEN).conditions == {"Ca": True}


def test_what_was_made_stands_where_the_loop_has_it() -> None:
    text = """\
Resources:
  Fn::ForEach::L:
    - N
    - [a, b]
    - T${N}:
        Type: AWS::SQS::Queue
        Properties:
          QueueName: !Ref N
"""
    template = read(text)
    queue = template.resolve().resources["Tb"]
    assert template.line(("Resources", "Tb")) == 7
    assert template.line(queue.source("QueueName")) == 10
    assert template.written(("Resources", "Tb")) == ("Resources", "Fn::ForEach::L", 2, "T${N}")


def test_what_a_condition_chose_in_a_loop_stands_where_the_loop_has_it() -> None:
    text = """\
Conditions: {Yes: !Equals [a, a]}
Resources:
  Fn::ForEach::L:
    - N
    - [a, b]
    - T${N}:
        Type: AWS::SQS::Queue
        Properties:
          Tags:
            - !If
              - Yes
              - Key: !Ref N
              - !Ref AWS::NoValue
"""
    template = read(text)
    place = template.resolve().resources["Tb"].source("Tags", 0, "Key")
    assert template.line(place) == 14
    assert place[:4] == ("Resources", "Fn::ForEach::L", 2, "T${N}")


def test_what_a_template_may_hold_is_written_out() -> None:
    numbers, variables = list(range(160)), "".join(f"A{number}: b, " for number in range(200))
    made = read(f"Resources: {{'Fn::ForEach::L': [N, {list(map(str, numbers))}, {{'T${{N}}': {{{variables}}}}}]}}")
    assert list(made.tree["Resources"]) == [f"T{number}" for number in numbers]


def test_loops_in_loops_end() -> None:
    loop = f"{{'{'T' * 200}${{A}}${{B}}${{C}}${{D}}${{E}}': {{}}}}"
    for name in "ABCDE":
        loop = f"{{'Fn::ForEach::{name}': [{name}, [{', '.join('abcdefghijklmnop')}], {loop}]}}"
    assert list(read(f"Resources: {loop}").tree["Resources"]) == ["Fn::ForEach::E"]
