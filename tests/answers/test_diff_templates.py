"""Everything by which a template gives a role permissions is compared, under any condition."""

from __future__ import annotations

import json
import textwrap

import pytest

from cfnroles.answers.diff import Difference, difference
from cfnroles.answers.grants import RoleGrant
from cfnroles.answers.template_grants import template_grants
from cfnroles.iam.managed_policies import ManagedPolicy, managed_policy, managed_policy_names
from cfnroles.template.given import Given
from cfnroles.template.template import read_template

HEAD = """\
Parameters:
  Key: {Type: String, Default: ""}
  Stage: {Type: String, Default: dev}
  Untold: {Type: String}
Conditions:
  HasKey: !Not [!Equals [!Ref Key, ""]]
  IsDev: !Equals [!Ref Stage, dev]
  IsTold: !Equals [!Ref Untold, told]
  Both: !And [!Condition HasKey, !Condition IsDev]
Resources:
"""
ALLOWS = "{Version: 2012-10-17, Statement: {Effect: Allow, Action: s3:GetObject, Resource: '*'}}"


def grants(resources: str, head: str = HEAD) -> tuple[RoleGrant, ...]:
    return template_grants(read_template(head + textwrap.indent(textwrap.dedent(resources), "  "), "t.yaml"))


def told(grant: RoleGrant) -> str:
    excluded = ("not " if grant.not_actions else "") + ",".join(grant.actions)
    on = ("not " if grant.not_resources else "") + ",".join(grant.resources)
    conditions = "".join(f" if {c.key} {c.operator} {'|'.join(c.values)}" for c in grant.conditions)
    guards = "".join(f" if {guard}" for guard in grant.guards)
    line = [place.origin.pointer for place in grant.places]
    assert line, grant
    return " ".join(filter(None, (grant.role, f"{grant.kind}:", grant.effect, excluded, on))) + conditions + guards


