"""What the macro answers, deployed: the emulator knows no macros of an account, and is given the expanded template."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import botocore.exceptions
import pytest

from cfnroles.document import parse
from cfnroles.hosted.macro import handler

from .test_injected import TEMPLATE, deploy, injected

if TYPE_CHECKING:
    from .conftest import Account

__all__ = ["injected"]


@pytest.fixture
def expanded(account: Account, injected: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The template as the macro makes it, and the validator that it asks already deployed."""
    (stack,) = account.client("cloudformation").describe_stacks(StackName="validator")["Stacks"]
    monkeypatch.setenv("SECRET_VALIDATOR_ARN", stack["Outputs"][0]["OutputValue"])
    monkeypatch.setenv("KMS_KEY_ARNS", "")
    event = {
        "requestId": "1",
        "fragment": parse(TEMPLATE, "shop.yaml"),
        "params": {},
        "templateParameterValues": {"Stage": "dev"},
    }
    return json.dumps(handler(event, None)["fragment"])


def test_the_stack_is_there_with_its_roles_where_all_exists(account: Account, expanded: str) -> None:
    account.client("ssm").put_parameter(Name="/dev/a", Value="x", Type="SecureString")
    assert deploy(account, "shop", expanded) == "CREATE_COMPLETE"
    definition = account.client("ecs").describe_task_definition(taskDefinition="web")["taskDefinition"]
    assert "WebExecutionRole" in definition["executionRoleArn"]


def test_a_missing_secret_is_refused_although_the_macro_has_no_values(account: Account, expanded: str) -> None:
    account.client("ssm").put_parameter(Name="/prod/a", Value="x", Type="SecureString")
    assert deploy(account, "shop", expanded, Stage="prod") == "ROLLBACK_COMPLETE"
    events = account.client("cloudformation").describe_stack_events(StackName="shop")["StackEvents"]
    (reason,) = (event["ResourceStatusReason"] for event in events if event["ResourceStatus"] == "CREATE_FAILED")
    assert "/prod/c" in reason


def test_the_emulator_knows_no_macros_of_an_account(account: Account) -> None:
    """Where this fails, the macro itself can be run there."""
    template = {"Resources": {"M": {"Type": "AWS::CloudFormation::Macro", "Properties": {}}}}
    with pytest.raises(botocore.exceptions.ClientError, match="Unrecognized resource types"):
        deploy(account, "macro", json.dumps(template))
