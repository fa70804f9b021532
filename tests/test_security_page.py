"""Each part of docs/security.md names the tests, the settings of the linter or the page of AWS's that it rests on.

They are in comments, which a reader of the rendered page does not see. A part that states a limit and promises nothing
has the comment `limit`, in the section of the limits alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
LIMITS = "What is not promised"
COMMENT = re.compile(r"<!-- (\S[^>]*\S) -->")


def parts(page: str) -> Iterator[tuple[str, str]]:
    """Paragraphs, items of lists and rows of tables, each with its section."""
    for section in page.split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        for block in re.split(r"\n\n|\n(?=- )", text):
            rows = [row for row in block.split("\n") if row.startswith("|")][2:]
            yield from ((title, part.strip()) for part in rows or [block] if part.strip())


def unbacked(page: str) -> list[str]:
    """The parts that name nothing, or a limit where something is promised."""
    found = {part: (title, COMMENT.search(part)) for title, part in parts(page)}
    return [
        part
        for part, (title, named) in found.items()
        if named is None or (named[1] == "limit") > (title == LIMITS) or not part.rstrip("| ").endswith("-->")
    ]


def page() -> str:
    return (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")


def names() -> list[str]:
    """All that is named, each once."""
    return sorted({name for _, part in parts(page()) for each in COMMENT.findall(part) for name in each.split()})


@cache
def found_in(path: str) -> frozenset[str]:
    tree = ast.parse((REPOSITORY / path).read_text(encoding="utf-8"))
    functions = (node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return frozenset(name for name in functions if name.startswith("test_"))


def test_every_part_names_what_it_rests_on() -> None:
    assert len(list(parts(page()))) > 45
    assert unbacked(page()) == []


@pytest.mark.parametrize(
    ("section", "part"),
    [
        ("What is read", "A promise."),
        ("What is read", "A promise. <!-- -->"),
        ("What is read", "A promise. <!--nothing-->"),
        ("What is read", "A promise. <!-- limit -->"),
        ("What is read", "- One. <!-- tests/test_files.py -->\n- Two."),
        ("What is read", "| a |\n|---|\n| one <!-- tests/test_files.py --> |\n| two |"),
        (LIMITS, "- A promise."),
    ],
)
def test_a_part_that_names_nothing_is_found(section: str, part: str) -> None:
    assert len(unbacked(f"# Page\n\n## {section}\n\n{part}\n")) == 1


@pytest.mark.parametrize("named", names())
def test_what_is_named_is_there(named: str) -> None:
    path, _, test = named.partition("::")
    if named.startswith("https://docs.aws.amazon.com/") or named == "limit":
        return
    if path.endswith(".toml"):
        assert (REPOSITORY / path).is_file()
    else:
        assert test in found_in(path) if test else found_in(path)
