"""The stack of the macro and the hook: what their functions may do, their settings, and who may invoke them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from cfnroles.hosted import hook, macro
from cfnroles.targets.cloudformation.hosted_stack import macro_and_hook
from tests.deployed_roles import listed

TEMPLATE: dict[str, Any] = macro_and_hook().to_dict()
RESOURCES = TEMPLATE["Resources"]


def statements(role: str) -> list[dict[str, Any]]:
    properties = RESOURCES[role]["Properties"]
    (policy,) = properties["Policies"]
    assert "ManagedPolicyArns" not in properties
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


@pytest.mark.parametrize("whose", ["Macro", "Hook"])
def test_a_function_may_write_its_own_log(whose: str) -> None:
    assert statements(f"{whose}Role")[0] == {
        "Sid": "WriteLog",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": {"Fn::GetAtt": [f"{whose}LogGroup", "Arn"]},
    }
    function = RESOURCES[f"{whose}Function"]["Properties"]
    assert function["LoggingConfig"] == {"LogGroup": {"Ref": f"{whose}LogGroup"}}
    assert function["Role"] == {"Fn::GetAtt": [f"{whose}Role", "Arn"]}
    assert RESOURCES[f"{whose}LogGroup"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionInDays"}


def test_the_macros_function_may_do_nothing_else() -> None:
    assert len(statements("MacroRole")) == 1


def test_the_hooks_function_may_read_roles_and_describe_secrets_of_its_account_and_nothing_else(golden: Any) -> None:
    lines = []
    for each in statements("HookRole")[1:]:
        assert each["Effect"] == "Allow"
        resources = [resource["Fn::Sub"] for resource in listed(each["Resource"])]
        assert all("${AWS::AccountId}" in resource or ":iam::aws:" in resource for resource in resources)
        lines += [f"{action} on {', '.join(resources)}" for action in listed(each["Action"])]
    golden("hook/may-do.txt", "\n".join(lines) + "\n")


def test_cloudformation_may_invoke_the_hooks_function_for_this_account_and_nothing_else() -> None:
    (invoke,) = statements("HookInvokingRole")
    assert invoke["Action"] == "lambda:InvokeFunction"
    assert invoke["Resource"] == {"Fn::GetAtt": ["HookFunction", "Arn"]}
    trust = RESOURCES["HookInvokingRole"]["Properties"]["AssumeRolePolicyDocument"]
    assert trust["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "hooks.cloudformation.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        }
    ]


def test_nobody_else_is_let_in() -> None:
    assert {each["Type"] for each in RESOURCES.values()} == {
        "AWS::CloudFormation::LambdaHook",
        "AWS::CloudFormation::Macro",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
    }


def test_either_is_to_be_had_without_the_other() -> None:
    of = {name: each["Condition"] for name, each in RESOURCES.items()}
    assert {name for name, condition in of.items() if condition == "HasMacro"} == {
        "MacroFunction",
        "MacroLogGroup",
        "MacroRole",
        "RolesMacro",
    }
    assert {of[name] for name in of if "Macro" not in name} == {"HasHook", "HasTemplateHook"}
    assert TEMPLATE["Conditions"]["HasMacro"] == {"Fn::Equals": [{"Ref": "Macro"}, "enabled"]}


def test_the_hook_of_templates_is_none_of_its_own() -> None:
    """It has no filter of types, which would keep templates from it; and no one has it who has not the other."""
    assert "TargetFilters" not in RESOURCES["TemplateHook"]["Properties"]
    assert RESOURCES["TaskDefinitionHook"]["Properties"]["TargetFilters"]["TargetNames"] == ["AWS::ECS::TaskDefinition"]
    values = TEMPLATE["Parameters"]["Hook"]["AllowedValues"]
    assert values == ["disabled", "task-definitions", "task-definitions-and-templates"]
    assert TEMPLATE["Conditions"]["HasTemplateHook"] == {"Fn::Equals": [{"Ref": "Hook"}, values[2]]}
    assert TEMPLATE["Conditions"]["HasHook"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "Hook"}, values[0]]}]}


@pytest.mark.parametrize("name", ["TaskDefinitionHook", "TemplateHook"])
def test_who_is_refused_wrongly_has_three_ways_past_it(name: str) -> None:
    properties = RESOURCES[name]["Properties"]
    assert properties["HookStatus"] == {"Ref": "HookStatus"}
    assert properties["FailureMode"] == {"Ref": "HookFailureMode"}
    excluded = {"FilteringCriteria": "ALL", "StackNames": {"Exclude": {"Ref": "ExcludedStacks"}}}
    assert properties["StackFilters"] == {"Fn::If": ["HasExcludedStacks", excluded, {"Ref": "AWS::NoValue"}]}


@pytest.mark.parametrize(("whose", "module"), [("Macro", macro), ("Hook", hook)])
def test_the_handler_is_there(whose: str, module: Any) -> None:
    path, _, name = RESOURCES[f"{whose}Function"]["Properties"]["Handler"].rpartition(".")
    assert getattr(import_module(path), name) is module.handler


GOOD: dict[str, dict[str, Any]] = {
    "Macro": {"requestId": "1", "fragment": {"Resources": {}}},
    "Hook": {
        "requestData": {
            "targetName": "AWS::ECS::TaskDefinition",
            "targetModel": {"resourceProperties": {"ContainerDefinitions": [{"Name": "a", "Image": "nginx"}]}},
        }
    },
}


@pytest.mark.parametrize(("whose", "module"), [("Macro", macro), ("Hook", hook)])
def test_a_function_reads_exactly_the_variables_that_it_is_given(
    whose: str, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: set[str] = set()

    class Environment(dict[str, str]):
        def get(self, name: str, default: Any = None) -> Any:
            read.add(name)
            return super().get(name, default)

    monkeypatch.setattr(module.os, "environ", Environment({"SECRET_VALIDATOR_ARN": "arn"}))
    answer = module.handler(GOOD[whose], None)
    assert "success" in (answer.get("status"), str(answer.get("hookStatus")).lower())
    # The last one is Lambda's own.
    assert read - {"AWS_REGION"} == set(RESOURCES[f"{whose}Function"]["Properties"]["Environment"]["Variables"])
