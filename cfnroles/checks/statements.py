"""Checks on statements that allow nothing, because the action never applies to the resource."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from cfnroles.checks.check import AllowStatement, Check, Subject
from cfnroles.checks.patterns import (
    UNKNOWN,
    means_action,
    names_action,
    only_of,
    resource_part,
    service_of,
    written_part,
)
from cfnroles.iam.actions import is_known, meant_action
from cfnroles.need import Finding, Severity, fault

_READS_SECRETS = ("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret")
_READS_PARAMETERS = ("ssm:GetParameters", "ssm:GetParameter", "ssm:GetParametersByPath")
_WRITES_STREAMS = ("logs:CreateLogStream", "logs:PutLogEvents")


def json_key(statement: AllowStatement) -> Iterator[Finding]:
    """Find secrets with the JSON key that only `valueFrom` accepts."""
    for resource in statement.resources:
        if service_of(resource) == "secretsmanager" and resource_part(resource).count(":") > 1:
            secret = ":".join(written_part(resource).cut(":")[:2])
            yield _fault(
                statement,
                f"{secret} is followed by fields that are not part of a secret's ARN",
                "End the resource after the secret's name and suffix; the fields belong into valueFrom.",
            )


def no_suffix(statement: AllowStatement) -> Iterator[Finding]:
    """Find names of secrets without the suffix or a wildcard for it."""
    if not names_action(statement, *_READS_SECRETS):
        return
    for resource in statement.resources:
        part = resource_part(resource)
        name = part.removeprefix("secret:")
        shown = written_part(resource).removeprefix("secret:")
        if service_of(resource) != "secretsmanager" or ":" in name or not _lacks_suffix(name):
            continue
        if part == name:
            yield _fault(
                statement,
                f"{shown} is not a secret's ARN, which has `secret:` before the name",
                f"Write secret:{shown}-?????? or the complete ARN.",
            )
            continue
        if not any(other.startswith(f"secret:{name}-") for other in map(resource_part, statement.resources)):
            yield _fault(
                statement,
                f"secret:{shown} lacks the suffix that is a part of every secret's ARN",
                f"Write secret:{shown}-?????? or the complete ARN.",
            )


def decrypt(statement: AllowStatement) -> Iterator[Finding]:
    """Find KMS actions that only have secrets and parameters as resources."""
    if means_action(statement, "kms:Decrypt") and only_of(statement.resources, "secretsmanager", "ssm"):
        yield _fault(
            statement,
            "kms:Decrypt is allowed on secrets or parameters, and is only ever done on keys",
            "Name the key's ARN in a separate statement; omit it if the secrets have no customer managed key.",
        )


def other_service(statement: AllowStatement) -> Iterator[Finding]:
    """Find parameters read from Secrets Manager, and secrets from Parameter Store."""
    for actions, own, other in (
        (_READS_PARAMETERS, "ssm", "secretsmanager"),
        (_READS_SECRETS, "secretsmanager", "ssm"),
    ):
        if means_action(statement, *actions) and only_of(statement.resources, other):
            yield _fault(
                statement,
                f"{actions[0]} is allowed on resources of {other}, and is only ever done on those of {own}",
                f"Allow {_READS_SECRETS[0] if other == 'secretsmanager' else _READS_PARAMETERS[0]} on them.",
            )


def no_streams(statement: AllowStatement) -> Iterator[Finding]:
    """Find log groups without their streams, for actions on streams."""
    if not means_action(statement, *_WRITES_STREAMS) or not only_of(statement.resources, "logs"):
        return
    parts = [resource_part(resource) for resource in statement.resources]
    if all(part.startswith("log-group:") and not _has_streams(part) for part in parts):
        group = written_part(statement.resources[0])
        yield _fault(
            statement,
            f"writing is allowed on {group} itself, and is only ever done on the streams in it",
            "End the resource with :log-stream:PREFIX/CONTAINER/*, the streams that the task writes.",
        )


def token(statement: AllowStatement) -> Iterator[Finding]:
    """Find authorization tokens with a repository as resource."""
    literal = [action for action in statement.actions if action.lower() == "ecr:getauthorizationtoken"]
    if literal and not statement.not_actions and only_of(statement.resources, "ecr"):
        yield _fault(
            statement,
            "ecr:GetAuthorizationToken is allowed on repositories, and AWS defines no resource for it",
            "Allow it on * in a separate statement.",
        )


def two_slashes(statement: AllowStatement) -> Iterator[Finding]:
    """Find parameter names with a leading slash after the slash of the ARN."""
    for resource in statement.resources:
        if service_of(resource) == "ssm" and resource_part(resource).startswith("parameter//"):
            yield _fault(
                statement,
                f"{written_part(resource)} has two slashes after `parameter`",
                "Leave one out: the ARN of /a/b ends in parameter/a/b.",
            )


def unknown_action(subject: Subject) -> Iterator[Finding]:
    """Find actions, and patterns of actions, that AWS is not known to have."""
    for statement in subject.statements:
        for action in statement.actions:
            if "${" in action or is_known(action):
                continue
            meant = meant_action(action)
            kind = "pattern covers no action" if "*" in action or "?" in action else "action is unknown"
            yield _fault(
                statement,
                f"{action}: this {kind}",
                f"Write {meant}, if that is meant." if meant else "Look it up among the actions of its service.",
            )


#: Ineffective permissions, with the service whose permission is then missing.
STATEMENT_CHECKS: tuple[tuple[str, Callable[[AllowStatement], Iterator[Finding]]], ...] = (
    ("secretsmanager", json_key),
    ("secretsmanager", no_suffix),
    ("kms", decrypt),
    ("ssm", other_service),
    ("secretsmanager", other_service),
    ("logs", no_streams),
    ("ecr", token),
    ("ssm", two_slashes),
)


def faulty_services(statements: tuple[AllowStatement, ...]) -> frozenset[str]:
    """Return the services for which a permission is ineffective."""
    return frozenset(service for service, look in STATEMENT_CHECKS for statement in statements if any(look(statement)))


def _everywhere(look: Callable[[AllowStatement], Iterator[Finding]]) -> Callable[[Subject], Iterator[Finding]]:
    def on_each(subject: Subject) -> Iterator[Finding]:
        for statement in subject.statements:
            if not statement.not_resources:
                yield from look(statement)

    return on_each


def _lacks_suffix(name: str) -> bool:
    if not name or UNKNOWN in name[-7:]:
        return False
    tail = re.split(r"[*?\ufffd]", name)[-1]
    if tail != name and re.fullmatch(r"[A-Za-z0-9]{0,6}", tail):
        return False
    return not re.search(r"-[A-Za-z0-9]{6}$", tail)


def _has_streams(part: str) -> bool:
    name = part.removeprefix("log-group:")
    return not name or UNKNOWN in name[-1:] or "*" in name or ":log-stream:" in part


def _fault(statement: AllowStatement, what: str, remedy: str) -> Finding:
    return fault(statement.path, what, remedy)


_POLICY = """\
Version: "2012-10-17"
Statement:
  - Effect: Allow
    Action: {}
    Resource: "{}"
