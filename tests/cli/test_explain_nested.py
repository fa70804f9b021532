"""Nested stacks whose templates are next to the one that has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CHILD = """\
Parameters: {Name: {Type: String}, Secret: {Type: String, Default: /never}, Kind: {Type: String, Default: web}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: !Ref Kind
          Image: nginx
          Secrets: [{Name: A, ValueFrom: !Sub "/${Name}/${Kind}"}, {Name: B, ValueFrom: !Ref Secret}]
"""
PARENT = """\
Parameters: {{Stage: {{Type: String, Default: dev}}, Use: {{Type: String}}}}
Conditions: {{IsUsed: !Equals [!Ref Use, "yes"]}}
Resources:
  Db: {{Type: AWS::SecretsManager::Secret}}
  Web:
    Type: AWS::CloudFormation::Stack
    {more}
    Properties:
      TemplateURL: {url}
      Parameters: {{Name: !Sub "${{Stage}}-x", Secret: !Ref Db}}
"""


@pytest.fixture
def explained(cfnroles: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def explain(url: str, *options: str, child: str = CHILD, more: str = "") -> Any:
        (tmp_path / "sub").mkdir(exist_ok=True)
        (tmp_path / "sub" / "child.yaml").write_text(child)
        (tmp_path / "t.yaml").write_text(PARENT.format(url=url, more=more))
        result = cfnroles("explain", "t.yaml", "--format", "json", *options)
        assert (result.code, result.err) == (0, "")
        return json.loads(result.out)

    return explain


def test_a_template_beside_is_read_with_what_is_passed_to_it(explained: Any) -> None:
    task = explained("./sub/child.yaml")["resources"]["Web.Task"]
    (parameters,) = (each for each in task["roles"]["execution role"] if each["actions"] == ["ssm:GetParameters"])
    assert [resource.rpartition(":")[2] for resource in parameters["resources"]] == ["parameter/dev-x/web"]
    # The passed value is the resource itself, and not the default of the parameter.
    (secrets,) = (
        each for each in task["roles"]["execution role"] if each["actions"] == ["secretsmanager:GetSecretValue"]
    )
    assert secrets["resources"] == ["${Db}"]
    assert task["defaults"] == ["Stage", "Web.Kind"]
    assert {field["document"] for reason in parameters["reasons"] for field in reason["fields"]} == {"sub/child.yaml"}
    assert {field["line"] for reason in parameters["reasons"] for field in reason["fields"]} == {9}


def test_what_the_nested_stack_hangs_on_is_told(cfnroles: Any, explained: Any, tmp_path: Path) -> None:
    assert explained("sub/child.yaml", more="Condition: IsUsed")["resources"]["Web.Task"]["when"] == "IsUsed holds"
    refused = cfnroles("explain", tmp_path / "t.yaml", "--parameter", "Use=no")
    assert refused.code == 2
    assert "has no task definition that needs roles" in refused.err


@pytest.mark.parametrize(
    "url",
    ["https://bucket.s3.amazonaws.com/child.yaml", "!Ref Use", "sub/none.yaml", "t.yaml", "!GetAtt Db.Id"],
)
def test_a_template_that_cannot_be_read_is_told(explained: Any, url: str) -> None:
    explanation = explained(url)
    assert [gap["what"] for gap in explanation["gaps"]] == ["cannot see what is in the nested stack Web"]
    assert explanation["resources"] == {}


def test_one_task_definition_of_a_nested_stack_is_asked_about(cfnroles: Any, explained: Any, tmp_path: Path) -> None:
    assert list(explained("sub/child.yaml", "--resource", "Web.Task")["resources"]) == ["Web.Task"]
    refused = cfnroles("explain", tmp_path / "t.yaml", "--resource", "Web.Tusk")
    assert refused.code == 2
    assert "The task definitions of its nested stacks: Web.Task." in refused.err


def test_the_advice_of_a_gap_says_whose_parameter_it_is(explained: Any) -> None:
    locked = "  Locked: {Type: AWS::SecretsManager::Secret, Properties: {KmsKeyId: !Ref Secret}}\n"
    child = CHILD.replace("ValueFrom: !Ref Secret", "ValueFrom: !Ref Locked") + locked.replace("Secret}", "Key}")
    child = child.replace("{Name: {", "{Key: {Type: String}, Name: {")
    (gap,) = explained("sub/child.yaml", child=child)["resources"]["Web.Task"]["gaps"]
    assert gap["remedy"] == "Pass --parameter Key=VALUE when sub/child.yaml is passed alone"


#: A secret with a key, a parameter that is called by the stack's name, and what another nested stack gives.
GIVEN = """\
Parameters: {Stage: {Type: String}, Sizes: {Type: CommaDelimitedList, Default: "a,b"}}
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
Resources:
  Key: {Type: AWS::KMS::Key}
  Db: {Type: AWS::SecretsManager::Secret, Properties: {KmsKeyId: !GetAtt Key.Arn}}
  Own: {Type: AWS::SSM::Parameter, Properties: {Name: !Sub "/${AWS::StackName}/own", Type: String, Value: a}}
  Data: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: data.yaml}}
  Web: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml, Parameters: {Given: VALUE}}}