WAYS = [
    (
        "inline policy",
        f"R: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyName: p, PolicyDocument: {ALLOWS}}}]}}}}",
        ["R permission: Allow s3:GetObject *"],
    ),
    (
        "policy of its own, by reference",
        f"""
        R: {{Type: AWS::IAM::Role}}
        P: {{Type: AWS::IAM::Policy, Properties: {{Roles: [!Ref R], PolicyDocument: {ALLOWS}}}}}
        """,
        ["R permission: Allow s3:GetObject *"],
    ),
    (
        "policy of its own, by the role's name",
        f"""
        R: {{Type: AWS::IAM::Role, Properties: {{RoleName: web}}}}
        P: {{Type: AWS::IAM::RolePolicy, Properties: {{RoleName: web, PolicyDocument: {ALLOWS}}}}}
        """,
        ["R permission: Allow s3:GetObject *"],
    ),
    (
        "managed policy that the role attaches",
        f"""
        R: {{Type: AWS::IAM::Role, Properties: {{ManagedPolicyArns: [!Ref P]}}}}
        P: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {ALLOWS}}}}}
        """,
        ["R permission: Allow s3:GetObject *"],
    ),
    (
        "managed policy that attaches itself",
        f"""
        R: {{Type: AWS::IAM::Role}}
        P: {{Type: AWS::IAM::ManagedPolicy, Properties: {{Roles: [!Ref R], PolicyDocument: {ALLOWS}}}}}
        """,
        ["R permission: Allow s3:GetObject *"],
    ),
    (
        "policy of a role elsewhere",
        f"P: {{Type: AWS::IAM::Policy, Properties: {{Roles: [web], PolicyDocument: {ALLOWS}}}}}",
        ["web permission: Allow s3:GetObject *"],
    ),
    (
        "policy of no role",
        f"P: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {ALLOWS}}}}}",
        ["P permission: Allow s3:GetObject *"],
    ),
    (
        "AWS managed policy whose text is known",
        "R: {Type: AWS::IAM::Role, Properties: {ManagedPolicyArns:"
        " [!Sub 'arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess']}}",
        [
            "R permission: Allow xray:GetSamplingRules *",
            "R permission: Allow xray:GetSamplingStatisticSummaries *",
            "R permission: Allow xray:GetSamplingTargets *",
            "R permission: Allow xray:PutTelemetryRecords *",
            "R permission: Allow xray:PutTraceSegments *",
        ],
    ),
    (
        "AWS managed policy whose text is known, behind a condition",
        "R: {Type: AWS::IAM::Role, Properties: {ManagedPolicyArns:"
        " [!If [HasKey, 'arn:aws:iam::aws:policy/AdministratorAccess', !Ref AWS::NoValue]]}}",
        ["R permission: Allow * * if the condition HasKey holds, not by default"],
    ),
    (
        "AWS managed policy whose text is unknown",
        "R: {Type: AWS::IAM::Role, Properties: {ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess']}}",
        ["R managed policy: Allow arn:aws:iam::aws:policy/ReadOnlyAccess"],
    ),
    (
        "permissions boundary",
        "R: {Type: AWS::IAM::Role, Properties: {PermissionsBoundary: 'arn:aws:iam::1:policy/b'}}",
        ["R permissions boundary: Deny arn:aws:iam::1:policy/b"],
    ),
    (
        "trust policy",
        """
        R:
          Type: AWS::IAM::Role
          Properties:
            AssumeRolePolicyDocument:
              Statement:
                Effect: Allow
                Action: sts:AssumeRole
                Principal: {Service: [ecs-tasks.amazonaws.com, ecs.amazonaws.com], AWS: '*'}
                Condition: {StringEquals: {aws:SourceAccount: !Ref AWS::AccountId}}
        """,
        [
            "R trust: Allow sts:AssumeRole AWS * if aws:SourceAccount StringEquals ${AWS::AccountId}",
            "R trust: Allow sts:AssumeRole Service ecs-tasks.amazonaws.com if aws:SourceAccount StringEquals"
            " ${AWS::AccountId}",
            "R trust: Allow sts:AssumeRole Service ecs.amazonaws.com if aws:SourceAccount StringEquals"
            " ${AWS::AccountId}",
        ],
    ),
    (
        "policies behind a condition, as a list",
        f"""
        R:
          Type: AWS::IAM::Role
          Properties:
            Policies: !If [HasKey, [{{PolicyName: p, PolicyDocument: {ALLOWS}}}], !Ref AWS::NoValue]
        """,
        ["R permission: Allow s3:GetObject * if the condition HasKey holds, not by default"],
    ),
    (
        "trust policy as a text of JSON",
        """
        R:
          Type: AWS::IAM::Role
          Properties:
            AssumeRolePolicyDocument: |
              {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x.aws"}}]}
        """,
        ["R trust: Allow sts:AssumeRole Service x.aws"],
    ),
    (
        "role behind a condition",
        f"R: {{Type: AWS::IAM::Role, Condition: IsTold, Properties: {{Policies: [{{PolicyDocument: {ALLOWS}}}]}}}}",
        ["R permission: Allow s3:GetObject * if the condition IsTold holds"],
    ),
    (
        "policy behind a condition",
        f"R: {{Type: AWS::IAM::Role, Properties: {{Policies: [!If [HasKey, {{PolicyDocument: {ALLOWS}}},"
        " !Ref AWS::NoValue]]}}",
        ["R permission: Allow s3:GetObject * if the condition HasKey holds, not by default"],
    ),
    (
        "resource behind a condition",
        """
        R:
          Type: AWS::IAM::Role
          Properties:
            Policies:
              - PolicyDocument:
                  Statement: {Effect: Allow, Action: kms:Decrypt, Resource: !If [HasKey, !Ref Key, '*']}
        """,
        [
            "R permission: Allow kms:Decrypt ${Key} if the condition HasKey holds, not by default",
            "R permission: Allow kms:Decrypt * if the condition HasKey does not hold, as by default",
        ],
    ),
    (
        "condition within a condition",
        """
        R:
          Type: AWS::IAM::Role
          Properties:
            Policies:
              - PolicyDocument:
                  Statement:
                    Effect: Allow
                    Action: kms:Decrypt
                    Resource: '*'
                    Condition: !If
                      - IsDev
                      - StringEquals: {aws:a: x, aws:b: !If [HasKey, !If [IsDev, y, z], !Ref AWS::NoValue]}
                      - !Ref AWS::NoValue
        """,
        [
            "R permission: Allow kms:Decrypt * if the condition IsDev does not hold, not by default",
            "R permission: Allow kms:Decrypt * if aws:a StringEquals x if the condition HasKey does not hold,"
            " as by default if the condition IsDev holds, as by default",
            "R permission: Allow kms:Decrypt * if aws:a StringEquals x if aws:b StringEquals y"
            " if the condition HasKey holds, not by default if the condition IsDev holds, as by default",
        ],
    ),
    (
        "a document that only CloudFormation can work out",
        "R: {Type: AWS::IAM::Role, Properties: {Policies: [{PolicyDocument: {Fn::Transform: {Name: x}}}]}}",
        ['R permission: Allow ${Fn::Transform("Name": "x")}'],
    ),
]


