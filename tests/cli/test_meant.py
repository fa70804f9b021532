"""A mistyped command, or a mistyped name in a file, is answered with the one that was meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

TASK = {"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx:1", "memory": 128}]}
TEMPLATE = """\
Parameters: {Stage: {Type: String}}
Resources:
  WebTask:
    Type: AWS::ECS::TaskDefinition
    Properties: {ExecutionRoleArn: !GetAtt ExecutionRole.Arn, ContainerDefinitions: [{Name: web, Image: nginx}]}
  ExecutionRole: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}}}
"""
SPEC = """\
project: shop
services: {web: {task-definition: task.json}, worker: {task-definition: task.json}}
environments: {staging: {}}
"""

MEANT = {
    "help as a command": (["help"], "No such command 'help'. Run `cfnroles --help`."),
    "help for a command": (["help", "lint"], "No such command 'help'. Run `cfnroles lint --help`."),
    "a command's option before it": (
        ["-q", "lint", "x"],
        "No such option '-q'. Pass it after the command: cfnroles COMMAND -q",
    ),
    "a command": (["explian"], "No such command 'explian'. Did you mean 'explain'?"),
    "a command of another tool": (["destroy"], "Did you mean 'delete'?"),
    "an option": (["explain", "task.json", "--fromat", "json"], "--format"),
    "one option": (["build", "task.json", "--ouptut", "x"], "No such option '--ouptut'. Did you mean --output?\n"),
    "an option of all commands": (["--verison"], "No such option '--verison'. Did you mean --version?"),
    "a container": (["explain", "task.json", "--image", "wbe=nginx"], "Did you mean 'web'?"),
    "a logical ID": (["explain", "template.yaml", "--resource", "webTsk"], "Did you mean 'WebTask'?"),
    "a parameter": (["explain", "template.yaml", "--parameter", "Stagee=a"], "Did you mean 'Stage'?"),
    "a role": (["verify", "task.json", "--role", "template.yaml:ExecutionRol"], "Did you mean 'ExecutionRole'?"),
    "a service": (["verify", "spec.yaml", "--service", "wroker", "--role", "x.json"], "Did you mean 'worker'?"),
    "an environment": (["build", "spec.yaml", "--environment", "stagign"], "Did you mean 'staging'?"),
    "a stack": (["status", "spec.yaml", "--only", "shop-web-rolse"], "Did you mean 'shop-web-roles'?"),
}


@pytest.mark.parametrize(("words", "told"), MEANT.values(), ids=MEANT)
def test_what_was_meant(words: list[str], told: str, cfnroles: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("task.json").write_text(json.dumps(TASK))
    Path("template.yaml").write_text(TEMPLATE)
    Path("spec.yaml").write_text(SPEC)
    answer = cfnroles(*words)
    assert (answer.code, answer.out) == (2, "")
    assert told in answer.err


@pytest.mark.parametrize("words", [["lint", "--foo"], ["--foo"], ["lint", "-x"]])
def test_no_option_is_suggested_for_another_word(words: list[str], cfnroles: Any) -> None:
    answer = cfnroles(*words)
    assert answer.code == 2
    assert answer.err.endswith(f"No such option {words[-1]!r}.\n")


def test_nothing_is_meant_by_what_nobody_calls_so(cfnroles: Any) -> None:
    assert cfnroles("frobnicate").err.endswith("No such command 'frobnicate'.\n")
