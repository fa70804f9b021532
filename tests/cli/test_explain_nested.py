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
def explained(cfnroles: Any, tmp_path: Path) -> Any:
    def explain(url: str, *options: str, child: str = CHILD, more: str = "") -> Any:
        (tmp_path / "sub").mkdir(exist_ok=True)
        (tmp_path / "sub" / "child.yaml").write_text(child)
        (tmp_path / "t.yaml").write_text(PARENT.format(url=url, more=more))
        result = cfnroles("explain", tmp_path / "t.yaml", "--format", "json", *options)
        assert (result.code, result.err) == (0, "")
        return json.loads(result.out)

    return explain


def test_a_template_beside_is_read_with_what_is_passed_to_it(explained: Any) -> None:
    task = explained("./sub/child.yaml")["resources"]["Web.Task"]
    (parameters,) = (each for each in task["roles"]["execution role"] if each["actions"] == ["ssm:GetParameters"])
    ends = sorted(resource.rpartition(":")[2] for resource in parameters["resources"])
    # What depends on another resource is not known, and the default of the parameter is not taken for it.
    assert ends == ["${parameter/Secret}", "parameter/${Secret[parameter]}", "parameter/dev-x/web"]
    assert task["defaults"] == ["Stage", "Web.Kind"]
    assert {field["document"] for reason in parameters["reasons"] for field in reason["fields"]} == {"sub/child.yaml"}
    assert {field["line"] for reason in parameters["reasons"] for field in reason["fields"]} == {9}


def test_what_the_nested_stack_hangs_on_is_told(cfnroles: Any, explained: Any, tmp_path: Path) -> None:
    assert explained("sub/child.yaml", more="Condition: IsUsed")["resources"]["Web.Task"]["when"] == "IsUsed holds"
    refused = cfnroles("explain", tmp_path / "t.yaml", "--parameter", "Use=no")
    assert refused.code == 2
    assert "there is no task definition in it" in refused.err


@pytest.mark.parametrize(
    "url",
    ["https://bucket.s3.amazonaws.com/child.yaml", "!Ref Use", "sub/none.yaml", "t.yaml", "!GetAtt Db.Id"],
)
def test_a_template_that_cannot_be_read_is_told(explained: Any, url: str) -> None:
    explanation = explained(url)
    assert [gap["what"] for gap in explanation["gaps"]] == ["cannot see what stands in the nested stack Web"]
    assert explanation["resources"] == {}


def test_one_task_definition_of_a_nested_stack_is_asked_about(cfnroles: Any, explained: Any, tmp_path: Path) -> None:
    assert list(explained("sub/child.yaml", "--resource", "Web.Task")["resources"]) == ["Web.Task"]
    refused = cfnroles("explain", tmp_path / "t.yaml", "--resource", "Web.Tusk")
    assert refused.code == 2
    assert "The task definitions of its nested stacks: Web.Task." in refused.err


def test_the_advice_of_a_gap_says_whose_parameter_it_is(explained: Any) -> None:
    locked = "  Locked: {Type: AWS::SecretsManager::Secret, Properties: {KmsKeyId: !Ref Secret}}\n"
    child = CHILD.replace("ValueFrom: !Ref Secret", "ValueFrom: !Ref Locked") + locked
    (gap,) = explained("sub/child.yaml", child=child)["resources"]["Web.Task"]["gaps"]
    assert gap["remedy"] == "Tell it with --parameter Secret=VALUE where sub/child.yaml is given by itself"
