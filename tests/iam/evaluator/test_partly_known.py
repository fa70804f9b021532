"""Requests and policies of which a part is not known: the answer is unknown only where that part decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cfnroles.iam.evaluator import some

SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"
REST = "unknown: the rest of the resource's ARN"

# Element, its value, what is known of the resource, result.
RESOURCES = [
    ("Resource", f"{SECRET}db-??????", f"{SECRET}db-??????", "match"),
    ("Resource", f"{SECRET}db-*", f"{SECRET}db-??????", "match"),
    ("Resource", "*", f"{SECRET}db-??????", "match"),
    ("Resource", "arn:aws:secretsmanager", f"{SECRET}db-??????", "match"),
    ("Resource", f"{SECRET}db-AbCdEf", f"{SECRET}db-??????", REST),
    ("Resource", f"{SECRET}db-A*", f"{SECRET}db-??????", REST),
    ("Resource", f"{SECRET}db-?????", f"{SECRET}db-??????", "no match"),
    ("Resource", f"{SECRET}db-???????", f"{SECRET}db-??????", "no match"),
    ("Resource", f"{SECRET}api-??????", f"{SECRET}db-??????", "no match"),
    ("Resource", f"{SECRET}db", f"{SECRET}db-??????", "no match"),
    ("Resource", [f"{SECRET}db-AbCdEf", f"{SECRET}db*"], f"{SECRET}db-??????", "match"),
    ("NotResource", f"{SECRET}db-??????", f"{SECRET}db-??????", "no match"),
    ("NotResource", f"{SECRET}db-AbCdEf", f"{SECRET}db-??????", REST),
    ("NotResource", f"{SECRET}api-*", f"{SECRET}db-??????", "match"),
    ("Resource", "arn:aws:s3:::b/a*", "arn:aws:s3:::b/*", REST),
    ("Resource", "arn:aws:s3:::b/*", "arn:aws:s3:::b/*", "match"),
    ("Resource", "arn:aws:s3:::b/?", "arn:aws:s3:::b/*", REST),
    ("Resource", "arn:aws:s3:::b/*z", "arn:aws:s3:::b/a*", REST),
    ("Resource", "arn:aws:s3:::c/*", "arn:aws:s3:::b/*", "no match"),
    ("Resource", "arn:aws:elb:*:*:a/*/*", "arn:aws:elb:eu-west-1:1:a/*/*", "match"),
    ("Resource", "arn:aws:elb:*:*:a/*/*", "arn:aws:elb:eu-west-1:1:a/*", REST),
    ("Resource", "arn:aws:elb:*:*:b/*/*", "arn:aws:elb:eu-west-1:1:a/*/*", "no match"),
    ("Resource", "arn:aws:logs:*:*:log-stream:p/x", "arn:aws:logs:eu-west-1:1:log-group:g:log-stream:p/*", REST),
    ("Resource", "arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/*", "no match"),
]


@pytest.mark.parametrize(
    ("element", "value", "resource", "result"),
    RESOURCES,
    ids=[f"{row[0]} {row[1]} for some {row[2]}" for row in RESOURCES],
)
def test_resource(applies: Callable[..., str], element: str, value: Any, resource: str, result: str) -> None:
    assert applies(resource=some(resource), **{element: value}) == result


KEY = "kms:EncryptionContext:SecretARN"

# Operator, policy value, what is known of the request's value, result.
VALUES = [
    ("StringLike", f"{SECRET}db-??????", f"{SECRET}db-??????", "match"),
    ("StringLike", f"{SECRET}db-A?????", f"{SECRET}db-??????", f"unknown: {KEY}"),
    ("StringLike", f"{SECRET}api-??????", f"{SECRET}db-??????", "no match"),
    ("StringEquals", f"{SECRET}db-AbCdEf", f"{SECRET}db-??????", f"unknown: {KEY}"),
    ("StringEquals", f"{SECRET}api-AbCdEf", f"{SECRET}db-??????", "no match"),
    ("StringEqualsIgnoreCase", f"{SECRET}DB-AbCdEf", f"{SECRET}db-??????", f"unknown: {KEY}"),
    ("StringNotLike", f"{SECRET}api-*", f"{SECRET}db-??????", "match"),
    ("ArnLike", f"{SECRET}db-??????", f"{SECRET}db-??????", "match"),
    ("ArnEquals", f"{SECRET}db-AbCdEf", f"{SECRET}db-??????", f"unknown: {KEY}"),
    ("ArnNotLike", f"{SECRET}api-*", f"{SECRET}db-??????", "match"),
    ("ArnLike", f"{SECRET}*", "arn:aws:secretsmanager:*", f"unknown: {KEY}"),
    ("ArnLike", "arn:aws:s3:::*", "arn:aws:secretsmanager:*", "no match"),
    ("ArnLike", "arn:*", "arn:aws:secretsmanager:*", "no match"),
    ("NumericEquals", "1", "?", f"unknown: {KEY}"),
    ("Null", "false", "?", "match"),
]


@pytest.mark.parametrize(
    ("operator", "wanted", "actual", "result"),
    VALUES,
    ids=[f"{row[0]} {row[1]} of {row[2]}" for row in VALUES],
)
def test_value(applies: Callable[..., str], operator: str, wanted: str, actual: str, result: str) -> None:
    assert applies(Condition={operator: {KEY: wanted}}, context={KEY: some(actual)}) == result


# A value that a caller could not resolve is a variable with a name, in conditions and in resources.
UNRESOLVED = [
    ({"Resource": "${SecretArn}"}, "unknown: SecretArn"),
    ({"Resource": "arn:${AWS::Partition}:s3:::bucket/*"}, "unknown: AWS::Partition"),
    ({"Resource": "arn:${AWS::Partition}:s3:::other/*"}, "no match"),
    ({"Resource": ["${SecretArn}", "arn:aws:s3:::bucket/*"]}, "match"),
    ({"Resource": "arn:aws:s3:::bucket/${Name}"}, "unknown: Name"),
    ({"Resource": "arn:aws:s3:::other/${Name}"}, "no match"),
    ({"NotResource": "arn:aws:s3:::other/${Name}"}, "match"),
    ({"Condition": {"IpAddress": {"aws:SourceIp": "${Cidr}"}}}, "unknown: Cidr"),
    ({"Condition": {"IpAddress": {"aws:SourceIp": ["${Cidr}", "203.0.113.0/24"]}}}, "match"),
    ({"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::${Account}:*"}}}, "unknown: Account"),
    ({"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::${Account}:user/*"}}}, "no match"),
]


@pytest.mark.parametrize(("elements", "result"), UNRESOLVED, ids=[str(row[0]) for row in UNRESOLVED])
def test_unresolved_reference(applies: Callable[..., str], elements: dict[str, Any], result: str) -> None:
    asked = {"resource": "arn:aws:s3:::bucket/key", "context": {"aws:SourceIp": "203.0.113.1"}}
    assert applies(**elements, **asked, complete=False) == result
