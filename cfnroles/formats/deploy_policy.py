"""The policy for deploying, as JSON, as a template, and as text with reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfnroles.deploy.policy import DeployPolicy
from cfnroles.lines import Lines, gaps_head, gaps_text
from cfnroles.need import Need
from cfnroles.page import Page, json_page, page, verbatim
from cfnroles.policies import MANAGED_POLICY, document
from cfnroles.statements import Statement
from cfnroles.targets.cloudformation.template_text import to_yaml


def json_text(made: DeployPolicy) -> Page:
    """Return the policy document, or a list if one managed policy cannot contain everything."""
    documents = [document(policy.statements) for policy in made.policies]
    return json_page(documents[0] if len(documents) == 1 else documents)


def cloudformation(made: DeployPolicy) -> Page:
    """Return a template with a managed policy for each document, to attach to the role or user that deploys."""
    resources: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    for number, policy in enumerate(made.policies, 1):
        name = f"DeployPolicy{number}" if len(made.policies) > 1 else "DeployPolicy"
        description = "The permissions for deploying the stacks that cfnroles built."
        properties = {"Description": description, "PolicyDocument": document(policy.statements)}
        resources[name] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}
        outputs[f"{name}Arn"] = {"Description": "ARN of the policy.", "Value": {"Ref": name}}
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The IAM policy for deploying.",
        "Resources": resources,
        "Outputs": outputs,
    }
    return verbatim(page(to_yaml(template).rstrip("\n").split("\n")))


def notes(made: DeployPolicy, texts: Mapping[str, str]) -> Page:
    """Return what matters about a policy and is in no document."""
    return page(_notes(made, texts))


def human(made: DeployPolicy, texts: Mapping[str, str]) -> Page:
    """Return text for a review: each statement with its reasons, then permissions beyond the stacks, and gaps."""
    return page((*_statements(made, texts), *_notes(made, texts)))


def _statements(made: DeployPolicy, texts: Mapping[str, str]) -> Iterator[str]:
    lines = Lines(texts)
    for statement in made.statements:
        yield f"{statement.sid}: {', '.join(statement.actions)}"
        yield from (f"    on {resource}" for resource in statement.resources)
        for condition in statement.conditions:
            yield f"    if {condition.key} {condition.operator} {' or '.join(condition.values)}"
        yield from _reasons(statement, lines)
    yield ""


def _reasons(statement: Statement, lines: Lines) -> Iterator[str]:
    reasons: dict[tuple[str, str, str], list[Need]] = {}
    for need in statement.needs:
        reasons.setdefault((need.reason.why, need.reason.told, need.reason.source), []).append(need)
    for (why, told, source), needs in reasons.items():
        yield f"  because {why}"
        if told:
            yield f"    {told}"
        yield from dict.fromkeys(f"    {lines.where(need.origin)}" for need in needs)
        yield f"    {source}"


def _notes(made: DeployPolicy, texts: Mapping[str, str]) -> Iterator[str]:
    if len(made.policies) > 1:
        count = len(made.policies)
        yield f"{count} policies, because IAM accepts {MANAGED_POLICY:,} characters in one: attach them all."
    if made.wide:
        yield "This reaches further than the stacks, and cannot be narrower:"
    for wide in made.wide:
        yield f"- {', '.join(wide.actions) or 'every call'}"
        yield from (f"    on {resource}" for resource in wide.resources)
        yield f"  {wide.why}."
    if made.gaps:
        yield gaps_head(made.gaps, "the policy does")
        yield gaps_text(made.gaps, texts)
