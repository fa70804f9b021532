"""Policy variables.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cfnroles.iam.evaluator import Principal, PrincipalType

B = "arn:aws:s3:::amzn-s3-demo-bucket"
DAVE = {"aws:username": "Dave"}
TEAM = f"{B}-${{aws:PrincipalTag/team, 'company-wide'}}"

# Element, its value, request context, resource, result.
IN_RESOURCES = [
    ("Resource", f"{B}/${{aws:username}}/*", DAVE, f"{B}/Dave/1", "match"),
    ("Resource", f"{B}/${{aws:username}}/*", DAVE, f"{B}/Eve/1", "no match"),
    ("Resource", f"{B}/${{AWS:UserName}}/*", DAVE, f"{B}/Dave/1", "match"),
    ("Resource", f"{B}/${{aws:a}}-${{aws:b}}", {"aws:a": "x", "aws:b": "y"}, f"{B}/x-y", "match"),
    # "the resource that includes a policy variable with no value will not match any resource"
    ("Resource", f"{B}/${{aws:username}}/*", {}, f"{B}//1", "no match"),
    ("Resource", f"{B}/${{aws:username}}/*", {}, f"{B}/${{aws:username}}/1", "no match"),
    ("NotResource", f"{B}/${{aws:username}}/*", {}, f"{B}/Dave/1", "match"),
    # The value of a variable is text: its * is not a wildcard.
    ("Resource", f"{B}/${{aws:a}}", {"aws:a": "*"}, f"{B}/Dave", "no match"),
    # Special characters
    ("Resource", f"{B}/${{*}}", {}, f"{B}/*", "match"),
    ("Resource", f"{B}/${{*}}", {}, f"{B}/a", "no match"),
    ("Resource", f"{B}/${{?}}", {}, f"{B}/?", "match"),
    ("Resource", f"{B}/${{?}}", {}, f"{B}/a", "no match"),
    ("Resource", f"{B}/${{$}}{{aws:username}}", DAVE, f"{B}/${{aws:username}}", "match"),
    # Specifying default values
    ("Resource", TEAM, {"aws:PrincipalTag/team": "yellow"}, f"{B}-yellow", "match"),
    ("Resource", TEAM, {"aws:PrincipalTag/team": "yellow"}, f"{B}-company-wide", "no match"),
    ("Resource", TEAM, {}, f"{B}-company-wide", "match"),
    ("Resource", TEAM, {}, f"{B}-yellow", "no match"),
    # "but only in the resource portion of the ARN": what happens before the fifth colon is not documented.
    ("Resource", "arn:aws:s3::${aws:a}:b", {"aws:a": "1"}, "arn:aws:s3::1:b", "unknown: aws:a"),
    ("Resource", "arn:aws:s3::${aws:a}:b", {"aws:a": "1"}, "arn:aws:s3::1:c", "no match"),
    # "You can't use a multivalued condition key as a variable": the outcome is not documented.
    ("Resource", f"{B}/${{aws:TagKeys}}", {"aws:TagKeys": ["a", "b"]}, f"{B}/a", "unknown: aws:TagKeys"),
]


@pytest.mark.parametrize(
    ("element", "value", "context", "resource", "result"),
    IN_RESOURCES,
    ids=[f"{row[0]} {row[1]} with {row[2]} for {row[3]}" for row in IN_RESOURCES],
)
def test_in_resources(
    applies: Callable[..., str], element: str, value: str, context: Any, resource: str, result: str
) -> None:
    asked = {"context": context, "resource": resource}
    assert applies(**{element: value}, **asked) == result


OWNER = {"s3:ExistingObjectTag/owner": "${aws:PrincipalTag/owner}"}
TAG, PRINCIPAL_TAG = "s3:ExistingObjectTag/owner", "aws:PrincipalTag/owner"

# Operator, policy value, request context of the key and the variable, result.
IN_CONDITIONS = [
    ("StringEquals", {TAG: "a", PRINCIPAL_TAG: "a"}, "match"),
    ("StringEquals", {TAG: "a", PRINCIPAL_TAG: "b"}, "no match"),
    ("StringNotEquals", {TAG: "a", PRINCIPAL_TAG: "b"}, "match"),
    ("StringEqualsIgnoreCase", {TAG: "a", PRINCIPAL_TAG: "A"}, "match"),
    # "operators like StringEquals or StringLike do not match, and the policy statement does not take effect"
    ("StringEquals", {TAG: "a"}, "no match"),
    ("StringLike", {TAG: "a"}, "no match"),
    # "Inverted condition operators like StringNotEquals or StringNotLike do match against a null value"
    ("StringNotEquals", {TAG: "a"}, "match"),
    ("StringNotLike", {TAG: "a"}, "match"),
    ("ForAnyValue:StringEquals", {TAG: ["b", "a"], PRINCIPAL_TAG: "a"}, "match"),
    ("ArnLike", {TAG: "arn:aws:sns:::t", PRINCIPAL_TAG: "arn:aws:sns:::t"}, "match"),
    ("ArnNotLike", {TAG: "arn:aws:sns:::t", PRINCIPAL_TAG: "arn:aws:sns:::u"}, "match"),
    # "You can't use a policy variable with other operators": what happens then is not documented. (On Bool
    # the pages disagree: the operators page says "Supported".)
    ("NumericEquals", {TAG: "1", PRINCIPAL_TAG: "1"}, "unknown: aws:PrincipalTag/owner"),
    ("Bool", {TAG: "true", PRINCIPAL_TAG: "true"}, "unknown: aws:PrincipalTag/owner"),
    ("Null", {TAG: "true", PRINCIPAL_TAG: "true"}, "unknown: aws:PrincipalTag/owner"),
]


@pytest.mark.parametrize(
    ("operator", "context", "result"), IN_CONDITIONS, ids=[f"{row[0]} {row[1]}" for row in IN_CONDITIONS]
)
def test_in_conditions(applies: Callable[..., str], operator: str, context: Any, result: str) -> None:
    assert applies(Condition={operator: OWNER}, context=context) == result


def test_special_characters_in_a_condition(applies: Callable[..., str]) -> None:
    condition = {"StringLike": {"some:Key": "a${*}*"}}
    assert applies(Condition=condition, context={"some:Key": "a*bc"}) == "match"
    assert applies(Condition=condition, context={"some:Key": "abc"}) == "no match"


# "If you don't include the Version element and set it to an appropriate version date, variables like
# ${aws:username} are treated as literal strings in the policy."
def test_before_version_2012_10_17_a_variable_is_literal_text(applies: Callable[..., str]) -> None:
    asked = {"context": DAVE, "version": "2008-10-17", "Resource": f"{B}/${{aws:username}}"}
    assert applies(resource=f"{B}/Dave", **asked) == "no match"
    assert applies(resource=f"{B}/${{aws:username}}", **asked) == "match"


# Principal key values: aws:username is "not present" for an assumed role.
@pytest.mark.parametrize(
    ("principal", "result"),
    [
        (Principal("arn:aws:iam::111122223333:role/web"), "no match"),
        (Principal("arn:aws:iam::111122223333:user/Dave", PrincipalType.USER), "unknown: aws:username"),
    ],
)
def test_the_user_name_is_absent_for_a_role(applies: Callable[..., str], principal: Principal, result: str) -> None:
    asked = {"principal": principal, "resource": f"{B}/Dave", "complete": False}
    assert applies(Resource=f"{B}/${{aws:username}}", **asked) == result


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aws:PrincipalArn", "arn:aws:iam::111122223333:role/web"),
        ("aws:PrincipalAccount", "111122223333"),
        ("aws:PrincipalType", "AssumedRole"),
    ],
)
def test_keys_that_the_principal_implies(applies: Callable[..., str], key: str, value: str) -> None:
    assert applies(Condition={"StringEquals": {key: value}}, complete=False) == "match"
    assert applies(Condition={"StringEquals": {key: value}}, complete=False, context={key: "x"}) == "no match"


def test_one_resource_is_asked_for_by_several_users(applies: Callable[..., str]) -> None:
    by = {name: {"aws:username": name} for name in ("Dave", "Eve")}
    found = [applies(Resource=f"{B}/${{aws:username}}", resource=f"{B}/Dave", context=by[name]) for name in by]
    assert found == ["match", "no match"]
