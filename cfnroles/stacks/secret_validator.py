"""The secret validator stack: the Lambda function behind ``Custom::SecretsExist``, its role and its log group."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files

from troposphere import (
    Equals,
    Export,
    GetAtt,
    If,
    Not,
    NoValue,
    Output,
    Parameter,
    Ref,
    Sub,
    Tags,
    Template,
    awslambda,
    iam,
    logs,
)

from cfnroles.policies import Policy
from cfnroles.stacks.parameters import permissions_boundary, project_name, secret_parameter
from cfnroles.stacks.policy_documents import conditions_of, inline_policies, trust
from cfnroles.stacks.values import Spelling

#: Export name of the function's ARN, in the spelling of ``Fn::Sub``.
EXPORT = "${ProjectName}-SecretValidatorArn"

#: CloudFormation puts inline code into a file `index`. The checks follow the protocol that they are written for.
_MODULES = ("custom_resource.py", "secret_validator.py")
_HANDLER = "index.handler"

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
_RUNTIME = "python3.13"
FUNCTION_TIMEOUT = 60


def inline_code() -> str:
    """The function's code in one file, as CloudFormation's ``ZipFile`` takes it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html
    """
    folder = files("cfnroles.lambda_code")
    sources = [(folder / name).read_text(encoding="utf-8") for name in _MODULES]
    joined = "\n\n".join(
        re.sub(r"^from custom_resource import (\([^)]*\)|[^\n]*)\n", "", source, flags=re.MULTILINE)
        for source in sources
    )
    return "\n".join(line.rstrip() for line in joined.splitlines()) + "\n"


def secret_validator_template(
    project: str, policies: Sequence[Policy], spelling: Spelling, secrets: Mapping[str, str]
) -> Template:
    """The template. ``policies`` are what the function may ask about; ``secrets`` maps parameter names to ARNs."""
    template = Template(Description="Checks that secrets and parameters exist before a task definition is deployed.")
    template.set_version("2010-09-09")
    template.add_parameter(project_name(project))
    template.add_parameter(permissions_boundary())
    template.add_parameter(
        Parameter(
            "LogRetentionInDays",
            Type="Number",
            Default=30,
            Description="Days that the function's log is kept.",
            AllowedValues=[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653],
        )
    )
    for name, arn in secrets.items():
        template.add_parameter(secret_parameter(name, arn))
    template.add_condition("HasPermissionsBoundary", Not(Equals(Ref("PermissionsBoundaryArn"), "")))
    for name, condition in conditions_of(policies, spelling).items():
        template.add_condition(name, condition)
    tags = Tags(**{"cfnroles:project": Ref("ProjectName")})
    template.add_resource(
        logs.LogGroup(
            "LogGroup",
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            LogGroupName=Sub("/aws/lambda/${ProjectName}-secret-validator"),
            RetentionInDays=Ref("LogRetentionInDays"),
            Tags=tags,
        )
    )
    template.add_resource(_role(policies, spelling, tags))
    template.add_resource(
        awslambda.Function(
            "Function",
            Description="Answers Custom::SecretsExist: names every secret and parameter that a task would miss.",
            Runtime=_RUNTIME,
            Handler=_HANDLER,
            Role=GetAtt("Role", "Arn"),
            MemorySize=128,
            Timeout=FUNCTION_TIMEOUT,
            LoggingConfig=awslambda.LoggingConfig(LogGroup=Ref("LogGroup")),
            Code=awslambda.Code(ZipFile=inline_code()),
            Tags=tags,
        )
    )
    template.add_resource(
        # CloudFormation invokes the function asynchronously. It has answered before it fails, or will not at all.
        awslambda.EventInvokeConfig(
            "Invocation",
            FunctionName=Ref("Function"),
            Qualifier="$LATEST",
            MaximumRetryAttempts=0,
            MaximumEventAgeInSeconds=FUNCTION_TIMEOUT,
        )
    )
    template.add_output(
        Output(
            "SecretValidatorArn",
            Description="ServiceToken of Custom::SecretsExist.",
            Value=GetAtt("Function", "Arn"),
            Export=Export(Sub(EXPORT)),
        )
    )
    return template


def _role(policies: Sequence[Policy], spelling: Spelling, tags: Tags) -> iam.Role:
    writes = iam.Policy(
        PolicyName="WriteLog",
        PolicyDocument={
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "WriteLog",
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": [GetAtt("LogGroup", "Arn")],
                }
            ],
        },
    )
    return iam.Role(
        "Role",
        Description="The secret validator: asks whether secrets and parameters exist, and reads no value.",
        PermissionsBoundary=If("HasPermissionsBoundary", Ref("PermissionsBoundaryArn"), NoValue),
        AssumeRolePolicyDocument=trust("lambda.amazonaws.com"),
        Policies=[writes, *inline_policies(policies, spelling)],
        Tags=tags,
    )
