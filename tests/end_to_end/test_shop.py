"""The example of the README against a real CloudFormation API: refused for what is missing, deployed once it exists."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.exceptions
import pytest

if TYPE_CHECKING:
    from .conftest import Account

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def put_some(account: Account) -> None:
    secrets = account.client("secretsmanager")
    secrets.create_secret(Name="shop/signing", SecretString="value-of-signing")
    secrets.create_secret(Name="shop/payment", SecretString="value-of-payment")
    secrets.delete_secret(SecretId="shop/payment", RecoveryWindowInDays=7)


def put_the_rest(account: Account) -> None:
    secrets = account.client("secretsmanager")
    secrets.restore_secret(SecretId="shop/payment")
    secrets.create_secret(Name="shop/database", SecretString='{"password": "value-of-database"}')
    account.client("ssm").put_parameter(Name="/shop/feature-flags", Value="value-of-flags", Type="String")


def stack_status(account: Account, name: str) -> str:
    try:
        return account.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except botocore.exceptions.ClientError:
        return "absent"


def exports(account: Account) -> dict[str, str]:
    return {export["Name"]: export["Value"] for export in account.client("cloudformation").list_exports()["Exports"]}


def statements(account: Account, role_arn: str) -> dict[str, dict[str, Any]]:
    """The inline statements that the deployed role really has, by Sid."""
    iam, role = account.client("iam"), role_arn.rsplit("/", 1)[1]
    documents = [
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    return {
        statement["Sid"]: statement
        for document in documents
        for statement in (json.loads(document) if isinstance(document, str) else document)["Statement"]
    }


def seconds_of_task_stack(account: Account) -> float:
    events = account.client("cloudformation").describe_stack_events(StackName="shop-task")["StackEvents"]
    times = [event["Timestamp"] for event in events]
    return (max(times) - min(times)).total_seconds()


def test_the_gate_refuses_until_everything_exists(account: Account, built: Callable[..., Path]) -> None:
    directory = built("shop.json", patient=True)
    put_some(account)

    before = account.cfnroles("deploy", directory, "--yes")
    stacks = account.client("cloudformation").list_stacks()["StackSummaries"]
    refused = account.cfnroles("deploy", directory, "--yes", "--no-check")

    assert before.returncode == 1
    assert before.stderr.startswith("error: 3 of 4 references to secrets and parameters cannot be used:\n1. ")
    assert stacks == []
    assert refused.returncode == 1
    told = refused.stderr
    assert before.stderr.splitlines()[1:4] == told.partition("\nerror: ")[2].splitlines()[1:4]
    assert "shop/database" in told
    assert "container web, secret DATABASE_PASSWORD" in told
    assert "shop/payment" in told
    assert "scheduled for deletion" in told
    assert "container web, secret PAYMENT_KEY" in told
    assert "/shop/feature-flags" in told
    assert "container web, secret FEATURE_FLAGS" in told
    assert "SIGNING_KEY. " not in told
    assert seconds_of_task_stack(account) < 10
    assert stack_status(account, "shop-roles") == "CREATE_COMPLETE"
    assert account.client("ecs").list_task_definitions()["taskDefinitionArns"] == []

    put_the_rest(account)
    deployed = account.cfnroles("deploy", directory, "--yes")

    assert deployed.returncode == 0, deployed.stderr
    registered = account.client("ecs").describe_task_definition(taskDefinition="shop")["taskDefinition"]
    assert registered["executionRoleArn"] == exports(account)["shop-ECSTaskExecutionRoleArn"]
    assert registered["taskRoleArn"] == exports(account)["shop-ECSTaskRoleArn"]
    for value in ("value-of-signing", "value-of-payment", "value-of-database", "value-of-flags"):
        assert value not in told + refused.stdout + deployed.stderr + deployed.stdout


def test_the_registered_task_definition_is_the_users(
    account: Account, built: Callable[..., Path], examples: Path
) -> None:
    put_some(account)
    put_the_rest(account)

    account.cfnroles("deploy", built("shop.json"), "--yes")

    registered = account.client("ecs").describe_task_definition(taskDefinition="shop")["taskDefinition"]
    written = json.loads((examples / "shop.json").read_text())
    # The emulator loses members of nested lists between CloudFormation and ECS; the template itself is tested apart.
    for name in ("family", "networkMode", "requiresCompatibilities", "cpu", "memory"):
        assert registered[name] == written[name]
    for container, original in zip(registered["containerDefinitions"], written["containerDefinitions"], strict=True):
        for name in ("name", "image", "essential", "environment", "logConfiguration"):
            assert container.get(name) == original.get(name)


def test_a_secret_that_disappears_is_noticed_by_the_next_deployment(
    account: Account, built: Callable[..., Path]
) -> None:
    directory = built("shop.json")
    put_some(account)
    put_the_rest(account)
    assert account.cfnroles("deploy", directory, "--yes").returncode == 0
    account.client("secretsmanager").delete_secret(SecretId="shop/database", ForceDeleteWithoutRecovery=True)

    again = account.cfnroles("deploy", directory, "--yes")

    assert again.returncode == 1
    assert "shop/database" in again.stderr
    assert account.client("ecs").list_task_definitions(status="ACTIVE")["taskDefinitionArns"] != []


def test_without_a_customer_key_no_role_may_decrypt(account: Account, built: Callable[..., Path]) -> None:
    account.cfnroles("deploy", built("shop.json"), "--yes", "--no-check")

    granted = statements(account, exports(account)["shop-ECSTaskExecutionRoleArn"])

    assert {sid: statement["Action"] for sid, statement in granted.items()} == {
        "CreateLogGroups": "logs:CreateLogGroup",
        "GetRegistryToken": "ecr:GetAuthorizationToken",
        "LocateEnvironmentFileBuckets": "s3:GetBucketLocation",
        "PullImages": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        "ReadEnvironmentFiles": "s3:GetObject",
        "ReadParameters": "ssm:GetParameters",
        "ReadSecrets": "secretsmanager:GetSecretValue",
        "WriteLogs": ["logs:CreateLogStream", "logs:PutLogEvents"],
    }
    assert statements(account, exports(account)["shop-ECSTaskRoleArn"]) == {}


def test_with_a_customer_key_decrypting_is_bound_to_service_and_secret(
    account: Account, built: Callable[..., Path]
) -> None:
    account.cfnroles("deploy", built("shop.json"), "--yes", "--no-check", "--parameter", f"KmsKeyArns={KEY}")

    granted = statements(account, exports(account)["shop-ECSTaskExecutionRoleArn"])

    assert granted["DecryptSecrets"]["Action"] == "kms:Decrypt"
    assert granted["DecryptSecrets"]["Resource"] == [KEY]
    assert granted["DecryptSecrets"]["Condition"] == {
        "StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"},
        "StringLike": {
            "kms:EncryptionContext:SecretARN": [
                f"arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/{name}-??????"
                for name in ("database", "payment", "signing")
            ]
        },
    }
    assert granted["DecryptParameters"]["Action"] == "kms:Decrypt"
    assert granted["DecryptParameters"]["Resource"] == [KEY]
    assert granted["DecryptParameters"]["Condition"] == {
        "StringEquals": {
            "kms:EncryptionContext:PARAMETER_ARN": "arn:aws:ssm:us-east-1:123456789012:parameter/shop/feature-flags",
            "kms:ViaService": "ssm.us-east-1.amazonaws.com",
        }
    }


TRUST = {
    "by default": (
        {},
        {"StringEquals": {"aws:SourceAccount": "123456789012"}},
        {
            "StringEquals": {"aws:SourceAccount": "123456789012"},
            "ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:123456789012:*"},
        },
    ),
    "with aws:SourceArn for the execution role": (
        {"ExecutionRoleSourceArn": "enabled"},
        {
            "StringEquals": {"aws:SourceAccount": "123456789012"},
            "ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:123456789012:*"},
        },
        {
            "StringEquals": {"aws:SourceAccount": "123456789012"},
            "ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:123456789012:*"},
        },
    ),
    "with all conditions off": ({"TrustConditions": "disabled"}, None, None),
}


@pytest.mark.parametrize(("parameters", "execution", "task"), TRUST.values(), ids=TRUST)
def test_the_trust_policies(
    account: Account, built: Callable[..., Path], parameters: dict[str, str], execution: Any, task: Any
) -> None:
    given = [word for name, value in parameters.items() for word in ("--parameter", f"{name}={value}")]

    account.cfnroles("deploy", built("shop.json", "--parameterized"), "--yes", "--only", "shop-roles", *given)

    iam = account.client("iam")
    for name, expected in (("Execution", execution), ("", task)):
        arn = exports(account)[f"shop-ECSTask{name}RoleArn"]
        document = iam.get_role(RoleName=arn.rsplit("/", 1)[1])["Role"]["AssumeRolePolicyDocument"]
        (statement,) = document["Statement"]
        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert statement.get("Condition") == expected


def test_roles_can_be_named(account: Account, built: Callable[..., Path]) -> None:
    given = ("ExecutionRoleName=web-execution", "TaskRoleName=web", "RolePath=/teams/web/")
    options = [word for value in given for word in ("--parameter", value)]

    account.cfnroles("deploy", built("shop.json", "--parameterized"), "--yes", "--only", "shop-roles", *options)

    for name in ("web-execution", "web"):
        role = account.client("iam").get_role(RoleName=name)["Role"]
        assert role["Path"] == "/teams/web/"
        assert {"Key": "cfnroles:project", "Value": "shop"} in role["Tags"]

    lost = account.cfnroles("deploy", built("shop.json"), "--yes", "--only", "shop-roles")
    assert lost.returncode == 2
    assert [line for line in lost.stderr.splitlines() if "=" in line] == [f"  {value}" for value in sorted(given)]


def test_stacks_with_all_parameters_become_stacks_without_and_keep_their_roles(
    account: Account, built: Callable[..., Path]
) -> None:
    options, names = ("--yes", "--only", "shop-roles", "--only", "shop-secret-validator"), []
    for form in ("--parameterized",), ():
        ended = account.cfnroles("deploy", built("shop.json", *form), *options)
        assert ended.returncode == 0, ended.stderr
        names.append({role["RoleName"] for role in account.client("iam").list_roles()["Roles"]})

    assert "No permission changes" in ended.stderr
    assert names[0] == names[1]


def test_the_files_deploy_without_the_command_line(account: Account, built: Callable[..., Path]) -> None:
    directory = built("shop.json")
    put_some(account)
    put_the_rest(account)
    cloudformation = account.client("cloudformation")

    for stack in json.loads((directory / "stacks.json").read_text())["stacks"]:
        cloudformation.create_stack(
            StackName=stack["name"],
            TemplateBody=(directory / stack["template"]).read_text(),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in stack["parameters"].items()],
            Capabilities=stack["capabilities"],
        )
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName=stack["name"], WaiterConfig={"Delay": 0.05, "MaxAttempts": 600})
        assert set(stack["exports"]) <= set(exports(account))

    assert account.client("ecs").describe_task_definition(taskDefinition="shop")["taskDefinition"]["status"] == "ACTIVE"


def test_the_validator_works_with_its_own_role_and_one_grant_for_the_emulator(
    guarded_account: Account, built: Callable[..., Path]
) -> None:
    account, directory = guarded_account, built("shop.json")
    put_some(account)
    assert account.cfnroles("deploy", directory, "--yes", "--only", "shop-secret-validator").returncode == 0
    admit_get_parameters(account)

    refused = account.cfnroles("deploy", directory, "--yes", "--no-check")

    assert refused.returncode == 1
    for words in ("shop/database", "scheduled for deletion", "/shop/feature-flags"):
        assert words in refused.stderr
    assert "access is denied" not in refused.stderr

    put_the_rest(account)
    deployed = account.cfnroles("deploy", directory, "--yes")

    assert deployed.returncode == 0, deployed.stderr


def admit_get_parameters(account: Account) -> None:
    """Work around one defect of the emulator: it authorises ssm:GetParameters on `*`, whatever was asked for.

    AWS authorises it on each parameter, so the template's own policy is right and stays as it is.
    """
    iam = account.client("iam")
    (role,) = (r["RoleName"] for r in iam.list_roles()["Roles"] if r["RoleName"].startswith("shop-secret-validator"))
    document = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "*"},
    }
    iam.put_role_policy(RoleName=role, PolicyName="EmulatorDefect", PolicyDocument=json.dumps(document))
