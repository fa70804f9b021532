"""The secret validator stack: the Lambda function behind ``Custom::SecretsExist``, its role and its log group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field
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
from cfnroles.targets.cloudformation.inline_code import inline_code
from cfnroles.targets.cloudformation.parameters import (
    key_arns,
    log_key,
    permissions_boundary,
    project_name,
    secret_parameter,
    switch,
)
from cfnroles.targets.cloudformation.policy_documents import (
    attached_policies,
    attachments,
    conditions_of,
    inline_policies,
    trust,
)
from cfnroles.targets.cloudformation.settled import SHARED_GATE
from cfnroles.targets.cloudformation.stack_template import StackTemplate
from cfnroles.targets.cloudformation.values import Spelling
from cfnroles.validator_needs import CHECK_JSON_KEYS, CHECK_KEYS

#: Export name of the function's ARN, in the spelling of ``Fn::Sub``.
EXPORT = "${ProjectName}-SecretValidatorArn"

#: The characters of the role's inline policies that the policy for the function's own log takes.
OWN_POLICY = 400

#: CloudFormation writes inline code to a file `index`.
_HANDLER = "index.handler"

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
_RUNTIME = "python3.13"
FUNCTION_TIMEOUT = 60
#: The timeout of CloudFormation, which a task stack sets, must be longer: twice this, and Lambda's pause before it
#: retries, which is a minute. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
LONGEST_TIMEOUT = 60

_SWITCHED = {
    CHECK_JSON_KEYS: (
        "Whether the function may read the secrets to check that the JSON keys in the references exist. The"
        " parameter of the same name in the task stack requests the check."
    ),
    CHECK_KEYS: (
        "Whether the function may check that the keys in KmsKeyArns are enabled. The parameter of the same name in"
        " the task stack requests the check."
    ),
}


#: The exports of the function of the gate for all services, and of that function's role.
SHARED_EXPORT = EXPORT.replace("${ProjectName}", SHARED_GATE)
SHARED_ROLE_EXPORT = f"{SHARED_GATE}-SecretValidatorRoleArn"
#: Export name of the ARN of the role that the shared gate assumes.
CHECK_ROLE_EXPORT = "${ProjectName}-SecretCheckRoleArn"


def export_name(number: int, *, shared: bool = False) -> str:
    """Return the export name of the ARN of the function with this number, or of the role for a shared one."""
    export = CHECK_ROLE_EXPORT if shared else EXPORT
    return export.replace("${ProjectName}", f"${{ProjectName}}{_suffix(number)}")


class ValidatorStack(Struct, frozen=True):
    """The contents of the validator's stack: ``policies`` are what the function may check.

    ``secrets`` maps parameter names to the ARNs that are their defaults. ``number`` distinguishes the validators of one
    project, if one role could not hold all that they check.
    """

    project: str
    policies: Sequence[Policy]
    spelling: Spelling
    secrets: Mapping[str, str] = field(default_factory=dict)
    placeholders: Sequence[Parameter] = ()
    number: int = 1


def secret_validator_template(stack: ValidatorStack) -> Template:
    """Return the template of a validator's stack."""
    policies, spelling = stack.policies, stack.spelling
    template = StackTemplate(
        Description="Checks that secrets and parameters exist before a task definition is deployed."
    )
    template.set_version("2010-09-09")
    _add_parameters(template, stack)
    template.add_condition("HasPermissionsBoundary", Not(Equals(Ref("PermissionsBoundaryArn"), "")))
    template.add_condition("HasLogKmsKeyArn", Not(Equals(Ref("LogKmsKeyArn"), "")))
    for name, condition in conditions_of(policies, spelling).items():
        template.add_condition(name, condition)
    tags = Tags(**{"cfnroles:project": Ref("ProjectName")})
    attached = attached_policies(policies, "Role", spelling, "the secret validator")
    resources = (
        _log_group(tags, stack.number),
        *attached,
        _role(policies, spelling, tags),
        _function(tags),
        _invocation(),
    )
    for resource in resources:
        template.add_resource(resource)
    template.add_output(
        Output(
            "SecretValidatorArn",
            Description="ServiceToken of Custom::SecretsExist.",
            Value=GetAtt("Function", "Arn"),
            Export=Export(Sub(export_name(stack.number))),
        )
    )
    return template


def _add_parameters(template: Template, stack: ValidatorStack) -> None:
    add_own_parameters(template, stack)
    for parameter in _FUNCTION_PARAMETERS:
        template.add_parameter(parameter)


