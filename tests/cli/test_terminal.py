"""What reaches a terminal, whatever its encoding: lines of ours, colours of ours, and nothing that acts on it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cfnroles.cli import terminal
from cfnroles.page import page, painted

EVIL = "x\x1b[2K\r\x9b\u202e\nNo permission changes."
TASK = {"family": "shop", "containerDefinitions": [{"name": "日本", "image": "é", "memory": 128}]}


def test_a_text_is_one_line_and_a_page_has_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say("a\nb", page(["c", "d\n"]))
    terminal.say_error(page(["one", "two"]))
    captured = capsys.readouterr()
    assert captured.out == "a\\nb\nc\nd\\n\n"
    assert captured.err == "error: one\ntwo\n"


def test_only_our_own_colours_are_shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    terminal.say(painted("\x1b[32mgreen", "1"))
    assert capsys.readouterr().out == "\x1b[1m\\x1b[32mgreen\x1b[0m\n"


COMMAND_LINES = {
    "an unknown option": ["lint", f"--{EVIL}"],
    "an unknown command": [EVIL],
    "a file that is not there": ["lint", EVIL],
    "a format": ["lint", "--format", EVIL, "x"],
    "a revision": ["diff", EVIL],
    "a directory to write to": ["build", "task.json", "-o", f"task.json/{EVIL}"],
    "a directory of stacks": ["status", EVIL],
    "a region": ["explain", "task.json", "--launch-type", EVIL],
    "a project": ["build", "task.json", "--project", EVIL],
    "a traceback": ["-v", "explain", EVIL],
}


@pytest.mark.parametrize("words", COMMAND_LINES.values(), ids=COMMAND_LINES)
def test_an_error_repeats_a_command_line_in_one_line(
    words: list[str], cfnroles: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("task.json").write_text(json.dumps(TASK))
    answer = cfnroles(*words)
    lines = (answer.out + answer.err).split("\n")
    assert answer.code == 2
    assert all(line.isprintable() for line in lines)
    assert "No permission changes." not in lines


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize(
    "words", [("explain",), ("lint",), ("lint", "--format", "junit"), ("explain", "--format", "json")]
)
def test_every_encoding_takes_every_text(encoding: str, words: tuple[str, ...], tmp_path: Path) -> None:
    # A name of a file that is no UTF-8 comes with half a character.
    path = tmp_path / os.fsdecode(b"n\xff\xe6\x97\xa5.json")
    path.write_text(json.dumps({**TASK, "networkMode": "日\u202e"}))
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "LANG": "C", "LC_ALL": "C"}
    ended = subprocess.run(
        [sys.executable, "-m", "cfnroles", *words, path], capture_output=True, env=environment, check=False
    )
    assert ended.returncode in (1, 2), ended.stderr
    text = (ended.stdout + ended.stderr).decode(encoding)
    assert "Traceback" not in text
    assert "bug" not in text
    assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize("shown", [True, False], ids=["terminal", "pipe"])
def test_a_file_on_a_terminal_is_a_text(shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    data = "\ufeff# \u202eevil\nResources: {}\r\n".encode()
    stream = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="")
    monkeypatch.setattr(stream, "isatty", lambda: shown)
    monkeypatch.setattr("sys.stdout", stream)
    terminal.put(data)
    stream.flush()
    written = stream.buffer.getvalue()  # type: ignore[attr-defined]
    assert written == (b"# \\u202eevil\nResources: {}\n" if shown else data)
