"""docs/diagnose.md: what it shows is what the command says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cfnroles.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "diagnose.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", [0, 1], ids=["what is told", "what is changed"])
def test_the_page_shows_what_is_said(
    number: int,
    tmp_path: Path,
    on_terminal: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    texts = {kind: text for kind, text in BLOCKS if kind != "console"}
    (tmp_path / "message.txt").write_text(texts["text"])
    (tmp_path / "shop.yaml").write_text(texts["yaml"])
    command, _, said = [text for kind, text in BLOCKS if kind == "console"][number].partition("\n")
    monkeypatch.chdir(tmp_path)
    on_terminal(80)
    with pytest.raises(SystemExit) as ended:
        main(command.removeprefix("$ cfnroles ").split())
    assert ended.value.code == 0
    assert capsys.readouterr()[number] == said
