"""Templates are read with their intrinsic functions worked out, and nothing in them is guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Document, Told, read
from cfnroles.errors import InvalidInput
from cfnroles.template.given import Given
from cfnroles.template.template import Template, read_template

HEAD = """
Parameters:
  Stage: {Type: String, Default: dev}
  Untold: {Type: String}
  Keys: {Type: CommaDelimitedList, Default: "a, b"}
  NoKeys: {Type: CommaDelimitedList, Default: ""}
  UntoldList: {Type: CommaDelimitedList}
  Latest: {Type: "AWS::SSM::Parameter::Value<String>", Default: /ami/latest}
Mappings:
  Sizes: {dev: {cpu: 256}, prod: {cpu: 1024}}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsProd: !Not [!Condition IsDev]
  HasUntold: !Not [!Equals [!Ref Untold, ""]]
  DevOrUntold: !Or [!Condition IsDev, !Condition HasUntold]
  DevAndUntold: !And [!Condition IsDev, !Condition HasUntold]
  ProdAndUntold: !And [!Condition IsProd, !Condition HasUntold]
  HasNoKeys: !Not [!Equals [!Select [0, !Ref NoKeys], ""]]
  Itself: !Condition Itself
Resources:
  Group: {Type: "AWS::Logs::LogGroup", Properties: {LogGroupName: !Sub "/ecs/${Stage}"}}
  Queue: {Type: "AWS::SQS::Queue"}
  Files: {Type: "AWS::S3::Bucket"}
  Named: {Type: "AWS::S3::Bucket", Properties: {BucketName: !Sub "${AWS::StackName}-files"}}
  Store: {Type: "AWS::ECR::Repository"}
  Plain: {Type: "AWS::IAM::Role", Properties: {Path: /}}
  Called: {Type: "AWS::IAM::Role", Properties: {RoleName: web}}
  Deep: {Type: "AWS::IAM::Role", Properties: {Path: /web/}}
  Thing:
    Type: Custom::Thing
    Properties:
      Value: """


def template(value: str) -> Template:
    return read_template(f"{HEAD}{value}\n", "t.yaml")


def resolved(value: str, conditions: Mapping[str, bool | None] | None = None, **given: Any) -> Any:
    return (
        template(value)
        .resolve(Given(**given), conditions=conditions)
        .resources["Thing"]
        .properties.get("Value", "left out")
    )


KNOWN = [
    ("!Ref Stage", "dev"),
    ("!Ref Keys", ["a", "b"]),
    ("!Ref NoKeys", [""]),
    ("!Ref Untold", "${Untold}"),
    ("!Ref UntoldList", "${UntoldList}"),
    ("!Ref Latest", "${Latest}"),
    ("!Ref AWS::NoValue", "left out"),
    ("!Ref AWS::StackName", "${AWS::StackName}"),
    ("!Ref Queue", "${Queue}"),
    ("!Ref Group", "/ecs/dev"),
    ("!GetAtt Queue.Arn", "${Queue.Arn}"),
    ("{Fn::GetAtt: [Queue, Arn]}", "${Queue.Arn}"),
    ("!GetAtt Group.Arn", "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/dev:*"),
    ("!Sub 'a-${Stage}-${Untold}-${Queue.Arn}'", "a-dev-${Untold}-${Queue.Arn}"),
    ("!Sub ['${x}/${Stage}', {x: !Ref Keys}]", '${Fn::ToJsonString(a, b)}/dev'),
    ("!Sub ['${x}/${Stage}', {x: !Join ['+', !Ref Keys]}]", "a+b/dev"),
    ("!Sub '${!aws:username}'", "${!aws:username}"),
    ("'${aws:username}'", "${!aws:username}"),
    ("!Join [':', [arn, !Ref Stage, 7, true]]", "arn:dev:7:true"),
    ("!Join [',', !Ref UntoldList]", "${Fn::Join(,, UntoldList)}"),
    ("!Select [1, !Ref Keys]", "b"),
    ("!Select [5, !Ref Keys]", '${Fn::Select(5, ["a", "b"])}'),
    ("!Select [5, !Split [':', !Ref Untold]]", "${Untold[resource]}"),
    ("!Select [6, !Split [':', !Sub '${Untold}:::']]", "${Untold[name]}"),
    ("!Select [3, !Split [':', !ImportValue file]]", "${Import::file[region]}"),
    ("!Select [0, !Split [/, !Select [5, !Split [':', !Ref Untold]]]]", "${Untold[bucket]}"),
    ("!Select [0, !Split [/, !Select [5, !Split [':', !ImportValue file]]]]", "${Import::file[bucket]}"),
    ("!Select [1, !Split [/, !Sub '${Untold}/x']]", "${Fn::Select(1, Fn::Split(/, Untold/x))}"),
    ("!Select [5, !Split [':', !Sub '${Untold}:x']]", "${Fn::Select(5, Fn::Split(:, Untold:x))}"),
    ("!Select [5, !Split [':', !GetAtt Files.Arn]]", "${Files}"),
    ("!Select [0, !Split [/, !Select [5, !Split [':', !GetAtt Files.Arn]]]]", "${Files}"),
    ("!Select [5, !Split [':', !GetAtt Named.Arn]]", "${AWS::StackName}-files"),
    ("!Select [5, !Split [':', !GetAtt Queue.Arn]]", "${Queue.QueueName}"),
    ("!Select [1, !Split [/, !Select [5, !Split [':', !GetAtt Plain.Arn]]]]", "${Plain}"),
    ("!Select [1, !Split [/, !Select [5, !Split [':', !GetAtt Called.Arn]]]]", "web"),
    ("!Select [5, !Split [':', !GetAtt Deep.Arn]]", "${Fn::Select(5, Fn::Split(:, Deep.Arn))}"),
    ("!Select [4, !Split [':', !GetAtt Store.Arn]]", "${AWS::AccountId}"),
    ("!Select [5, !Split [':', !GetAtt Store.Arn]]", "repository/${Store}"),
    (
        "!Select [1, !Split [/, !Select [5, !Split [':', !GetAtt Store.Arn]]]]",
        "${Fn::Select(1, Fn::Split(/, repository/Store))}",
    ),
    ("!Select [1, !Split ['-', !Sub '${AWS::StackName}-x']]", "${Fn::Select(1, Fn::Split(-, AWS::StackName-x))}"),
    ("!Select [0, !Ref UntoldList]", "${Fn::Select(0, UntoldList)}"),
    ("!Split ['-', a-b]", ["a", "b"]),
    ("!Split [':', !Ref Untold]", "${Fn::Split(:, Untold)}"),
    ("!FindInMap [Sizes, !Ref Stage, cpu]", 256),
    ("!FindInMap [Sizes, !Ref Untold, cpu]", "${Fn::FindInMap(Sizes, Untold, cpu)}"),
    ("{Fn::FindInMap: [Sizes, other, cpu, {DefaultValue: 7}]}", 7),
    ("{Fn::FindInMap: [Sizes, dev, cpu, {DefaultValue: 7}]}", 256),
    ("{Fn::Length: !Ref Keys}", 2),
    ("{Fn::Length: [1, 2, 3]}", 3),
    ("{Fn::Length: !Ref UntoldList}", "${Fn::Length(UntoldList)}"),
    ("{Fn::ToJsonString: {a: [1, !Ref Stage], b: !Ref Untold}}", '{"a":[1,"dev"],"b":"${Untold}"}'),
    ("{Fn::ToJsonString: {a: !Ref AWS::NoValue}}", "{}"),
    ("!ImportValue shared", "${Import::shared}"),
    ("{Fn::ImportValue: !Sub '${Untold}-${Stage}'}", "${Import::$(Untold)-dev}"),
    ("!If [IsDev, 1, 2]", 1),
    ("!If [IsProd, 1, !Ref AWS::NoValue]", "left out"),
    ("!If [HasUntold, !Ref Stage, !Ref AWS::NoValue]", {"Fn::If": ["HasUntold", "dev", {"Ref": "AWS::NoValue"}]}),
    ("!Sub ['x${y}', {y: !If [HasUntold, 1, 2]}]", "x${Fn::If(HasUntold, 1, 2)}"),
    ("[1, !If [IsProd, 2, !Ref AWS::NoValue], 3]", [1, 3]),
    ("{Condition: {StringEquals: {a: !Ref Stage}}}", {"Condition": {"StringEquals": {"a": "dev"}}}),
    ("'{{resolve:ssm:/db/name}}-x'", "${resolve:ssm:/db/name}-x"),
    ("{Fn::Base64: !Ref Untold}", "${Fn::Base64(Untold)}"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), KNOWN, ids=[value for value, _ in KNOWN])
def test_a_value_is_worked_out_as_far_as_is_known(value: str, expected: Any) -> None:
    assert resolved(value) == expected


def test_what_the_caller_knows_replaces_symbols() -> None:
    assert resolved("!Ref Untold", parameters={"Untold": "told"}) == "told"
    assert resolved("!Ref Stage", parameters={"Stage": "prod"}) == "prod"
    assert resolved("!ImportValue shared", imports={"shared": "arn:x"}) == "arn:x"
    home = {"account": "111122223333", "region": "cn-north-1"}
    assert resolved("!GetAtt Group.Arn", **home) == "arn:aws-cn:logs:cn-north-1:111122223333:log-group:/ecs/dev:*"
    assert resolved("!Ref AWS::URLSuffix", **home) == "amazonaws.com.cn"


def test_a_parameters_value_is_never_taken_for_a_symbol() -> None:
    assert resolved("!Sub '${Untold}'", parameters={"Untold": "${Stage}"}) == "${!Stage}"


def test_conditions_are_true_false_or_undecided() -> None:
    assert template("x").resolve().conditions == {
        "IsDev": True,
        "IsProd": False,
        "HasUntold": None,
        "DevOrUntold": True,
        "DevAndUntold": None,
        "ProdAndUntold": False,
        "HasNoKeys": False,
        "Itself": None,
    }


def test_conditions_can_be_decided_by_the_caller() -> None:
    assert resolved("!If [HasUntold, yes, no]", conditions={"HasUntold": True}) == "yes"
    assert resolved("!If [DevAndUntold, yes, no]", conditions={"HasUntold": False}) == "no"


def test_a_resource_hangs_on_its_condition() -> None:
    text = HEAD + "x\n  Other: {Type: A::B::C, Condition: %s}\n"
    for condition, expected in [("IsDev", ""), ("HasUntold", "HasUntold"), ("IsProd", None)]:
        found = read_template(text % condition, "t.yaml").resolve().resources.get("Other")
        assert (found.undecided if found else None) == expected


LINES = """\
Conditions: {No: !Equals [a, b], Yes: !Equals [a, a]}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - !If
          - No
          - PolicyName: none
          - !Ref AWS::NoValue
        - !If
          - Yes
          - PolicyName: some
            PolicyDocument:
              Statement:
                - Sid: First
          - !Ref AWS::NoValue
        - Fn::If:
            - Yes
            - PolicyName: long
            - Ref: AWS::NoValue
        - PolicyName: plain
