"""What a role grants and no need uses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfnroles.answers.verification import Verification
from cfnroles.facts import Facts
from cfnroles.formats.verification_words import kept_words
from cfnroles.iam.actions import Risk, expanded, matches_action, risk_of
from cfnroles.iam.roles import read_role
from cfnroles.need import Condition, Holder, Need, Origin, Permission, Reason
from cfnroles.policies import document
from cfnroles.text import from_spelling
from tests.judged import judge

HOME = Facts("111122223333", "eu-west-1")
A = "arn:aws:ssm:eu-west-1:111122223333:parameter/a"
B = "arn:aws:ssm:eu-west-1:111122223333:parameter/b"
GET = "ssm:GetParameters"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/k"


def need(action: str, resource: str, *conditions: Condition, **others: Any) -> Need:
    permission = Permission(action, from_spelling(resource), conditions, others.pop("when", ()))
    origin = Origin("t.json", ("family",))
    return Need(others.pop("holder", Holder.EXECUTION), permission, Reason("f", "w", "s"), origin, "Sid")


def judged(
    statements: list[dict[str, Any]],
    *needs: Need,
    holder: Holder = Holder.EXECUTION,
    context: dict[str, str] | None = None,
) -> Verification:
    whole = [
        {"Effect": "Allow", **({} if "NotResource" in statement else {"Resource": "*"}), **statement}
        for statement in statements
    ]
    role = read_role(json.dumps({"Version": "2012-10-17", "Statement": whole}), "p")
    return judge(needs, role, HOME, holder, context)


def told(found: Verification) -> dict[str, tuple[list[str], list[str]]]:
    return {
        str(each.statement.index): (list(map(str, each.unused)), [str(wide.grant) for wide in each.wide])
        for each in found.excess
    }


CASES: list[tuple[str, list[dict[str, Any]], dict[str, tuple[list[str], list[str]]]]] = [
    ("exactly", [{"Action": GET, "Resource": [A, B]}], {}),
    ("in another case", [{"Action": "SSM:getparameters", "Resource": [A, B]}], {}),
    ("twice", [{"Action": GET, "Resource": [A, B]}] * 2, {}),
    ("one more resource", [{"Action": GET, "Resource": [A, B, f"{A}c"]}], {"0": ([f"{GET} on {A}c"], [])}),
    ("one more action", [{"Action": [GET, "s3:GetObject"], "Resource": [A, B]}],
     {"0": ([f"s3:GetObject on {A}", f"s3:GetObject on {B}"], [])}),
    ("a wider resource", [{"Action": GET, "Resource": f"{A[:-1]}*"}], {"0": ([], [f"{GET} on {A[:-1]}*"])}),
    ("a wider action", [{"Action": "ssm:Get*", "Resource": [A, B]}],
     {"0": ([], [f"ssm:Get* on {A}", f"ssm:Get* on {B}"])}),
    ("both, tight beside wide", [{"Action": GET, "Resource": [A, B]}, {"Action": "*"}], {"1": ([], ["* on *"])}),
    ("every other action", [{"NotAction": "iam:*"}], {"0": ([], ["NOT iam:* on *"])}),
    ("every other resource", [{"Action": GET, "NotResource": "arn:aws:s3:::x"}],
     {"0": ([], [f"{GET} on NOT arn:aws:s3:::x"])}),
    ("denied", [{"Effect": "Deny", "Action": "s3:*"}], {}),
    ("under a condition that narrows", [{"Action": GET, "Resource": [A, B], "Condition": {
        "Bool": {"aws:SecureTransport": "true"}}}], {}),
    ("perhaps", [{"Action": GET, "Resource": [A, B], "Condition": {"StringEquals": {"aws:SourceVpce": "v"}}}], {}),
    ("perhaps, and more", [{"Action": "ssm:*", "Resource": A, "Condition": {"StringEquals": {"aws:SourceVpce": "v"}}}],
     {"0": ([], [f"ssm:* on {A}"])}),
]  # fmt: skip


@pytest.mark.parametrize(("statements", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_grant_is_exact_or_wide_or_unused(
    statements: list[dict[str, Any]], expected: dict[str, tuple[list[str], list[str]]]
) -> None:
    assert told(judged(statements, need(GET, A), need(GET, B))) == expected


def test_what_another_statement_grants_exactly_is_no_reason_to_keep_a_wide_one() -> None:
    found = judged([{"Action": "ssm:*"}, {"Action": GET, "Resource": A}], need(GET, A), need(GET, B))

    (wide,) = found.excess
    (statement,) = wide.tight
    assert statement.resources == (B,)


def test_two_wide_statements_are_not_both_told_to_keep_the_same_need() -> None:
    found = judged([{"Action": "ssm:*"}, {"Action": "*"}], need(GET, A))

    assert sorted(len(each.tight) for each in found.excess) == [0, 1]


# -- conditions

VIA = Condition("StringEquals", "kms:ViaService", ("ssm.eu-west-1.amazonaws.com",))
FOR_A = Condition("StringEquals", "kms:EncryptionContext:PARAMETER_ARN", (A,))
CONDITIONS: list[tuple[str, dict[str, Any], tuple[str, ...], tuple[str, ...]]] = [
    ("both", {"StringEquals": {VIA.key: VIA.values[0], FOR_A.key: A}}, (), ()),
    ("both, spelled otherwise", {"StringLike": {VIA.key.upper(): VIA.values[0], FOR_A.key: A}}, (), ()),
    ("none", {}, (FOR_A.key, VIA.key), ()),
    ("one", {"StringEquals": {VIA.key: VIA.values[0]}}, (FOR_A.key,), ()),
    ("one, with a further value", {"StringEquals": {VIA.key: ["x", VIA.values[0]]}}, (FOR_A.key,), (VIA.key,)),
    (
        "if it exists",
        {"StringEquals": {VIA.key: VIA.values[0]}, "StringEqualsIfExists": {FOR_A.key: A}},
        (FOR_A.key,),
        (),
    ),
    ("with a further value", {"StringEquals": {VIA.key: VIA.values[0], FOR_A.key: [A, B]}}, (), (FOR_A.key,)),
    ("with a wildcard", {"StringLike": {VIA.key: "ssm.*", FOR_A.key: A}}, (), (VIA.key,)),
]


@pytest.mark.parametrize(
    ("block", "lacking", "looser"), [case[1:] for case in CONDITIONS], ids=[case[0] for case in CONDITIONS]
)
def test_a_grant_without_the_needs_conditions_is_wide(
    block: dict[str, Any], lacking: tuple[str, ...], looser: tuple[str, ...]
) -> None:
    found = judged(
        [{"Action": "kms:Decrypt", "Resource": KEY, "Condition": block}], need("kms:Decrypt", KEY, VIA, FOR_A)
    )

    wide = [one for each in found.excess for one in each.wide]
    assert [(one.conditions, one.looser) for one in wide] == ([(lacking, looser)] if lacking or looser else [])


def test_a_need_without_conditions_makes_the_grant_exact() -> None:
    found = judged(
        [{"Action": "kms:Decrypt", "Resource": KEY}], need("kms:Decrypt", KEY, VIA), need("kms:Decrypt", KEY)
    )

    assert found.excess == ()


# -- what narrows the statement stays in what replaces it

FROM_HOME = {"StringEquals": {"aws:SourceVpce": ["v"]}}


def instead(found: Verification) -> list[Any]:
    return [one.get("Condition") for each in found.excess for one in document(each.tight)["Statement"]]


@pytest.mark.parametrize("context", [{}, {"aws:SourceVpce": "v"}], ids=["unknown", "known"])
def test_what_replaces_a_statement_allows_no_more_than_it_does(context: dict[str, str]) -> None:
    found = judged([{"Action": "ssm:*", "Condition": FROM_HOME}], need(GET, A), context=context)

    assert instead(found) == [FROM_HOME]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"StringLike": {VIA.key: "ssm.*"}}, {}),
        ({"StringEquals": {VIA.key: [VIA.values[0], "x"]}, "Bool": {"aws:SecureTransport": "true"}},
         {"Bool": {"aws:SecureTransport": ["true"]}}),
        ({"StringNotEquals": {VIA.key: "x"}}, {"StringNotEquals": {VIA.key: ["x"]}}),
    ],
    ids=["wider than the need's", "wider, and another", "not proved to be wider"],
)  # fmt: skip
def test_a_condition_that_the_needs_imply_is_not_repeated(block: dict[str, Any], expected: dict[str, Any]) -> None:
    found = judged([{"Action": "kms:*", "Resource": KEY, "Condition": block}], need("kms:Decrypt", KEY, VIA))

    assert instead(found) == [{"StringEquals": {VIA.key: [*VIA.values]}, **expected}]


def test_of_two_lists_for_one_key_that_of_the_statement_stays() -> None:
    open_ = Condition("StringLike", "kms:EncryptionContext:SecretARN", (from_spelling("arn:x-??????"),))
    narrow = {"StringLike": {open_.key: ["arn:x-AbCdEf"]}}
    found = judged([{"Action": "kms:*", "Resource": KEY, "Condition": narrow}], need("kms:Decrypt", KEY, open_))

    assert instead(found) == [narrow]


def test_a_wider_arn_in_a_condition_is_replaced_with_that_of_the_need() -> None:
    task = from_spelling("arn:${AWS::Partition}:ecs:eu-west-1:${AWS::AccountId}:task/*")
    created = Condition("ArnLike", "aws:RequestTag/AmazonECSCreated", (task,))
    block = {"ArnLike": {created.key: "arn:aws:ecs:*:*:task/*"}}
    text = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": block}],
        }
    )
    found = judge([need("ec2:CreateVolume", KEY, created)], read_role(text, "p"), Facts(), Holder.EXECUTION)

    assert [one.conditions for each in found.excess for one in each.tight] == [(created,)]


def test_two_statements_under_other_conditions_both_keep_the_need() -> None:
    others = {"StringEquals": {"aws:SourceVpce": ["w"]}}
    several = [{"Action": "ssm:*", "Condition": block} for block in (FROM_HOME, others, others)]

    assert instead(judged(several, need(GET, A))) == [FROM_HOME, others]


def test_what_is_certainly_granted_needs_no_second_statement_under_a_condition() -> None:
    several = [{"Action": "ssm:*"}, {"Action": "ssm:*", "Condition": FROM_HOME}]

    assert instead(judged(several, need(GET, A))) == [None]


# -- what is not excess


def test_a_grant_in_an_account_that_may_be_the_tasks_is_not_excess() -> None:
    untold = need(GET, A.replace("111122223333", "${AWS::AccountId}"))
    text = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": GET, "Resource": A}]})
    found = judge([untold], read_role(text, "p"), Facts(region="eu-west-1"), Holder.EXECUTION)

    assert found.excess == ()


def test_a_grant_that_a_need_may_use_is_not_excess() -> None:
    hanging = need("kms:Decrypt", "${KmsKeyArns}", VIA, when=("KmsKeyArns",))

    assert judged([{"Action": "kms:Decrypt", "Resource": KEY}], hanging).excess == ()
    assert told(judged([{"Action": "kms:Decrypt"}], hanging)) == {"0": (["kms:Decrypt on *"], [])}


def test_what_the_application_may_do_is_not_judged() -> None:
    statements = [{"Action": ["s3:GetObject", "ssmmessages:*"]}]
    execute = need("ssmmessages:OpenDataChannel", "*", holder=Holder.TASK)

    found = judged(statements, execute, holder=Holder.TASK)
    assert found.application == ("s3:GetObject",)
    assert told(found) == {"0": ([], ["ssmmessages:* on *"])}
    assert told(judged(statements)) == {"0": (["s3:GetObject on *", "ssmmessages:* on *"], [])}


# -- risk

RISKS = [
    ("*", Risk.EVERYTHING),
    ("*:*", Risk.EVERYTHING),
    ("NOT iam:*", Risk.PERMIT),
    ("iam:*", Risk.PERMIT),
    ("iam:PassRole", Risk.PERMIT),
    ("iam:GetRole", Risk.DESCRIBE),
    ("sts:AssumeRole", Risk.PERMIT),
    ("kms:CreateGrant", Risk.PERMIT),
    ("s3:PutBucketPolicy", Risk.PERMIT),
    ("lambda:AddPermission", Risk.PERMIT),
    ("secretsmanager:*", Risk.PERMIT),
    ("nosuchservice:*", Risk.PERMIT),
    ("s3:DeleteObject", Risk.CHANGE),
    ("logs:PutLogEvents", Risk.CHANGE),
    ("ecr:GetAuthorizationToken", Risk.DESCRIBE),
    ("secretsmanager:GetSecretValue", Risk.READ),
    ("ssm:getparameters", Risk.READ),
    ("kms:Decrypt", Risk.READ),
    ("s3:GetObject", Risk.READ),
    ("dynamodb:Query", Risk.READ),
    ("ec2:Describe*", Risk.DESCRIBE),
]


@pytest.mark.parametrize(("action", "risk"), RISKS, ids=[action for action, _ in RISKS])
def test_risk_is_what_somebody_could_do(action: str, risk: Risk) -> None:
    assert risk_of(action) is risk


def test_excess_is_sorted_by_risk() -> None:
    statements = [{"Action": action} for action in ("ec2:DescribeVpcs", "kms:Decrypt", "iam:PassRole", "s3:PutObject")]

    risks = [each.risk for each in judged(statements, need(GET, A)).excess]
    assert risks == [Risk.PERMIT, Risk.CHANGE, Risk.READ, Risk.DESCRIBE]


def test_patterns_of_actions() -> None:
    assert expanded("tag:Get*") == (
        "tag:GetComplianceSummary",
        "tag:GetResources",
        "tag:GetTagKeys",
        "tag:GetTagValues",
    )
    assert expanded("*") == expanded("nosuchservice:*") == expanded("NOT s3:*") == ()
    assert matches_action("s3:Get?bject", "S3:GETOBJECT")
    assert not matches_action("s3:[Gg]etObject", "s3:GetObject")
    assert matches_action("NOT iam:*, sts:*", "s3:GetObject")
    assert not matches_action("NOT iam:*, sts:*", "sts:AssumeRole")


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("kms:Decrypt", "keep in its place what a key may need:"),
        (GET, "keep in its place what depends on an unknown value:"),
    ],
)
def test_what_stays_of_a_statement_is_called_a_need_of_a_key_only_for_keys(action: str, expected: str) -> None:
    statements = [{"Action": [action, "s3:ListBucket"], "Condition": FROM_HOME}, {"Action": action}]
    found = judged(statements, need(action, KEY if action == "kms:Decrypt" else A))

    (one,) = [each for each in found.excess if each.kept]
    assert kept_words(one, found) == expected
