"""Checks on task definitions: values that ECS rejects, unknown names, and values that do not belong there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cfnroles.checks.check import Check, CheckedTask, Subject
from cfnroles.checks.plain_text import plain_text_secret
from cfnroles.checks.references import is_reference
from cfnroles.need import Finding, Severity, fault
from cfnroles.sources.template_runs import HOW_TO_SEE, UNSEEN_TASK
from cfnroles.sources.template_task_types import UNREAD
from cfnroles.symbols import Attribute, Expression, PseudoParameter, Symbol
from cfnroles.table.feature import Malformed, Unnamed
from cfnroles.table.images import ecr_repository, tag
from cfnroles.text import Text, text_of

#: The prefixes of dynamic references to secrets.
_SECRETS = ("resolve:secretsmanager:", "resolve:ssm-secure:")
#: Attributes of resources that are secrets: type -> attribute.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-accesskey.html
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-userpoolclient.html
_SECRET_ATTRIBUTES = {"AWS::IAM::AccessKey": "SecretAccessKey", "AWS::Cognito::UserPoolClient": "ClientSecret"}
#: Tags that usually move.
_MOVING = frozenset({"", "latest", "edge", "nightly", "main", "master", "dev", "develop", "development"})


def refused(subject: Subject) -> Iterator[Finding]:
    """Find everything that ECS would reject or misread, except references."""
    yield from _discovered(subject, Severity.ERROR)


def trap(subject: Subject) -> Iterator[Finding]:
    """Find everything that ECS accepts and that likely fails later, except references."""
    yield from _discovered(subject, Severity.WARNING)


def gap(subject: Subject) -> Iterator[Finding]:
    """Find permissions with unknown resource names, and resources whose permissions are not examined."""
    for resource in subject.stack.resources.values() if subject.stack else ():
        if roles := UNREAD.get(resource.type):
            what = f"cfnroles does not read {resource.type} and does not check {roles}"
            yield fault(resource.source()[:2], what, "Check them yourself.")
    for name in subject.unseen_tasks:
        yield fault(("Resources", name), UNSEEN_TASK, f"{HOW_TO_SEE}.")
    for task in subject.tasks:
        # An unknown member is also a trap.
        told = {found.origin for found in task.discovery.findings}
        for found in task.discovery.gaps:
            if found.feature != "unknown-member" or found.origin not in told:
                yield task.fault(found.origin, found.what, found.remedy)
    for found in subject.unseen:
        yield Finding(
            Severity.INFO, found.origin, found.what, found.remedy, line=found.origin.line, column=found.origin.column
        )


def plain_text(subject: Subject) -> Iterator[Finding]:
    """Find environment variables with a secret in plain text."""
    parameters = subject.tree.get("Parameters")
    for task in (*subject.tasks, *subject.runs):
        yield from task.once(_plain_text_in, parameters)


def _plain_text_in(task: CheckedTask, parameters: object) -> Iterator[Finding]:
    for path, variable in task.workload.find("containerDefinitions[].environment[]"):
        name, value = (variable.get("name"), variable.get("value")) if isinstance(variable, dict) else ("", "")
        if not isinstance(name, str) or not isinstance(value, str):
            continue
        if sign := _written_in_place(text_of(value), parameters) or plain_text_secret(name, value):
            yield task.fault(
                task.workload.origin((*path, "value")),
                f"the variable holds a secret in plain text: {sign}",
                "Keep it in Secrets Manager or Parameter Store, and name it under secrets.",
            )


def _written_in_place(value: Text, parameters: object) -> str:
    """Return the secret that CloudFormation or Terraform fills in, in words; empty if it is none.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
    """
    for symbol in value.unknown:
        if isinstance(symbol, Expression) and symbol.secret:
            return f"Terraform writes the value of {symbol.name} in its place"
        if symbol.name.startswith(_SECRETS):
            return f"CloudFormation writes what {{{{{symbol.name}}}}} represents in its place"
        if isinstance(symbol, Attribute) and _SECRET_ATTRIBUTES.get(symbol.type) == symbol.name.partition(".")[2]:
            return f"CloudFormation writes the value of {symbol.name} in its place"
        declared = parameters.get(symbol.name) if isinstance(parameters, Mapping) else None
        if isinstance(declared, Mapping) and str(declared.get("NoEcho", "")).lower() == "true":
            return f"CloudFormation writes the value of {symbol.name} in its place, which NoEcho hides elsewhere only"
    return ""


def mutable_image(subject: Subject) -> Iterator[Finding]:
    """Find images with a mutable tag or without a tag."""
    yield from (fault for task in subject.tasks for fault in task.once(_mutable_images))


def _mutable_images(task: CheckedTask) -> Iterator[Finding]:
    for path, image in task.workload.find("containerDefinitions[].image"):
        if not isinstance(image, str) or not _is_image(image) or "@" in image or tag(text_of(image)) not in _MOVING:
            continue
        moving = tag(text_of(image))
        given = f"the tag {moving}" if moving else "no tag, so it uses latest"
        yield task.fault(
            task.workload.origin(path),
            f"the image has {given}, which can move",
            "Give it by a tag that stays, or by its digest.",
        )


def _discovered(subject: Subject, severity: Severity) -> Iterator[Finding]:
    yield from (fault for task in (*subject.tasks, *subject.runs) for fault in task.once(_found_in, severity))


def _found_in(task: CheckedTask, severity: Severity) -> Iterator[Finding]:
    for finding in task.discovery.findings:
        if finding.severity is severity and not is_reference(finding):
            yield task.fault(finding.origin, finding.what, finding.remedy)


def _is_image(text: str) -> bool:
    try:
        ecr_repository(text_of(text))
    except (Malformed, Unnamed):
        return False
    return bool(text.strip()) and all(map(_holds_no_tag, text_of(text).symbols))


def _holds_no_tag(symbol: Symbol) -> bool:
    if isinstance(symbol, Expression):
        return bool(symbol.forms)
    return isinstance(symbol, PseudoParameter) or (isinstance(symbol, Attribute) and bool(symbol.type))


_TASK = """\
family: shop
requiresCompatibilities: [FARGATE]
networkMode: awsvpc
cpu: "256"
memory: "512"
executionRoleArn: arn:aws:iam::123456789012:role/shop
containerDefinitions:
  - name: web
    image: {}
{}"""
_IMAGE = "public.ecr.aws/docker/library/nginx:1.27"
_FILE = "    environmentFiles:\n      - type: s3\n        value: {}\n"
_DATABASE = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/database-AbC1eF"

GAP = Check(
    id="gap",
    number=9306,
    severity=Severity.INFO,
    what="A permission that can be seen and not named",
    why="What the field names is known later or elsewhere, so that nothing can be said about the permission; "
    "`cfnroles build` leaves it out.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
    bad=_TASK.format("<REGISTRY>/web:1.27", ""),
    good=_TASK.format("public.ecr.aws/web:1.27", ""),
    look=gap,
)

CHECKS = (
    Check(
        id="refused-value",
        number=9304,
        severity=Severity.ERROR,
        what="A value that ECS refuses or misreads",
        why="ECS refuses the task definition, or no task of it starts. Each feature of docs/features.md knows what its "
        "field takes.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html",
        bad=_TASK.format(_IMAGE, _FILE.format("s3://shop-config/web.env")),
        good=_TASK.format(_IMAGE, _FILE.format("arn:aws:s3:::shop-config/web.env")),
        look=refused,
    ),
    Check(
        id="likely-to-fail",
        number=9305,
        severity=Severity.WARNING,
        what="A value that ECS accepts and that will likely fail later",
        why="The task definition is registered, and the container does not get what its author meant.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html",
        bad=_TASK.format(_IMAGE, "    environment:\n      - name: STAGE\n        value: <STAGE>\n"),
        good=_TASK.format(_IMAGE, "    environment:\n      - name: STAGE\n        value: production\n"),
        look=trap,
    ),
    GAP,
    Check(
        id="plain-text-secret",
        number=9307,
        severity=Severity.WARNING,
        what="A secret in plain text among the environment variables",
        why="Anyone who can describe the task definition reads it, and every revision keeps it. Findings show "
        "the variable's name, never its value.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html",
        bad=_TASK.format(_IMAGE, "    environment:\n      - name: DATABASE_PASSWORD\n        value: correct horse\n"),
        good=_TASK.format(_IMAGE, f"    secrets:\n      - name: DATABASE_PASSWORD\n        valueFrom: {_DATABASE}\n"),
        look=plain_text,
    ),
    Check(
        id="mutable-image",
        number=9308,
        severity=Severity.INFO,
        what="An image by a tag that moves",
        why="Which image a task runs depends on when it starts, and a rollback to the earlier task definition does not "
        "bring the earlier image back.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/bestpracticesguide/container-considerations.html",
        bad=_TASK.format("public.ecr.aws/docker/library/nginx:latest", ""),
        good=_TASK.format(_IMAGE, ""),
        look=mutable_image,
    ),
)
