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
