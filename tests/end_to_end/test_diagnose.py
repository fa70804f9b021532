"""From a refusal to a template that is complete: the field that asked, the statement, and no refusal any more."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.end_to_end.conftest import Account

TEMPLATE = """\
Resources:
  Database:
    Type: AWS::SecretsManager::Secret
    Properties:
      Name: shop/db
      SecretString: x
  Execution:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {Service: ecs-tasks.amazonaws.com, AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}
            Action: sts:AssumeRole
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: shop
      ExecutionRoleArn: !GetAtt Execution.Arn
      ContainerDefinitions:
        - Name: web
          Image: nginx
          Memory: 128
          Secrets:
            - Name: PASSWORD
              ValueFrom: !Sub "arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:shop/db"
"""


def deployed(account: Account, template: str) -> None:
    client = account.client("cloudformation")
    call, done = ("create_stack", "stack_create_complete")
    if client.describe_stacks()["Stacks"]:
        call, done = ("update_stack", "stack_update_complete")
    getattr(client, call)(StackName="shop", TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
    client.get_waiter(done).wait(StackName="shop", WaiterConfig={"Delay": 0.1})


def read_secret(account: Account) -> str:
    """What ECS does with the role of the stack."""
    resources = account.client("cloudformation").describe_stack_resources(StackName="shop")["StackResources"]
    names = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}
    arn = account.client("iam").get_role(RoleName=names["Execution"])["Role"]["Arn"]
    session = account.client("sts").assume_role(RoleArn=arn, RoleSessionName="0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a")
    given = session["Credentials"]
    client = boto3.client(
        "secretsmanager",
        endpoint_url=account.running.endpoint_url,
        region_name=account.running.region,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    value: str = client.get_secret_value(SecretId="shop/db")["SecretString"]
    return value


def test_a_secret_that_is_refused_is_read_after_the_fix(guarded_account: Account, tmp_path: Path) -> None:
    template = tmp_path / "shop.yaml"
    template.write_text(TEMPLATE)
    deployed(guarded_account, TEMPLATE)
    with pytest.raises(ClientError) as refused:
        read_secret(guarded_account)

    found = guarded_account.cfnroles(
        "diagnose", str(refused.value), "--source", template, "--format", "json", "--fix", "--yes"
    )
    assert found.returncode == 0
    (told,) = json.loads(found.stdout)["diagnoses"]
    assert (told["action"], told["role"]["outcome"]) == ("secretsmanager:GetSecretValue", "missing")
    line = TEMPLATE[: TEMPLATE.index("ValueFrom")].count("\n") + 1
    assert [(each["document"], each["line"]) for each in told["askedBy"]] == [(str(template), line)]
    assert guarded_account.cfnroles("verify", template).returncode == 0
    deployed(guarded_account, template.read_text())
    assert read_secret(guarded_account) == "x"