"""


def test_each_part_of_a_resource_can_be_found_in_the_document() -> None:
    read = read_template(LINES, "t.yaml")
    role = read.resolve().resources["Role"]
    assert [policy["PolicyName"] for policy in role.properties["Policies"]] == ["some", "long", "plain"]
    assert read.line(role.source("Policies", 0, "PolicyName")) == 13
    assert read.line(role.source("Policies", 0, "PolicyDocument", "Statement", 0)) == 16
    assert read.line(role.source("Policies", 1, "PolicyName")) == 20
    assert read.line(role.source("Policies", 1, "PolicyName", "no such part")) == 20
    assert read.line(role.source("Policies", 2, "PolicyName")) == 22


@pytest.mark.parametrize("text", ["", "[]", "{}", "Resources: []", "a: b"])
def test_what_is_no_template_is_said_to_be_none(text: str) -> None:
    with pytest.raises(InvalidInput, match="not a CloudFormation template"):
        read_template(text, "t.yaml")


ODD = [
    "!Ref [a]", "!Sub [a]", "!Sub {a: b}", "!Join a", "!Join [a]", "!Select [a, b]", "!Select [0]", "!Split a",
    "!FindInMap [a]", "!If [a]", "!If a", "!GetAtt a", "!ImportValue [a]", "!Nothing x", "!Sub ''", "null",
    "!If [NoSuchCondition, a, b]", "!Cidr [a, 1, 2]", "{'Fn::ForEach::X': [a, b, c]}",
]  # fmt: skip


@pytest.mark.parametrize("value", ODD)
def test_odd_functions_are_no_reason_to_fail(value: str) -> None:
    resolved(value)


def test_real_templates_are_read(corpus_templates: list[Path]) -> None:
    read = 0
    for path in corpus_templates:
        try:
            found = read_template(path.read_text(encoding="utf-8-sig"), path.name)
        except InvalidInput:
            continue
        read += 1
        stack = found.resolve()
        for resource in stack.resources.values():
            assert found.line(resource.source(*list(resource.properties)[:1])) > 0
    assert read >= len(corpus_templates) * 0.9


UNTOLD = """\
Parameters:
  Untold: {Type: String}
  Empty: {Type: String, Default: ""}
  Known: {Type: String, Default: x}
  Kept: {Type: "AWS::SSM::Parameter::Value<String>", Default: /x}
