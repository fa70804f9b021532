"""The condition operators, row by row as AWS's page prints them, then the families' own rules.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cfnroles.iam.evaluator.operators import OPERATORS

JOB = {"StringEquals": {"aws:PrincipalTag/job-category": "iamuser-admin"}}
TAGS = {
    "StringEqualsIgnoreCase": {"aws:RequestTag/environment": ["preprod", "storage"]},
    "ForAnyValue:StringEquals": {"aws:TagKeys": "environment"},
}
PREFIX = {"StringLike": {"s3:prefix": ["home/", "home/${aws:username}/"]}}
TLS = {"Bool": {"aws:SecureTransport": "false"}}
BINARY = {"BinaryEquals": {"key": "QmluYXJ5VmFsdWVJbkJhc2U2NA=="}}
IP = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
TOPIC = {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-west-2:123456789012:TOPIC-ID"}}
SOURCES = {
    "ForAllValues:ArnLike": {
        "logs:LogGeneratingResourceArns": [
            "arn:aws::cloudfront:123456789012:distribution/*",
            "arn:aws::cloudfront:123456789012:distribution/support*",
        ]
    }
}
DISTRIBUTION = "arn:aws::cloudfront:123456789012:distribution/"
INSTANCE = {"StringLikeIfExists": {"ec2:InstanceType": ["t1.*", "t2.*", "m3.*"]}}
PATHS = {
    "ForAllValues:StringNotLike": {
        "aws:ResourceOrgPaths": [
            "o-acorg/r-acroot/ou-acroot-mediaou/",
            "o-acorg/r-acroot/ou-acroot-sportsou/*",
        ]
    }
}

# Policy condition, request context, result: the tables of the page above, in its order.
AS_PRINTED = [
    pytest.param(JOB, {"aws:PrincipalTag/job-category": "iamuser-admin"}, "match", id="string-same"),
    pytest.param(JOB, {"aws:PrincipalTag/job-category": "dev-ops"}, "no match", id="string-other"),
    pytest.param(JOB, {}, "no match", id="string-absent"),
    pytest.param(PREFIX, {"aws:username": "martha_rivera", "s3:prefix": "home/martha_rivera/"}, "match", id="var-1"),
    pytest.param(PREFIX, {"aws:username": "nikki_wolf", "s3:prefix": "home/nikki_wolf/"}, "match", id="var-2"),
    pytest.param(
        PREFIX, {"aws:username": "nikki_wolf", "s3:prefix": "home/martha_rivera/"}, "no match", id="var-other"
    ),
    pytest.param(PREFIX, {"s3:prefix": "home/martha_rivera/"}, "no match", id="var-absent"),
    pytest.param(TAGS, {"aws:TagKeys": ["environment"], "aws:RequestTag/environment": "preprod"}, "match", id="tags-1"),
    pytest.param(
        TAGS,
        {"aws:TagKeys": ["environment", "costcenter"], "aws:RequestTag/environment": "PreProd"},
        "match",
        id="tags-2",
    ),
    pytest.param(
        TAGS,
        {"aws:TagKeys": ["Environment"], "aws:RequestTag/Environment": "preprod"},
        "no match",
        id="tags-key-case",
    ),
    pytest.param(
        TAGS,
        {"aws:TagKeys": ["costcenter"], "aws:RequestTag/environment": "preprod"},
        "no match",
        id="tags-other-key",
    ),
    pytest.param(TAGS, {"aws:RequestTag/environment": "storage"}, "no match", id="tags-no-keys"),
    pytest.param(TAGS, {"aws:TagKeys": ["environment"]}, "no match", id="tags-no-tag"),
    pytest.param(TAGS, {}, "no match", id="tags-nothing"),
    pytest.param(TLS, {"aws:SecureTransport": "false"}, "match", id="bool-same"),
    pytest.param(TLS, {"aws:SecureTransport": "true"}, "no match", id="bool-other"),
    pytest.param(TLS, {}, "no match", id="bool-absent"),
    pytest.param(BINARY, {"key": "QmluYXJ5VmFsdWVJbkJhc2U2NA=="}, "match", id="binary-same"),
    pytest.param(BINARY, {"key": "ASIAIOSFODNN7EXAMPLE"}, "no match", id="binary-other"),
    pytest.param(BINARY, {}, "no match", id="binary-absent"),
    pytest.param(IP, {"aws:SourceIp": "203.0.113.1"}, "match", id="ip-inside"),
    pytest.param(IP, {"aws:SourceIp": "198.51.100.1"}, "no match", id="ip-outside"),
    pytest.param(IP, {}, "no match", id="ip-absent"),
    pytest.param(TOPIC, {"aws:SourceArn": "arn:aws:sns:us-west-2:123456789012:TOPIC-ID"}, "match", id="arn-same"),
    pytest.param(
        TOPIC,
        {"aws:SourceArn": "arn:aws:sns:us-west-2:777788889999:TOPIC-ID"},
        "no match",
        id="arn-other-account",
    ),
    pytest.param(TOPIC, {}, "no match", id="arn-absent"),
    pytest.param(SOURCES, {"logs:LogGeneratingResourceArns": [f"{DISTRIBUTION}costcenter"]}, "match", id="arns-one"),
    pytest.param(
        SOURCES,
        {"logs:LogGeneratingResourceArns": [f"{DISTRIBUTION}costcenter", f"{DISTRIBUTION}support2025"]},
        "match",
        id="arns-all",
    ),
    pytest.param(
        SOURCES,
        {
            "logs:LogGeneratingResourceArns": [
                "arn:aws::cloudfront:777788889999:distribution/costcenter",
            ]
        },
        "no match",
        id="arns-other-account",
    ),
    pytest.param(SOURCES, {}, "match", id="arns-absent"),
    pytest.param(INSTANCE, {"ec2:InstanceType": "t1.micro"}, "match", id="if-exists-same"),
    pytest.param(INSTANCE, {"ec2:InstanceType": "m2.micro"}, "no match", id="if-exists-other"),
    pytest.param(INSTANCE, {}, "match", id="if-exists-absent"),
]


@pytest.mark.parametrize(("condition", "context", "result"), AS_PRINTED)
def test_row_of_the_page(applies: Callable[..., str], condition: Any, context: dict[str, Any], result: str) -> None:
    assert applies(Condition=condition, context=context) == result


# Rows that the same page prints against its own text; the text decides.
CONTRADICTED = [
    pytest.param(
        PATHS,
        {"aws:ResourceOrgPaths": ["o-acorg/r-acroot/ou-acroot-sportsou/costcenter/"]},
        "no match",
        id="printed as match, yet: None of the values of the context key in the request can match any",
    ),
    pytest.param(
        PATHS,
        {"aws:ResourceOrgPaths": ["o-acorg/r-acroot/ou-acroot-mediaou/costcenter/"]},
        "match",
        id="printed as no match, yet the path is like neither value",
    ),
    pytest.param(
        PATHS,
        {},
        "match",
        id="printed as no match, yet: ForAllValues returns true if there are no context keys in the request",
    ),
    pytest.param(
        SOURCES,
        {"logs:LogGeneratingResourceArns": [f"{DISTRIBUTION}costcenter", f"{DISTRIBUTION}admin"]},
        "match",
        id="printed as no match, yet distribution/* matches distribution/admin",
    ),
]


@pytest.mark.parametrize(("condition", "context", "result"), CONTRADICTED)
def test_row_that_the_text_of_the_page_contradicts(
    applies: Callable[..., str], condition: Any, context: dict[str, Any], result: str
) -> None:
    assert applies(Condition=condition, context=context) == result


# Operator, policy value, request value, result: every operator with a match and a near miss.
OPERATOR_ROWS = [
    ("StringEquals", "Blue", "Blue", "match"),
    ("StringEquals", "Blue", "blue", "no match"),
    ("StringEquals", "Bl*", "Blue", "no match"),
    ("StringEquals", "", "", "match"),
    ("StringNotEquals", "Blue", "Blue", "no match"),
    ("StringNotEquals", "Blue", "blue", "match"),
    ("StringEqualsIgnoreCase", "Blue", "bLUE", "match"),
    ("StringEqualsIgnoreCase", "Blue", "Blues", "no match"),
    ("StringEqualsIgnoreCase", "B*", "Blue", "no match"),
    ("StringNotEqualsIgnoreCase", "Blue", "bLUE", "no match"),
    ("StringNotEqualsIgnoreCase", "Blue", "green", "match"),
    ("StringLike", "Bl*e", "Blue", "match"),
    ("StringLike", "Bl*e", "blue", "no match"),
    ("StringLike", "Blu?", "Blue", "match"),
    ("StringLike", "Blu?", "Blu", "no match"),
    ("StringLike", "Blu", "Blue", "no match"),
    ("StringLike", "a.c", "abc", "no match"),
    ("StringLike", "*", "", "match"),
    ("StringNotLike", "Bl*e", "Blue", "no match"),
    ("StringNotLike", "Bl*e", "blue", "match"),
    ("NumericEquals", "10", "10.0", "match"),
    ("NumericEquals", "10", "11", "no match"),
    ("NumericEquals", "10", "ten", "no match"),
    ("NumericNotEquals", "10", "11", "match"),
    ("NumericNotEquals", "10", "10", "no match"),
    ("NumericNotEquals", "10", "ten", "match"),
    ("NumericLessThan", "10", "9.5", "match"),
    ("NumericLessThan", "10", "10", "no match"),
    ("NumericLessThanEquals", "10", "10", "match"),
    ("NumericLessThanEquals", "10", "11", "no match"),
    ("NumericGreaterThan", "10", "11", "match"),
    ("NumericGreaterThan", "10", "10", "no match"),
    ("NumericGreaterThanEquals", "10", "10", "match"),
    ("NumericGreaterThanEquals", "10", "9", "no match"),
    ("DateEquals", "2020-01-01T00:00:00Z", "2020-01-01T01:00:00+01:00", "match"),
    ("DateEquals", "2020-01-01", "2020-01-01T00:00:00Z", "match"),
    ("DateEquals", "2020-01", "2020-01-01", "match"),
    ("DateEquals", "2020", "2020-01-01", "match"),
    ("DateEquals", "1577836800", "2020-01-01T00:00:00Z", "match"),
    ("DateEquals", "2020-01-01T00:00Z", "2020-01-01T00:00:00.5Z", "no match"),
    ("DateNotEquals", "2020-01-01", "2020-01-02", "match"),
    ("DateNotEquals", "2020-01-01", "2020-01-01T00:00:00Z", "no match"),
    ("DateNotEquals", "2020-01-01", "yesterday", "match"),
    ("DateLessThan", "2020-01-01T00:00:01Z", "2020-01-01T00:00:00Z", "match"),
    ("DateLessThan", "2020-01-01", "2020-01-01", "no match"),
    ("DateLessThanEquals", "2020-01-01", "2020-01-01", "match"),
    ("DateLessThanEquals", "2020-01-01", "2020-01-01T00:00:01Z", "no match"),
    ("DateGreaterThan", "2020-01-01T00:00:01Z", "2020-06-01T00:00:00Z", "match"),
    ("DateGreaterThan", "2020-01-01T00:00:01Z", "1577836801", "no match"),
    ("DateGreaterThanEquals", "2020-01-01", "2020-01-01", "match"),
    ("DateGreaterThanEquals", "2020-01-01", "2019-12-31T23:59:59Z", "no match"),
    ("Bool", "true", "TRUE", "match"),
    ("Bool", "true", "yes", "no match"),
    ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", "match"),
    ("BinaryEquals", "QmluYXJ5", "qMLUyxj5", "no match"),
    ("IpAddress", "203.0.113.7", "203.0.113.7", "match"),
    ("IpAddress", "203.0.113.7", "203.0.113.8", "no match"),
    ("IpAddress", "203.0.113.77/24", "203.0.113.8", "match"),
    ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678:1::1", "match"),
    ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5679::1", "no match"),
    ("IpAddress", "0.0.0.0/0", "2001:db8::1", "no match"),
    ("NotIpAddress", "203.0.113.0/24", "203.0.113.8", "no match"),
    ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", "match"),
    ("NotIpAddress", "203.0.113.0/24", "AWS Internal", "match"),
    ("ArnEquals", "arn:aws:sns:*:123456789012:T*", "arn:aws:sns:us-west-2:123456789012:T:1", "match"),
    ("ArnEquals", "arn:aws:sns:*:123456789012:T*", "arn:aws:sns:us-west-2:123456789012:t", "no match"),
    ("ArnEquals", "arn:aws:sns:*", "arn:aws:sns:us-west-2:123456789012:T", "no match"),
    ("ArnEquals", "arn:aws:sns:*:123456789012:T", "arn:aws:sns:a:b:123456789012:T", "no match"),
    ("ArnEquals", "*", "not-an-arn", "no match"),
    ("ArnLike", "arn:aws:iam::*:role/w?b", "arn:aws:iam::111122223333:role/web", "match"),
    ("ArnLike", "arn:aws:iam::*:role/w?b", "arn:aws:iam::111122223333:role/wb", "no match"),
    ("ArnNotEquals", "arn:aws:iam::*:role/w?b", "arn:aws:iam::111122223333:role/web", "no match"),
    ("ArnNotEquals", "arn:aws:iam::*:role/w?b", "arn:aws:iam::111122223333:role/api", "match"),
    ("ArnNotLike", "arn:aws:iam::*:role/w?b", "arn:aws:iam::111122223333:role/web", "no match"),
    ("ArnNotLike", "arn:aws:iam::*:role/w?b", "arn:aws:iam::111122223333:role/api", "match"),
]


@pytest.mark.parametrize(
    ("operator", "wanted", "actual", "result"),
    OPERATOR_ROWS,
    ids=[f"{operator} {wanted} of {actual}" for operator, wanted, actual, _ in OPERATOR_ROWS],
)
def test_one_value(applies: Callable[..., str], operator: str, wanted: str, actual: str, result: str) -> None:
    assert applies(Condition={operator: {"some:Key": wanted}}, context={"some:Key": actual}) == result


@pytest.mark.parametrize("operator", [each.name for each in OPERATORS])
def test_every_operator_has_a_row_that_matches_and_one_that_does_not(operator: str) -> None:
    assert {result for name, _, _, result in OPERATOR_ROWS if name == operator} == {"match", "no match"}


VALUES = {"Numeric": "1", "Date": "2020", "Bool": "true", "Binary": "QQ==", "Ip": "203.0.113.0/24"}
NEGATED = {
    "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "NumericNotEquals", "DateNotEquals",
    "NotIpAddress", "ArnNotEquals", "ArnNotLike",
}  # fmt: skip


@pytest.mark.parametrize("operator", [each.name for each in OPERATORS])
def test_a_key_that_is_not_in_the_request(applies: Callable[..., str], operator: str) -> None:
    """The page: "the values do not match and the condition is false. If the policy condition requires that
    the key is not matched, such as StringNotLike or ArnNotLike, and the right key is not present, the
    condition is true."
    """
    value = next((text for start, text in VALUES.items() if operator.removeprefix("Not").startswith(start)), "x")

    def without_key(name: str) -> str:
        return applies(Condition={name: {"some:Key": value}})

    assert without_key(operator) == ("match" if operator in NEGATED else "no match")
    assert without_key(f"{operator}IfExists") == "match"
    assert without_key(f"ForAllValues:{operator}") == "match"
    assert without_key(f"ForAnyValue:{operator}") == "no match"
    # IfExists says true, ForAnyValue false, and the page about neither speaks of both.
    assert without_key(f"ForAnyValue:{operator}IfExists") == "unknown: some:Key"


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null
# https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
# ("Null with qualifier")
NULL_ROWS = [
    pytest.param({"Null": {"aws:TokenIssueTime": "true"}}, {}, "match", id="true-absent"),
    pytest.param({"Null": {"aws:TokenIssueTime": "false"}}, {}, "no match", id="false-absent"),
    pytest.param({"Null": {"aws:TokenIssueTime": "true"}}, {"aws:TokenIssueTime": "1"}, "no match", id="true"),
    pytest.param({"Null": {"aws:TokenIssueTime": False}}, {"aws:TokenIssueTime": "1"}, "match", id="false"),
    pytest.param({"Null": {"aws:TagKeys": "true"}}, {"aws:TagKeys": []}, "match", id="true-no-values"),
    pytest.param({"Null": {"aws:TagKeys": "false"}}, {"aws:TagKeys": [""]}, "no match", id="false-empty-text"),
    pytest.param({"Null": {"aws:TagKeys": ["true", "false"]}}, {}, "match", id="either"),
    pytest.param({"ForAllValues:Null": {"aws:TagKeys": "false"}}, {}, "match", id="for-all-is-always-true"),
    pytest.param(
        {"ForAnyValue:Null": {"aws:TagKeys": "false"}},
        {"aws:TagKeys": ["a"]},
        "no match",
        id="for-any-is-always-false",
    ),
]


@pytest.mark.parametrize(("condition", "context", "result"), NULL_ROWS)
def test_null(applies: Callable[..., str], condition: Any, context: dict[str, Any], result: str) -> None:
    assert applies(Condition=condition, context=context) == result


@pytest.mark.parametrize("spelling", ["aws:SourceIp", "AWS:SourceIp", "aws:sourceip"])
def test_key_names_are_not_case_sensitive(applies: Callable[..., str], spelling: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html"""
    condition = {"IpAddress": {spelling: "203.0.113.0/24"}}
    assert applies(Condition=condition, context={"aws:SourceIP": "203.0.113.9"}) == "match"
