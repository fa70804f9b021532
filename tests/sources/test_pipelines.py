"""Pipelines that deploy a service of the template with another image, or another task definition."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles import Document, Told, read
from cfnroles.answers.verify_template import verify_template
from cfnroles.formats.verification import human
from cfnroles.formats.verification_markdown import markdown
from cfnroles.formats.verification_words import kept_statements
from cfnroles.need import Holder

HEAD = """\
Parameters:
  Name: {Type: String}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: app
      ExecutionRoleArn: !GetAtt Start.Arn
      ContainerDefinitions: [{Name: web, Image: "nginx:1.27"}]
  Web: {Type: AWS::ECS::Service, Properties: {TaskDefinition: TASK, ServiceName: web, MORE}}
  Start:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: start
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: [ACTIONS], Resource: "*", Condition: {Bool: {"aws:SecureTransport": true}}}
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      Stages:
        - Name: Deploy
          Actions:
            - ActionTypeId: {Category: Deploy, Owner: AWS, Version: 1, Provider: PROVIDER}
              Configuration: {CONFIGURATION}
"""
PULLS = "ecr:GetAuthorizationToken, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer"
BY_CODE_DEPLOY = "DeploymentController: {Type: CODE_DEPLOY}"


def judged(
    configuration: str, provider: str = "ECS", actions: str = PULLS, more: str = "", task: str = "!Ref Task"
) -> Any:
    text = HEAD.replace("CONFIGURATION", configuration).replace("PROVIDER", provider)
    text = text.replace("ACTIONS", actions).replace("MORE", more).replace("TASK", task)
    found = verify_template(read(Document("t.yaml", text), Told()))
    (role,) = (each for each in found if each.holder is Holder.EXECUTION)
    return role, text


@pytest.mark.parametrize(
    ("configuration", "provider", "more", "gap"),
    [
        ("ServiceName: !GetAtt Web.Name", "ECS", "", "which is named only in imagedefinitions.json of its artifact"),
        ("ServiceName: web, FileName: build.json", "ECS", "", "which is named only in build.json of its artifact"),
        ("ServiceName: !Ref Name", "ECS", "", "which is named only in imagedefinitions.json of its artifact"),
        ("ServiceName: other", "ECS", "", ""),
        ("ServiceName: !Ref Start", "ECS", "", ""),
        ("ServiceName: web", "CloudFormation", "", ""),
        (
            "ApplicationName: web",
            "CodeDeployToECS",
            BY_CODE_DEPLOY,
            "replaces this task definition with that of its artifact",
        ),
        ("ApplicationName: web", "CodeDeployToECS", "", ""),
    ],
)
def test_what_a_pipeline_puts_in_the_place_of_an_image_is_a_gap_and_no_excess(
    configuration: str, provider: str, more: str, gap: str
) -> None:
    role, _ = judged(configuration, provider, more=more)
    assert [gap in each.what for each in role.gaps] == ([True] if gap else [])
    assert (role.verdict, bool(role.excess)) == (("not judged", False) if gap else ("fail", True))


@pytest.mark.parametrize(("task", "is_gap"), [("app", True), ("app:1", False)])
def test_a_service_that_a_pipeline_deploys_may_name_the_family_of_its_task_definition(task: str, is_gap: bool) -> None:
    role, _ = judged("ServiceName: web", task=task)
    assert bool(role.gaps) is is_gap


@pytest.mark.parametrize(
    ("group", "served", "is_gap"),
    [
        pytest.param("!Ref Group", "!GetAtt Web.Name", True, id="its own service"),
        pytest.param("!Ref Group", "web", True, id="its own, by its name"),
        pytest.param("!Ref Group", "other", False, id="another service"),
        pytest.param("!Ref Group", "!Ref Name", True, id="a service that is not known"),
        pytest.param("green", "other", True, id="a group of elsewhere"),
    ],
)
def test_a_deployment_group_tells_which_service_is_deployed(group: str, served: str, is_gap: bool) -> None:
    more = f"{BY_CODE_DEPLOY}}}}}\n  Group: {{Type: AWS::CodeDeploy::DeploymentGroup, Properties: {{ECSServices: "
    role, _ = judged(f"DeploymentGroupName: {group}", "CodeDeployToECS", more=f"{more}[{{ServiceName: {served}}}]")
    assert bool(role.gaps) is is_gap


def test_beside_what_is_too_much_there_is_told_what_has_to_stay() -> None:
    role, text = judged("ServiceName: web", actions=f"{PULLS}, s3:PutObject")
    (found,) = role.excess
    assert [grant.action for grant in found.unused] == ["s3:PutObject"]
    (kept,) = kept_statements(found, role)
    assert (", ".join(kept["Action"]), kept["Resource"]) == (PULLS, "*")
    assert kept["Condition"] == {"Bool": {"aws:SecureTransport": True}}
    told = " ".join(human([role], text).split())
    assert "keep in its place what Resources.Task.Properties.ContainerDefinitions[0].Image may need" in told
    assert "nothing needs it" not in told


def test_of_a_pattern_there_stays_what_may_be_needed() -> None:
    role, _ = judged("ServiceName: web", actions="'ecr:*'")
    (found,) = role.excess
    assert [grant.action for grant in found.unused] == ["ecr:*"]
    assert [grant.action for grant in found.kept] == PULLS.split(", ")


def test_in_markdown_what_has_to_stay_is_a_block_of_its_own() -> None:
    role, text = judged("ServiceName: web", actions=f"{PULLS}, s3:PutObject")
    lines = markdown([role], text).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("keep in its place"))
    assert lines[start + 1 : start + 3] == ["", "```json"]
