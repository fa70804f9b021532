"""Checks on the roles of a template: what they lack for its task definitions, and what they have too much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfnroles.answers.evaluator import (
    Decision,
    Effect,
    Policy,
    Principal,
    Request,
    Statement,
    StatementId,
    evaluate,
    some,
)
from cfnroles.answers.managed_policies import managed_policy
from cfnroles.checks.check import Check, Fault, Grant, Role, Subject, Task
from cfnroles.checks.patterns import UNKNOWN, masked, names_action, resource_part, service_of
from cfnroles.checks.statements import faulty_services
from cfnroles.need import Holder, Need, Severity
from cfnroles.readers.template_task_definitions import unnamed

ECS_TASKS = "ecs-tasks.amazonaws.com"

#: What is done with the role of an EC2 instance, or of a server of one's own, where the task has none.
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
_DONE_BY_INSTANCE = frozenset({"ecr", "logs"})
_WITH_INSTANCES = frozenset({"EC2", "EXTERNAL"})

#: AWS managed policies that give a whole service or account away.
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
_READS = {
    "secretsmanager:GetSecretValue": ("secret:*", "*"),
    "ssm:GetParameters": ("parameter/*", "*"),
    "ssm:GetParameter": ("parameter/*", "*"),
}


def missing_execution_role(subject: Subject) -> Iterator[Fault]:
    """Needs of an execution role where the task definition names none."""
    for task in subject.tasks:
        needs = _execution_needs(task)
        launch_types = frozenset(task.workload.launch_types)
        if launch_types <= _WITH_INSTANCES:
            needs = [need for need in needs if _service(need) not in _DONE_BY_INSTANCE]
        if task.execution_role == "" and needs:
            reasons = list(dict.fromkeys(need.reason.why for need in needs))
            yield Fault(
                task.start,
                f"the task definition names no execution role, and ECS needs one: {reasons[0]}"
                + (f", and for {len(reasons) - 1} more reasons" if len(reasons) > 2 else "")
                + (f", and {reasons[1]}" if len(reasons) == 2 else ""),
                "Add executionRoleArn; `cfnroles build` writes the role.",
            )


def missing_permission(subject: Subject) -> Iterator[Fault]:
    """What the execution role of the same template does not allow."""
    for task in subject.tasks:
        role = _execution_role(task, subject)
        if role is None:
            continue
        granted = _Granted(role)
        if not granted.known:
            continue
        missing = [need for need in _execution_needs(task) if granted.refuses(need)]
        vain = faulty_services(role.grants)
        for service in sorted({_service(need) for need in missing} - vain):
            needs = [need for need in missing if _service(need) == service]
            yield Fault(
                role.path,
                f"{role.logical_id} is the execution role of {task.logical_id} and does not allow {_listed(needs)}:"
                f" {needs[0].reason.why}",
                "Allow it; `cfnroles build` writes the statements.",
            )


def untrusted(subject: Subject) -> Iterator[Fault]:
    """A role of a task definition that ECS tasks may not assume."""
    used: dict[str, Role] = {}
    for task in subject.tasks:
        for reference in (task.execution_role, task.task_role):
            if role := subject.role(reference):
                used[role.logical_id] = role
    for role in used.values():
        if role.trusted is not None and ECS_TASKS not in role.trusted and "*" not in role.trusted:
            others = ", ".join(sorted(role.trusted)) or "no service"
            yield Fault(
                (*role.path, "Properties", "AssumeRolePolicyDocument"),
                f"{role.logical_id} is a role of a task definition and trusts {others}",
                f"Trust the service {ECS_TASKS}.",
            )


def wide_policy(subject: Subject) -> Iterator[Fault]:
    """AWS managed policies far wider than a task needs."""
    for role in _task_roles(subject):
        for arn, path in role.managed:
            name = arn.rpartition("/")[2]
            if ":aws:policy/" in arn and name in _WIDE:
                yield Fault(
                    path,
                    f"{role.logical_id} has {name}, which is far wider than what ECS or one service needs",
                    "Allow the actions that are used, on the resources they are used on; `cfnroles build` writes what "
                    "ECS needs.",
                )


def reads_everything(subject: Subject) -> Iterator[Fault]:
    """Every secret or parameter of the account."""
    for role in _task_roles(subject):
        for grant in role.grants:
            actions = [action for action, every in _READS.items() if _reads_all(grant, action, every)]
            if actions:
                yield Fault(
                    grant.path,
                    f"{role.logical_id} may do {' and '.join(actions)} on everything in the account",
                    "Name the secrets and parameters that the task definition names.",
                )


class _Granted:
    """What a role allows, with everything unknown taken for allowed."""

    def __init__(self, role: Role) -> None:
        self.known = role.complete and not any(grant.not_actions or grant.not_resources for grant in role.grants)
        policies = [_policy(role.grants)]
        for arn, _ in role.managed:
            found = managed_policy(arn.replace(masked(arn).split(":")[1], "aws", 1) if arn.startswith("arn:") else arn)
            self.known = self.known and found is not None
            policies += [found.policy] if found else []
        self._policies = tuple(policies)

    def refuses(self, need: Need) -> bool:
        """Whether no statement allows what is needed, whatever is not known turns out to be."""
        request = Request(
            Principal(f"arn:aws:iam::{'0' * 12}:role/role"), need.permission.action, _request(need.permission.resource)
        )
        return evaluate(request, self._policies).decision is Decision.IMPLICIT_DENY


def _policy(grants: Sequence[Grant]) -> Policy:
    # Conditions are left out: whether they are met is not for a template to tell.
    statements = (
        Statement(StatementId("role", index), Effect.ALLOW, grant.actions, tuple(map(_pattern, grant.resources)))
        for index, grant in enumerate(grants)
    )
    return Policy("role", tuple(statements), "2012-10-17")


def _pattern(resource: str) -> str:
    return _anywhere(masked(unnamed(resource)).replace(UNKNOWN, "*"))


def _request(resource: str) -> str:
    if resource == "*":
        return resource
    return some(_anywhere(masked(unnamed(resource)).replace(UNKNOWN, "*")))


def _anywhere(resource: str) -> str:
    """The ARN for any partition: the templates of one stand in for those of the others."""
    parts = resource.split(":", 2)
    return f"arn:*:{parts[2]}" if parts[0] == "arn" and len(parts) == 3 else resource


def _execution_role(task: Task, subject: Subject) -> Role | None:
    if task.execution_role:
        return subject.role(task.execution_role)
    if task.execution_role is None:
        return None
    # Where the task definition forgot its execution role, the only role that ECS may assume and nobody uses was meant.
    used = {reference for other in subject.tasks for reference in (other.execution_role, other.task_role)}
    left = [role for role in subject.roles if ECS_TASKS in (role.trusted or ()) and not used & role.names]
    return left[0] if len(left) == 1 else None


def _task_roles(subject: Subject) -> Iterator[Role]:
    used = {reference for task in subject.tasks for reference in (task.execution_role, task.task_role) if reference}
    for role in subject.roles:
        if ECS_TASKS in (role.trusted or ()) or used & role.names:
            yield role


def _execution_needs(task: Task) -> list[Need]:
    return [need for need in task.discovery.needs if need.holder is Holder.EXECUTION and not need.permission.when]


def _service(need: Need) -> str:
    return need.permission.action.partition(":")[0]


def _reads_all(grant: Grant, action: str, every: tuple[str, ...]) -> bool:
    if grant.conditional or grant.not_resources or not names_action(grant, action):
        return False
    service = action.partition(":")[0]
    return any(
        resource == "*" or (service_of(resource) == service and resource_part(resource) in every)
        for resource in grant.resources
    )


def _listed(needs: Sequence[Need]) -> str:
    actions = list(dict.fromkeys(need.permission.action for need in needs))
    resources = [r for r in dict.fromkeys(need.permission.resource for need in needs) if r != "*"]
    shown = f" on {resources[0]}" if resources else ""
    return ", ".join(actions) + shown + (f" and {len(resources) - 1} more" if len(resources) > 1 else "")


_TEMPLATE = """\
Resources:
  ExecutionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: {principal}
            Action: sts:AssumeRole
{permissions}
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt ExecutionRole.Arn
      ContainerDefinitions:
        - Name: web
          Image: public.ecr.aws/docker/library/nginx:1.27
          EnvironmentFiles:
            - Type: s3
              Value: arn:aws:s3:::shop-config/web.env
