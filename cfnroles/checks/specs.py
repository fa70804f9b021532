"""The check of service specs, which is all that reading one finds."""

from __future__ import annotations

from collections.abc import Iterator

from cfnroles.checks.check import Check, Subject
from cfnroles.need import Finding, Severity


def refused(subject: Subject) -> Iterator[Finding]:
    """Every key and value that no command takes."""
    yield from subject.refused


_SPEC = """\
project: shop
services:
  web:
    task-definition: web.json
    {}
"""

CHECKS = (
    Check(
        id="refused-key",
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