@pytest.mark.parametrize(("resources", "expected"), [row[1:] for row in WAYS], ids=[row[0] for row in WAYS])
def test_ways_to_give_a_role_permissions(resources: str, expected: list[str]) -> None:
    assert sorted(told(grant) for grant in grants(resources)) == sorted(expected)


SHIPPED = [policy for name in managed_policy_names() if (policy := managed_policy(name))]


@pytest.mark.parametrize("policy", SHIPPED, ids=[policy.name for policy in SHIPPED])
def test_nothing_of_a_managed_policy_is_lost(policy: ManagedPolicy) -> None:
    found = grants(f"R: {{Type: AWS::IAM::Role, Properties: {{ManagedPolicyArns: ['{policy.arn}']}}}}")
    inline = {"PolicyName": policy.name, "PolicyDocument": policy.document}
    assert found == grants(f"R: {{Type: AWS::IAM::Role, Properties: {{Policies: [{json.dumps(inline)}]}}}}")
    assert {place.why.split(",")[0] for grant in found for place in grant.places} == {
        f"AWS managed policy {policy.name}"
    }


def attaching(*names: str, allowed: str = "") -> str:
    arns = [name if name.startswith("arn:") else f"arn:aws:iam::aws:policy/{name}" for name in names]
    statement = {"Effect": "Allow", "Action": allowed.split(), "Resource": "*"}
    policies = [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}]
    properties = {"ManagedPolicyArns": arns, **({"Policies": policies} if allowed else {})}
    return f"R: {json.dumps({'Type': 'AWS::IAM::Role', 'Properties': properties})}"


EXECUTION = "service-role/AmazonECSTaskExecutionRolePolicy"
OWN = "arn:aws:iam::123456789012:policy/own"
#: What changes, whether the role may do more, and the policies whose text is unknown.
MANAGED: list[tuple[str, str, str, list[str], bool, list[str]]] = [
    (
        "its permissions written out",
        attaching("AWSXrayWriteOnlyAccess"),
        attaching(
            allowed="xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets"
            " xray:GetSamplingStatisticSummaries"
        ),
        [],
        False,
        [],
    ),
    (
        "one of its permissions remains",
        attaching("AmazonSQSReadOnlyAccess"),
        attaching(allowed="sqs:ListQueues"),
        [
            "removed sqs:GetQueueAttributes",
            "removed sqs:GetQueueUrl",
            "removed sqs:ListDeadLetterSourceQueues",
            "removed sqs:ListMessageMoveTasks",
            "removed sqs:ListQueueTags",
        ],
        False,
        [],
    ),
    (
        "one that allowed everything",
        attaching("AdministratorAccess"),
        attaching(allowed="s3:GetObject"),
        ["narrowed s3:GetObject"],
        False,
        [],
    ),
    (
        "one that allowed everything but",
        attaching("PowerUserAccess", allowed="s3:GetObject"),
        attaching("PowerUserAccess", allowed="s3:GetObject s3:* iam:CreateRole"),
        ["added iam:CreateRole", "added s3:*"],
        True,
        [],
    ),
    (
        "what it allowed already",
        attaching("PowerUserAccess"),
        attaching("PowerUserAccess", allowed="s3:* sqs:SendMessage"),
        ["added s3:*", "added sqs:SendMessage"],
        False,
        [],
    ),
    (
        "more than it allowed",
        attaching("AmazonSQSFullAccess"),
        attaching(allowed="sqs:* s3:*"),
        ["added s3:*"],
        True,
        [],
    ),
    ("it comes", attaching(allowed="sqs:*"), attaching("AmazonSQSFullAccess"), [], False, []),
    ("an unknown one remains", attaching(OWN), attaching(OWN, allowed="sqs:*"), ["added sqs:*"], True, [OWN]),
    (
        "an unknown one goes",
        attaching(OWN, "ReadOnlyAccess"),
        attaching(OWN),
        ["removed "],
        False,
        [OWN, "ReadOnlyAccess"],
    ),
    ("an unknown one comes", attaching(), attaching(OWN), ["added "], True, [OWN]),
    ("an unknown one of a role that does not change", attaching(OWN), attaching(OWN), [], False, []),
]


