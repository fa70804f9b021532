"""What is added to a template for its task definitions: roles, the gate, and the conditions that they depend on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cfnroles.document import Document
from cfnroles.facts import Facts
from cfnroles.need import Origin
from cfnroles.sources.role_places import own_places
from cfnroles.sources.template_parameters import by_parameters
from cfnroles.sources.template_tasks import defined
from cfnroles.targets.cloudformation.template_gate import add_gate
from cfnroles.targets.cloudformation.template_roles import Added, Adding, add_roles
from cfnroles.template.given import NOTHING_GIVEN
from cfnroles.template.template import read_template

TEMPLATE = """\
Parameters:
  Stage: {Type: String}
  Key: {Type: String, Default: ""}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  HasKey: !Not [!Equals [!Ref Key, ""]]
  NoOther: !Equals [!Ref Stage, other]
Resources:
  Database: {Type: AWS::SecretsManager::Secret, Condition: IsProd, Properties: {GenerateSecretString: {}}}
  Named: {Type: AWS::SSM::Parameter, Properties: {Name: /made/here, Type: String, Value: x}}
  Files: {Type: AWS::S3::Bucket}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      ContainerDefinitions:
      - Name: web
        Image: nginx
        Secrets:
SECRETS
"""
PREFIX = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"


def template_of(*secrets: str) -> str:
    return TEMPLATE.replace("SECRETS", "\n".join(f"        - {secret}" for secret in secrets))


def added_to(text: str, facts: Facts | None = None) -> tuple[Added, tuple[Origin, ...]]:
    document, template = Document("t.yaml", text), read_template(text, "t.yaml")
    adding = Adding(template.tree, facts or Facts())
    made: list[Origin] = []
    for logical_id in defined(template):
        task, _ = by_parameters(logical_id, document, template, (adding.facts, NOTHING_GIVEN))
        add_roles(task, own_places(logical_id, template.tree), adding)
        made += add_gate(task, adding, "shop")
    return adding.added, tuple(made)


def statements(added: Added, role: str) -> list[tuple[str, str, Any]]:
    """The condition of each policy, with a minus where it must not hold, and what its statements are for."""
    found = []
    for policy in added.resources[role]["Properties"].get("Policies", ()):
        condition, document = "", policy
        if "Fn::If" in policy:
            name, yes, no = policy["Fn::If"]
            condition, document = (name, yes) if no == {"Ref": "AWS::NoValue"} else (f"-{name}", no)
        found += [
            (condition, statement["Sid"], statement["Resource"])
            for statement in document["PolicyDocument"]["Statement"]
            if "kms:Decrypt" not in statement["Action"]
        ]
    return found


@pytest.mark.parametrize(
    ("secret", "condition", "made"),
    [
        pytest.param("{Name: A, ValueFrom: /a}", "", {}, id="always"),
        pytest.param("!If [IsProd, {Name: A, ValueFrom: /a}, !Ref AWS::NoValue]", "IsProd", {}, id="a condition"),
        pytest.param("!If [IsProd, !Ref AWS::NoValue, {Name: A, ValueFrom: /a}]", "-IsProd", {}, id="its opposite"),
        pytest.param(
            "!If [IsProd, !If [HasKey, {Name: A, ValueFrom: /a}, !Ref AWS::NoValue], !Ref AWS::NoValue]",
            "IsProdAndHasKey",
            {"IsProdAndHasKey": {"Fn::And": [{"Condition": "IsProd"}, {"Condition": "HasKey"}]}},
            id="two at once",
        ),
    ],
)
def test_a_statement_stands_behind_the_condition_of_its_need(
    secret: str, condition: str, made: Mapping[str, Any]
) -> None:
    added, _ = added_to(template_of(secret))
    (found,) = statements(added, "TaskExecutionRole")
    assert found == (condition, "ReadParameters", {"Fn::Sub": f"{PREFIX}/a"})
    own = {name: each for name, each in added.conditions.items() if "KmsKeyArns" not in name}
    assert own == made


def test_the_same_permission_of_two_places_hangs_on_either() -> None:
    added, _ = added_to(
        template_of(
            "!If [IsProd, {Name: A, ValueFrom: /a}, !Ref AWS::NoValue]",
            "!If [IsProd, !Ref AWS::NoValue, {Name: B, ValueFrom: /a}]",
        )
    )
    assert [condition for condition, _, _ in statements(added, "TaskExecutionRole")] == [""]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("!Ref Database", {"Ref": "Database"}, id="a secret"),
        pytest.param('!Sub "${Database}:key::"', {"Ref": "Database"}, id="a key of a secret"),
        pytest.param('!Sub "/${Stage}/a"', {"Fn::Sub": f"{PREFIX}/${{Stage}}/a"}, id="a parameter of the template"),
        pytest.param(
            '!Sub ["/${X}/a", {X: !GetAtt Files.DomainName}]',
            {"Fn::Sub": f"{PREFIX}/${{Files.DomainName}}/a"},
            id="an attribute",
        ),
        pytest.param(
            '!Sub ["/x/${X}", {X: !FindInMap [M, !Ref AWS::Region, k]}]',
            {"Fn::Sub": [f"{PREFIX}/x/${{Value1}}", {"Value1": {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "k"]}}]},
            id="a function that only CloudFormation works out",
        ),
        pytest.param(
            '"/x/{{resolve:ssm:/which}}"',
            {"Fn::Sub": [f"{PREFIX}/x/${{Value1}}", {"Value1": "{{resolve:ssm:/which}}"}]},
            id="a dynamic reference",
        ),
    ],
)
def test_a_resource_is_named_as_the_template_names_it(value: str, expected: Any) -> None:
    added, _ = added_to(template_of(f"{{Name: A, ValueFrom: {value}}}"))
    (found,) = statements(added, "TaskExecutionRole")
    assert found[2] == expected


def test_an_expression_is_one_that_says_the_same_in_each_world() -> None:
    anywhere = "!FindInMap [M, !Ref AWS::Region, k]"
    in_one = "!FindInMap [M, !If [IsProd, !Ref AWS::Region, other], k]"
    one, other = (f'{{Name: A, ValueFrom: !Sub ["/x/${{X}}", {{X: {each}}}]}}' for each in (in_one, anywhere))
    added, _ = added_to(template_of(f"!If [IsProd, {one}, {other}]"))
    (found,) = statements(added, "TaskExecutionRole")
    assert found[2]["Fn::Sub"][1] == {"Value1": {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "k"]}}


def test_the_value_of_a_secret_never_stands_in_a_policy() -> None:
    added, _ = added_to(template_of('{Name: A, ValueFrom: "/x/{{resolve:secretsmanager:key}}"}'))
    assert statements(added, "TaskExecutionRole") == []
    assert added.resources["TaskSecretsExist"]["Properties"]["References"] == [""]
    (gap,) = {gap.what for gap in added.gaps}
    assert gap == "a policy cannot say ${resolve:secretsmanager:key}"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param('"/<Stage>/a"', id="a part, called as a parameter is"),
        pytest.param('"<Stage>"', id="all of it"),
        pytest.param('!Sub "/${Stage}/<Stage>"', id="beside that parameter"),
    ],
)
def test_a_placeholder_becomes_a_gap_and_no_parameter_of_the_template(value: str) -> None:
    added, _ = added_to(template_of(f"{{Name: A, ValueFrom: {value}}}"))
    assert statements(added, "TaskExecutionRole") == []
    assert added.resources["TaskSecretsExist"]["Properties"]["References"] == [""]
    assert [(gap.what, gap.remedy) for gap in added.gaps] == [
        ("a policy cannot say <Stage>", "Replace it with its value")
    ]


def test_what_refers_to_a_resource_stands_behind_its_condition() -> None:
    added, _ = added_to(template_of("{Name: A, ValueFrom: !Ref Database}"))
    assert [each[0] for each in statements(added, "TaskExecutionRole")] == ["IsProd"]


def test_the_home_account_and_region_become_pseudo_parameters() -> None:
    arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/a"
    added, _ = added_to(template_of(f'{{Name: A, ValueFrom: "{arn}"}}'), Facts("123456789012", "eu-west-1"))
    assert [each[2] for each in statements(added, "TaskExecutionRole")] == [{"Fn::Sub": f"{PREFIX}/a"}]


def test_both_roles_are_there_where_nothing_is_needed() -> None:
    added, _ = added_to(template_of().replace("        Secrets:\n\n", ""))
    assert list(added.resources) == ["TaskExecutionRole", "TaskTaskRole"]
    assert added.roles == {
        ("Resources", "Task", "Properties", "ExecutionRoleArn"): {"Fn::GetAtt": ["TaskExecutionRole", "Arn"]},
        ("Resources", "Task", "Properties", "TaskRoleArn"): {"Fn::GetAtt": ["TaskTaskRole", "Arn"]},
    }
    assert (added.parameters, added.conditions, added.depends_on) == ({}, {}, {})


def test_what_is_added_has_the_condition_of_the_task_definition() -> None:
    text = template_of("{Name: A, ValueFrom: /a}").replace("Task:\n", "Task:\n    Condition: HasKey\n")
    added, _ = added_to(text)
    assert {each.get("Condition") for each in added.resources.values()} == {"HasKey"}


def test_no_name_that_the_template_has_is_taken() -> None:
    text = template_of("{Name: A, ValueFrom: /a}") + "  TaskTaskRole: {Type: AWS::IAM::Role}\n"
    added, _ = added_to(text.replace("Parameters:\n", "Parameters:\n  KmsKeyArns: {Type: String}\n", 1))
    assert set(added.resources) == {"TaskExecutionRole", "TaskTaskRole2", "TaskSecretsExist"}
    assert set(added.parameters) == {"KmsKeyArns2", "ProjectName", "DeploymentId"}
    policy = added.resources["TaskExecutionRole"]["Properties"]["Policies"][1]["Fn::If"]
    assert policy[0] == "HasKmsKeyArns2"
    assert policy[1]["PolicyDocument"]["Statement"][0]["Resource"] == {"Ref": "KmsKeyArns2"}


def test_two_task_definitions_have_roles_of_their_own_and_share_parameters() -> None:
    text = template_of("{Name: A, ValueFrom: /a}")
    other = text[text.index("  Task:\n") :].replace("  Task:\n", "  Worker:\n")
    added, _ = added_to(text + other)
    assert list(added.resources) == [
        f"{task}{name}" for task in ("Task", "Worker") for name in ("ExecutionRole", "TaskRole", "SecretsExist")
    ]
    assert set(added.parameters) == {"KmsKeyArns", "ProjectName", "DeploymentId"}
    assert added.depends_on == {"Task": "TaskSecretsExist", "Worker": "WorkerSecretsExist"}


def test_the_gate_asks_for_what_is_there_before_the_stack() -> None:
    added, made = added_to(
        template_of(
            "{Name: A, ValueFrom: /a}",
            '{Name: B, ValueFrom: !Sub "/${Stage}/b"}',
            "!If [HasKey, {Name: C, ValueFrom: /c}, !Ref AWS::NoValue]",
            "{Name: D, ValueFrom: !Ref Database}",
            "{Name: E, ValueFrom: !Ref Named}",
        )
    )
    assert added.resources["TaskSecretsExist"]["Properties"] == {
        "ServiceToken": {"Fn::ImportValue": {"Fn::Sub": "${ProjectName}-SecretValidatorArn"}},
        "ServiceTimeout": 210,
        "DeploymentId": {"Ref": "DeploymentId"},
        "References": [
            {"ValueFrom": "/a", "For": "container web, secret A"},
            {"ValueFrom": {"Fn::Sub": "/${Stage}/b"}, "For": "container web, secret B"},
            {
                "Fn::If": [
                    "HasKey",
                    {"ValueFrom": "/c", "For": "container web, secret C"},
                    {"Ref": "AWS::NoValue"},
                ]
            },
        ],
    }
    assert [origin.item for origin in made] == ["secret D", "secret E"]


def test_the_gate_is_asked_for_a_list_in_any_case() -> None:
    added, _ = added_to(template_of("!If [HasKey, {Name: C, ValueFrom: /c}, !Ref AWS::NoValue]"))
    (reference,) = added.resources["TaskSecretsExist"]["Properties"]["References"]
    # The function passes over an empty text.
    assert reference["Fn::If"][2] == ""


def test_there_is_no_gate_where_the_stack_makes_all_that_is_read() -> None:
    added, made = added_to(template_of("{Name: D, ValueFrom: !Ref Database}"))
    assert set(added.resources) == {"TaskExecutionRole", "TaskTaskRole"}
    assert added.depends_on == {}
    assert len(made) == 1


def test_a_role_that_no_inline_policies_hold_gets_more() -> None:
    names = [f"/a/{number}/{'x' * 400}" for number in range(60)]
    secrets = [f"!If [IsProd, {{Name: A{name[3]}, ValueFrom: {name}}}, !Ref AWS::NoValue]" for name in names]
    text = template_of(*secrets).replace("Task:\n", "Task:\n    Condition: HasKey\n")
    added, _ = added_to(text)
    policies = {name: each for name, each in added.resources.items() if each["Type"] == "AWS::IAM::ManagedPolicy"}
    attached = added.resources["TaskExecutionRole"]["Properties"]["ManagedPolicyArns"]
    assert [each["Fn::If"][1] for each in attached] == [{"Ref": name} for name in policies]
    conditions = {each["Condition"] for each in policies.values()}
    assert conditions <= set(added.conditions)
    for name in conditions:
        assert {"Condition": "HasKey"} in added.conditions[name]["Fn::And"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [("HasKey", {"WithKey", "WithKeyAndKmsKeyArns"}), ("IsProd", {"WithIsProd", "WithKmsKeyArnsAndIsProd"})],
)
def test_a_policy_is_called_by_what_it_hangs_on(condition: str, expected: set[str]) -> None:
    added, _ = added_to(template_of(f"!If [{condition}, {{Name: A, ValueFrom: /a}}, !Ref AWS::NoValue]"))
    policies = added.resources["TaskExecutionRole"]["Properties"]["Policies"]
    assert {
        each["PolicyName"] for each in _within(policies) if isinstance(each, dict) and "PolicyName" in each
    } == expected


def test_what_is_cut_out_of_a_value_can_be_cut_out_of_nothing() -> None:
    # AWS::LanguageExtensions looks at both branches of Fn::If, and Fn::Select refuses what no piece is there for.
    text = template_of().replace("        Secrets:\n\n", "        EnvironmentFiles: [{Type: s3, Value: !Ref Key}]\n")
    added, _ = added_to(text)
    (buckets,) = [
        each[2] for each in statements(added, "TaskExecutionRole") if each[1] == "LocateEnvironmentFileBuckets"
    ]
    assert {"Fn::Select": [5, {"Fn::Split": [":", {"Fn::Sub": "${Key}:::::"}]}]} in _within(buckets)


def _within(value: Any) -> list[Any]:
    members = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value, *(inner for member in members for inner in _within(member))]
