"""Terraform itself on the roles that are written for it: repeated task definitions, a module, other sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.terraform.running import Terraform

    from .conftest import Account

MAIN = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "make" { default = true }
resource "aws_secretsmanager_secret" "db" { name = "repeated/db" }
resource "aws_secretsmanager_secret_version" "db" {
  secret_id     = aws_secretsmanager_secret.db.id
  secret_string = "hello"
}
locals {
  services = {
    web = { image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1", secrets = [aws_secretsmanager_secret.db.arn] }
    job = { image = "nginx", secrets = [] }
  }
}
resource "aws_ecs_task_definition" "service" {
  for_each           = local.services
  family             = "service-${each.key}"
  execution_role_arn = local.service_execution_role_arn[each.key]
  task_role_arn      = local.service_task_role_arn[each.key]
  container_definitions = jsonencode([{
    name    = each.key
    image   = each.value.image
    memory  = 128
    secrets = [for each_one in each.value.secrets : { name = "DB", valueFrom = each_one }]
  }])
}
resource "aws_ecs_task_definition" "one" {
  count              = var.make ? 1 : 0
  family             = "one"
  execution_role_arn = local.one_execution_role_arn[count.index]
  container_definitions = jsonencode([{
    name    = "web"
    image   = "nginx"
    memory  = 128
    secrets = [{ name = "DB", valueFrom = aws_secretsmanager_secret.db.arn }]
  }])
}
"""
CALL = """
module "role" {
  source              = "./role"
  service_name        = "called"
  secrets_arns        = [aws_secretsmanager_secret.db.arn]
  additional_policies = []
}
"""


@pytest.mark.long
def test_roles_of_instances_and_of_a_module_are_applied_once(
    account: Account, terraform: Terraform, tmp_path: Path, repository: Path
) -> None:
    (tmp_path / "main.tf").write_text(MAIN, encoding="utf-8")
    assert account.cfnroles("terraform", tmp_path).returncode == 0
    shop = repository / "examples/shop.json"
    assert account.cfnroles("terraform", shop, "-o", tmp_path, "--gate", "check").returncode == 0
    assert account.cfnroles("terraform", shop, "--module", "-o", tmp_path / "role").returncode == 0
    logging = repository / "examples/recipes/12-log-groups.yaml"
    assert account.cfnroles("terraform", logging, "-o", tmp_path).returncode == 0
    (tmp_path / "call.tf").write_text(CALL, encoding="utf-8")
    terraform.done(tmp_path, "init")
    terraform.done(tmp_path, "validate")
    # The secrets of the shop are not there.
    (tmp_path / "shop.cfnroles.tf").unlink()
    terraform.done(tmp_path, "apply", "-auto-approve")
    terraform.done(tmp_path, "plan", "-detailed-exitcode")
