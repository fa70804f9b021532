"""The project of three services against a real CloudFormation API: each role holds what the table says, and no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cfnroles import read
from cfnroles.need import Holder

if TYPE_CHECKING:
    from tests.commands import Ended

    from .conftest import Account

NAMES = {Holder.EXECUTION: "ECSTaskExecutionRoleArn", Holder.TASK: "ECSTaskRoleArn"}


def put_what_exists(account: Account) -> None:
    """What the services name and others own: secrets, a parameter, a table's export, a boundary, and a trail's log."""
    secrets = account.client("secretsmanager")
    for name in ("shop/database", "shop/signing"):
        secrets.create_secret(Name=name, SecretString="value")
    account.client("ssm").put_parameter(Name="/shop/feature-flags", Value="value", Type="String")
    account.client("logs").create_log_group(logGroupName="CloudTrail/management")
    template = {
        "Resources": {
            "Orders": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "TableName": "orders",
                    "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                },
            }
        },
        "Outputs": {
            "Arn": {"Value": {"Fn::GetAtt": ["Orders", "Arn"]}, "Export": {"Name": "shop-data-OrdersTableArn"}}
        },
    }
    cloudformation = account.client("cloudformation")
    cloudformation.create_stack(StackName="shop-data", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="shop-data", WaiterConfig={"Delay": 0.05, "MaxAttempts": 400}
    )


def actions(account: Account, role_arn: str) -> set[str]:
    iam, role = account.client("iam"), role_arn.rsplit("/", 1)[1]
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
    found: set[str] = set()
    for document in documents:
        for statement in (json.loads(document) if isinstance(document, str) else document)["Statement"]:
            found |= {statement["Action"]} if isinstance(statement["Action"], str) else set(statement["Action"])
    return found


@pytest.fixture
def deployed(account: Account, built: Callable[..., Path]) -> Ended:
    put_what_exists(account)
    return account.cfnroles("deploy", built("shop-project/cfnroles.yaml"), "--yes")


def test_all_stacks_deploy_and_each_role_holds_exactly_its_needs(
    account: Account, deployed: Ended, examples: Path
) -> None:
    assert deployed.returncode == 0, deployed.stderr
    stacks = account.client("cloudformation").describe_stacks()["Stacks"]
    assert {stack["StackStatus"] for stack in stacks} == {"CREATE_COMPLETE"}
    assert len(stacks) == 12

    exports: dict[str, Any] = {
        export["Name"]: export["Value"] for export in account.client("cloudformation").list_exports()["Exports"]
    }
    for service in read(examples / "shop-project" / "cfnroles.yaml").accepted():
        for holder, name in NAMES.items():
            granted = actions(account, exports[f"shop-{service.name}-{name}"])
            needed = {
                need.permission.action
                for need in service.discovery.needs
                if need.holder is holder and ("KmsKeyArns" not in need.permission.when or service.facts.kms_key_arns)
            }
            assert granted == needed, (service.name, holder)

    groups = account.client("logs").describe_log_groups(logGroupNamePrefix="/shop/")["logGroups"]
    assert {(group["logGroupName"], group["retentionInDays"]) for group in groups} == {
        ("/shop/web", 30),
        ("/shop/worker", 30),
        ("/shop/report", 30),
    }
    families = account.client("ecs").list_task_definition_families()["families"]
    assert sorted(families) == ["shop-report", "shop-web", "shop-worker"]


def test_a_secret_that_is_missing_holds_back_only_the_services_that_need_it(
    account: Account, built: Callable[..., Path]
) -> None:
    put_what_exists(account)
    account.client("secretsmanager").delete_secret(SecretId="shop/signing", ForceDeleteWithoutRecovery=True)
    refused = account.cfnroles("deploy", built("shop-project/cfnroles.yaml"), "--yes")
    assert refused.returncode == 1
    assert "shop/signing" in refused.stderr
    assert "container web, secret SIGNING_KEY" in refused.stderr
    assert "shop-web" not in account.client("ecs").list_task_definition_families()["families"]
