"""What is under way is shown on a terminal alone, and is gone afterwards."""

from __future__ import annotations

import io
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cfnroles.cli import progress, terminal
from cfnroles.cli.live import shown
from cfnroles.cli.progress import working


class Screen(io.StringIO):
    """A terminal of 40 columns and 5 rows, which knows its contents."""

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """What there is to see, from the first line on."""
        told: list[str] = [""]
        for piece in re.split(r"(\x1b\[\d*[FJ]|\n)", self.getvalue()):
            if piece == "\n":
                told.append("")
            elif piece.endswith("F") and piece.startswith("\x1b"):
                told = [*told[: len(told) - 1 - int(piece[2:-1])], ""]
            elif piece != "\x1b[J":
                told[-1] += piece
        return told[:-1]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    screen = Screen()
    # pytest puts streams of its own into sys between a fixture and its test.
    monkeypatch.setattr(terminal, "sys", SimpleNamespace(stderr=screen, stdout=io.StringIO()))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("LINES", "5")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(progress, "_AFTER", 0.0)
    return screen


def seen(screen: Screen, what: str) -> list[str]:
    """The lines, as soon as one of them says so."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if any(what in line for line in screen.lines):
            return screen.lines
        time.sleep(0.01)
    raise AssertionError(screen.lines)


def test_what_is_worked_on_is_shown_and_gone_in_the_end(screen: Screen) -> None:
    with working("Linting"):
        assert seen(screen, "Linting") == ["Linting: 0 s"]
        terminal.at("b.yaml", 2, 3)
        assert seen(screen, "b.yaml") == ["Linting: 2 of 3, 0 s: b.yaml"]
    assert screen.lines == []


def test_what_is_inside_of_another_stands_alone_for_as_long(screen: Screen) -> None:
    with working("Planning"):
        seen(screen, "Planning")
        with shown(lambda: ["a table"], kept=True):
            assert seen(screen, "a table") == ["a table"]
        assert seen(screen, "Planning") == ["a table", "Planning: 0 s"]
    assert screen.lines == ["a table"]


def test_nothing_moves_below_a_question(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object, **__: object) -> bool:
        time.sleep(0.25)
        return screen.lines == []

    monkeypatch.setattr("click.confirm", asked)
    with working("Planning"):
        seen(screen, "Planning")
        assert terminal.confirm("Deploy this?")


def test_what_is_said_meanwhile_stays(screen: Screen) -> None:
    with shown(lambda: ["working"]):
        seen(screen, "working")
        terminal.say("note: done", err=True)
        assert seen(screen, "working") == ["note: done", "working"]
    assert screen.lines == ["note: done"]


def test_the_end_of_a_long_table_is_shown_and_all_of_it_left(screen: Screen) -> None:
    table = [f"row {number}" for number in range(9)]
    with shown(lambda: table, kept=True):
        assert seen(screen, "row 8") == table[-4:]
    assert screen.lines == table


def test_a_line_that_is_too_long_is_drawn_over_as_a_whole(screen: Screen) -> None:
    with shown(lambda: ["x" * 30 + " " + "y" * 90]):
        seen(screen, "y")
        time.sleep(0.25)
    assert screen.getvalue().count("\x1b[4F") >= 1


QUIET: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "no terminal": lambda patch: patch.setattr(Screen, "isatty", lambda _: False),
    "a terminal that moves no cursor": lambda patch: patch.setenv("TERM", "dumb"),
    "--quiet": lambda patch: patch.setattr(terminal, "_quiet", True),
}


@pytest.mark.parametrize("make", QUIET.values(), ids=QUIET)
def test_nothing_is_shown_elsewhere(
    make: Callable[[pytest.MonkeyPatch], None], screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(monkeypatch)
    with shown(lambda: ["working"]):
        time.sleep(0.05)
    assert screen.getvalue() == ""


def test_what_takes_no_time_shows_nothing(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_AFTER", 1.0)
    with working("Linting"):
        pass
    assert screen.getvalue() == ""


TASK = (
    "family: shop\ncontainerDefinitions: [{name: web, image: 'nginx:1', environment: [{name: API_KEY, value: a1}]}]\n"
)


BESIDES = {
    "the summary": ["lint", "task.yaml"],
    "the files, and what to do next": ["build", "task.yaml"],
    "what changes nothing": ["explain", "task.yaml", "--file-key-arn", "arn:aws:kms:eu-west-1:123456789012:key/a"],
}


@pytest.mark.parametrize("words", BESIDES.values(), ids=BESIDES)
def test_quiet_leaves_the_answer(
    words: list[str], cfnroles: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("task.yaml").write_text(TASK)
    loud, quiet = cfnroles(*words), cfnroles(*words, "-q")
    assert (quiet.out, quiet.code) == (loud.out, loud.code)
    assert (bool(loud.err), quiet.err) == (True, "")


def test_quiet_leaves_gaps_and_errors(cfnroles: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("task.yaml").write_text(TASK.replace("nginx:1", "<REGISTRY>/web:1"))
    assert "Gaps" in cfnroles("build", "task.yaml", "-q").err
    assert cfnroles("explain", "absent.yaml", "-q").err.startswith("error: absent.yaml")


@pytest.mark.parametrize(("shown_at", "lines"), [(60, 2), (None, 1)], ids=["a terminal", "a file"])
def test_only_a_terminal_breaks_lines(shown_at: int | None, lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Screen() if shown_at else io.StringIO()
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.setenv("COLUMNS", str(shown_at or 60))
    terminal.say("The name of the bucket is not known, so that no permission is given.")
    assert len(stream.getvalue().splitlines()) == lines


def test_a_terminal_without_a_size_has_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("sys.stdout", Screen())
    assert terminal.columns_of() == 80
    assert os.environ.get("COLUMNS") is None
