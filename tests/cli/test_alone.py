"""Commands that read files reach no network, start nothing, and write only where they are asked to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

#: Runs a command line and prints, on the last line, what the process did beyond reading.
_WATCHED = """
import json, os, sys
done = []

def watch(event, arguments):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        done.append(f"{event} {arguments[1:]}")
    elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"):
        done.append(f"{event} {arguments[0]}")
    elif event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR) and "__pycache__" not in str(arguments[0]):
        done.append(f"writes {arguments[0]}")
    elif event in ("os.remove", "os.rename", "os.rmdir", "os.mkdir"):
        done.append(f"{event} {arguments[0]}")

from cfnroles.cli import main
sys.addaudithook(watch)
try:
    main(sys.argv[1:])
except SystemExit as ended:
    code = ended.code
print(json.dumps([code, done]))
"""

EXAMPLE = "examples/shop.json"
ROLES = "tests/golden/shop/shop-roles.yaml"
COMMANDS = {
    "explain": ["explain", EXAMPLE],
    "graph": ["graph", EXAMPLE, "--format", "html"],
    "verify": ["verify", EXAMPLE, "--role", f"{ROLES}:ExecutionRole"],
    "policy": ["policy", EXAMPLE, "--role", "execution"],
    "audit": [
        "audit",
        "--events",
        "examples/audit/events.jsonl",
        "--role",
        "examples/audit/account.json:web-execution",
    ],
    "diagnose": ["diagnose", "Exit code: 1", "--source", EXAMPLE, "--role", f"{ROLES}:ExecutionRole"],
    "lint": ["lint", EXAMPLE, ROLES],
    "diff": ["diff", EXAMPLE, EXAMPLE],
    "schema": ["schema"],
    "deploy-policy": ["deploy-policy", EXAMPLE],
}


def watched(*arguments: object, cwd: Path) -> tuple[int, list[str]]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "eu-west-1",
    }
    command = [sys.executable, "-c", _WATCHED, *map(str, arguments)]
    run = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=True)
    code, done = json.loads(run.stdout.splitlines()[-1])
    return code, done


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_a_command_that_reads_does_nothing_else(arguments: list[str], repository: Path) -> None:
    code, done = watched(*arguments, cwd=repository)
    assert code in (0, 1)
    assert done == []


def test_a_revision_is_read_by_git_and_by_nothing_else(tmp_path: Path) -> None:
    settings = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    (tmp_path / "task.json").write_text('{"family": "x", "containerDefinitions": [{"name": "a", "image": "nginx"}]}')
    for arguments in (["init", "-q"], ["add", "."], [*settings, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    code, done = watched("diff", "HEAD:task.json", "task.json", cwd=tmp_path)
    assert code == 0
    assert {each for each in done if each != f"writes {os.devnull}"} == {"subprocess.Popen git"}


def test_a_build_writes_its_directory_and_nothing_else(repository: Path, tmp_path: Path) -> None:
    code, done = watched("build", EXAMPLE, "-o", tmp_path / "build", cwd=repository)
    assert code == 0
    assert done
    assert [each for each in done if str(tmp_path / "build") not in each] == []


def test_roles_for_terraform_are_one_file(repository: Path, tmp_path: Path) -> None:
    source = repository / "examples" / "terraform" / "secrets"
    code, done = watched("terraform", source, "-o", tmp_path / "out", cwd=repository)
    assert (code, [path.name for path in (tmp_path / "out").iterdir()]) == (0, ["app.cfnroles.tf"])
    assert done
    assert [each for each in done if str(tmp_path / "out") not in each] == []


def test_an_injection_writes_one_file(repository: Path, tmp_path: Path) -> None:
    template = "templates/task-definition.yaml"
    code, done = watched("inject", template, "--replace-roles", "-o", tmp_path / "t.yaml", cwd=repository)
    assert code == 0
    assert done
    assert [each for each in done if "t.yaml" not in each or str(tmp_path) not in each] == []
    assert watched("inject", template, "--replace-roles", cwd=repository) == (0, [])


def test_a_first_spec_is_one_file_with_its_schema(repository: Path, tmp_path: Path) -> None:
    code, done = watched("init", EXAMPLE, "-o", tmp_path / "cfnroles.yaml", cwd=repository)
    assert code == 0
    written = {str(tmp_path / name) for name in ("cfnroles.yaml", "cfnroles.schema.json")}
    assert [each for each in done if not any(path in each for path in written)] == []


def test_what_is_watched_for_is_seen(repository: Path) -> None:
    code, done = watched("check", EXAMPLE, "--endpoint-url", "http://127.0.0.1:1", cwd=repository)
    assert code == 3
    assert any(each.startswith("socket.connect") for each in done)
