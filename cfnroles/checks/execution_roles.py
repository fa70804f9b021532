"""Checks on execution roles: whether there is one, and whether it allows what ECS does with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfnroles.checks.check import Check, Grant, Role, Subject, Task
from cfnroles.checks.patterns import UNKNOWN, masked
from cfnroles.checks.role_examples import GOOD, POLICY, TEMPLATE
from cfnroles.checks.roles import ECS_TASKS
from cfnroles.checks.statements import faulty_services
from cfnroles.iam.evaluator import (
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
from cfnroles.iam.managed_policies import managed_policy
from cfnroles.need import Finding, Holder, Need, Severity, fault
from cfnroles.sources.template_task_definitions import unnamed

#: What is done with the role of an EC2 instance, or of a server of one's own, where the task has none.
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
_DONE_BY_INSTANCE = frozenset({"ecr", "logs"})
_WITH_INSTANCES = frozenset({"EC2", "EXTERNAL"})


def missing_execution_role(subject: Subject) -> Iterator[Finding]:
    """Needs of an execution role where a template's task definition names none."""
    yield from (fault for task in subject.tasks if task.logical_id for fault in _without_role(task))


def no_execution_role(subject: Subject) -> Iterator[Finding]:
    """The same in a task definition outside of templates, to which a later step may add the role."""
    yield from (fault for task in subject.tasks if not task.logical_id for fault in _without_role(task))


def _without_role(task: Task) -> Iterator[Finding]:
    needs = _execution_needs(task)
    if frozenset(task.workload.launch_types) <= _WITH_INSTANCES:
        needs = [need for need in needs if _service(need) not in _DONE_BY_INSTANCE]
    if task.execution_role == "" and needs:
        first, *others = dict.fromkeys(need.reason.why for need in needs)
        more = {0: "", 1: "; and for one more reason"}.get(len(others), f"; and for {len(others)} more reasons")
        yield fault(
            task.start,
            f"the task definition names no execution role, and ECS needs one: {first}{more}",
            "Add the ARN of the role; `cfnroles build` writes the role and adds it.",
        )


def missing_permission(subject: Subject) -> Iterator[Finding]:
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
            part = "is" if task.execution_role else "seems meant to be"
            yield fault(
                role.path,
                f"{role.logical_id} {part} the execution role of {task.logical_id} and does not allow {_listed(needs)}:"
                f" {needs[0].reason.why}",
                "Allow it; `cfnroles build` writes the statements.",
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


def _execution_needs(task: Task) -> list[Need]:
    return [need for need in task.discovery.needs if need.holder is Holder.EXECUTION and not need.permission.when]


def _service(need: Need) -> str:
    return need.permission.action.partition(":")[0]


def _listed(needs: Sequence[Need]) -> str:
    """The permissions in few words: actions on the same resource together, no more than three resources."""
    actions: dict[str, list[str]] = {}
    for need in needs:
        of_resource = actions.setdefault(need.permission.resource, [])
        if need.permission.action not in of_resource:
            of_resource.append(need.permission.action)
    told = [f"{' and '.join(of_resource)} on {resource}" for resource, of_resource in actions.items()]
    return ", ".join(told[:3]) + (f", and on {len(told) - 3} more" if len(told) > 3 else "")


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

_TASK_RESOURCE = """\
Resources:
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: "256"
      Memory: "512"
{}      ContainerDefinitions:
        - Name: web
          Image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1.4.2
"""

CHECKS = (
    Check(
        id="missing-execution-role",
        number=9341,
        severity=Severity.ERROR,
        what="No execution role in a template, although ECS does something with it",
        why="ECS pulls private images, reads secrets and files, and on Fargate writes logs with the execution role; it "
        "refuses the task definition, or no task of it starts.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
        bad=_TASK_RESOURCE.format(""),
        good=_TASK_RESOURCE.format("      ExecutionRoleArn: arn:aws:iam::123456789012:role/shop\n"),
        look=missing_execution_role,
    ),
    Check(
        id="no-execution-role",
        number=9342,
        severity=Severity.WARNING,
        what="No execution role in a task definition outside of templates",
        why="As it stands, ECS refuses it or no task of it starts. `cfnroles build` adds the role that it writes; "
        "another step may do the same.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
        bad=_TASK.format(""),
        good=_TASK.format("executionRoleArn: arn:aws:iam::123456789012:role/shop\n"),
        look=no_execution_role,
    ),
    Check(
        id="missing-permission",
        number=9343,
        severity=Severity.ERROR,
        what="An execution role without a permission that its task definition needs",
        why="ECS stops every task before its containers start. Told only where role and task definition stand in one "
        "template and all policies of the role can be seen.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
        bad=TEMPLATE.format(principal=ECS_TASKS, permissions=POLICY.replace("s3:GetObject\n", "s3:ListBucket\n")),
        good=GOOD,
        look=missing_permission,
    ),
)
