"""Pages of the documentation that need no AWS account, each followed from its beginning to its end."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.pages import Story

PAGES = ("index.md", "adopting.md", "contributing.md")


@pytest.mark.parametrize("page", PAGES)
def test_what_the_page_says_is_what_happens(
    page: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CHECKOUT", str(repository))
    Story(page, tmp_path, os.environ, lambda: None).follow((repository / "docs" / page).read_text())
