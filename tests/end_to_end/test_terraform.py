"""Terraform itself, with a stand-in for its provider, against the emulator: what cfnroles reads of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.terraform.running import Terraform

    from .conftest import Account

APPLICATION = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

resource "aws_secretsmanager_secret" "db" {
  name = "shop/db"
}

resource "aws_iam_role" "execution" {
  name = "shop-execution"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "execution" {
  name = "secrets"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = aws_secretsmanager_secret.db.arn
    }]
  })
}

resource "aws_ecs_task_definition" "shop" {
  family             = "shop"
  execution_role_arn = aws_iam_role.execution.arn
  container_definitions = jsonencode([{
    name        = "web"
    image       = "nginx:1"
    memory      = 128
    secrets     = [{ name = "DB", valueFrom = aws_secretsmanager_secret.db.arn }]
    environment = [{ name = "GREETING", value = "hello-hello" }]
  }])
}
"""


@pytest.fixture
def directory(tmp_path: Path, terraform: Terraform) -> Path:
    (tmp_path / "main.tf").write_text(APPLICATION, encoding="utf-8")
    terraform.done(tmp_path, "init")
    return tmp_path


def saved(directory: Path, name: str, shown: object) -> Path:
    path = directory / f"{name}.json"
    path.write_text(json.dumps(shown), encoding="utf-8")
    return path


def test_plans_and_states_of_terraform_are_read(account: Account, terraform: Terraform, directory: Path) -> None:
    terraform.done(directory, "plan", "-out", "plan")
    plan = saved(directory, "plan", terraform.shown(directory, "plan"))
    terraform.done(directory, "apply", "plan")
    state = saved(directory, "state", terraform.shown(directory))
    arn = account.client("secretsmanager").describe_secret(SecretId="shop/db")["ARN"]

    before, after, source = (account.cfnroles("explain", each) for each in (plan, state, directory))
    assert (before.returncode, after.returncode, source.returncode) == (0, 0, 0)
    assert "the plan hides all of it" in before.stdout
    assert f"ReadSecrets: secretsmanager:GetSecretValue\n      on {arn}\n" in after.stdout
    assert "hello" not in before.stdout + after.stdout
    assert "ReadSecrets: secretsmanager:GetSecretValue\n      on ${aws_secretsmanager_secret.db.arn}\n" in source.stdout

    options = ("--live", "--role", "shop-execution", "--aws-managed-keys", "--fail-on", "excess")
    verdict = account.cfnroles("verify", state, *options)
    assert (verdict.returncode, "Verdict: pass" in verdict.stdout) == (0, True), verdict.stdout


def test_the_stand_in_sees_what_somebody_changed(account: Account, terraform: Terraform, directory: Path) -> None:
    """Without this, that a second plan is empty would say nothing."""
    terraform.done(directory, "apply", "-auto-approve")
    assert terraform.run(directory, "plan", "-detailed-exitcode").returncode == 0

    policy = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    )
    iam = account.client("iam")
    iam.put_role_policy(RoleName="shop-execution", PolicyName="secrets", PolicyDocument=policy)
    planned = terraform.run(directory, "plan", "-detailed-exitcode")
    assert planned.returncode == 2
    assert "aws_iam_role_policy.execution will be updated in-place" in planned.stdout


VERSIONS = """
data "aws_secretsmanager_secret_versions" "db" {
  secret_id = "shop/db"
}

output "stages" {
  value = try([for version in data.aws_secretsmanager_secret_versions.db.versions : version.version_stages], null)
}
"""


def test_a_secret_without_a_value_has_no_version(account: Account, terraform: Terraform, directory: Path) -> None:
    """As in AWS, whose provider has null then; the emulator alone gives it a version."""
    (directory / "main.tf").write_text(APPLICATION.partition("resource")[0] + VERSIONS, encoding="utf-8")
    secrets = account.client("secretsmanager")
    secrets.create_secret(Name="shop/db")
    terraform.done(directory, "apply", "-auto-approve")
    assert "stages" not in json.loads(terraform.done(directory, "output", "-json"))

    secrets.put_secret_value(SecretId="shop/db", SecretString="hunter2")
    terraform.done(directory, "apply", "-auto-approve")
    assert json.loads(terraform.done(directory, "output", "-json", "stages")) == [["AWSCURRENT"]]
    assert "hunter2" not in (directory / "terraform.tfstate").read_text(encoding="utf-8")


ELSEWHERE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "region" {
  type    = string
  default = "eu-central-1"
}
resource "aws_secretsmanager_secret" "db" {
  region = var.region
  name   = "elsewhere/db"
}
resource "aws_secretsmanager_secret_version" "db" {
  region        = var.region
  secret_id     = aws_secretsmanager_secret.db.id
  secret_string = "hello-hello"
}
resource "aws_ecs_task_definition" "shop" {
  region             = var.region
  family             = "elsewhere"
  execution_role_arn = local.shop_execution_role_arn
  task_role_arn      = local.shop_task_role_arn
  container_definitions = jsonencode([{
    name    = "web"
    image   = "nginx:1"
    memory  = 128
    secrets = [
      { name = "DB", valueFrom = aws_secretsmanager_secret.db.arn },
      { name = "LEVEL", valueFrom = "/elsewhere/level" },
    ]
  }])
}
"""


def test_the_gate_and_the_roles_follow_the_region_of_a_resource(
    account: Account, terraform: Terraform, tmp_path: Path
) -> None:
    """The Region of the provider has no such secret, and the role may read the parameter in the Region of the task."""
    (tmp_path / "main.tf").write_text(ELSEWHERE, encoding="utf-8")
    assert account.cfnroles("terraform", tmp_path).returncode == 0
    terraform.done(tmp_path, "init")
    terraform.done(tmp_path, "apply", "-auto-approve")
    terraform.done(tmp_path, "plan", "-detailed-exitcode")
    resources = terraform.shown(tmp_path)["values"]["root_module"]["resources"]
    (policy,) = [each["values"]["policy"] for each in resources if each["type"] == "aws_iam_role_policy"]
    assert "arn:aws:ssm:eu-central-1:123456789012:parameter/elsewhere/level" in policy
    assert "us-east-1" not in policy
