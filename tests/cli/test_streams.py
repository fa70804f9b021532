"""Standard streams that are closed, full, or left by their reader: one documented exit code, and never a bug."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RUN = f"{sys.executable} -m cfnroles"

STREAMS = {
    "standard output is closed": (f"{RUN} schema >&-", 0, ""),
    "standard output is closed for lint": (f"{RUN} lint {{shop}} >&-", 0, "no findings"),
    "standard input is closed": (f"{RUN} explain - <&-", 2, "standard input: is empty"),
    "both outputs are closed": (f"{RUN} explain {{shop}} >&- 2>&-", 0, ""),
    "the disk is full": (f"{RUN} schema > /dev/full", 2, "the answer cannot be written: No space left on device"),
    "standard error is full": (f"{RUN} explain {{shop}} --region x 2> /dev/full", 2, ""),
    "standard error is full for a good answer": (f"{RUN} lint {{shop}} 2> /dev/full", 0, ""),
    "the reader went away": (f"set -o pipefail; {RUN} schema | true", 0, ""),
}


@pytest.mark.parametrize(("line", "code", "told"), STREAMS.values(), ids=STREAMS)
def test_streams(line: str, code: int, told: str, examples: Path) -> None:
    line = line.format(shop=examples / "shop.json")
    ended = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, told in ended.stderr) == (code, True), ended.stderr
    assert "bug" not in ended.stderr


def test_the_exit_code_of_a_bad_answer_is_kept(cfnroles: Any, tmp_path: Path) -> None:
    task = tmp_path / "task.json"
    task.write_text(
        '{"family": "shop", "containerDefinitions": [{"name": "web", "image": "<REGISTRY>/web", "memory": 128}]}'
    )
    assert cfnroles("build", task, "-o", tmp_path / "out", "--strict").code == 1


def test_a_verbose_command_is_not_a_verbose_cfnroles(cfnroles: Any) -> None:
    told = cfnroles("lint", "--parameter", "-v", "x.yaml")
    assert (told.code, "--parameter -v has no value" in told.err) == (2, True)


@pytest.mark.parametrize(("encoding", "dots"), [("ascii", "~"), ("iso-8859-1", "~"), ("utf-8", "…")])
def test_a_caret_is_below_its_place_in_every_encoding(tmp_path: Path, encoding: str, dots: str) -> None:
    text = '{"family": "web", "containerDefinitions": [{"image": "nginx", "secrets": {"DB": "hunter2"}}]}'
    (tmp_path / "web.json").write_text(text)
    command = [sys.executable, "-m", "cfnroles", "explain", tmp_path / "web.json"]
    done = subprocess.run(command, env={**os.environ, "PYTHONIOENCODING": encoding}, capture_output=True, check=False)
    lines = done.stderr.decode(encoding).splitlines()
    below = next(number for number, line in enumerate(lines) if "^" in line)
    assert dots in lines[below - 1]
    assert lines[below - 1][lines[below].index("^") :].startswith('"secrets"')
