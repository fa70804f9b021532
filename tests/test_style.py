"""Sentences that a person reads have none of the habits that docs/style.md replaces."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
# docs/style.md shows each habit beside what replaces it.
PAGES = [
    path
    for path in (REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *sorted((REPOSITORY / "docs").glob("*.md")))
    if path.name != "style.md"
]
MODULES = sorted(path for room in ("cfnroles", "lambda", "action") for path in (REPOSITORY / room).rglob("*.py"))

# What to write instead is in docs/style.md.
HABITS = [
    r"in order to",
    r"please",
    r"simply",
    r"shall",
    r"whether or not",
    r"stands? (?:there|beside|instead)",
    r"asked for by",
    r"hangs? on",
    r"at hand",
    r"in silence",
    r"mend(?:s|ed|ing)?",
    r"as little as",
    r"from elsewhere",
    r"upon",
    r"anew",
    r"the same named",
]
# The same in what is read on a page, in a row of a table, or as a hint of an editor.
READ = [
    *HABITS,
    r"(?:is|are|was|were) not known",
    r"not known:",
    r"stands? (?:in|on|as|where|elsewhere|for|above|below|behind)",
    r"(?:is|are|was|were) told",
    r"tells",
    r"nobody",
    r"anybody",
    r"somebody",
    r"whoever",
    r"lest",
    r"hands? out",
    r"as far as",
    r"inside of",
    r"of one's own",
    r"be it",
]
ROWS = sorted(
    path for room in ("table", "sources/service_spec") for path in (REPOSITORY / "cfnroles" / room).rglob("*.py")
)
# Habits that docstrings and comments are free of, in the package and its tests. A stand-in is a thing.
WRITTEN = [
    *HABITS,
    r"stands?(?!-)",
    r"tells",
    r"(?:is|are|was|were) told",
    r"nobody",
    r"anybody",
    r"somebody",
    r"whoever",
    r"lest",
    r"hangs?",
    r"taken for",
    r"be it",
    r"says of",
    r"for want of",
    r"one's own",
]
WRITERS = [
    path
    for room in ("cfnroles", "action", "tests", "benchmarks")
    for path in sorted((REPOSITORY / room).rglob("*.py"))
    # Its words are the habits.
    if path != Path(__file__)
]
# Arguments that hold a message of AWS's word for word.
QUOTED = ("words", "example")


def _any_of(habits: list[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(habits)})\b".replace(" ", r"\s+"), re.IGNORECASE)


HABIT, HABIT_WHERE_READ, HABIT_IN_CODE = _any_of(HABITS), _any_of(READ), _any_of(WRITTEN)
# What is quoted: code, the comments that tests read, and the table of docs/style.md.
_CODE = re.compile(r"^```.*?^```|^<!--.*?-->$|``.*?``|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def prose(page: str) -> str:
    """A page without its code, which keeps its lines."""
    return _CODE.sub(lambda code: "`" + "\n" * code[0].count("\n"), page)


def strings(source: str, docstrings: bool = True) -> Iterator[tuple[int, str]]:
    """The strings of a module: docstrings, help and messages, but not what AWS itself writes."""
    tree = ast.parse(source)
    quoted: list[ast.AST] = [node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in QUOTED]
    if not docstrings:
        quoted += [node for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    left_out = {id(inner) for node in quoted for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield node.lineno, node.value


def remarks(source: str) -> Iterator[tuple[int, str]]:
    """The docstrings and comments of a module, without the code that they quote."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, prose(node.value.value)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], prose(token.string)


def may_have(source: str, habit: re.Pattern[str]) -> bool:
    """Whether a module may have a habit, be it across the lines of a string, or of two that Python puts together.

    Most modules have none, and to look for their strings and comments takes a hundred times as long.
    """
    loose = habit.pattern.replace(r"\s+", r"(?:#[^\n]*\n|\W|\b[rbuf]{1,2}(?=[\"']))+")
    return re.search(loose, re.sub(r"\\[abfnrtv]", " ", source), re.IGNORECASE) is not None


def habits(text: str, habit: re.Pattern[str] = HABIT) -> list[str]:
    return [" ".join(found[0].split()) for found in habit.finditer(text)]


def found_in(path: Path, habit: re.Pattern[str] = HABIT) -> list[str]:
    """Each habit in a file, with the line where its sentence begins."""
    text = path.read_text(encoding="utf-8")
    if not may_have(text, habit):
        return []
    parts = [(1, prose(text))] if path.suffix == ".md" else strings(text, docstrings=habit is HABIT)
    return [f"{path.relative_to(REPOSITORY)}:{line}: {each}" for line, part in parts for each in habits(part, habit)]


def test_no_page_has_a_habit() -> None:
    assert [each for path in PAGES for each in found_in(path, HABIT_WHERE_READ)] == []


def test_no_row_and_no_key_of_a_spec_has_a_habit() -> None:
    assert [each for path in ROWS for each in found_in(path, HABIT_WHERE_READ)] == []


def test_no_message_and_no_docstring_has_a_habit() -> None:
    assert [each for path in MODULES for each in found_in(path)] == []


def test_no_docstring_and_no_comment_reads_as_translated() -> None:
    assert [
        f"{path.relative_to(REPOSITORY)}:{line}: {each}"
        for path in WRITERS
        if may_have(source := path.read_text(encoding="utf-8"), HABIT_IN_CODE)
        for line, text in remarks(source)
        for each in habits(text, HABIT_IN_CODE)
    ] == []


@pytest.mark.parametrize(
    "source",
    [
        '"Please"',
        '"A line\\nplease"',
        '("in order "\n    "to learn")',
        '(f"in order" rf\' {"to"}\')',
        '("in order\\n"  # why\n    "to learn")',
        '"""In order\n    to learn."""',
        "# In order to learn",
    ],
)
def test_no_module_with_a_habit_is_passed_over(source: str) -> None:
    assert may_have(source, HABIT)
    assert not may_have(source.replace("order", "place").replace("ease", "ace"), HABIT)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Deploy again in order\nto learn more.", ["in order to"]),
        ("Please deploy.", ["Please"]),
        ("A note stands there, and hangs on it.", ["stands there", "hangs on"]),
        ("AWS says `please try again`, and ``simply``.", []),
        ("```\nPlease\n```\n", []),
        ("Pleased to simplify.", []),
    ],
    ids=["across lines", "any case", "twice", "quoted", "a block", "a part of a word"],
)
def test_a_habit_is_found_where_it_is_prose(text: str, found: list[str]) -> None:
    assert habits(prose(text)) == found
