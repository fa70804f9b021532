"""Templates that CloudFormation and IAM reject, although cfn-lint and emulators accept them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfnroles.errors import InvalidInput
from cfnroles.page import page
from cfnroles.policies import MANAGED_POLICIES, MOST_MANAGED_POLICIES
from cfnroles.targets.cloudformation.parameters import MOST_PARAMETERS
from cfnroles.template import MOST_RESOURCES

#: The bytes of a template that is sent with the request. A larger one must be in Amazon S3, where the limit is 1 MB.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
TEMPLATE_BODY = 51_200
_MOST = {"Parameters": MOST_PARAMETERS, "Resources": MOST_RESOURCES, "Outputs": 200}


def check(stack: str, template: Mapping[str, Any]) -> None:
    """Raise InvalidInput with every limit that the template of ``stack`` breaks."""
    problems = [*beyond_quotas(template), *_exports(template), *_roles(template), *_functions(template)]
    if problems:
        open_names = "Set placeholders that never change with `--set NAME=VALUE`, or split the task definition."
        raise InvalidInput(
            f"the stack {stack} would be refused",
            why=page(f"- {problem}" for problem in problems),
            remedy=open_names if len(template.get("Parameters", ())) > MOST_PARAMETERS else "",
        )


def too_large(text: str) -> bool:
    """Whether a template is so large that it must be uploaded to Amazon S3."""
    return len(text.encode()) > TEMPLATE_BODY


def beyond_default_quota(template: Mapping[str, Any]) -> Iterator[str]:
    """Yield the roles with more managed policies than IAM's default quota, each with the number.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    for logical_id, count in _managed_policies(template):
        if count > MANAGED_POLICIES:
            yield f"{logical_id} ({count})"


def beyond_quotas(template: Mapping[str, Any]) -> Iterator[str]:
    """Yield the parts of which a template has more than CloudFormation accepts.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    """
    for section, most in _MOST.items():
        count = len(template.get(section) or {})
        if count > most:
            yield f"it has {count} {section.lower()}; CloudFormation accepts {most}"


def _exports(template: Mapping[str, Any]) -> Iterator[str]:
    project = template.get("Parameters", {}).get("ProjectName", {}).get("Default", "project")
    names = []
    for output in template.get("Outputs", {}).values():
        name = output.get("Export", {}).get("Name")
        if name is not None:
            text = name["Fn::Sub"] if isinstance(name, Mapping) else name
            names.append(text.replace("${ProjectName}", project))
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9:-]{1,255}", name):
            yield f"the export {name!r} has characters other than letters, digits, colons and hyphens"
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"the export {name!r} exists twice"


def _roles(template: Mapping[str, Any]) -> Iterator[str]:
    for logical_id, count in _managed_policies(template):
        if count > MOST_MANAGED_POLICIES:
            yield f"{logical_id} has {count} managed policies; IAM allows {MOST_MANAGED_POLICIES}"
    for logical_id, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy"):
            for document in _documents(properties):
                if not document["Statement"] or all(map(_may_vanish, document["Statement"])):
                    yield f"a policy of {logical_id} can be left without a statement"


def _managed_policies(template: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            yield logical_id, len(resource.get("Properties", {}).get("ManagedPolicyArns", ()))


def _functions(template: Mapping[str, Any]) -> Iterator[str]:
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Function" and "ZipFile" in resource["Properties"].get("Code", {}):
            handler = resource["Properties"].get("Handler", "")
            if not handler.startswith("index."):
                yield f"{logical_id} has inline code and the handler {handler!r}; inline code is a module `index`"


def _documents(properties: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    left: list[Any] = [properties]
    while left:
        part = left.pop()
        if isinstance(part, (dict, Mapping)):
            if "Statement" in part:
                yield part
            left += [each for each in part.values() if not isinstance(each, str)]
        elif isinstance(part, list):
            left += [each for each in part if not isinstance(each, str)]


def _may_vanish(statement: Any) -> bool:
    return "Fn::If" in statement and {"Ref": "AWS::NoValue"} in statement["Fn::If"]
