"""``cfnroles local``: any command against the emulator."""

from __future__ import annotations

import os
import sys

import pytest

from cfnroles.cli import main


@pytest.fixture
def local(capfd):
    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(["local", *map(str, arguments)])
        captured = capfd.readouterr()
        return ended.value.code, captured.out, captured.err

    return run


def test_the_command_finds_the_emulator_and_none_of_your_credentials(local, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    program = "import os; print({k: v for k, v in os.environ.items() if k.startswith('AWS_')})"

    code, out, err = local(sys.executable, "-c", program)

    assert code == 0
    assert "http://127.0.0.1:" in out
    assert "production" not in out
    assert "nothing on AWS changes" in err


@pytest.mark.parametrize(
    ("program", "code"),
    [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 15)", 128 + 15)],
    ids=["its exit code", "its signal, as a shell tells it"],
)
def test_ends_as_the_command_ends(local, program, code):
    assert local(sys.executable, "-c", program)[0] == code


def test_options_after_the_command_are_the_commands(local):
    code, out, _ = local(sys.executable, "-c", "import sys; print(sys.argv[1:])", "--state", "x", "--help")

    assert code == 0
    assert "['--state', 'x', '--help']" in out


def test_a_command_that_does_not_exist(local):
    code, _, err = local("no-such-command")

    assert code == 2
    assert "no-such-command: cannot be run" in err


def test_state_is_kept_for_the_next_command(local, tmp_path):
    def program(text):
        return f"import botocore.session; client = botocore.session.Session().create_client('secretsmanager'); {text}"

    state = tmp_path / "state"
    make = program("client.create_secret(Name='shop/db', SecretString='x')")
    assert local("--state", state, sys.executable, "-c", make)[0] == 0

    code, out, _ = local("--state", state, sys.executable, "-c", program("print(client.list_secrets()['SecretList'])"))

    assert code == 0
    assert "shop/db" in out


def test_the_region_is_the_users(local, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    _, out, _ = local(sys.executable, "-c", "import os; print(os.environ['AWS_REGION'])")

    assert out.strip() == "eu-west-1"
    assert os.environ["AWS_REGION"] == "eu-west-1"
