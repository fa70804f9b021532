"""``cfnroles deploy --local``: an emulator for one command, whatever AWS settings the user has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

STACKS = Path(__file__).parent.parent / "deploy" / "stacks"


@pytest.fixture
def cfnroles(commands):
    def run(*arguments, **variables):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return commands.run(arguments, inherited | variables)

    return run


#: The emulator has none of these: with any, a deployment ends in an error that names what it met.
ELSEWHERE = {
    "AWS_PROFILE": "nobody",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_CLOUDFORMATION": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_SESSION_TOKEN": "y",
}
REGION = {"AWS_REGION": "eu-west-1"}


@pytest.mark.parametrize("variables", [{}, ELSEWHERE | REGION], ids=["no settings", "another account"])
def test_the_secrets_are_looked_for_in_the_emulator(cfnroles, variables):
    answer = cfnroles("deploy", STACKS, "--local", **variables)

    assert answer.returncode == 1
    region = variables.get("AWS_REGION", "us-east-1")
    assert f"1. Secret shop/db in {region} does not exist." in answer.stderr
    assert answer.stdout == ""


@pytest.mark.parametrize("variables", [{}, ELSEWHERE | REGION], ids=["no settings", "another account"])
def test_it_is_labelled_asks_nothing_and_never_leaves_this_machine(cfnroles, variables):
    answer = cfnroles("deploy", STACKS, "--local", "--no-check", **variables)

    assert answer.returncode == 1
    assert answer.stderr.startswith("local emulator at http://127.0.0.1:")
    assert "nothing on AWS changes" in answer.stderr
    assert "Secret shop/db does not exist" in answer.stderr
    assert f":{variables.get('AWS_REGION', 'us-east-1')}:123456789012:" in answer.stdout


def test_state_is_kept_on_request(cfnroles, tmp_path):
    state = tmp_path / "state"
    assert cfnroles("deploy", STACKS, "--local-state", state, "--no-check").returncode == 1

    again = cfnroles("deploy", STACKS, "--local-state", state, "--no-check")

    assert again.returncode == 1
    assert "shop-roles             no changes" in again.stderr
    assert "shop-task              delete and create" in again.stderr


@pytest.mark.parametrize("option", ["--profile", "--endpoint-url"])
def test_it_is_not_for_another_account(cfnroles, option):
    answer = cfnroles("deploy", STACKS, "--local", option, "x")

    assert answer.returncode == 2
    assert "--local cannot be combined with --profile or --endpoint-url" in answer.stderr


def test_help_loads_none_of_the_slow_libraries():
    program = (
        "import sys; from cfnroles.cli import main\n"
        "try: main(['deploy', '--help'])\n"
        "except SystemExit: pass\n"
        "print({'botocore', 'boto3', 'yaml', 'rich', 'troposphere', 'cfnlint'} & set(sys.modules), file=sys.stderr)"
    )

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert "Usage: cfnroles deploy" in answer.stdout
    assert answer.stderr.strip() == "set()"
