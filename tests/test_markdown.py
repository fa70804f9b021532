"""Whatever a text is, the document has the structure that its author gave it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfnroles import markdown as md
from cfnroles.page import page, visible
from tests.rendered import codes, found_in_texts, structure

HOSTILE = {
    "an image": "![x](https://evil.example/x.png)",
    "a link": "[click here](https://evil.example)",
    "an address": "see https://evil.example/?a=1&b=2 and www.evil.example or me@evil.example",
    "a mention": "thanks @octocat and @org/team",
    "an issue": "fixes #1, org/repo#2 and GH-3",
    "a commit": "since deadbeef1 it works",
    "a heading": "# No permission changes.",
    "a heading of two lines": "No permission changes.\n===",
    "a table's end": "x | y |\n\n# forged",
    "a bar in code": "`a|b`",
    "a bar behind a backslash": "a\\|b\\\\|c",
    "backticks": "a`b``c```d",
    "a lonely backtick": "`",
    "backticks in words": "` `` x ``` `a` ``",
    "HTML": "<img src=x onerror=alert(1)><script>x</script>",
    "a comment": "<!-- hidden",
    "an entity": "&lt;b&gt; &#64;octocat",
    "emphasis": "**bold** _it_ ~~gone~~ *a*",
    "a list": "- a",
    "a numbered list": "1. a",
    "a rule": "---",
    "a quotation": "> x",
    "a fence": "```\nx",
    "a reference": "[x]: https://evil.example",
    "a formula": "$`x`$ and $$y$$",
    "an emoji": ":rocket:",
    "an alert": "> [!WARNING]",
    "a checkbox": "[x] done",
    "controls": "a\rb\x1b[31m\u202e",
    "a command of a pipeline": "::error::x",
    "a backslash at the end": "a\\",
}


def whole(text: str) -> str:
    """A document with the text in every place that a text can have."""
    return md.document(
        [
            md.heading(2, "Role ", text),
            md.heading(2, md.code(text)),
            text,
            md.paragraph("from ", md.code(text), text, md.code(text)),
            md.items([text, md.inline(md.code(text), ": ", text), md.strong(text)]),
            md.nested([(text, [text, text])]),
            md.numbered(1, text, [text]),
            md.fenced(page([text]), "json", margin="     "),
            md.table(
                (text, "b:"),
                [
                    (text, md.code(text)),
                    (md.below([md.inline("on ", md.code(text)), text]), md.link(text, "https://a.example/b")),
                ],
            ),
        ]
    )


PLAIN = structure(whole("word"))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_structure_is_that_of_a_plain_word(text: str) -> None:
    assert structure(whole(text)) == PLAIN
    assert found_in_texts(whole(text)) == []


@given(st.text(alphabet="ab1 `|\\*_[]()<>!#@&$~:-+=.\n'\"?", min_size=1).filter(lambda text: text.strip()))
def test_whatever_is_made_of_marks(text: str) -> None:
    assert structure(whole(text)) == PLAIN
    assert found_in_texts(whole(text)) == []


@given(st.text(alphabet="ab `|\\\n\x1b", min_size=1))
def test_code_is_the_text(text: str) -> None:
    shown = visible(text)
    expected = shown if shown.strip() else f"'{shown}'"
    assert codes(md.document([md.table(("a",), [(md.code(text),)])])) == [expected]
    assert codes(md.document([md.paragraph(md.code(text))])) == [expected]


PROSE = {
    "a sentence": ("No (of ECS) task isn't a-b.", "No (of ECS) task isn't a-b."),
    "a name": ("Write db_password.", "Write `db_password`."),
    "a quotation": ("`cfnroles lint x` looks, and (`a b`).", "`cfnroles lint x` looks, and (`a b`)."),
    "a star": ("on * or s3:Get*", "on `*` or `s3:Get*`"),
    "a name with a question mark": ("arn:x-?????? is", "`arn:x-??????` is"),
    "an open quotation": ("`a b", "`` `a `` b"),
    "numbers": ("12 of 20 actions", "12 of 20 actions"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "shown"), PROSE.values(), ids=PROSE)
def test_prose_reads_as_it_was_written(text: str, shown: str) -> None:
    assert md.prose(text) == shown


def test_a_link_goes_where_we_say() -> None:
    assert md.link("a|b", "https://docs.example/a(b)|c d") == "[`a|b`](https://docs.example/a%28b%29%7Cc%20d)"
    assert md.link("a", "javascript:x") == "a"
