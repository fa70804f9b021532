"""Several operators, keys and values in one Condition, and keys with several values in the request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
USERS = ["arn:aws:iam::222222222222:user/Ana", "arn:aws:iam::222222222222:user/Mary"]
TAGS = {
    "aws:PrincipalTag/department": ["finance", "hr", "legal"],
    "aws:PrincipalTag/role": ["audit", "security"],
}
LIKE = {"StringEquals": TAGS, "ArnLike": {"aws:PrincipalArn": USERS}}
NOT_LIKE = {"StringEquals": TAGS, "ArnNotLike": {"aws:PrincipalArn": USERS}}


def _who(name: str, department: str = "", role: str = "") -> dict[str, str]:
    tags = {"aws:PrincipalTag/department": department, "aws:PrincipalTag/role": role}
    present = {key: value for key, value in tags.items() if value}
    return {"aws:PrincipalArn": f"arn:aws:iam::222222222222:user/{name}"} | present


SEVERAL_KEYS = [
    pytest.param(LIKE, _who("Mary", "legal", "audit"), "match", id="all-three"),
    pytest.param(LIKE, _who("Nikki", "hr", "audit"), "no match", id="other-user"),
    pytest.param(LIKE, _who("Mary", "hr", "payroll"), "no match", id="other-role"),
    pytest.param(LIKE, _who("Mary", "hr"), "no match", id="no-role"),
    pytest.param(LIKE, _who("Mary"), "no match", id="no-tags"),
    pytest.param(NOT_LIKE, _who("Nikki", "legal", "audit"), "match", id="nor-all-three"),
    pytest.param(NOT_LIKE, _who("Mary", "hr", "audit"), "no match", id="nor-excluded-user"),
    pytest.param(NOT_LIKE, _who("Nikki", "hr", "payroll"), "no match", id="nor-other-role"),
    pytest.param(NOT_LIKE, _who("Nikki", "hr"), "no match", id="nor-no-role"),
    pytest.param(NOT_LIKE, _who("Nikki"), "no match", id="nor-no-tags"),
]

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
ALL = {
    "ForAllValues:StringEquals": {"aws:TagKeys": ["environment", "cost-center"]},
    "Null": {"aws:TagKeys": "false"},
}
ANY = {"ForAnyValue:StringEquals": {"aws:TagKeys": ["environment", "cost-center"]}}
SEVERAL_VALUES = [
    pytest.param(ALL, {"aws:TagKeys": ["environment"]}, "match", id="all-first"),
    pytest.param(ALL, {"aws:TagKeys": ["cost-center"]}, "match", id="all-second"),
    pytest.param(ALL, {"aws:TagKeys": ["environment", "cost-center"]}, "match", id="all-both"),
    pytest.param(ALL, {"aws:TagKeys": ["environment", "dept"]}, "no match", id="all-and-other"),
    pytest.param(ALL, {}, "no match", id="all-absent-and-null-check"),
    pytest.param(ANY, {"aws:TagKeys": ["environment"]}, "match", id="any-first"),
    pytest.param(ANY, {"aws:TagKeys": ["cost-center"]}, "match", id="any-second"),
    pytest.param(ANY, {"aws:TagKeys": ["environment", "cost-center"]}, "match", id="any-both"),
    pytest.param(ANY, {"aws:TagKeys": ["environment", "dept"]}, "match", id="any-and-other"),
    pytest.param(ANY, {"aws:TagKeys": ["dept"]}, "no match", id="any-other"),
    pytest.param(ANY, {}, "no match", id="any-absent"),
]


@pytest.mark.parametrize(("condition", "context", "result"), SEVERAL_KEYS + SEVERAL_VALUES)
def test_row_of_the_page(applies: Callable[..., str], condition: Any, context: dict[str, Any], result: str) -> None:
    assert applies(Condition=condition, context=context) == result


# "Multivalued string condition operators" and "Multivalued ARN condition operators" on
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
# Operator, policy values, request values, result.
SETS = [
    ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], "match"),
    ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "a"], "no match"),
    ("ForAnyValue:StringNotEquals", ["a", "b"], ["a", "c"], "match"),
    ("ForAnyValue:StringNotEquals", ["a", "b"], ["a", "b"], "no match"),
    ("ForAllValues:StringEqualsIgnoreCase", ["A"], ["a", "A"], "match"),
    ("ForAnyValue:StringNotEqualsIgnoreCase", ["A"], ["a"], "no match"),
    ("ForAllValues:StringLike", ["a*", "b?"], ["abc", "bx"], "match"),
    ("ForAllValues:StringLike", ["a*", "b?"], ["abc", "bxx"], "no match"),
    ("ForAnyValue:StringLike", ["a*"], ["b", "ab"], "match"),
    ("ForAllValues:StringNotLike", ["a*"], ["b", "ab"], "no match"),
    ("ForAnyValue:StringNotLike", ["a*"], ["b", "ab"], "match"),
    ("ForAllValues:Bool", ["true"], ["true", "true"], "match"),
    ("ForAllValues:Bool", ["true"], ["true", "false"], "no match"),
    ("ForAnyValue:Bool", ["true"], ["true", "false"], "match"),
    ("ForAllValues:ArnLike", ["arn:aws:s3:::a*"], ["arn:aws:s3:::a", "arn:aws:s3:::b"], "no match"),
    ("ForAnyValue:ArnEquals", ["arn:aws:s3:::a*"], ["arn:aws:s3:::a", "arn:aws:s3:::b"], "match"),
    ("ForAllValues:ArnNotLike", ["arn:aws:s3:::a*"], ["arn:aws:s3:::c", "arn:aws:s3:::b"], "match"),
    ("ForAnyValue:ArnNotEquals", ["arn:aws:s3:::a*"], ["arn:aws:s3:::a"], "no match"),
    # "or if the context key value resolves to a null dataset, such as an empty string"
    ("ForAllValues:StringEquals", ["a"], [""], "match"),
    ("ForAllValues:StringEquals", ["a"], [], "match"),
    ("ForAllValues:StringEquals", ["a"], ["", "a"], "no match"),
    ("ForAnyValue:StringEquals", ["a"], [], "no match"),
    # "The IfExists suffix with an empty condition key matches only if the key is missing from the request
    # context."
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
    ("StringEqualsIfExists", [], ["a"], "no match"),
    ("StringEqualsIfExists", [], [], "match"),
    # "Multivalued context keys require a condition set operator": what happens without one is not documented.
    ("StringEquals", ["a"], ["a", "b"], "unknown: some:Keys"),
    ("StringNotEqualsIfExists", ["a"], ["a", "b"], "unknown: some:Keys"),
]


@pytest.mark.parametrize(
    ("operator", "wanted", "actual", "result"),
    SETS,
    ids=[f"{operator} {wanted} of {actual}" for operator, wanted, actual, _ in SETS],
)
def test_sets(applies: Callable[..., str], operator: str, wanted: list[str], actual: list[str], result: str) -> None:
    assert applies(Condition={operator: {"some:Keys": wanted}}, context={"some:Keys": actual}) == result


def test_operators_are_read_without_regard_to_case(applies: Callable[..., str]) -> None:
    condition = {"foranyvalue:stringlikeifexists": {"some:Keys": "a*"}}
    assert applies(Condition=condition, context={"some:Keys": ["b", "ab"]}) == "match"


def test_an_empty_condition_block_does_not_affect_the_policy(applies: Callable[..., str]) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"""
    assert applies(Condition={}) == "match"
    assert applies(Condition={"StringEquals": {}}) == "match"
