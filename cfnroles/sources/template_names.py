"""References to undefined names in the parts of a template that are read."""

from __future__ import annotations

from collections.abc import Iterator

from cfnroles.need import Finding, Gap, Holder, Origin, Severity
from cfnroles.sources.pipelines import DEPLOYMENT_GROUP, PIPELINE
from cfnroles.sources.template_arns import ARNS, TELLING
from cfnroles.sources.template_keys import ENCRYPTED
from cfnroles.sources.template_targets import RUNNERS
from cfnroles.sources.template_task_types import CLUSTER, RUNS, TASKS, UNREAD
from cfnroles.spelling import meant
from cfnroles.template.intrinsics import NAMED_BY_PROPERTY
from cfnroles.template.template import Template
from cfnroles.template.undefined_names import undefined, undefined_names

#: Prefixes of the types that are read. cfn-lint checks other resources.
READ = (
    *(*TASKS, *RUNS, *RUNNERS, *UNREAD, CLUSTER),
    *(*ENCRYPTED, *TELLING, *ARNS, *NAMED_BY_PROPERTY),
    *(PIPELINE, DEPLOYMENT_GROUP, "AWS::IAM::", "AWS::CloudFormation::Stack", "AWS::Serverless::Application"),
)
_ECS = "aws::ecs:"
#: The check for invalid types.
UNKNOWN_TYPE = "unknown-type"
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ECS.html
_OF_ECS = frozenset(
    (*TASKS, *RUNS, *UNREAD, CLUSTER, "AWS::ECS::ClusterCapacityProviderAssociations", "AWS::ECS::PrimaryTaskSet")
)
#: The minimum similarity of a misspelled type: a new type of Amazon ECS is similar to none of these.
_NEAR = 0.9


def refused_names(template: Template) -> tuple[Finding, ...]:
    """Return an error for each name that CloudFormation would not find; types of Amazon ECS are such names."""
    if refused_names not in template.known:
        template.known[refused_names] = (*_unknown_types(template), *undefined_names(template, READ))
    found: tuple[Finding, ...] = template.known[refused_names]
    return found


def _unknown_types(template: Template) -> Iterator[Finding]:
    """Yield the types that are misspelled types of Amazon ECS."""
    for name, resource in template.resources.items():
        kind = resource["Type"]
        if kind in _OF_ECS or not kind.lower().startswith(_ECS):
            continue
        if (near := meant(kind, _OF_ECS, _NEAR)) is not None:
            origin = Origin(template.document, template.written(("Resources", name, "Type")))
            yield Finding(
                Severity.ERROR, origin, f"{kind} is no resource type", f"Did you mean {near!r}?", UNKNOWN_TYPE
            )


def names_elsewhere(template: Template) -> Iterator[Gap]:
    """Yield a gap for each name that another part of the template may define with AWS SAM or Copilot."""
    for each in undefined(template, READ):
        if each.partial:
            origin = Origin(template.document, each.path)
            yield Gap(Holder.EXECUTION, "hidden-resource", origin, each.what, "Give the whole template")
