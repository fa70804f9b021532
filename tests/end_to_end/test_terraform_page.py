"""docs/terraform.md, followed from its beginning to its end."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cfnroles.emulator import environment_for
from tests.conftest import emptied
from tests.pages import Story, matches, steps

if TYPE_CHECKING:
    from tests.terraform.running import Terraform

    from .conftest import Account

# The AWS CLI in short: a service, an operation, and its members with hyphens.
AWS = """#!{python}
import json, os, sys
import boto3
service, operation, *options = sys.argv[1:]
camel = lambda name: "".join(map(str.capitalize, name.lstrip("-").split("-")))
members = {{camel(name): value for name, value in zip(options[::2], options[1::2])}}
client = boto3.client(service, endpoint_url=os.environ["AWS_ENDPOINT_URL"])
print(json.dumps(getattr(client, operation.replace("-", "_"))(**members), default=str, indent=4))
"""


@pytest.fixture
def environment(account: Account, terraform: Terraform, examples: Path, tmp_path: Path) -> dict[str, str]:
    """What a reader who follows the page has: Terraform, cfnroles and the AWS CLI, and two values."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in {
        "aws": AWS.format(python=sys.executable),
        "cfnroles": f'#!/bin/sh\nexec {sys.executable} -m cfnroles "$@"\n',
    }.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return {
        **environment_for(account.running, os.environ),
        **terraform.environment,
        "PATH": f"{programs}{os.pathsep}{terraform.environment['PATH']}",
        "TF_CLI_ARGS_apply": "-no-color -auto-approve",
        "TF_CLI_ARGS_destroy": "-no-color -auto-approve",
        "COLUMNS": "100",
        "EXAMPLES": str(examples / "terraform"),
        "DB_PASSWORD": "correct-horse",
        "API_KEY": "battery-staple",
    }


@pytest.mark.long
def test_what_the_page_says_is_what_happens(
    account: Account, environment: dict[str, str], repository: Path, tmp_path: Path
) -> None:
    page = (repository / "docs" / "terraform.md").read_text(encoding="utf-8")
    assert sum(step.language == "console" for step in steps(page)) > 15

    def cfnroles(arguments: list[str]) -> tuple[int, str]:
        ended = account.commands.run(arguments, environment)
        return ended.returncode, ended.stdout + ended.stderr

    begin = functools.partial(emptied, account.running)
    Story("terraform.md", tmp_path, environment, begin, {"cfnroles": cfnroles}).follow(page)


@pytest.mark.parametrize(
    ("expected", "got", "matching"),
    [
        ("a\n", "a\n", True),
        ("...\nb\n", "b\n", True),
        ("a\n...\nc\n", "a\nb\nc\n", True),
        ("a\n...\n", "a\n", True),
        ("a ... c\n", "a b c\n", True),
        ("a\n", "a\nb\n", False),
        ("a\n...\nc\n", "a\nb\n", False),
    ],
)
def test_a_page_may_leave_lines_out_and_nothing_else(expected: str, got: str, matching: bool) -> None:
    assert matches(expected, got) is matching
