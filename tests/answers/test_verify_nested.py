"""The roles of nested stacks whose templates are beside the one that has them."""

from __future__ import annotations

import pytest

from cfnroles import Document, InvalidInput, read
from cfnroles.answers.verification import Verdict, Verification
from cfnroles.answers.verify_nested import verify_with_nested
from cfnroles.answers.verify_template import Question

TOP = """\
Parameters: {Use: {Type: String}}
Conditions: {IsUsed: !Equals [!Ref Use, x]}
Resources:
  Db: {Type: AWS::SecretsManager::Secret}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
      - PolicyName: Read
        PolicyDocument: {Statement: [{Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Db}]}
  Web:
    Type: AWS::CloudFormation::Stack
    Condition: IsUsed
    Properties:
      TemplateURL: child.yaml
      Parameters: {Secret: !Ref Db, RoleArn: !GetAtt Role.Arn}
"""
CHILD = """\
Parameters: {Secret: {Type: String}, RoleArn: {Type: String}, Kind: {Type: String, Default: web}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !Ref RoleArn
      ContainerDefinitions: [{Name: !Ref Kind, Image: nginx, Secrets: [{Name: B, ValueFrom: !Ref Secret}]}]
"""
UNSEEN = "  Far: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://b/t.yaml'}}\n"


def judged(top: str = TOP, child: str = CHILD, resource: str = "") -> tuple[Verification, ...]:
    reading = read(Document("top.yaml", top, lambda path: Document(path, child) if path == "child.yaml" else None))
    return verify_with_nested(reading, Question(resource, aws_managed_keys=True))


def test_a_role_that_is_passed_is_judged_where_it_is_needed() -> None:
    (execution,) = judged()
    assert (execution.verdict, execution.role.name) == (Verdict.PASS, "Role of top.yaml")
    assert execution.use is not None
    assert (execution.use.tasks, execution.use.when) == (("Web.Task",), "IsUsed holds")
    assert execution.use.defaults == ("Web.Kind",)


def test_what_the_role_lacks_is_missing() -> None:
    (execution,) = judged(TOP.replace("secretsmanager:GetSecretValue", "sqs:SendMessage"))
    assert [action for each in execution.missing for action in each.actions] == ["secretsmanager:GetSecretValue"]


def test_one_task_definition_is_asked_about_by_the_way_to_it() -> None:
    (execution,) = judged(TOP + UNSEEN, resource="Web.Task")
    assert execution.verdict is Verdict.PASS
    with pytest.raises(InvalidInput, match="has no task definition Web\\.Other"):
        judged(resource="Web.Other")


def test_a_stack_that_nobody_can_see_stays_a_gap() -> None:
    unseen, execution = judged(TOP + UNSEEN)
    assert (unseen.verdict, execution.verdict) == (Verdict.NOT_JUDGED, Verdict.PASS)
    assert len(unseen.gaps) == 1
