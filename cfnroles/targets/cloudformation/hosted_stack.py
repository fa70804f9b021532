"""The stack of the macro and the hook: their functions, each with a role and a log group of its own.

The macro and the hook have conditions, so each can be deployed without the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from troposphere import (
    Equals,
    GetAtt,
    If,
    ImportValue,
    Join,
    Not,
    NoValue,
    Parameter,
    Ref,
    Select,
    Sub,
    Template,
    awslambda,
    cloudformation,
    iam,
    logs,
)

from cfnroles.targets.cloudformation.hook import ASKING, hooks
from cfnroles.targets.cloudformation.parameters import key_arns, log_key, permissions_boundary, project_name, switch
from cfnroles.targets.cloudformation.policy_documents import trust
from cfnroles.targets.cloudformation.secret_validator import EXPORT
from cfnroles.targets.cloudformation.stack_template import StackTemplate

# `make functions` installs wheels for it. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
_RUNTIME = "python3.13"
#: CloudFormation waits 30 seconds for the response of a hook.
#: https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/lambda-hooks-create-lambda-function.html
_HOOK_TIMEOUT = 29

_PARAMETERS = (
    Parameter(
        "CodeBucket",
        Type="String",
        Description="Bucket in this Region with the archive that `make functions` writes.",
        AllowedPattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        ConstraintDescription="the name of a bucket",
    ),
    Parameter(
        "CodeKey",
        Type="String",
        Description="Key of that archive. Its name contains a digest, so a new archive has a new key.",
        AllowedPattern=r"^.{1,1024}$",
        ConstraintDescription="the key of an object",
    ),
    Parameter(
        "MacroName",
        Type="String",
        Default="CfnRoles",
        Description="Name that templates use in Transform.",
        AllowedPattern=r"^[A-Za-z][A-Za-z0-9]{0,63}$",
        ConstraintDescription="a letter, then letters and digits",
    ),
    Parameter(
        "Hook",
        Type="String",
        Default="disabled",
        AllowedValues=["disabled", "task-definitions", "task-definitions-and-templates"],
        Description="What the hook checks in all stacks of this account and Region.",
    ),
    Parameter(
        "HookStatus",
        Type="String",
        Default="ENABLED",
        AllowedValues=["ENABLED", "DISABLED"],
        Description="DISABLED keeps the hook but does not call it.",
    ),
    Parameter(
        "HookFailureMode",
        Type="String",
        Default="FAIL",
        AllowedValues=["FAIL", "WARN"],
        Description="FAIL to fail what the hook refuses; WARN to deploy it with a warning in the events of the stack.",
    ),
    Parameter(
        "ExcludedStacks",
        Type="CommaDelimitedList",
        Default="",
        Description="Names of stacks that the hook does not check, comma-separated.",
        AllowedPattern=r"^$|^[A-Za-z][A-Za-z0-9-]{0,127}$",
        ConstraintDescription="names of stacks",
    ),
    Parameter(
        "Architecture",
        Type="String",
        Default="x86_64",
        AllowedValues=["x86_64", "arm64"],
        Description="CPU architecture of the functions; use that of the archive.",
    ),
    Parameter(
        "MemorySize",
        Type="Number",
        Default=1024,
        MinValue=256,
        MaxValue=3008,
        Description="Memory of each function in MB; CPU power grows with it.",
    ),
    Parameter(
        "LogRetentionInDays",
        Type="Number",
        Default=30,
        AllowedValues=[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653],
        Description="Retention of the functions' logs in days.",
    ),
)


def macro_and_hook() -> Template:
    """Return the template of both. The macro imports the secret validator of the same project; the hook needs none."""
    template = StackTemplate(
        Description="A CloudFormation macro that adds roles to ECS task definitions, and a hook that checks roles."
    )
    template.set_version("2010-09-09")
    gaps = "Whether to accept unknown resource names and roles that cannot be judged; the log lists them."
    for parameter in (
        *_PARAMETERS,
        switch("Macro", "enabled", "Whether the stack has the macro."),
        project_name("service"),
        key_arns(),
        switch("AcceptGaps", "disabled", gaps),
        permissions_boundary(),
        log_key("", "the functions' logs"),
    ):
        template.add_parameter(parameter)
    template.add_condition("HasMacro", Equals(Ref("Macro"), "enabled"))
    template.add_condition("HasHook", Not(Equals(Ref("Hook"), "disabled")))
    template.add_condition("HasTemplateHook", Equals(Ref("Hook"), "task-definitions-and-templates"))
    template.add_condition("HasExcludedStacks", Not(Equals(Select(0, Ref("ExcludedStacks")), "")))
    for name in ("PermissionsBoundaryArn", "LogKmsKeyArn"):
        template.add_condition(f"Has{name}", Not(Equals(Ref(name), "")))
    for resource in (*_macro(), *_hook()):
        template.add_resource(resource)
    return template


def _macro() -> tuple[Any, ...]:
    variables = {
        "SECRET_VALIDATOR_ARN": ImportValue(Sub(EXPORT)),
        "KMS_KEY_ARNS": Join(",", Ref("KmsKeyArns")),
        "ACCEPT_GAPS": Ref("AcceptGaps"),
    }
    # No permission for CloudFormation: it invokes the function with the permissions of the caller who deploys the
    # template.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
    macro = cloudformation.Macro(
        "RolesMacro",
        Condition="HasMacro",
        Name=Ref("MacroName"),
        Description="Adds roles to the ECS task definitions of a template that have none.",
        FunctionName=GetAtt("MacroFunction", "Arn"),
    )
    return (
        _log_group("Macro", "macro-${MacroName}"),
        _role("Macro", "The macro's function: writes its log and calls nothing else in AWS.", ()),
        _function(
            "Macro", "Returns a template with the roles of its task definitions to CloudFormation.", variables, 60
        ),
        macro,
    )


def _hook() -> tuple[Any, ...]:
    return (
        _log_group("Hook", "hook"),
        _role("Hook", "The hook's function: reads roles, and checks that secrets exist.", ASKING),
        _function(
            "Hook",
            "Tells CloudFormation whether a task definition can be deployed.",
            {"ACCEPT_GAPS": Ref("AcceptGaps")},
            _HOOK_TIMEOUT,
        ),
        *hooks(),
    )


def _log_group(whose: str, name: str) -> logs.LogGroup:
    return logs.LogGroup(
        f"{whose}LogGroup",
        Condition=f"Has{whose}",
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        LogGroupName=Sub(f"/aws/lambda/${{ProjectName}}-{name}"),
        RetentionInDays=Ref("LogRetentionInDays"),
        KmsKeyId=If("HasLogKmsKeyArn", Ref("LogKmsKeyArn"), NoValue),
    )


def _role(whose: str, description: str, statements: Sequence[Any]) -> iam.Role:
    log = {
        "Sid": "WriteLog",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": GetAtt(f"{whose}LogGroup", "Arn"),
    }
    document = {"Version": "2012-10-17", "Statement": [log, *statements]}
    return iam.Role(
        f"{whose}Role",
        Condition=f"Has{whose}",
        Description=description,
        PermissionsBoundary=If("HasPermissionsBoundaryArn", Ref("PermissionsBoundaryArn"), NoValue),
        AssumeRolePolicyDocument=trust("lambda.amazonaws.com"),
        Policies=[iam.Policy(PolicyName="Function", PolicyDocument=document)],
    )


def _function(whose: str, description: str, variables: dict[str, Any], timeout: int) -> awslambda.Function:
    return awslambda.Function(
        f"{whose}Function",
        Condition=f"Has{whose}",
        Description=description,
        Runtime=_RUNTIME,
        Architectures=[Ref("Architecture")],
        Handler=f"cfnroles.hosted.{whose.lower()}.handler",
        Role=GetAtt(f"{whose}Role", "Arn"),
        MemorySize=Ref("MemorySize"),
        Timeout=timeout,
        LoggingConfig=awslambda.LoggingConfig(LogGroup=Ref(f"{whose}LogGroup")),
        Environment=awslambda.Environment(Variables=variables),
        Code=awslambda.Code(S3Bucket=Ref("CodeBucket"), S3Key=Ref("CodeKey")),
    )
