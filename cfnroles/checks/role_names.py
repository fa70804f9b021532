"""The check for roles that are named where ECS wants their ARN."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfnroles.checks.check import Check, CheckedTask, Subject
from cfnroles.checks.role_examples import GOOD
from cfnroles.need import Finding, Severity, fault

#: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
_NAME = re.compile(r"[\w+=,.@/-]+")
#: What somebody means to fill in before ECS sees it.
_TO_FILL_IN = re.compile(r"[A-Z0-9_]+|String|.*(your|replace|change).*")


def by_name(subject: Subject) -> Iterator[Finding]:
    """An execution role by its name. A task role may be given by either."""
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
    path = task.source(("executionRoleArn",))
    return fault(path, f"{what}, and AWS documents an ARN for the execution role", remedy)


CHECKS = (
    Check(
        id="role-by-name",
        number=9311,
        severity=Severity.INFO,
        what="An execution role that is given by its name",
        why="AWS documents a short name or an ARN for the task role, and only an ARN for the execution role. ECS "
        "completes a name, as if the role had no path, and says so nowhere.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html",
        bad=GOOD.replace("!GetAtt ExecutionRole.Arn", "!Ref ExecutionRole"),
        good=GOOD,
        look=by_name,
    ),
)