"""
_POLICY = """\
      Policies:
        - PolicyName: ReadConfiguration
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                Resource: arn:aws:s3:::shop-config/web.env
              - Effect: Allow
                Action: s3:GetBucketLocation
                Resource: arn:aws:s3:::shop-config"""
_SECRETS = (
    _POLICY
    + """
              - Effect: Allow
                Action: secretsmanager:GetSecretValue
                Resource: "{}\""""
)
_MANAGED = (
    _POLICY
    + """
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/{}"""
)
_GOOD = _TEMPLATE.format(principal=ECS_TASKS, permissions=_POLICY)
_TASK = """\
family: shop
requiresCompatibilities: [FARGATE]
networkMode: awsvpc
cpu: "256"
memory: "512"
{}containerDefinitions:
  - name: web
    image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1.4.2
"""

CHECKS = (
    Check(
        id="missing-execution-role",
        number=9341,
        severity=Severity.ERROR,
        what="No execution role, although ECS does something with it",
        why="ECS pulls private images, reads secrets and files, and on Fargate writes logs with the execution role; it "
        "refuses the task definition, or no task of it starts.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
        bad=_TASK.format(""),
        good=_TASK.format("executionRoleArn: arn:aws:iam::123456789012:role/shop\n"),
        look=missing_execution_role,
    ),
    Check(
        id="missing-permission",
        number=9342,
        severity=Severity.ERROR,
        what="An execution role without a permission that its task definition needs",
        why="ECS stops every task before its containers start. Told only where role and task definition stand in one "
        "template and all policies of the role can be seen.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
        bad=_TEMPLATE.format(principal=ECS_TASKS, permissions=_POLICY.replace("s3:GetObject\n", "s3:ListBucket\n")),
        good=_GOOD,
        look=missing_permission,
    ),
    Check(
        id="untrusted-role",
        number=9343,
        severity=Severity.ERROR,
        what="A role of a task definition that ECS tasks may not assume",
        why="ECS assumes both roles as ecs-tasks.amazonaws.com; where the trust policy names another service, no task "
        "starts.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html",
        bad=_TEMPLATE.format(principal="ecs.amazonaws.com", permissions=_POLICY),
        good=_GOOD,
        look=untrusted,
    ),
    Check(
        id="wide-managed-policy",
        number=9344,
        severity=Severity.WARNING,
        what="An AWS managed policy that is far wider than a task needs",
        why="It gives a whole service away, often with the right to write and delete; a task needs a few actions on a "
        "few resources.",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
        bad=_TEMPLATE.format(principal=ECS_TASKS, permissions=_MANAGED.format("SecretsManagerReadWrite")),
        good=_GOOD,
        look=wide_policy,
    ),
    Check(
        id="reads-every-secret",
        number=9345,
        severity=Severity.WARNING,
        what="A task's role that may read every secret or parameter",
        why="Whoever gets hold of the role reads the secrets of every other service of the account.",
        source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html",
        bad=_TEMPLATE.format(principal=ECS_TASKS, permissions=_SECRETS.format("*")),
        good=_TEMPLATE.format(
            principal=ECS_TASKS,
            permissions=_SECRETS.format("arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/database-??????"),
        ),
        look=reads_everything,
    ),
)
