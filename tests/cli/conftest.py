"""Running the command line as a user does, in this process."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cfnroles.cli import main
from tests.answers_in_json import check_form


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def cfnroles(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`cfnroles("build", "web.json", stdin="...")`"""

    def run(*arguments: object, stdin: str | None = None) -> Result:
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        check_form([str(argument) for argument in arguments], captured.out)
        return Result(int(ended.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """`on_terminal(80)`: lines have to fit that many columns, as on a terminal without colours."""

    def show(columns: int) -> None:
        monkeypatch.delenv("FORCE_COLOR", raising=False)
        monkeypatch.setattr("cfnroles.cli.terminal.columns_of", lambda *, err=False: columns)

    return show


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """`git("commit", ...)` in a repository that is the current directory."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    settings = {
        "user.name": "t",
        "user.email": "t@example.com",
        "init.defaultBranch": "main",
        "commit.gpgsign": "false",
    }
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]

    def run(*arguments: str) -> str:
        return subprocess.run(["git", *options, *arguments], check=True, capture_output=True, text=True).stdout

    run("init")
    return run
