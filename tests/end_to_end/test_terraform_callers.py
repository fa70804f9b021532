"""Terraform itself on a module whose callers choose the image, the secrets and the files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.terraform.running import Terraform

    from .conftest import Account

MODULE = """
variable "name" { type = string }
variable "image" { type = string }
variable "secrets" {
  type    = map(string)
  default = {}
}
variable "files" {
  type    = list(string)
  default = []
}

resource "aws_ecs_task_definition" "app" {
  family             = var.name
  execution_role_arn = local.app_execution_role_arn
  task_role_arn      = local.app_task_role_arn
  container_definitions = jsonencode([{
    name             = "app"
    image            = var.image
    memory           = 128
    environmentFiles = [for file in var.files : { type = "s3", value = file }]
    secrets = [
      for name, reference in var.secrets : {
        name      = name # as the application calls it
        valueFrom = reference
      }
    ]
  }])
}

output "execution_role" {
  value = local.app_execution_role_arn
}
"""
ROOT = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
resource "aws_secretsmanager_secret" "db" { name = "callers/db" }
resource "aws_secretsmanager_secret" "key" { name = "callers/key" }
resource "aws_ssm_parameter" "flags" {
  name  = "/callers/flags"
  type  = "String"
  value = "none"
}
module "own" {
  source = "./service"
  name   = "own"
  image  = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/own:1"
  secrets = {
    DB       = "${aws_secretsmanager_secret.db.arn}:password::"
    DB_USER  = "${aws_secretsmanager_secret.db.arn}:user::"
    KEY      = aws_secretsmanager_secret.key.arn
    FLAGS    = aws_ssm_parameter.flags.arn
    BY_NAME  = "/callers/level"
    PARTIAL  = "arn:aws:secretsmanager:us-east-1:123456789012:secret:callers/partial"
  }
  files = ["arn:aws:s3:::callers/own.env"]
}
module "other" {
  source  = "./service"
  name    = "other"
  image   = "222222222222.dkr.ecr.eu-west-1.amazonaws.com/other"
  secrets = { LEVEL = "callers-level" }
}
module "public" {
  source = "./service"
  name   = "public"
  image  = "public.ecr.aws/nginx/nginx:1"
}
module "bare" {
  source = "./service"
  name   = "bare"
  image  = "nginx"
  secrets = { KEY = aws_secretsmanager_secret.key.arn }
}
"""
OWN = {
    "ecr:BatchGetImage": ["arn:aws:ecr:us-east-1:123456789012:repository/team/own"],
    "ecr:GetAuthorizationToken": ["*"],
    "ecr:GetDownloadUrlForLayer": ["arn:aws:ecr:us-east-1:123456789012:repository/team/own"],
    "s3:GetBucketLocation": ["arn:aws:s3:::callers"],
    "s3:GetObject": ["arn:aws:s3:::callers/own.env"],
    "secretsmanager:GetSecretValue": [
        "DB",
        "KEY",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:callers/partial-??????",
    ],
    "ssm:GetParameters": [
        "arn:aws:ssm:us-east-1:123456789012:parameter/callers/flags",
        "arn:aws:ssm:us-east-1:123456789012:parameter/callers/level",
    ],
}
OTHER = {
    "ecr:BatchGetImage": ["arn:aws:ecr:eu-west-1:222222222222:repository/other"],
    "ecr:GetAuthorizationToken": ["*"],
    "ecr:GetDownloadUrlForLayer": ["arn:aws:ecr:eu-west-1:222222222222:repository/other"],
    "ssm:GetParameters": ["arn:aws:ssm:us-east-1:123456789012:parameter/callers-level"],
}
ALLOWED = {"own": OWN, "other": OTHER, "public": {}, "bare": {"secretsmanager:GetSecretValue": ["KEY"]}}


@pytest.fixture
def directory(account: Account, terraform: Terraform, tmp_path: Path) -> Path:
    (tmp_path / "service").mkdir()
    (tmp_path / "service/main.tf").write_text(MODULE, encoding="utf-8")
    (tmp_path / "main.tf").write_text(ROOT, encoding="utf-8")
    written = account.cfnroles("terraform", tmp_path)
    assert (written.returncode, "Gaps" in written.stderr) == (0, False), written.stderr
    terraform.done(tmp_path, "init")
    terraform.done(tmp_path, "validate")
    return tmp_path


def test_each_call_of_a_module_gets_exactly_what_its_values_need(
    account: Account, terraform: Terraform, directory: Path
) -> None:
    terraform.done(directory, "apply", "-auto-approve")
    terraform.done(directory, "plan", "-detailed-exitcode")

    iam, secrets = account.client("iam"), account.client("secretsmanager")
    arns = {name: secrets.describe_secret(SecretId=f"callers/{name.lower()}")["ARN"] for name in ("DB", "KEY")}
    state = terraform.shown(directory)
    for name, expected in ALLOWED.items():
        module = next(
            each for each in state["values"]["root_module"]["child_modules"] if each["address"] == f"module.{name}"
        )
        (policy,) = [each for each in module["resources"] if each["type"] == "aws_iam_role_policy"]
        found = iam.get_role_policy(RoleName=policy["values"]["role"], PolicyName=policy["values"]["name"])
        assert allowed(found["PolicyDocument"]) == {
            action: sorted(arns.get(each, each) for each in resources) for action, resources in expected.items()
        }

    saved = directory / "state.json"
    saved.write_text(json.dumps(state), encoding="utf-8")
    verified = account.cfnroles("verify", saved, "--fail-on", "excess", "--aws-managed-keys")
    assert (verified.returncode, verified.stdout.count("Verdict: pass")) == (0, 8), verified.stdout
    sources = account.cfnroles("verify", directory, "--fail-on", "excess", "--aws-managed-keys")
    assert (sources.returncode, sources.stdout.count("Verdict: pass")) == (0, 8), sources.stdout


def allowed(document: dict) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for statement in document["Statement"]:
        for action in statement["Action"] if statement["Effect"] == "Allow" else ():
            found[action] = sorted({*found.get(action, ()), *statement["Resource"]})
    assert document["Statement"]
    return found


def test_a_caller_may_create_the_repository_and_the_secrets_in_the_same_run(
    account: Account, terraform: Terraform, directory: Path
) -> None:
    call = """
resource "aws_ecr_repository" "app" { name = "callers/app" }
module "made" {
  source  = "./service"
  name    = "made"
  image   = "${aws_ecr_repository.app.repository_url}:1"
  secrets = { DB = aws_secretsmanager_secret.db.arn }
}
"""
    (directory / "made.tf").write_text(call, encoding="utf-8")
    terraform.done(directory, "init")
    terraform.done(directory, "apply", "-auto-approve")
    terraform.done(directory, "plan", "-detailed-exitcode")
    verified = account.cfnroles("verify", directory, "--fail-on", "excess", "--aws-managed-keys")
    assert (verified.returncode, verified.stdout.count("Verdict: pass")) == (0, 10), verified.stdout
