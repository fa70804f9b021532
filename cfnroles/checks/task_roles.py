"""Checks on task roles: the calls that ECS makes with them."""

from __future__ import annotations

from collections.abc import Iterator

from cfnroles.checks.check import Check, CheckedTask, Subject
from cfnroles.checks.execution_roles import listed, refused
from cfnroles.checks.role_examples import GOOD
from cfnroles.need import Finding, Holder, Need, Severity, fault
from cfnroles.template.template import resources_of

#: EFS accepts an Allow of the role or of the file system's own policy.
_BY_IAM = frozenset({"efs-iam", "efs-iam-write"})


def missing_task_role(subject: Subject) -> Iterator[Finding]:
    """Find volumes that are mounted with a role, in task definitions of a template without a task role."""
    for task in subject.tasks:
        if task.logical_id and task.task_role == "" and (needs := _mounts(task)):
            yield task.fault(
                needs[0].origin,
                "the volume is mounted with IAM authorization, and the task definition names no task role",
                "Add TaskRoleArn, or take the IAM authorization away.",
            )


def mount_not_allowed(subject: Subject) -> Iterator[Finding]:
    """Find volumes that are mounted with a role of the template that does not allow it."""
    for task in subject.tasks:
        role = subject.role(task.task_role)
        if role is None or role.role.unread:
            continue
        needs = [need for need in _mounts(task) if not _has_policy(need, subject)]
        if missing := refused(needs, role) if needs else []:
            yield fault(
                role.path,
                f"{role.logical_id} is the task role of {task.logical_id} and does not allow {listed(missing)}: "
                f"{missing[0].reason.why}",
                "Allow it, unless the file system's own policy does; `cfnroles verify` prints the statements.",
            )


def _mounts(task: CheckedTask) -> list[Need]:
    return [
        need
        for need in task.discovery.needs
        if need.holder is Holder.TASK and need.reason.feature in _BY_IAM and not need.permission.when
    ]


def _has_policy(need: Need, subject: Subject) -> bool:
    """Return whether the file system is in the template and has its own policy."""
    named = {symbol.name for symbol in need.permission.resource.symbols}
    resources = resources_of(subject.tree) if subject.stack else {}
    return any("FileSystemPolicy" in (resources[name].get("Properties") or ()) for name in named & resources.keys())


_VOLUME = """\
      TaskRoleArn: !GetAtt TaskRole.Arn
      Volumes:
        - Name: data
          EFSVolumeConfiguration:
            FilesystemId: fs-0123456789abcdef0
            TransitEncryption: ENABLED
            AuthorizationConfig:
              IAM: ENABLED
      ContainerDefinitions:
"""
_ROLE = """\
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              Service: ecs-tasks.amazonaws.com
            Action: sts:AssumeRole
      Policies:
        - PolicyName: Mount
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: [elasticfilesystem:ClientMount, elasticfilesystem:{}]
                Resource: arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-0123456789abcdef0
  TaskDefinition:
"""
_TEMPLATE = GOOD.replace("      ContainerDefinitions:\n", _VOLUME).replace("  TaskDefinition:\n", _ROLE)

CHECKS = (
    Check(
        id="missing-task-role",
        number=9347,
        severity=Severity.ERROR,
        what="No task role in a template, although EFS is mounted with IAM authorization",
        why="ECS mounts the file system with the task role, and rejects a task definition without one.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSAuthorizationConfig.html",
        bad=_TEMPLATE.format("ClientWrite").replace("      TaskRoleArn: !GetAtt TaskRole.Arn\n", ""),
        good=_TEMPLATE.format("ClientWrite"),
        look=missing_task_role,
    ),
    Check(
        id="mount-not-allowed",
        number=9348,
        severity=Severity.WARNING,
        what="A task role that does not allow the mount of an EFS volume with IAM authorization",
        why="Once the file system has a policy of its own, the mount fails or the volume is read-only, unless that "
        "policy allows it. Reported only where role and task definition are in one template and all policies of "
        "the role can be seen.",
        source="https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html",
        bad=_TEMPLATE.format("ClientRootAccess"),
        good=_TEMPLATE.format("ClientWrite"),
        look=mount_not_allowed,
    ),
)
