"""The texts of the policies prove a danger. One that depends on a condition or an unknown part is reported as such."""

from __future__ import annotations

import pytest

from cfnroles.iam.actions import is_known
from cfnroles.iam.dangers import Danger, DangerKind, TrustKind, dangers, trust_dangers
from cfnroles.iam.escalations import ESCALATIONS, Escalation
from cfnroles.iam.evaluator import parse_policy
from cfnroles.iam.evaluator.policy import PolicyStatement

FULL, SERVICE, WAY, UNKNOWN, LOGS = DangerKind
ROLES = "arn:aws:iam::123456789012:role/*"


def statement(action: object, resource: object = "*", effect: str = "Allow", **more: object) -> dict[str, object]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def parsed(*statements: dict[str, object]) -> tuple[PolicyStatement, ...]:
    return parse_policy("p", {"Version": "2012-10-17", "Statement": list(statements)}).statements


def found(*statements: dict[str, object]) -> tuple[Danger, ...]:
    return dangers(parsed(*statements))


def ways(*statements: dict[str, object]) -> list[str]:
    return [str(each.escalation) for each in found(*statements) if each.kind is WAY]


DENIED_TO_SOME = statement("*", effect="Deny", Condition={"StringNotEquals": {"aws:PrincipalTag/team": "shop"}})
NOT_IAM = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
NOT_SQS = {"Effect": "Allow", "NotAction": "sqs:*", "Resource": "*"}
NOT_LOGS = {"Effect": "Allow", "NotAction": "logs:*", "Resource": "*"}
SHOP_ONLY = {"StringEquals": {"aws:ResourceTag/team": "shop"}}
TLS = {"Bool": {"aws:SecureTransport": "true"}}
KINDS = [
    ("everything", [statement("*")], [FULL]),
    ("everything, as an ARN", [statement("*", "arn:*:*:*:*:*")], [FULL]),
    ("everything, as an incomplete ARN", [statement("*", "arn:*")], [FULL]),
    ("everything of everything", [statement("*:*")], [FULL]),
    ("everything but", [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], [FULL]),
    ("everything but, and that, too", [NOT_SQS, statement("sqs:*")], [FULL, SERVICE]),
    ("everything but, and a service of it", [NOT_IAM, statement("s3:*")], [FULL]),
    ("everything, and a service of it", [statement("*"), statement("iam:*")], [FULL]),
    ("everything but logs, and those, too", [NOT_LOGS, statement("logs:PutLogEvents")], [FULL, LOGS]),
    ("everything on all but", [{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::a"}], [FULL]),
    ("everything, denied again", [statement("*"), statement("*", effect="Deny")], []),
    ("everything, denied to some", [statement("*"), DENIED_TO_SOME], [FULL]),
    ("everything, of which a part is denied", [statement("*"), statement("iam:*", effect="Deny")], [FULL]),
    ("everything on one bucket", [statement("*", "arn:aws:s3:::shop/*")], []),
    ("everything but, on one bucket", [{"Effect": "Allow", "NotAction": "s3:*", "Resource": "arn:aws:s3:::a"}], []),
    ("a service", [statement("s3:*")], [SERVICE]),
    ("a service, whatever its case", [statement("S3:*")], [SERVICE]),
    ("a service, on all of it", [statement("s3:*", "arn:aws:s3:::*")], [SERVICE]),
    ("a service, on one bucket", [statement("s3:*", "arn:aws:s3:::shop/*")], []),
    ("a service, on what is unknown", [statement("s3:*", "arn:aws:s3:::${Bucket}")], []),
    ("a service, denied again", [statement("s3:*"), statement("s3:*", effect="Deny")], []),
    ("a service, denied on a part", [statement("s3:*"), statement("s3:*", "arn:aws:s3:::a", effect="Deny")], [SERVICE]),
    ("a part of a service", [statement("s3:Get*")], []),
    ("ECS Exec's four actions", [statement("ssmmessages:*")], []),
    ("an action that does not exist", [statement("secretsmanager:GetSecretValues", "arn:aws:x")], [UNKNOWN]),
    ("a pattern of no action", [statement("secretsmanager:Fetch*", "arn:aws:x")], [UNKNOWN]),
    ("an action of no service", [statement("secretmanager:GetSecretValue", "arn:aws:x")], [UNKNOWN]),
    ("an action denied that does not exist", [statement("s3:GetObjects", effect="Deny")], [UNKNOWN]),
    ("an action in small letters", [statement("lambda:invokefunction", "arn:aws:x")], []),
    ("logs", [statement(["logs:CreateLogStream", "logs:PutLogEvents"])], [LOGS]),
    ("logs of every group", [statement("logs:PutLogEvents", "arn:aws:logs:*:*:*")], [LOGS]),
    ("logs of one account", [statement("logs:Put*", "arn:${AWS::Partition}:logs:eu-west-1:1:log-group:*")], [LOGS]),
    ("logs of a prefix", [statement("logs:PutLogEvents", "arn:aws:logs:*:*:log-group:/ecs/*")], []),
    ("creating groups", [statement("logs:CreateLogGroup")], []),
    ("a service by its length", [statement("s3:?*")], [SERVICE]),
    ("a service on names of some length", [statement("s3:*", "arn:aws:s3:::?*")], [SERVICE]),
    ("a service on names of one length", [statement("s3:*", "arn:aws:s3:::???")], []),
    ("over TLS", [statement("sqs:*", Condition=TLS)], [SERVICE]),
    ("denied over TLS", [statement("*"), statement("*", effect="Deny", Condition=TLS)], []),
    ("not over TLS", [statement("iam:*", Condition={"Bool": {"aws:SecureTransport": "false"}})], []),
    ("through a service only", [statement("iam:*", Condition={"Bool": {"aws:ViaAWSService": "true"}})], []),
]


@pytest.mark.parametrize(("statements", "kinds"), [case[1:] for case in KINDS], ids=[case[0] for case in KINDS])
def test_kinds(statements: list[dict[str, object]], kinds: list[DangerKind]) -> None:
    assert [danger.kind for danger in found(*statements)] == kinds


WAYS = [
    ("iam:CreatePolicyVersion", [statement("iam:CreatePolicyVersion")], True),
    ("iam:CreatePolicyVersion", [statement("iam:Create*")], True),
    ("iam:CreatePolicyVersion", [statement("iam:CreatePolicyVersion", "arn:aws:iam::1:policy/shop")], False),
    ("iam:PutRolePolicy", [statement("iam:PutRolePolicy", ROLES)], True),
    (
        "iam:PutRolePolicy",
        [statement("iam:PutRolePolicy", "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*")],
        True,
    ),
    ("iam:PutRolePolicy", [statement("iam:PutRolePolicy", "arn:aws:iam::1:role/shop-*")], False),
    ("iam:PutRolePolicy", [statement("iam:PutRolePolicy", "arn:aws:iam::1:role/??*")], True),
    ("iam:PutRolePolicy", [statement("iam:PutRolePolicy", "arn:aws:iam::1:policy/*")], False),
    ("sts:AssumeRole", [statement("sts:AssumeRole")], True),
    ("sts:AssumeRole", [statement("sts:AssumeRole", "arn:aws:iam::1:role/reader")], False),
    ("lambda:UpdateFunctionCode", [statement("lambda:*")], True),
    ("iam:PassRole with ecs:RunTask", [statement(["iam:PassRole", "ecs:RunTask"])], True),
    ("iam:PassRole with ecs:RunTask", [NOT_IAM, statement("iam:PassRole")], True),
    ("iam:PassRole with ecs:RunTask", [statement("*"), statement("iam:PassRole")], False),
    # A way through two policies, and one whose second step is on something named.
    ("iam:PassRole with ecs:RunTask", [statement("iam:PassRole", ROLES), statement("ecs:RunTask", "arn:aws:x")], True),
    ("iam:PassRole with ecs:RunTask", [statement("iam:PassRole", "arn:aws:iam::1:role/a"), statement("ecs:*")], False),
    ("iam:PassRole with ecs:RunTask", [statement("iam:PassRole")], False),
    # A resource's own policy says who may use it, and gives them no other permission.
    ("kms:PutKeyPolicy", [statement("kms:Put*")], True),
    ("kms:PutKeyPolicy", [statement("kms:PutKeyPolicy", "arn:aws:kms:eu-west-1:1:key/*")], True),
    ("kms:PutKeyPolicy", [statement("kms:PutKeyPolicy", "arn:aws:kms:eu-west-1:1:key/1234")], False),
    ("kms:PutKeyPolicy", [statement("kms:*")], False),
    ("s3:PutBucketPolicy", [statement("S3:putbucketpolic?", "arn:aws:s3:::*")], True),
    ("s3:PutBucketPolicy", [statement("s3:PutBucketPolicy", "arn:aws:s3:::shop-*")], False),
    ("s3:PutBucketPolicy", [statement("s3:*", Condition=SHOP_ONLY), statement("s3:PutBucketPolicy")], True),
    ("iam:DeleteRolePermissionsBoundary", [statement("iam:Delete*", ROLES)], True),
    (
        "iam:PassRole with ecs:RunTask",
        [statement(["iam:PassRole", "ecs:RunTask"]), statement("iam:PassRole", effect="Deny")],
        False,
    ),
]


@pytest.mark.parametrize(("way", "statements", "there"), WAYS)
def test_ways(way: str, statements: list[dict[str, object]], there: bool) -> None:
    assert (way in ways(*statements)) is there


@pytest.mark.parametrize("way", ESCALATIONS, ids=str)
def test_each_way_is_found_with_its_actions_alone_and_not_without_one(way: Escalation) -> None:
    actions = list(way.actions)
    assert str(way) in ways(statement(actions))
    for action in actions:
        assert str(way) not in ways(statement([each for each in actions if each != action] or "s3:GetObject"))


def test_every_step_is_an_action_that_exists() -> None:
    assert not [each for each in found(*(statement(list(way.actions)) for way in ESCALATIONS)) if each.kind is UNKNOWN]


def test_a_role_may_be_passed_to_the_named_services_only() -> None:
    passed = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    own = [statement("iam:PassRole", Condition=passed), statement(["ecs:RunTask", "ec2:RunInstances"])]
    assert ways(*own) == ["iam:PassRole with ecs:RunTask"]
    assert not any(danger.conditional for danger in found(*own))


def test_a_condition_makes_a_danger_conditional_unless_another_statement_is_without() -> None:
    tagged = statement("sts:AssumeRole", Condition={"StringEquals": {"aws:ResourceTag/team": "shop"}})
    assert [(each.kind, each.conditional) for each in found(tagged)] == [(WAY, True)]
    (sure,) = found(tagged, statement("sts:*Role"))
    assert (sure.conditional, [one.index for one in sure.by]) == (False, [1])


@pytest.mark.parametrize(
    ("condition", "conditional"),
    [
        (TLS, False),
        ({"StringLike": {"aws:RequestedRegion": "*"}}, False),
        ({"StringLike": {"aws:RequestedRegion": "eu-*"}}, True),
        ({"Null": {"aws:PrincipalArn": "false"}}, False),
        ({**TLS, "StringEquals": {"aws:ResourceTag/team": "shop"}}, True),
    ],
)
def test_a_condition_that_every_request_meets_is_none(condition: dict[str, object], conditional: bool) -> None:
    (danger,) = found(statement("iam:PutRolePolicy", Condition=condition))
    assert danger.conditional is conditional


def test_a_boundary_takes_away_what_it_does_not_allow() -> None:
    everything = parsed(statement("*"))
    assert [each.kind for each in dangers(everything, parsed(statement("*")))] == [FULL]
    assert [each.what for each in dangers(everything, parsed(statement("s3:*")))] == [
        "may do everything that s3 has, on everything"
    ]
    assert dangers(everything, parsed(statement("s3:GetObject"))) == ()


@pytest.mark.parametrize(
    ("action", "meant"),
    [
        ("secretsmanager:GetSecretValues", "secretsmanager:GetSecretValue"),
        ("secretmanager:GetSecretValue", "secretsmanager:GetSecretValue"),
        ("lambda:InvokeFunctions", "lambda:InvokeFunction"),
        ("xyzzy:Plugh", ""),
    ],
)
def test_an_unknown_action_comes_with_the_one_that_was_meant(action: str, meant: str) -> None:
    (danger,) = found(statement(action, "arn:aws:x"))
    assert (danger.grants, danger.meant) == ((action,), meant)


def trusting(principal: object, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}


ANYBODY, WITHIN, OTHER = TrustKind
OF_ALL = {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-1"}}
SOME_ROLE = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/a"}}
OWN_ROLE = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::1:role/*"}}
ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
TRUSTS = [
    ("ECS", [trusting({"Service": "ecs-tasks.amazonaws.com"})], []),
    ("another service", [trusting({"Service": ["ecs-tasks.amazonaws.com", "ec2.amazonaws.com"]})], [(OTHER, ())]),
    ("an account", [trusting({"AWS": "arn:aws:iam::1:root"})], [(OTHER, ())]),
    ("anybody", [trusting("*")], [(ANYBODY, ())]),
    ("any account", [trusting({"AWS": ["*"]})], [(ANYBODY, ())]),
    ("all but", [{"Effect": "Allow", "NotPrincipal": {"AWS": "1"}, "Action": "sts:AssumeRole"}], [(ANYBODY, ())]),
    ("by any action", [trusting("*", Action="sts:*")], [(ANYBODY, ())]),
    ("by no action that assumes", [trusting("*", Action="sts:TagSession")], []),
    ("denied", [trusting("*", Effect="Deny")], []),
    ("an organization, of all values", [trusting("*", Condition=OF_ALL)], [(ANYBODY, ())]),
    ("a role of any account", [trusting("*", Condition=SOME_ROLE)], [(ANYBODY, ())]),
    ("the roles of an account", [trusting("*", Condition=OWN_ROLE)], [(WITHIN, ("aws:PrincipalArn",))]),
    ("an organization", [trusting("*", Condition=ORGANIZATION)], [(WITHIN, ("aws:PrincipalOrgID",))]),
    (
        "an external id",
        [trusting({"AWS": "*"}, Condition={"StringEquals": {"sts:ExternalId": "x"}})],
        [(WITHIN, ("sts:ExternalId",))],
    ),
    (
        "an organization or none",
        [trusting("*", Condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": "o"}})],
        [(ANYBODY, ())],
    ),
    ("any organization", [trusting("*", Condition={"StringLike": {"aws:PrincipalOrgID": "*"}})], [(ANYBODY, ())]),
    (
        "not one organization",
        [trusting("*", Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o"}})],
        [(ANYBODY, ())],
    ),
    *(
        (f"{key} is {value}", [trusting("*", Condition={operator: {f"aws:{key}": value}})], [(ANYBODY, ())])
        for operator, key, value in (
            ("StringLike", "PrincipalOrgID", "o-*"),
            ("StringLike", "PrincipalOrgPaths", "o-*/*"),
            ("StringLike", "PrincipalAccount", "????????????"),
            ("StringLike", "PrincipalArn", "*:role/shop"),
            ("ArnLike", "PrincipalArn", "arn:aws:*"),
            ("ArnLike", "PrincipalArn", "arn:aws:iam::????????????:role/*"),
            ("IpAddress", "SourceIp", "0.0.0.0/0"),
            ("IpAddress", "SourceIp", "::/0"),
        )
    ),
    *(
        (f"{key} is {value}", [trusting("*", Condition={operator: {f"aws:{key}": value}})], [(WITHIN, (f"aws:{key}",))])
        for operator, key, value in (
            ("StringLike", "PrincipalOrgPaths", "o-1/*"),
            ("StringLike", "PrincipalArn", "arn:aws:iam::${AWS::AccountId}:role/*"),
            ("StringLike", "PrincipalArn", "arn:aws:iam::123456789012*"),
            ("ArnLike", "SourceArn", "arn:aws:s3:::shop*"),
            ("IpAddress", "SourceIp", "10.0.0.0/8"),
        )
    ),
    ("over TLS", [trusting("*", Condition={"Bool": {"aws:SecureTransport": "true"}})], [(ANYBODY, ())]),
    (
        "others denied",
        [trusting("*"), trusting("*", Effect="Deny", Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o"}})],
        [(WITHIN, ("aws:PrincipalOrgID",))],
    ),
]


@pytest.mark.parametrize(("statements", "expected"), [case[1:] for case in TRUSTS], ids=[case[0] for case in TRUSTS])
def test_trust(statements: list[dict[str, object]], expected: list[tuple[TrustKind, tuple[str, ...]]]) -> None:
    told = trust_dangers({"Version": "2012-10-17", "Statement": statements}, ["ecs-tasks.amazonaws.com"])
    assert [(danger.kind, danger.keys) for danger in told] == expected


def test_a_trust_danger_knows_its_statement() -> None:
    (danger,) = trust_dangers({"Statement": [trusting({"Service": "a"}), trusting("*")]}, ["a"])
    assert (danger.path, danger.principal) == (("Statement", 1), "*")


@pytest.mark.parametrize("trust", [{}, {"Statement": 5}, {"Statement": ["x"]}, {"Statement": [{"Principal": 5}]}])
def test_what_is_no_trust_policy_lets_nobody_in(trust: dict[str, object]) -> None:
    assert trust_dangers(trust) == ()


@pytest.mark.parametrize("service", ["", ".", "..", "os", "aws", "helpers.trust", "a\x00b", "a/b", "é", "x" * 5000])
def test_what_a_document_calls_a_service_is_looked_up_and_never_imported(service: str) -> None:
    assert not is_known(f"{service}:Get")
