"""Checks on `valueFrom` and `credentialsParameter`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfnroles.checks.check import Check, CheckedTask, Subject
from cfnroles.checks.patterns import UNKNOWN, names_action, resource_part, service_of
from cfnroles.need import Finding, Severity, fault
from cfnroles.placeholders import texts_in
from cfnroles.workload import Path

_FIELDS = (
    "containerDefinitions[].secrets[].valueFrom",
    "containerDefinitions[].logConfiguration.secretOptions[].valueFrom",
)
_REFERENCES = frozenset({"valueFrom", "credentialsParameter"})
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
_WORD = re.compile(r"-(?:[a-z]{6}|[A-Z]{6}|[0-9]{6})$")


def is_reference(finding: Finding) -> bool:
    """Return whether the finding is about a reference to a secret or parameter."""
    return bool(_REFERENCES & set(finding.origin.path[-1:]))


def malformed(subject: Subject) -> Iterator[Finding]:
    """Find references that ECS would reject."""
    for task in subject.tasks:
        for finding in task.discovery.findings:
            if is_reference(finding) and finding.severity is Severity.ERROR:
                yield task.fault(finding.origin, finding.what, finding.remedy)


def name_as_parameter(subject: Subject) -> Iterator[Finding]:
    """Find bare names that are not valid for a parameter, or that a secret of the template has."""
    secrets = dict(_secret_names(subject))
    for task in subject.tasks:
        yield from (fault for value, fault in task.once(_traps) if not _is_arn(value) and value not in secrets)
        for path, value in task.once(_references):
            if value in secrets:
                yield task.fault(
                    task.workload.origin(path),
                    f"{value} is the name of the secret {secrets[value]}, and ECS reads it as a parameter's name",
                    f"Write !Ref {secrets[value]}, which is its ARN.",
                )


def hyphen_and_six(subject: Subject) -> Iterator[Finding]:
    """Find ARNs that look complete but may lack the suffix, and names that cause such ARNs."""
    for task in subject.tasks:
        yield from (fault for value, fault in task.once(_traps) if _is_arn(value))
    for statement in subject.statements:
        for resource in statement.resources if names_action(statement, "secretsmanager:GetSecretValue") else ():
            if service_of(resource) == "secretsmanager" and _WORD.search(resource_part(resource)):
                yield fault(
                    statement.path,
                    f"{resource_part(resource)} ends like a complete ARN, and its last six characters look like a word",
                    "Where it is the secret's whole name, add -?????? for the random suffix.",
                )
    for name, logical_id in _secret_names(subject):
        if _SUFFIX.search(name) and UNKNOWN not in name:
            yield fault(
                ("Resources", logical_id, "Properties", "Name"),
                f"the secret's name {name} ends in a hyphen and six characters",
                "Give it another ending: Secrets Manager reads an ARN without its suffix as a complete one.",
            )


def _traps(task: CheckedTask) -> Iterator[tuple[str, Finding]]:
    """Yield discovery's warnings about references, each with its reference."""
    said = {task.workload.origin(path): text for path, text in texts_in(task.workload.tree)}
    for finding in task.discovery.findings:
        if is_reference(finding) and finding.severity is Severity.WARNING:
            yield said.get(finding.origin, ""), task.fault(finding.origin, finding.what, finding.remedy)


def _is_arn(value: str) -> bool:
    return value.startswith("arn:")


def _references(task: CheckedTask) -> Iterator[tuple[Path, str]]:
    for field in _FIELDS:
        for path, value in task.workload.find(field):
            if isinstance(value, str) and not _is_arn(value) and "${" not in value:
                yield path, value


def _secret_names(subject: Subject) -> Iterator[tuple[str, str]]:
    for resource in subject.stack.of_type("AWS::SecretsManager::Secret") if subject.stack else ():
        name = resource.properties.get("Name")
        if isinstance(name, str) and "${" not in name:
            yield name, resource.logical_id


_TASK = """\
family: shop
requiresCompatibilities: [FARGATE]
networkMode: awsvpc
cpu: "256"
memory: "512"
executionRoleArn: arn:aws:iam::123456789012:role/shop
containerDefinitions:
  - name: web
    image: public.ecr.aws/docker/library/nginx:1.27
    secrets:
      - name: DATABASE_PASSWORD
        valueFrom: "{}"
"""

CHECKS = (
    Check(
        id="malformed-reference",
        number=9301,
        severity=Severity.ERROR,
        what="A reference to a secret or parameter that ECS refuses",
        why="After a secret's ARN come no fields or three. With one or two, ECS registers the task definition and no "
        "task of it starts.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html",
        bad=_TASK.format("arn:aws:secretsmanager:us-east-1:123456789012:secret:database-AbC1eF:password"),
        good=_TASK.format("arn:aws:secretsmanager:us-east-1:123456789012:secret:database-AbC1eF:password::"),
        look=malformed,
    ),
    Check(
        id="secret-name-as-parameter",
        number=9302,
        severity=Severity.ERROR,
        what="A secret's name where ECS expects a parameter's",
        why="Without an ARN, ECS reads the string as the name of a parameter in Parameter Store, where every name in a "
        "hierarchy begins with a slash.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html",
        bad=_TASK.format("shop/database"),
        good=_TASK.format("arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/database-AbC1eF"),
        look=name_as_parameter,
    ),
    Check(
        id="hyphen-and-six",
        number=9303,
        severity=Severity.WARNING,
        what="A secret whose name seems to end in the random suffix",
        why="Secrets Manager reads an ARN that ends in a hyphen and six characters as a complete one, and does not "
        "look for the secret whose name ends that way.",
        source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html",
        bad=_TASK.format("arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-secret"),
        good=_TASK.format("arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-secret-AbC1eF"),
        look=hyphen_and_six,
    ),
)
