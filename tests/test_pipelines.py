"""docs/pipelines.md: what it shows is what lies in examples/pipelines, and GitHub, GitLab and pre-commit take it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cfnroles.cli.lint import command

SCHEMAS = {
    "examples/pipelines/github.yml": "vendor.github-workflows",
    "examples/pipelines/gitlab.yml": "vendor.gitlab-ci",
    ".github/workflows/release.yml": "vendor.github-workflows",
    "action.yml": "vendor.github-actions",
}


@pytest.mark.parametrize(("name", "schema"), SCHEMAS.items(), ids=SCHEMAS)
def test_the_file_is_as_its_reader_takes_it(repository: Path, name: str, schema: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, repository / name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout


def test_the_page_shows_the_files(repository: Path) -> None:
    page = (repository / "docs" / "pipelines.md").read_text(encoding="utf-8")
    shown = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert sorted(shown) == sorted(
        path.read_text(encoding="utf-8") for path in (repository / "examples" / "pipelines").iterdir()
    )


def test_inputs_of_the_action_are_those_of_the_page(repository: Path) -> None:
    inputs = yaml.safe_load((repository / "action.yml").read_text(encoding="utf-8"))["inputs"]
    page = (repository / "docs" / "pipelines.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[a-z`, -]+) \|", page, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)}
    assert told == inputs.keys() - {"python", "cache"}
    workflow = yaml.safe_load((repository / "examples" / "pipelines" / "github.yml").read_text(encoding="utf-8"))
    steps = [each for job in workflow["jobs"].values() for each in job["steps"]]
    given = {name for step in steps if "cfnroles@" in step["uses"] for name in step["with"]}
    assert given <= inputs.keys()


def test_options_in_the_files_are_those_of_the_command(repository: Path) -> None:
    known = {name for option in command.params for name in option.opts}
    for path in (repository / "examples" / "pipelines" / "gitlab.yml", repository / ".pre-commit-hooks.yaml"):
        text = path.read_text(encoding="utf-8")
        (line,) = [line for line in text.splitlines() if "cfnroles lint " in line]
        assert set(re.findall(r"--[a-z-]+", line)) <= known


def test_the_hook_shows_what_it_says_though_it_passes(repository: Path) -> None:
    (hook,) = yaml.safe_load((repository / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["verbose"] is True


def test_what_publishes_may_do_nothing_else(repository: Path) -> None:
    release = yaml.safe_load((repository / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    assert release["permissions"] == {}
    assert {name: job["permissions"] for name, job in release["jobs"].items()} == {
        "build": {"contents": "read"},
        "publish": {"id-token": "write"},
    }
    assert release["jobs"]["publish"]["environment"] == "pypi"
