"""Plans and states of Terraform on the command line."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.evaluated import declared

SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"
CONTAINER = {"name": "app", "image": "nginx:1", "secrets": [{"name": "DB", "valueFrom": SECRET}]}
TASK = "aws_ecs_task_definition"


def state(*containers: dict[str, Any], **names: dict[str, Any]) -> str:
    """A state with a task definition for each container, all of them called `app`, or by these names."""
    resources = [
        {
            "address": f"{TASK}.{name}",
            "mode": "managed",
            "type": TASK,
            "name": name,
            "values": {"family": name, "container_definitions": json.dumps([each])},
        }
        for name, each in (*(("app", each) for each in containers), *names.items())
    ]
    return json.dumps({"format_version": "1.0", "values": {"root_module": {"resources": resources}}})


def test_one_of_several_is_asked_about_by_its_address(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(state(a=CONTAINER, b=CONTAINER), encoding="utf-8")
    out = cfnroles("explain", tmp_path / "state.json", "--resource", "aws_ecs_task_definition.b").out
    assert out.startswith("task definition aws_ecs_task_definition.b\n")
    assert "aws_ecs_task_definition.a" not in out
    failed = cfnroles("explain", tmp_path / "state.json", "--resource", "b")
    assert (failed.code, failed.err.splitlines()[1]) == (
        2,
        "Its task definitions: aws_ecs_task_definition.a, aws_ecs_task_definition.b.",
    )
    failed = cfnroles("policy", tmp_path / "state.json", "--role", "execution")
    assert failed.err.splitlines()[-1] == "Choose one with --resource ADDRESS."


COMMANDS = (
    ["explain"],
    ["explain", "--format", "json"],
    ["explain", "--format", "markdown"],
    ["lint"],
    ["lint", "--format", "json"],
    ["lint", "--format", "sarif"],
    ["policy", "--role", "execution"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_environment_of_a_plan_is_never_shown(
    cfnroles: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = state({**CONTAINER, "environment": [{"name": "PASSWORD", "value": "hunter2-hunter2"}]})
    (tmp_path / "state.json").write_text(text, encoding="utf-8")
    result = cfnroles(command[0], "state.json", *command[1:])
    assert result.code in (0, 1)
    assert result.out
    assert "hunter2" not in result.out + result.err


def test_the_roles_of_a_state_are_built_and_its_task_definition_stays(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(state(CONTAINER), encoding="utf-8")
    result = cfnroles("build", tmp_path / "state.json", "-o", tmp_path / "out")
    assert (result.code, sorted(each.name for each in (tmp_path / "out").iterdir())) == (
        0,
        ["app-roles.yaml", "stacks.json"],
    )
    data = 'data "aws_cloudformation_export" "app_execution_role" { name = "app-ECSTaskExecutionRoleArn" }'
    taken = "execution_role_arn = data.aws_cloudformation_export.app_execution_role.value"
    assert f"  {data}\n  {taken}\n" in result.err


def test_the_roles_of_a_stack_are_judged_by_the_expressions_that_their_parameters_have(
    cfnroles: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = f"""variable "stage" {{ type = string }}
