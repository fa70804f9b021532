"""IAM's response about an account, as a file that a person may have written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfnroles.errors import InvalidInput
from cfnroles.iam.roles import read_role

POLICY = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
WHOLE: dict[str, Any] = {
    "RoleDetailList": [
        {
            "RoleName": "shop",
            "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": POLICY}],
            "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::123456789012:policy/a"}],
            "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/a"},
        }
    ],
    "Policies": [
        {
            "Arn": "arn:aws:iam::123456789012:policy/a",
            "PolicyVersionList": [{"Document": POLICY, "IsDefaultVersion": True}],
        }
    ],
}


def with_value(place: str, value: object) -> str:
    """The answer with a value in a place such as ``Policies.0.Arn``."""
    tree: Any = json.loads(json.dumps(WHOLE))
    *steps, last = [int(step) if step.isdigit() else step for step in place.split(".")]
    at = tree
    for step in steps:
        at = at[step]
    at[last] = value
    return json.dumps(tree)


def test_an_answer_is_read() -> None:
    role = read_role(json.dumps(WHOLE), "account.json")
    assert [policy.name for policy in role.policies] == ["own", "a"]
    assert role.boundary


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ("RoleDetailList", "shop", "RoleDetailList: expected a list, got a string"),
        ("RoleDetailList.0", 5, "RoleDetailList[0]: expected an object, got a number"),
        ("RoleDetailList.0.RoleName", None, "RoleDetailList[0].RoleName: expected a string, got null"),
        ("RoleDetailList.0.RolePolicyList", 1.5, "RoleDetailList[0].RolePolicyList: expected a list"),
        ("RoleDetailList.0.RolePolicyList.0", "own", "RoleDetailList[0].RolePolicyList[0]: expected an object"),
        ("RoleDetailList.0.RolePolicyList.0.PolicyDocument", [], "RolePolicyList[0].PolicyDocument: expected"),
        ("RoleDetailList.0.AttachedManagedPolicies", {"a": 1}, "AttachedManagedPolicies: expected a list"),
        ("RoleDetailList.0.AttachedManagedPolicies.0", [[]], "AttachedManagedPolicies[0]: expected an object"),
        ("RoleDetailList.0.PermissionsBoundary", "a", "PermissionsBoundary: expected an object"),
        ("Policies", True, "Policies: expected a list"),
        ("Policies.0", "a", "Policies[0]: expected an object"),
        ("Policies.0.PolicyVersionList", 3, "Policies[0].PolicyVersionList: expected a list"),
        ("Policies.0.PolicyVersionList.0", "v1", "Policies[0].PolicyVersionList[0]: expected an object"),
    ],
)
def test_a_member_of_another_shape_is_reported_at_its_place(place: str, value: object, told: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_role(with_value(place, value), "account.json", "shop")
    assert refused.value.where == "account.json"
    assert told in refused.value.what


@pytest.mark.parametrize("value", [[], ["C"], ["C", 1], [{}, 1, 2], "C", 5, {"a": 1}, ["C", 1, 2, 3]], ids=repr)
@pytest.mark.parametrize("member", ["Action", "Resource", "Condition", "Principal"])
def test_a_malformed_condition_of_a_template_is_not_a_bug_in_a_policy(member: str, value: object) -> None:
    statement = {**POLICY["Statement"], member: {"Fn::If": value}}  # type: ignore[dict-item]
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with pytest.raises(InvalidInput):
        read_role(text, "policy.json")
    answer = with_value("RoleDetailList.0.RolePolicyList.0.PolicyDocument", json.loads(text))
    assert read_role(answer, "account.json").all_unread
