"""A template with its roles injected: deployed where every secret exists, refused where one is missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import botocore.exceptions
import pytest

from .conftest import made_impatient

if TYPE_CHECKING:
    from .conftest import Account

TEMPLATE = """\
Parameters:
  Stage: {Type: String, Default: dev}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Database: {Type: AWS::SecretsManager::Secret, Properties: {GenerateSecretString: {}}}
  Files: {Type: AWS::S3::Bucket}
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      ContainerDefinitions:
        - Name: web
          Image: nginx
          EnvironmentFiles: [{Type: s3, Value: !Sub "${Files.Arn}/web.env"}]
          Secrets:
            - {Name: A, ValueFrom: !Sub "/${Stage}/a"}
            - {Name: B, ValueFrom: !Ref Database}
            - !If [IsProd, {Name: C, ValueFrom: /prod/c}, !Ref AWS::NoValue]
"""


@pytest.fixture
def injected(account: Account, tmp_path: Path) -> str:
    """The template, and the validator that it asks already deployed."""
    path = tmp_path / "shop.yaml"
    path.write_text(TEMPLATE)
    written = account.cfnroles("inject", path)
    assert written.returncode == 0, written.stderr
    assert account.cfnroles("build", path, "-o", tmp_path / "build").returncode == 0
    validator = (made_impatient(tmp_path / "build") / "secret-validator.yaml").read_text()
    assert deploy(account, "validator", validator) == "CREATE_COMPLETE"
    return written.stdout


def deploy(account: Account, name: str, template: str, **parameters: str) -> str:
    """The status that the stack ends in."""
    cloudformation = account.client("cloudformation")
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=template,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    try:
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 600})
    except botocore.exceptions.WaiterError:
        pass
    return cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]


def test_the_stack_is_there_with_exactly_its_roles(account: Account, injected: str) -> None:
    account.client("ssm").put_parameter(Name="/dev/a", Value="x", Type="SecureString")

    assert deploy(account, "shop", injected) == "CREATE_COMPLETE"

    iam = account.client("iam")
    definition = account.client("ecs").describe_task_definition(taskDefinition="web")["taskDefinition"]
    role = definition["executionRoleArn"].rpartition("/")[2]
    policies = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    resources = account.client("cloudformation").describe_stack_resources(StackName="shop")["StackResources"]
    # What Ref gives: on AWS the secret's ARN, on the emulator its name.
    secret, bucket = (
        next(each["PhysicalResourceId"] for each in resources if each["LogicalResourceId"] == name)
        for name in ("Database", "Files")
    )
    granted = {statement["Sid"]: statement["Resource"] for statement in policies.pop("Permissions")}
    assert granted == {
        "LocateEnvironmentFileBuckets": f"arn:aws:s3:::{bucket}",
        "ReadEnvironmentFiles": f"arn:aws:s3:::{bucket}/web.env",
        "ReadParameters": f"arn:aws:ssm:{account.running.region}:{account.running.account}:parameter/dev/a",
        "ReadSecrets": secret,
    }
    # No key is given, and the stack is not that of production.
    assert policies == {}
    assert iam.list_role_policies(RoleName=definition["taskRoleArn"].rpartition("/")[2])["PolicyNames"] == []


def test_a_gate_that_has_nothing_to_ask_for_lets_the_stack_pass(account: Account, tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(TEMPLATE.replace('            - {Name: A, ValueFrom: !Sub "/${Stage}/a"}\n', ""))
    written = account.cfnroles("inject", path)
    assert account.cfnroles("build", path, "-o", tmp_path / "build").returncode == 0
    assert deploy(account, "validator", (tmp_path / "build" / "secret-validator.yaml").read_text()) == "CREATE_COMPLETE"
    assert deploy(account, "shop", written.stdout) == "CREATE_COMPLETE"


def test_a_missing_secret_is_refused_before_the_task_definition_is_there(account: Account, injected: str) -> None:
    account.client("ssm").put_parameter(Name="/prod/a", Value="x", Type="SecureString")

    assert deploy(account, "shop", injected, Stage="prod") == "ROLLBACK_COMPLETE"

    events = account.client("cloudformation").describe_stack_events(StackName="shop")["StackEvents"]
    (reason,) = (event["ResourceStatusReason"] for event in events if event["ResourceStatus"] == "CREATE_FAILED")
    assert "/prod/c" in reason
    assert "container web, secret C" in reason
    assert account.client("ecs").list_task_definitions()["taskDefinitionArns"] == []
