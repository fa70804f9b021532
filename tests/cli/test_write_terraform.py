"""`cfnroles terraform`: files beside the task definitions, written again and never over anything else."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cfnroles.hcl.configuration import provider_of
from cfnroles.hcl.directory import Directory
from cfnroles.hcl.project import Project

MAIN = """
resource "aws_secretsmanager_secret" "db" { name = "my-app/db" }
resource "aws_secretsmanager_secret_version" "db" {
  secret_id     = aws_secretsmanager_secret.db.id
  secret_string = random_password.db.result
}
resource "aws_ecs_task_definition" "app" {
  family             = "my-app"
  execution_role_arn = local.app_execution_role_arn
  container_definitions = jsonencode([{
    name  = "app"
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/my-app:latest"
    secrets = [{ name = "DB", valueFrom = "${aws_secretsmanager_secret.db.arn}:password::" }]
  }])
}
resource "random_password" "db" { length = 32 }
"""

IMAGE = '"123456789012.dkr.ecr.us-east-1.amazonaws.com/my-app:latest"'


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "main.tf").write_text(MAIN, encoding="utf-8")
    return tmp_path


def test_the_roles_are_written_beside_the_task_definition(cfnroles: Any, directory: Path) -> None:
    result = cfnroles("terraform", directory)
    file = directory / "app.cfnroles.tf"
    text = file.read_text(encoding="utf-8")
    assert (result.code, result.out) == (0, "")
    assert f"  {file}\n" in result.err
    assert text.startswith("# Written by cfnroles from main.tf:7, aws_ecs_task_definition.app. Do not edit;")
    assert "        # secrets DB (container app)\n" in text
    assert "aws_secretsmanager_secret.db.arn," not in text
    assert "        Resource = [aws_secretsmanager_secret.db.arn]\n" in text
    assert (
        "  app_execution_role_arn = length([aws_iam_role_policy.app_execution.id, terraform_data.app_secrets_exist.id])"
        " == 2 ? aws_iam_role.app_execution.arn : null\n" in text
    )
    assert "  depends_on = [aws_secretsmanager_secret_version.db]\n" in text
    assert '"Secret ${aws_secretsmanager_secret.db.name} has no value. Needed by container app, secret DB.' in text
    # A reviewer sees the reason wherever a star means all resources.
    assert "        # AWS defines no resource type for ecr:GetAuthorizationToken.\n" in text
    assert "Set the roles of aws_ecs_task_definition.app:\n" in result.err
    assert f"- {directory / 'main.tf'}:7: task_role_arn = local.app_task_role_arn\n" in result.err
    for output in ("app_execution_role_arn", "app_execution_role_name", "app_task_role_arn", "app_task_role_name"):
        assert f'output "{output}" {{\n' in text


def test_a_second_run_writes_the_same(cfnroles: Any, directory: Path) -> None:
    cfnroles("terraform", directory)
    first = (directory / "app.cfnroles.tf").read_bytes()
    assert cfnroles("terraform", directory).code == 0
    assert (directory / "app.cfnroles.tf").read_bytes() == first


def test_the_file_has_the_layout_of_terraform(cfnroles: Any, directory: Path) -> None:
    cfnroles("terraform", directory)
    if terraform := shutil.which("terraform"):
        run = subprocess.run([terraform, "fmt", "-check", directory / "app.cfnroles.tf"], capture_output=True)
        assert run.returncode == 0


@pytest.mark.parametrize(
    ("gate", "told"), [("data", " and for the gate"), ("check", " and for the gate"), ("none", "")]
)
def test_the_summary_names_the_gate_only_if_there_is_one(
    cfnroles: Any, examples: Path, tmp_path: Path, gate: str, told: str
) -> None:
    result = cfnroles("terraform", examples / "shop.json", "-o", tmp_path, "--gate", gate)
    assert f"which wait for the permissions{told}:" in " ".join(result.err.split())


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--path", "apps", "--path 'apps' is not a role's path"),
        ("--permissions-boundary", "bounds", "--permissions-boundary 'bounds' is not the ARN of a managed policy"),
    ],
)
def test_an_option_that_iam_refuses_is_refused(
    cfnroles: Any, examples: Path, tmp_path: Path, option: str, value: str, told: str
) -> None:
    result = cfnroles("terraform", examples / "shop.json", "-o", tmp_path / "out", option, value)
    assert (result.code, (tmp_path / "out").exists()) == (2, False)
    assert told in result.err


def test_without_the_gate_nothing_asks_for_secrets(cfnroles: Any, directory: Path) -> None:
    cfnroles("terraform", directory, "--gate", "none")
    assert "secrets_exist" not in (directory / "app.cfnroles.tf").read_text(encoding="utf-8")


def test_a_file_that_cfnroles_did_not_write_is_kept(cfnroles: Any, directory: Path) -> None:
    file = directory / "app.cfnroles.tf"
    file.write_text("# mine\n", encoding="utf-8")
    result = cfnroles("terraform", directory, "--force")
    assert (result.code, file.read_text(encoding="utf-8")) == (2, "# mine\n")
    assert "cfnroles did not write it" in result.err


def test_edits_are_given_up_by_force_alone(cfnroles: Any, directory: Path) -> None:
    file = directory / "app.cfnroles.tf"
    cfnroles("terraform", directory)
    written = file.read_text(encoding="utf-8")
    edited = written.replace('"my-app-execution-"', '"mine-"')
    file.write_text(edited, encoding="utf-8")
    result = cfnroles("terraform", directory)
    assert (result.code, file.read_text(encoding="utf-8")) == (2, edited)
    assert "--force" in result.err
    assert cfnroles("terraform", directory, "--force").code == 0
    assert file.read_text(encoding="utf-8") == written


def test_no_name_is_one_that_the_directory_has(cfnroles: Any, directory: Path) -> None:
    own = directory / "own.tf"
    own.write_text('resource "aws_iam_role" "app_execution" {}\n', encoding="utf-8")
    cfnroles("terraform", directory)
    text = (directory / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert 'resource "aws_iam_role" "app_cfnroles_execution" {' in text
    # A role of another name would be another role: the name stays when the directory's own goes.
    own.unlink()
    cfnroles("terraform", directory)
    assert (directory / "app.cfnroles.tf").read_text(encoding="utf-8") == text


VERSIONS = "data.aws_secretsmanager_secret_versions"
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbCdEf"
ASKED = {
    "a secret of the directory": (
        "aws_secretsmanager_secret.db.arn",
        False,
        'contains(v.version_stages, "AWSCURRENT")',
    ),
    "a data source": ("data.aws_secretsmanager_secret.db.arn", False, 'contains(v.version_stages, "AWSCURRENT")'),
    "an ARN": (f'"{ARN}"', True, 'contains(v.version_stages, "AWSCURRENT")'),
    "a stage": (f'"{ARN}::AWSPENDING:"', True, 'contains(v.version_stages, "AWSPENDING")'),
    "a stage and a version": (
        f'"{ARN}::AWSPENDING:abc"',
        True,
        'contains(v.version_stages, "AWSPENDING") && v.version_id == "abc"',
    ),
    "a version": (f'"{ARN}:::abc"', True, ""),
}


@pytest.mark.parametrize(("value_from", "by_itself", "asked"), ASKED.values(), ids=ASKED)
def test_the_gate_asks_for_what_ecs_reads(
    cfnroles: Any, directory: Path, value_from: str, by_itself: bool, asked: str
) -> None:
    """And for the secret itself, unless the directory does: AWS still lists versions of one scheduled for deletion."""
    main = MAIN.replace('"${aws_secretsmanager_secret.db.arn}:password::"', value_from)
    (directory / "main.tf").write_text(
        f'{main}data "aws_secretsmanager_secret" "db" {{ name = "a" }}\n', encoding="utf-8"
    )
    assert cfnroles("terraform", directory).code == 0
    text = (directory / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert ('data "aws_secretsmanager_secret" "app_db" {' in text) == by_itself
    assert ("secret_id = data.aws_secretsmanager_secret.app_db.id\n" in text) == by_itself
    assert ("secretsmanager:DescribeSecret" in text) == by_itself
    # Of a secret without a version, the provider makes null.
    versions = f"coalesce({VERSIONS}.app_db.versions, [])"
    condition = f"anytrue([for v in {versions} : {asked}])" if asked else f"length({versions}) > 0"
    assert f"condition     = {condition}\n" in text


def test_a_task_definition_becomes_terraform_in_a_directory(cfnroles: Any, tmp_path: Path, repository: Path) -> None:
    result = cfnroles("terraform", repository / "examples/shop.json", "-o", tmp_path / "made")
    text = (tmp_path / "made/shop.cfnroles.tf").read_text(encoding="utf-8")
    assert (result.code, result.out) == (0, "")
    assert text.startswith("# Written by cfnroles from shop.json, the task definition shop. Do not edit;")
    assert 'variable "shop_kms_key_arns" {\n' in text
    assert "whose value would be stored in Terraform's state:\n" in result.err
    assert "shop.json:29: containerDefinitions[0].secrets[3].valueFrom" in result.err


VALUES = {
    "by its name": "secret_id = aws_secretsmanager_secret.db.id",
    "in a loop": "for_each  = { a = aws_secretsmanager_secret.db.id }\n  secret_id = each.value",
    "by a local": "secret_id = local.secret",
}


@pytest.mark.parametrize("named", VALUES.values(), ids=VALUES)
def test_what_gives_a_secret_its_value_comes_before_the_gate(cfnroles: Any, directory: Path, named: str) -> None:
    main = MAIN.replace("secret_id     = aws_secretsmanager_secret.db.id", named)
    other = 'resource "aws_secretsmanager_secret" "other" {}\nlocals {\n  secret = aws_secretsmanager_secret.db.id\n}\n'
    (directory / "main.tf").write_text(main + other, encoding="utf-8")
    assert cfnroles("terraform", directory).code == 0
    text = (directory / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert "  depends_on = [aws_secretsmanager_secret_version.db]\n" in text


def test_a_command_asks_for_secrets_and_parameters_as_terraform_applies(cfnroles: Any, directory: Path) -> None:
    result = cfnroles("terraform", directory, "--gate", "check")
    text = (directory / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert result.code == 0
    assert 'data "aws_secretsmanager' not in text
    assert 'valueFrom = "${aws_secretsmanager_secret.db.arn}:password::"\n' in text
    assert "cfnroles check - --region" in text
    assert "  depends_on = [aws_secretsmanager_secret_version.db]\n" in text
    assert "terraform_data.app_secrets_exist.id]) == 2 ?" in text


def test_a_module_is_given_its_secrets_and_further_policies(cfnroles: Any, tmp_path: Path, repository: Path) -> None:
    assert cfnroles("terraform", repository / "examples/shop.json", "--module", "-o", tmp_path).code == 0
    text = (tmp_path / "main.cfnroles.tf").read_text(encoding="utf-8")
    variables = re.findall(r'^variable "(\w+)"', text, re.MULTILINE)
    assert variables == ["kms_key_arns", "secrets_arns", "service_name", "additional_policies"]
    assert re.findall(r'^output "(\w+)"', text, re.MULTILINE) == ["arn", "name"]
    assert "          Resource = var.secrets_arns\n" in text
    assert "secret:shop/" not in text
    assert "  count      = length(var.additional_policies)\n" in text
    if terraform := shutil.which("terraform"):
        assert subprocess.run([terraform, "fmt", "-check", tmp_path], capture_output=True).returncode == 0


MISPLACED = {
    "a module without a directory": (["{json}", "--module"], "Pass -o DIR"),
    "a module of Terraform": (["{directory}", "--module", "-o", "{directory}"], "--module requires a task definition"),
}


@pytest.mark.parametrize(("arguments", "told"), MISPLACED.values(), ids=MISPLACED)
def test_what_no_module_is_made_of_is_refused(
    cfnroles: Any, directory: Path, repository: Path, arguments: list[str], told: str
) -> None:
    places = {"json": repository / "examples/shop.json", "directory": directory}
    result = cfnroles("terraform", *(each.format(**places) for each in arguments))
    assert result.code == 2
    assert told in result.err
    assert not list(directory.glob("*.cfnroles.tf"))


REPEATED = """
locals {
  services = {
    web = { secrets = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:web-AbCdEf"] }
    job = { secrets = [] }
    all = { secrets = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:web-AbCdEf"] }
  }
}
resource "aws_ecs_task_definition" "app" {
  META
  family                = "app-${KEY}"
  container_definitions = jsonencode([{
    name    = "app"
    image   = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"
    secrets = [for arn in SECRETS : { name = "A", valueFrom = arn }]
  }])
}
"""
META = {
    "for_each": (
        {"META": "for_each = local.services", "KEY": "each.key", "SECRETS": "each.value.secrets"},
        "each.key",
        ' if contains(["all", "web"], each.key)]),\n',
    ),
    "count": (
        {"META": "count = 2", "KEY": "count.index", "SECRETS": 'count.index == 1 ? ["/a/b"] : []'},
        "count.index",
        " if count.index == 1]),\n",
    ),
}


@pytest.mark.parametrize(("parts", "key", "condition"), META.values(), ids=META)
def test_each_instance_gets_its_own_role(
    cfnroles: Any, tmp_path: Path, parts: dict[str, str], key: str, condition: str
) -> None:
    written = REPEATED
    for name, text in parts.items():
        written = written.replace(name, text)
    (tmp_path / "main.tf").write_text(written, encoding="utf-8")
    result = cfnroles("terraform", tmp_path)
    text = (tmp_path / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert result.code == 0
    assert condition in text
    assert f"= aws_iam_role.app_execution[{key}].id\n" in text
    assert f'name_prefix = "${{substr("app-${{{key}}}", 0, 27)}}-execution-"\n' in text
    assert f"execution_role_arn = local.app_execution_role_arn[{key}]\n" in result.err
    if terraform := shutil.which("terraform"):
        assert (
            subprocess.run([terraform, "fmt", "-check", tmp_path / "app.cfnroles.tf"], capture_output=True).returncode
            == 0
        )


def test_the_roles_of_a_module_go_into_the_module(cfnroles: Any, tmp_path: Path) -> None:
    task = MAIN.partition('resource "aws_ecs_task_definition"')[2]
    (tmp_path / "service").mkdir()
    (tmp_path / "service/main.tf").write_text(
        'variable "db" {}\nresource "aws_ecr_repository" "app" { name = "app" }\nresource "aws_ecs_task_definition"'
        + task.replace('"123456789012.dkr.ecr.us-east-1.amazonaws.com/my-app:latest"', "IMAGE")
        .replace("IMAGE", '"${aws_ecr_repository.app.repository_url}:1"')
        .replace("${aws_secretsmanager_secret.db.arn}:password::", "/a/b"),
        encoding="utf-8",
    )
    (tmp_path / "main.tf").write_text('module "a" {\n  source = "./service"\n  db = "a"\n}\n', encoding="utf-8")
    result = cfnroles("terraform", tmp_path)
    text = (tmp_path / "service/app.cfnroles.tf").read_text(encoding="utf-8")
    assert result.code == 0
    assert "        Resource = [aws_ecr_repository.app.arn]\n" in text
    assert not list(tmp_path.glob("*.cfnroles.tf"))


def test_a_condition_of_a_loop_is_no_condition_of_a_file(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        MAIN.replace(
            'secrets = [{ name = "DB", valueFrom = "${aws_secretsmanager_secret.db.arn}:password::" }]',
            'secrets = [for each_one in ["x", "y"] :'
            ' { name = each_one, valueFrom = "/a/${each_one}" } if each_one != var.a]',
        )
        + 'variable "a" {}\n',
        encoding="utf-8",
    )
    result = cfnroles("terraform", tmp_path)
    text = (tmp_path / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert result.code == 0
    assert "each_one" not in text
    assert all(f'!("{name}" == var.a)' in text or f'"{name}" != var.a' in text for name in "xy")


KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TASK = '{"family": "my-web", "containerDefinitions": [{"name": "web", "image": "nginx:1", "memory": 128}]}'
JOB = """
resource "aws_ecs_task_definition" "job" {
  family                = "job"
  container_definitions = jsonencode([{ name = "job", image = "nginx:1" }])
}
"""


def test_what_gives_another_secret_its_value_is_not_waited_for(cfnroles: Any, directory: Path) -> None:
    other = """
resource "aws_secretsmanager_secret" "other" {}
resource "aws_secretsmanager_secret_version" "other" {
  for_each  = { a = aws_secretsmanager_secret.other.id }
  secret_id = each.value
}
"""
    (directory / "main.tf").write_text(MAIN + other, encoding="utf-8")
    assert cfnroles("terraform", directory).code == 0
    text = (directory / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert "  depends_on = [aws_secretsmanager_secret_version.db]\n" in text


@pytest.mark.parametrize("name", ["terraform.tfvars", "b.auto.tfvars"])
def test_a_value_that_terraform_takes_by_itself_and_that_decides_is_told(
    cfnroles: Any, directory: Path, name: str
) -> None:
    main = MAIN.replace('"${aws_secretsmanager_secret.db.arn}:password::"', "var.secret")
    (directory / "main.tf").write_text(main + 'variable "secret" {}\n', encoding="utf-8")
    (directory / name).write_text('secret = "/shop/db"\n', encoding="utf-8")
    result = cfnroles("terraform", directory)
    assert "The roles are built for the value that this variable has here: secret." in result.err
    text = (directory / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert ":parameter/shop/db" in text
    assert "\n# Made for the values of var.secret here: write it again for others.\n" in text


AGAIN = {
    "a directory": (["infra"], "infra/app.cfnroles.tf"),
    "a directory by its whole path": (["WHOLE/infra"], "infra/app.cfnroles.tf"),
    "a directory with options": (
        ["infra", "--region", "eu-west-1", "--gate", "none", "--parameter", "stage=x y", "--kms-key-arn", KEY],
        "infra/app.cfnroles.tf",
    ),
    "values of variables": (["infra", "--var-file", "infra/a.tfvars"], "infra/app.cfnroles.tf"),
    "a module of a directory": (
        ["infra", "--region", "eu-west-1", "--parameter", "stage=x"],
        "infra/service/job.cfnroles.tf",
    ),
    "a directory from another place": (["infra", "-o", "out/roles"], "out/roles/app.cfnroles.tf"),
    "a task definition": (["task.json", "--family", "web", "--guardduty"], "web.cfnroles.tf"),
    "a task definition for a directory": (["task.json", "-o", "infra"], "infra/my_web.cfnroles.tf"),
    "a module": (["task.json", "--module", "-o", "modules/role"], "modules/role/main.cfnroles.tf"),
}


@pytest.mark.parametrize(("command", "path"), AGAIN.values(), ids=AGAIN)
def test_what_a_file_says_writes_it_anew_where_it_lies(
    cfnroles: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], path: str
) -> None:
    (tmp_path / "infra" / "service").mkdir(parents=True)
    (tmp_path / "infra" / "service" / "main.tf").write_text(JOB, encoding="utf-8")
    main = MAIN + 'variable "stage" {}\nmodule "service" {\n  source = "./service"\n}\n'
    (tmp_path / "infra" / "main.tf").write_text(main, encoding="utf-8")
    (tmp_path / "infra" / "a.tfvars").write_text('stage = "a"\n', encoding="utf-8")
    (tmp_path / "task.json").write_text(TASK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert cfnroles("terraform", *(word.replace("WHOLE", str(tmp_path)) for word in command)).code == 0
    written = Path(path).read_text(encoding="utf-8")
    again = re.search("`cfnroles (.*)` writes it again", written)
    assert again

    monkeypatch.chdir(Path(path).parent)
    Path(Path(path).name).unlink()
    assert cfnroles(*shlex.split(again[1])).code == 0
    assert Path(Path(path).name).read_text(encoding="utf-8") == written


def test_no_value_of_a_sensitive_variable_comes_into_a_file(cfnroles: Any, directory: Path) -> None:
    variable = 'variable "token" {\n  sensitive = true\n}\n'
    (directory / "main.tf").write_text(MAIN + variable, encoding="utf-8")
    assert cfnroles("terraform", directory, "--parameter", "token=hunter2").code == 0
    text = (directory / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert ("--parameter token=..." in text, "hunter2" in text) == (True, False)


ANY_TEXT = """
variable "stage" { default = "dev" }
variable "image" { default = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1" }
variable "traced" {
  type    = string
  default = "no"
}
resource "aws_ecs_task_definition" "app" {
  family = "app-${var.stage}"
  container_definitions = jsonencode([{
    name    = "app"
    image   = var.image
    secrets = concat(
      [{ name = "A", valueFrom = "/${lower(var.stage)}/a" }],
      var.traced == "yes" ? [{ name = "B", valueFrom = "/b" }] : [],
    )
  }])
}
"""


@pytest.mark.parametrize("file", ["", "terraform.tfvars", "a.auto.tfvars"])
def test_what_a_variable_says_stays_an_expression_where_it_decides_nothing(
    cfnroles: Any, tmp_path: Path, file: str
) -> None:
    """A default is the value of one environment: a name that holds it would be wrong in each other one."""
    (tmp_path / "main.tf").write_text(ANY_TEXT, encoding="utf-8")
    if file:
        (tmp_path / file).write_text('stage = "prod"\n', encoding="utf-8")
    result = cfnroles("terraform", tmp_path)
    text = (tmp_path / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert result.code == 0
    assert ":parameter/${lower(var.stage)}/a" in text
    assert 'name_prefix = "${substr("app-${var.stage}", 0, 27)}-execution-"\n' in text
    # With its default, this one would not be there.
    assert ' if (var.traced == "yes")]),\n' in text or ' if(var.traced == "yes")]),\n' in text
    # Whether an image is of Amazon ECR, and in which repository, is asked of the value.
    assert ", var.image))]),\n" in text
    assert "built for the value" not in result.err


def secret_of(value: str) -> str:
    return f'secrets = [{{ name = "A", valueFrom = {value} }}]'


TAKEN = {
    "a number that needs nothing": ('variable "v" { default = 256 }', "cpu = var.v", "", ""),
    "a list that needs nothing": ('variable "v" { default = ["a"] }', "", "entryPoint = var.v", ""),
    "a string that an expression keeps": ('variable "v" { default = "/a" }', "", secret_of('"/shop/${var.v}"'), ""),
    "a string that is a reference": ('variable "v" { default = "/a" }', "", secret_of("var.v"), "var.v"),
    "a list of references": ('variable "v" { default = ["/a"] }', "", secret_of("var.v[0]"), "var.v"),
    "a map of names": ('variable "v" { default = { a = "/a" } }', "", secret_of("var.v.a"), "var.v"),
    "a number that counts": ('variable "v" { default = 1 }', "count = var.v", secret_of('"/a"'), ""),
    "a number that decides": (
        'variable "v" { default = 1 }',
        "",
        'secrets = var.v > 1 ? [] : [{ name = "A", valueFrom = "/a" }]',
        "var.v",
    ),
    "one of two that decide": (
        'variable "v" { default = "/a" }\nvariable "w" { default = 1 }',
        "",
        f"{secret_of('var.v')}\n memory = var.w",
        "var.v",
    ),
    "an image, which the file asks": (
        'variable "v" { default = "nginx" }\nvariable "w" { default = 1 }',
        "",
        "image = var.v\n memory = var.w",
        "",
    ),
}


@pytest.mark.parametrize(("variables", "argument", "member", "taken"), TAKEN.values(), ids=TAKEN)
def test_a_file_names_the_variables_whose_values_decide_it(
    cfnroles: Any, tmp_path: Path, variables: str, argument: str, member: str, taken: str
) -> None:
    image = "" if "image" in member else 'image = "nginx"'
    container = f'{{\n name = "web"\n {member}\n {image}\n}}'
    (tmp_path / "main.tf").write_text(
        f'{variables}\nresource "aws_ecs_task_definition" "app" {{\n family = "app"\n {argument}\n'
        f" container_definitions = jsonencode([{container}])\n}}\n",
        encoding="utf-8",
    )
    assert cfnroles("terraform", tmp_path).code == 0
    text = (tmp_path / "app.cfnroles.tf").read_text(encoding="utf-8")
    said = re.findall(r"^# Made for the values of (.*) here: write it again for others\.$", text, re.MULTILINE)
    assert said == ([taken] if taken else [])


def test_boundary_path_and_tags_are_texts_or_expressions(cfnroles: Any, directory: Path) -> None:
    boundary, tag = "${aws_iam_policy.boundary.arn}", "team=a ${b} c"
    options = ("--permissions-boundary", boundary, "--path", "/apps/", "--tag", tag)
    result = cfnroles("terraform", directory, *options)
    text = (directory / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert result.code == 0
    assert text.count("  permissions_boundary = aws_iam_policy.boundary.arn\n") == 2
    assert text.count('"/apps/"\n') == 2
    assert text.count('    team = "a $${b} c"\n') == 2
    again = cfnroles("terraform", directory, *options)
    assert (again.code, (directory / "app.cfnroles.tf").read_text(encoding="utf-8")) == (0, text)


def test_options_of_a_spec_stand_in_the_spec(cfnroles: Any, repository: Path, tmp_path: Path) -> None:
    result = cfnroles("terraform", repository / "examples/recipes/09-boundary.yaml", "-o", tmp_path, "--path", "/a/")
    assert result.code == 2
    assert "Write them into the spec" in result.err


SECRETS = """
resource "aws_secretsmanager_secret" "db" { name = "db" }
output "arn" { value = aws_secretsmanager_secret.db.arn }
output "part" { value = "${aws_secretsmanager_secret.db.arn}:key::" }
"""


def test_what_a_module_gives_is_called_by_its_output(cfnroles: Any, tmp_path: Path) -> None:
    """A name inside of the module means nothing here, and a text with such a name is reported instead of guessed."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/main.tf").write_text(SECRETS, encoding="utf-8")
    main = MAIN[MAIN.index('resource "aws_ecs') :].replace('"${aws_secretsmanager_secret.db.arn}:password::"', "GIVEN")
    main += 'module "secrets" { source = "./secrets" }\n'
    (tmp_path / "main.tf").write_text(main.replace("GIVEN", '"${module.secrets.arn}:password::"'), encoding="utf-8")
    assert cfnroles("terraform", tmp_path, "--strict").code == 0
    text = (tmp_path / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert "        Resource = [module.secrets.arn]\n" in text
    assert "  secret_id = module.secrets.arn\n" in text or "= module.secrets.arn\n" in text
    (tmp_path / "main.tf").write_text(main.replace("GIVEN", "module.secrets.part"), encoding="utf-8")
    result = cfnroles("terraform", tmp_path, "--strict")
    assert result.code == 1
    assert result.err.endswith("error: 1 gap, and --strict was given: the files were written\n")
    assert "is an expression of another module. Pass it with an output" in result.err
    assert "aws_secretsmanager_secret.db" not in (tmp_path / "app.cfnroles.tf").read_text(encoding="utf-8")


def test_an_output_of_a_module_inside_another_module_is_a_gap(cfnroles: Any, tmp_path: Path) -> None:
    containers = '[{ name = "app", image = "nginx", secrets = module.secrets.all }]'
    called = 'module "secrets" { source = "example/secrets/aws" }\n'
    task = 'resource "aws_ecs_task_definition" "app" {\n  family = "app"\n  container_definitions = GIVEN\n}\n'
    own = tmp_path / "main.tf"
    own.write_text(called + task.replace("GIVEN", f"jsonencode({containers})"), encoding="utf-8")
    assert "another module" not in cfnroles("terraform", tmp_path).err
    assert "try(module.secrets.all, [])" in (tmp_path / "app.cfnroles.tf").read_text(encoding="utf-8")
    (tmp_path / "app").mkdir()
    inner = f'{called}output "containers" {{ value = {containers} }}\n'
    (tmp_path / "app/main.tf").write_text(inner, encoding="utf-8")
    main = 'module "app" { source = "./app" }\n' + task.replace("GIVEN", "jsonencode(module.app.containers)")
    own.write_text(main, encoding="utf-8")
    result = cfnroles("terraform", tmp_path)
    assert "module.app.module.secrets.all is an expression of another module" in result.err
    assert "module.secrets" not in re.sub("#.*", "", (tmp_path / "app.cfnroles.tf").read_text(encoding="utf-8"))


def test_a_comment_has_the_expression_of_a_list_as_the_user_wrote_it(cfnroles: Any, tmp_path: Path) -> None:
    loop = '[for k, v in var.all : {\n      name      = "A_${k}"\n      valueFrom = v\n    }]'
    main = MAIN.replace('[{ name = "DB", valueFrom = "${aws_secretsmanager_secret.db.arn}:password::" }]', loop)
    (tmp_path / "main.tf").write_text(f'{main}variable "all" {{}}\n', encoding="utf-8")
    assert cfnroles("terraform", tmp_path).code == 0
    text = (tmp_path / "app.cfnroles.tf").read_text(encoding="utf-8")
    comment = '# secrets each of [for k, v in var.all : { name = "A_${k}", valueFrom = v }] (container app)\n'
    assert text.count(comment) == 4


PARAMETER = """
resource "aws_ssm_parameter" "level" {
  name = var.level
  type = "String"
}
variable "level" {}
output "id" { value = aws_ssm_parameter.level.id }
"""


def test_an_output_with_the_name_of_an_attribute_is_no_resource(cfnroles: Any, tmp_path: Path) -> None:
    """The module has no output `arn`. The name may begin with a slash, which the ARN has once."""
    (tmp_path / "levels").mkdir()
    (tmp_path / "levels/main.tf").write_text(PARAMETER, encoding="utf-8")
    main = MAIN[MAIN.index('resource "aws_ecs') :]
    main = main.replace('"${aws_secretsmanager_secret.db.arn}:password::"', "module.levels.id")
    main += 'variable "level" {}\nmodule "levels" {\n  source = "./levels"\n  level  = var.level\n}\n'
    (tmp_path / "main.tf").write_text(main, encoding="utf-8")
    assert cfnroles("terraform", tmp_path, "--strict").code == 0
    text = (tmp_path / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert ':parameter/${trimprefix(module.levels.id, "/")}"]\n' in text
    assert "module.levels.arn" not in text
    assert "[ok]      ssm:GetParameters" in cfnroles("verify", tmp_path).out


def test_the_roles_of_a_fetched_module_are_written_where_it_is_called(cfnroles: Any, tmp_path: Path) -> None:
    installed = tmp_path / ".terraform/modules/far"
    installed.mkdir(parents=True)
    inner = 'variable "db" {}\n' + MAIN.replace("${aws_secretsmanager_secret.db.arn}", "${var.db}")
    (installed / "main.tf").write_text(inner, encoding="utf-8")
    modules = [{"Key": "far", "Source": "registry.example.com/a/b/aws", "Dir": ".terraform/modules/far"}]
    (installed.parent / "modules.json").write_text(json.dumps({"Modules": modules}), encoding="utf-8")
    call = """resource "aws_secretsmanager_secret" "given" {}
module "far" {
  source = "registry.example.com/a/b/aws"
  db     = aws_secretsmanager_secret.given.arn
}
"""
    (tmp_path / "main.tf").write_text(call, encoding="utf-8")
    told = cfnroles("terraform", tmp_path).err
    assert "- local.module_far_app_execution_role_arn: the execution role\n" in told
    assert "Pass them to module.far, instead of the roles that it creates." in told
    text = (tmp_path / "module_far_app.cfnroles.tf").read_text(encoding="utf-8")
    assert "        Resource = [aws_secretsmanager_secret.given.arn]\n" in text
    assert [path.name for path in tmp_path.rglob("*.cfnroles.tf")] == ["module_far_app.cfnroles.tf"]


def test_a_module_that_is_handed_its_containers_gets_roles_from_its_caller(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    task = 'variable "containers" {}\nresource "aws_ecs_task_definition" "it" {\n  family = "it"\n'
    task += "  container_definitions = jsonencode(var.containers)\n}\n"
    (tmp_path / "task/main.tf").write_text(task, encoding="utf-8")
    secret = 'name = "A", valueFrom = aws_secretsmanager_secret.db.arn'
    calls = "".join(
        f'module "{name}" {{\n  source = "./task"\n'
        f'  containers = [{{ name = "{name}", image = "nginx", secrets = [{{ {secret} }}] }}]\n}}\n'
        for name in ("one", "two")
    )
    (tmp_path / "main.tf").write_text(f'resource "aws_secretsmanager_secret" "db" {{}}\n{calls}', encoding="utf-8")
    assert cfnroles("terraform", tmp_path, "--strict").code == 0
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.cfnroles.tf"))
    assert written == ["module_one_it.cfnroles.tf", "module_two_it.cfnroles.tf"]
    assert "Resource = [aws_secretsmanager_secret.db.arn]" in (tmp_path / written[0]).read_text(encoding="utf-8")


UNASKED = {
    "a parameter": ('"/a"', "1 parameter, whose value would be stored in Terraform's state"),
    "what may be either": ("var.a", "1 reference, which may be a secret or a parameter"),
}


@pytest.mark.parametrize(("reference", "expected"), UNASKED.values(), ids=UNASKED)
def test_what_the_gate_does_not_ask_for_is_told(cfnroles: Any, tmp_path: Path, reference: str, expected: str) -> None:
    container = f'{{\n name = "web"\n image = "nginx"\n {secret_of(reference)}\n}}'
    (tmp_path / "main.tf").write_text(
        'variable "a" {}\nresource "aws_ecs_task_definition" "app" {\n family = "app"\n'
        f" container_definitions = jsonencode([{container}])\n}}\n",
        encoding="utf-8",
    )
    told = cfnroles("terraform", tmp_path).err
    assert f"The gate does not check {expected}:\n- {tmp_path / 'main.tf'}:" in told
    assert "With --gate check, Terraform runs `cfnroles check`, which checks it too, and does" in told


@pytest.mark.parametrize("provider", ["aws", "aws.us"])
def test_what_is_written_gives_what_is_needed(cfnroles: Any, directory: Path, provider: str) -> None:
    named = f'family             = "my-app"\n  provider = {provider}\n  task_role_arn = local.app_task_role_arn'
    text = MAIN.replace('family             = "my-app"', named)
    logs = 'logDriver = "awslogs", options = { awslogs-group = "a", awslogs-stream-prefix = "a" }'
    text = text.replace('name  = "app"', f'name  = "app"\n    logConfiguration = {{ {logs} }}')
    (directory / "main.tf").write_text(text, encoding="utf-8")
    assert cfnroles("terraform", directory).code == 0
    verified = cfnroles("verify", directory)
    assert (verified.code, verified.out.count("Verdict: pass"), verified.out.count("[unknown]")) == (0, 2, 0)


PROVIDERS = """
provider "aws" {
  alias  = "us"
  region = "us-east-1"
}

data "aws_secretsmanager_secret" "db" {
  provider = aws.us
  name     = "db"
}

data "aws_secretsmanager_secret" "here" {
  name = "here"
}
"""


TEMPLATE = '[{"name": "${name}", "image": "nginx", "secrets": [{"name": "A", "valueFrom": "${secret}"}]}]'


def test_containers_from_the_file_of_a_caller_are_its_own_even_if_a_default_fails(
    cfnroles: Any, tmp_path: Path
) -> None:
    """Neither reading of the module on its own knows them, each for another reason."""
    (tmp_path / "task").mkdir()
    (tmp_path / "task/main.tf").write_text(
        'variable "tags" { default = {} }\nvariable "file" {}\nvariable "values" {}\n'
        'locals {\n  own = { name = var.tags["Name"] }\n}\n'
        'resource "aws_ecs_task_definition" "it" {\n  family = "it"\n'
        "  container_definitions = templatefile(var.file, merge(local.own, var.values))\n}\n",
        encoding="utf-8",
    )
    (tmp_path / "app.json.tpl").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "main.tf").write_text(
        'resource "aws_secretsmanager_secret" "db" { name = "db" }\n'
        'module "m" {\n  source = "./task"\n  tags = { Name = "web" }\n  file = "app.json.tpl"\n'
        "  values = { secret = aws_secretsmanager_secret.db.arn }\n}\n",
        encoding="utf-8",
    )
    assert cfnroles("terraform", tmp_path, "--strict").code == 0
    (written,) = tmp_path.rglob("*.cfnroles.tf")
    assert written.name == "module_m_it.cfnroles.tf"
    assert "Resource = [aws_secretsmanager_secret.db.arn]" in written.read_text(encoding="utf-8")


def test_a_module_is_not_refused_for_defaults_that_its_caller_replaces(cfnroles: Any, tmp_path: Path) -> None:
    """The module is the root of the repository, and its example calls it."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "main.tf").write_text(
        'variable "memory" { default = 1024 }\n'
        'resource "aws_ecs_task_definition" "it" {\n  family = "it"\n  cpu = 1024\n  memory = var.memory\n'
        '  requires_compatibilities = ["FARGATE"]\n  network_mode = "awsvpc"\n'
        '  container_definitions = jsonencode([{ name = "web", image = "nginx" }])\n}\n',
        encoding="utf-8",
    )
    example = tmp_path / "examples/one"
    example.mkdir(parents=True)
    (example / "main.tf").write_text('module "m" {\n  source = "../.."\n  memory = 2048\n}\n', encoding="utf-8")
    result = cfnroles("terraform", example, "--strict")
    assert result.code == 0, result.err
    assert (tmp_path / "it.cfnroles.tf").is_file()


def test_a_default_that_a_caller_replaces_decides_nothing_in_the_module(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    (tmp_path / "task/main.tf").write_text(
        'variable "secret" { default = "" }\nvariable "reads" { default = false }\n'
        'resource "aws_ecs_task_definition" "it" {\n  family = "it"\n'
        '  container_definitions = jsonencode([merge({ name = "web", image = "nginx" },\n'
        '    var.reads ? { secrets = [{ name = "A", valueFrom = var.secret }] } : {})])\n}\n',
        encoding="utf-8",
    )
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf"
    call = f'module "m" {{\n  source = "./task"\n  reads = true\n  secret = "{secret}"\n}}\n'
    (tmp_path / "main.tf").write_text(call, encoding="utf-8")
    result = cfnroles("terraform", tmp_path, "--strict")
    assert result.code == 0, result.err
    (written,) = tmp_path.rglob("*.cfnroles.tf")
    assert "secretsmanager:GetSecretValue" in written.read_text(encoding="utf-8")
    assert "Made for the values" not in written.read_text(encoding="utf-8")


def test_the_roles_for_one_open_reference_are_judged_afterwards(cfnroles: Any, tmp_path: Path) -> None:
    main = """variable "secret" { type = string }
variable "file" { type = string }
resource "aws_ecs_task_definition" "it" {
  family             = "it"
  execution_role_arn = local.it_execution_role_arn
  container_definitions = jsonencode([{
    name             = "web"
    image            = "nginx"
    secrets          = [{ name = "A", valueFrom = var.secret }]
    environmentFiles = [{ type = "s3", value = var.file }]
  }])
}
"""
    (tmp_path / "main.tf").write_text(main, encoding="utf-8")
    assert cfnroles("terraform", tmp_path, "--strict").code == 0
    result = cfnroles("verify", tmp_path, "--fail-on", "excess", "--aws-managed-keys")
    assert (result.code, result.out.count("Verdict: pass"), result.out.count("[ok]      s")) == (0, 1, 5), result.out
    text = (tmp_path / "it.cfnroles.tf").read_text(encoding="utf-8")
    for wanted, other in (('[6], "")', '[5], "")'), ('":parameter/", var.secret', '":parameter", var.secret')):
        (tmp_path / "it.cfnroles.tf").write_text(text.replace(wanted, other), encoding="utf-8")
        assert "Verdict: pass" not in cfnroles("verify", tmp_path, "--aws-managed-keys").out


@pytest.mark.parametrize(
    "reference",
    [
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf",
        "/a",
        "arn:aws:ssm:us-east-1:123456789012:parameter/a",
    ],
)
def test_the_other_kind_of_a_reference_is_no_excess_where_the_module_is_called(
    cfnroles: Any, tmp_path: Path, reference: str
) -> None:
    (tmp_path / "task").mkdir()
    (tmp_path / "task/main.tf").write_text(
        'variable "secret" {}\nresource "aws_ecs_task_definition" "it" {\n  family = "it"\n'
        "  execution_role_arn = local.it_execution_role_arn\n  container_definitions = jsonencode([{\n"
        '    name = "web"\n    image = "nginx"\n    secrets = [{ name = "A", valueFrom = var.secret }]\n  }])\n}\n',
        encoding="utf-8",
    )
    call = f'module "m" {{\n  source = "./task"\n  secret = "{reference}"\n}}\n'
    (tmp_path / "main.tf").write_text(call, encoding="utf-8")
    assert cfnroles("terraform", tmp_path, "--strict").code == 0
    result = cfnroles("verify", tmp_path, "--fail-on", "excess", "--aws-managed-keys", "--region", "us-east-1")
    assert (result.code, "Verdict: pass" in result.out, "Excess" in result.out) == (0, True, False), result.out


CLUSTER = """resource "aws_kms_key" "exec" {}
resource "aws_ecs_cluster" "main" {
  name = "main"
  configuration {
    execute_command_configuration {
      kms_key_id = aws_kms_key.exec.arn
      logging    = "OVERRIDE"
      log_configuration {
        cloud_watch_log_group_name = "exec"
      }
    }
  }
}
module "m" {
  source  = "TASK"
  cluster = aws_ecs_cluster.main.id
}
"""


def test_what_only_the_caller_of_a_module_names_is_written_there_or_a_gap(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    (tmp_path / "task/main.tf").write_text(
        'variable "cluster" {}\nresource "aws_ecs_task_definition" "it" {\n  family = "it"\n'
        '  container_definitions = jsonencode([{ name = "web", image = "nginx" }])\n}\n'
        'resource "aws_ecs_service" "it" {\n  cluster = var.cluster\n  enable_execute_command = true\n'
        "  task_definition = aws_ecs_task_definition.it.arn\n}\n",
        encoding="utf-8",
    )
    (tmp_path / "main.tf").write_text(CLUSTER.replace("TASK", "./task"), encoding="utf-8")
    assert cfnroles("terraform", tmp_path, "--strict").code == 0
    assert "Resource = [aws_kms_key.exec.arn]" in (tmp_path / "module_m_it.cfnroles.tf").read_text(encoding="utf-8")
    # The root has no name for the key of a module between the two.
    (tmp_path / "between").mkdir()
    (tmp_path / "between/main.tf").write_text(CLUSTER.replace("TASK", "../task"), encoding="utf-8")
    (tmp_path / "main.tf").write_text('module "between" { source = "./between" }\n', encoding="utf-8")
    result = cfnroles("terraform", tmp_path, "--strict")
    assert result.code == 1
    told = "where the module is called, its role needs kms:Decrypt on ${module.between.aws_kms_key.exec.arn}. Add the"
    assert told in result.err
    assert (tmp_path / "task/it.cfnroles.tf").is_file()


def test_the_roles_of_a_module_have_its_provider_and_the_gate_that_of_each_secret(
    cfnroles: Any, tmp_path: Path
) -> None:
    (tmp_path / "task").mkdir()
    task = 'variable "containers" {}\nresource "aws_ecs_task_definition" "it" {\n  family = "it"\n'
    task += "  container_definitions = jsonencode(var.containers)\n}\n"
    (tmp_path / "task/main.tf").write_text(task, encoding="utf-8")
    secrets = ", ".join(
        f'{{ name = "{name}", valueFrom = {value} }}'
        for name, value in {
            "A": "data.aws_secretsmanager_secret.db.arn",
            "B": "data.aws_secretsmanager_secret.here.arn",
            "C": '"/c"',
        }.items()
    )
    container = f'{{ name = "web", image = "nginx", secrets = [{secrets}] }}'
    call = f'module "m" {{\n  source = "./task"\n  providers = {{ aws = aws.us }}\n  containers = [{container}]\n}}\n'
    (tmp_path / "main.tf").write_text(PROVIDERS + call, encoding="utf-8")
    assert cfnroles("terraform", tmp_path, "--strict").code == 0
    written = Project(Directory(str(tmp_path))).root.resources
    providers = {
        ".".join(name): provider_of(block)
        for name, block in written.items()
        if block.place.document.endswith("roles.tf")
    }
    assert providers == {
        "data.aws_caller_identity.module_m_it": "aws.us",
        "data.aws_partition.module_m_it": "aws.us",
        "data.aws_region.module_m_it": "aws.us",
        "resource.aws_iam_role.module_m_it_execution": "aws.us",
        "resource.aws_iam_role_policy.module_m_it_execution": "aws.us",
        "resource.aws_iam_role.module_m_it_task": "aws.us",
        "data.aws_secretsmanager_secret_versions.module_m_it_db": "aws.us",
        "data.aws_secretsmanager_secret_versions.module_m_it_here": "",
        "resource.terraform_data.module_m_it_secrets_exist": "",
    }


IN_REGION = """
resource "aws_ecs_task_definition" "it" {
  META
  region = REGION
  family = "it"
  container_definitions = jsonencode(CONTAINERS)
}
"""
ONE_TASK = '[{ name = "web", image = "nginx:1", secrets = [{ name = "A", valueFrom = "/a" }] }]'


@pytest.mark.parametrize(
    ("keys", "region", "gap"),
    [
        ('toset(["eu-west-1", "us-east-1"])', "each.value", "region = each.value may be another"),
        ('toset(["eu-west-1", "us-east-1"])', "each.key", "region = each.key may be another"),
        ('toset(["a", "b"])', '"eu-west-1"', ""),
        ("{ a = null, b = null }", "each.value", ""),
    ],
)
def test_instances_in_several_regions_are_a_gap_at_their_region(
    cfnroles: Any, tmp_path: Path, keys: str, region: str, gap: str
) -> None:
    text = IN_REGION.replace("META", f"for_each = {keys}").replace("REGION", region).replace("CONTAINERS", ONE_TASK)
    (tmp_path / "main.tf").write_text(text, encoding="utf-8")
    result = cfnroles("terraform", tmp_path, "--strict", "--gate", "none")
    assert result.code == (1 if gap else 0)
    assert ("main.tf:4" in result.err, gap in result.err) == (bool(gap), True)


@pytest.mark.parametrize(
    ("given", "options", "gap"),
    [
        ("region = var.region", [], "region = var.region may be another"),
        ("region = var.region", ["--region", "eu-west-1"], ""),
        ('region = "eu-west-1"', [], ""),
        ("", [], ""),
        ('region = "eu-west-1"\n  providers = { aws = aws.us }', [], ""),
        ("region = var.region\n  providers = { aws = aws.us }", ["--region", "eu-west-1"], ""),
        ("region = var.region\n  providers = { aws = aws.us }", [], "region = var.region may be another"),
    ],
)
def test_a_region_that_only_a_module_has_is_a_gap_next_to_its_call(
    cfnroles: Any, tmp_path: Path, given: str, options: list[str], gap: str
) -> None:
    (tmp_path / "task").mkdir()
    variables = 'variable "containers" {}\nvariable "region" { default = null }\n'
    task = IN_REGION.replace("META", "").replace("REGION", "var.region").replace("CONTAINERS", "var.containers")
    (tmp_path / "task/main.tf").write_text(variables + task, encoding="utf-8")
    call = f'module "m" {{\n  source = "./task"\n  containers = {ONE_TASK}\n  {given}\n}}\n'
    provider = 'provider "aws" {\n  alias = "us"\n  region = "us-east-1"\n}\n'
    (tmp_path / "main.tf").write_text(f'variable "region" {{}}\n{provider}{call}', encoding="utf-8")
    result = cfnroles("terraform", tmp_path, "--strict", "--gate", "none", *options)
    assert result.code == (1 if gap else 0)
    assert ("because a name is missing or a part is unknown:" in result.err) == bool(gap)
    assert ("task/main.tf:6" in result.err, gap in result.err) == (bool(gap), True)


@pytest.mark.parametrize("top", [".", ""], ids=["in one repository", "without a repository"])
def test_a_module_beside_the_directory_is_written_where_it_is_kept(
    cfnroles: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, top: str
) -> None:
    _with_module_beside(tmp_path, monkeypatch)
    if top:
        (tmp_path / top / ".git").mkdir()
    written = cfnroles("terraform", ".")
    assert (written.code, written.err.splitlines()[1]) == (0, "  ../../modules/app/app.cfnroles.tf")
    text = (tmp_path / "modules/app/app.cfnroles.tf").read_text(encoding="utf-8")
    assert "`cfnroles terraform .` writes it again" in text.splitlines()[0]
    assert [path.parent.name for path in tmp_path.rglob("*.cfnroles.tf")] == ["app"]


OF_OTHERS = {"in another repository": ("live/.git", ""), "in the home": ("", ".")}


@pytest.mark.parametrize(("repository", "home"), OF_OTHERS.values(), ids=OF_OTHERS)
def test_nothing_is_written_into_a_module_of_another_place(
    cfnroles: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: str, home: str
) -> None:
    _with_module_beside(tmp_path, monkeypatch)
    if repository:
        (tmp_path / repository).mkdir()
    if home:
        monkeypatch.setenv("HOME", str(tmp_path))
    refused = cfnroles("terraform", ".")
    assert (refused.code, refused.err.splitlines()[-1]) == (2, "Run `cfnroles terraform ../../modules/app` there.")
    assert list(tmp_path.rglob("*.cfnroles.tf")) == []


def _with_module_beside(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (directory / "modules/app").mkdir(parents=True)
    (directory / "live/prod").mkdir(parents=True)
    (directory / "modules/app/main.tf").write_text(MAIN, encoding="utf-8")
    (directory / "live/prod/main.tf").write_text('module "app" { source = "../../modules/app" }\n', encoding="utf-8")
    monkeypatch.chdir(directory / "live/prod")


def test_two_files_never_have_one_name(cfnroles: Any, tmp_path: Path) -> None:
    container = {"Name": "a", "Image": "b", "Memory": 128}
    task = {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [container]}}
    (tmp_path / "web.json").write_text(json.dumps({"Resources": {"AB": task, "Ab": task}}), encoding="utf-8")
    result = cfnroles("terraform", tmp_path / "web.json", "-o", tmp_path / "made")
    assert result.code == 2
    assert "would be one file, ab.cfnroles.tf" in result.err
    assert not (tmp_path / "made").exists()


RUN = """
resource "aws_ecs_cluster" "main" {}
resource "aws_cloudwatch_event_target" "nightly" {
  arn      = aws_ecs_cluster.main.arn
  role_arn = aws_iam_role.events.arn
  ecs_target { task_definition_arn = aws_ecs_task_definition.app.arn }
}
resource "aws_scheduler_schedule" "hourly" {
  target {
    arn      = aws_ecs_cluster.main.arn
    role_arn = local.app_scheduler_role_arn
    ecs_parameters { task_definition_arn = aws_ecs_task_definition.app.arn }
  }
}
resource "aws_iam_role" "events" {}
"""


def test_whoever_runs_the_task_passes_the_roles_that_are_written(cfnroles: Any, directory: Path) -> None:
    (directory / "run.tf").write_text(RUN, encoding="utf-8")
    result = cfnroles("terraform", directory, "--strict")
    text = (directory / "app.cfnroles.tf").read_text(encoding="utf-8")
    assert result.code == 0
    assert text.count("[aws_iam_role.app_execution.arn, aws_iam_role.app_task.arn]\n") == 2
    assert (
        f"- {directory / 'run.tf'}:5: aws_cloudwatch_event_target.nightly: role_arn ="
        " local.app_event_rule_role_arn, instead of aws_iam_role.events.arn\n" in result.err
    )
    assert "aws_scheduler_schedule" not in result.err
    own = RUN.replace("aws_iam_role.events.arn", "local.app_event_rule_role_arn")
    (directory / "run.tf").write_text(own, encoding="utf-8")
    main = MAIN.replace("  container_def", "  task_role_arn = local.app_task_role_arn\n  container_def")
    (directory / "main.tf").write_text(main, encoding="utf-8")
    assert (
        "\naws_ecs_task_definition.app and what runs it have their roles already.\n"
        in cfnroles("terraform", directory).err
    )
    verified = cfnroles("verify", directory, "--fail-on", "excess")
    assert (verified.code, verified.out.count("Verdict: pass")) == (0, 4)


def test_the_way_out_of_a_gap_in_a_module_closes_it(cfnroles: Any, tmp_path: Path) -> None:
    """The root knows no variable of a module, so that --parameter of the root is no way out."""
    (tmp_path / "service").mkdir()
    (tmp_path / "main.tf").write_text('module "a" {\n  source = "./service"\n  arn = "x"\n}\n', encoding="utf-8")
    task = MAIN.replace('"${aws_secretsmanager_secret.db.arn}:password::"', "var.arn")
    image = f"image = {IMAGE}"
    (tmp_path / "service/main.tf").write_text(
        f'{task}variable "logs" {{}}\nvariable "arn" {{}}\n'.replace(image, f"{image}\nlogConfiguration = var.logs"),
        "utf-8",
    )
    told = cfnroles("terraform", tmp_path).err
    command = f"`cfnroles terraform {tmp_path / 'service'} --parameter logs=VALUE`"
    assert f"Pass it to the module: {command}" in told
    arguments = shlex.split(command.strip("`").replace("VALUE", "null"))[1:]
    assert "logConfiguration" not in cfnroles(*arguments, "--force").err.partition("Gaps")[2]


def test_a_variable_in_the_place_of_a_reference_is_cut_where_terraform_knows_it(cfnroles: Any, directory: Path) -> None:
    main = MAIN.replace('"${aws_secretsmanager_secret.db.arn}:password::"', "var.arn") + 'variable "arn" {}\n'
    (directory / "main.tf").write_text(main, encoding="utf-8")
    assert cfnroles("terraform", directory, "--strict").code == 0
    text = (directory / "app.cfnroles.tf").read_text(encoding="utf-8")
    of_secret = 'secretsmanager:${try(split(":", var.arn)[3], "")}:${try(split(":", var.arn)[4], "")}:secret:'
    assert f'"arn:${{local.app_partition}}:{of_secret}${{try(split(":", var.arn)[6], "")}}"' in text
    assert 'parameter/${startswith(var.arn, "arn:") ? "" : trimprefix(var.arn, "/")}"' in text


LOG_GROUP = """resource "aws_cloudwatch_log_group" "web_logs" {
  name              = "/shop/web"
  retention_in_days = 90
  skip_destroy      = true
  tags = {
    cost-center = "4711"
  }
}
"""


def test_the_tasks_of_a_spec_wait_for_its_log_groups(cfnroles: Any, repository: Path, tmp_path: Path) -> None:
    recipe = repository / "examples/recipes/12-log-groups.yaml"
    cfnroles("terraform", recipe, "-o", tmp_path)
    text = (tmp_path / "web.cfnroles.tf").read_text(encoding="utf-8")
    assert LOG_GROUP in text
    assert "wait for the permissions and for the log group, so" in text
    assert "aws_cloudwatch_log_group.web_logs.id" in text.partition("_execution_role_arn = ")[2].partition("\n")[0]


def test_a_log_group_of_two_services_is_made_once(cfnroles: Any, repository: Path, tmp_path: Path) -> None:
    recipe = (repository / "examples/recipes/12-log-groups.yaml").read_text(encoding="utf-8")
    (tmp_path / "logging.json").write_bytes((repository / "examples/recipes/logging.json").read_bytes())
    service = recipe[recipe.index("  web:") :]
    twice = recipe + service.replace("web:", "job:").replace("retention-days: 90", "keep: false")
    (tmp_path / "spec.yaml").write_text(twice, encoding="utf-8")
    cfnroles("terraform", tmp_path / "spec.yaml", "-o", tmp_path)
    texts = [(tmp_path / f"{name}.cfnroles.tf").read_text(encoding="utf-8") for name in ("web", "job")]
    assert [text.count('resource "aws_cloudwatch_log_group"') for text in texts] == [1, 0]


BESIDE_A_GAP = """
variable "ports" {
  type    = list(number)
  default = [80]
}
data "aws_s3_object" "references" {
  bucket = "b"
  key    = "k"
}
resource "aws_ecs_task_definition" "app" {
  family = "app"
  container_definitions = jsonencode([{
    name         = "app"
    image        = "nginx"
    memory       = 64
    portMappings = [for each in var.ports : { containerPort = each }]
    secrets      = [{ name = "A", valueFrom = data.aws_s3_object.references.body }]
  }])
}
"""


def test_a_gap_that_the_state_closes_makes_no_variable_decide(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(BESIDE_A_GAP, encoding="utf-8")
    result = cfnroles("terraform", tmp_path)
    assert "Pass the state" in result.err
    assert "variable" not in result.err
    assert "Made for" not in (tmp_path / "app.cfnroles.tf").read_text(encoding="utf-8")


ABSENT = (
    MAIN
    + """
variable "nightly" { default = false }
resource "aws_ecs_task_definition" "job" {
  count                 = var.nightly ? 1 : 0
  family                = "job"
  container_definitions = jsonencode([{ name = "job", image = "nginx" }])
}
"""
)


def test_a_task_definition_that_has_no_instance_is_told_of(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(ABSENT, encoding="utf-8")
    result = cfnroles("terraform", tmp_path, "--strict")
    assert "aws_ecs_task_definition.job\n  it has no instance with the known values. Pass other" in result.err
    assert result.err.endswith("error: 1 gap, and --strict was given: the files were written\n")
    assert cfnroles("terraform", tmp_path, "--strict", "--resource", "aws_ecs_task_definition.app").code == 0


SCHEDULED = """
variable "cluster" { default = "" }
variable "size" { default = "64" }
variable "schedules" { default = [] }
module "task" {
  source = "./task"
  memory = var.size
}
resource "aws_cloudwatch_event_target" "nightly" {
  count = length(var.schedules)
  arn   = CLUSTER
  rule  = "nightly"
  ecs_target { task_definition_arn = module.task.arn }
}
"""
TASK_OF_CALLER = """
variable "memory" {}
resource "aws_ecs_task_definition" "job" {
  family                = "job"
  container_definitions = jsonencode([{ name = "job", image = "nginx", memory = var.memory }])
}
output "arn" { value = aws_ecs_task_definition.job.arn }
"""


@pytest.mark.parametrize(
    ("cluster", "decided"),
    [('"arn:aws:ecs:eu-west-1:111122223333:cluster/main"', "ecs:RunTask"), ("var.cluster", "cannot see which task")],
    ids=["readable", "unreadable with the other defaults"],
)
def test_a_default_of_the_root_that_switches_off_what_runs_the_task_of_a_module_is_named(
    cfnroles: Any, tmp_path: Path, cluster: str, decided: str
) -> None:
    (tmp_path / "task").mkdir()
    (tmp_path / "task/main.tf").write_text(TASK_OF_CALLER, encoding="utf-8")
    (tmp_path / "main.tf").write_text(SCHEDULED.replace("CLUSTER", cluster), encoding="utf-8")
    result = cfnroles("terraform", tmp_path)
    assert "The roles are built for the value that this variable has here: schedules.\n" in result.err
    # The module has no such variable.
    assert "schedules" not in (tmp_path / "task/job.cfnroles.tf").read_text(encoding="utf-8")
    result = cfnroles("terraform", tmp_path, "--parameter", 'schedules=["rate(1 day)"]', "-o", tmp_path / "on")
    texts = [result.err, *(each.read_text(encoding="utf-8") for each in (tmp_path / "on").rglob("*.tf"))]
    assert any(decided in text for text in texts)


def test_a_default_that_switches_off_an_unreadable_run_is_named(cfnroles: Any, tmp_path: Path) -> None:
    task = TASK_OF_CALLER.replace('variable "memory" {}', 'variable "memory" { default = 64 }')
    run = SCHEDULED.replace("CLUSTER", "var.cluster").replace("module.task.arn", "aws_ecs_task_definition.job.arn")
    run = run[: run.index("module")] + run[run.index("resource") :]
    (tmp_path / "main.tf").write_text(task + run, encoding="utf-8")
    cfnroles("terraform", tmp_path)
    text = (tmp_path / "job.cfnroles.tf").read_text(encoding="utf-8")
    assert "# Made for the values of var.schedules here" in text


def test_what_a_template_hides_is_told_of(cfnroles: Any, tmp_path: Path) -> None:
    containers = "[{Name: web, Image: nginx, Memory: 128}]"
    job = "Type: AWS::Scheduler::Schedule\n    Properties: {Target: {Arn: 'arn:aws:scheduler:::aws-sdk:ecs:runTask'}}"
    task = f"Type: AWS::ECS::TaskDefinition\n    Properties: {{Family: web, ContainerDefinitions: {containers}}}"
    template = tmp_path / "web.yaml"
    template.write_text(f"Resources:\n  Job:\n    {job}\n  Task:\n    {task}\n", encoding="utf-8")
    result = cfnroles("terraform", template, "-o", tmp_path / "roles", "--strict")
    assert "Resources.Job\n  cannot see which permissions Job needs to run a task" in result.err
    assert result.err.endswith("error: 1 gap, and --strict was given: the files were written\n")


LOGGED = """
variable "group" { default = "/ecs/web" }
variable "other" { type = string }
resource "aws_ecs_task_definition" "web" {
  family = "${var.other}-web"
  container_definitions = jsonencode([{
    name  = "web"
    image = "nginx"
    logConfiguration = {
      logDriver = "awslogs"
      options   = { awslogs-group = var.group, awslogs-region = "eu-west-1", awslogs-stream-prefix = var.other }
    }
  }])
}
"""


@pytest.mark.parametrize("values", ["", 'group = "/ecs/here"\n'], ids=["a default", "a file with values"])
def test_a_variable_that_is_a_whole_name_stays_a_variable(cfnroles: Any, tmp_path: Path, values: str) -> None:
    (tmp_path / "main.tf").write_text(LOGGED, encoding="utf-8")
    (tmp_path / "terraform.tfvars").write_text(values, encoding="utf-8")
    assert "built for" not in cfnroles("terraform", tmp_path).err
    written = (tmp_path / "web.cfnroles.tf").read_text(encoding="utf-8")
    assert ":log-group:${var.group}:log-stream:${var.other}/web/*" in written


def test_an_unknown_variable_is_where_it_is_used(cfnroles: Any, tmp_path: Path) -> None:
    text = LOGGED.replace(
        '  family = "${var.other}-web"', '  family = "${var.other}-web"\n  enable_fault_injection = var.other'
    )
    (tmp_path / "main.tf").write_text(text, encoding="utf-8")
    assert "main.tf:6: aws_ecs_task_definition.web.enable_fault_injection\n" in cfnroles("explain", tmp_path).out


EXECUTED = (
    LOGGED
    + """
variable "exec" {
  type    = bool
  default = false
}
resource "aws_ecs_service" "web" {
  name                   = "web"
  task_definition        = aws_ecs_task_definition.web.arn
  enable_execute_command = var.exec
}
"""
)


def test_the_permissions_of_ecs_exec_hang_on_the_variable_that_enables_it(cfnroles: Any, tmp_path: Path) -> None:
    roles = "".join(f"  {kind}_role_arn = local.web_{kind}_role_arn\n" for kind in ("task", "execution"))
    text = EXECUTED.replace('  family = "${var.other}-web"\n', f'  family = "${{var.other}}-web"\n{roles}')
    (tmp_path / "main.tf").write_text(text, encoding="utf-8")
    result = cfnroles("terraform", tmp_path)
    assert "built for" not in result.err
    (policy,) = [
        block.body
        for (_, kind, name), block in Project(Directory(str(tmp_path))).root.resources.items()
        if (kind, name) == ("aws_iam_role_policy", "web_task")
    ]
    assert policy.arguments["count"].written == "var.exec ? 1 : 0"
    assert "ssmmessages:OpenDataChannel" in policy.arguments["policy"].written
    verified = cfnroles("verify", tmp_path, "--fail-on", "excess", "--parameter", "exec=true")
    assert (verified.code, verified.out.count("Verdict: pass")) == (0, 2), verified.out