@pytest.mark.parametrize(
    ("old", "new", "changes", "widens", "unknown"), [row[1:] for row in MANAGED], ids=[row[0] for row in MANAGED]
)
def test_managed_policies_are_compared_by_what_they_allow(
    old: str, new: str, changes: list[str], widens: bool, unknown: list[str]
) -> None:
    found = compared(old, new)
    assert sorted(f"{change.verb} {','.join(change.grant.actions)}" for change in found.changes) == changes
    assert found.widens is widens
    assert [arn.removeprefix("arn:aws:iam::aws:policy/") for _, arn in found.unknown] == unknown


def test_a_managed_policy_of_another_partition_is_unknown() -> None:
    text = f"Resources:\n  {attaching('arn:${AWS::Partition}:iam::aws:policy/AWSXrayWriteOnlyAccess')}"
    template = read_template(text.replace('["arn', '[{"Fn::Sub": "arn').replace('"]', '"}]'), "t.yaml")
    regions = {region: template_grants(template, Given(region=region)) for region in ("cn-north-1", "eu-west-1")}
    assert [[str(grant.kind) for grant in found][:1] for found in regions.values()] == [
        ["managed policy"],
        ["permission"],
    ]


def compared(old: str, new: str, old_head: str = HEAD, new_head: str = HEAD) -> Difference:
    return difference(grants(old, old_head), grants(new, new_head))


def guarded(condition: str) -> str:
    return (
        f"R: {{Type: AWS::IAM::Role, Properties: {{Policies: [!If [{condition}, {{PolicyDocument: {ALLOWS}}},"
        " !Ref AWS::NoValue]]}}"
    )


UNGUARDED = f"R: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyDocument: {ALLOWS}}}]}}}}"
GUARDS = [
    ("a guard goes", guarded("HasKey"), UNGUARDED, HEAD, ["widened"]),
    ("a guard comes", UNGUARDED, guarded("HasKey"), HEAD, ["narrowed"]),
    ("another guard", guarded("HasKey"), guarded("IsDev"), HEAD, ["added", "removed"]),
    ("the same guard", guarded("HasKey"), guarded("HasKey"), HEAD, []),
    (
        "a guard that holds by default from now on",
        guarded("HasKey"),
        guarded("HasKey"),
        HEAD.replace('Key: {Type: String, Default: ""}', "Key: {Type: String, Default: k}"),
        ["widened"],
    ),
    (
        "a guard that no longer holds by default",
        guarded("IsDev"),
        guarded("IsDev"),
        HEAD.replace("Default: dev", "Default: prod"),
        ["narrowed"],
    ),
    (
        "a guard of another meaning",
        guarded("IsTold"),
        guarded("IsTold"),
        HEAD.replace("!Ref Untold, told", "!Ref Untold, other"),
        ["added", "removed"],
    ),
    (
        "a guard whose part has another meaning",
        guarded("Both"),
        guarded("Both"),
        HEAD.replace("HasKey: !Not [!Equals [!Ref Key", "HasKey: !Not [!Equals [!Ref Untold"),
        ["added", "removed"],
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "new_head", "expected"), [row[1:] for row in GUARDS], ids=[row[0] for row in GUARDS]
)
def test_what_guards_a_grant_is_compared(old: str, new: str, new_head: str, expected: list[str]) -> None:
    assert sorted(change.verb for change in compared(old, new, new_head=new_head).changes) == expected


def test_a_condition_of_another_meaning_is_named() -> None:
    new_head = HEAD.replace("!Ref Untold, told", "!Ref Untold, other")
    assert compared(guarded("IsTold"), guarded("IsTold"), new_head=new_head).redefined == ("IsTold",)
    assert compared(guarded("IsDev"), guarded("IsDev"), new_head=new_head).redefined == ()


BOUNDED = "R: {Type: AWS::IAM::Role, Properties: {PermissionsBoundary: 'arn:aws:iam::1:policy/%s'}}"


