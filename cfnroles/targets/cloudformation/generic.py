"""Templates for use without Python: one set for any service, with only parameters to set."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from awacs import ecr, kms, logs, secretsmanager, ssm
from troposphere import Equals, If, ImportValue, Not, NoValue, Output, Parameter, Ref, Select, Sub, Template, ecs

from cfnroles.facts import Facts
from cfnroles.need import Condition, Holder, Need, Origin, Permission, Reason
from cfnroles.policies import pack
from cfnroles.statements import compose
from cfnroles.targets.cloudformation import secret_validator
from cfnroles.targets.cloudformation.gate_code import code_header
from cfnroles.targets.cloudformation.hosted_stack import macro_and_hook
from cfnroles.targets.cloudformation.limits import check
from cfnroles.targets.cloudformation.mark import marked
from cfnroles.targets.cloudformation.parameters import project_name, switch
from cfnroles.targets.cloudformation.roles import EXPORTS, RolesStack, roles_template
from cfnroles.targets.cloudformation.secret_validator import ValidatorStack, secret_validator_template
from cfnroles.targets.cloudformation.stack_template import StackTemplate
from cfnroles.targets.cloudformation.task import CHECKS, SERVICE_TIMEOUT, SecretsExist, add_gate_outputs
from cfnroles.targets.cloudformation.template_text import ordered, to_yaml
from cfnroles.targets.cloudformation.values import Spelling
from cfnroles.text import from_spelling
from cfnroles.validator_needs import CHECK_JSON_KEYS, CHECK_KEYS

_HEADER = ("Written by cfnroles: deploy it unchanged, with parameters.", "See README.md next to it for the order.")

_PROJECT = "service"
_LISTS = frozenset({"KmsKeyArns", "SecretArns", "ParameterArns", "RepositoryArns"})
_SPELLING = Spelling(Facts(), lists=_LISTS)
_NOWHERE = Origin("", ())
_NO_REASON = Reason("", "", "")


def generic_files() -> dict[str, str]:
    """Return file name -> text of every generic template. The same on every call."""
    files = {}
    for name, build in GENERIC.items():
        template = ordered(marked(build().to_dict(), name))
        check(name, template)
        files[f"{name}.yaml"] = to_yaml(template, (*_HEADER, *code_header(template)))
    return files


def execution_role() -> Template:
    """Return the execution role: lists of ARNs, which may be empty, say what it may read and pull."""
    log_streams = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${LogGroupName}:log-stream:*"
    statements = compose(
        [
            _need(ecr.GetAuthorizationToken, "*", "GetRegistryToken", "RepositoryArns"),
            _need(ecr.BatchGetImage, "${RepositoryArns}", "PullImages", "RepositoryArns"),
            _need(ecr.GetDownloadUrlForLayer, "${RepositoryArns}", "PullImages", "RepositoryArns"),
            _need(secretsmanager.GetSecretValue, "${SecretArns}", "ReadSecrets", "SecretArns"),
            _need(ssm.GetParameters, "${ParameterArns}", "ReadParameters", "ParameterArns"),
            _need(kms.Decrypt, "${KmsKeyArns}", "DecryptSecrets", "KmsKeyArns", "SecretArns", conditions=_SECRETS),
            _need(
                kms.Decrypt, "${KmsKeyArns}", "DecryptParameters", "KmsKeyArns", "ParameterArns", conditions=_PARAMETERS
            ),
            _need(logs.CreateLogStream, log_streams, "WriteLogs", "LogGroupName"),
            _need(logs.PutLogEvents, log_streams, "WriteLogs", "LogGroupName"),
        ]
    )
    stack = RolesStack(_PROJECT, "", {Holder.EXECUTION: pack(statements)}, _SPELLING, {})
    template = roles_template(stack, (Holder.EXECUTION,))
    template.add_parameter(
        _arns("SecretArns", "secretsmanager", "the secrets that ECS injects (complete ARNs)", _SUFFIX_HINT)
    )
    template.add_parameter(_arns("ParameterArns", "ssm", "the parameters that ECS injects"))
    template.add_parameter(_arns("RepositoryArns", "ecr", "the ECR repositories that ECS pulls from"))
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    template.add_parameter(
        Parameter(
            "LogGroupName",
            Type="String",
            Default="",
            Description="Log group of the containers; empty for none.",
            AllowedPattern=r"^[A-Za-z0-9_./#-]{0,512}$",
            ConstraintDescription="the name of a log group: letters, digits and _ - / . #",
        )
    )
    return template


def task_role() -> Template:
    """Return the task role: the application's own, with the managed policies that the parameters name."""
    template = roles_template(RolesStack(_PROJECT, "", {}, _SPELLING, {}), (Holder.TASK,))
    template.add_parameter(
        Parameter(
            "ManagedPolicyArns",
            Type="CommaDelimitedList",
            Default="",
            Description="ARNs of managed policies for the application; empty for none.",
        )
    )
    template.add_condition("HasManagedPolicyArns", Not(Equals(Select(0, Ref("ManagedPolicyArns")), "")))
    role = template.resources["TaskRole"]
    role.ManagedPolicyArns = If("HasManagedPolicyArns", Ref("ManagedPolicyArns"), NoValue)
    return template


