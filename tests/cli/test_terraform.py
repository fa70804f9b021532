"""Plans and states of Terraform on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

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
    assert failed.err.splitlines()[-1] == "Name one of them with --resource ADDRESS."


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


def test_no_stacks_are_built_of_what_is_terraforms(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(state(CONTAINER), encoding="utf-8")
    result = cfnroles("build", tmp_path / "state.json", "-o", tmp_path / "out")
    assert (result.code, (tmp_path / "out").exists()) == (2, False)
    assert "is a Terraform plan or state, whose roles belong into Terraform" in result.err


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
variable "image" {}
resource "aws_secretsmanager_secret" "db" {}
resource "aws_ecs_task_definition" "app" {
  family = "app"
  container_definitions = jsonencode([{
    name    = "web"
    image   = var.image
    secrets = [{ name = "DB", valueFrom = aws_secretsmanager_secret.db.arn }]
    environment = [{ name = "PASSWORD", value = "hunter2-hunter2" }]
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
        "- infra/main.tf:8: aws_ecs_task_definition.app.container_definitions[0].image (container web)\n"
        "  the image's registry hangs on ${var.image}. Tell it with --parameter image=VALUE\n"
        "\n"
    )


def test_the_way_out_of_a_gap_closes_it(cfnroles: Any, directory: Path) -> None:
    image = "image=111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1"
    assert "Gaps" not in cfnroles("explain", "infra", "--parameter", image).out
    (directory / "prod.tfvars").write_text('image = "nginx"\n', encoding="utf-8")
    assert "Gaps" not in cfnroles("explain", "infra", "--var-file", "infra/prod.tfvars").out


@pytest.mark.parametrize("format_", ["human", "json", "markdown"])
def test_no_value_of_the_environment_is_shown(cfnroles: Any, directory: Path, format_: str) -> None:
    result = cfnroles("explain", "infra", "--format", format_)
    assert "aws_secretsmanager_secret.db.arn" in result.out
    assert "hunter2" not in result.out + result.err


REFUSED = {
    "a file of the directory": (["explain", "infra/main.tf"], "is one file of Terraform's"),
    "a variable that is not there": (["explain", "infra", "--parameter", "x=1"], "there is no variable x"),
    "a file that is not there": (["explain", "infra", "--var-file", "x.tfvars"], "x.tfvars: cannot be read"),
    "an option of task definitions": (["explain", "infra", "--image", "a"], "--image is for a task definition"),
    "a definition that is not there": (["explain", "infra", "--resource", "x"], "has no task definition x"),
    "a directory of nothing": (["explain", "."], "is a directory without a manifest.json"),
    "stacks": (["build", "infra", "-o", "out"], "whose roles belong into Terraform"),
    "a policy with expressions": (["policy", "infra", "--role", "execution"], "plain JSON has no expressions"),
    "files of variables for what is none": (["explain", "task.json", "--var-file", "x"], "--var-file is for"),
}


@pytest.mark.parametrize(("command", "what"), REFUSED.values(), ids=REFUSED)
def test_what_a_directory_does_not_take_is_one_clear_error(
    cfnroles: Any, directory: Path, command: list[str], what: str
) -> None:
    Path("task.json").write_text('{"containerDefinitions": [{"name": "a", "image": "nginx"}]}', encoding="utf-8")
    result = cfnroles(*command)
    assert (result.code in (1, 2), result.out) == (True, "")
    assert what in result.err


def test_a_fault_is_told_with_its_line(cfnroles: Any, directory: Path) -> None:
    (directory / "more.tf").write_text("locals {\n  a = [1, 2\n}\n", encoding="utf-8")
    result = cfnroles("explain", "infra")
    assert result.code == 2
    assert result.err.startswith("error: infra/more.tf:3:1: is not valid Terraform: ] is expected here\n")


def test_no_file_outside_of_the_directory_is_shown(cfnroles: Any, directory: Path) -> None:
    (directory.parent / "secret.txt").write_text("hunter2", encoding="utf-8")
    text = MAIN.replace("= var.image", '= file("${path.module}/../secret.txt")')
    (directory / "main.tf").write_text(text, encoding="utf-8")
    result = cfnroles("explain", "infra")
    assert result.code == 0
    assert "../secret.txt lies outside of the directory" in result.out
    assert "hunter2" not in result.out