resource "aws_secretsmanager_secret" "db" {{ name = "shop/db" }}
resource "aws_secretsmanager_secret" "other" {{ name = "shop/other" }}
resource "{TASK}" "app" {{
  family                = "app"
  container_definitions = jsonencode([{{
    name = "a", image = "nginx"
    secrets = [
      {{ name = "A", valueFrom = aws_secretsmanager_secret.db.arn }}, {{ name = "B", valueFrom = "/${{var.stage}}/b" }}
    ]
  }}])
}}
"""
    (tmp_path / "main.tf").write_text(text, encoding="utf-8")
    told = cfnroles("build", ".").err.splitlines()
    command = shlex.split(told[told.index("Verify the roles of the task:") + 1])
    assert cfnroles(*command[1:]).code == 0
    (tmp_path / "main.tf").write_text(text.replace("secret.db.arn", "secret.other.arn"), encoding="utf-8")
    judged = cfnroles(*command[1:])
    assert (judged.code, "secretsmanager:GetSecretValue" in judged.out.partition("MISSING")[2]) == (1, True)


def test_the_roles_of_a_state_are_written_with_its_names(cfnroles: Any, tmp_path: Path) -> None:
    document = json.loads(state(app=CONTAINER))
    (module,) = document["values"]["root_module"]["resources"]
    module["address"] = 'module.web.aws_ecs_task_definition.app["blue"]'
    (tmp_path / "state.json").write_text(json.dumps(document), encoding="utf-8")
    result = cfnroles("terraform", tmp_path / "state.json", "-o", tmp_path)
    assert result.code == 0
    assert "of the directory with the .tf files, the roles have your own" in result.err
    text = (tmp_path / "module_web_app_blue.cfnroles.tf").read_text(encoding="utf-8")
    assert f'  arn = "{SECRET}"\n' in text
    assert "local.module_web_app_blue_execution_role_arn: the execution role" in result.err


def test_a_comparison_tells_which_definition_has_changed(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text(state(a=CONTAINER, b={"name": "b", "image": "nginx"}), encoding="utf-8")
    (tmp_path / "new.json").write_text(state(a=CONTAINER, b={**CONTAINER, "name": "b"}), encoding="utf-8")
    out = cfnroles("diff", tmp_path / "old.json", tmp_path / "new.json").out
    assert "aws_ecs_task_definition.b execution role" in out
    assert "aws_ecs_task_definition.a" not in out


def test_a_plan_may_be_larger_than_other_documents(cfnroles: Any, tmp_path: Path) -> None:
    whole = json.loads(state(CONTAINER))
    whole["values"]["outputs"] = {"a": {"value": "x" * 1_100_000}}
    (tmp_path / "state.json").write_text(json.dumps(whole), encoding="utf-8")
    assert SECRET in cfnroles("explain", tmp_path / "state.json").out
    (tmp_path / "task.json").write_text(json.dumps({"containerDefinitions": "x" * 1_100_000}), encoding="utf-8")
    assert "has more than 1,000,000 bytes" in cfnroles("explain", tmp_path / "task.json").err


MAIN = """
variable "logs" {}
resource "aws_secretsmanager_secret" "db" {}
resource "aws_ecs_task_definition" "app" {
  family = "app"
  container_definitions = jsonencode([{
    name    = "web"
    image   = "nginx"
    secrets = [{ name = "DB", valueFrom = aws_secretsmanager_secret.db.arn }]
    environment = [{ name = "PASSWORD", value = "hunter2-hunter2" }]
    logConfiguration = var.logs
  }])
}
"""


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text(MAIN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "infra"


def test_a_directory_is_explained_by_the_users_own_expressions(cfnroles: Any, directory: Path) -> None:
    result = cfnroles("explain", "infra")
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "task definition aws_ecs_task_definition.app\n"
        "\n"
        "execution role\n"
        "  ReadSecrets: secretsmanager:GetSecretValue\n"
        "      on ${aws_secretsmanager_secret.db.arn}\n"
        "    because ECS reads the secret and sets it as an environment variable before it starts the container\n"
        "      infra/main.tf:9: aws_ecs_task_definition.app.container_definitions[0].secrets[0].valueFrom"
        " (container web, secret DB)\n"
        "      https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html\n"
        "\n"
        "Gaps, where a name is missing and no permission is given:\n"
        "- infra/main.tf:11: aws_ecs_task_definition.app.container_definitions[0].logConfiguration (container web)\n"
        "  cannot see what var.logs puts here: no value given for var.logs. Pass --parameter logs=VALUE\n"
        "\n"
    )


def test_the_key_of_a_parameter_is_told_by_an_option(cfnroles: Any, directory: Path) -> None:
    main = declared(MAIN.replace("aws_secretsmanager_secret.db.arn", "data.aws_ssm_parameter.db.arn"))
    (directory / "main.tf").write_text(main, encoding="utf-8")
    told = cfnroles("explain", "infra").out
    assert "on the customer managed key\n" in told
    assert "if a customer managed key encrypts the secret or parameter: pass --kms-key-arn ARN\n" in told
    assert "KmsKeyArns" not in told


def test_the_way_out_of_a_gap_closes_it(cfnroles: Any, directory: Path) -> None:
    assert "Gaps" not in cfnroles("explain", "infra", "--parameter", "logs=null").out
    (directory / "prod.tfvars").write_text("logs = null\n", encoding="utf-8")
    assert "Gaps" not in cfnroles("explain", "infra", "--var-file", "infra/prod.tfvars").out


@pytest.mark.parametrize("format_", ["human", "json", "markdown"])
def test_the_roles_of_a_directory_are_judged(cfnroles: Any, directory: Path, format_: str) -> None:
    (directory / "prod.tfvars").write_text("logs = null\n", encoding="utf-8")
    result = cfnroles("verify", "infra", "--var-file", "infra/prod.tfvars", "--format", format_)
    assert result.code == 1
    assert "aws_secretsmanager_secret.db.arn" in result.out
    assert "aws_ecs_task_definition.app, execution role: fail: 0 allowed, 1 missing" in result.err
    assert "hunter2" not in result.out + result.err


@pytest.mark.parametrize("format_", ["human", "json", "markdown"])
def test_no_value_of_the_environment_is_shown(cfnroles: Any, directory: Path, format_: str) -> None:
    result = cfnroles("explain", "infra", "--format", format_)
    assert "aws_secretsmanager_secret.db.arn" in result.out
    assert "hunter2" not in result.out + result.err


def test_lint_says_which_directories_of_terraform_it_does_not_look_at(cfnroles: Any, directory: Path) -> None:
    result = cfnroles("lint", ".")
    assert (
        "1 directory of Terraform is not checked; to check a directory that you apply:\n  cfnroles lint infra\n"
        in result.err
    )
    assert "not checked" not in cfnroles("lint", "infra").err


REFUSED = {
    "a file of the directory": (["explain", "infra/main.tf"], "`cfnroles explain infra`"),
    "a variable that is not there": (["explain", "infra", "--parameter", "x=1"], "no variable is named x"),
    "a file that is not there": (["explain", "infra", "--var-file", "x.tfvars"], "x.tfvars: cannot be read"),
    "an option of task definitions": (["explain", "infra", "--image", "a"], "--image requires a task definition"),
    "a definition that is not there": (["explain", "infra", "--resource", "x"], "has no task definition x"),
    "a directory of nothing": (["explain", "."], "Did you mean infra?"),
    "a directory to write to that is none": (
        ["build", "infra", "-o", "-"],
        "standard output cannot hold several files",
    ),
    "a policy with expressions": (
        ["policy", "infra", "--role", "execution"],
        "`terraform show -json | cfnroles policy - --role execution`",
    ),
    "files of variables for what is none": (["explain", "task.json", "--var-file", "x"], "--var-file requires"),
}


@pytest.mark.parametrize(("command", "what"), REFUSED.values(), ids=REFUSED)
def test_what_a_directory_does_not_take_is_one_clear_error(
    cfnroles: Any, directory: Path, command: list[str], what: str
) -> None:
    Path("task.json").write_text('{"containerDefinitions": [{"name": "a", "image": "nginx"}]}', encoding="utf-8")
    result = cfnroles(*command)
    assert (result.code in (1, 2, 3), result.out) == (True, "")
    assert what in result.err


WITHOUT_TASKS = {
    "a module that is not available": (
        'module "ecs" { source = "terraform-aws-modules/ecs/aws" }',
        [
            "is a directory of Terraform, but its task definitions are unknown\n- infra/main.tf:1: module.ecs",
            "Run `terraform init` to download it to .terraform/modules",
        ],
    ),
    "nothing of ECS": (
        'resource "aws_sqs_queue" "q" {}',
        ["without an aws_ecs_task_definition\nPass the directory that declares it or calls its module."],
    ),
}


@pytest.mark.parametrize(("text", "told"), WITHOUT_TASKS.values(), ids=WITHOUT_TASKS)
def test_why_there_is_no_task_definition_is_told(cfnroles: Any, directory: Path, text: str, told: list[str]) -> None:
    (directory / "main.tf").write_text(text, encoding="utf-8")
    result = cfnroles("terraform", "infra")
    assert (result.code, [each for each in told if each not in result.err]) == (2, [])


def test_a_default_that_ecs_would_refuse_may_have_another_value(cfnroles: Any, directory: Path) -> None:
    text = f"""variable "key" {{ default = "" }}
