"""The check for role names where ECS requires an ARN."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfnroles.checks.check import Check, CheckedTask, Subject
from cfnroles.checks.role_examples import GOOD
from cfnroles.need import Finding, Severity, fault
from cfnroles.template.template import resources_of
from cfnroles.workload import Path

#: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
_NAME = re.compile(r"[\w+=,.@/-]+")
#: A placeholder that is filled before ECS reads it.
_TO_FILL_IN = re.compile(r"[A-Z0-9_]+|String|.*(your|replace|change).*")


def by_name(subject: Subject) -> Iterator[Finding]:
    """Find execution roles and infrastructure roles of services given by name. A task role may have either form."""
    yield from _execution_roles(subject)
    resources = resources_of(subject.tree) if subject.stack else {}
    roles = {name for name, each in resources.items() if each["Type"] == "AWS::IAM::Role"}
    for name, resource in resources.items():
        kind = resource["Type"]
        if kind.startswith("AWS::ECS::") and kind != "AWS::ECS::TaskDefinition":
            for path, role in _references(resource.get("Properties"), ("Resources", name, "Properties"), ""):
                if role in roles:
                    what = f"{role} is given by its name, and AWS documents an ARN for {path[-1]}"
                    yield fault(path, what, f"Write !GetAtt {role}.Arn.")


def _references(value: Any, path: Path, member: str) -> Iterator[tuple[Path, str]]:
    """Yield members that end in RoleArn and are a Ref, each with the target."""
    match value:
        case {"Ref": str(name)} if member.endswith("RoleArn") and member != "TaskRoleArn":
            yield path[: path.index(member) + 1], name
        case Mapping():
            for key, inner in value.items():
                yield from _references(inner, (*path, key), member if str(key).startswith("Fn::") else str(key))
        case list():
            for index, inner in enumerate(value):
                yield from _references(inner, (*path, index), member)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _execution_roles(subject: Subject) -> Iterator[Finding]:
    for task in subject.tasks:
        given = task.execution_role
        if not given or given.startswith("arn:"):
            continue
        role = subject.role(given)
        if role is not None and given != f"${{{role.logical_id}.Arn}}":
            yield _fault(task, f"{role.logical_id} is given by its name", f"Write !GetAtt {role.logical_id}.Arn.")
        elif role is None and _NAME.fullmatch(given) and not _TO_FILL_IN.fullmatch(given):
            yield _fault(task, f"{given} is a role's name", "Write its ARN.")


def _fault(task: CheckedTask, what: str, remedy: str) -> Finding:
    path = task.source(task.workload.origin(("executionRoleArn",)).path)
    return fault(path, f"{what}, and AWS documents an ARN for the execution role", remedy)


CHECKS = (
    Check(
        id="role-by-name",
        number=9311,
        severity=Severity.INFO,
        what="An execution or infrastructure role that is given by its name",
        why="AWS documents a short name or an ARN for the task role, and only an ARN for the others. ECS completes the "
        "name of an execution role, as if the role had no path, and says so nowhere.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html",
        bad=GOOD.replace("!GetAtt ExecutionRole.Arn", "!Ref ExecutionRole"),
        good=GOOD,
        look=by_name,
    ),
)
