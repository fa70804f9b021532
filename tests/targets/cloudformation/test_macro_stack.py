"""The macro's stack: what its function may do, and what it is told."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from cfnroles.hosted import macro as function
from cfnroles.targets.cloudformation.macro_stack import macro

RESOURCES: dict[str, Any] = macro().to_dict()["Resources"]
FUNCTION = RESOURCES["Function"]["Properties"]


def test_the_function_may_write_its_own_log_and_nothing_else() -> None:
    role = RESOURCES["Role"]["Properties"]
    (policy,) = role["Policies"]
    assert "ManagedPolicyArns" not in role
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Sid": "WriteLog",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [{"Fn::GetAtt": ["LogGroup", "Arn"]}],
        }
    ]
    assert RESOURCES["LogGroup"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionInDays"}


def test_nobody_is_let_in_who_may_not_deploy() -> None:
    assert {each["Type"] for each in RESOURCES.values()} == {
        "AWS::CloudFormation::Macro",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
    }


def test_the_handler_is_there() -> None:
    module, _, name = FUNCTION["Handler"].rpartition(".")
    assert getattr(import_module(module), name) is function.handler


def test_the_function_reads_exactly_the_variables_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    read: set[str] = set()

    class Environment(dict[str, str]):
        def get(self, name: str, default: Any = None) -> Any:
            read.add(name)
            return super().get(name, default)

    monkeypatch.setattr(function.os, "environ", Environment({"SECRET_VALIDATOR_ARN": "arn"}))
    assert function.handler({"requestId": "1", "fragment": {"Resources": {}}}, None)["status"] == "success"
    assert read == set(FUNCTION["Environment"]["Variables"])
