"""Each sentence of docs/security.md that promises anything names the tests, the settings of the linter or the page of
AWS's that it rests on.

They stand in comments, which a reader of the rendered page does not see.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
DISCLAIMED = "What is not promised"
COMMENT = re.compile(r"<!-- (.*?) -->")


def blocks() -> Iterator[str]:
    """Paragraphs, items of lists and tables, each with the comment at its end."""
    page = (REPOSITORY / "docs" / "security.md").read_text()
    for section in page.split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        # A comment may interrupt no table: it stands below.
        text = re.sub(r"\|\n\n<!--", "|\n<!--", text)
        if title != DISCLAIMED:
            yield from (block.strip() for block in re.split(r"\n\n|\n(?=- )", text) if block.strip())


def test_every_promise_says_what_it_rests_on() -> None:
    found = list(blocks())
    assert len(found) > 25
    assert [block for block in found if not block.endswith("-->")] == []


@pytest.mark.parametrize("named", sorted({name for block in blocks() for name in COMMENT.findall(block)}))
def test_what_it_rests_on_is_there(named: str) -> None:
    for each in named.split():
        path, _, test = each.partition("::")
        if path.endswith(".toml"):
            assert (REPOSITORY / path).is_file()
        elif not each.startswith("https://docs.aws.amazon.com/"):
            tree = ast.parse((REPOSITORY / path).read_text())
            names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            assert test in names if test else any(name.startswith("test_") for name in names), each
