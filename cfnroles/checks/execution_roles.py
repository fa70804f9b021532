"""Checks on execution roles: whether there is one, and whether it allows the calls that ECS makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfnroles.checks.check import Check, CheckedTask, Subject, TaskKind, TemplateRole
from cfnroles.checks.role_examples import GOOD, POLICY, TEMPLATE
from cfnroles.checks.roles import ECS_TASKS
from cfnroles.checks.statements import faulty_services
from cfnroles.iam.evaluator import Decision, IdentityPolicy, Principal, Request, evaluate, some
from cfnroles.iam.roles import RolePolicy, evaluable
from cfnroles.need import Finding, Holder, Need, Severity, fault
from cfnroles.symbols import Cut, Symbol, Wildcard
from cfnroles.template.intrinsics import plain
from cfnroles.text import Text

#: How to get an execution role, by the place of the task definition.
_ADD_ROLE = {
    TaskKind.FILE: "Add the ARN of the role; `cfnroles build` writes the role and adds it.",
    TaskKind.TEMPLATE: "Add the role; `cfnroles inject` writes it into the template.",
    TaskKind.TERRAFORM: "Set execution_role_arn; `cfnroles terraform` writes the role.",
}
_DONE_BY_INSTANCE = frozenset({"ecr", "logs"})
#: The launch types whose instances have their own role.
WITH_INSTANCES = frozenset({"EC2", "EXTERNAL"})


def done_by_instance(need: Need) -> bool:
    """Return whether an EC2 instance, or an external server, uses its own role for this need if the task has none.

    The key of a log group is used as the principal that writes to the group.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
    """
    through = {
        value.partition(".")[0] for c in need.permission.conditions if c.key == "kms:ViaService" for value in c.values
    }
    return not _DONE_BY_INSTANCE.isdisjoint({_service(need), *through})


def missing_execution_role(subject: Subject) -> Iterator[Finding]:
    """Find task definitions of a template that need an execution role and have none."""
    yield from (fault for task in subject.tasks if task.logical_id for fault in task.once(_without_role))


def no_execution_role(subject: Subject) -> Iterator[Finding]:
    """Find the same outside of templates, where a later step may add the role."""
    yield from (fault for task in subject.tasks if not task.logical_id for fault in task.once(_without_role))


def _without_role(task: CheckedTask) -> Iterator[Finding]:
    needs = _needs_of(Holder.EXECUTION, task)
    if frozenset(task.workload.launch_types) <= WITH_INSTANCES:
        needs = [need for need in needs if not done_by_instance(need)]
    if task.execution_role == "" and needs:
        first, *others = dict.fromkeys(need.reason.why for need in needs)
        more = {0: "", 1: "; and for one more reason"}.get(len(others), f"; and for {len(others)} more reasons")
        yield task.whole_fault(
            f"the task definition names no execution role, and ECS needs one: {first}{more}",
            _ADD_ROLE[task.kind],
        )


def missing_permission(subject: Subject) -> Iterator[Finding]:
    """Find permissions that an execution role of the template lacks, or a role of an Express Mode service or a capacity
    provider.
    """
    for task in subject.tasks:
        yield from task.once(_missing, Holder.EXECUTION, _execution_role(task, subject))
        for holder, (given, _) in task.other_roles.items():
            yield from task.once(_missing, holder, subject.role(given))


def _missing(task: CheckedTask, holder: Holder, role: TemplateRole | None) -> Iterator[Finding]:
    if role is not None and not role.role.unread:
        needed = _needs_of(holder, task)
        missing = _surely(refused(needed, role), needed)
        vain = faulty_services(role.statements)
        for service in sorted({_service(need) for need in missing} - vain):
            needs = [need for need in missing if _service(need) == service]
            part = "is" if task.execution_role or holder is not Holder.EXECUTION else "seems meant to be"
            yield fault(
                role.path,
                f"{role.logical_id} {part} the {holder} of {task.logical_id} and does not allow {listed(needs)}:"
                f" {needs[0].reason.why}",
                "Allow it; `cfnroles verify` prints the statements to add.",
            )


def _surely(missing: Sequence[Need], needs: Sequence[Need]) -> list[Need]:
    """Return the needs that are missing for any parameter value. If it may name a secret or a parameter, one of two
    suffices.
    """
    allowed = {need.origin for need in needs if _is_open(need) and need not in missing}
    return [need for need in missing if not (_is_open(need) and need.origin in allowed)]


def _is_open(need: Need) -> bool:
    return any(isinstance(symbol, Cut) for symbol in need.permission.resource.symbols)


def refused(needs: Sequence[Need], role: TemplateRole) -> list[Need]:
    """Return the needs that the role does not allow, for any value of the unknowns."""
    policies: list[IdentityPolicy] = [evaluable(policy) for policy in role.role.policies]
    boundary = evaluable(role.role.boundary) if isinstance(role.role.boundary, RolePolicy) else None
    verdicts = ((need, evaluate(_request(need), policies, boundary)) for need in needs)
    return [need for need, verdict in verdicts if verdict.decision in (Decision.IMPLICIT_DENY, Decision.EXPLICIT_DENY)]


def _request(need: Need) -> Request:
    principal = Principal(some("arn:*:iam::*:role/*"))
    return Request(principal, need.permission.action, _resource(need.permission.resource))


def _resource(text: Text) -> str:
    """Return the resource of a request, with everything unknown open, including the partition."""

    def opened(symbol: Symbol) -> Symbol:
        return symbol if isinstance(symbol, Wildcard) else Wildcard("*")

    resource = plain(text.replaced(opened))
    if text == "*":
        return resource
    arn, _, rest = resource.partition(":")
    return some(f"arn:*:{rest.partition(':')[2]}" if arn == "arn" else f"arn:{resource}")


def _execution_role(task: CheckedTask, subject: Subject) -> TemplateRole | None:
    if task.execution_role:
        return subject.role(task.execution_role)
    if task.execution_role is None:
        return None
    # A task definition without an execution role likely meant the only unused role that ECS may assume.
    used = {reference for other in subject.tasks for reference in (other.execution_role, other.task_role)}
    left = [role for role in subject.roles if ECS_TASKS in (role.trusted or ()) and not used & role.names]
    return left[0] if len(left) == 1 else None


def _needs_of(holder: Holder, task: CheckedTask) -> list[Need]:
    return [need for need in task.discovery.needs if need.holder is holder and not need.permission.when]


def _service(need: Need) -> str:
    return need.permission.action.partition(":")[0]


def listed(needs: Sequence[Need]) -> str:
    """Return the permissions in a few words: actions by resource, at most three resources."""
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

CHECKS = (
    Check(
        id="missing-execution-role",
        number=9341,
        severity=Severity.ERROR,
        what="No execution role in a template, although ECS does something with it",
        why="ECS pulls private images, reads secrets and files, and on Fargate writes logs with the execution role; it "
        "refuses the task definition, or no task of it starts.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
        bad=GOOD.replace("      ExecutionRoleArn: !GetAtt ExecutionRole.Arn\n", ""),
        good=GOOD,
        look=missing_execution_role,
    ),
    Check(
        id="no-execution-role",
        number=9342,
        severity=Severity.WARNING,
        what="No execution role in a task definition outside of templates",
        why="Without one, ECS refuses it or no task of it starts. `cfnroles build` adds the role that it writes; "
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
        why="ECS stops every task before its containers start. Reported only where role and task definition are in one "
        "template and all policies of the role can be seen, and of the roles of Express Mode services and capacity "
        "providers, too.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
        bad=TEMPLATE.format(principal=ECS_TASKS, permissions=POLICY.replace("s3:GetObject\n", "s3:ListBucket\n")),
        good=GOOD,
        look=missing_permission,
    ),
)
