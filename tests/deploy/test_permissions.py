"""What changes in permissions between two templates: one by one, under their parameters, with the reasons."""

from __future__ import annotations

import pytest

from cfnroles.deploy.permissions import permission_changes

GET = "secretsmanager:GetSecretValue"


def template(*statements, metadata=None, parameters=None, conditions=None, **properties):
    role = {
        "Type": "AWS::IAM::Role",
        "Metadata": metadata or {},
        "Properties": {
            "Policies": [{"PolicyName": "needs", "PolicyDocument": {"Statement": list(statements)}}],
            **properties,
        },
    }
    return {
        "Resources": {"Role": role},
        "Parameters": parameters or {},
        "Conditions": conditions or {},
    }


def allow(action, resource, sid="Sid", **more):
    return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource, **more}


def shown(old, new, old_parameters=None, new_parameters=None):
    """``+`` added, ``-`` removed, ``!`` behind what widens."""
    changes = permission_changes(old, old_parameters or {}, new, new_parameters or {})
    return [
        f"{'+' if change.added else '-'} {change.kind} {change.action} on {change.resource}"
        f"{' when ' + change.condition if change.condition else ''}{' !' if change.widening else ''}"
        for change in changes
    ]


ROWS = [
    pytest.param(allow(GET, "a"), allow(GET, "a"), [], id="the same"),
    pytest.param(allow(GET, ["a", "b"]), allow(GET, ["b", "a"]), [], id="in another order"),
    pytest.param(
        allow(GET, "a"), allow([GET], ["a"], sid="Other"), [], id="written in another way, under another name"
    ),
    pytest.param(
        allow(GET, "a"),
        allow(GET, ["a", "b"]),
        ["+ permission secretsmanager:GetSecretValue on b !"],
        id="one more resource",
    ),
    pytest.param(
        allow([GET, "ssm:GetParameters"], "a"),
        allow(GET, "a"),
        ["- permission ssm:GetParameters on a"],
        id="one action less",
    ),
    pytest.param(
        allow(GET, "secret:*"),
        allow(GET, "secret:a"),
        [
            "+ permission secretsmanager:GetSecretValue on secret:a",
            "- permission secretsmanager:GetSecretValue on secret:*",
        ],
        id="narrower: what is added was covered",
    ),
    pytest.param(
        allow(GET, "arn:aws:secretsmanager:eu-west-1:1234:secret:a-??????"),
        allow(GET, "arn:aws:secretsmanager:eu-west-1:1234:secret:a-*"),
        [
            "+ permission secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:1234:secret:a-* !",
            "- permission secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:1234:secret:a-??????",
        ],
        id="a wildcard that takes more than the one before",
    ),
    pytest.param(
        allow("secretsmanager:*", "a"),
        allow(GET, "a"),
        ["+ permission secretsmanager:GetSecretValue on a", "- permission secretsmanager:* on a"],
        id="narrower action",
    ),
    pytest.param(
        allow(GET, "a", Condition={"StringEquals": {"k": "v"}}),
        allow(GET, "a"),
        [
            "+ permission secretsmanager:GetSecretValue on a !",
            '- permission secretsmanager:GetSecretValue on a when {"StringEquals": {"k": "v"}}',
        ],
        id="a condition is gone",
    ),
    pytest.param(
        allow(GET, "a"),
        allow(GET, "a", Condition={"StringEquals": {"k": "v"}}),
        [
            '+ permission secretsmanager:GetSecretValue on a when {"StringEquals": {"k": "v"}}',
            "- permission secretsmanager:GetSecretValue on a",
        ],
        id="a condition comes",
    ),
    pytest.param(
        allow(GET, "a"),
        {"Effect": "Deny", "Action": GET, "Resource": "a"},
        ["+ permission secretsmanager:GetSecretValue on a", "- permission secretsmanager:GetSecretValue on a"],
        id="a denial does not widen",
    ),
    pytest.param(
        {"Effect": "Deny", "Action": GET, "Resource": "a"},
        allow("x:Y", "a"),
        ["+ permission x:Y on a !", "- permission secretsmanager:GetSecretValue on a !"],
        id="a denial that is gone widens",
    ),
    pytest.param(
        allow(GET, "a"),
        {"Effect": "Allow", "NotAction": GET, "NotResource": "a"},
        [
            "+ permission not secretsmanager:GetSecretValue on not a !",
            "- permission secretsmanager:GetSecretValue on a",
        ],
        id="everything but",
    ),
    pytest.param(
        {"Effect": "Allow", "NotAction": ["a:B", "c:D"], "Resource": "r"},
        {"Effect": "Allow", "NotAction": ["a:B"], "Resource": "r"},
        ["+ permission not a:B on r !", "- permission not a:B, c:D on r"],
        id="one exception less",
    ),
]