def generic_secret_validator() -> Template:
    """Return the secret validator: lists of ARNs say which secrets and parameters it may check."""
    statements = compose(
        [
            _need(secretsmanager.DescribeSecret, "${SecretArns}", "DescribeSecrets", "SecretArns"),
            _need(secretsmanager.ListSecretVersionIds, "${SecretArns}", "DescribeSecrets", "SecretArns"),
            _need(ssm.GetParameters, "${ParameterArns}", "FindParameters", "ParameterArns"),
            _need(kms.DescribeKey, "${KmsKeyArns}", "DescribeKeys", CHECK_KEYS, "KmsKeyArns"),
            _need(secretsmanager.GetSecretValue, "${SecretArns}", "ReadSecrets", CHECK_JSON_KEYS, "SecretArns"),
            _need(
                kms.Decrypt,
                "${KmsKeyArns}",
                "DecryptSecrets",
                CHECK_JSON_KEYS,
                "KmsKeyArns",
                "SecretArns",
                conditions=_SECRETS,
            ),
        ]
    )
    template = secret_validator_template(ValidatorStack(_PROJECT, pack(statements), _SPELLING))
    template.add_parameter(_arns("SecretArns", "secretsmanager", "the secrets to check (complete ARNs)", _SUFFIX_HINT))
    template.add_parameter(_arns("ParameterArns", "ssm", "the parameters to check"))
    return template


_TASK_PARAMETERS = (
    ("Family", "service", "Family of the task definition."),
    ("Image", "public.ecr.aws/docker/library/nginx:stable", "Image of the container."),
    ("Cpu", "256", "CPU units of the task."),
    ("Memory", "512", "Memory of the task in MiB."),
    ("LogGroupName", "", "Log group of the container; empty for none."),
    ("SecretVariable", "SECRET", "Environment variable for the secret."),
    ("SecretArn", "", "ARN of a secret, followed by :json-key:: to select one key; empty for none."),
    ("ParameterVariable", "PARAMETER", "Environment variable for the parameter."),
    ("ParameterName", "", "Name or ARN of a parameter; empty for none."),
    ("DeploymentId", "initial", "Any string; a new value checks the secrets again."),
)


def task_definition() -> Template:
    """Return a task definition of one container that waits for the check and imports both roles."""
    template = StackTemplate(Description="An ECS task definition that is deployed only if its secrets exist.")
    template.set_version("2010-09-09")
    template.add_parameter(project_name(_PROJECT))
    for name, default, description in _TASK_PARAMETERS:
        template.add_parameter(_text(name, description, default))
    for name, description in CHECKS.items():
        template.add_parameter(switch(name, "disabled", description))
        template.add_condition(f"Has{name}", Equals(Ref(name), "enabled"))
    for name in ("SecretArn", "ParameterName", "LogGroupName"):
        template.add_condition(f"Has{name}", Not(Equals(Ref(name), "")))
    template.add_resource(
        SecretsExist(
            "SecretsExist",
            ServiceToken=ImportValue(Sub(secret_validator.EXPORT)),
            ServiceTimeout=SERVICE_TIMEOUT,
            DeploymentId=Ref("DeploymentId"),
            **{name: If(f"Has{name}", "true", "false") for name in CHECKS},
            References=[
                If("HasSecretArn", _reference("SecretArn", "SecretVariable"), NoValue),
                If("HasParameterName", _reference("ParameterName", "ParameterVariable"), NoValue),
            ],
        )
    )
    add_gate_outputs(template)
    template.add_resource(_definition())
    template.add_output(
        Output("TaskDefinitionArn", Description="ARN of the task definition's revision.", Value=Ref("TaskDefinition"))
    )
    return template


