"""The roles of a task definition of Terraform as a stack: its expressions are parameters, and nothing is wider."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cfnroles import Build, Told, build, read

MAIN = """
variable "stage" { type = string }
variable "debug" { type = bool }
variable "cluster" { default = "main" }
resource "aws_ecs_cluster" "main" { name = "shop-${var.stage}" }
resource "aws_secretsmanager_secret" "db" { name = "shop/db" }
resource "aws_ecs_task_definition" "web" {
  family                = "web"
  container_definitions = jsonencode([{
    name    = "web"
    image   = "nginx:1"
    memory  = 128
    secrets = SECRETS
  }])
}
resource "aws_cloudwatch_event_target" "nightly" {
  rule = "nightly"
  arn  = aws_ecs_cluster.main.arn
  ecs_target { task_definition_arn = aws_ecs_task_definition.web.arn }
}
"""
DB = "aws_secretsmanager_secret.db.arn"


def built(directory: Path, secrets: str, **parameters: str) -> Build:
    """The build of a directory with these secrets."""
    (directory / "main.tf").write_text(MAIN.replace("SECRETS", secrets), encoding="utf-8")
    return build(read(directory, Told(region="eu-west-1", account="111122223333", parameters=parameters)))


def resources(made: Build, role: str, sid: str) -> Any:
    """What a statement of a role in the only stack is about."""
    properties = made.stacks[0].template["Resources"][role]["Properties"]
    policies = [each for each in properties["Policies"] if "PolicyDocument" in each]
    statements = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    return [each["Resource"] for each in statements if each["Sid"] == sid]


@pytest.mark.parametrize(
    ("value_from", "sid", "resource", "expressions"),
    [
        pytest.param(DB, "ReadSecrets", {"Ref": "SecretsmanagerSecretDbArn"}, [DB], id="an ARN"),
        pytest.param(
            f'"${{{DB}}}:password::"', "ReadSecrets", {"Ref": "SecretsmanagerSecretDbArn"}, [DB], id="a JSON key"
        ),
        pytest.param(
            '"/shop/${var.stage}/token"',
            "ReadParameters",
            {"Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/shop/${VarStage}/token"},
            ["var.stage"],
            id="a part of a name",
        ),
        pytest.param(
            '"arn:aws:ssm:eu-west-1:111122223333:parameter/a"',
            "ReadParameters",
            {"Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/a"},
            [],
            id="literal",
        ),
    ],
)
def test_what_only_terraform_knows_is_a_parameter(
    tmp_path: Path, value_from: str, sid: str, resource: Any, expressions: list[str]
) -> None:
    made = built(tmp_path, f'[{{ name = "A", valueFrom = {value_from} }}]')
    assert [stack.name for stack in made.stacks] == ["web-roles"]
    assert resources(made, "ExecutionRole", sid) == [resource]
    told = [each for each in made.expressions.values() if not each.startswith("aws_ecs_cluster")]
    assert told == expressions


def test_whoever_runs_the_task_may_pass_the_roles_of_the_stack_and_run_every_revision(tmp_path: Path) -> None:
    made = built(tmp_path, "[]")
    passed = [{"Fn::GetAtt": [role, "Arn"]} for role in ("ExecutionRole", "TaskRole")]
    assert resources(made, "EventRuleRole", "PassRolesOfTask") == [passed]
    family = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/web:*"
    assert resources(made, "EventRuleRole", "RunTask") == [{"Fn::Sub": family}]
    assert made.expressions == {"EcsClusterMainArn": "aws_ecs_cluster.main.arn"}


def test_an_expression_is_asked_for_in_the_form_of_its_value(tmp_path: Path) -> None:
    made = built(tmp_path, f'[{{ name = "A", valueFrom = {DB} }}, {{ name = "B", valueFrom = "/${{var.stage}}" }}]')
    declared = made.stacks[0].template["Parameters"]
    assert declared["SecretsmanagerSecretDbArn"]["ConstraintDescription"] == "an ARN without * and ?"
    assert "*" not in declared["VarStage"]["AllowedPattern"].rstrip("$+")
    assert declared["VarStage"]["Description"] == "Value of var.stage in Terraform."


def test_what_hangs_on_a_condition_is_a_gap_until_it_is_told(tmp_path: Path) -> None:
    secrets = f'var.debug ? [{{ name = "A", valueFrom = {DB} }}] : []'
    made = built(tmp_path, secrets)
    (gap,) = made.gaps
    assert gap.what == "it is needed only if var.debug holds, which only Terraform knows"
    assert gap.remedy.startswith("Pass values of variables with --parameter NAME=VALUE, or pass the state")
    assert "secretsmanager:GetSecretValue" in gap.actions
    assert "secretsmanager" not in str(made.stacks)
    assert resources(built(tmp_path, secrets, debug="true"), "ExecutionRole", "ReadSecrets")
