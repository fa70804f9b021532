"""What a document says stays within its line, and nothing of it is unseen."""

from __future__ import annotations

import json
import subprocess
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfnroles.errors import InvalidInput
from cfnroles.page import clipped, joined, json_page, page, painted, quoted, visible, xml_page

SHOWN = {
    "ordinary letters": ("é e\u0301 日本 👍", "é e\u0301 日本 👍"),
    "a new line": ("a\nb", r"a\nb"),
    "a return": ("a\rb", r"a\rb"),
    "a tab": ("a\tb", r"a\tb"),
    "a bell": ("a\x07b", r"a\x07b"),
    "ESC": ("a\x1b[31mb", r"a\x1b[31mb"),
    "DEL": ("a\x7fb", r"a\x7fb"),
    "C1": ("a\x9bb", r"a\x9bb"),
    "NEL": ("a\x85b", r"a\x85b"),
    "a link of OSC 8": ("\x1b]8;;https://x\x07a", r"\x1b]8;;https://x\x07a"),
    "a mark of direction": ("a\u202eb", r"a\u202eb"),
    "an isolate": ("a\u2066b", r"a\u2066b"),
    "nothing wide": ("a\u200bb", r"a\u200bb"),
    "a separator of lines": ("a\u2028b", r"a\u2028b"),
    "a space that does not break": ("a\xa0b", r"a\xa0b"),
    "a filler": ("a\u3164b", r"a\u3164b"),
    "a tag": ("a\U000e0041b", r"a\U000e0041b"),
    "a variation": ("a\ufe0fb", r"a\ufe0fb"),
    "half a character": ("a\udcffb", r"a\udcffb"),
    "a backslash": (r"C:\new", r"C:\new"),
}

# What the server of a pipeline takes for a command in a log.
COMMANDS = {
    "GitHub": ("::error::forged", r"\x3a:error::forged"),
    "GitHub, indented": ("   ::add-mask::web", r"   \x3a:add-mask::web"),
    "GitHub, the old form": ("a ##[error]forged", r"a \x23#[error]forged"),
    "Azure Pipelines": ("a ##vso[task.setvariable variable=x]y", r"a \x23#vso[task.setvariable variable=x]y"),
    "TeamCity": ("##teamcity[x]", r"\x23#teamcity[x]"),
}
HARMLESS = ("arn:aws:s3:::shop", "a::b::c", "::1", "# a comment", "## [a](b)")


@pytest.mark.parametrize(("text", "shown"), SHOWN.values(), ids=SHOWN)
def test_what_is_not_seen_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert page([text]) == shown


@given(st.text())
def test_what_is_visible_is_printable_and_stays_as_it_is(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert visible(shown) == shown


@given(st.lists(st.text()))
def test_a_page_has_the_lines_that_its_author_gave_it(lines: list[str]) -> None:
    whole = page(lines)
    assert len(whole.split("\n")) == max(len(lines), 1)
    assert page([whole]) == whole


@pytest.mark.parametrize(("text", "shown"), COMMANDS.values(), ids=COMMANDS)
def test_no_line_commands_the_server_of_a_pipeline(text: str, shown: str) -> None:
    assert page([text]) == shown


@pytest.mark.parametrize("text", HARMLESS)
def test_what_commands_nothing_stays(text: str) -> None:
    assert page([text]) == text


def test_a_page_that_is_put_into_a_text_is_a_text_again() -> None:
    assert page([f"{page(['a', 'b'])}!"]) == r"a\nb!"


def test_colours_are_beside_the_text() -> None:
    line = joined(painted("a\x1b[32m", "1"), " b\n")
    assert (line, line.painted) == ("a\\x1b[32m b\\n", "\x1b[1ma\\x1b[32m\x1b[0m b\\n")
    assert page([line]).painted == line.painted


@given(st.text(), st.integers(2, 30))
def test_no_escape_is_cut(text: str, most: int) -> None:
    told = clipped(text, most)
    assert len(told) <= most
    whole, escapes = visible(text), [len(visible(text[:end])) for end in range(len(text) + 1)]
    assert told == whole or (whole.startswith(told[:-1]) and len(told) - 1 in escapes and told[-1] == "…")


JSON = {"a": "\x7f \u202e ##[group] ##vso[x]", "::": ["::error::x", "\x1b\n"]}


def test_json_means_the_same_and_is_ascii() -> None:
    text = json_page(JSON)
    assert json.loads(text) == JSON
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert "##" not in text


def test_xml_means_the_same() -> None:
    root = Xml.Element("a", name="##[group]x")
    text = xml_page(Xml.tostring(root, encoding="us-ascii").decode())
    assert "##[" not in text
    assert Xml.fromstring(text).get("name") == "##[group]x"


@pytest.mark.parametrize("text", ["plain", "two words", "it's", "a\nb", "\x1b[31m", "a'\u202e\\", "$(date)\r", "-o\t"])
def test_a_word_for_a_shell_is_printable_and_means_the_same(text: str) -> None:
    word = quoted(text)
    assert visible(word) == word
    ended = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True)
    assert ended.stdout == text.encode()


def test_an_error_is_one_line_for_each_part() -> None:
    error = InvalidInput("is no\nfamily", where="a\x1b.json", why=page(["one\r", "two"]), remedy="Mend\u202eit.")
    assert str(error).split("\n") == [r"a\x1b.json: is no\nfamily", r"one\r", "two", r"Mend\u202eit."]


def test_an_object_of_one_short_member_stands_on_one_line() -> None:
    told = {"a": {"Fn::Join": ["", ["x  y", {"Ref": "\x7f"}]]}, "b": [{"Fn::Join": 1, "c": 2}]}
    page = json_page(told, frozenset({"Fn::Join"}))
    assert json.loads(page) == told
    assert [line.strip() for line in page.splitlines()][1] == '"a": {"Fn::Join": ["", ["x  y", {"Ref": "\\u007f"}]]},'
