"""A statement that is missing goes where the role's own policy is written, and nothing else of a template changes."""

from __future__ import annotations

import json
from difflib import ndiff

import pytest

from cfnroles import Document, read
from cfnroles.answers.diagnose import diagnose
from cfnroles.answers.verification import Outcome
from cfnroles.answers.verify_template import verify_template
from cfnroles.targets.cloudformation import granting
from cfnroles.targets.fix import Fix, fix

DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/shop-Role-1ABCDEFGHIJKL/0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a is not"
    " authorized to perform: secretsmanager:GetSecretValue on resource:"
    " arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbC1eF because no identity-based policy allows the"
    " secretsmanager:GetSecretValue action"
)
TRUST = '{Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: "sts:AssumeRole"}]}'
STATEMENT = "{Effect: Allow, Action: 's3:ListAllMyBuckets', Resource: '*'}"
TASK = """
  Database: {Type: AWS::SecretsManager::Secret, Properties: {Name: shop/db}}
  Key: {Type: AWS::SecretsManager::Secret}  # another
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - {Name: web, Image: nginx, Secrets: [{Name: DB, ValueFrom: !Ref Database}, {Name: KEY, ValueFrom: !Ref Key}]}
"""
ROLE = f"""Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {TRUST}
"""
INLINE = "      Policies:\n        - PolicyName: own\n          PolicyDocument:\n            Statement:\n"
ATTACHED = "      PolicyName: own\n      Roles: [{}]\n"
POLICY = "  Own:\n    Type: AWS::IAM::{}\n    Properties:\n      PolicyDocument:\n        Statement:\n          - {}\n"
OTHER = f"  Other: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {TRUST}}}}}\n"
#: The template before its task, and the line that comes before what is added.
FORMS = {
    "an inline policy": (f"{ROLE}{INLINE}              - {STATEMENT}  # own\n", "# own"),
    "a list that is not indented": (f"{ROLE}{INLINE}            - {STATEMENT}\n", "ListAllMyBuckets"),
    "a list in brackets": (f"{ROLE}{INLINE[:-1]} [{STATEMENT}]\n", ""),
    "the policy that is about secrets": (
        f"{ROLE}{INLINE}              - {STATEMENT}\n"
        + INLINE.partition("\n")[2].replace("own", "secrets")
        + "              - {Effect: Allow, Action: 'secretsmanager:ListSecrets', Resource: '*'}\n",
        "ListSecrets",
    ),
    "a statement that is not a list": (f"{ROLE}{INLINE[:-1]} {STATEMENT}\n", "ListAllMyBuckets"),
    "a document in JSON": (
        ROLE + "      Policies:\n        - PolicyName: own\n          PolicyDocument: '{\"Statement\": []}'\n",
        "PolicyDocument",
    ),
    "no policy": (ROLE, "AssumeRolePolicyDocument"),
    "an empty list of policies": (f"{ROLE}      Policies: []\n", ""),
    "policies without a value": (f"{ROLE}      Policies:\n", ""),
    "AWS's own policy": (f"{ROLE}      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess']\n",
                         "AssumeRolePolicyDocument"),
    "a policy of its own": (f"{ROLE}{POLICY.format('Policy', STATEMENT)}{ATTACHED.format('!Ref Role')}",
                            "ListAllMyBuckets"),
    "a policy that others have": (
        f"{ROLE}{OTHER}{POLICY.format('Policy', STATEMENT)}{ATTACHED.format('!Ref Role, !Ref Other')}",
        "AssumeRolePolicyDocument",
    ),
    "a policy that a group has": (
        f"{ROLE}{POLICY.format('Policy', STATEMENT)}{ATTACHED.format('!Ref Role')}      Groups: [admins]\n",
        "AssumeRolePolicyDocument",
    ),
    "a managed policy": (f"{ROLE}      ManagedPolicyArns: [!Ref Own]\n{POLICY.format('ManagedPolicy', STATEMENT)}",
                         "ListAllMyBuckets"),
    "a managed policy that others have": (
        f"{ROLE}      ManagedPolicyArns: [!Ref Own]\n{OTHER[:-3]}, ManagedPolicyArns: [!Ref Own]}}}}\n"
        + POLICY.format("ManagedPolicy", STATEMENT),
        "AssumeRolePolicyDocument",
    ),
    "a managed policy that is exported": (
        f"Outputs: {{Own: {{Value: !Ref Own}}}}\n{ROLE}      ManagedPolicyArns: [!Ref Own]\n"
        + POLICY.format("ManagedPolicy", STATEMENT),
        "AssumeRolePolicyDocument",
    ),
}  # fmt: skip


def fixed(template: str) -> Fix:
    return fix(diagnose(DENIED, read(Document("shop.yaml", template))))


def changed(template: str) -> str:
    found = fixed(template)
    assert found.refused == ()
    (change,) = found.changes
    assert change.before == template
    return change.after


