"""The check that reports what the other checks could not examine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfnroles.checks.check import Check, Subject, TemplateRole
from cfnroles.checks.role_examples import GOOD
from cfnroles.iam.roles import Unread
from cfnroles.iam.stack_roles import may_make
from cfnroles.need import Finding, Holder, Severity, fault
from cfnroles.sources.nested_stacks import ADDRESSES
from cfnroles.sources.template_task_types import STACK_SET, TASKS, may_define_tasks
from cfnroles.symbols import IMPORT
from cfnroles.table.ecs.service_role import BY_HAND
from cfnroles.template.intrinsics import symbols
from cfnroles.template.template import is_module
from cfnroles.text import from_spelling

#: Options in remedies, and those that lint has, too.
_OPTION = re.compile(r"--[a-z][a-z-]+")
_OF_LINT = frozenset({"--parameter"})
_MAY_MAKE = "the roles, policies and task definitions that {} may create are not judged"
_REMEDY = "`cfnroles verify` judges it, from the template that has it or with --live."


def unjudged(subject: Subject) -> Iterator[Finding]:
    """Find roles of a template's task definitions that are elsewhere, or that have such a policy."""
    yield from _unseen(subject)
    yield from _of_services(subject)
    told: set[str] = set()
    for task in subject.tasks:
        others = ((path, holder, given) for holder, (given, path) in task.other_roles.items())
        for path, name, given in (
            (("executionRoleArn",), Holder.EXECUTION, task.execution_role),
            (("taskRoleArn",), Holder.TASK, task.task_role),
            *others,
        ):
            if not task.logical_id or given == "":
                continue
            role = subject.role(given)
            if role is None and (absent := _absent(given, subject)):
                what = f"the {name} of {task.logical_id} is {absent}, which does not exist"
                yield fault(task.source(path), what, "Refer to it under its own condition.")
            elif role is None:
                yield fault(
                    task.source(path),
                    f"the {name} of {task.logical_id} is not judged: {_where(given)}",
                    _REMEDY,
                )
            elif role.logical_id not in told:
                told.add(role.logical_id)
                yield from _unread(role)


def _of_services(subject: Subject) -> Iterator[Finding]:
    """Yield the roles that services pass to ECS for load balancers, if ECS accepts one."""
    for task in subject.tasks:
        refused = {finding.origin for finding in task.discovery.findings}
        for path, given in task.workload.find("service.role"):
            origin = task.workload.origin(path)
            if given and origin not in refused:
                what = "the role that the service uses for its load balancer is not judged"
                yield task.fault(origin, what, f"{BY_HAND}.")


def _unseen(subject: Subject) -> Iterator[Finding]:
    """Yield loops, transforms, modules and stacks that may create roles, policies or task definitions."""
    resources = subject.tree.get("Resources") if subject.stack else None
    for name, given in resources.items() if isinstance(resources, Mapping) else ():
        kind = str(given.get("Type")) if isinstance(given, Mapping) else ""
        if _is_elsewhere(given):
            yield fault(("Resources", str(name)), _MAY_MAKE.format(name), "Lint the template of that stack, too.")
        elif is_module(kind) or may_make(str(name), given, ("AWS::IAM::", *TASKS)):
            yield fault(
                ("Resources", str(name)),
                _MAY_MAKE.format(name),
                "Lint what `aws cloudformation get-template --template-stage Processed --query TemplateBody` answers.",
            )


def _is_elsewhere(given: Any) -> bool:
    """Return whether a nested stack's template is neither next to this one nor a CDK asset, or may be a stack set's."""
    match given:
        case {"Type": str(kind)} if kind == STACK_SET:
            return may_define_tasks(given)
        case {"Metadata": {"aws:asset:path": _}}:
            return False
        case {"Type": str(kind), "Properties": Mapping() as properties} if kind in ADDRESSES:
            url = properties.get(ADDRESSES[kind])
            return not isinstance(url, str) or "://" in url
    return False


def _remedy(part: Unread) -> str:
    """Return the remedy. `verify` reads the same parts as lint, but has other options."""
    return f"{part.remedy}." if part.remedy and _OF_LINT.issuperset(_OPTION.findall(part.remedy)) else _REMEDY


def _absent(given: str | None, subject: Subject) -> str:
    """Return the name of a role of the template that does not exist in this world."""
    whole = from_spelling(given or "").whole
    name = whole.name.partition(".")[0] if whole is not None else ""
    match subject.tree.get("Resources"):
        case Mapping() as resources if subject.stack and name not in subject.stack.resources:
            resource = resources.get(name)
            return name if isinstance(resource, Mapping) and resource.get("Type") == "AWS::IAM::Role" else ""
    return ""


def _where(given: str | None) -> str:
    name = next((name for name in symbols(given or "") if not name.startswith("AWS::")), "")
    if not name:
        return "it is defined elsewhere"
    if name.startswith(IMPORT):
        return "another stack exports it"
    return f"it depends on {name}"


def _unread(role: TemplateRole) -> Iterator[Finding]:
    # Trust policies have their own checks.
    for part in (part for part in role.role.all_unread if part not in role.role.trust_unread):
        yield fault(
            role.path,
            f"{role.logical_id} is judged in part, because {part.label} could not be read: {part.why}",
            _remedy(part),
        )


CHECKS = (
    Check(
        id="unjudged-role",
        number=9355,
        severity=Severity.INFO,
        what="A role of a template's task definition that could not be judged",
        why="It is a parameter, comes from another stack or is defined elsewhere, or one of its policies does. What "
        "the other checks report about roles covers only the rest.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-ecs-iam-role-overview.html",
        bad=GOOD.replace("!GetAtt ExecutionRole.Arn", "!ImportValue shop-ExecutionRoleArn"),
        good=GOOD,
        look=unjudged,
    ),
)
