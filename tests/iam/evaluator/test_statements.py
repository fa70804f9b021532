"""Which actions and resources a statement names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

# Element, its value, the action asked for, result.
ACTIONS = [
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
    ("Action", "*", "ssm:GetParameters", "match"),
    ("Action", "ssm:*", "ssm:GetParameters", "match"),
    ("Action", "ssm:*", "ssmmessages:OpenDataChannel", "no match"),
    ("Action", "ssm:GetParameters", "ssm:GetParameters", "match"),
    ("Action", "ssm:GetParameters", "ssm:GetParameter", "no match"),
    ("Action", "IAM:listaccesskeys", "iam:ListAccessKeys", "match"),
    ("Action", "iam:*AccessKey*", "iam:UpdateAccessKey", "match"),
    ("Action", "iam:*AccessKey*", "iam:UpdateUser", "no match"),
    ("Action", "ssm:GetParameter?", "ssm:GetParameters", "match"),
    ("Action", "ssm:GetParameter?", "ssm:GetParameter", "no match"),
    ("Action", ["ecr:BatchGetImage", "ssm:Get*"], "ssm:GetParameters", "match"),
    ("Action", [], "ssm:GetParameters", "no match"),
    ("Action", "ssm:${*}", "ssm:GetParameters", "no match"),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html
    ("NotAction", "iam:*", "ssm:GetParameters", "match"),
    ("NotAction", "iam:*", "IAM:GetUser", "no match"),
    ("NotAction", ["iam:*", "SSM:getparameters"], "ssm:GetParameters", "no match"),
    ("NotAction", [], "ssm:GetParameters", "no match"),
]


@pytest.mark.parametrize(
    ("element", "value", "action", "result"),
    ACTIONS,
    ids=[f"{element} {value} for {action}" for element, value, action, _ in ACTIONS],
)
def test_actions(applies: Callable[..., str], element: str, value: Any, action: str, result: str) -> None:
    assert applies(action=action, **{element: value}) == result


BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"
LOGS = "arn:aws:logs:eu-west-1:111122223333:log-group"

# Element, its value, the resource asked for, result.
RESOURCES = [
    # The two lists of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    *[
        ("Resource", f"{BUCKET}/*/test/*", f"{BUCKET}/{key}", "match")
        for key in [
            "1/test/object.jpg",
            "1/2/test/object.jpg",
            "1/2/test/3/object.jpg",
            "1/2/3/test/4/object.jpg",
            "1///test///object.jpg",
            "1/test/.jpg",
            "/test/object.jpg",
            "1/test/",
        ]
    ],
    *[
        ("Resource", f"{BUCKET}/*/test/*", f"{BUCKET}/{key}", "no match")
        for key in ["1-test/object.jpg", "test/object.jpg", "1/2/test.jpg"]
    ],
    ("Resource", "*", "*", "match"),
    ("Resource", "*", f"{BUCKET}/a", "match"),
    ("Resource", f"{BUCKET}/a", "*", "no match"),
    ("Resource", [], f"{BUCKET}/a", "no match"),
    ("Resource", [f"{BUCKET}/a", f"{BUCKET}/b"], f"{BUCKET}/b", "match"),
    # "In the Resource element, the IAM user name is case sensitive."
    ("Resource", "arn:aws:iam::111122223333:user/Bob", "arn:aws:iam::111122223333:user/Bob", "match"),
    ("Resource", "arn:aws:iam::111122223333:user/Bob", "arn:aws:iam::111122223333:user/bob", "no match"),
    ("Resource", f"{BUCKET}/a.c", f"{BUCKET}/abc", "no match"),
    ("Resource", f"{BUCKET}/a?c", f"{BUCKET}/abc", "match"),
    ("Resource", f"{BUCKET}/a?c", f"{BUCKET}/ac", "no match"),
    # "If the * wildcard is the last character of a resource ARN segment, it can expand to match beyond the
    # colon boundaries."
    ("Resource", f"{LOGS}:/ecs/*", f"{LOGS}:/ecs/web:log-stream:1", "match"),
    ("Resource", f"{LOGS}:/ecs/web:*", f"{LOGS}:/ecs/web:log-stream:1", "match"),
    ("Resource", f"{LOGS}:/ecs/web:*", f"{LOGS}:/ecs/web", "no match"),
    ("Resource", f"{LOGS}:/ecs/web", f"{LOGS}:/ecs/web:log-stream:1", "no match"),
    ("Resource", "arn:aws:logs:*:log-stream:1", f"{LOGS}:/ecs/web:log-stream:1", "match"),
    # "You can use wildcard characters (* and ?) within the individual segments of an ARN."
    ("Resource", f"{LOGS}:/ecs/*1", f"{LOGS}:/ecs/web:log-stream:1", "no match"),
    ("Resource", f"{LOGS}?/ecs/web", f"{LOGS}:/ecs/web", "no match"),
    # "AWS automatically completes the ARN by adding wildcard characters (*) to all missing fields."
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    ("Resource", "arn:aws:sqs", "arn:aws:sqs:eu-west-1:111122223333:q", "match"),
    ("Resource", "arn:aws:sqs", "arn:aws:sns:eu-west-1:111122223333:q", "no match"),
    ("Resource", "arn:aws:sqs:eu-west-1", "arn:aws:sqs:eu-west-2:111122223333:q", "no match"),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notresource.html
    (
        "NotResource",
        ["arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"],
        "arn:aws:s3:::HRBucket/Payroll/1",
        "no match",
    ),
    (
        "NotResource",
        ["arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"],
        "arn:aws:s3:::HRBucket/1",
        "match",
    ),
    ("NotResource", [], f"{BUCKET}/a", "no match"),
]


@pytest.mark.parametrize(
    ("element", "value", "resource", "result"),
    RESOURCES,
    ids=[f"{element} {value} for {resource}" for element, value, resource, _ in RESOURCES],
)
def test_resources(applies: Callable[..., str], element: str, value: Any, resource: str, result: str) -> None:
    assert applies(resource=resource, **{element: value}) == result
