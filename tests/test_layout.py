"""Lines in the width of a terminal: nothing is cut, what is copied is never broken, and colours take no room."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfnroles.layout import aligned, columns, either, hanging, laid_out
from cfnroles.page import Page, json_page, page, painted, verbatim

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/database-??????"
SENTENCE = "The name of the bucket is not known, so that no permission is given."

WRAPPED = {
    "a line that fits": (page(["short"]), "short"),
    "a sentence goes on indented": (
        page([SENTENCE]),
        "The name of the bucket is not known, so\n  that no permission is given.",
    ),
    "below the text of an entry": (
        page([f"  - {SENTENCE}"]),
        "  - The name of the bucket is not known,\n      so that no permission is given.",
    ),
    "what is a word stays one": (page([f"      see {ARN}"]), f"      see {ARN}"),
    "what is a word stays one, below a longer line": (
        page([f"      is allowed on {ARN}"]),
        f"      is allowed on\n        {ARN}",
    ),
    "a command in a sentence": (
        page(["Deploy the stacks of the shop with `cfnroles deploy build`."]),
        "Deploy the stacks of the shop with\n  `cfnroles deploy build`.",
    ),
    "a command at its end": (
        page(["Follow it with: cfnroles status --follow --only shop-web-task"]),
        "Follow it with:\n  cfnroles status --follow --only shop-web-task",
    ),
    "a command alone": (
        page([f"  cfnroles verify shop.json --role {ARN}"]),
        f"  cfnroles verify shop.json --role {ARN}",
    ),
    "a file": (verbatim(f"Description: {SENTENCE}"), f"Description: {SENTENCE}"),
    "JSON": (json_page([SENTENCE]), f'[\n  "{SENTENCE}"\n]'),
    "beside its head": (
        hanging("  FAILED  ", "the role exists already in the account"),
        "  FAILED  the role exists already in the\n          account",
    ),
    "below a head that leaves no room": (
        hanging("  ExecutionRole  CREATE_FAILED  ", "the role exists already"),
        "  ExecutionRole  CREATE_FAILED\n    the role exists already",
    ),
    "parts that fit": (either(["allowed", "by a", "by b"]), "allowed by a by b"),
    "parts that do not": (either(["allowed by the statements", "number 1", "number 2"]), None),
    "letters of two columns": (
        page([f"{'日本' * 9} {'日本' * 9}"]),
        f"{'日本' * 9}\n  {'日本' * 9}",
    ),
    "several lines": (page(["a", page(["b", "c"])]), "a\nb\nc"),
}


@pytest.mark.parametrize(("text", "shown"), WRAPPED.values(), ids=WRAPPED)
def test_forty_columns(text: Page, shown: str | None) -> None:
    told = "allowed by the statements\n  number 1\n  number 2"
    assert laid_out(text, width=40, colour=False) == (shown or told)


@pytest.mark.parametrize("text", [row[0] for row in WRAPPED.values()], ids=WRAPPED)
def test_elsewhere_a_line_is_a_line(text: Page) -> None:
    plain = laid_out(text, width=None, colour=False)
    assert plain == str(text)
    assert re.sub(r"\x1b\[\d*m", "", laid_out(text, width=None, colour=True)) == plain


def test_colours_take_no_room() -> None:
    colourful = laid_out(hanging(painted("FAILED  ", "1;31"), SENTENCE), width=40, colour=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", colourful) == laid_out(hanging("FAILED  ", SENTENCE), width=40, colour=False)


WORDS = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1), min_size=1)


@given(WORDS, st.integers(40, 200))
def test_nothing_is_lost_and_what_can_fit_does(words: list[str], width: int) -> None:
    text = page([" ".join(words)])
    lines = laid_out(text, width=width, colour=False).split("\n")
    assert " ".join(lines).split() == text.split()
    assert all(columns(line) <= width or len(line.split()) == 1 or "`" in line for line in lines)


def test_columns_are_as_wide_as_their_longest_cell() -> None:
    rows = [("web", "MISSING", "does not exist"), ("worker", "", ""), ("日本", "CREATE_COMPLETE", "")]
    assert [*aligned(rows, indent=2)] == [
        "  web     MISSING          does not exist",
        "  worker",
        "  日本    CREATE_COMPLETE",
    ]
