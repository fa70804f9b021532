"""The tool that generated a template, if one did: additions to such a template are lost when the tool runs again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from cfnroles.workload import Path


class Generator(Struct, frozen=True):
    """A tool that generates templates, and where its user defines roles.

    ``again`` says that it generates them repeatedly, so that its output is not edited.
    """

    name: str
    where: str
    again: bool = True


class Mark(Struct, frozen=True):
    """A mark of a tool in a template, and its place."""

    generator: Generator
    path: Path


#: https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_ecs.TaskDefinition.html
CDK = Generator(
    "the AWS CDK",
    "Pass its roles to the construct of the task definition, as `executionRole` and `taskRole`: `cfnroles build"
    " TEMPLATE -o build` writes them as a stack, and `iam.Role.fromRoleArn(this, ID, ARN, {mutable: false})`"
    " names one.",
)
#: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-cli-command-reference-sam-build.html
SAM = Generator(
    "the AWS SAM CLI, or by the transform AWS::Serverless-2016-10-31",
    "Pass the template that `sam build` reads, usually template.yaml.",
)
#: AWS ended its support in June 2026; its output is maintained by hand.
#: https://aws.github.io/copilot-cli/docs/developing/overrides/yamlpatch
COPILOT = Generator(
    "AWS Copilot",
    "Set its roles with `copilot svc override --tool yamlpatch` or `copilot job override --tool yamlpatch` to the"
    " exports of `cfnroles build TEMPLATE -o build`.",
    again=False,
)


def mark_of(tree: Mapping[str, Any]) -> Mark | None:
    """Return the mark of the tool that generated a template; ``None`` for a template that was written by hand."""
    return next(_marks(tree), None)


def _marks(tree: Mapping[str, Any]) -> Iterator[Mark]:
    for name, resource in _members(tree, "Resources"):
        metadata, path = resource.get("Metadata"), ("Resources", name)
        for key, generator in _KEYS.items():
            if isinstance(metadata, Mapping) and key in metadata:
                yield Mark(generator, (*path, "Metadata", key))
        if resource.get("Type") == "AWS::CDK::Metadata":
            yield Mark(CDK, path)
        if _created_by_sam(resource):
            yield Mark(SAM, (*path, "Properties", "Tags"))
    # Without metadata, the CDK leaves the parameter with its bootstrap version.
    for name, declared in _members(tree, "Parameters"):
        if str(declared.get("Default", "")).startswith("/cdk-bootstrap/"):
            yield Mark(CDK, ("Parameters", name))


_KEYS = {"aws:cdk:path": CDK, "SamResourceId": SAM, "aws:copilot:description": COPILOT}


def _members(tree: Mapping[str, Any], section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    members = tree.get(section)
    for name, each in members.items() if isinstance(members, Mapping) else ():
        if isinstance(each, Mapping):
            yield str(name), each


def _created_by_sam(resource: Mapping[str, Any]) -> bool:
    properties = resource.get("Properties")
    tags = properties.get("Tags") if isinstance(properties, Mapping) else None
    return isinstance(tags, list) and {"Key": "lambda:createdBy", "Value": "SAM"} in tags
