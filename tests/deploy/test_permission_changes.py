"""The permission changes of a plan: the result of ``diff``, under the values of the deployment, nothing left out."""

from __future__ import annotations

import json

import pytest
import yaml

GET = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/*"}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ECS = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
NO_VALUE = {"Ref": "AWS::NoValue"}

STAGE = {"Stage": {"Type": "String", "Default": "open"}}
IS_OPEN = {"IsOpen": {"Fn::Equals": [{"Ref": "Stage"}, "open"]}}
#: The value of a parameter of this type is known to CloudFormation alone.
STORED = {"Stage": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/shop/stage"}}
IN_US_EAST_1 = {"InUsEast1": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def template(*statements, parameters=None, conditions=None, metadata=None, resources=None, mappings=None, **properties):
    role = {
        "Type": "AWS::IAM::Role",
        "Metadata": metadata or {},
        "Properties": {
            "AssumeRolePolicyDocument": document(ECS),
            "Policies": [{"PolicyName": "needs", "PolicyDocument": document(*statements)}],
            **properties,
        },
    }
    return {
        "Parameters": parameters or {},
        "Mappings": mappings or {},
        "Conditions": conditions or {},
        "Resources": {"Role": role, **(resources or {})},
    }


def policy(kind, action, **properties):
    statement = {**GET, "Action": action}
    return {"Type": kind, "Properties": {"PolicyDocument": document(statement), **properties}}


def managed(action, reference):
    return template(GET, resources={"More": policy("AWS::IAM::ManagedPolicy", action)}, ManagedPolicyArns=[reference])


def attached(*actions):
    return template(
        GET,
        resources={
            f"More{index}": policy("AWS::IAM::Policy", action, PolicyName="more", Roles=[{"Ref": "Role"}])
            for index, action in enumerate(actions)
        },
    )


def choosing(chosen, parameters=STAGE):
    return template(GET, {"Fn::If": ["IsOpen", chosen, NO_VALUE]}, parameters=parameters, conditions=IS_OPEN)


def bucket(default):
    resource = {"Fn::Sub": "arn:aws:s3:::${Bucket}/x"}
    return template({**GET, "Resource": resource}, parameters={"Bucket": {"Type": "String", "Default": default}})


def with_list(chosen):
    statements = {"Fn::If": ["IsOpen", chosen, [GET]]}
    policies = [{"PolicyName": "needs", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}]
    return template(parameters=STORED, conditions=IS_OPEN, Policies=policies)


def with_policy(condition_parameters, *more):
    return template(parameters=condition_parameters, conditions=IS_OPEN, Policies=[{"PolicyName": "needs"}, *more])


OF_OPEN = {
    "Fn::If": ["IsOpen", {"PolicyName": "open", "PolicyDocument": document(EVERYTHING)}, NO_VALUE],
}
HIDDEN = template({"Fn::If": ["InUsEast1", EVERYTHING, GET]}, conditions=IN_US_EAST_1)
DENY = {**GET, "Effect": "Deny"}
FROM_HERE = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
FROM_MORE = {"StringEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}}

#: id, the deployed template, the new one, whether a role may do more than before.
PAIRS = [
    ("a wildcard in one Region", template(GET), HIDDEN, True),
    ("a wildcard behind an undecided condition", template(GET), choosing(EVERYTHING, STORED), True),
    ("a wildcard behind a condition that a parameter decides", template(GET), choosing(EVERYTHING), True),
    ("a default that names more", bucket("shop"), bucket("*"), True),
    ("a default that names less", bucket("*"), bucket("shop"), False),
    ("a Deny comes", template(GET), template(GET, DENY), False),
    ("a Deny goes", template(GET, DENY), template(GET), True),
    (
        "one exception less in NotAction",
        template({"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"}),
        template({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}),
        True,
    ),
    (
        "one exception more in NotResource",
        template({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": ["arn:aws:s3:::a/*"]}),
        template(
            {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]}
        ),
        False,
    ),
    ("a managed policy by Ref", managed("s3:GetObject", {"Ref": "More"}), managed("s3:*", {"Ref": "More"}), True),
    (
        "a managed policy by its PolicyArn",
        managed("s3:GetObject", {"Fn::GetAtt": ["More", "PolicyArn"]}),
        managed("s3:*", {"Fn::GetAtt": ["More", "PolicyArn"]}),
        True,
    ),
    (
        "a managed policy by its PolicyArn, referred to in another way",
        managed("s3:PutObject", {"Ref": "More"}),
        managed("s3:PutObject", {"Fn::GetAtt": ["More", "PolicyArn"]}),
        False,
    ),
    ("a policy that attaches itself", attached("s3:PutObject"), attached("s3:PutObject", "s3:DeleteObject"), True),
    (
        "a policy that attaches itself goes",
        attached("s3:PutObject", "s3:DeleteObject"),
        attached("s3:PutObject"),
        False,
    ),
    (
        "the boundary goes",
        template(GET, PermissionsBoundary="arn:aws:iam::111122223333:policy/limit"),
        template(GET),
        True,
    ),
    (
        "the boundary comes",
        template(GET),
        template(GET, PermissionsBoundary="arn:aws:iam::111122223333:policy/limit"),
        False,
    ),
    (
        "another principal is trusted",
        template(GET),
        template(GET, AssumeRolePolicyDocument=document(ECS, {**ECS, "Principal": {"AWS": "111122223333"}})),
        True,
    ),
    (
        "a condition with one more value",
        template({**GET, "Condition": FROM_HERE}),
        template({**GET, "Condition": FROM_MORE}),
        True,
    ),
    ("a condition that comes", template(GET), template({**GET, "Condition": FROM_HERE}), False),
    ("a policy that a parameter switches on", with_policy(STAGE), with_policy(STAGE, OF_OPEN), True),
    ("a policy behind an undecided condition", with_policy(STORED), with_policy(STORED, OF_OPEN), True),
    ("a list of statements behind an undecided condition", with_list([GET]), with_list([GET, EVERYTHING]), True),
    ("the same list in another order", with_list([GET, EVERYTHING]), with_list([EVERYTHING, GET]), False),
]


@pytest.fixture
def planned(double, cfnroles, tmp_path):
    """The plan of deploying one template over another, in a form of ``--plan``; JSON is read."""

    def plan(old, new, *options, deployed=None, form="json"):
        double.stacks.clear()
        if old is not None:
            double.has("shop-roles", "CREATE_COMPLETE", template=json.dumps(old), parameters=deployed or {})
        (tmp_path / "roles.yaml").write_text(yaml.safe_dump(new))
        stacks = [{"name": "shop-roles", "template": "roles.yaml", "capabilities": ["CAPABILITY_NAMED_IAM"]}]
        (tmp_path / "stacks.json").write_text(json.dumps({"schema": 1, "stacks": stacks}))
        answer = cfnroles("deploy", tmp_path, "--plan", "--format", form, *options)
        assert answer.code == 0, answer.err
        return json.loads(answer.out)["stacks"][0]["permissions"] if form == "json" else answer.out

    return plan


def told(permissions):
    """``+ action on resource`` for what comes and ``-`` for what goes, ``!`` behind what widens."""
    return [
        f"{'+' if each['change'] == 'added' else '-'} {each['action']} on {each['resource']}"
        + "".join(f" if {guard['condition']} is {guard['holds']}" for guard in each["when"])
        + (" WILDCARD" if each["wildcard"] else "")
        + (" !" if each["widening"] else "")
        for each in permissions
    ]


@pytest.mark.parametrize(("old", "new", "widens"), [row[1:] for row in PAIRS], ids=[row[0] for row in PAIRS])
def test_deploy_and_diff_give_one_answer(planned, cfnroles, tmp_path, old, new, widens):
    (tmp_path / "old.json").write_text(json.dumps(old))
    (tmp_path / "new.json").write_text(json.dumps(new))

    compared = cfnroles("diff", tmp_path / "old.json", tmp_path / "new.json", "--format", "json")

    assert any(permission["widening"] for permission in planned(old, new)) is widens
    assert json.loads(compared.out)["widens"] is widens


class TestConditions:
    def test_the_hidden_wildcard_is_planned_and_marked(self, planned):
        assert told(planned(template(GET), HIDDEN)) == ["+ * on * !", "- s3:GetObject on arn:aws:s3:::shop/*"]

    def test_it_is_not_where_the_region_is_another(self, planned, double):
        double.region = "eu-west-1"

        assert told(planned(None, HIDDEN))[0] == "+ s3:GetObject on arn:aws:s3:::shop/* !"

    def test_what_nobody_decided_is_shown_under_its_condition(self, planned):
        assert told(planned(template(GET), choosing(EVERYTHING, STORED))) == ["+ * on * if IsOpen is True WILDCARD !"]

    def test_the_wildcard_is_pointed_out_to_a_person_also_in_a_new_stack(self, planned):
        text = planned(None, choosing(EVERYTHING, STORED), form="human")

        assert "  + Role may  WILDCARD\n      *\n        on *\n      if the condition IsOpen holds\n" in text
        assert "  + Role may\n      s3:GetObject\n" in text

    def test_and_in_a_pull_request(self, planned):
        text = planned(template(GET), choosing(EVERYTHING, STORED), form="markdown")

        assert (
            "| added, **wider**, **wildcard** | `Role` | `*` | on `*`<br>if the condition IsOpen holds | permission |"
        ) in text

    def test_a_choice_within_a_text_hides_no_wildcard(self, planned):
        resource = {"Fn::Sub": ["arn:aws:s3:::${Which}", {"Which": {"Fn::If": ["IsOpen", "*", "shop/*"]}}]}
        new = template({**GET, "Resource": resource}, parameters=STORED, conditions=IS_OPEN)

        (added, _) = planned(template(GET), new)
        assert (added["wildcard"], added["widening"]) == (True, True)

    def test_a_map_of_regions_hides_no_wildcard(self, planned):
        resource = {"Fn::FindInMap": ["Reach", {"Ref": "AWS::Region"}, "Resource"]}
        new = template({**GET, "Resource": resource}, mappings={"Reach": {"us-east-1": {"Resource": "*"}}})

        assert told(planned(template(GET), new))[0] == "+ s3:GetObject on * !"

    def test_a_condition_of_another_meaning_is_named(self, planned):
        old = choosing(EVERYTHING, STORED)
        new = {**old, "Conditions": {"IsOpen": {"Fn::Equals": [{"Ref": "Stage"}, "other"]}}}

        assert "  ! the condition IsOpen is defined in another way than before\n" in planned(old, new, form="human")


KEYS = {"KmsKeyArns": {"Type": "CommaDelimitedList", "Default": ""}}
HAS_KEYS = {"HasKmsKeyArns": {"Fn::Not": [{"Fn::Equals": [{"Fn::Select": [0, {"Ref": "KmsKeyArns"}]}, ""]}]}}
DECRYPT = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": {"Ref": "KmsKeyArns"}}
ROLES = template({"Fn::If": ["HasKmsKeyArns", DECRYPT, NO_VALUE]}, parameters=KEYS, conditions=HAS_KEYS)


class TestParameters:
    @pytest.mark.parametrize(
        ("deployed", "options", "expected"),
        [
            ("", (), []),
            ("", ("--parameter", "KmsKeyArns=k1,k2"), ["+ kms:Decrypt on k1 !", "+ kms:Decrypt on k2 !"]),
            ("k1", (), []),
            ("k1,k2", ("--parameter", "KmsKeyArns=k2"), ["- kms:Decrypt on k1"]),
            ("k1", ("--parameter", "KmsKeyArns="), ["- kms:Decrypt on k1"]),
        ],
        ids=["without a value", "one is given", "one is kept", "one less", "none any more"],
    )
    def test_a_statement_counts_exactly_when_its_parameter_has_a_value(self, planned, deployed, options, expected):
        assert told(planned(ROLES, ROLES, *options, deployed={"KmsKeyArns": deployed})) == expected

    def test_a_new_stack_has_its_defaults(self, planned):
        assert [each["action"] for each in planned(None, ROLES)] == ["sts:AssumeRole"]

    def test_a_default_that_changes_is_no_change_where_a_value_is_deployed(self, planned):
        assert planned(bucket("shop"), bucket("*"), deployed={"Bucket": "shop"}) == []

    def test_a_condition_on_a_value_that_aws_never_returns_is_undecided(self, planned):
        hidden = {"Stage": {**STAGE["Stage"], "NoEcho": True}}
        new = choosing(EVERYTHING, hidden)

        assert told(planned(choosing(GET, hidden), new, deployed={"Stage": "****"}))[0] == (
            "+ * on * if IsOpen is True WILDCARD !"
        )

    def test_a_value_that_is_not_to_be_shown_decides_and_is_not_shown(self, planned):
        hidden = {"Stage": {**STAGE["Stage"], "NoEcho": True}}
        new = choosing({**GET, "Resource": {"Ref": "Stage"}}, hidden)

        assert told(planned(template(GET), new, "--parameter", "Stage=open")) == ["+ s3:GetObject on ${Stage} !"]


class TestWhatIsToldOfEach:
    def test_kinds_and_elements(self, planned):
        arn = "arn:aws:iam::111122223333:policy/limit"
        new = template(
            {
                "Sid": "Most",
                "Effect": "Allow",
                "NotAction": ["iam:*", "s3:*"],
                "NotResource": "a",
            },
            {**GET, "Condition": FROM_HERE},
            DENY,
            PermissionsBoundary=arn,
            ManagedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        )
        members = ("kind", "effect", "action", "resource", "condition", "sid")

        assert {tuple(each[member] for member in members) for each in planned(None, new)} == {
            ("permission", "Allow", "not iam:*, s3:*", "not a", "", "Most"),
            (
                "permission",
                "Allow",
                "s3:GetObject",
                "arn:aws:s3:::shop/*",
                '{"StringEquals": {"aws:SourceVpc": "vpc-1"}}',
                "",
            ),
            ("permission", "Deny", "s3:GetObject", "arn:aws:s3:::shop/*", "", ""),
            ("trust", "Allow", "sts:AssumeRole", "Service ecs-tasks.amazonaws.com", "", ""),
            ("managed policy", "Allow", "*", "arn:aws:iam::aws:policy/ReadOnlyAccess", "", ""),
            ("boundary", "Deny", "*", arn, "", ""),
        }

    def test_statements_of_a_person_with_all_their_resources(self, planned):
        new = template({**GET, "Sid": "Read", "Resource": ["b", "a"], "Condition": FROM_HERE}, DENY)

        assert (
            "  + Role must not\n      s3:GetObject\n        on arn:aws:s3:::shop/*\n"
            "  + Role may [Read]\n      s3:GetObject\n        on a\n        on b\n"
            "      if aws:SourceVpc StringEquals vpc-1\n"
        ) in planned(None, new, form="human")

    def test_a_document_that_only_cloudformation_can_work_out(self, planned):
        policies = [{"PolicyName": "p", "PolicyDocument": {"Fn::Transform": {"Name": "Macro"}}}]

        assert "a part of the policy that only CloudFormation can work out" in planned(
            None, template(Policies=policies), form="human"
        )

    def test_the_reasons_are_those_of_the_template_that_has_the_permission(self, planned):
        sides = [
            template({**GET, "Sid": "Read", "Resource": name}, metadata={"cfnroles": {"Read": [f"field {name}"]}})
            for name in ("a", "b")
        ]

        assert [(each["resource"], each["sid"], each["reasons"]) for each in planned(*sides)] == [
            ("b", "Read", ["field b"]),
            ("a", "Read", ["field a"]),
        ]

    def test_what_is_covered_by_another_permission_is_no_widening(self, planned):
        new = template({**EVERYTHING, "Sid": "All"}, {**GET, "Resource": "arn:aws:s3:::shop/a"})

        assert told(planned(template(EVERYTHING), new)) == ["+ s3:GetObject on arn:aws:s3:::shop/a"]
