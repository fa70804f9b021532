"""`cfnroles policy`: one policy document in plain JSON, or why there is none and what to tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

TASK: dict[str, Any] = {
    "family": "web",
    "containerDefinitions": [
        {
            "name": "web",
            "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1",
            "secrets": [{"name": "PASSWORD", "valueFrom": "/web/password"}],
        }
    ],
}
HOME = ("--account", "123456789012", "--region", "eu-west-1")

TEMPLATE = """\
Parameters:
  Stage: {Type: String}
  Named: {Type: String, Default: ""}
Conditions: {HasName: !Not [!Equals [!Ref Named, ""]]}
Resources:
  Table: {Type: AWS::SecretsManager::Secret, Properties: {GenerateSecretString: {}}}
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
      - Name: web
        Image: nginx
        Secrets:
        - {Name: A, ValueFrom: !Sub "/${Stage}/a"}
        - !If [HasName, {Name: B, ValueFrom: /b}, !Ref AWS::NoValue]
  Job:
    Type: AWS::ECS::TaskDefinition
    Properties: {ContainerDefinitions: [{Name: job, Image: nginx, Secrets: [{Name: A, ValueFrom: !Ref Table}]}]}
"""


@pytest.fixture
def policy(cfnroles: Any, tmp_path: Path) -> Any:
    def run(source: Any, role: str, *options: str) -> Any:
        file = tmp_path / ("template.yaml" if isinstance(source, str) else "web.json")
        file.write_text(source if isinstance(source, str) else json.dumps(source))
        return cfnroles("policy", file, "--role", role, *options)

    return run


def test_the_policy_of_a_role_is_the_document_that_iam_takes(policy: Any) -> None:
    result = policy(TASK, "execution", *HOME)

    assert result.code == 0
    assert json.loads(result.out) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "GetRegistryToken",
                "Effect": "Allow",
                "Action": ["ecr:GetAuthorizationToken"],
                "Resource": "*",
            },
            {
                "Sid": "PullImages",
                "Effect": "Allow",
                "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                "Resource": "arn:aws:ecr:eu-west-1:111122223333:repository/web",
            },
            {
                "Sid": "ReadParameters",
                "Effect": "Allow",
                "Action": ["ssm:GetParameters"],
                "Resource": "arn:aws:ssm:eu-west-1:123456789012:parameter/web/password",
            },
        ],
    }


def test_what_is_not_known_is_asked_for_at_once_and_nothing_is_printed(policy: Any) -> None:
    result = policy(TASK, "execution", "--region", "eu-west-1")

    assert (result.code, result.out) == (3, "")
    assert "${AWS::AccountId}" in result.err
    assert "containerDefinitions[0].secrets[0].valueFrom" in result.err
    assert "Pass --account ID." in result.err


def test_a_placeholder_is_asked_for_by_its_name(policy: Any) -> None:
    task = {**TASK, "containerDefinitions": [{**TASK["containerDefinitions"][0], "image": "nginx"}]}
    task["containerDefinitions"][0]["secrets"] = [{"name": "A", "valueFrom": "/<STAGE>/a"}]

    assert "Pass --set STAGE=VALUE." in policy(task, "execution", *HOME).err
    filled = policy(task, "execution", *HOME, "--set", "STAGE=prod")
    assert "parameter/prod/a" in filled.out


def test_a_role_that_needs_nothing_has_no_policy(policy: Any) -> None:
    result = policy(TASK, "task", *HOME)

    assert (result.code, result.out) == (1, "")
    assert "the task role needs no permission" in result.err


def test_customer_managed_keys_are_asked_for_and_stand_in_the_policy_when_told(policy: Any) -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"

    untold, told = policy(TASK, "execution", *HOME), policy(TASK, "execution", *HOME, "--kms-key-arn", key)

    assert "Pass --kms-key-arn ARN for each key that does." in untold.err
    assert (key in told.out, told.err) == (True, "")


def test_gaps_are_told_and_strict_makes_them_count(policy: Any) -> None:
    task = {**TASK, "containerDefinitions": [{**TASK["containerDefinitions"][0], "image": "<IMAGE>"}]}

    assert policy(task, "execution", *HOME).code == 0
    strict = policy(task, "execution", *HOME, "--strict")
    assert strict.code == 1
    assert "Gaps: 1 permission" in strict.err
    assert strict.err.endswith("error: 1 gap, and --strict was given: the policy was printed\n")


@pytest.mark.parametrize(
    ("role", "condition"),
    [
        (("trust",), {"StringEquals": {"aws:SourceAccount": "123456789012"}}),
        (("execution", "--trust"), {"StringEquals": {"aws:SourceAccount": "123456789012"}}),
        (
            ("task", "--trust"),
            {
                "StringEquals": {"aws:SourceAccount": "123456789012"},
                "ArnLike": {"aws:SourceArn": "arn:aws:ecs:eu-west-1:123456789012:*"},
            },
        ),
        (("infrastructure", "--trust"), None),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else None,
)
def test_a_trust_policy_admits_the_service_for_this_account(policy: Any, role: Any, condition: Any) -> None:
    (statement,) = json.loads(policy(TASK, *role, *HOME).out)["Statement"]

    assert (
        statement["Principal"]["Service"] == ("ecs" if role[0] == "infrastructure" else "ecs-tasks") + ".amazonaws.com"
    )
    assert statement.get("Condition") == condition


def test_a_trust_policy_without_an_account_is_not_made_wider(policy: Any) -> None:
    result = policy(TASK, "task", "--trust")

    assert (result.code, result.out) == (3, "")
    assert "Pass --account ID. Pass --region REGION." in result.err


def test_the_facts_of_a_spec_are_asked_for_in_the_spec(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "web.json").write_text(json.dumps(TASK))
    spec = tmp_path / "cfnroles.yaml"
    spec.write_text("project: shop\nservices: {web: {task-definition: web.json}}\n")
    trust = cfnroles("policy", spec, "--role", "trust")
    permissions = cfnroles("policy", spec, "--role", "execution")

    assert (trust.code, permissions.code) == (3, 3)
    assert "Write it into the spec: account." in trust.err
    assert "Write it into the spec: account." in permissions.err
    assert "Pass --" not in trust.err + permissions.err


def test_the_policy_of_a_repository_in_another_account_admits_this_one(policy: Any) -> None:
    result = policy(TASK, "repository", *HOME)

    (statement,) = json.loads(result.out)["Statement"]
    assert statement["Principal"] == {"AWS": ["arn:aws:iam::123456789012:root"]}
    assert statement["Action"] == ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    assert "Resource" not in statement
    assert "For arn:aws:ecr:eu-west-1:111122223333:repository/web." in result.err


def test_one_task_definition_of_a_template_is_asked_about(policy: Any) -> None:
    assert "Choose one with --resource: Web, Job." in policy(TEMPLATE, "execution", *HOME).err


def test_what_hangs_on_a_condition_of_a_template_asks_for_its_parameters(policy: Any) -> None:
    hanging = policy(TEMPLATE, "execution", *HOME, "--resource", "Web", "--parameter", "Stage=prod")
    assert (hanging.code, hanging.out) == (3, "")
    assert "if HasName holds" in hanging.err
    assert "Pass --parameter Named=VALUE." in hanging.err

    decided = ("--resource", "Web", "--parameter", "Stage=prod", "--parameter", "Named=x")
    assert "parameter/b" in policy(TEMPLATE, "execution", *HOME, *decided).out


def test_what_only_the_deployment_tells_is_left_to_a_template(policy: Any) -> None:
    result = policy(TEMPLATE, "execution", *HOME, "--resource", "Job")

    assert (result.code, result.out) == (3, "")
    assert "`cfnroles build` writes a template with it." in result.err


def test_a_service_of_a_spec_is_asked_about_by_its_name(cfnroles: Any, examples: Path) -> None:
    spec = examples / "shop-project" / "cfnroles.yaml"

    assert "--service" in cfnroles("policy", spec, "--role", "task").err
    result = cfnroles("policy", spec, "--role", "task", "--service", "web")
    assert json.loads(result.out)["Version"] == "2012-10-17"


def test_trust_is_asked_of_a_role(policy: Any) -> None:
    assert policy(TASK, "repository", "--trust").code == 2


def test_a_policy_that_no_role_could_hold_inline_is_not_printed(policy: Any) -> None:
    secrets = [
        {"name": f"S{number}", "valueFrom": f"/a/rather/long/name/of/a/parameter/{number}"} for number in range(150)
    ]
    task = {**TASK, "containerDefinitions": [{"name": "web", "image": "nginx", "secrets": secrets}]}

    result = policy(task, "execution", *HOME)

    assert (result.code, result.out) == (1, "")
    assert "IAM allows 10,240" in result.err


def test_a_variable_of_iam_is_written_as_iam_takes_it(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "web.json").write_text(json.dumps(TASK))
    statement = "{actions: [s3:GetObject], resources: ['arn:aws:s3:::b/${aws:PrincipalTag/team}/*'], reason: own files}"
    (tmp_path / "cfnroles.yaml").write_text(
        f"project: shop\nservices: {{web: {{task-definition: web.json, task-role: {{statements: [{statement}]}}}}}}"
    )

    result = cfnroles("policy", tmp_path / "cfnroles.yaml", "--role", "task")

    assert '"arn:aws:s3:::b/${aws:PrincipalTag/team}/*"' in result.out