"""
_DATABASE = "arn:aws:secretsmanager:us-east-1:123456789012:secret:database-AbC1eF"
_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/shop"
_PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter"

CHECKS = (
    Check(
        id="secret-with-json-key",
        number=9321,
        severity=Severity.ERROR,
        what="A JSON key in the ARN of a secret that a policy names",
        why="IAM compares with the secret's ARN, which ends after the random suffix; the statement allows nothing.",
        source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_secretsmanager.html",
        bad=_POLICY.format("secretsmanager:GetSecretValue", f"{_DATABASE}:password::"),
        good=_POLICY.format("secretsmanager:GetSecretValue", _DATABASE),
        look=_everywhere(json_key),
    ),
    Check(
        id="secret-without-suffix",
        number=9322,
        severity=Severity.ERROR,
        what="A secret's name without its random suffix in a policy, or without `secret:` before it",
        why="Secrets Manager adds a hyphen and six characters to the name, and IAM compares with the whole ARN; the "
        "statement allows nothing.",
        source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html",
        bad=_POLICY.format("secretsmanager:GetSecretValue", _DATABASE.removesuffix("-AbC1eF")),
        good=_POLICY.format("secretsmanager:GetSecretValue", _DATABASE.replace("AbC1eF", "??????")),
        look=_everywhere(no_suffix),
    ),
    Check(
        id="decrypt-on-secret",
        number=9323,
        severity=Severity.ERROR,
        what="kms:Decrypt on a secret or parameter",
        why="kms:Decrypt is done on a key; on any other resource the statement allows nothing.",
        source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_kms.html",
        bad=_POLICY.format("kms:Decrypt", _DATABASE),
        good=_POLICY.format("kms:Decrypt", _KEY),
        look=_everywhere(decrypt),
    ),
    Check(
        id="read-of-other-service",
        number=9324,
        severity=Severity.ERROR,
        what="ssm:GetParameters on a secret, or secretsmanager:GetSecretValue on a parameter",
        why="Each service's actions are done on its own resources; on another's the statement allows nothing.",
        source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_ssm.html",
        bad=_POLICY.format("ssm:GetParameters", _DATABASE),
        good=_POLICY.format("ssm:GetParameters", f"{_PARAMETER}/shop/flags"),
        look=_everywhere(other_service),
    ),
    Check(
        id="log-group-without-streams",
        number=9325,
        severity=Severity.ERROR,
        what="Writing to a log group, with no part for its streams",
        why="logs:CreateLogStream and logs:PutLogEvents are done on log streams; on the bare group the statement "
        "allows nothing.",
        source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_logs.html",
        bad=_POLICY.format("[logs:CreateLogStream, logs:PutLogEvents]", _GROUP),
        good=_POLICY.format("[logs:CreateLogStream, logs:PutLogEvents]", f"{_GROUP}:log-stream:shop/web/*"),
        look=_everywhere(no_streams),
    ),
    Check(
        id="token-on-repository",
        number=9326,
        severity=Severity.ERROR,
        what="ecr:GetAuthorizationToken on a repository",
        why="The token is of the whole registry and the action has no resource type; on anything but * the statement "
        "allows nothing.",
        source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_ecr.html",
        bad=_POLICY.format("ecr:GetAuthorizationToken", "arn:aws:ecr:us-east-1:123456789012:repository/shop"),
        good=_POLICY.format("ecr:GetAuthorizationToken", "*"),
        look=_everywhere(token),
    ),
    Check(
        id="parameter-with-two-slashes",
        number=9327,
        severity=Severity.ERROR,
        what="Two slashes in the ARN of a parameter",
        why="The leading slash of a parameter's name is the slash after `parameter` in its ARN; with two the statement "
        "allows nothing.",
        source="https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html",
        bad=_POLICY.format("ssm:GetParameters", f"{_PARAMETER}//shop/flags"),
        good=_POLICY.format("ssm:GetParameters", f"{_PARAMETER}/shop/flags"),
        look=_everywhere(two_slashes),
    ),
    Check(
        id="unknown-action",
        number=9328,
        severity=Severity.WARNING,
        what="An unknown action",
        why="IAM accepts any name as an action, and allows nothing with one that does not exist. The check "
        "compares with the list of actions that cfnroles was built with; a newer action may exist nevertheless.",
        source="https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html",
        bad=_POLICY.format("secretsmanager:GetSecretValues", _DATABASE),
        good=_POLICY.format("secretsmanager:GetSecretValue", _DATABASE),
        look=unknown_action,
    ),
)
