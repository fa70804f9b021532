"""The AWS managed policies shipped with cfnroles."""

from __future__ import annotations

import json
from datetime import date

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from cfnroles.iam.evaluator import Principal, Request, evaluate, parse_policy
from cfnroles.iam.managed_policies import managed_policy, managed_policy_names

# moto carries a copy of all policies, fetched from IAM by its maintainers: a second reading of the same source.
COPY = json.loads(aws_managed_policies_data)


def _comparable(document: object) -> str:
    return json.dumps(document, sort_keys=True)


@pytest.mark.parametrize("name", managed_policy_names())
def test_shipped_policy(name: str) -> None:
    shipped = managed_policy(name)
    assert shipped is not None
    assert shipped.name == name
    assert managed_policy(shipped.arn) == shipped
    assert shipped.updated <= shipped.read
    assert shipped.policy.statements


@pytest.mark.parametrize("name", managed_policy_names())
def test_a_second_reading_has_the_same_document_under_the_same_version(name: str) -> None:
    shipped, copy = managed_policy(name), COPY[name]
    assert shipped is not None
    assert shipped.path == copy["Path"]
    if shipped.version == copy["DefaultVersionId"]:
        assert _comparable(shipped.document) == _comparable(copy["Document"])
        assert shipped.updated == date.fromisoformat(copy["UpdateDate"][:10])
    else:
        assert shipped.updated < date.fromisoformat(copy["UpdateDate"][:10]), "the copy is newer or they differ"


def test_the_evaluator_reads_every_policy_that_aws_publishes() -> None:
    parsed = [parse_policy(name, each["Document"]) for name, each in COPY.items()]
    assert len(parsed) > 1000
    assert all(policy.statements for policy in parsed)


# Policy, version, day of the last update: as printed on the policy's page of
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
PRINTED = [
    ("AmazonECSTaskExecutionRolePolicy", "/service-role/", "v1", date(2017, 11, 16)),
    ("SecretsManagerReadWrite", "/", "v6", date(2026, 8, 25)),
    ("CloudWatchLogsFullAccess", "/", "v8", date(2026, 2, 12)),
    ("AWSSecretsManagerClientReadOnlyAccess", "/", "v4", date(2026, 6, 2)),
    ("AmazonECS_FullAccess", "/", "v22", date(2026, 9, 2)),
]


@pytest.mark.parametrize(("name", "path", "version", "updated"), PRINTED, ids=[row[0] for row in PRINTED])
def test_as_printed(name: str, path: str, version: str, updated: date) -> None:
    shipped = managed_policy(name)
    assert shipped is not None
    assert (shipped.path, shipped.version, shipped.updated) == (path, version, updated)


@pytest.mark.parametrize(
    "name_or_arn",
    [
        "NoSuchPolicy",
        "x" * 5000,
        "",
        "../managed_policies/AdministratorAccess",
        "administratoraccess",
        "arn:aws:iam::111122223333:policy/AdministratorAccess",
        "arn:aws-cn:iam::aws:policy/AdministratorAccess",
        "arn:aws:iam::aws:policy/AmazonECSTaskExecutionRolePolicy",
        "arn:aws:iam::aws:policy/service-role/AdministratorAccess",
    ],
)
def test_not_among_them(name_or_arn: str) -> None:
    assert managed_policy(name_or_arn) is None


SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

# What the popular policies allow a task that reads a secret under a customer managed key, and what they do not.
ALLOWED = [
    ("AmazonECSTaskExecutionRolePolicy", "ecr:GetAuthorizationToken", "*", "allowed"),
    ("AmazonECSTaskExecutionRolePolicy", "secretsmanager:GetSecretValue", SECRET, "implicit deny"),
    ("SecretsManagerReadWrite", "secretsmanager:GetSecretValue", SECRET, "allowed"),
    ("SecretsManagerReadWrite", "kms:Decrypt", KEY, "implicit deny"),
    ("AWSSecretsManagerClientReadOnlyAccess", "kms:Decrypt", KEY, "unknown"),
    ("CloudWatchLogsFullAccess", "logs:DeleteLogGroup", "*", "allowed"),
]


@pytest.mark.parametrize(
    ("name", "action", "resource", "decision"), ALLOWED, ids=[f"{row[0]} {row[1]}" for row in ALLOWED]
)
def test_in_the_evaluator(name: str, action: str, resource: str, decision: str) -> None:
    shipped = managed_policy(name)
    assert shipped is not None
    request = Request(Principal("arn:aws:iam::111122223333:role/web"), action, resource)
    assert evaluate(request, [shipped.policy]).decision == decision
