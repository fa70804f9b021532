"""Names of resources that functions say: known where their parts are, told apart or left open where they are not."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles import Document, Told, Verdict, read
from cfnroles.answers.verify_template import verify_template
from cfnroles.need import Holder

TEMPLATE = """\
Transform: AWS::LanguageExtensions
Parameters:
  Name: {Type: String, Default: Start}
  Unknown: {Type: String}
Conditions:
  Asked: !Equals [!Ref Name, Other]
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: ROLE
      ContainerDefinitions: [{Name: web, Image: "nginx:1.27", Secrets: [{Name: A, ValueFrom: !Ref Secret}]}]
  Secret: {Type: AWS::SecretsManager::Secret}
  RoleStart:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: read
          PolicyDocument: {Statement: [{Effect: Allow, Action: "secretsmanager:GetSecretValue", Resource: SECRET}]}
"""
WITHOUT = TEMPLATE.replace("Conditions:\n  Asked: !Equals [!Ref Name, Other]\n", "")


def judged(text: str, role: str = "!GetAtt RoleStart.Arn", secret: str = "!Ref Secret", **told: Any) -> Any:
    text = text.replace("ROLE", role).replace("SECRET", secret)
    found = verify_template(read(Document("t.yaml", text), Told(**told)))
    return next(each for each in found if each.holder is Holder.EXECUTION)


@pytest.mark.parametrize("text", [pytest.param(WITHOUT, id="alone"), pytest.param(TEMPLATE, id="beside a condition")])
@pytest.mark.parametrize(
    "role",
    [
        '!GetAtt [!Sub "Role${Name}", Arn]',
        '{"Fn::GetAtt": !Sub "Role${Name}.Arn"}',
        '{"Fn::GetAtt": [!Join ["", [Role, !Ref Name]], Arn]}',
        '{Ref: !Sub "Role${Name}"}',
        '!GetAtt [!Sub "Role${Kind}", Arn]',
    ],
)
def test_a_role_that_a_function_names_is_judged(text: str, role: str) -> None:
    told = {"Name": "Start"} if text == TEMPLATE else {}
    text = text.replace("Parameters:\n", "Parameters:\n  Kind: {Type: String, Default: Start}\n")
    found = judged(text, role, parameters=told)
    assert (found.role.name, found.verdict) == ("RoleStart of t.yaml", Verdict.PASS)


def test_a_loop_names_the_roles_of_what_it_makes() -> None:
    loop = TEMPLATE.replace(
        "  Task:\n", "  Fn::ForEach::Tasks:\n    - Kind\n    - [Start]\n    - Task${Kind}:\n"
    ).replace(
        """\
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn""",
        """\
        Type: AWS::ECS::TaskDefinition
        Properties:
          ExecutionRoleArn""",
    )
    found = judged(
        loop.replace("      ContainerDefinitions", "          ContainerDefinitions"),
        '!GetAtt [!Sub "Role${Kind}", Arn]',
    )
    assert (found.role.name, found.verdict) == ("RoleStart of t.yaml", Verdict.PASS)


def test_a_secret_that_a_function_names_in_a_policy_is_known() -> None:
    secret = "!Ref Secret"
    named = '{Ref: !Sub "Secre${Letter}"}'
    text = WITHOUT.replace("Parameters:\n", "Parameters:\n  Letter: {Type: String, Default: t}\n")
    assert judged(text, secret=secret).verdict == judged(text, secret=named).verdict == Verdict.PASS


def test_in_each_world_a_function_names_the_role_of_that_world() -> None:
    text = TEMPLATE.replace('Image: "nginx:1.27"', 'Image: !If [Asked, "nginx:1.27", "nginx:1.28"]')
    text = text.replace("ROLE", '!GetAtt [!Sub "Role${Name}", Arn]').replace("SECRET", "!Ref Secret")
    found = verify_template(read(Document("t.yaml", text), Told()))
    roles = {(each.role.name, each.use and each.use.when) for each in found if each.holder is Holder.EXECUTION}
    assert roles == {
        ("RoleStart of t.yaml", "Asked does not hold"),
        ("RoleOther, which the template does not have", "Asked holds"),
    }


@pytest.mark.parametrize(
    ("role", "remedy"),
    [
        ('!GetAtt [!Sub "Role${Unknown}", Arn]', "Pass --parameter Unknown=VALUE."),
        ('!GetAtt [!Sub "Role${AWS::AccountId}", Arn]', "Pass --account ID."),
    ],
)
def test_an_unknown_role_is_not_judged(role: str, remedy: str) -> None:
    found = judged(TEMPLATE, role)
    assert (found.role.name, found.verdict) == ("one that only CloudFormation works out", Verdict.NOT_JUDGED)
    assert found.absence.remedy == remedy


def test_a_secret_of_a_policy_that_nobody_knows_leaves_the_need_unknown() -> None:
    found = judged(WITHOUT, secret='{Ref: !Sub "Secret${Unknown}"}')
    assert {each.outcome for each in found.judged} == {"unknown"}


def test_who_else_has_such_a_role_is_known() -> None:
    other = '  Function: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt [!Sub "Role${Name}", Arn]}}\n'
    assert judged(WITHOUT + other).use.others == ("Function",)
