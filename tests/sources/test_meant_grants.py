"""A word that no grant has is read by what it means in its service, before how it is spelled."""

from __future__ import annotations

import pytest

from cfnroles.sources.service_spec.meant_grants import meant_grant
from cfnroles.table.words import ROWS

GRANTS = tuple(row.word for row in ROWS)

MEANT = [
    ("s3-get", "s3-read"),
    ("s3-put", "s3-write"),
    ("s3-rw", "s3-read-write"),
    ("s3-get-put", "s3-read-write"),
    ("s3-delete-object", "s3-delete"),
    ("s3-lst", "s3-list"),
    ("s3-express-get", "s3-express-read"),
    ("bucket-read", "s3-read"),
    ("dynamodb-put", "dynamodb-write"),
    ("dynamodb-scan", "dynamodb-read"),
    ("dynamodb-delete", "dynamodb-write"),
    ("ddb-query", "dynamodb-read"),
    ("sqs-publish", "sqs-send"),
    ("sqs-receive", "sqs-consume"),
    ("sqs-read", "sqs-consume"),
    ("sqs-sned", "sqs-send"),
    ("queue-send", "sqs-send"),
    ("sns-send", "sns-publish"),
    ("ses-publish", "ses-send"),
    ("eventbridge-send", "eventbridge-put"),
    ("kinesis-read", "kinesis-consume"),
    ("secretsmanager-get", "secret-read"),
    ("ssm-get", "parameter-read"),
    ("lambda-call", "lambda-invoke"),
    ("step-functions-run", "step-functions-start"),
    ("sfn-start", "step-functions-start"),
    ("redis-connect", "elasticache-connect"),
    ("sqs:SendMessage", "sqs-send"),
    ("dynamodb:GetItem", "dynamodb-read"),
    ("secretsmanager:GetSecretValue", "secret-read"),
]


@pytest.mark.parametrize(("word", "grant"), MEANT, ids=[row[0] for row in MEANT])
def test_one_is_meant(word: str, grant: str) -> None:
    assert meant_grant(word, GRANTS) == (grant,)


@pytest.mark.parametrize("grant", GRANTS)
def test_each_means_itself(grant: str) -> None:
    assert meant_grant(grant, GRANTS) == (grant,)


@pytest.mark.parametrize(
    ("word", "grants"),
    [
        ("kms-use", {"kms-encrypt", "kms-decrypt"}),
        ("s3", {"s3-read", "s3-write", "s3-read-write", "s3-list", "s3-delete"}),
        ("frobnicate", set()),
        ("", set()),
        ("-", set()),
    ],
)
def test_what_a_service_has_where_none_is_meant(word: str, grants: set[str]) -> None:
    assert set(meant_grant(word, GRANTS)) == grants