resource "{TASK}" "app" {{
  family                = "app"
  container_definitions = jsonencode([{{
    name = "a", image = "nginx", secrets = [{{ name = "A", valueFrom = var.key }}]
  }}])
}}
"""
    (directory / "main.tf").write_text(text, encoding="utf-8")
    refused = cfnroles("explain", "infra")
    assert refused.code == 2
    assert refused.err.splitlines()[-1].endswith("pass its value with --parameter NAME=VALUE or --var-file FILE.")
    assert cfnroles("explain", "infra", "--parameter", "key=/a").code == 0


@pytest.mark.parametrize("balancers", ["var.balancers", "[coalesce(null, null)]"], ids=["unknown", "Terraform stops"])
def test_a_load_balancer_that_is_not_seen_is_not_taken_for_none(cfnroles: Any, directory: Path, balancers: str) -> None:
    text = f"""variable "balancers" {{}}
resource "{TASK}" "app" {{
  family                = "app"
  container_definitions = jsonencode([{{ name = "a", image = "nginx" }}])
}}
resource "aws_ecs_service" "app" {{
  name            = "app"
  task_definition = {TASK}.app.arn
  iam_role        = "arn:aws:iam::111122223333:role/balancing"
  dynamic "load_balancer" {{
    for_each = {balancers}
    content {{
      elb_name = load_balancer.value
    }}
  }}
}}
"""
    (directory / "main.tf").write_text(text, encoding="utf-8")
    told = cfnroles("explain", "infra")
    assert (told.code, "uses for its load balancer is not judged" in told.out) == (0, True)


def test_roles_are_put_into_no_directory(cfnroles: Any, directory: Path) -> None:
    result = cfnroles("inject", "infra")
    assert (result.code, result.err) == (
        2,
        "error: infra: is a directory of Terraform; inject requires a template\nRun `cfnroles terraform infra` to write"
        " the roles next to its task definitions.\n",
    )


def test_a_fault_is_reported_with_its_line(cfnroles: Any, directory: Path) -> None:
    (directory / "more.tf").write_text("locals {\n  a = [1, 2\n}\n", encoding="utf-8")
    result = cfnroles("explain", "infra")
    assert result.code == 2
    assert result.err.startswith("error: infra/more.tf:3:1: is not valid Terraform: expected ]\n")


def test_no_file_outside_of_the_directory_is_shown(cfnroles: Any, directory: Path) -> None:
    (directory.parent / "secret.txt").write_text("hunter2", encoding="utf-8")
    text = MAIN.replace("= var.logs", '= file("${path.module}/../secret.txt")')
    (directory / "main.tf").write_text(text, encoding="utf-8")
    result = cfnroles("explain", "infra")
    assert result.code == 0
    assert "Move ../secret.txt into the directory, or keep both in one Git repository" in result.out
    assert "hunter2" not in result.out


LINTED = """
variable "token" { sensitive = true }
resource "aws_ecr_repository" "app" {}
resource "aws_ecs_task_definition" "app" {
  family                   = "app"
  cpu                      = 256
  memory                   = 512
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  container_definitions = jsonencode([{
    name  = "web"
    image = "${aws_ecr_repository.app.repository_url}:latest"
    environment = [
      { name = "A", value = var.token },
      { name = "PASSWORD", value = "hunter2-hunter2" },
      { name = "B", value = random_password.b.result },
    ]
  }])
}
module "other" { source = "x/y/aws" }
resource "random_password" "b" { length = 32 }
"""


def lint(cfnroles: Any, directory: Path, text: str, **beside: str) -> list[tuple[str, int, str]]:
    """File, line and check of each finding."""
    for name, each in {"main.tf": text, **beside}.items():
        (directory / name).write_text(each, encoding="utf-8")
    files = json.loads(cfnroles("lint", "infra", "--format", "json").out)["files"]
    return [
        (each["file"], found["line"], found["check"])
        for each in files
        for found in sorted(each["findings"], key=lambda one: (one["line"], one["check"]))
    ]


def test_lint_looks_at_the_definitions_of_a_directory(cfnroles: Any, directory: Path) -> None:
    assert lint(cfnroles, directory, LINTED) == [
        ("infra/main.tf", 4, "no-execution-role"),
        ("infra/main.tf", 12, "mutable-image"),
        ("infra/main.tf", 14, "plain-text-secret"),
        ("infra/main.tf", 15, "plain-text-secret"),
        ("infra/main.tf", 16, "plain-text-secret"),
        ("infra/main.tf", 20, "gap"),
    ]
    assert "hunter2" not in cfnroles("lint", "infra").out


def test_lint_says_what_ecs_refuses_wherever_it_stands(cfnroles: Any, directory: Path) -> None:
    text = """
