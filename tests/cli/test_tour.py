"""docs/index.md, the first minutes with cfnroles, followed from its beginning to its end."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.pages import Story


def test_what_the_page_says_is_what_happens(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    Story("index.md", tmp_path, os.environ, lambda: None).follow((repository / "docs" / "index.md").read_text())
