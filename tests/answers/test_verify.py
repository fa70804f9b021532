"""Each need gets a verdict: allowed, missing, denied or unknown, with the statement or the key behind it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfnroles.answers.verification import Judged, Outcome, Verification, trust_outcome
from cfnroles.facts import Facts
from cfnroles.formats.verification_words import remedies
from cfnroles.iam.roles import Role, read_role
from cfnroles.need import Condition, Holder, Need, Origin, Permission, Reason
from cfnroles.text import Text, from_spelling
from tests.judged import judge

ACCOUNT = "111122223333"
HOME = Facts(account=ACCOUNT, region="eu-west-1")
NOWHERE = Facts()
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:db"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"
READ = "secretsmanager:GetSecretValue"
VIA = Condition("StringEquals", "kms:ViaService", (Text("secretsmanager.eu-west-1.amazonaws.com"),))
FOR = Condition("StringLike", "kms:EncryptionContext:SecretARN", (from_spelling(f"{SECRET}-??????"),))
THROUGH = {
    "StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"},
    "StringLike": {"kms:EncryptionContext:SecretARN": f"{SECRET}-??????"},
}


def need(
    action: str = READ, resource: str = f"{SECRET}-??????", *conditions: Condition, holder: Holder = Holder.EXECUTION,
    when: tuple[str, ...] = (),
) -> Need:  # fmt: skip
    origin = Origin("task.json", ("containerDefinitions", 0, "secrets", 0, "valueFrom"), "web", "secret DB")
    reason = Reason("secret", "ECS reads the secret", "https://docs.aws.amazon.com/")
    return Need(holder, Permission(action, from_spelling(resource), conditions, when), reason, origin, "ReadSecrets")


def allow(action: Any = READ, resource: Any = f"{SECRET}-??????", **others: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **others}


def role(*statements: dict[str, Any]) -> Role:
    return read_role(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), "policy.json")


def in_template(*statements: dict[str, Any], **properties: Any) -> Role:
    policies = [{"PolicyName": "P", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}]
    resource = {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies, **properties}}
    template = {
        "Parameters": {"Secret": {"Type": "String"}},
        "Conditions": {"C": {"Fn::Equals": [{"Ref": "Secret"}, ""]}},
        "Resources": {"Role": resource},
    }
    return read_role(json.dumps(template), "t.json", "Role")


def verified(judged: Role, *needs: Need, facts: Facts = HOME, context: dict[str, str] | None = None) -> Verification:
    return judge(needs or (need(),), judged, facts, Holder.EXECUTION, context)


def verdict(judged: Role, *needs: Need, facts: Facts = HOME, context: dict[str, str] | None = None) -> Judged:
    (found,) = verified(judged, *needs, facts=facts, context=context).judged
    return found


DECRYPT = need("kms:Decrypt", KEY, VIA, FOR)
SOURCE_VPCE = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
RESOURCES = [
    ("as it is needed", allow(), Outcome.ALLOWED),
    ("wider", allow(resource=f"{SECRET}-*"), Outcome.ALLOWED),
    ("everything", allow("*", "*"), Outcome.ALLOWED),
    ("every action but another", {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, Outcome.ALLOWED),
    ("without the suffix", allow(resource=SECRET), Outcome.MISSING),
    ("one suffix of many", allow(resource=f"{SECRET}-AbCdEf"), Outcome.UNKNOWN),
    ("with a JSON key behind it", allow(resource=f"{SECRET}-??????:password::"), Outcome.MISSING),
    ("another action", allow("secretsmanager:DescribeSecret"), Outcome.MISSING),
    ("from one endpoint only", allow(Condition=SOURCE_VPCE), Outcome.UNKNOWN),
    ("in another Region", allow(Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}}), Outcome.MISSING),
    ("in this Region", allow(Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}), Outcome.ALLOWED),
    ("by ECS itself", allow(Condition={"Bool": {"aws:ViaAWSService": "false"}}), Outcome.ALLOWED),
    ("with encryption in transit", allow(Condition={"Bool": {"aws:SecureTransport": "true"}}), Outcome.ALLOWED),
]


@pytest.mark.parametrize(
    ("statement", "outcome"), [case[1:] for case in RESOURCES], ids=[case[0] for case in RESOURCES]
)
def test_a_secret_by_its_name(statement: dict[str, Any], outcome: Outcome) -> None:
    assert verdict(role(statement)).outcome is outcome


KEYS = [
    ("as it is needed", allow("kms:Decrypt", KEY, Condition=THROUGH), Outcome.ALLOWED),
    ("without conditions", allow("kms:Decrypt", KEY), Outcome.ALLOWED),
    ("on the secret", allow("kms:Decrypt", f"{SECRET}-??????"), Outcome.MISSING),
    ("for another secret", allow("kms:Decrypt", KEY, Condition={
        "StringLike": {"kms:EncryptionContext:SecretARN": f"{SECRET}2-??????"}}), Outcome.MISSING),
    ("through another service", allow("kms:Decrypt", KEY, Condition={
        "StringEquals": {"kms:ViaService": "ssm.eu-west-1.amazonaws.com"}}), Outcome.MISSING),
    ("for one suffix of many", allow("kms:Decrypt", KEY, Condition={
        "StringLike": {"kms:EncryptionContext:SecretARN": f"{SECRET}-AbCdEf"}}), Outcome.UNKNOWN),
    ("by Secrets Manager itself", allow("kms:Decrypt", KEY, Condition={
        "Bool": {"aws:ViaAWSService": "true"},
        "ForAnyValue:StringEquals": {"aws:CalledVia": "secretsmanager.amazonaws.com"}}), Outcome.ALLOWED),
    ("by tags of the key", allow("kms:Decrypt", "*", Condition={
        "StringEquals": {"aws:ResourceTag/team": "shop"}}), Outcome.UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "outcome"), [case[1:] for case in KEYS], ids=[case[0] for case in KEYS])
def test_a_key_is_used_through_its_service_for_one_secret(statement: dict[str, Any], outcome: Outcome) -> None:
    assert verdict(role(statement), DECRYPT).outcome is outcome


MOUNT = "elasticfilesystem:ClientMount"
FILE_SYSTEM = "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-1"


@pytest.mark.parametrize(("through", "outcome"), [("true", Outcome.ALLOWED), ("false", Outcome.MISSING)])
def test_a_task_mounts_a_file_system_through_a_mount_target(through: str, outcome: Outcome) -> None:
    condition = {"Bool": {"elasticfilesystem:AccessedViaMountTarget": through}}
    judged = verified(role(allow(MOUNT, FILE_SYSTEM, Condition=condition)), need(MOUNT, FILE_SYSTEM)).judged
    assert [each.outcome for each in judged] == [outcome]


def test_a_verdict_names_the_statements_behind_it() -> None:
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Sid": "Never"}
    found = verdict(role(allow(), allow("*", "*", Sid="All"), allow("s3:*")))

    assert [str(statement) for statement in found.by] == ["policy.json.Statement[0]", "policy.json.Statement[1] (All)"]
    denied = verdict(role(allow(), deny))
    assert (denied.outcome, [each.sid for each in denied.by]) == (Outcome.DENIED, ["Never"])
    unknown = verdict(role(allow(Condition=SOURCE_VPCE, Sid="Here")))
    assert (unknown.keys, [each.sid for each in unknown.by]) == (("aws:SourceVpce",), ["Here"])


def test_the_caller_may_know_condition_keys() -> None:
    only_here = role(allow(Condition=SOURCE_VPCE))

    assert verdict(only_here, context={"aws:SourceVpce": "vpce-1"}).outcome is Outcome.ALLOWED
    assert verdict(only_here, context={"aws:sourcevpce": "vpce-2"}).outcome is Outcome.MISSING


def test_what_is_missing_is_told_as_the_statements_that_build_writes() -> None:
    other = need(resource=f"{SECRET}2-??????")
    (statement,) = verified(role(allow("s3:GetObject", "*")), need(), other).missing

    assert statement.actions == (READ,)
    assert statement.resources == (f"{SECRET}-??????", f"{SECRET}2-??????")


def test_all_verdicts_are_told_and_not_the_first_bad_one_only() -> None:
    needs = [
        need(),
        need("ssm:GetParameters", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/x"),
        need("s3:GetObject", "*"),
    ]
    found = verified(role({"Effect": "Deny", "Action": READ, "Resource": "*"}, allow("s3:*", "*")), *needs)

    assert sorted(each.outcome for each in found.judged) == [Outcome.ALLOWED, Outcome.DENIED, Outcome.MISSING]
    assert found.outcome is Outcome.DENIED


def test_a_need_of_another_holder_is_not_asked_of_the_role() -> None:
    assert verified(role(allow()), need(holder=Holder.TASK)).judged == ()


# -- what depends on a parameter


def test_a_key_is_needed_only_where_one_is_given() -> None:
    hanging = need("kms:Decrypt", "${KmsKeyArns}", VIA, FOR, when=("KmsKeyArns",))

    without = verified(role(allow()), need(), hanging)
    assert ([each.need.permission.action for each in without.judged], without.hanging) == ([READ], (hanging,))
    facts = Facts(ACCOUNT, "eu-west-1", kms_key_arns=(KEY, f"{KEY}2"))
    given = verified(role(allow(), allow("kms:Decrypt", KEY, Condition=THROUGH)), need(), hanging, facts=facts)
    assert [(each.need.permission.resource, each.outcome) for each in given.judged] == [
        (KEY, Outcome.ALLOWED),
        (f"{KEY}2", Outcome.MISSING),
        (f"{SECRET}-??????", Outcome.ALLOWED),
    ]


# -- what is unknown

OURS = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/x"
UNTOLD = need("ssm:GetParameters", OURS)
HOMES = [
    ("the same symbols", {"Fn::Sub": OURS}, Outcome.ALLOWED, ()),
    ("everywhere", "arn:aws:ssm:*:*:parameter/x", Outcome.ALLOWED, ()),
    ("one account", f"arn:aws:ssm:*:{ACCOUNT}:parameter/x", Outcome.UNKNOWN, ("the account",)),
    (
        "one Region",
        {"Fn::Sub": "arn:aws:ssm:eu-west-1:${AWS::AccountId}:parameter/x"},
        Outcome.UNKNOWN,
        ("the Region",),
    ),
    ("one of both", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/x", Outcome.UNKNOWN, ("the account", "the Region")),
    ("another parameter", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/y", Outcome.MISSING, ()),
    ("in China", "arn:aws-cn:ssm:*:*:parameter/x", Outcome.ALLOWED, ()),
]


@pytest.mark.parametrize(("resource", "outcome", "keys"), [case[1:] for case in HOMES], ids=[case[0] for case in HOMES])
def test_the_account_and_the_region_need_not_be_told(resource: Any, outcome: Outcome, keys: tuple[str, ...]) -> None:
    found = verdict(in_template(allow("ssm:GetParameters", resource)), UNTOLD, facts=NOWHERE)

    assert (found.outcome, found.keys) == (outcome, keys)


def test_a_told_account_decides() -> None:
    only_ours = in_template(allow("ssm:GetParameters", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/x"))
    told = need("ssm:GetParameters", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/x")

    assert verdict(only_ours, told).outcome is Outcome.ALLOWED
    assert verdict(only_ours, told, facts=NOWHERE).outcome is Outcome.ALLOWED
    elsewhere = need("ssm:GetParameters", "arn:aws:ssm:eu-west-1:999988887777:parameter/x")
    assert verdict(only_ours, elsewhere).outcome is Outcome.MISSING


def test_many_accounts_and_regions_in_a_role_are_no_burden() -> None:
    many = [f"arn:aws:ssm:eu-west-{r}:{a:012}:parameter/x" for r in range(1, 9) for a in range(1, 30)]

    found = verdict(role(allow("ssm:GetParameters", many)), UNTOLD, facts=NOWHERE)
    assert (found.outcome, found.keys) == (Outcome.UNKNOWN, ("the account", "the Region"))
    together = in_template(allow("ssm:GetParameters", [*many, {"Fn::Sub": OURS}]))
    assert verdict(together, UNTOLD, facts=NOWHERE).outcome is Outcome.ALLOWED


def test_a_parameter_without_a_value_leaves_the_answer_open() -> None:
    found = verdict(in_template(allow(resource={"Ref": "Secret"})))

    assert (found.outcome, found.keys) == (Outcome.UNKNOWN, ("Secret",))


def test_a_policy_without_a_version_leaves_it_open_too() -> None:
    document = {"Statement": [allow(resource={"Fn::Sub": "arn:aws:secretsmanager:*:*:secret:${Secret}"})]}
    whole = in_template(allow("s3:*", "*"), Policies=[{"PolicyName": "P", "PolicyDocument": document}])

    assert verdict(whole).keys == ("Secret",)


def test_a_symbol_of_the_need_is_the_same_symbol_of_the_role() -> None:
    symbolic = need(resource="${Secret}")

    assert verdict(in_template(allow(resource={"Ref": "Secret"})), symbolic).outcome is Outcome.ALLOWED
    assert verdict(in_template(allow("s3:*", "*")), symbolic).outcome is Outcome.MISSING
    literal = verdict(in_template(allow(resource=f"{SECRET}-AbCdEf")), symbolic)
    assert (literal.outcome, literal.keys) == (Outcome.UNKNOWN, ("Secret",))


def test_an_unread_policy_may_hold_what_is_missing() -> None:
    ours = "arn:aws:iam::111122223333:policy/Ours"
    attached = in_template(allow("s3:*", "*"), ManagedPolicyArns=[ours])

    found = verdict(attached)
    assert (found.outcome, found.keys) == (Outcome.UNKNOWN, ("the policy Ours",))


def test_an_unread_policy_may_deny_what_others_allow() -> None:
    found = verdict(in_template(allow(), ManagedPolicyArns=["arn:aws:iam::111122223333:policy/Ours"]))

    assert (found.outcome, found.keys) == (Outcome.UNKNOWN, ("the policy Ours",))
    assert [str(each) for each in found.unless_denied] == ["P.Statement[0]"]


UNREAD = [
    ("of another action", allow("s3:GetObject", ""), Outcome.ALLOWED, Outcome.MISSING),
    ("of this action", allow(resource=""), Outcome.ALLOWED, Outcome.UNKNOWN),
    (
        "of all but this action",
        {"Effect": "Allow", "NotAction": READ, "Resource": ""},
        Outcome.ALLOWED,
        Outcome.MISSING,
    ),
    ("that denies another action", {**allow("s3:*", ""), "Effect": "Deny"}, Outcome.ALLOWED, Outcome.MISSING),
    ("that denies", {**allow("*", ""), "Effect": "Deny"}, Outcome.UNKNOWN, Outcome.MISSING),
    ("of an unread effect", {**allow("*", "*"), "Effect": ""}, Outcome.UNKNOWN, Outcome.UNKNOWN),
    (
        "that may be there",
        {"Fn::If": ["C", allow("s3:*", "*"), {"Ref": "AWS::NoValue"}]},
        Outcome.ALLOWED,
        Outcome.MISSING,
    ),
    (
        "that may be either",
        {"Fn::If": ["C", allow("s3:*", "*"), {**allow("*", "*"), "Effect": "Deny"}]},
        Outcome.UNKNOWN,
        Outcome.MISSING,
    ),
    (
        "that may be anything",
        {"Fn::If": ["C", allow("s3:*", "*"), {"Fn::Transform": {"Name": "x"}}]},
        Outcome.UNKNOWN,
        Outcome.UNKNOWN,
    ),
    ("of an unread action", allow(["", READ], "*"), Outcome.ALLOWED, Outcome.UNKNOWN),
]


@pytest.mark.parametrize(
    ("statement", "beside", "alone"), [case[1:] for case in UNREAD], ids=[case[0] for case in UNREAD]
)
def test_an_unread_statement_leaves_open_what_it_may_be_about(
    statement: dict[str, Any], beside: Outcome, alone: Outcome
) -> None:
    assert verdict(in_template(allow(), statement)).outcome is beside
    assert verdict(in_template(statement)).outcome is alone


def test_an_unread_statement_of_a_boundary_leaves_open_what_it_may_allow() -> None:
    boundary = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"PolicyDocument": {"Statement": [allow(resource="")]}},
    }
    policies = [{"PolicyName": "P", "PolicyDocument": {"Statement": [allow(), allow("s3:GetObject", "*")]}}]
    properties = {"Policies": policies, "PermissionsBoundary": {"Ref": "B"}}
    template = {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": properties}, "B": boundary}}
    found = verified(read_role(json.dumps(template), "t.json", "R"), need(), need("s3:GetObject", "*"))

    assert [each.outcome for each in found.judged] == [Outcome.DENIED, Outcome.UNKNOWN]
    assert found.unread == ("B.Statement[0]",)


def test_a_permissions_boundary_limits() -> None:
    def bounded(arn: str) -> Judged:
        return verdict(in_template(allow(), PermissionsBoundary=arn))

    assert bounded("arn:aws:iam::aws:policy/AdministratorAccess").outcome is Outcome.ALLOWED
    outside = bounded("arn:aws:iam::aws:policy/AmazonS3FullAccess")
    assert (outside.outcome, outside.boundary) == (Outcome.DENIED, "AmazonS3FullAccess")
    assert bounded("arn:aws:iam::111122223333:policy/Ours").keys == ("the permissions boundary Ours",)


# -- the trust policy

ECS = {"Service": "ecs-tasks.amazonaws.com"}
OURS_ONLY = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
FROM_ECS = {"ArnLike": {"aws:SourceArn": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:*"}}
TRUSTS = [
    ("plain", {"Principal": ECS}, Holder.EXECUTION, Outcome.ALLOWED),
    ("several", {"Principal": {"Service": ["ec2.amazonaws.com", *ECS.values()]}}, Holder.TASK, Outcome.ALLOWED),
    ("a list", {"Principal": ECS, "Action": ["sts:TagSession", "sts:AssumeRole"]}, Holder.TASK, Outcome.ALLOWED),
    ("another service", {"Principal": {"Service": "ecs.amazonaws.com"}}, Holder.TASK, Outcome.MISSING),
    ("the infrastructure's", {"Principal": {"Service": "ecs.amazonaws.com"}}, Holder.INFRASTRUCTURE, Outcome.ALLOWED),
    ("this account", {"Principal": ECS, "Condition": OURS_ONLY}, Holder.EXECUTION, Outcome.ALLOWED),
    ("another account", {"Principal": ECS, "Condition": {
        "StringEquals": {"aws:SourceAccount": "999988887777"}}}, Holder.EXECUTION, Outcome.MISSING),
    ("ECS here, task role", {"Principal": ECS, "Condition": FROM_ECS}, Holder.TASK, Outcome.ALLOWED),
    ("ECS here, execution role", {"Principal": ECS, "Condition": FROM_ECS}, Holder.EXECUTION, Outcome.UNKNOWN),
    ("another action", {"Principal": ECS, "Action": "sts:TagSession"}, Holder.TASK, Outcome.MISSING),
    ("denied", {"Principal": "*", "Effect": "Deny"}, Holder.TASK, Outcome.DENIED),
    ("no principal", {}, Holder.TASK, Outcome.MISSING),
    ("broken", {"Principal": ECS, "Effect": "Yes"}, Holder.TASK, Outcome.UNKNOWN),
    ("not a principal", {"Principal": 5}, Holder.TASK, Outcome.UNKNOWN),
    ("all but one", {"NotPrincipal": {"AWS": "arn:aws:iam::1:root"}}, Holder.TASK, Outcome.UNKNOWN),
    ("a service that is unknown", {"Principal": {"Service": {"Ref": "Secret"}}}, Holder.TASK, Outcome.UNKNOWN),
    ("by a suffix", {"Principal": {"Service": {"Fn::Sub": "ecs-tasks.${AWS::URLSuffix}"}}}, Holder.TASK,
     Outcome.ALLOWED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "holder", "outcome"), [case[1:] for case in TRUSTS], ids=[case[0] for case in TRUSTS]
)
def test_ecs_must_be_admitted(statement: dict[str, Any], holder: Holder, outcome: Outcome) -> None:
    trusting = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", **statement}]}
    found = judge((), in_template(allow(), AssumeRolePolicyDocument=trusting), HOME, holder)

    assert found.trust is not None
    assert trust_outcome(found.trust) is outcome
    assert found.outcome is outcome


def test_who_else_is_admitted_is_told() -> None:
    others = {"Service": ["ecs-tasks.amazonaws.com", "ec2.amazonaws.com"], "AWS": "arn:aws:iam::1:root"}
    trusting = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": others}}
    found = judge((), in_template(allow(), AssumeRolePolicyDocument=trusting), HOME, Holder.TASK).trust

    assert found is not None
    assert found.others == ("arn:aws:iam::1:root", "ec2.amazonaws.com")
    assert found.open


def test_a_condition_on_the_account_closes_the_trust() -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": ECS, "Condition": OURS_ONLY}
    found = judge((), in_template(allow(), AssumeRolePolicyDocument={"Statement": statement}), HOME, Holder.TASK)

    assert found.trust is not None
    assert not found.trust.open


def test_a_trust_policy_that_hangs_on_a_condition_is_unknown_with_its_cure() -> None:
    text = (
        "Parameters: {Stage: {Type: String}}\nConditions: {Prod: !Equals [!Ref Stage, prod]}\nResources:\n"
        "  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: !If [Prod, "
        "[{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: ecs-tasks.amazonaws.com}}], []]}}}\n"
    )
    found = judge((), read_role(text, "t.yaml", "Role"), HOME, Holder.TASK)
    assert found.trust is not None
    assert trust_outcome(found.trust) is Outcome.UNKNOWN
    assert remedies(found) == (
        "trust policy.Statement[0] (t.yaml:4) is not read: it depends on the template's condition Prod, which is"
        " unknown. Pass --parameter Stage=VALUE.",
    )


def test_a_policy_document_has_no_trust_policy_to_judge() -> None:
    assert verified(role(allow())).trust is None
