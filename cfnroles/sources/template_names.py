"""Names that a template refers to and does not have, in what is read of it."""

from __future__ import annotations

from collections.abc import Iterator

from cfnroles.need import Finding, Gap, Holder, Origin
from cfnroles.sources.pipelines import DEPLOYMENT_GROUP, PIPELINE
from cfnroles.sources.template_arns import ARNS, TELLING
from cfnroles.sources.template_keys import ENCRYPTED
from cfnroles.sources.template_targets import RUNNERS
from cfnroles.sources.template_task_definitions import CLUSTER, RUNS, TASKS, UNREAD
from cfnroles.template.intrinsics import NAMED_BY_PROPERTY
from cfnroles.template.template import Template
from cfnroles.template.undefined_names import undefined, undefined_names

#: What the types begin with of which anything is read. Of other resources, cfn-lint tells.
READ = (
    *(*TASKS, *RUNS, *RUNNERS, *UNREAD, CLUSTER),
    *(*ENCRYPTED, *TELLING, *ARNS, *NAMED_BY_PROPERTY),
    *(PIPELINE, DEPLOYMENT_GROUP, "AWS::IAM::", "AWS::CloudFormation::Stack", "AWS::Serverless::Application"),
)


def refused_names(template: Template) -> tuple[Finding, ...]:
    """Each name that CloudFormation would not find, as an error."""
    if refused_names not in template.known:
        template.known[refused_names] = undefined_names(template, READ)
    found: tuple[Finding, ...] = template.known[refused_names]
    return found


def names_elsewhere(template: Template) -> Iterator[Gap]:
    """Each name that another part of the template may have, which AWS SAM or Copilot keeps."""
    for each in undefined(template, READ):
        if each.partial:
            origin = Origin(template.document, each.path)
            yield Gap(Holder.EXECUTION, "hidden-resource", origin, each.what, "Give the whole template")