def is_complete(template: str) -> bool:
    return all(each.outcome is Outcome.ALLOWED for each in verify_template(read(Document("shop.yaml", template))))


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["Unix", "Windows"])
@pytest.mark.parametrize(("template", "before"), FORMS.values(), ids=FORMS)
def test_it_goes_into_the_policy_and_nothing_else_changes(template: str, before: str, ends: str) -> None:
    given = f"{template}{TASK.lstrip(chr(10))}".replace("\n", ends)
    after = changed(given)
    lines = list(ndiff(given.splitlines(keepends=True), after.splitlines(keepends=True)))
    if before:
        assert not [line for line in lines if line.startswith("-")]
        first = next(number for number, line in enumerate(lines) if line.startswith("+"))
        assert before in lines[first - 1]
    assert is_complete(after)
    assert not is_complete(given)
    assert ("\r\n" in after) is (ends == "\r\n")


def test_a_template_in_json_keeps_its_indentation() -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": [trust]}}}
    containers = [{"Name": "web", "Image": "nginx", "Secrets": [{"Name": "DB", "ValueFrom": {"Ref": "Db"}}]}]
    task = {"ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "ContainerDefinitions": containers}
    resources = {"Db": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "shop/db"}}, "Role": role,
                 "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task}}  # fmt: skip
    given = json.dumps({"Resources": resources}, indent=4)
    after = changed(given)
    assert '\n                        "PolicyDocument": {\n' in after
    assert json.loads(after)["Resources"]["Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"] == [
        {
            "Sid": "ReadSecrets",
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue"],
            "Resource": {"Ref": "Db"},
        }
    ]


def test_what_hangs_on_a_condition_stands_behind_it() -> None:
    task = TASK.replace("{Name: DB, ValueFrom: !Ref Database}",
                        "!If [Live, {Name: DB, ValueFrom: !Ref Database}, !Ref AWS::NoValue]")  # fmt: skip
    head = 'Parameters: {Stage: {Type: String}}\nConditions: {Live: !Equals [!Ref Stage, "live"]}\n'
    after = changed(f"{head}{ROLE}{INLINE}              - {STATEMENT}\n{task}")
    assert "- !If\n" in after
    assert is_complete(after)


def test_a_sid_is_no_other_statements() -> None:
    own = STATEMENT.replace("Effect", "Sid: ReadSecrets, Effect")
    after = changed(f"{ROLE}{INLINE}              - {own}\n{TASK}")
    assert "Sid: ReadSecrets2" in after


TOOLS = {
    "the CDK": ("Metadata: {'aws:cdk:path': Shop/Role/Resource}", "the role is the construct Shop/Role"),
    "SAM": ("Metadata: {SamResourceId: Role}", "template.yaml"),
}


@pytest.mark.parametrize(("mark", "where"), TOOLS.values(), ids=TOOLS)
def test_what_a_tool_writes_again_is_changed_where_the_tool_is_told(mark: str, where: str) -> None:
    found = fixed(f"{ROLE.replace('    Properties:', f'    {mark}{chr(10)}    Properties:', 1)}{TASK}")
    assert found.changes == ()
    assert where in found.refused[0]


def test_a_template_that_was_built_is_changed_at_its_source() -> None:
    found = fixed(f"Metadata: {{cfnroles: {{stack: shop-roles}}}}\n{ROLE}{TASK}")
    assert "`cfnroles build` wrote" in found.refused[0]


def test_a_role_outside_the_source_is_left_alone() -> None:
    template = TASK.replace("!GetAtt Role.Arn", "arn:aws:iam::123456789012:role/shop-Role-1ABCDEFGHIJKL")
    found = fixed(f"Resources:{template}")
    assert found.changes == ()
    assert "does not have the role" in found.refused[0]


def test_what_a_loop_makes_is_left_alone() -> None:
    role = f"        Type: AWS::IAM::Role\n        Properties: {{AssumeRolePolicyDocument: {TRUST}}}\n"
    loop = f"Resources:\n  'Fn::ForEach::Roles':\n    - Name\n    - [Role, Other]\n    - '${{Name}}':\n{role}"
    found = fixed(f"Transform: AWS::LanguageExtensions\n{loop}{TASK}")
    assert found.changes == ()
    assert "in a loop" in found.refused[0]


def test_a_change_after_which_the_call_is_still_refused_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(granting, "changed_template", lambda reading, at, lacking: f"{reading.documents[0].text}#\n")
    found = fixed(f"{ROLE}{TASK}")
    assert found.changes == ()
    assert "would still not allow secretsmanager:GetSecretValue" in found.refused[0]


def test_no_other_kind_of_policy_is_changed() -> None:
    text = DENIED.replace("no identity-based policy", "no permissions boundary")
    assert fix(diagnose(text, read(Document("shop.yaml", f"{ROLE}{TASK}")))) == Fix()
