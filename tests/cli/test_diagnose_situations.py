"""The faults that people meet: each told with the field and the line, and cured where a statement cures it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfnroles.cli import main

HOME = "us-east-1:123456789012"
WHO = "User: arn:aws:sts::123456789012:assumed-role/shop-Execution-1ABCDEFGHIJKL/0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a"
SECRET = f"arn:aws:secretsmanager:{HOME}:secret:shop/db-AbC1eF"
ASM = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
READ = f"{ASM}unable to retrieve secret from asm: service call has been retried 1 time(s): "
TEMPLATE = """\
Resources:
  Execution:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: "ecr:GetAuthorizationToken", Resource: "*"}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: shop
      ExecutionRoleArn: !GetAtt Execution.Arn
      ContainerDefinitions:
        - Name: web
          Image: !Sub "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/shop:web"
          Secrets:
            - {Name: DB, ValueFrom: !Sub "arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:shop/db"}
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-group: /ecs/shop
              awslogs-region: !Ref AWS::Region
              awslogs-stream-prefix: web
"""
IMAGE, DB, GROUP, ROLE = "Image:", "{Name: DB", "awslogs-group:", "ExecutionRoleArn:"
#: The message, its category, the line of the field, and whether a statement is what is missing.
SITUATIONS = {
    "a denied secret": (
        f"{READ}failed to fetch secret {SECRET} from secrets manager: AccessDeniedException: {WHO} is not authorized to"
        f" perform: secretsmanager:GetSecretValue on resource: {SECRET} because no identity-based policy allows the"
        " secretsmanager:GetSecretValue action",
        "permission", DB, True,
    ),
    "a key policy": (
        f"{READ}AccessDeniedException: {WHO} is not authorized to perform: kms:Decrypt on resource:"
        f" arn:aws:kms:{HOME}:key/1234abcd-12ab-34cd-56ef-1234567890ab because no resource-based policy allows the"
        " kms:Decrypt action",
        "key policy", DB, False,
    ),
    "a missing log group": (
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to"
        " create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
        "missing resource", GROUP, False,
    ),
    "a denied log stream": (
        f"ResourceInitializationError: failed to validate logger args: AccessDeniedException: {WHO} is not authorized"
        f" to perform: logs:CreateLogStream on resource: arn:aws:logs:{HOME}:log-group:/ecs/shop:log-stream:web/web/1"
        " because no identity-based policy allows the logs:CreateLogStream action",
        "permission", GROUP, True,
    ),
    "a missing image tag": (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref"
        " 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:web:"
        " 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:web: not found",
        "image", IMAGE, False,
    ),
    "a role that cannot be assumed": (
        "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/shop-Execution-1ABCDEFGHIJKL' that was"
        " provided for this task. Please verify that the role being passed has the proper trust relationship and"
        " permissions and that your IAM user has permissions to pass this role.",
        "trust", ROLE, False,
    ),
}  # fmt: skip


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code, capsys.readouterr().out


def needs(capsys: pytest.CaptureFixture[str], template: Path) -> Any:
    (role,) = json.loads(run(capsys, "verify", str(template), "--format", "json")[1])["roles"]
    return {each["outcome"] for each in role["verdicts"]}


@pytest.mark.parametrize(("message", "category", "field", "statement"), SITUATIONS.values(), ids=SITUATIONS)
def test_the_field_and_its_line_are_told_and_a_statement_completes_the_role(
    message: str,
    category: str,
    field: str,
    statement: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    template = tmp_path / "shop.yaml"
    template.write_text(TEMPLATE)
    code, out = run(capsys, "diagnose", message, "--source", str(template), "--fix", "-y", "--format", "json")
    (told,) = json.loads(out)["diagnoses"]
    assert told["category"] == category
    line = TEMPLATE[: TEMPLATE.index(field)].count("\n") + 1
    assert {each["line"] for each in told["askedBy"]} == {line}
    assert bool(told["statements"]) is statement
    assert code == (0 if statement else 1)
    assert (template.read_text() == TEMPLATE) is not statement
    assert ("missing" in needs(capsys, template)) is not statement
