"""Checks for references that CloudFormation does not substitute, or rejects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfnroles.checks.check import Check, Subject
from cfnroles.need import Finding, Severity, fault
from cfnroles.sources.template_names import UNKNOWN_TYPE
from cfnroles.template.template import Resource
from cfnroles.template.undefined_names import UNDEFINED
from cfnroles.workload import Path

_REFERENCE = re.compile(r"\$\{([A-Za-z0-9:.]+)\}")
#: A reference that remains in a resolved text.
_LEFT = re.compile(r"\$\{!([A-Za-z0-9:.]+)\}")
_IAM = "AWS::IAM::"
_TASK = "AWS::ECS::TaskDefinition"
#: The members of a task definition in which `$` has no other meaning: shells and log routers have their own variables.
_MEMBERS = frozenset({"executionrolearn", "taskrolearn", "image", "valuefrom", "credentialsparameter", "filesystemid"})
_PROSE = frozenset({"Description", "Tags"})


def unsubstituted(subject: Subject) -> Iterator[Finding]:
    """Find references in strings that CloudFormation does not substitute, and in policies outside of templates."""
    if subject.stack is None:
        for path, text in _texts(subject.tree, ()) if not subject.tasks else ():
            if pseudo := next((name for name in _REFERENCE.findall(text) if name.startswith("AWS::")), ""):
                what = f"${{{pseudo}}} is not a policy variable of IAM, which compares the text literally"
                yield fault(path, what, "Write the value itself.")
        return
    for resource in subject.stack.resources.values():
        if not resource.type.startswith((_IAM, _TASK)):
            continue
        for path, text in _left_in(resource):
            if (resource.type == _TASK and not _names_something(path)) or path[0] in _PROSE:
                continue
            if name := next((name for name in _LEFT.findall(text) if _is_known(name, subject.tree)), ""):
                what = f"${{{name}}} is not inside Fn::Sub, so CloudFormation does not replace it"
                yield fault(resource.source(*path), what, "Put the text into Fn::Sub.")


def undefined(subject: Subject) -> Iterator[Finding]:
    """Find references to names that the template does not have."""
    yield from (finding for finding in subject.refused if finding.check == UNDEFINED)


def unknown_type(subject: Subject) -> Iterator[Finding]:
    """Find types that are nearly one of Amazon ECS."""
    yield from (finding for finding in subject.refused if finding.check == UNKNOWN_TYPE)


def _left_in(resource: Resource) -> tuple[tuple[Path, str], ...]:
    """Return the texts of a resource with remaining references, computed once for all worlds with the same resource."""
    if _left_in not in resource.known:
        texts = _texts(resource.properties, ())
        resource.known[_left_in] = tuple((path, text) for path, text in texts if _LEFT.search(text))
    left: tuple[tuple[Path, str], ...] = resource.known[_left_in]
    return left


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from _texts(member, (*path, key))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _texts(element, (*path, index))


def _names_something(path: Path) -> bool:
    last = str(path[-1]).lower()
    return last in _MEMBERS or (last == "value" and "EnvironmentFiles" in path)


def _is_known(name: str, tree: Mapping[str, Any]) -> bool:
    """Return whether the name is known: IAM's policy variables have one colon, variables of other tools have none."""
    if name.startswith("AWS::"):
        return True
    sections = (tree.get("Parameters"), tree.get("Resources"))
    return any(isinstance(section, Mapping) and name.partition(".")[0] in section for section in sections)


_POLICY = """\
Resources:
  ReadConfiguration:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: s3:GetObject
            Resource: {}arn:${{AWS::Partition}}:s3:::shop-config/*
"""

_REFERRING = """\
Resources:
  DatabaseSecret:
    Type: AWS::SecretsManager::Secret
  ReadSecret:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: secretsmanager:GetSecretValue
            Resource: {}
"""

CHECKS = (
    Check(
        id="unsubstituted-reference",
        number=9310,
        severity=Severity.ERROR,
        what="A reference such as `${AWS::Partition}` outside of Fn::Sub",
        why="CloudFormation substitutes references in Fn::Sub only. Elsewhere they stay as they are: the statement "
        "allows nothing, and no role, policy or secret has such a name.",
        source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html",
        bad=_POLICY.format(""),
        good=_POLICY.format("!Sub "),
        look=unsubstituted,
    ),
)

_TYPED = """\
Resources:
  Shop:
    Type: {}
"""

#: For names that are not in the template.
UNDEFINED_NAME = Check(
    id=UNDEFINED,
    number=9313,
    severity=Severity.ERROR,
    what="A reference to a name that the template does not have",
    why="CloudFormation refuses a template that refers to a name which is neither a parameter nor a resource of "
    "it. A name that a macro, a loop, a module or AWS SAM makes is none of these.",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-ref.html",
    bad=_REFERRING.format("!Ref DatabaseSecrt"),
    good=_REFERRING.format("!Ref DatabaseSecret"),
    look=undefined,
)

#: For types with a typing error.
UNKNOWN_TYPES = Check(
    id=UNKNOWN_TYPE,
    number=9314,
    severity=Severity.ERROR,
    what="A resource type that is nearly one of Amazon ECS",
    why="CloudFormation has no such type and refuses the template, and no command sees the task definition.",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ECS.html",
    bad=_TYPED.format("AWS::ECS::Clustr"),
    good=_TYPED.format("AWS::ECS::Cluster"),
    look=unknown_type,
)
