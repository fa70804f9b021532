"""A role passes, fails or is not judged, and says on what grounds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cfnroles.answers.verification import Ground, Verdict, Verification
from cfnroles.facts import Facts
from cfnroles.formats.verification import human
from cfnroles.formats.verification_markdown import markdown
from cfnroles.formats.verification_words import ground_words, remedies, summary
from cfnroles.iam.roles import Role, read_role
from cfnroles.layout import laid_out
from cfnroles.need import Gap, Holder, Need, Origin, Permission, Reason
from cfnroles.template.given import Given
from cfnroles.text import from_spelling
from tests.judged import judge

HOME = Facts("111122223333", "eu-west-1")
FLAG = "arn:aws:ssm:eu-west-1:111122223333:parameter/flag"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/k"
ECS = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
OURS = "arn:aws:iam::111122223333:policy/Ours"


def need(holder: Holder, action: str = "ssm:GetParameters", resource: str = FLAG, when: tuple[str, ...] = ()) -> Need:
    permission = Permission(action, from_spelling(resource), (), when)
    return Need(holder, permission, Reason("f", "w", "s"), Origin("t.json", ("family",)), "Sid")


def allow(action: Any = "ssm:GetParameters", resource: Any = FLAG, **others: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **others}


def role(*statements: dict[str, Any] | None, trust: Any = None, given: Given | None = None, **properties: Any) -> Role:
    policies = [{"PolicyName": "P", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}]
    trusting = {"AssumeRolePolicyDocument": {"Statement": [ECS] if trust is None else trust}}
    resource = {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies, **trusting, **properties}}
    parameters = {"Untold": {"Type": "String"}, "KmsKeyArns": {"Type": "CommaDelimitedList", "Default": ""}}
    conditions = {"C": {"Fn::Equals": [{"Ref": "Untold"}, ""]}}
    template = {"Parameters": parameters, "Conditions": conditions, "Resources": {"R": resource}}
    return read_role(json.dumps(template), "t.json", "R", given or Given())


def execution(*statements: dict[str, Any] | None, needs: tuple[Need, ...] = (), **others: Any) -> Verification:
    return judge(needs or (need(Holder.EXECUTION),), role(*statements, **others), HOME)


def task(*statements: dict[str, Any], **others: Any) -> Verification:
    return judge((), role(*statements, **others), HOME, Holder.TASK)


def statement(principal: Any, action: str = "sts:AssumeRole", **others: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Principal": principal, **others}


EXECUTION: list[tuple[str, Callable[[], Verification], tuple[Ground, ...]]] = [
    ("exact", lambda: execution(allow()), ()),
    ("lacking", lambda: execution(allow(resource=f"{FLAG}2")), (Ground.NEEDS, Ground.EXCESS)),
    ("denied", lambda: execution(allow(), {**allow(), "Effect": "Deny"}), (Ground.NEEDS,)),
    ("too much", lambda: execution(allow(["ssm:GetParameters", "ssm:PutParameter"])), (Ground.EXCESS,)),
    ("everything", lambda: execution(allow("*", "*")), (Ground.DANGERS, Ground.EXCESS)),
    ("unread beside", lambda: execution(allow(), allow("s3:GetObject", "")), (Ground.UNREAD,)),
    ("unread beside too much", lambda: execution(allow(resource="*"), allow("s3:GetObject", "")),
     (Ground.EXCESS, Ground.UNREAD)),
    ("a policy elsewhere", lambda: execution(allow(), ManagedPolicyArns=[OURS]), (Ground.UNREAD, Ground.UNKNOWN)),
    ("a boundary elsewhere", lambda: execution(allow(), PermissionsBoundary=OURS), (Ground.UNREAD, Ground.UNKNOWN)),
    ("from one endpoint", lambda: execution(allow(Condition={"StringEquals": {"aws:SourceVpce": "v"}})),
     (Ground.UNKNOWN,)),
    ("a grant that may serve nothing", lambda: execution(allow(), allow(resource={"Ref": "Untold"})),
     (Ground.UNSURE,)),
    ("a grant that serves less", lambda: execution(allow(), allow(Condition={"StringEquals": {"aws:SourceVpce": "v"}})),
     ()),
    ("no statement", lambda: execution(allow(), None), (Ground.UNREAD,)),
    ("what has no effect", lambda: execution(allow(), allow([], "*"), allow("s3:GetObject", [])), ()),
    ("a key that no need has", lambda: execution(allow(), allow("kms:Decrypt", KEY)), (Ground.EXCESS,)),
    ("a macro", lambda: execution(allow(), **{"Fn::Transform": {"Name": "x"}}), (Ground.UNREAD, Ground.UNKNOWN)),
    ("a gap", lambda: _with_gap(execution(allow())), (Ground.GAPS,)),
]  # fmt: skip
TRUST: list[tuple[str, Callable[[], Verification], tuple[Ground, ...]]] = [
    ("no trust", lambda: task(trust=[]), (Ground.NOT_TRUSTING,)),
    ("anybody", lambda: task(trust=[statement("*")]), (Ground.OTHERS,)),
    ("anybody, spelled otherwise", lambda: task(trust=[ECS, statement({"AWS": "*"})]), (Ground.OTHERS,)),
    ("anybody, if", lambda: task(trust=[ECS, statement("*", Condition={"StringEquals": {"a:b": "c"}})]),
     (Ground.OTHERS,)),
    ("an account", lambda: task(trust=[ECS, statement({"AWS": "arn:aws:iam::1:root"})]), (Ground.OTHERS,)),
    ("an account by its number", lambda: task(trust=[ECS, statement({"AWS": 999988887777})]), (Ground.OTHERS,)),
    ("this account", lambda: task(trust=[ECS, statement({"AWS": {"Ref": "AWS::AccountId"}})]), (Ground.OTHERS,)),
    ("somebody whom nobody told", lambda: task(trust=[ECS, statement({"AWS": {"Ref": "Untold"}})]), (Ground.OTHERS,)),
    ("another service", lambda: task(trust=[ECS, statement({"Service": "ec2.amazonaws.com"})]), (Ground.OTHERS,)),
    ("a provider", lambda: task(trust=[ECS, statement({"Federated": "x"}, "sts:AssumeRoleWithWebIdentity")]),
     (Ground.OTHERS,)),
    ("any action", lambda: task(trust=[ECS, statement({"AWS": "arn:aws:iam::1:root"}, "*")]), (Ground.OTHERS,)),
    ("all but one action", lambda: task(trust=[ECS, {"Effect": "Allow", "NotAction": "sts:TagSession",
     "Principal": "*"}]), (Ground.OTHERS,)),
    ("tags alone", lambda: task(trust=[ECS, statement({"AWS": "arn:aws:iam::1:root"}, "sts:TagSession")]), ()),
    ("denied to others", lambda: task(trust=[ECS, {**statement({"AWS": "1"}), "Effect": "Deny"}]), ()),
    ("a service that is unknown", lambda: task(trust=[ECS, statement({"Service": {"Ref": "Untold"}})]),
     (Ground.UNREAD,)),
    ("others, if", lambda: task(trust=[ECS, {"Fn::If": ["C", statement("*"), {"Ref": "AWS::NoValue"}]}]),
     (Ground.UNREAD,)),
    ("a key that is unknown", lambda: task(trust=[{**ECS, "Condition": {"StringEquals": {"aws:SourceVpce": "v"}}}]),
     (Ground.UNKNOWN_TRUST,)),
    ("a transform", lambda: task(AssumeRolePolicyDocument={"Fn::Transform": {"Name": "x"}}),
     (Ground.UNREAD, Ground.UNKNOWN_TRUST)),
]  # fmt: skip
TASK: list[tuple[str, Callable[[], Verification], tuple[Ground, ...]]] = [
    ("nothing", task, ()),
    ("of the application", lambda: task(allow("s3:GetObject", "arn:aws:s3:::b/*")), (Ground.APPLICATION,)),
    ("everything", lambda: task(allow("*", "*")), (Ground.DANGERS, Ground.APPLICATION)),
    ("a service", lambda: task(allow("s3:*", "*")), (Ground.DANGERS, Ground.APPLICATION)),
    ("all of IAM", lambda: task(allow("iam:*", "*")), (Ground.DANGERS, Ground.APPLICATION)),
    ("any role", lambda: task(allow("sts:AssumeRole", "*")), (Ground.DANGERS, Ground.APPLICATION)),
    ("one role", lambda: task(allow("sts:AssumeRole", "arn:aws:iam::111122223333:role/x")), (Ground.APPLICATION,)),
    ("a service, if", lambda: task(allow("s3:*", "*", Condition={"StringEquals": {"a:b": "c"}})),
     (Ground.APPLICATION,)),
    ("an action that nobody knows", lambda: task(allow("s3:GetObjekt", "*")), (Ground.APPLICATION,)),
    ("a service, within a boundary", lambda: task(allow("iam:*", "*"),
     PermissionsBoundary="arn:aws:iam::aws:policy/AmazonS3FullAccess"), (Ground.APPLICATION,)),
]  # fmt: skip
CASES = [*EXECUTION, *TRUST, *TASK]


def _with_gap(found: Verification) -> Verification:
    from msgspec.structs import replace

    return replace(found, gaps=(Gap(Holder.EXECUTION, Origin("t.json", ()), "image", "what", "remedy"),))


@pytest.mark.parametrize(("verified", "grounds"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_verdict_and_its_grounds(verified: Callable[[], Verification], grounds: tuple[Ground, ...]) -> None:
    found = verified()

    assert found.grounds == grounds
    worst = [Verdict.FAIL] * any(each.fails for each in grounds) or [Verdict.NOT_JUDGED] * bool(grounds)
    assert found.verdict is (worst or [Verdict.PASS])[0]
    assert {ground for ground, words in ground_words(found) if words} == set(grounds)
    assert f": {found.verdict}: " in summary(found)
    beyond = {Ground.OTHERS, Ground.DANGERS, Ground.EXCESS, Ground.UNREAD, Ground.UNSURE, Ground.APPLICATION}
    assert summary(found).endswith("no excess") is beyond.isdisjoint(grounds)
    assert ("unknown whether the application needs 1 action" in summary(found)) is (Ground.APPLICATION in grounds)


# -- needs that depend on a key


def hanging(given: Given | None = None, *statements: dict[str, Any]) -> Verification:
    decrypt = need(Holder.EXECUTION, "kms:Decrypt", "${KmsKeyArns}", ("KmsKeyArns",))
    return execution(allow(), *statements, needs=(need(Holder.EXECUTION), decrypt), given=given)


def test_a_need_that_hangs_on_an_untold_key_is_not_judged() -> None:
    policy = read_role(json.dumps({"Version": "2012-10-17", "Statement": [allow()]}), "p.json")
    decrypt = need(Holder.EXECUTION, "kms:Decrypt", "${KmsKeyArns}", ("KmsKeyArns",))
    found = judge((need(Holder.EXECUTION), decrypt), policy, HOME)

    assert (found.verdict, found.grounds) == (Verdict.NOT_JUDGED, (Ground.HANGING,))
    assert remedies(found) == (
        "Pass --kms-key-arn ARN, or --aws-managed-keys if no customer managed key encrypts a secret or parameter.",
    )


def test_the_roles_own_template_tells_whether_there_is_a_key() -> None:
    assert hanging().verdict is Verdict.PASS
    assert hanging(None, allow("kms:Decrypt", KEY)).grounds == (Ground.EXCESS,)
    with_key = hanging(Given({"KmsKeyArns": KEY}))
    assert [str(each.resources[0]) for each in with_key.missing] == [KEY]


@pytest.mark.parametrize(
    ("transform", "grounds"),
    [("Ours", (Ground.UNREAD, Ground.UNKNOWN)), (["AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"], ()),
     (["AWS::LanguageExtensions", "Ours"], (Ground.UNREAD, Ground.UNKNOWN)),
     ({"Name": "AWS::Include"}, (Ground.UNREAD, Ground.UNKNOWN))],
    ids=["a macro", "of AWS", "both", "an include"],
)  # fmt: skip
def test_a_macro_of_the_template_may_change_any_role(transform: Any, grounds: tuple[Ground, ...]) -> None:
    policies = [{"PolicyName": "P", "PolicyDocument": {"Statement": [allow()]}}]
    properties = {"Policies": policies, "AssumeRolePolicyDocument": {"Statement": [ECS]}}
    template = {"Transform": transform, "Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": properties}}}
    found = judge((need(Holder.EXECUTION),), read_role(json.dumps(template), "t.json", "R"), HOME)

    assert found.grounds == grounds


POLICY = {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "R"}]}}
TOPIC = {"Type": "AWS::SNS::Topic"}
NESTED = "AWS::CloudFormation::Stack"


@pytest.mark.parametrize(
    ("name", "resource", "judged"),
    [
        pytest.param("Fn::ForEach::P", ["I", ["a"], {"P${I}": POLICY}], False, id="a loop that makes policies"),
        pytest.param("Fn::ForEach::P", ["I", ["a"], {"P${I}": {"Type": "${I}"}}], False, id="a loop of an untold type"),
        pytest.param("Fn::ForEach::P", ["I", ["a"], {"T${I}": TOPIC}], True, id="a loop of topics"),
        pytest.param(
            "Fn::ForEach::O",
            ["I", ["a"], {"Fn::ForEach::P": ["J", ["b"], {"P${I}${J}": POLICY}]}],
            False,
            id="a loop within a loop",
        ),
        pytest.param("Fn::ForEach::P", "x", False, id="no loop at all"),
        pytest.param("Fn::Transform", {"Name": "AWS::Include"}, False, id="an include among the resources"),
        pytest.param(
            "N", {"Type": NESTED, "Properties": {"Parameters": {"A": {"Ref": "R"}}}}, False, id="a stack told the name"
        ),
        pytest.param(
            "N", {"Type": "A::B::C::MODULE", "Properties": {"A": [{"Fn::Sub": "x${R}"}]}}, False, id="a module told it"
        ),
        pytest.param(
            "N",
            {"Type": NESTED, "Properties": {"Parameters": {"A": {"Fn::GetAtt": ["R", "Arn"]}}}},
            True,
            id="a stack told the ARN, to use it",
        ),
        pytest.param("N", {"Type": "A::B::C", "Properties": {"A": {"Ref": "R"}}}, True, id="a resource told the name"),
    ],
)
def test_what_is_made_out_of_sight_may_change_the_role(name: str, resource: Any, judged: bool) -> None:
    policies = [{"PolicyName": "P", "PolicyDocument": {"Statement": [allow()]}}]
    properties = {"Policies": policies, "AssumeRolePolicyDocument": {"Statement": [ECS]}}
    resources = {"R": {"Type": "AWS::IAM::Role", "Properties": properties}, name: resource}
    read = read_role(json.dumps({"Resources": resources}), "t.json", "R")
    found = judge((need(Holder.EXECUTION),), read, HOME)

    assert found.verdict is (Verdict.PASS if judged else Verdict.NOT_JUDGED)
    assert [each.name for each in read.unread] == ([] if judged else [f"that {name} may create"])


def test_an_include_of_the_whole_template_may_change_any_role() -> None:
    resources = {"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": [ECS]}}}}
    template = {"Fn::Transform": {"Name": "AWS::Include"}, "Resources": resources}

    assert read_role(json.dumps(template), "t.json", "R").unread


def test_others_whom_the_trust_policy_admits_are_no_part_of_what_is_good() -> None:
    found = task(trust=[ECS, statement({"AWS": ["*", "111122223333"]})])
    lines = laid_out(human([found], {}), width=100, colour=False).split("\n")
    row = next(line for line in markdown([found], {}).split("\n") if "can also" in line)

    at = next(number for number, line in enumerate(lines) if "[OTHERS]" in line)
    assert [line.strip() for line in lines[at - 2 : at + 1]] == [
        "[ok]      ecs-tasks.amazonaws.com can assume the role",
        "(on behalf of any account, because no condition requires aws:SourceAccount)",
        "[OTHERS]  * (anyone whom no condition excludes), 111122223333 can also assume the role",
    ]
    assert "others" in row.split("|")[3]
    assert "OTHERS" not in human([task()], {})
