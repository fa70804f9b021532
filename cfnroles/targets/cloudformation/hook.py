"""The Lambda hook, the role with which CloudFormation invokes its function, and the calls that the function may make.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-lambdahook.html
"""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, If, NoValue, Ref, Sub, cloudformation, iam

from cfnroles.targets.cloudformation.policy_documents import alone, trust


def _statement(sid: str, actions: list[str], *resources: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": alone(actions), "Resource": alone(list(resources))}


def _own(service: str, resources: str, region: str = "*") -> Any:
    """Return the ARN for all resources of a kind in the account. A task may refer to secrets of any Region."""
    return Sub(f"arn:${{AWS::Partition}}:{service}:{region}:${{AWS::AccountId}}:{resources}")


#: The calls of the hook's function: for every role and secret, because any task definition may name any of them.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
ASKING = (
    _statement(
        "ReadRoles",
        ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"],
        _own("iam", "role/*", ""),
    ),
    _statement(
        "ReadPolicies",
        ["iam:GetPolicy", "iam:GetPolicyVersion"],
        _own("iam", "policy/*", ""),
        Sub("arn:${AWS::Partition}:iam::aws:policy/*"),
    ),
    _statement(
        "DescribeSecrets",
        ["secretsmanager:DescribeSecret", "secretsmanager:ListSecretVersionIds"],
        _own("secretsmanager", "secret:*"),
    ),
    _statement("FindParameters", ["ssm:GetParameters"], _own("ssm", "parameter/*")),
    # This action has no resource type, so it is granted for all parameters.
    _statement("DescribeParameters", ["ssm:DescribeParameters"], _own("ssm", "*")),
    # A secret may name its key by an alias.
    _statement("DescribeKeys", ["kms:DescribeKey"], _own("kms", "key/*")),
)


def hooks() -> tuple[Any, ...]:
    """Return the hook of task definitions, that of templates, and the role of both."""
    resources = cloudformation.TargetFilters(
        Actions=["CREATE", "UPDATE"],
        InvocationPoints=["PRE_PROVISION"],
        TargetNames=["AWS::ECS::TaskDefinition"],
    )
    return (
        _invoking_role(),
        _hook(
            "TaskDefinitionHook", "HasHook", "TaskDefinitions", ["RESOURCE", "CLOUD_CONTROL"], TargetFilters=resources
        ),
        _hook("TemplateHook", "HasTemplateHook", "Templates", ["STACK", "CHANGE_SET"]),
    )


def _invoking_role() -> iam.Role:
    """https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/lambda-hooks-prepare-to-create-hook.html"""
    invoke = _statement("InvokeFunction", ["lambda:InvokeFunction"], GetAtt("HookFunction", "Arn"))
    return iam.Role(
        "HookInvokingRole",
        Condition="HasHook",
        Description="CloudFormation uses this role to invoke the hook's function only.",
        PermissionsBoundary=If("HasPermissionsBoundaryArn", Ref("PermissionsBoundaryArn"), NoValue),
        AssumeRolePolicyDocument=trust(
            "hooks.cloudformation.amazonaws.com", {"StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")}}
        ),
        Policies=[
            iam.Policy(PolicyName="InvokeFunction", PolicyDocument={"Version": "2012-10-17", "Statement": [invoke]})
        ],
    )


def _hook(name: str, condition: str, alias: str, operations: list[str], **filters: Any) -> cloudformation.LambdaHook:
    excluded = cloudformation.StackFilters(
        FilteringCriteria="ALL", StackNames=cloudformation.StackNames(Exclude=Ref("ExcludedStacks"))
    )
    return cloudformation.LambdaHook(
        name,
        Condition=condition,
        Alias=f"CfnRoles::Ecs::{alias}",
        LambdaFunction=GetAtt("HookFunction", "Arn"),
        ExecutionRole=GetAtt("HookInvokingRole", "Arn"),
        HookStatus=Ref("HookStatus"),
        FailureMode=Ref("HookFailureMode"),
        TargetOperations=operations,
        StackFilters=If("HasExcludedStacks", excluded, NoValue),
        **filters,
    )
