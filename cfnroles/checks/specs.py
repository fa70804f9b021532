"""The check on service specs: the findings of the reader."""

from __future__ import annotations

from collections.abc import Iterator

from cfnroles.checks.check import Check, Subject
from cfnroles.need import Finding, Severity


def refused(subject: Subject) -> Iterator[Finding]:
    """Find keys and values that no command accepts."""
    yield from (finding for finding in subject.refused if finding.check == _REFUSED)


def unread(subject: Subject) -> Iterator[Finding]:
    """Find task definitions that are only in Amazon ECS."""
    yield from (finding for finding in subject.refused if finding.check == _UNREAD)


_REFUSED, _UNREAD = "refused-key", "unread-task-definition"

_SPEC = """\
project: shop
services:
  web:
    task-definition: web.json
    {}
"""

CHECKS = (
    Check(
        id=_REFUSED,
        number=9309,
        severity=Severity.ERROR,
        what="A key or value of a service spec that cfnroles does not take",
        why="No command reads a spec with a mistake in it. docs/spec.md lists the keys.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html",
        bad=_SPEC.format("platform: FARGATE"),
        good=_SPEC.format("launch-type: FARGATE"),
        look=refused,
    ),
)

#: For services whose task definitions are in no file.
UNREAD = Check(
    id=_UNREAD,
    number=9312,
    severity=Severity.INFO,
    what="A service whose task definition is in Amazon ECS",
    why="lint does not call AWS, so it does not check this task definition.",
    source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html",
    bad=_SPEC.format("exec: true").replace("web.json", "web:3"),
    good=_SPEC.format("exec: true"),
    look=unread,
)
