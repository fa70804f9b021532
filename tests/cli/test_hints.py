"""Commands in messages: each is one that there is, with options that it has, and works when it is pasted."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.cli.test_options import ALL

SOURCES = Path(__file__).parents[2] / "cfnroles"
_COMMAND = re.compile(r"cfnroles ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)((?: (?:[^`\"'\n.;,)|]|\.\w)*)?)")


def hints() -> Iterator[tuple[str, str, list[str]]]:
    """Every command that a text of the code names: the file, the command and its options."""
    for path in sorted(SOURCES.rglob("*.py")):
        # Adjacent parts of a text are one.
        text = re.sub(r'"\s*\n\s*f?"', "", path.read_text())
        for named, rest in _COMMAND.findall(text):
            first = named.split(" ")[0]
            command = named if named in ALL else first
            if command in ALL and command != "local":
                yield f"{path.relative_to(SOURCES)}: {named}{rest}", command, re.findall(r"(?<=\s)--[a-z-]+", rest)


def test_every_hint_names_options_that_its_command_has():
    found = list(hints())

    assert len(found) > 150
    assert [hint for hint, command, options in found for option in options if option not in _options(command)] == []


def _options(command: str) -> set[str]:
    own = {name for each in ALL[command].params if isinstance(each, click.Option) for name in each.opts}
    return {*own, "--help", "--help-all", "--quiet"}


@pytest.fixture
def task(tmp_path, monkeypatch):
    """A task definition in a folder below, with a space in its name, that pulls from another account."""
    monkeypatch.chdir(tmp_path)
    image = "210987654321.dkr.ecr.us-east-1.amazonaws.com/web:1"
    secret = "arn:aws:secretsmanager:us-east-1:210987654321:secret:a-AbCdEf"
    container = {"name": "web", "image": image, "secrets": [{"name": "A", "valueFrom": secret}]}
    (tmp_path / "my tasks").mkdir()
    path = tmp_path / "my tasks" / "web.json"
    path.write_text(json.dumps({"family": "web", "containerDefinitions": [container]}))
    return path


@pytest.mark.parametrize(
    "given",
    [
        ("my tasks/web.json", "--account", "123456789012", "--region", "us-east-1"),
        ("-", "--account", "123456789012", "--region", "us-east-1"),
    ],
    ids=["a file", "standard input"],
)
def test_the_command_for_another_account_works_when_it_is_pasted(cfnroles, task, given):
    stdin = task.read_text() if given[0] == "-" else None
    told = cfnroles("build", *given, "-o", "out", stdin=stdin).err

    pasted = re.search(r"must add policies: `cfnroles (.*)`", told)
    assert pasted
    assert cfnroles(*shlex.split(pasted[1]), stdin=stdin).code == 0
    assert Path("for-210987654321/statements.json").exists()


@pytest.mark.parametrize("source", ["my tasks/web.json", "-"])
def test_the_header_of_a_template_names_a_command_for_its_source(cfnroles, task, source):
    stdin = task.read_text() if source == "-" else None
    cfnroles("build", source, "-o", "out", stdin=stdin)

    (command,) = re.findall(r"# `cfnroles (.*)` explains", Path("out/web-roles.yaml").read_text())
    assert shlex.split(command) == ["explain", "-" if source == "-" else "web.json"]


PLACES = {
    "explain": "explain {task}",
    "explain a template": "explain {template}",
    "a graph": "graph {task}",
    "lint": "lint {task} {refused}",
    "verify": "verify {task} --role {roles}:ExecutionRole",
    "a role among several": "verify {task} --role {roles}",
    "verify a template": "verify {template} --role {roles}:ExecutionRole",
    "what cannot be read": "explain {broken}",
    "what Amazon ECS would refuse": "explain {refused}",
    "a build": "build {task} -o other",
}


@pytest.mark.parametrize("command", PLACES.values(), ids=PLACES)
def test_a_place_is_the_path_as_it_is_given(cfnroles, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "apps").mkdir()
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:${TAG}"
    files = {
        "task": {"family": "web", "containerDefinitions": [{"name": "web", "image": image}]},
        "refused": {"family": "web", "networkMode": "none at all", "containerDefinitions": [{"name": "web"}]},
        "template": {"Resources": {"Web": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
            "ContainerDefinitions": [{"Name": "web", "Image": image.replace("${TAG}", "1")}]}}}},
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / "apps" / f"{name}.json").write_text(json.dumps(content))
    (tmp_path / "apps" / "broken.json").write_text("{")
    cfnroles("build", "apps/task.json", "-o", "apps/built")
    paths = {name: f"apps/{name}.json" for name in (*files, "broken")} | {"roles": "apps/built/web-roles.yaml"}

    told = cfnroles(*shlex.split(command.format(**paths)))
    text = told.out + told.err
    assert re.search(r"apps/(built/)?[a-z-]+\.(json|yaml)", text)
    assert re.findall(r"(?<![\w/.-])(?:task|template|broken|refused|web-roles)\.(?:json|yaml)", text) == []


def test_what_is_built_is_the_same_wherever_it_is_built_from(cfnroles, task, monkeypatch):
    registry = "210987654321.dkr.ecr.us-east-1.amazonaws.com"
    task.write_text(task.read_text().replace(registry, "<REPO>"))
    assert cfnroles("build", "my tasks/web.json", "-o", "a").code == 0
    monkeypatch.chdir(task.parent)
    assert cfnroles("build", "web.json", "-o", "../b").code == 0
    built = [{path.name: path.read_text() for path in (task.parent.parent / name).iterdir()} for name in ("a", "b")]

    assert built[0] == built[1]
    assert "web.json" in built[0]["stacks.json"]


def test_a_role_of_several_is_named_so_that_it_can_be_pasted(cfnroles, task):
    cfnroles("build", "my tasks/web.json", "-o", "my roles")
    told = cfnroles("verify", "my tasks/web.json", "--role", "my roles/web-roles.yaml").err

    (named,) = re.findall(r"Choose one: (.*)", told)
    assert cfnroles("verify", "my tasks/web.json", "--role", *shlex.split(named)).code == 0
