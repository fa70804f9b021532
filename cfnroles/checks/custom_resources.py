"""Checks on custom resources, for which CloudFormation waits."""

from __future__ import annotations

from collections.abc import Iterator

from cfnroles.checks.check import Check, Subject
from cfnroles.need import Finding, Severity, fault
from cfnroles.template.template import Resource
from cfnroles.text import whole_number

_LIMITS = range(1, 3601)


def no_token(subject: Subject) -> Iterator[Finding]:
    """Find custom resources without a provider."""
    for resource in _custom_resources(subject):
        if "ServiceToken" not in resource.properties:
            yield fault(
                ("Resources", resource.logical_id),
                f"{resource.logical_id} has no ServiceToken",
                "Name the function or the topic that CloudFormation asks.",
            )


def no_timeout(subject: Subject) -> Iterator[Finding]:
    """Find custom resources for which CloudFormation waits an hour."""
    for resource in _custom_resources(subject):
        if "ServiceToken" not in resource.properties:
            continue  # it has no provider, which is another finding
        given = resource.properties.get("ServiceTimeout")
        if given is None:
            yield fault(
                ("Resources", resource.logical_id),
                f"{resource.logical_id} has no ServiceTimeout, so CloudFormation waits an hour for a provider that "
                "does not answer",
                "Add ServiceTimeout: a little more seconds than the function may run.",
            )
        elif (seconds := whole_number(str(given))) not in _LIMITS and seconds >= 0:
            yield fault(
                resource.source("ServiceTimeout"),
                f"ServiceTimeout is {given}",
                "It is a number of seconds from 1 to 3600.",
            )


def _custom_resources(subject: Subject) -> Iterator[Resource]:
    for resource in subject.stack.resources.values() if subject.stack else ():
        if resource.type.startswith("Custom::") or resource.type == "AWS::CloudFormation::CustomResource":
            yield resource


_TEMPLATE = """\
Resources:
  SecretsExist:
    Type: Custom::SecretsExist
    Properties:
{}"""
_PROVIDER = "      ServiceToken: !ImportValue SecretValidatorArn\n"
_TIMEOUT = "      ServiceTimeout: 120\n"
_SOURCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html"

CHECKS = (
    Check(
        id="custom-resource-without-token",
        number=9361,
        severity=Severity.ERROR,
        what="A custom resource without ServiceToken",
        why="CloudFormation has nowhere to send the request, and refuses the template.",
        source=_SOURCE,
        bad=_TEMPLATE.format(_TIMEOUT),
        good=_TEMPLATE.format(_PROVIDER + _TIMEOUT),
        look=no_token,
    ),
    Check(
        id="custom-resource-without-timeout",
        number=9362,
        severity=Severity.INFO,
        what="A custom resource without ServiceTimeout",
        why="CloudFormation waits an hour for a provider that fails without an answer, and an hour again to roll back.",
        source=_SOURCE,
        bad=_TEMPLATE.format(_PROVIDER),
        good=_TEMPLATE.format(_PROVIDER + _TIMEOUT),
        look=no_timeout,
    ),
)