resource "aws_ecs_task_definition" "app" {
  family                = "app"
  container_definitions = templatefile("${path.module}/a.json.tftpl", {})
}
"""
    (directory / "a.json.tftpl").write_text(
        '[{"name": "web", "image": "nginx:1",\n"environmentFiles": [{"type": "s3",\n"value": "s3://a/b"}]}]\n',
        encoding="utf-8",
    )
    assert ("infra/a.json.tftpl", 3, "refused-value") in lint(cfnroles, directory, text)
    assert cfnroles("lint", "infra").code == 1


def test_lint_looks_at_every_arm_of_a_condition(cfnroles: Any, directory: Path) -> None:
    text = LINTED.replace('"${aws_ecr_repository.app.repository_url}:latest"', 'var.x ? "nginx:1" : "nginx:latest"')
    assert ("infra/main.tf", 12, "mutable-image") in lint(cfnroles, directory, text + 'variable "x" {}\n')


IGNORE = "# cfnroles: ignore"
SUPPRESSED = {
    "on its line": ("value = var.token },", f"value = var.token }}, {IGNORE} plain-text-secret: it is public", 1),
    "above it": ("    image", f"    {IGNORE} mutable-image: the mirror pins it\n    image", 1),
    "above a block": ('resource "aws_ecs', f'{IGNORE} plain-text-secret: all are public\nresource "aws_ecs', 3),
    "above a list": ("    environment", f"    {IGNORE} plain-text-secret: they are public\n    environment", 3),
}


@pytest.mark.parametrize(("old", "new", "number"), SUPPRESSED.values(), ids=SUPPRESSED)
def test_a_comment_suppresses_what_begins_there(
    cfnroles: Any, directory: Path, old: str, new: str, number: int
) -> None:
    before = lint(cfnroles, directory, LINTED)
    before_task, task = LINTED.split('resource "aws_ecs_task')
    changed = f'resource "aws_ecs_task{task}'.replace(old, new, 1)
    after = lint(cfnroles, directory, before_task + changed)
    assert len(before) - len(after) == number
    assert not {check for _, _, check in after} & {"unused-suppression", "bad-suppression"}


def test_a_suppression_without_a_reason_is_one_more_finding(cfnroles: Any, directory: Path) -> None:
    text = LINTED.replace("    image", "    # cfnroles: ignore mutable-image\n    image")
    found = lint(cfnroles, directory, text)
    assert ("infra/main.tf", 12, "bad-suppression") in found
    assert ("infra/main.tf", 13, "mutable-image") in found


@pytest.mark.parametrize("format_", ["human", "sarif", "junit", "markdown"])
def test_every_report_has_the_line(cfnroles: Any, directory: Path, format_: str) -> None:
    (directory / "main.tf").write_text(LINTED, encoding="utf-8")
    out = cfnroles("lint", "infra", "--format", format_).out
    told = {"human": "main.tf:14:", "sarif": '"startLine": 14', "junit": "main.tf:14:", "markdown": "| 14 |"}
    assert told[format_] in out


def test_what_cannot_be_read_is_told_and_ends_in_two(cfnroles: Any, directory: Path) -> None:
    (directory / "main.tf").write_text("a = [", encoding="utf-8")
    result = cfnroles("lint", "infra")
    assert (result.code, "infra/main.tf:1:6: is not valid Terraform" in result.err) == (2, True)


def commit(directory: Path, message: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", message]):
        subprocess.run(["git", *who, *arguments], cwd=directory, check=True, capture_output=True)


COMPARED = {
    "two directories": ["was", "infra"],
    "a revision of one": ["HEAD", "infra"],
    "a revision with its path": ["HEAD:infra", "infra"],
    "a revision and what it is now": ["HEAD:infra"],
}


@pytest.mark.parametrize("sides", COMPARED.values(), ids=COMPARED)
def test_a_directory_is_compared_with_what_it_was(
    cfnroles: Any, directory: Path, sides: list[str], tmp_path: Path
) -> None:
    (directory / "m").mkdir()
    inner = 'output "arn" { value = "/app/old" }\n'
    outer = MAIN.replace("aws_secretsmanager_secret.db.arn }", "module.m.arn }") + 'module "m" { source = "./m" }\n'
    (directory / "main.tf").write_text(outer, encoding="utf-8")
    (directory / "m" / "main.tf").write_text(inner, encoding="utf-8")
    commit(tmp_path, "first")
    shutil.copytree(directory, tmp_path / "was")
    (directory / "m" / "main.tf").write_text(inner.replace("old", "new"), encoding="utf-8")
    result = cfnroles("diff", *sides)
    assert (result.code, result.err) == (0, "")
    assert "parameter/app/old" in result.out
    assert "parameter/app/new" in result.out


def test_no_link_of_a_revision_is_followed(cfnroles: Any, directory: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.tf").write_text("hunter2", encoding="utf-8")
    (directory / "link.tf").symlink_to(tmp_path / "secret.tf")
    commit(tmp_path, "first")
    (directory / "link.tf").unlink()
    assert cfnroles("diff", "HEAD", "infra").out.splitlines()[-1] == "No permission changes."


def test_another_definition_changes_nothing_of_the_first(cfnroles: Any, directory: Path, tmp_path: Path) -> None:
    shutil.copytree(directory, tmp_path / "was")
    more = MAIN[MAIN.index('resource "aws_ecs') :].replace('"app"', '"other"')
    (directory / "more.tf").write_text(more, encoding="utf-8")
    out = cfnroles("diff", "was", "infra").out
    assert "aws_ecs_task_definition.other execution role" in out
    assert "aws_ecs_task_definition.app" not in out


def test_a_condition_that_is_taken_away_widens(cfnroles: Any, directory: Path, tmp_path: Path) -> None:
    secrets = '[{ name = "DB", valueFrom = aws_secretsmanager_secret.db.arn }]'
    guarded = MAIN.replace(secrets, f"var.on ? {secrets} : []") + 'variable "on" {}\n'
    (tmp_path / "was").mkdir()
    (tmp_path / "was" / "main.tf").write_text(guarded, encoding="utf-8")
    out = cfnroles("diff", "was", "infra").out
    assert "secretsmanager:GetSecretValue (wider)\n      on ${aws_secretsmanager_secret.db.arn}\n" in out
    assert "the condition var.on holds" in out


MADE = """
resource "aws_secretsmanager_secret" "db" {}
resource "aws_ssm_parameter" "p" {
  name = "/app/p"
  type = "SecureString"
}
resource "aws_ecs_task_definition" "app" {
  family = "app"
  container_definitions = jsonencode([{
    name  = "web"
    image = "nginx"
    secrets = [
      { name = "A", valueFrom = aws_secretsmanager_secret.db.arn },
      { name = "B", valueFrom = aws_ssm_parameter.p.name },
      { name = "C", valueFrom = var.c },
    ]
  }])
}
variable "c" {}
"""


def test_check_asks_for_nothing_that_the_configuration_makes(cfnroles: Any, directory: Path) -> None:
    (directory / "main.tf").write_text(MADE.replace("var.c }", "aws_ssm_parameter.p.arn }"), encoding="utf-8")
    result = cfnroles("check", "infra")
    assert (result.code, result.out) == (
        0,
        "container web\n  made     secret A  ${aws_secretsmanager_secret.db.arn}\n  made     secret B  /app/p\n"
        "  made     secret C  ${aws_ssm_parameter.p.arn}\nAll 3 references to secrets and parameters name what"
        " is created with the task, not checked.\n",
    )


def test_check_says_which_reference_is_not_known(cfnroles: Any, directory: Path) -> None:
    (directory / "main.tf").write_text(MADE, encoding="utf-8")
    result = cfnroles("check", "infra")
    assert result.code == 3
    assert "cannot be checked before ${var.c} is known." in result.out
    assert "Pass --parameter c=VALUE" in result.out


def test_roles_that_are_given_are_judged_for_a_state(cfnroles: Any, tmp_path: Path) -> None:
    allow = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": SECRET}
    (tmp_path / "role.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [allow]}), encoding="utf-8")
    result = cfnroles("verify", "-", "--role", tmp_path / "role.json", stdin=state(CONTAINER))
    assert (result.code, "[ok]      secretsmanager:GetSecretValue" in result.out) == (0, True)


POLICIES = {
    "objects": (
        'policy = jsonencode({ Version = "2012-10-17", Statement = [] })',
        'Statement = [\n  {\n    Sid      = "ReadParameters"\n    Effect   = "Allow"\n'
        '    Action   = ["ssm:GetParameters"]\n    Resource = "arn:aws:ssm:eu-west-1:${ACCOUNT}:parameter/a"\n  },\n'
        "]\n",
    ),
    "blocks": (
        "policy = data.aws_iam_policy_document.own.json",
        'statement {\n  sid       = "ReadParameters"\n  effect    = "Allow"\n  actions   = ["ssm:GetParameters"]\n'
        '  resources = ["arn:aws:ssm:eu-west-1:${ACCOUNT}:parameter/a"]\n}\n',
    ),
    "a text in JSON": (
        'policy = <<-END\n    {"Version": "2012-10-17", "Statement": [\n'
        '      {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}\n    ]}\n  END',
        '{\n  "Sid": "ReadParameters",\n  "Effect": "Allow",\n  "Action": [\n    "ssm:GetParameters"\n  ],\n'
        '  "Resource": "arn:aws:ssm:eu-west-1:${ACCOUNT}:parameter/a"\n}\n',
    ),
}
ROLE = """
provider "aws" { region = "eu-west-1" }
data "aws_iam_policy_document" "own" {
  statement {
    actions   = ["logs:PutLogEvents"]
    resources = ["*"]
  }
}
resource "aws_iam_role" "own" {}
resource "aws_iam_role_policy" "own" {
  role = aws_iam_role.own.id
  POLICY
}
resource "aws_ecs_task_definition" "app" {
  family                = "app"
  execution_role_arn    = aws_iam_role.own.arn
  container_definitions = jsonencode([{ name = "app", image = "nginx", secrets = [{ name = "A", valueFrom = "/a" }] }])
}
"""


@pytest.mark.parametrize(("policy", "pasted"), POLICIES.values(), ids=POLICIES)
def test_a_statement_to_paste_has_the_form_of_the_policy(
    cfnroles: Any, tmp_path: Path, policy: str, pasted: str
) -> None:
    (tmp_path / "main.tf").write_text(ROLE.replace("POLICY", policy), encoding="utf-8")
    told = cfnroles("verify", tmp_path, "--aws-managed-keys").out
    account = "data.aws_caller_identity.current.account_id"
    head = 'Missing: add to the execution role\n# Requires: data "aws_caller_identity" "current" {}\n'
    assert f"{head}{pasted.replace('ACCOUNT', account)}" in told
    assert f"on arn:aws:ssm:eu-west-1:${{{account}}}:parameter/a\n" in told


@pytest.mark.parametrize("format_", ["human", "json", "markdown"])
@pytest.mark.parametrize("command", ["explain", "verify", "diff"])
def test_nothing_is_told_in_the_terms_of_cloudformation(
    cfnroles: Any, tmp_path: Path, command: str, format_: str
) -> None:
    main = ROLE.replace("POLICY", POLICIES["objects"][0])
    (tmp_path / "main.tf").write_text(main, encoding="utf-8")
    (tmp_path / "old").mkdir()
    (tmp_path / "old/main.tf").write_text(main.replace('"/a"', '"/b"'), encoding="utf-8")
    before = [tmp_path / "old"] if command == "diff" else []
    told = cfnroles(command, *before, tmp_path, "--format", format_).out
    assert "${data.aws_caller_identity.current.account_id}" in told
    assert "AWS::" not in told


OPEN = declared("""
resource "aws_ecs_task_definition" "app" {
  family                = "app"
  execution_role_arn    = aws_iam_role.exec.arn
  container_definitions = jsonencode([{ name = "a", logConfiguration = aws_codebuild_project.x.badge_url }])
}
resource "aws_iam_role_policy" "p" {
  role   = aws_iam_role.exec.id
  policy = aws_codebuild_project.x.arn
}
""")
ASKING = {
    "explain": [],
    "verify": ["--fail-on", "excess"],
    "build": [],
    "terraform": ["--gate", "none"],
    "lint": ["--fail-on", "error"],
}


@pytest.mark.parametrize(("command", "options"), ASKING.items(), ids=ASKING)
def test_the_way_out_of_a_gap_is_the_command_that_told_of_it(
    cfnroles: Any, directory: Path, command: str, options: list[str]
) -> None:
    (directory / "main.tf").write_text(OPEN, encoding="utf-8")
    result = cfnroles(command, "infra", *options)
    told = set(re.findall(r"`terraform show -json \| ([^`]*)`", " ".join((result.out + result.err).split())))
    assert told == {" ".join(["cfnroles", command, "-", *options])}
    plan = cfnroles(command, "-", *options, stdin=state({"name": "a", "image": "nginx"}))
    assert plan.code != 2, plan.err
