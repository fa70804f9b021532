"""`cfnroles graph`: the permissions as a picture, of one version or of two."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.notes import UNKNOWN_KEY
from tests.pages import Story


def test_the_picture_of_the_example_is_as_reviewed(
    cfnroles: Any, examples: Path, golden: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(examples)
    result = cfnroles("graph", "shop.json")
    assert (result.code, result.err) == (0, UNKNOWN_KEY)
    golden("shop/graph.mmd", result.out)


def test_the_page_is_whole(cfnroles: Any, examples: Path) -> None:
    result = cfnroles("graph", examples / "shop.json", "--format", "html")
    assert (result.code, result.err) == (0, UNKNOWN_KEY)
    assert result.out.startswith("<!DOCTYPE html>\n<html")
    assert result.out.endswith("</html>\n")


def test_a_change_is_shown_since_a_file_and_since_a_revision(
    cfnroles: Any, examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    old = json.loads((examples / "shop.json").read_text())
    Path("shop.json").write_text(json.dumps(old))
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], check=True)
    old["containerDefinitions"][0]["secrets"].pop()
    Path("shop.json").write_text(json.dumps(old))
    since = cfnroles("graph", "shop.json", "--before", "HEAD")
    assert (since.code, since.err) == (0, "")
    assert '["#45; secret FEATURE_FLAGS<br/>secrets[3].valueFrom<br/>HEAD:shop.json:1"]:::removed' in since.out
    assert ":::added" not in since.out
    assert ":::removed" in cfnroles("graph", "shop.json", "--before", examples / "shop.json").out


def test_templates_and_terraform_are_drawn_by_task_definition(cfnroles: Any, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(
        "Resources:\n"
        "  Secret: {Type: AWS::SecretsManager::Secret}\n"
        "  Task:\n"
        "    Type: AWS::ECS::TaskDefinition\n"
        "    Properties:\n"
        "      ContainerDefinitions:\n"
        "        - {Name: web, Image: nginx, Secrets: [{Name: A, ValueFrom: !Ref Secret}]}\n"
    )
    told = cfnroles("graph", tmp_path / "t.yaml", "--resource", "Task")
    assert told.code == 0
    assert 'subgraph g0["task definition Task"]' in told.out
    (tmp_path / "main.tf").write_text(
        'resource "aws_ecs_task_definition" "t" {\n'
        '  family = "t"\n'
        '  container_definitions = jsonencode([{name = "web", image = "nginx",'
        ' secrets = [{name = "A", valueFrom = "arn:aws:secretsmanager:us-east-1:123456789012:secret:a"}]}])\n'
        "}\n"
    )
    told = cfnroles("graph", tmp_path)
    assert told.code == 0
    assert "the customer managed key" in told.out
    assert "task definition aws_ecs_task_definition.t" in told.out


def test_what_is_too_large_for_mermaid_is_said(cfnroles: Any, tmp_path: Path) -> None:
    containers = [
        {"name": f"c{n}", "image": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/r{n}:1"} for n in range(150)
    ]
    (tmp_path / "t.json").write_text(json.dumps({"family": "t", "containerDefinitions": containers}))
    told = cfnroles("graph", tmp_path / "t.json")
    assert told.code == 0
    assert told.err.startswith("warning: Mermaid draws 500 edges and 50,000 characters")


def test_what_the_page_says_is_what_happens(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    Story("graph.md", tmp_path, os.environ, lambda: None).follow((repository / "docs" / "graph.md").read_text())


def test_two_kinds_of_sources_have_no_common_graph(cfnroles: Any, examples: Path, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("Resources: {Task: {Type: AWS::ECS::TaskDefinition, Properties: {}}}\n")
    refused = cfnroles("graph", examples / "shop.json", "--before", tmp_path / "t.yaml")
    assert (refused.code, refused.out) == (2, "")
    assert "is a CloudFormation template and" in refused.err


def test_a_task_without_needs_has_a_picture_that_says_so(cfnroles: Any) -> None:
    task = '{"family": "web", "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 128}]}'
    drawn = cfnroles("graph", "-", stdin=task)
    page = cfnroles("graph", "-", "--format", "html", stdin=task)
    assert drawn.out == 'flowchart LR\n  g0n0["No role needs any permission."]\n'
    assert '<p class="soft">No role needs any permission.</p>' in page.out
    assert "<fieldset>" not in page.out


def test_a_task_whose_needs_are_unknown_is_no_task_without_needs(cfnroles: Any) -> None:
    task = '{"family": "web", "containerDefinitions": [{"name": "web", "image": "<REGISTRY>/web", "memory": 128}]}'
    for form in ("mermaid", "html"):
        assert "No role needs any permission." not in cfnroles("graph", "-", "--format", form, stdin=task).out