Conditions:
  Has: !Not [!Equals [!Ref Untold, ""]]
  Both: !And [!Condition Has, !Equals [!Ref AWS::Region, eu-west-1]]
  Itself: !Or [!Condition Itself, !Condition Has]
Resources:
  R:
    Type: X
    Properties:
      Ref: !Ref Empty
      Known: [!Ref Known, !Ref Kept, !Ref R, !Ref AWS::StackName]
      Sub: !Sub "${Untold}-${ Empty }-${Known}-${R.Arn}-${!Empty}"
      Values: !Sub ["${A}", {A: !Ref Empty}]
      If: !If [Both, !Ref Known, !Ref Empty]
      Itself: !If [Itself, a, b]
      Home: !Sub "${AWS::AccountId}"
"""


@pytest.mark.parametrize(
    ("member", "names"),
    [
        ("Ref", ["Empty"]),
        ("Known", []),
        ("Sub", ["Untold", "Empty"]),
        ("Values", ["Empty"]),
        ("If", ["Untold", "AWS::Region", "Empty"]),
        ("Itself", ["Untold"]),
        ("Home", ["AWS::AccountId"]),
        ("None", []),
    ],
)
def test_the_parameters_without_a_value_that_a_part_refers_to(member: str, names: list[str]) -> None:
    template = read_template(UNTOLD, "t.yaml")
    path = ("Resources", "R", "Properties", member)

    assert list(template.untold_in(path, Given())) == names
    told = Given({"Untold": "u", "Empty": "e"}, account="123456789012", region="eu-west-1")
    assert template.untold_in(path, told) == ()
    assert template.untold_by("Both", Given(region="eu-west-1")) == ("Untold",)


def test_the_values_of_parameters_are_those_given_or_their_defaults() -> None:
    template = read_template(UNTOLD, "t.yaml")

    assert template.settable == ("Untold", "Empty", "Known")
    assert template.values(Given({"Known": "y"})) == {"Empty": "", "Known": "y"}


@pytest.mark.parametrize(
    ("resource", "told"),
    [
        ("Odd: 1", "t.yaml:3: the resource Odd is not an object"),
        ("Odd:", "t.yaml:3: the resource Odd is not an object"),
        ("Odd: [{Type: AWS::S3::Bucket}]", "t.yaml:3: the resource Odd is not an object"),
        ("Odd: {Properties: {}}", "t.yaml:3: the resource Odd has no Type"),
        ("Odd:\n    Type: !Ref Kind", "t.yaml:4: the Type of the resource Odd is not a string"),
        ("Odd: {Type: 3}", "t.yaml:3: the Type of the resource Odd is not a string"),
    ],
)
def test_what_is_no_resource_is_refused_where_the_template_is_read(resource: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(told)):
        read_template(WITH_ODD.format(resource), "t.yaml")


WITH_ODD = "Resources:\n  Task: {{Type: AWS::ECS::TaskDefinition}}\n  {}\n"


@pytest.mark.parametrize(
    "made",
    [
        "Odd: {Fn::Transform: {Name: AWS::Include}}",
        "Fn::Transform: {Name: AWS::Include}",
        "Fn::ForEach::Loop: [N, [a], {'R${N}': {Type: AWS::S3::Bucket}}]",
    ],
)
def test_what_cloudformation_makes_is_no_resource_yet(made: str) -> None:
    assert list(read_template(WITH_ODD.format(made), "t.yaml").resources) == ["Task"]


def test_what_a_loop_makes_is_refused_as_what_stands_there_is() -> None:
    loop = "  Fn::ForEach::Loop: [N, [a], {'R${N}': 1}]\n"
    with pytest.raises(InvalidInput, match=r"t\.yaml:3: the resource Ra is not an object"):
        read(Document("t.yaml", f"Transform: AWS::LanguageExtensions\nResources:\n{loop}"), Told())
