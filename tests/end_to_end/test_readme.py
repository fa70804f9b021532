"""README.md: its commands do what it shows, and its picture shows what they print."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cfnroles.emulator import environment_for
from tests.conftest import emptied
from tests.pages import Story
from tests.refusal_picture import picture, transcript

if TYPE_CHECKING:
    from .conftest import Account


@pytest.fixture
def environment(account: Account, examples: Path) -> dict[str, str]:
    paths = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**environment_for(account.running, os.environ), "PATH": paths, "EXAMPLES": str(examples)}


def test_what_the_page_says_is_what_happens(
    account: Account, environment: dict[str, str], repository: Path, tmp_path: Path
) -> None:
    def cfnroles(arguments: list[str]) -> tuple[int, str]:
        # A reader who follows the page answers yes.
        ended = account.commands.run([*arguments, *(["--yes"] if arguments[0] == "deploy" else [])], environment)
        return ended.returncode, ended.stdout + ended.stderr

    begin = functools.partial(emptied, account.running)
    Story("README.md", tmp_path, environment, begin, {"cfnroles": cfnroles}).follow(
        (repository / "README.md").read_text(encoding="utf-8")
    )


def test_the_picture_shows_what_is_printed(environment: dict[str, str], repository: Path) -> None:
    kept = (repository / "docs" / "refusal.svg").read_text(encoding="utf-8")
    assert kept == picture(transcript(environment)), "run `make picture`, and look at docs/refusal.svg"


def test_the_picture_asks_for_nothing(repository: Path) -> None:
    kept = (repository / "docs" / "refusal.svg").read_text(encoding="utf-8")
    assert "url(http" not in kept
    assert "href" not in kept
    assert kept.count("http") == kept.count('xmlns="http')
