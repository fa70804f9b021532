"""docs/audit.md, followed from its beginning to its end."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from cfnroles.cli import main
from tests.pages import Story, steps


def test_what_the_page_says_is_what_happens(
    repository: Path,
    examples: Path,
    tmp_path: Path,
    on_terminal: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = (repository / "docs" / "audit.md").read_text(encoding="utf-8")
    assert sum(step.language == "console" for step in steps(page)) == 3
    on_terminal(100)

    def cfnroles(arguments: list[str]) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out + err

    environment = {**os.environ, "EXAMPLES": str(examples / "audit")}
    Story("audit.md", tmp_path, environment, lambda: None, {"cfnroles": cfnroles}).follow(page)
