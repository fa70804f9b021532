"""Checks on the roles of a template: trust, and excess permissions."""

from __future__ import annotations

from collections.abc import Iterator

from cfnroles.checks.check import AllowStatement, Check, Subject, TemplateRole
from cfnroles.checks.patterns import means_action
from cfnroles.checks.role_examples import GOOD, MANAGED, POLICY, SECRETS, TEMPLATE
from cfnroles.iam.dangers import DangerKind, is_every
from cfnroles.need import Finding, Holder, Severity, fault
from cfnroles.role_kinds import kind_of

ECS_TASKS, _ECS_ITSELF = "ecs-tasks.amazonaws.com", "ecs.amazonaws.com"
#: What the roles are of that no task definition has.
_OTHERS = {
    Holder.INFRASTRUCTURE: "the infrastructure role of an Express Mode service",
    Holder.MANAGED_INSTANCES: "the infrastructure role of a capacity provider",
    Holder.INSTANCE: "the instance role of a capacity provider",
}
#: Tasks, and ECS itself with the infrastructure role.
_ECS = frozenset({ECS_TASKS, _ECS_ITSELF})
#: Dangers that are reported as something larger than reading.
_HOLDS_READING = (DangerKind.FULL_ACCESS, DangerKind.SERVICE_WILDCARD)

#: AWS managed policies that give access to a whole service or account.
_WIDE = frozenset(
    {
        "AdministratorAccess",
        "PowerUserAccess",
        "IAMFullAccess",
        "SecretsManagerReadWrite",
        "AmazonSSMFullAccess",
        "CloudWatchLogsFullAccess",
        "CloudWatchFullAccess",
        "CloudWatchFullAccessV2",
        "AmazonEC2ContainerRegistryFullAccess",
        "AmazonEC2ContainerRegistryPowerUser",
        "AmazonECS_FullAccess",
        "AmazonEC2FullAccess",
        "AmazonS3FullAccess",
        "AmazonSQSFullAccess",
        "AmazonSNSFullAccess",
        "AmazonDynamoDBFullAccess",
        "AmazonKinesisFullAccess",
        "AmazonKinesisFirehoseFullAccess",
        "AmazonElasticFileSystemFullAccess",
        "AWSKeyManagementServicePowerUser",
        "AWSLambda_FullAccess",
        "AmazonRDSFullAccess",
    }
)
#: Actions that return secrets and parameters, and the prefix of an ARN for all of them.
_READS = {
    "secretsmanager:GetSecretValue": "secretsmanager:secret:",
    "ssm:GetParameters": "ssm:parameter/",
    "ssm:GetParameter": "ssm:parameter/",
    "ssm:GetParametersByPath": "ssm:parameter/",
    "ssm:GetParameterHistory": "ssm:parameter/",
}


def untrusted(subject: Subject) -> Iterator[Finding]:
    """Find roles of task definitions, Express Mode services and capacity providers that do not trust who uses them."""
    used: dict[tuple[str, str, str], TemplateRole] = {}
    for task in subject.tasks:
        beside = [(given, holder) for holder, (given, _) in task.other_roles.items()]
        for reference, noun, service in (
            (task.execution_role, "a role of a task definition", ECS_TASKS),
            (task.task_role, "a role of a task definition", ECS_TASKS),
            *((given, _OTHERS[holder], kind_of(holder).assumed_by.service) for given, holder in beside),
        ):
            if role := subject.role(reference):
                used[role.logical_id, noun, service] = role
    for (_, noun, service), role in used.items():
        if role.trusted is not None and service not in role.trusted and "*" not in role.trusted:
            others = ", ".join(sorted(role.trusted)) or "no service"
            yield fault(
                (*role.path, "Properties", "AssumeRolePolicyDocument"),
                f"{role.logical_id} is {noun} and trusts {others}",
                f"Trust the service {service}.",
            )


def wide_policy(subject: Subject) -> Iterator[Finding]:
    """Find AWS managed policies that are far wider than a task needs."""
    for role in ecs_roles(subject):
        for arn, path in role.managed:
            name = arn.rpartition("/")[2]
            if ":aws:policy/" in arn and name in _WIDE:
                yield fault(
                    path,
                    f"{role.logical_id} has {name}, which is far wider than what ECS or one service needs",
                    "Allow the actions that are used, on the resources they are used on; `cfnroles explain` lists what "
                    "ECS needs.",
                )


def reads_everything(subject: Subject) -> Iterator[Finding]:
    """Find access to every secret or parameter of the account."""
    for role in ecs_roles(subject):
        told = {placed.path for placed in role.dangers if placed.danger.kind in _HOLDS_READING}
        for statement in role.statements:
            if statement.path in told:
                continue
            actions = [action for action, every in _READS.items() if _reads_all(statement, action, every)]
            if actions:
                yield fault(
                    statement.path,
                    f"{role.logical_id} may do {' and '.join(actions)} on everything in the account",
                    "Name the secrets and parameters that the task definition names.",
                )


def ecs_roles(subject: Subject) -> Iterator[TemplateRole]:
    """Yield the roles that task definitions and the like name, and those that ECS may assume."""
    used = {
        reference
        for task in subject.tasks
        for reference in (task.execution_role, task.task_role, *(given for given, _ in task.other_roles.values()))
        if reference
    }
    for role in subject.roles:
        if _ECS & (role.trusted or frozenset()) or used & role.names:
            yield role


def _reads_all(statement: AllowStatement, action: str, every: str) -> bool:
    if statement.conditional or not means_action(statement, action):
        return False
    covering = any(is_every(resource, every) for resource in statement.resources)
    return not covering if statement.not_resources else covering


CHECKS = (
    Check(
        id="untrusted-role",
        number=9344,
        severity=Severity.ERROR,
        what="A role of a task definition that ECS tasks may not assume",
        why="ECS assumes both roles as ecs-tasks.amazonaws.com; where the trust policy names another service, no task "
        "starts. It assumes the infrastructure role of an Express Mode service as ecs.amazonaws.com.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html",
        bad=TEMPLATE.format(principal="ecs.amazonaws.com", permissions=POLICY),
        good=GOOD,
        look=untrusted,
    ),
    Check(
        id="wide-managed-policy",
        number=9345,
        severity=Severity.WARNING,
        what="An AWS managed policy that is far wider than a task needs",
        why="It gives a whole service away, often with the right to write and delete; a task needs a few actions on a "
        "few resources.",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
        bad=TEMPLATE.format(principal=ECS_TASKS, permissions=MANAGED.format("SecretsManagerReadWrite")),
        good=GOOD,
        look=wide_policy,
    ),
    Check(
        id="reads-every-secret",
        number=9346,
        severity=Severity.WARNING,
        what="A task's role that may read every secret or parameter",
        why="Anyone who obtains the role can read the secrets of every other service in the account.",
        source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html",
        bad=TEMPLATE.format(principal=ECS_TASKS, permissions=SECRETS.format("*")),
        good=TEMPLATE.format(
            principal=ECS_TASKS,
            permissions=SECRETS.format("arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/database-??????"),
        ),
        look=reads_everything,
    ),
)
