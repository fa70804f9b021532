"""templates/: the whole flow without Python, by parameters alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.exceptions
import pytest

if TYPE_CHECKING:
    from .conftest import Account

SECRETS = "arn:aws:secretsmanager:us-east-1:123456789012:secret"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def deploy(account: Account, repository: Path, template: str, **parameters: str) -> str:
    """The status that the stack ends in."""
    cloudformation = account.client("cloudformation")
    cloudformation.create_stack(
        StackName=template,
        TemplateBody=(repository / "templates" / f"{template}.yaml").read_text(),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    try:
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName=template, WaiterConfig={"Delay": 0.05, "MaxAttempts": 600})
    except botocore.exceptions.WaiterError:
        pass
    return cloudformation.describe_stacks(StackName=template)["Stacks"][0]["StackStatus"]


def policies(account: Account, role: str) -> dict[str, Any]:
    iam = account.client("iam")
    (name,) = (r["RoleName"] for r in iam.list_roles()["Roles"] if r["RoleName"].startswith(role))
    return {
        policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
    }


def test_the_four_templates_make_a_service(account: Account, repository: Path) -> None:
    secret = account.client("secretsmanager").create_secret(Name="shop/database", SecretString="value")["ARN"]

    assert deploy(account, repository, "secret-validator", SecretArns=secret) == "CREATE_COMPLETE"
    assert deploy(account, repository, "execution-role", SecretArns=secret, KmsKeyArns=KEY) == "CREATE_COMPLETE"
    assert deploy(account, repository, "task-role") == "CREATE_COMPLETE"
    assert deploy(account, repository, "task-definition", SecretArn=secret) == "CREATE_COMPLETE"

    assert account.client("ecs").describe_task_definition(taskDefinition="service")["taskDefinition"]["revision"] == 1
    assert policies(account, "execution-role") == {
        "WithSecretArns": [
            {
                "Sid": "ReadSecrets",
                "Effect": "Allow",
                "Action": "secretsmanager:GetSecretValue",
                "Resource": [secret],
            }
        ],
        "WithKmsKeyArnsAndSecretArns": [
            {
                "Sid": "DecryptSecrets",
                "Effect": "Allow",
                "Action": "kms:Decrypt",
                "Resource": [KEY],
                "Condition": {
                    "StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"},
                    "StringLike": {"kms:EncryptionContext:SecretARN": [secret]},
                },
            }
        ],
    }


def test_with_default_parameters_the_execution_role_may_do_nothing(account: Account, repository: Path) -> None:
    assert deploy(account, repository, "execution-role") == "CREATE_COMPLETE"

    assert policies(account, "execution-role") == {}


def test_the_gate_holds_without_python(account: Account, repository: Path) -> None:
    missing = f"{SECRETS}:shop/database"
    deploy(account, repository, "secret-validator", SecretArns=f"{missing},{missing}-??????")
    deploy(account, repository, "execution-role", SecretArns=f"{missing}-??????")
    deploy(account, repository, "task-role")

    assert deploy(account, repository, "task-definition", SecretArn=missing) == "ROLLBACK_COMPLETE"

    events = account.client("cloudformation").describe_stack_events(StackName="task-definition")["StackEvents"]
    (reason,) = (event["ResourceStatusReason"] for event in events if event["ResourceStatus"] == "CREATE_FAILED")
    assert "shop/database" in reason
    assert "container main, secret SECRET" in reason


WIDE = {
    "every secret": {"SecretArns": f"{SECRETS}:*"},
    "every parameter": {"ParameterArns": "arn:aws:ssm:us-east-1:123456789012:parameter/*"},
    "every repository": {"RepositoryArns": "arn:aws:ecr:us-east-1:123456789012:repository/*"},
    "every key": {"KmsKeyArns": "arn:aws:kms:us-east-1:123456789012:key/*"},
    "an alias of a key": {"KmsKeyArns": "arn:aws:kms:us-east-1:123456789012:alias/shop"},
}


@pytest.mark.parametrize("parameters", WIDE.values(), ids=WIDE)
def test_no_parameter_lets_a_wildcard_in(account: Account, repository: Path, parameters: dict[str, str]) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="ValidationError"):
        deploy(account, repository, "execution-role", **parameters)
