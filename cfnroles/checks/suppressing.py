"""Checks on suppressions. Their findings depend on those of all other checks."""

from __future__ import annotations

from collections.abc import Iterator

from cfnroles.checks.check import Check, Subject
from cfnroles.need import Finding, Severity


def nothing(subject: Subject) -> Iterator[Finding]:
    """Find nothing: `cfnroles.answers.lint` computes these findings."""
    yield from ()


_SOURCE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"
_TASK = """\
family: shop
requiresCompatibilities: [FARGATE]
networkMode: awsvpc
cpu: "256"
memory: "512"
containerDefinitions:
  - name: web
    {}
    image: public.ecr.aws/docker/library/nginx:{}
"""

BAD = Check(
    id="bad-suppression",
    number=9391,
    severity=Severity.ERROR,
    what="A suppression without a reason, or of a check that does not exist",
    why="A later reader cannot tell whether it still applies. It suppresses nothing until it says why.",
    source=_SOURCE,
    bad=_TASK.format("# cfnroles: ignore mutable-image", "1.27"),
    good=_TASK.format("# cfnroles: ignore mutable-image: the mirror moves it after our tests only", "latest"),
    look=nothing,
)

UNUSED = Check(
    id="unused-suppression",
    number=9392,
    severity=Severity.INFO,
    what="A suppression of nothing",
    why="What it suppressed is gone, and what comes next would be suppressed unseen.",
    source=_SOURCE,
    bad=_TASK.format("# cfnroles: ignore mutable-image: the mirror moves it after our tests only", "1.27"),
    good=_TASK.format("# cfnroles: ignore mutable-image: the mirror moves it after our tests only", "latest"),
    look=nothing,
)

CHECKS = (BAD, UNUSED)
