"""Reading templates, and evaluating them as far as parameters decide."""

from __future__ import annotations

import pytest

from cfnroles.deploy.template import Evaluation, parse
from cfnroles.errors import InvalidInput

PARAMETERS = {
    "Name": {"Type": "String", "Default": "shop"},
    "List": {"Type": "CommaDelimitedList", "Default": "a, b"},
    "Empty": {"Type": "String", "Default": ""},
    "Required": {"Type": "String"},
}
CONDITIONS = {
    "Yes": {"Fn::Equals": [{"Ref": "Name"}, "shop"]},
    "No": {"Fn::Not": [{"Condition": "Yes"}]},
    "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]},
    "Either": {"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]},
    "Unknown": {"Fn::Strange": []},
}


def evaluation(**given):
    return Evaluation({"Parameters": PARAMETERS, "Conditions": CONDITIONS, "Resources": {}}, given)


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ("text", "text"),
        ({"Ref": "Name"}, "shop"),
        ({"Ref": "List"}, ["a", "b"]),
        ({"Ref": "AWS::Region"}, "${AWS::Region}"),
        ({"Ref": "Bucket"}, "${Bucket}"),
        ({"Ref": "Required"}, "${Required}"),
        ({"Fn::Sub": "${Name}/${AWS::Region}/${Role.Arn}/${!Literal}"}, "shop/${AWS::Region}/${Role.Arn}/${!Literal}"),
        ({"Fn::Sub": ["${x}-${Name}", {"x": {"Ref": "Name"}}]}, "shop-shop"),
        ({"Fn::GetAtt": ["Role", "Arn"]}, "${Role.Arn}"),
        ({"Fn::GetAtt": "Role.Arn"}, "${Role.Arn}"),
        ({"Fn::Join": ["-", [{"Ref": "Name"}, "x"]]}, "shop-x"),
        ({"Fn::Join": ["+", {"Ref": "List"}]}, "a+b"),
        ({"Fn::Split": ["/", "a/b"]}, ["a", "b"]),
        ({"Fn::Select": [1, {"Ref": "List"}]}, "b"),
        ({"Fn::Select": ["0", {"Ref": "List"}]}, "a"),
        ({"Fn::Select": [9, {"Ref": "List"}]}, "${Fn::Select}"),
        ({"Fn::ImportValue": {"Fn::Sub": "${Name}-Arn"}}, "${Fn::ImportValue shop-Arn}"),
        ({"Fn::If": ["Yes", "y", "n"]}, "y"),
        ({"Fn::If": ["No", "y", "n"]}, "n"),
        ({"Fn::If": ["Both", "y", "n"]}, "n"),
        ({"Fn::If": ["Either", "y", "n"]}, "y"),
        ({"Fn::If": ["Unknown", "y", "n"]}, "y"),
        (["a", {"Ref": "AWS::NoValue"}], ["a"]),
        ({"a": 1, "b": {"Ref": "AWS::NoValue"}}, {"a": 1}),
    ],
    ids=str,
)
def test_evaluation(node, value):
    assert evaluation().of(node) == value


def test_given_values_win_over_defaults():
    assert evaluation(Name="other").of({"Fn::If": ["Yes", {"Ref": "Name"}, "n"]}) == "n"


def test_resources_whose_condition_does_not_hold_are_not_there():
    tree = {
        "Parameters": PARAMETERS,
        "Conditions": CONDITIONS,
        "Resources": {"Here": {"Type": "A", "Condition": "Yes"}, "Gone": {"Type": "A", "Condition": "No"}},
    }

    assert list(Evaluation(tree, {}).resources()) == ["Here"]


YAML = """
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      A: !Ref Name
      B: !Sub ${Name}
      C: !GetAtt Role.Arn
      D: !If [Holds, !Ref A, !Ref B]
      E: !Not [!Condition Holds]
      F: !Transform {Name: x}
      Version: 2012-10-17
"""


def test_short_forms_are_long_forms():
    assert parse(YAML)["Resources"]["Role"]["Properties"] == {
        "A": {"Ref": "Name"},
        "B": {"Fn::Sub": "${Name}"},
        "C": {"Fn::GetAtt": ["Role", "Arn"]},
        "D": {"Fn::If": ["Holds", {"Ref": "A"}, {"Ref": "B"}]},
        "E": {"Fn::Not": [{"Condition": "Holds"}]},
        "F": {"Fn::Transform": {"Name": "x"}},
        "Version": "2012-10-17",
    }


def test_json():
    assert parse('{"Resources": {"A": {}}}')["Resources"] == {"A": {}}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("a: [", "is not valid YAML"),
        ("{", "is not valid JSON"),
        ("[]", "it has no Resources"),
        ("Resources: x", "it has no Resources"),
        ("", "it has no Resources"),
    ],
)
def test_what_is_no_template(body, words):
    with pytest.raises(InvalidInput, match=words):
        parse(body, "shop.yaml")
