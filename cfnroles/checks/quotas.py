"""The check on the number of resources in a template, which loops hide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cfnroles.checks.check import Check, Subject
from cfnroles.need import Finding, Severity, fault
from cfnroles.template import MOST_RESOURCES
from cfnroles.template.loops import may_loop


def too_many_resources(subject: Subject) -> Iterator[Finding]:
    """Find loops that create more resources than CloudFormation allows. cfn-lint counts resources without loops."""
    resources = subject.tree.get("Resources")
    count = len(resources) if isinstance(resources, Mapping) else 0
    if count > MOST_RESOURCES and may_loop(subject.tree):
        yield fault(
            ("Resources",),
            f"the template has {count} resources with its loops written out; CloudFormation accepts {MOST_RESOURCES}",
            "Split it into several stacks.",
        )


_LOOPS = """\
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Shops:
  - Shop
  - [A, B, C, D, E, F, G, H]
  - Fn::ForEach::Stages:
    - Stage
    - [A, B, C, D, E, F, G, H]
    - Fn::ForEach::Queues:
      - Queue
      - [{}]
      - Queue${{Shop}}${{Stage}}${{Queue}}:
          Type: AWS::SQS::Queue
"""

CHECKS = (
    Check(
        id="too-many-resources",
        number=9363,
        severity=Severity.ERROR,
        what="Loops that create more resources than a template can have",
        why="CloudFormation counts what `Fn::ForEach` creates, and rejects the template.",
        source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html",
        bad=_LOOPS.format("A, B, C, D, E, F, G, H"),
        good=_LOOPS.format("A, B, C, D"),
        look=too_many_resources,
    ),
)
