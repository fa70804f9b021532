"""Documents that no reader can take: each is refused with one message, and none ends the process."""

from __future__ import annotations

from operator import eq, ne

import pytest

from cfnroles.document import Document, parse, positions
from cfnroles.errors import InvalidInput
from cfnroles.template.template import read_template


def _multiplied(times: int) -> str:
    first = "- &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    return first + "".join(
        f"- &a{each + 1} [{', '.join([f'*a{each}'] * 10)}]\n"
        for each in range(times)  # each line is ten of the line before
    )


REFUSED = {
    "a list that holds itself": (
        "a: &a [*a]\n",
        "document.yaml:1:4: contains itself, by an alias of its own anchor\nReplace the alias",
    ),
    "an object that holds itself": ("a: &a\n  b: *a\n", "document.yaml:1:4: contains itself"),
    "aliases that multiply": (_multiplied(12), "expands its aliases"),
    "flow lists, deeper than a stack": ("a: " + "[" * 100_000 + "]" * 100_000, "is nested deeper than 100 levels"),
    "JSON, deeper than a stack": ("[" * 100_000 + "]" * 100_000, "is nested deeper than 100 levels"),
    "JSON, as deep as Python reads it": ('{"a":' * 900 + "1" + "}" * 900, "is nested deeper than 100 levels"),
    "YAML blocks": ("\n".join(" " * each + "a:" for each in range(500)), "is nested deeper than 100 levels"),
    **{
        f"YAML blocks on lines that end with {end!r}": (
            end.join(" " * each + "a:" for each in range(500)),
            "is nested deeper than 100 levels",
        )
        for end in ("\r", "\x85", "\u2028")
    },
    "YAML lists of one line": ("- " * 5000 + "a", "is nested deeper than 100 levels"),
    "a number of thousands of digits": (
        "cpu: " + "9" * 5000,
        "document.yaml:1:6: the number 99999999999999999999... is too large",
    ),
    "a number beyond floating point": ("cpu: 1.0e+999", "document.yaml:1:6: the number 1.0e+999 is too large"),
    "such a number in JSON": ('{"cpu": 1e999}', "is not valid JSON: the number 1e999 is too large"),
    "what is not a number": ('{"cpu": NaN}', "is not valid JSON: NaN is not a JSON number"),
    "a merge of what is not a mapping": (
        "a: &a 5\nb:\n  <<: *a\n",
        "document.yaml:1:4: merges something that is not an object",
    ),
    "a merge of a short form": ("a:\n  <<: !If [A, {}, {}]\n", "merges something that is not an object"),
    "a merge of a key that is a list": ("a: &a\n  [x]: 1\nb:\n  <<: *a\n", "a key is not a string"),
    "a merge of itself": ("a: &a\n  <<: *a\n", "document.yaml:1:4: contains itself"),
    "two merges": ("a: &a {b: 1}\nc:\n  <<: *a\n  <<: *a\n", "Put all of them in one list"),
    "UTF-16 without its mark": ('{"family": "web"}'.encode("utf-16-le").decode(), "as a file in UTF-16 does\nSave"),
    "a comment before a member": ('{\n  // our service\n  "family": "web"}', "document.yaml:2:3: is not valid JSON"),
    "a comment before JSON": ('// ours\n{"family": "web"}', "Remove the comment: JSON has none."),
    "a comment after a value": ('{"family": "web" /* ours */}', "Remove the comment: JSON has none."),
    "a comment that YAML reads as part of a key": ('{/* ours */ "family": "web"}', "Remove the comment"),
    "infinity": ('{"cpu": -Infinity}', "is not valid JSON: -Infinity is not a JSON number"),
}


@pytest.mark.parametrize(("text", "told"), REFUSED.values(), ids=REFUSED)
def test_what_no_reader_can_take_is_refused(text: str, told: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse(text, "document.yaml")
    assert told in str(refusal.value)


READ = {
    "an alias that stands twice": ("- &a {b: 1}\n- *a\n", [{"b": 1}, {"b": 1}]),
    "a short form that stands twice": ("- &a !Ref B\n- *a\n", [{"Ref": "B"}, {"Ref": "B"}]),
    "a merge key": ("a: &a {b: 1, c: 2}\nd:\n  <<: *a\n  c: 3\n", {"a": {"b": 1, "c": 2}, "d": {"c": 3, "b": 1}}),
    "several merged, the first of which counts": (
        "a: &a {b: 1}\nc: &c {b: 2, d: 3}\ne: {<<: [*a, *c]}\n",
        {"a": {"b": 1}, "c": {"b": 2, "d": 3}, "e": {"b": 1, "d": 3}},
    ),
    "a merge of what merges": ("a: &a {b: 1}\nc: &c {<<: *a}\nd: {<<: *c}\n", {each: {"b": 1} for each in "acd"}),
    "a key that looks like a merge": ('"<<": 1\n', {"<<": 1}),
    "as deep as is read": ("[" * 100 + "]" * 100, None),
    "as deep in YAML": ("a: " + "[" * 99 + "]" * 99, None),
    "a long line that is not deep": ("a: " + "x" * 5000, {"a": "x" * 5000}),
}


@pytest.mark.parametrize(("text", "data"), READ.values(), ids=READ)
def test_what_comes_close_is_read(text: str, data: object) -> None:
    assert parse(text, "document.yaml") == data or data is None
    assert positions(text)[()] == (1, 1)


def test_documents_of_one_name_and_text_are_equal() -> None:
    here, there = (Document("t.json", "{}", lambda path: None) for _ in range(2))
    assert (eq(here, there), ne(here, there)) == (True, False)
    assert len({here, there, Document("t.json", "[]")}) == 2


def test_what_a_document_says_is_not_in_its_representation() -> None:
    text = '{"Resources": {}, "Description": "hunter2"}'
    assert repr(Document("t.json", text)) == "Document('t.json')"
    assert repr(read_template(text, "t.json")) == "Template('t.json')"


def test_what_is_merged_stands_where_it_was_written() -> None:
    assert positions("a: &a\n  b: 1\nc:\n  <<: *a\n")["c", "b"] == (2, 3)


MARKED = {
    "what is opened and not closed": ("a: 1\nb: [\nc: 2\n\n", "x.yaml:2:4", "Close what is opened there."),
    "a quote that is not closed": ('a: 1\nb: "c\n', "x.yaml:2:4", "Close what is opened there."),
    "an indentation": ("a:\n  - b: 1\n   c: 2\n", "x.yaml:3:4", "Correct the indentation or the syntax there, or in"),
    "a tab": ("a:\n\tb: 1\n", "x.yaml:2:1", "Indent with spaces."),
    "a colon in a value": ("a: b: c\n", "x.yaml:1:5", "Put the value in quotes, or correct"),
    "an at sign": ("a: @b\n", "x.yaml:1:4", "Put the value in quotes."),
    "several documents": ("a: 1\n---\nb: 2\n", "x.yaml:2:1", "Give one of them, in a file of its own."),
}


@pytest.mark.parametrize(("text", "where", "remedy"), MARKED.values(), ids=MARKED)
def test_what_is_not_yaml_is_told_where_it_begins_and_with_what_helps(text: str, where: str, remedy: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(text, "x.yaml")
    assert refused.value.where == where
    assert refused.value.remedy.startswith(remedy)
