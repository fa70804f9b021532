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

    pasted = re.search(r"has its own side: `cfnroles (.*)`", told)
    assert pasted
    assert cfnroles(*shlex.split(pasted[1]), stdin=stdin).code == 0
    assert Path("for-210987654321/statements.json").exists()


@pytest.mark.parametrize("source", ["my tasks/web.json", "-"])
def test_the_header_of_a_template_names_a_command_for_its_source(cfnroles, task, source):
    stdin = task.read_text() if source == "-" else None
    cfnroles("build", source, "-o", "out", stdin=stdin)

    (command,) = re.findall(r"# `cfnroles (.*)` explains", Path("out/web-roles.yaml").read_text())
    assert shlex.split(command) == ["explain", "-" if source == "-" else "web.json"]
