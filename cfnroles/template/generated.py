"""Which tool wrote a template, where one did: what is added to such a template is gone when the tool runs again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct


class Generator(Struct, frozen=True):
    """A tool that writes templates, and where its user says what roles there are."""

    name: str
    where: str


#: https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_ecs.TaskDefinition.html
CDK = Generator(
    "the AWS CDK",
    "Give the roles to the construct of the task definition: its properties `executionRole` and `taskRole`.",
)
#: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-cli-command-reference-sam-build.html
SAM = Generator(
    "the AWS SAM CLI, or by the transform AWS::Serverless-2016-10-31",
    "Give the template that `sam build` reads, usually template.yaml.",
)


def generator_of(tree: Mapping[str, Any]) -> Generator | None:
    """The tool that wrote a template, by the marks that it leaves; ``None`` for one that a person wrote."""
    for resource in _members(tree, "Resources"):
        metadata = resource.get("Metadata")
        marks = metadata if isinstance(metadata, Mapping) else {}
        if "aws:cdk:path" in marks or resource.get("Type") == "AWS::CDK::Metadata":
            return CDK
        if "SamResourceId" in marks or _created_by_sam(resource):
            return SAM
    # Without metadata, the CDK leaves the parameter by which it looks for its bootstrap stack.
    if any(str(each.get("Default", "")).startswith("/cdk-bootstrap/") for each in _members(tree, "Parameters")):
        return CDK
    return None


def _members(tree: Mapping[str, Any], section: str) -> Iterator[Mapping[str, Any]]:
    members = tree.get(section)
    for each in members.values() if isinstance(members, Mapping) else ():
        if isinstance(each, Mapping):
            yield each


def _created_by_sam(resource: Mapping[str, Any]) -> bool:
    properties = resource.get("Properties")
    tags = properties.get("Tags") if isinstance(properties, Mapping) else None
    return isinstance(tags, list) and {"Key": "lambda:createdBy", "Value": "SAM"} in tags
