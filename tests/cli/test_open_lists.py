"""A list of secrets that only Terraform knows: a file that asks the user's own expression for what it names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

VARIABLES = """
variable "secrets" {}
variable "more" {
  type    = map(string)
  default = {}
}
variable "objects" { type = list(object({ name = string, valueFrom = string })) }
variable "files" { default = [] }
variable "maybe" {
  type    = map(string)
  default = null
}
resource "aws_secretsmanager_secret" "db" { name = "db" }
"""
TASK = """
resource "aws_ecs_task_definition" "app" {
  family             = "app"
  execution_role_arn = local.app_execution_role_arn
  task_role_arn      = local.app_task_role_arn
  container_definitions = jsonencode([{
    name  = "web"
    image = "nginx"
MEMBERS
  }])
}
"""


def written(cfnroles: Any, directory: Path, members: str, *options: str) -> str:
    (directory / "main.tf").write_text(VARIABLES + TASK.replace("MEMBERS", members), encoding="utf-8")
    result = cfnroles("terraform", directory, *options)
    assert (result.code, "Gaps" in result.err) == (0, False), result.err
    return (directory / "app.cfnroles.tf").read_text(encoding="utf-8")


LISTS = {
    "a map": (
        "secrets = [for k, v in var.secrets : { name = k, valueFrom = v }]",
        "try([for k, v in var.secrets : { name = k, valueFrom = v }], [])",
    ),
    "a map on several lines": (
        "secrets = [\n  for k, v in var.secrets : {\n    name = k # as it is called\n    valueFrom = v\n  }\n]",
        "try([for k, v in var.secrets : { name = k, valueFrom = v }], [])",
    ),
    "objects": ("secrets = var.objects", "var.objects"),
    "a member of objects": ("secrets = var.secrets.app", "try(var.secrets.app, [])"),
    "a map with nothing by default": (
        "secrets = [for k, v in var.more : { name = k, valueFrom = v }]",
        "try([for k, v in var.more : { name = k, valueFrom = v }], [])",
    ),
    "two maps": (
        "secrets = [for k, v in merge(var.secrets, var.more) : { name = k, valueFrom = v }]",
        "try([for k, v in merge(var.secrets, var.more) : { name = k, valueFrom = v }], [])",
    ),
    "a list of lists": ("secrets = flatten([var.secrets])", "var.secrets"),
    "sorted": ("secrets = sort(var.secrets)", "try(sort(var.secrets), [])"),
    "if there are any": (
        "secrets = length(var.secrets) > 0 ? [for k, v in var.secrets : { name = k, valueFrom = v }] : null",
        "try([for k, v in var.secrets : { name = k, valueFrom = v }], [])",
    ),
    "of a log driver": (
        'logConfiguration = { logDriver = "splunk", secretOptions = var.objects }',
        "var.objects",
    ),
}


@pytest.mark.parametrize(("members", "listed"), LISTS.values(), ids=LISTS)
def test_the_file_asks_the_list_and_is_understood(cfnroles: Any, tmp_path: Path, members: str, listed: str) -> None:
    text = written(cfnroles, tmp_path, members)
    assert f" = [for one in flatten([{listed}]) : one.valueFrom if one != null]\n" in text
    assert text.count("          Resource = local.app_secret_arns\n") == 1
    assert text.count("          Resource = local.app_parameter_arns\n") == 1
    verified = cfnroles("verify", tmp_path, "--fail-on", "excess", "--aws-managed-keys")
    assert (verified.code, verified.out.count("Verdict: pass")) == (0, 2), verified.out
    assert ("MISSING" in verified.out, "unknown" in verified.out) == (False, False)


def test_known_secrets_before_a_list_keep_their_own_statement(cfnroles: Any, tmp_path: Path) -> None:
    known = '[{ name = "DB", valueFrom = aws_secretsmanager_secret.db.arn }]'
    text = written(cfnroles, tmp_path, f"secrets = concat({known}, var.objects)")
    assert "        Resource = [aws_secretsmanager_secret.db.arn]\n" in text
    assert "          Resource = local.app_secret_arns\n" in text
    assert cfnroles("verify", tmp_path, "--fail-on", "excess", "--aws-managed-keys").code == 0


def test_files_of_a_list_and_their_buckets(cfnroles: Any, tmp_path: Path) -> None:
    text = written(cfnroles, tmp_path, 'environmentFiles = [for f in var.files : { type = "s3", value = f }]')
    assert "          Resource = local.app_file_arns\n" in text
    assert "          Resource = local.app_bucket_arns\n" in text
    assert cfnroles("verify", tmp_path, "--fail-on", "excess").code == 0


def test_lists_are_told_apart(cfnroles: Any, tmp_path: Path) -> None:
    members = 'secrets = var.objects\n logConfiguration = { logDriver = "splunk", secretOptions = var.secrets }'
    text = written(cfnroles, tmp_path, members)
    locals_ = dict(re.findall(r"^  (app_references\w*) += \[for one in flatten\(\[(\S+)\]\)", text, re.MULTILINE))
    assert locals_ == {"app_references": "var.objects", "app_references_2": "var.secrets"}
    (tmp_path / "app.cfnroles.tf").write_text(text.replace("[var.secrets]", "[var.objects]"), encoding="utf-8")
    assert "[MISSING]" in cfnroles("verify", tmp_path, "--aws-managed-keys").out.replace("[unknown]", "[MISSING]")


def test_a_role_for_some_secrets_is_not_enough_for_a_list(cfnroles: Any, tmp_path: Path) -> None:
    text = written(cfnroles, tmp_path, "secrets = var.objects")
    some = text.replace("Resource = local.app_secret_arns", "Resource = [aws_secretsmanager_secret.db.arn]")
    (tmp_path / "app.cfnroles.tf").write_text(some, encoding="utf-8")
    verified = cfnroles("verify", tmp_path, "--aws-managed-keys")
    assert (verified.code != 0, "Verdict: pass" in verified.out.partition("Task role")[0]) == (True, False)


KNOWN = {
    "nothing": ("{}", [], []),
    "one secret, two keys": (
        '{ A = "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf:x::",'
        ' B = "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf:y::" }',
        ["secret:a-AbCdEf"],
        [],
    ),
    "a secret by its name": (
        '{ A = "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:team/a" }',
        ["secret:team/a-??????"],
        [],
    ),
    "parameters by name and by ARN": (
        '{ A = "/shop/a", B = "b", C = "arn:aws:ssm:us-east-1:123456789012:parameter/c" }',
        [],
        ["parameter/b", "parameter/c", "parameter/shop/a"],
    ),
    "signs that a policy would read": ('{ A = "/shop/*", B = "arn:aws:s3:::x" }', [], []),
    "a resource of the configuration": ("{ A = aws_secretsmanager_secret.db.arn }", ["db"], []),
}


@pytest.mark.parametrize(("secrets", "named", "parameters"), KNOWN.values(), ids=KNOWN)
def test_a_known_list_is_taken_apart_as_terraform_does(
    cfnroles: Any, tmp_path: Path, secrets: str, named: list[str], parameters: list[str]
) -> None:
    module = tmp_path / "service"
    module.mkdir()
    written(cfnroles, module, "secrets = [for k, v in var.secrets : { name = k, valueFrom = v }]")
    secret = 'resource "aws_secretsmanager_secret" "db" { name = "db" }\n'
    call = f'module "a" {{\n  source = "./service"\n  secrets = {secrets}\n  objects = []\n}}\n'
    (tmp_path / "main.tf").write_text(secret + call, encoding="utf-8")
    verified = cfnroles("verify", tmp_path, "--fail-on", "excess", "--aws-managed-keys")
    if "*" not in secrets:
        assert (verified.code, verified.out.count("Verdict: pass")) == (0, 2), verified.out
    assert verified.out.count("[ok]      secretsmanager:") == (secrets.count("secretsmanager") if named else 0)
    assert verified.out.count("[ok]      ssm:") == len(parameters)


def test_the_command_gate_asks_for_each_reference(cfnroles: Any, tmp_path: Path) -> None:
    text = written(cfnroles, tmp_path, "secrets = var.objects", "--gate", "check")
    assert "secrets = [for reference in local.app_references : { name = reference, valueFrom = reference }]\n" in text


def test_the_gate_says_that_it_does_not_ask_for_a_list(cfnroles: Any, tmp_path: Path) -> None:
    written(cfnroles, tmp_path, "secrets = var.objects")
    told = cfnroles("terraform", tmp_path).err
    assert "The gate does not check the references in a list, because a plan may not know them:\n- " in told
    assert "1 parameter" not in told


def test_plain_json_and_a_stack_say_what_tells_the_list(cfnroles: Any, tmp_path: Path) -> None:
    written(cfnroles, tmp_path, "secrets = [for k, v in var.more : { name = k, valueFrom = v }]")
    assert cfnroles("policy", tmp_path, "--role", "execution").code != 0
    written(cfnroles, tmp_path, "secrets = var.objects")
    for command, code in (
        (["policy", tmp_path, "--role", "execution"], (2, 3)),
        (["build", tmp_path, "-o", tmp_path / "out"], (0,)),
    ):
        result = cfnroles(*command)
        assert result.code in code
        assert "Pass --parameter 'objects=" in result.err
    assert "secretsmanager:" not in (tmp_path / "out/app-roles.yaml").read_text(encoding="utf-8")


def test_a_list_of_one_iteration_is_named_by_its_key(cfnroles: Any, tmp_path: Path) -> None:
    containers = '[for name in ["a", "b"] : { name = name, image = "nginx", secrets = var.secrets[name] }]'
    task = re.sub(r"\[\{.*\}\]", lambda _: containers, TASK, flags=re.DOTALL)
    (tmp_path / "main.tf").write_text(VARIABLES + task, encoding="utf-8")
    assert "Gaps" not in cfnroles("terraform", tmp_path).err
    text = (tmp_path / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert re.findall(r"flatten\(\[try\((\S+), ", text) == ['var.secrets["a"]', 'var.secrets["b"]']
    assert cfnroles("verify", tmp_path, "--fail-on", "excess", "--aws-managed-keys").code == 0


TEXTS = {
    "the JSON of a list": ("${jsonencode(var.objects)}", "var.objects"),
    "a variable with JSON": ("${var.secrets}", "try(jsondecode(var.secrets), [])"),
    "a local with JSON": ("${local.secrets}", "try([for k, v in var.more : { name = k, valueFrom = v }], [])"),
}


@pytest.mark.parametrize(("spliced", "listed"), TEXTS.values(), ids=TEXTS)
def test_a_list_in_json_text_is_decoded(cfnroles: Any, tmp_path: Path, spliced: str, listed: str) -> None:
    text = f'<<EOT\n[{{"name": "web", "image": "nginx", "secrets": {spliced}}}]\nEOT\n'
    task = re.sub(r"jsonencode\(\[.*\]\)", lambda _: text, TASK, flags=re.DOTALL)
    locals_ = "locals {\n secrets = jsonencode([for k, v in var.more : { name = k, valueFrom = v }])\n}\n"
    (tmp_path / "main.tf").write_text(VARIABLES + locals_ + task, encoding="utf-8")
    assert cfnroles("terraform", tmp_path).code == 0
    written = (tmp_path / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert f" = [for one in flatten([{listed}]) : one.valueFrom if one != null]\n" in written
    verified = cfnroles("verify", tmp_path, "--fail-on", "excess", "--aws-managed-keys")
    assert (verified.code, verified.out.count("Verdict: pass")) == (0, 2), verified.out
