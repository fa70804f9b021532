"""Roles are read from every format in use, with every policy, and unreadable parts are reported."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from cfnroles.errors import InvalidInput
from cfnroles.iam.roles import RolePolicy, Unread, evaluable, evaluable_document, read_role
from cfnroles.template.given import Given

STATEMENT = {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "*"}
DOCUMENT = {"Version": "2012-10-17", "Statement": [STATEMENT]}
TRUST = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x"}}]}

TEMPLATE = """\
Parameters:
  Boundary: {Type: String, Default: ""}
  Untold: {Type: String}
Conditions:
  HasBoundary: !Not [!Equals [!Ref Boundary, ""]]
  HasUntold: !Not [!Equals [!Ref Untold, ""]]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: web
      AssumeRolePolicyDocument: {Statement: []}
      PermissionsBoundary: !If [HasBoundary, !Ref Boundary, !Ref AWS::NoValue]
      ManagedPolicyArns:
        - !Sub arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy
        - arn:aws:iam::111122223333:policy/Ours
        - !Ref Attached
      Policies:
        - PolicyName: Inline
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: "a:B", Resource: "*"}
              - {Effect: Allow, Action: "a:C", Resource: !Sub "arn:aws:a:${AWS::Region}::x"}
        - !If [HasUntold, {PolicyName: Perhaps, PolicyDocument: {}}, !Ref AWS::NoValue]
  Attached:
    Type: AWS::IAM::ManagedPolicy
    Properties: {Roles: [web], PolicyDocument: {Statement: {Effect: Allow, Action: "a:D", Resource: "*"}}}
  ByName:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: ByName
      Roles: [web]
      PolicyDocument: {Statement: {Effect: Allow, Action: "a:E", Resource: "*"}}
  Broken:
    Type: AWS::IAM::Policy
    Properties: {PolicyName: Broken, Roles: [!Ref Role], PolicyDocument: {Statement: {Effect: Sure}}}
  Hanging:
    Type: AWS::IAM::ManagedPolicy
    Condition: HasUntold
    Properties: {Roles: [!Ref Role], PolicyDocument: {}}
  Elsewhere:
    Type: AWS::IAM::Policy
    Properties: {PolicyName: Elsewhere, Roles: [other], PolicyDocument: {}}
