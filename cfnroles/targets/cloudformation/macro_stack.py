"""The macro's stack: the function that expands templates, its role and its log group, and the macro itself."""

from __future__ import annotations

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
    Sub,
    Template,
    awslambda,
    cloudformation,
    iam,
    logs,
)

from cfnroles.targets.cloudformation.parameters import key_arns, log_key, permissions_boundary, project_name, switch
from cfnroles.targets.cloudformation.policy_documents import trust
from cfnroles.targets.cloudformation.secret_validator import EXPORT

_HANDLER = "cfnroles.hosted.macro.handler"
# `make macro` takes wheels for it. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
_RUNTIME = "python3.13"

_PARAMETERS = (
    Parameter(
        "CodeBucket",
        Type="String",
        Description="Bucket, in this Region, with the archive that `make macro` writes.",
        AllowedPattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        ConstraintDescription="the name of a bucket",
    ),
    Parameter(
        "CodeKey",
        Type="String",
        Description="Key of that archive. Its name holds a digest, so that another archive has another key.",
        AllowedPattern=r"^.{1,1024}$",
        ConstraintDescription="the key of an object",
    ),
    Parameter(
        "MacroName",
        Type="String",
        Default="CfnRoles",
        Description="What templates name in Transform.",
        AllowedPattern=r"^[A-Za-z][A-Za-z0-9]{0,63}$",
        ConstraintDescription="a letter, then letters and digits",
    ),
    Parameter(
        "Architecture",
        Type="String",
        Default="x86_64",
        AllowedValues=["x86_64", "arm64"],
        Description="Processor of the function; that of the archive.",
    ),
    Parameter(
        "MemorySize",
        Type="Number",
        Default=1024,
        MinValue=256,
        MaxValue=3008,
        Description="Memory of the function in MB; the processor grows with it.",
    ),
    Parameter(
        "LogRetentionInDays",
        Type="Number",
        Default=30,
        AllowedValues=[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653],
        Description="Days that the function's log is kept.",
    ),
)


def macro() -> Template:
    """The template of the macro's stack. The secret validator's stack of the same project comes before it."""
    template = Template(
        Description="The CloudFormation macro that gives roles to the ECS task definitions of a template."
    )
    template.set_version("2010-09-09")
    gaps = "Whether a template is expanded whose roles lack something that cannot be named; the log tells what."
    for parameter in (
        *_PARAMETERS,
        project_name("service"),
        key_arns(),
        switch("AcceptGaps", "disabled", gaps),
        permissions_boundary(whose="the function's role"),
        log_key("", "the function's log"),
    ):
        template.add_parameter(parameter)
    template.add_condition("HasPermissionsBoundary", Not(Equals(Ref("PermissionsBoundaryArn"), "")))
    template.add_condition("HasLogKmsKeyArn", Not(Equals(Ref("LogKmsKeyArn"), "")))
    for resource in (_log_group(), _role(), _function()):
        template.add_resource(resource)
    # No permission for CloudFormation: it invokes the function as whoever deploys the template.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
    template.add_resource(
        cloudformation.Macro(
            "Macro",
            Name=Ref("MacroName"),
            Description="Gives roles to the ECS task definitions of a template that name none.",
            FunctionName=GetAtt("Function", "Arn"),
        )
    )
    return template


def _log_group() -> logs.LogGroup:
    return logs.LogGroup(
        "LogGroup",
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        LogGroupName=Sub("/aws/lambda/${ProjectName}-macro-${MacroName}"),
        RetentionInDays=Ref("LogRetentionInDays"),
        KmsKeyId=If("HasLogKmsKeyArn", Ref("LogKmsKeyArn"), NoValue),
    )


def _role() -> iam.Role:
    statement = {
        "Sid": "WriteLog",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": [GetAtt("LogGroup", "Arn")],
    }
    return iam.Role(
        "Role",
        Description="The macro's function: writes its log, and asks AWS nothing.",
        PermissionsBoundary=If("HasPermissionsBoundary", Ref("PermissionsBoundaryArn"), NoValue),
        AssumeRolePolicyDocument=trust("lambda.amazonaws.com"),
        Policies=[
            iam.Policy(PolicyName="WriteLog", PolicyDocument={"Version": "2012-10-17", "Statement": [statement]})
        ],
    )


def _function() -> awslambda.Function:
    variables = {
        "SECRET_VALIDATOR_ARN": ImportValue(Sub(EXPORT)),
        "KMS_KEY_ARNS": Join(",", Ref("KmsKeyArns")),
        "ACCEPT_GAPS": Ref("AcceptGaps"),
    }
    return awslambda.Function(
        "Function",
        Description="Answers CloudFormation with the template that it is given and the roles of its task definitions.",
        Runtime=_RUNTIME,
        Architectures=[Ref("Architecture")],
        Handler=_HANDLER,
        Role=GetAtt("Role", "Arn"),
        MemorySize=Ref("MemorySize"),
        Timeout=60,
        LoggingConfig=awslambda.LoggingConfig(LogGroup=Ref("LogGroup")),
        Environment=awslambda.Environment(Variables=variables),
        Code=awslambda.Code(S3Bucket=Ref("CodeBucket"), S3Key=Ref("CodeKey")),
    )
