"""The mark that identifies a deployed template of cfnroles, whatever deployed it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_KEY = "cfnroles"
#: The stacks that each task or service has for itself.
_OF_ONE = re.compile(r"(.+)-(?:roles|task)")

#: The descriptions of templates. Those deployed before there was a mark have nothing else.
_DESCRIPTIONS = (
    r"ECS task definition .+, deployed (?:when|only if) all its secrets exist\."
    r"|An ECS task definition that is deployed (?:when|only if) its secrets exist\."
    r"|IAM roles of .+, with the permissions (that )?it needs\."
    r"|Checks that secrets and parameters exist before a task definition is deployed\."
    r"|A CloudFormation macro that gives ECS task definitions roles, and a hook that checks theirs\."
    r"|A CloudFormation macro that adds roles to ECS task definitions, and a hook that checks roles\."
    r"|Log groups of the ECS service .+\."
    r"|Alarms for (?:what is refused to|denied calls of) the roles of .+\."
    r"|ECR repositories (?:whose|of the) images (?:that )?the services of .+ pull\."
    r"|Policies of the secrets that the services of .+ read\."
)


def marked(template: Mapping[str, Any], stack: str) -> dict[str, Any]:
    """Return the template with the mark in its Metadata: which ``stack`` of a build it is.

    CloudFormation sees no change in a template if only the mark changed.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/metadata-section-structure.html
    """
    metadata = template.get("Metadata", {})
    return {**template, "Metadata": {**metadata, _KEY: {**metadata.get(_KEY, {}), "stack": stack}}}


def written_for(template: Mapping[str, Any]) -> str:
    """Return the task or service that the mark names; empty for stacks that several share, and without a mark."""
    metadata = template.get("Metadata")
    own = metadata.get(_KEY) if isinstance(metadata, Mapping) else None
    stack = own.get("stack") if isinstance(own, Mapping) else None
    found = _OF_ONE.fullmatch(stack) if isinstance(stack, str) else None
    return found[1] if found else ""


def is_marked(template: Mapping[str, Any]) -> bool:
    """Whether cfnroles wrote the template, from its mark or from the description that it has always had.

    A template with suppressions of cfnroles in its Metadata was not written by it.
    """
    metadata = template.get("Metadata")
    own = metadata.get(_KEY) if isinstance(metadata, Mapping) else None
    described = re.fullmatch(_DESCRIPTIONS, str(template.get("Description", "")))
    return described is not None or (isinstance(own, Mapping) and "stack" in own)