"""


def test_a_template_gives_a_role_its_policies_in_many_ways() -> None:
    role = read_role(TEMPLATE, "t.yaml", "Role")

    assert [policy.name for policy in role.policies] == [
        "Inline",
        "AmazonECSTaskExecutionRolePolicy",
        "Attached",
        "ByName",
        "Broken",
    ]
    assert {unread.name: unread.why.split(",")[0] for unread in role.all_unread} == {
        "Perhaps": "it depends on the template's condition HasUntold",
        "Ours": "its document is not in t.yaml",
        "Broken.Statement[0]": "Effect is 'Sure'",
        "Hanging": "it depends on the template's condition HasUntold",
    }
    assert role.trust == {"Statement": []}
    assert role.boundary is None


def holding(role: str, resources: str = "", *, more: str = "") -> str:
    return (
        "Parameters: {P: {Type: String}, Role: {Type: String}}\nConditions: {C: !Equals [!Ref P, p]}\nResources:\n"
        f"  R: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {{Statement: []}}, {role}}}{more}}}\n"
        f"{resources}"
    )


def attached(kind: str, to: str) -> str:
    return f"  P: {{Type: AWS::IAM::{kind}, Properties: {{{to}, PolicyDocument: {ALLOWS}}}}}\n"


ALLOWS = "{Statement: {Effect: Allow, Action: 'a:B', Resource: '*'}}"
INLINE = f"{{PolicyName: P, PolicyDocument: {ALLOWS}}}"
CONDITION = "it depends on the template's condition C"


@pytest.mark.parametrize(
    "template",
    [
        pytest.param(holding(f"Policies: [{INLINE}]"), id="inline"),
        pytest.param(holding(f"Policies: {INLINE}"), id="inline, without its list"),
        pytest.param(
            holding(f"Policies: [{{PolicyName: P, PolicyDocument: '{json.dumps(DOCUMENT)}'}}]"), id="a document as text"
        ),
        pytest.param(holding("ManagedPolicyArns: [!Ref P]", attached("ManagedPolicy", "Path: /")), id="Ref"),
        pytest.param(
            holding("ManagedPolicyArns: [!GetAtt P.PolicyArn]", attached("ManagedPolicy", "Path: /")), id="GetAtt"
        ),
        pytest.param(holding("ManagedPolicyArns: [!Sub '${P}']", attached("ManagedPolicy", "Path: /")), id="Sub"),
        pytest.param(holding("Path: /", attached("ManagedPolicy", "Roles: [!Ref R]")), id="Roles of a managed policy"),
        pytest.param(holding("Path: /", attached("Policy", "Roles: [!Ref R]")), id="Roles of a policy"),
        pytest.param(holding("RoleName: r", attached("Policy", "Roles: [!Ref R]")), id="Roles of a named role"),
        pytest.param(holding("RoleName: r", attached("Policy", "Roles: [r]")), id="Roles by name"),
        pytest.param(holding("Path: /", attached("RolePolicy", "RoleName: !Ref R")), id="RoleName"),
        pytest.param(holding("RoleName: r", attached("RolePolicy", "RoleName: r")), id="RoleName by name"),
        pytest.param(
            holding("RoleName: !Sub '${P}-r'", attached("RolePolicy", "RoleName: !Sub '${P}-r'")),
            id="RoleName by a name that is unknown",
        ),
    ],
)
def test_a_policy_is_the_roles_however_it_is_attached(template: str) -> None:
    role = read_role(template, "t.yaml", "R")
    assert ([policy.name for policy in role.policies], role.unread) == (["P"], ())


@pytest.mark.parametrize(
    ("template", "name", "why"),
    [
        pytest.param(holding(f"Policies: !If [C, [{INLINE}], []]"), "P", CONDITION, id="list"),
        pytest.param(
            holding(f"Policies: [!If [C, !If [C, {INLINE}, !Ref AWS::NoValue], !Ref AWS::NoValue]]"),
            "P",
            CONDITION,
            id="policy, nested",
        ),
        pytest.param(
            holding("ManagedPolicyArns: !If [C, [!Ref P], !Ref AWS::NoValue]", attached("ManagedPolicy", "Path: /")),
            "P",
            CONDITION,
            id="list of ARNs",
        ),
        pytest.param(
            holding("Path: /", attached("Policy", "Roles: !If [C, [!Ref R], [other]]")), "P", CONDITION, id="Roles"
        ),
        pytest.param(
            holding("Path: /", attached("Policy", "Roles: [!Ref Role]")),
            "P",
            "the name of the role that it is attached to is unknown",
            id="a role that is unknown",
        ),
        pytest.param(
            holding("Policies: [{PolicyName: P, PolicyDocument: {Fn::Transform: {Name: x}}}]"),
            "P",
            "only CloudFormation can resolve it",
            id="a transform",
        ),
    ],
)
def test_what_cannot_be_read_is_said(template: str, name: str, why: str) -> None:
    role = read_role(template, "t.yaml", "R")
    assert [(unread.name, unread.why.split(",")[0]) for unread in role.unread] == [(name, why)]
    assert role.policies == ()


@pytest.mark.parametrize("version", ["!Ref P", "!ImportValue e"])
def test_an_unknown_version_leaves_a_document_unread(version: str) -> None:
    policy = "{PolicyName: P, PolicyDocument: {Version: %s, Statement: {Effect: Allow, Action: 'a:B', Resource: '*'}}}"
    role = read_role(holding(f"Policies: [{policy % version}]"), "t.yaml", "R")
    assert [(each.name, each.remedy.startswith("Pass --parameter P=")) for each in role.unread] == [
        ("P", version == "!Ref P")
    ]
    trusting = holding("Path: /").replace("{Statement: []}", f"{{Version: {version}, Statement: []}}")
    assert isinstance(read_role(trusting, "t.yaml", "R").trust, Unread)


def test_a_policy_of_another_role_is_not_attached_to_this_one() -> None:
    role = read_role(holding("Path: /", attached("Policy", "Roles: [other]")), "t.yaml", "R")
    assert (role.policies, role.unread) == ((), ())


def test_a_policy_of_a_role_that_is_not_created_is_not_attached_to_this_one() -> None:
    # CloudFormation refuses such a template where the condition does not hold, so no policy has an unknown role there.
    gone = "  Gone: {Type: AWS::IAM::Role, Condition: Never, Properties: {AssumeRolePolicyDocument: {Statement: []}}}\n"
    template = f"{holding('Path: /', attached('Policy', 'Roles: [!Ref Gone]'))}{gone}"
    role = read_role(template.replace("Conditions: {", "Conditions: {Never: !Equals [a, b], ", 1), "t.yaml", "R")
    assert (role.policies, role.unread) == ((), ())


def test_a_role_behind_a_condition_is_read_as_if_it_were_there() -> None:
    role = read_role(holding(f"Policies: [{INLINE}]", more=", Condition: C"), "t.yaml", "R")
    assert ([policy.name for policy in role.policies], role.unread) == (["P"], ())


STATEMENTS = [
    ("an empty resource", "Effect: Allow, Action: 'a:C', Resource: !Ref Empty", "'' is not a resource", "Empty"),
    ("an empty list", "Effect: Allow, Action: 'a:C', Resource: !Ref Several", "'' is not a resource", "Several"),
    ("one of several", "Effect: Allow, Action: 'a:C', Resource: ['*', !Ref Empty]", "'' is not a resource", "Empty"),
    ("an empty action", "Effect: Allow, Action: !Ref Empty, Resource: '*'", "'' is not an action", "Empty"),
    ("an empty effect", "Effect: !Ref Empty, Action: 'a:C', Resource: '*'", "Effect is ''", "Empty"),
    ("an action under a condition", "Effect: Allow, Action: !If [C, 'a:C', 'a:D'], Resource: '*'", CONDITION, "P"),
    ("under a condition of conditions", "!If [Both, {Effect: Deny}, {Effect: Allow}]", CONDITION[:-1] + "Both", "P"),
    ("a part of an action", "Effect: Allow, Action: !Sub '${P}:C', Resource: '*'",
     "'${P}:C' is not an action: it has a variable", "P"),
    ("a map of an untold key", "Effect: !FindInMap [M, !Ref P, e], Action: 'a:C', Resource: '*'",
     "Effect is '${Fn::FindInMap(M, P, e)}'", "P"),
    ("an empty text in a condition", "Effect: Allow, Action: 'a:C', Resource: '*',"
     " Condition: {IpAddress: {'aws:SourceIp': !Ref Empty}}", "'' is not valid for the operator", "Empty"),
    ("a principal", "Effect: Allow, Action: 'a:C', Resource: '*', Principal: '*'",
     "Principal is not valid in an identity-based policy", ""),
    ("no principal", "Effect: Allow, Action: 'a:C', Resource: '*', NotPrincipal: '*'",
     "NotPrincipal is not valid in an identity-based policy", ""),
    ("an operator that nobody knows", "Effect: Allow, Action: 'a:C', Resource: '*', Condition: {Like: {k: v}}",
     "'Like' is not a condition operator", ""),
    ("a transform", "Fn::Transform: {Name: x}", "it is not a JSON object", ""),
]  # fmt: skip


def with_statements(*statements: str) -> str:
    listed = "".join(f"\n              - {each if each.startswith('!') else f'{{{each}}}'}" for each in statements)
    return (
        "Parameters:\n  P: {Type: String}\n  Empty: {Type: String, Default: ''}\n"
        "  Several: {Type: CommaDelimitedList, Default: ''}\n"
        "Conditions: {C: !Equals [!Ref P, p], Both: !And [!Condition C, !Condition C]}\n"
        "Mappings: {M: {x: {e: Allow}}}\nResources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n"
        "      Policies:\n        - PolicyName: P\n          PolicyDocument:\n            Statement:"
        f"{listed}\n"
    )


@pytest.mark.parametrize(
    ("statement", "why", "parameter"), [row[1:] for row in STATEMENTS], ids=[r[0] for r in STATEMENTS]
)
def test_a_statement_that_cannot_be_read_leaves_the_others(statement: str, why: str, parameter: str) -> None:
    allows = "Effect: Allow, Action: 'a:B', Resource: '*'"
    role = read_role(with_statements(allows, statement, allows), "t.yaml", "R")

    (unread,) = role.all_unread
    assert (unread.name, unread.where, unread.why.split(", which")[0]) == ("P.Statement[1]", "t.yaml:16", why)
    assert [each.id.index for each in evaluable(role.policies[0]).statements] == [0, 2]
    assert (unread.remedy == f"Pass --parameter {parameter}=VALUE") is bool(parameter)
    assert "*" not in unread.remedy.replace("'*'", "")


@pytest.mark.parametrize(
    ("given", "left"),
    [({}, 2), ({"Empty": "arn:aws:s3:::b/*"}, 1), ({"Empty": "arn:aws:s3:::b/*", "P": "p"}, 0), ({"Empty": "b"}, 2)],
    ids=["nothing", "one", "both", "no ARN"],
)
def test_the_parameter_that_a_remedy_names_is_the_cure(given: dict[str, str], left: int) -> None:
    text = with_statements(STATEMENTS[0][1], STATEMENTS[5][1])

    assert len(read_role(text, "t.yaml", "R", Given(given)).all_unread) == left


TRUSTS = [
    ("a list under a condition", "Statement: !If [C, [], []]", "Pass --parameter P=VALUE"),
    ("a service under a condition", "Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal:"
     " {Service: !If [C, a, b]}}]", "Pass --parameter P=VALUE"),
    ("a service that is unknown", "Statement: {Effect: Allow, Action: 'sts:AssumeRole', Principal:"
     " {Service: !Ref P}}", "Pass --parameter P=VALUE"),
    ("an empty principal", "Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {AWS: !Ref Empty}}]",
     "Pass --parameter Empty=VALUE"),
    ("NotPrincipal", "Statement: [{Effect: Allow, Action: 'sts:AssumeRole', NotPrincipal: {AWS: '*'}}]",
     "Name the principals"),
    ("no mapping", "Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: 5}]", "Write {Service: NAME}"),
    ("no statement", "Statement: [1.5]", "Write an object in braces"),
]  # fmt: skip


@pytest.mark.parametrize(("trust", "remedy"), [row[1:] for row in TRUSTS], ids=[row[0] for row in TRUSTS])
def test_a_statement_of_a_trust_policy_that_cannot_be_read(trust: str, remedy: str) -> None:
    template = holding("Path: /").replace("{Statement: []}", f"{{{trust}}}")
    template = template.replace("Parameters: {", "Parameters: {Empty: {Type: String, Default: ''}, ")
    (unread,) = read_role(template, "t.yaml", "R").all_unread

    assert (unread.name, unread.remedy) == ("trust policy.Statement[0]", remedy)


def test_a_policy_that_stands_alone_is_read_as_far_as_it_can_be() -> None:
    broken = {**STATEMENT, "Resource": ""}
    role = read_role(json.dumps({**DOCUMENT, "Statement": [STATEMENT, broken]}), "p.json")

    assert [(each.name, each.why) for each in role.all_unread] == [("p.json.Statement[1]", "'' is not a resource")]
    with pytest.raises(InvalidInput, match="'' is not a resource"):
        read_role(json.dumps({**DOCUMENT, "Statement": [broken]}), "p.json")


def test_each_statement_has_its_line() -> None:
    inline, managed, *_ = read_role(TEMPLATE, "t.yaml", "web").policies

    assert (inline.where, inline.lines) == ("t.yaml:20", (22, 23))
    assert managed.where.startswith("AWS managed policy, v1, as of ")


def test_parameters_decide() -> None:
    boundary = "arn:aws:iam::aws:policy/AdministratorAccess"
    role = read_role(TEMPLATE, "t.yaml", "Role", Given({"Boundary": boundary, "Untold": ""}))

    assert isinstance(role.boundary, RolePolicy)
    assert role.boundary.name == "AdministratorAccess"
    assert [unread.name for unread in role.all_unread] == ["Ours", "Broken.Statement[0]"]


def test_policies_of_one_name_are_told_apart() -> None:
    detail = {"RolePolicyList": [{"PolicyName": "Ours", "PolicyDocument": {**DOCUMENT, "Id": "inline"}}]}
    twice = {"RoleDetailList": [{**DETAILS["RoleDetailList"][0], **detail}], "Policies": DETAILS["Policies"]}

    role = read_role(json.dumps(twice), "auth.json")
    assert [policy.name for policy in role.policies] == ["Ours", "Ours (2)", "AmazonSSMReadOnlyAccess"]


def test_an_unread_boundary_is_told() -> None:
    role = read_role(TEMPLATE, "t.yaml", "Role", Given({"Boundary": "arn:aws:iam::111122223333:policy/B"}))

    assert isinstance(role.boundary, Unread)


DETAILS: dict[str, Any] = {
    "RoleDetailList": [
        {
            "RoleName": "web",
            "Arn": "arn:aws:iam::111122223333:role/web",
            "AssumeRolePolicyDocument": TRUST,
            "RolePolicyList": [{"PolicyName": "Inline", "PolicyDocument": DOCUMENT}],
            "AttachedManagedPolicies": [
                {"PolicyName": "Ours", "PolicyArn": "arn:aws:iam::111122223333:policy/Ours"},
                {"PolicyName": "X", "PolicyArn": "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"},
                {"PolicyName": "Gone", "PolicyArn": "arn:aws:iam::111122223333:policy/Gone"},
            ],
        },
        {"RoleName": "other"},
    ],
    "Policies": [
        {
            "Arn": "arn:aws:iam::111122223333:policy/Ours",
            "PolicyVersionList": [
                {"Document": {"Statement": []}, "IsDefaultVersion": False},
                {"Document": DOCUMENT, "IsDefaultVersion": True},
            ],
        }
    ],
}


def test_iams_own_answer_holds_a_role() -> None:
    role = read_role(json.dumps(DETAILS), "auth.json", "web")

    assert [policy.name for policy in role.policies] == ["Inline", "Ours", "AmazonSSMReadOnlyAccess"]
    assert [unread.name for unread in role.unread] == ["Gone"]
    assert (role.arn, role.trust) == ("arn:aws:iam::111122223333:role/web", TRUST)


def test_documents_with_percent_signs_are_read_too() -> None:
    encoded = json.loads(json.dumps(DETAILS))
    encoded["RoleDetailList"][0]["AssumeRolePolicyDocument"] = quote(json.dumps(TRUST))

    assert read_role(json.dumps(encoded), "auth.json", "web").trust == TRUST


@pytest.mark.parametrize(
    "text",
    [DOCUMENT, {"PolicyName": "x", "PolicyDocument": DOCUMENT}, {"PolicyVersion": {"Document": DOCUMENT}}],
    ids=["the document", "get-role-policy", "get-policy-version"],
)
def test_a_policy_document_is_a_role_of_one_policy(text: Any) -> None:
    role = read_role(json.dumps(text), "policy.json")

    assert [policy.document for policy in role.policies] == [DOCUMENT]
    assert role.trust is None


def test_policy_variables_are_kept_apart_from_what_a_template_leaves_open() -> None:
    named = {**STATEMENT, "Resource": "arn:aws:s3:::${aws:username}"}
    role = read_role(json.dumps({"Version": "2012-10-17", "Statement": [named]}), "policy.json")

    (policy,) = role.policies
    assert evaluable_document(policy.document, {"aws:username": "never"})["Statement"][0] == named


REFUSED = [
    (TEMPLATE, "NoRole", {}, "t: has no role NoRole"),
    ("Resources: {A: {Type: X}}", "", {}, "t: has no role"),
    (TEMPLATE, "Role", {"Other": "x"}, "t: has no parameter Other"),
    (json.dumps(DETAILS), "", {}, "t: has 2 roles"),
    (json.dumps(DOCUMENT), "", {"A": "b"}, "t: has no parameters"),
    ('{"Statement": [{"Effect": "Maybe"}]}', "", {}, "Effect is 'Maybe'"),
    ("[]", "", {}, "t: has no role"),
    ("a: b", "", {}, "t: has no role"),
]


@pytest.mark.parametrize(("text", "name", "parameters", "told"), REFUSED, ids=[case[3] for case in REFUSED])
def test_what_is_no_role_is_said_to_be_none(text: str, name: str, parameters: dict[str, str], told: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_role(text, "t", name, Given(parameters))

    assert told in str(refused.value)
