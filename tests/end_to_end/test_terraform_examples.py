"""The examples for Terraform, with the roles that cfnroles writes for them, as Terraform itself applies them.

All of them are modules of one configuration, so that each command runs once.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.terraform.running import Terraform

    from .conftest import Account

VALUE = "hunter2-hunter2"
#: The examples with a task definition, and its name.
TASKS = {
    "secrets": "app",
    "parameters": "shop",
    "task-role": "worker",
    "shared-image": "web",
    "log-groups": "api",
    "module": "web",
}
#: The examples whose application says in a service spec what it may do.
SPECS = {"task-role": "cfnroles.yaml"}
ROOT = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "us-east-1"
}

provider "aws" {
  alias      = "images"
  access_key = "222222222222"
}

module "images-account" {
  source    = "./images-account"
  providers = { aws = aws.images }
}
"""


@pytest.fixture
def directory(account: Account, terraform: Terraform, examples: Path, tmp_path: Path) -> Path:
    """All examples with the roles that are written for them, in one configuration that is initialised and valid."""
    root = tmp_path / "all"
    shutil.copytree(examples / "terraform", root)
    calls = [f'module "{name}" {{\n  source = "./{name}"\n}}\n' for name in TASKS]
    outputs = [f'output "{name}" {{\n  value = module.{name}\n}}\n' for name in TASKS]
    (root / "main.tf").write_text("\n".join((ROOT, *calls, *outputs)), encoding="utf-8")
    for name, task in TASKS.items():
        source, directory, file = root / name, root / name, f"{task}.cfnroles.tf"
        if name == "module":
            source, directory, file = source / "web.json", directory / "execution-role", "main.cfnroles.tf"
        options = ["--module"] if name == "module" else []
        written = account.cfnroles("terraform", source / SPECS.get(name, ""), "-o", directory, *options)
        assert (written.returncode, (directory / file).exists()) == (0, True), written.stderr
    terraform.done(root, "init")
    terraform.done(root, "validate")
    terraform.done(root, "fmt", "-check", "-recursive")
    return root


def test_the_policy_of_the_images_account_is_that_of_the_image(account: Account, examples: Path) -> None:
    example = examples / "terraform"
    printed = account.cfnroles("policy", example / "shared-image", "--role", "repository", "--account", "123456789012")
    assert printed.stdout == (example / "images-account" / "repository-policy.json").read_text(encoding="utf-8")


def refused_apply(terraform: Terraform, directory: Path, *options: str) -> str:
    """What Terraform prints when it does not apply, without the lines and signs that it draws around."""
    ended = terraform.run(directory, "apply", "-auto-approve", *options)
    assert ended.returncode == 1
    return " ".join(ended.stderr.split())


def passes(account: Account, *about: object) -> None:
    verdict = account.cfnroles("verify", *about, "--aws-managed-keys", "--fail-on", "excess")
    found = {line for line in verdict.stdout.splitlines() if "Verdict" in line}
    assert (verdict.returncode, found) == (0, {"Verdict: pass"}), verdict.stdout + verdict.stderr


def deployed_roles_pass(account: Account, source: Path, name: str, roles: dict[str, Any]) -> None:
    task = TASKS[name]
    about: list[object] = [source, "--resource", f"module.{name}.aws_ecs_task_definition.{task}"]
    if name in SPECS:
        about = [source.parent / name / SPECS[name]]
    for option, kind in {"--role": "execution", "--task-role": "task"}.items():
        output = f"{task}_{kind}_role_name"
        about += [option, roles[name]["value"][output]] if output in roles[name]["value"] else []
    assert "--role" in about
    passes(account, *about, "--live")


@pytest.mark.long
def test_nothing_is_registered_before_its_secrets_have_values_and_all_is_exact_then(
    account: Account, terraform: Terraform, directory: Path
) -> None:
    for name in TASKS.keys() - SPECS.keys():
        passes(account, directory / name)
    told = refused_apply(terraform, directory)
    for name, secret in {"db-password": "DB_PASSWORD", "api-key": "API_KEY"}.items():
        assert (
            f"Secret my-app/{name} has no value. Needed by container app, secret {secret}. Put a value first." in told
        )
    ecs = account.client("ecs")
    assert ecs.list_task_definitions(familyPrefix="my-app")["taskDefinitionArns"] == []

    for name in ("db-password", "api-key"):
        account.client("secretsmanager").put_secret_value(SecretId=f"my-app/{name}", SecretString=VALUE)
    terraform.done(directory, "apply", "-auto-approve")
    terraform.done(directory, "plan", "-detailed-exitcode", "-out", "second")
    assert len(ecs.list_task_definitions()["taskDefinitionArns"]) == len(TASKS)
    assert VALUE not in (directory / "terraform.tfstate").read_text(encoding="utf-8")

    roles = json.loads(terraform.done(directory, "output", "-json"))
    for source in ("state", "plan"):
        shown = terraform.shown(directory, *(["second"] if source == "plan" else []))
        (directory / f"{source}.json").write_text(json.dumps(shown), encoding="utf-8")
        assert VALUE not in json.dumps(shown)
        for name in TASKS:
            deployed_roles_pass(account, directory / f"{source}.json", name, roles)


ON_A_CONDITION = """
variable "debug" {
  type = bool
}

resource "aws_secretsmanager_secret" "debug" {
  count = var.debug ? 1 : 0
  name  = "debug"
}

resource "aws_ecs_task_definition" "app" {
  family             = "app"
  execution_role_arn = local.app_execution_role_arn
  container_definitions = jsonencode([{
    name   = "web"
    image  = "nginx:1"
    memory = 128
    secrets = concat(
      [{ name = "LEVEL", valueFrom = "/app/level" }],
      var.debug ? [
        { name = "OWN", valueFrom = aws_secretsmanager_secret.debug[0].arn },
        { name = "OTHER", valueFrom = "arn:aws:secretsmanager:us-east-1:123456789012:secret:other" },
      ] : [],
    )
  }])
}
"""


def test_what_hangs_on_a_condition_is_there_and_asked_for_under_it_alone(
    account: Account, terraform: Terraform, tmp_path: Path
) -> None:
    (tmp_path / "main.tf").write_text(ON_A_CONDITION, encoding="utf-8")
    assert account.cfnroles("terraform", tmp_path).returncode == 0
    terraform.done(tmp_path, "init")
    terraform.done(tmp_path, "apply", "-auto-approve", "-var", "debug=false")

    refused = terraform.run(tmp_path, "plan", "-var", "debug=true")
    assert (refused.returncode, "secret:other): couldn't find resource" in refused.stderr) == (1, True)
    account.client("secretsmanager").create_secret(Name="other", SecretString=VALUE)
    assert "Secret debug has no value." in refused_apply(terraform, tmp_path, "-var", "debug=true")