def add_own_parameters(template: Template, stack: ValidatorStack) -> None:
    """Add the parameters that depend on what is checked, and those of its role, to the template."""
    template.add_parameter(project_name(stack.project))
    template.add_parameter(permissions_boundary())
    hang_on = {parameter for policy in stack.policies for parameter in policy.when}
    for name, description in _SWITCHED.items():
        if name in hang_on:
            template.add_parameter(switch(name, "disabled", description))
    if "KmsKeyArns" in hang_on:
        template.add_parameter(key_arns(stack.spelling.facts.kms_key_arns))
    for name, arn in stack.secrets.items():
        template.add_parameter(secret_parameter(name, arn))
    for parameter in stack.placeholders:
        template.add_parameter(parameter)


_FUNCTION_PARAMETERS = (
    Parameter(
        "Architecture",
        Type="String",
        Default="x86_64",
        AllowedValues=["x86_64", "arm64"],
        Description="CPU architecture of the function.",
    ),
    Parameter(
        "MemorySize",
        Type="Number",
        Default=512,
        MinValue=128,
        MaxValue=3008,
        Description="Memory of the function in MB; CPU power grows with it.",
    ),
    Parameter(
        "Timeout",
        Type="Number",
        Default=FUNCTION_TIMEOUT,
        MinValue=10,
        MaxValue=LONGEST_TIMEOUT,
        Description="Seconds until the function stops; it answers CloudFormation before that.",
    ),
    Parameter(
        "LogRetentionInDays",
        Type="Number",
        Default=30,
        AllowedValues=[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653],
        Description="Retention of the function's log in days.",
    ),
    log_key("", "the function's log"),
)


def _suffix(number: int) -> str:
    return "" if number == 1 else f"-{number}"


def _log_group(tags: Tags, number: int) -> logs.LogGroup:
    return logs.LogGroup(
        "LogGroup",
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        Metadata=_suppressed({"W84": "the log never contains a secret's value, and CloudWatch Logs encrypts it"}),
        LogGroupName=Sub(f"/aws/lambda/${{ProjectName}}-secret-validator{_suffix(number)}"),
        RetentionInDays=Ref("LogRetentionInDays"),
        KmsKeyId=If("HasLogKmsKeyArn", Ref("LogKmsKeyArn"), NoValue),
        Tags=tags,
    )


def _function(tags: Tags) -> awslambda.Function:
    return awslambda.Function(
        "Function",
        Metadata=_suppressed(
            {
                "W89": "in a VPC, the function would need a route to AWS to check and to answer",
                "W92": "reserved concurrency fails in new accounts, and a deployment invokes the function only once",
            }
        ),
        Description="Handles Custom::SecretsExist: lists every secret and parameter that a task would miss.",
        Runtime=_RUNTIME,
        Architectures=[Ref("Architecture")],
        Handler=_HANDLER,
        Role=GetAtt("Role", "Arn"),
        MemorySize=Ref("MemorySize"),
        Timeout=Ref("Timeout"),
        LoggingConfig=awslambda.LoggingConfig(LogGroup=Ref("LogGroup")),
        Code=awslambda.Code(ZipFile=inline_code()),
        Tags=tags,
    )


def _invocation() -> awslambda.EventInvokeConfig:
    # CloudFormation invokes the function asynchronously. One retry is for a response that could not be delivered: the
    # function raises only then, and a second response to the same request has no effect.
    return awslambda.EventInvokeConfig(
        "Invocation",
        FunctionName=Ref("Function"),
        Qualifier="$LATEST",
        MaximumRetryAttempts=1,
        MaximumEventAgeInSeconds=LONGEST_TIMEOUT + 60,
    )


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
                    "Resource": GetAtt("LogGroup", "Arn"),
                }
            ],
        },
    )
    attached = attachments(policies, "Role")
    return iam.Role(
        "Role",
        Description="The secret validator: checks that secrets and parameters exist, and keeps no value.",
        PermissionsBoundary=If("HasPermissionsBoundary", Ref("PermissionsBoundaryArn"), NoValue),
        AssumeRolePolicyDocument=trust("lambda.amazonaws.com"),
        **({"ManagedPolicyArns": attached} if attached else {}),
        Policies=[writes, *inline_policies(policies, spelling)],
        Tags=tags,
    )


def _suppressed(rules: Mapping[str, str]) -> dict[str, object]:
    return {"cfn_nag": {"rules_to_suppress": [{"id": rule, "reason": reason} for rule, reason in rules.items()]}}