@pytest.mark.parametrize(("old", "new", "changes"), ROWS)
def test_statements(old, new, changes):
    assert shown(template(old), template(new)) == changes


def test_a_new_role_is_all_added():
    assert shown(None, template(allow(GET, "a"))) == ["+ permission secretsmanager:GetSecretValue on a !"]


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (
            {},
            {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
            ["+ managed policy * on arn:aws:iam::aws:policy/ReadOnlyAccess !"],
        ),
        ({"PermissionsBoundary": "arn:b"}, {}, ["- boundary * on arn:b !"]),
        ({}, {"PermissionsBoundary": "arn:b"}, ["+ boundary * on arn:b"]),
        (
            {},
            {
                "AssumeRolePolicyDocument": {
                    "Statement": [
                        {"Effect": "Allow", "Principal": {"Service": ["a", "b"]}, "Action": "sts:AssumeRole"},
                        {"Effect": "Allow", "Principal": "*", "Action": "sts:TagSession"},
                    ]
                }
            },
            [
                "+ trust sts:AssumeRole on Service a !",
                "+ trust sts:AssumeRole on Service b !",
                "+ trust sts:TagSession on * !",
            ],
        ),
    ],
    ids=["a managed policy", "a boundary that is gone", "a boundary that comes", "who may assume it"],
)
def test_what_else_decides_what_a_role_may_do(before, after, changes):
    assert shown(template(**before), template(**after)) == changes


@pytest.mark.parametrize("kind", ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"])
def test_policies_that_are_resources_of_their_own(kind):
    new = template()
    new["Resources"]["More"] = {
        "Type": kind,
        "Properties": {"Roles": [{"Ref": "Role"}], "PolicyDocument": {"Statement": allow(GET, "a")}},
    }

    (change,) = permission_changes(template(), {}, new, {})
    assert (change.role, change.action) == ("Role", GET)


KEYS = {"KmsKeyArns": {"Type": "CommaDelimitedList", "Default": ""}}
GIVEN = {"HasKeys": {"Fn::Not": [{"Fn::Equals": [{"Fn::Select": [0, {"Ref": "KmsKeyArns"}]}, ""]}]}}
DECRYPT = {"Fn::If": ["HasKeys", allow("kms:Decrypt", {"Ref": "KmsKeyArns"}), {"Ref": "AWS::NoValue"}]}


class TestParameters:
    def test_a_statement_counts_when_its_condition_holds(self):
        same = template(DECRYPT, parameters=KEYS, conditions=GIVEN)

        assert shown(same, same) == []
        assert shown(same, same, {}, {"KmsKeyArns": "k1, k2"}) == [
            "+ permission kms:Decrypt on k1 !",
            "+ permission kms:Decrypt on k2 !",
        ]
        assert shown(same, same, {"KmsKeyArns": "k1,k2"}, {"KmsKeyArns": "k2"}) == ["- permission kms:Decrypt on k1"]

    def test_a_resource_of_a_parameter(self):
        same = template(
            allow(GET, {"Fn::Sub": "arn:${AWS::Partition}:${Name}"}), parameters={"Name": {"Type": "String"}}
        )

        assert shown(same, same, {"Name": "a"}, {"Name": "b"}) == [
            "+ permission secretsmanager:GetSecretValue on arn:${AWS::Partition}:b !",
            "- permission secretsmanager:GetSecretValue on arn:${AWS::Partition}:a",
        ]


def test_the_reasons_are_those_of_the_template_that_has_the_permission():
    old = template(allow(GET, "a", sid="ReadSecrets"), metadata={"cfnroles": {"ReadSecrets": ["old field"]}})
    new = template(allow(GET, "b", sid="ReadSecrets"), metadata={"cfnroles": {"ReadSecrets": ["new field"]}})

    added, removed = permission_changes(old, {}, new, {})

    assert added.reasons == ("new field",)
    assert removed.reasons == ("old field",)
