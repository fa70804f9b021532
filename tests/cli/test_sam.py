"""Templates for SAM: task definitions beside functions, what `Globals` gives to those, and roles that SAM makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.13
    Timeout: 10
Resources:
  Token:
    Type: AWS::SecretsManager::Secret
  Starter:
    Type: AWS::Serverless::Function
    Properties:
      Handler: start.handler
      CodeUri: start/
      Policies:
        - EcsRunTaskPolicy: {TaskDefinition: !Ref Worker}
  Worker:
    Type: AWS::ECS::TaskDefinition
    Properties:
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      Cpu: "256"
      Memory: "512"
      ContainerDefinitions:
        - Name: worker
          Image: public.ecr.aws/docker/library/busybox:1.36
          Secrets: [{Name: TOKEN, ValueFrom: !Ref Token}]
"""
ROLE = """\
  Shared:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: Reads
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Token}
              - {Effect: Allow, Action: dynamodb:GetItem, Resource: "*"}
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """The template in a file."""
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    return path


def _with_role(template: Path, role: str, shared: str = "") -> None:
    text = TEMPLATE.replace("      Cpu:", f"      ExecutionRoleArn: !GetAtt {role}.Arn\n      Cpu:")
    template.write_text(text.replace("    Timeout: 10\n", f"    Timeout: 10\n{shared}") + ROLE)


def _execution_role(cfnroles: Any, template: Path) -> Any:
    roles = json.loads(cfnroles("verify", template, "--format", "json").out)["roles"]
    return next(each for each in roles if each["holder"] == "execution role" and each["resources"])


def test_task_definitions_beside_functions_are_read_as_others(cfnroles: Any, template: Path) -> None:
    explained = cfnroles("explain", template)
    assert (explained.code, "secretsmanager:GetSecretValue\n      on ${Token}" in explained.out) == (0, True)
    role = _execution_role(cfnroles, template)
    assert [each["action"] for each in role["verdicts"] if each["outcome"] == "missing"] == [
        "secretsmanager:GetSecretValue"
    ]


def test_roles_are_injected_into_a_template_that_a_person_wrote_for_sam(cfnroles: Any, template: Path) -> None:
    result = cfnroles("inject", template, "--in-place")
    assert (result.code, "CAPABILITY_AUTO_EXPAND" in result.err) == (0, True)
    injected = template.read_text()
    assert [line for line in TEMPLATE.splitlines() if line not in injected.splitlines()] == []
    assert cfnroles("verify", template, "--fail-on", "excess").code == 0
    assert cfnroles("inject", template, "--in-place").code == 0
    assert template.read_text() == injected
    cfnroles("inject", template, "--remove", "--in-place")
    assert template.read_text() == TEMPLATE


def test_what_sam_made_of_it_is_refused(cfnroles: Any, template: Path) -> None:
    built = TEMPLATE.replace("      CodeUri: start/\n", "      CodeUri: Starter\n").replace(
        "    Type: AWS::Serverless::Function\n",
        "    Type: AWS::Serverless::Function\n    Metadata: {SamResourceId: Starter}\n",
    )
    template.write_text(built)
    result = cfnroles("inject", template, "--in-place")
    assert (result.code, template.read_text()) == (2, built)
    assert "Pass the template that `sam build` reads" in result.err


def test_a_role_that_sam_makes_is_named_with_how_to_see_it(cfnroles: Any, template: Path) -> None:
    _with_role(template, "StarterRole")
    told = cfnroles("verify", template)
    assert told.code == 3
    assert "Execution role: the one that SAM makes for Starter\n" in told.out
    assert "--template-stage Processed --query TemplateBody" in " ".join(told.out.split())


@pytest.mark.parametrize(
    ("shared", "excess"),
    [("", ["dynamodb:GetItem"]), ("    Role: !GetAtt Shared.Arn\n", [])],
    ids=["the task's own", "that of all functions"],
)
def test_a_role_that_all_functions_have_is_not_called_too_much(
    shared: str, excess: list[str], cfnroles: Any, template: Path
) -> None:
    _with_role(template, "Shared", shared)
    role = _execution_role(cfnroles, template)
    assert [grant["action"] for each in role["excess"] for grant in each["unused"]] == excess
    assert role["alsoUsedBy"] == (["Globals.Function"] if shared else [])


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("./inner.yaml", "of the task definition Inner.Worker"),
        (
            "{ApplicationId: arn:aws:serverlessrepo:us-east-1:1:applications/x, SemanticVersion: 1.0.0}",
            "cannot see",
        ),
    ],
    ids=["beside it", "in the repository of applications"],
)
def test_nested_applications_are_never_passed_over(location: str, told: str, cfnroles: Any, template: Path) -> None:
    (template.parent / "inner.yaml").write_text(TEMPLATE)
    inner = f"  Inner:\n    Type: AWS::Serverless::Application\n    Properties: {{Location: {location}}}\n"
    template.write_text(TEMPLATE + inner)
    assert told in cfnroles("verify", template).out.replace("\n  ", " ")
    explained = cfnroles("explain", template).out
    assert "task definition Inner.Worker" in explained or "cannot see" in explained