"""
DATA = """\
Resources: {Queue: {Type: AWS::SSM::Parameter, Properties: {Name: /data/queue, Type: String, Value: a}}}
Outputs: {Queue: {Value: !Ref Queue}}
"""
TAKEN = """\
Parameters: {Given: {Type: String}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {ContainerDefinitions: [{Name: a, Image: nginx, Secrets: [{Name: A, ValueFrom: !Ref Given}]}]}
"""
SSM = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"


@pytest.mark.parametrize(
    ("value", "reads", "key"),
    [
        pytest.param("!Ref Db", "${Db}", "${Key.Arn}", id="a secret with a key"),
        pytest.param("!Ref Own", f"{SSM}/${{ParentStackName}}/own", "", id="a name of its stack"),
        pytest.param("!GetAtt Data.Outputs.Queue", f"{SSM}/data/queue", "", id="an output of another"),
        pytest.param('!Sub "/${Stage}/x"', f"{SSM}/${{Stage}}/x", "${KmsKeyArns}", id="a part of a name"),
        pytest.param("!Select [1, !Ref Sizes]", f"{SSM}/b", "${KmsKeyArns}", id="an element of a list"),
    ],
)
def test_what_is_passed_is_read_where_it_is(cfnroles: Any, tmp_path: Path, value: str, reads: str, key: str) -> None:
    texts = {"t.yaml": GIVEN.replace("VALUE", value), "data.yaml": DATA, "child.yaml": TAKEN}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    task = json.loads(cfnroles("explain", tmp_path / "t.yaml", "--format", "json").out)["resources"]["Web.Task"]
    found = {each["actions"][0]: each for each in task["roles"]["execution role"]}
    assert found.pop("kms:Decrypt", {"resources": [""]})["resources"] == [key]
    assert [each["resources"] for each in found.values()] == [[reads]]


def test_a_value_that_is_given_is_passed_on(cfnroles: Any, tmp_path: Path) -> None:
    text = GIVEN.replace("VALUE", '!If [IsProd, /prod/x, !Sub "/${Stage}/x"]')
    for name, each in {"t.yaml": text, "data.yaml": DATA, "child.yaml": TAKEN}.items():
        (tmp_path / name).write_text(each)
    for stage in ("prod", "dev"):
        result = cfnroles("explain", tmp_path / "t.yaml", "--format", "json", "--parameter", f"Stage={stage}")
        task = json.loads(result.out)["resources"]["Web.Task"]
        (read,) = (each for each in task["roles"]["execution role"] if each["actions"] == ["ssm:GetParameters"])
        assert (read["resources"], read["when"]) == ([f"{SSM}/{stage}/x"], [])