#: File name without its extension -> builder.
GENERIC: dict[str, Callable[[], Template]] = {
    "execution-role": execution_role,
    "task-role": task_role,
    "secret-validator": generic_secret_validator,
    "task-definition": task_definition,
    "macro-and-hook": macro_and_hook,
}

_SECRETS = (
    Condition("StringEquals", "kms:ViaService", (from_spelling("secretsmanager.${AWS::Region}.amazonaws.com"),)),
    Condition("StringLike", "kms:EncryptionContext:SecretARN", (from_spelling("${SecretArns}"),)),
)
_PARAMETERS = (
    Condition("StringEquals", "kms:EncryptionContext:PARAMETER_ARN", (from_spelling("${ParameterArns}"),)),
    Condition("StringEquals", "kms:ViaService", (from_spelling("ssm.${AWS::Region}.amazonaws.com"),)),
)
_SUFFIX_HINT = " If you know only the name, pass both :secret:NAME and :secret:NAME-??????."

#: Resource part of an ARN, by service. None accepts a `*`, nor a `?` except those for the suffix of a secret.
_KINDS = {"secretsmanager": "secrets", "ssm": "parameters", "ecr": "repositories"}
_RESOURCES = {
    "secretsmanager": r"secret:[A-Za-z0-9/_+=.@!-]+(-\?{6})?",
    "ssm": "parameter/[A-Za-z0-9/_.-]+",
    "ecr": "repository/[a-z0-9/._-]+",
}


def _need(action: Any, resource: str, sid: str, *when: str, conditions: tuple[Condition, ...] = ()) -> Need:
    permission = Permission(f"{action.prefix}:{action.action}", from_spelling(resource), conditions, when)
    return Need(Holder.EXECUTION, permission, _NO_REASON, _NOWHERE, sid)


def _arns(name: str, service: str, what: str, hint: str = "") -> Parameter:
    return Parameter(
        name,
        Type="CommaDelimitedList",
        Default="",
        Description=f"ARNs of {what}; comma-separated, empty for none.{hint}",
        AllowedPattern=rf"^$|^arn:aws[a-z-]*:{service}:[a-z0-9-]+:\d{{12}}:{_RESOURCES[service]}$",
        ConstraintDescription=f"ARNs of {_KINDS[service]}, without wildcards",
    )


def _text(name: str, description: str, default: str = "") -> Parameter:
    return Parameter(name, Type="String", Default=default, Description=description)


def _reference(value: str, variable: str) -> dict[str, Any]:
    return {"ValueFrom": Ref(value), "For": Sub(f"container main, secret ${{{variable}}}")}


def _definition() -> ecs.TaskDefinition:
    return ecs.TaskDefinition(
        "TaskDefinition",
        DependsOn="SecretsExist",
        Family=Ref("Family"),
        RequiresCompatibilities=["FARGATE"],
        NetworkMode="awsvpc",
        Cpu=Ref("Cpu"),
        Memory=Ref("Memory"),
        ExecutionRoleArn=ImportValue(Sub(EXPORTS[Holder.EXECUTION])),
        TaskRoleArn=ImportValue(Sub(EXPORTS[Holder.TASK])),
        ContainerDefinitions=[
            ecs.ContainerDefinition(
                Name="main",
                Image=Ref("Image"),
                Essential=True,
                Secrets=[
                    If("HasSecretArn", ecs.Secret(Name=Ref("SecretVariable"), ValueFrom=Ref("SecretArn")), NoValue),
                    If(
                        "HasParameterName",
                        ecs.Secret(Name=Ref("ParameterVariable"), ValueFrom=Ref("ParameterName")),
                        NoValue,
                    ),
                ],
                LogConfiguration=If(
                    "HasLogGroupName",
                    ecs.LogConfiguration(
                        LogDriver="awslogs",
                        Options={
                            "awslogs-group": Ref("LogGroupName"),
                            "awslogs-region": Ref("AWS::Region"),
                            "awslogs-stream-prefix": Ref("Family"),
                        },
                    ),
                    NoValue,
                ),
            )
        ],
    )


def main(directory: str) -> None:
    """Write the generic templates to ``directory``: ``python -m cfnroles.targets.cloudformation.generic templates``."""
    for name, text in generic_files().items():
        (Path(directory) / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