@pytest.mark.parametrize(
    ("old", "new", "widens"),
    [
        ("R: {Type: AWS::IAM::Role}", BOUNDED % "a", False),
        (BOUNDED % "a", "R: {Type: AWS::IAM::Role}", True),
        (BOUNDED % "a", BOUNDED % "b", True),
        (BOUNDED % "a", BOUNDED % "a", False),
    ],
    ids=["comes", "goes", "is another", "stays"],
)
def test_a_role_without_its_boundary_may_do_more(old: str, new: str, widens: bool) -> None:
    assert compared(old, new).widens is widens


def trusting(principal: str) -> str:
    statement = f"{{Effect: Allow, Action: sts:AssumeRole, Principal: {principal}}}"
    return f"R: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {{Statement: {statement}}}}}}}"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{AWS: 'arn:aws:iam::1:root'}", "{AWS: '*'}", ["widened"]),
        ("'*'", "{AWS: 'arn:aws:iam::1:root'}", ["narrowed"]),
        ("'*'", "{AWS: '*'}", []),
        ("{Service: ecs.amazonaws.com}", "{AWS: '*'}", ["added", "removed"]),
        ("{AWS: 'arn:aws:iam::1:role/a'}", "{AWS: 'arn:aws:iam::1:role/*'}", ["added", "removed"]),
    ],
)
def test_principals(old: str, new: str, expected: list[str]) -> None:
    assert sorted(change.verb for change in compared(trusting(old), trusting(new)).changes) == expected


def test_a_default_of_a_parameter_counts() -> None:
    head = 'Parameters:\n  Bucket: {Type: String, Default: "%s"}\nResources:\n'
    document = ALLOWS.replace("'*'", "!Sub 'arn:aws:s3:::${Bucket}/x'")
    resources = f"R: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyDocument: {document}}}]}}}}"
    found = compared(resources, resources, head % "a", head % "*")
    assert [change.verb for change in found.changes] == ["widened"]


def test_of_a_part_that_cannot_be_read_nothing_is_proved() -> None:
    everything = ALLOWS.replace("s3:GetObject", "'*'")
    resources = "R: {Type: AWS::IAM::Role, Properties: {Policies: [{PolicyDocument: %s}, {PolicyDocument: %s}]}}"
    unread = ["{Fn::Transform: {Name: x}}", "{Fn::Transform: {Name: y}}"]
    old, new = (resources % (everything, each) for each in unread)
    assert [(change.verb, change.redundant) for change in compared(old, new).changes] == [
        ("removed", False),
        ("added", False),
    ]


def test_a_condition_that_refers_to_itself_is_no_reason_to_fail() -> None:
    head = "Conditions: {HasKey: !Condition HasKey}\nResources:\n"
    assert [told(grant) for grant in grants(guarded("HasKey"), head)] == [
        "R permission: Allow s3:GetObject * if the condition HasKey holds"
    ]


ROLE = "R: {Type: AWS::IAM::Role, Properties: {Policies: []}}"
OUT_OF_SIGHT = [
    ("a loop", HEAD, "Fn::ForEach::P: [I, [a], {'P${I}': {Type: AWS::IAM::Policy}}]", "Fn::ForEach::P"),
    ("a loop of roles", HEAD, "Fn::ForEach::R: [I, [a], {'R${I}': {Type: AWS::IAM::Role}}]", "Fn::ForEach::R"),
    ("an include", HEAD, "Fn::Transform: {Name: AWS::Include}", "Fn::Transform"),
    ("a nested stack that is told the name", HEAD,
     "N: {Type: AWS::CloudFormation::Stack, Properties: {Parameters: {A: !Ref R}}}", "R"),
    ("a macro of the template", "Transform: Ours\n" + HEAD, "T: {Type: AWS::SNS::Topic}", "Transform"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "more", "role"), [r[1:] for r in OUT_OF_SIGHT], ids=[r[0] for r in OUT_OF_SIGHT])
def test_what_may_make_policies_out_of_sight_is_a_change(head: str, more: str, role: str) -> None:
    new = f"{ROLE}\n{more}"
    assert [(change.verb, change.grant.role) for change in compared(ROLE, new, HEAD, head).changes] == [("added", role)]
    assert not compared(new, new, head, head).changes


def test_what_makes_no_policies_is_no_change() -> None:
    loop = "Fn::ForEach::T: [I, [a], {'T${I}': {Type: AWS::SNS::Topic}}]"
    assert not compared(ROLE, f"{ROLE}\n{loop}").changes
    assert not compared(ROLE, ROLE, HEAD, "Transform: AWS::LanguageExtensions\n" + HEAD).changes
