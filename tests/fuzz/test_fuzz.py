"""A part of the fuzz run, the same in each test run; ``make fuzz`` is the whole."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.fuzz.cases import Case, case
from tests.fuzz.running import faults, outcome

CASES = 200


def fuzz(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzz", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.long
def test_every_command_answers_whatever_it_is_given() -> None:
    ended = fuzz("--cases", CASES)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{CASES} of {CASES} cases" in ended.stdout
    codes = {code: int(count) for code, count in re.findall(r"(-?\d+): (\d+)", ended.stdout.partition("exit codes")[2])}
    # Were nearly all refused at the door, nothing would be tried behind it.
    assert codes["0"] + codes["1"] > CASES / 10


def test_a_failure_is_shown_again_by_its_seed(tmp_path: Path) -> None:
    seed = 7
    shown = fuzz("--show", seed, "--keep", tmp_path)
    again = fuzz("--show", seed, "--keep", tmp_path)
    assert shown.stdout.partition(" after ")[0] == again.stdout.partition(" after ")[0]
    one = case(seed)
    assert {name: (tmp_path / name).read_bytes() for name in one.files} == dict(one.files)


def test_without_the_corpus_the_examples_are_mutated(tmp_path: Path) -> None:
    assert case(3, tmp_path) == case(3, tmp_path)
    assert {case(seed, tmp_path).arguments[0] for seed in range(200)} > {"build", "lint", "verify", "diff", "deploy"}


@pytest.mark.parametrize(
    ("arguments", "code", "out", "err", "told"),
    [
        pytest.param(("schema",), 70, "", "error: a bug in cfnroles", "ends with 70", id="a bug"),
        pytest.param(("schema",), 130, "", "interrupted", "ends with 130", id="an exit code of nothing that happened"),
        pytest.param(
            ("schema",), 2, "", "Traceback (most recent call last)\nerror: x", "a traceback", id="a traceback"
        ),
        pytest.param(("schema",), 1, "", "", "says nothing", id="no word"),
        pytest.param(("schema",), 2, "out", "", "tells no error", id="no error"),
        pytest.param(("schema",), 0, "a\x1b[31m", "", "prints U+001B raw", id="a terminal's command"),
        pytest.param(("schema",), 2, "", "error: \u202e", "prints U+202E raw", id="another direction"),
        pytest.param(("lint", "--format", "json"), 1, "{", "", "not JSON", id="a cut answer"),
    ],
)
def test_what_is_a_fault(arguments: tuple[str, ...], code: int, out: str, err: str, told: str, tmp_path: Path) -> None:
    assert any(told in fault for fault in faults(Case(0, arguments, {}), code, out, err, tmp_path))


def test_half_a_build_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "roles.yaml").touch()
    one = Case(0, ("build", "task.json", "-o", "out"), {})
    assert list(faults(one, 2, "", "error: x", tmp_path)) == ["ends with 2 and leaves out/roles.yaml"]


def test_a_good_answer_has_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert outcome(Case(0, ("schema",), {}), tmp_path).faults == ()
