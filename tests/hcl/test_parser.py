"""The form of Terraform's files: what is well formed, and where what is not well formed is wrong."""

from __future__ import annotations

import re
import time

import pytest

from cfnroles.errors import InvalidInput
from cfnroles.hcl.parser import parse
from cfnroles.hcl.syntax import Source

WRONG = {
    "an argument without a value": ("a = \n", "main.tf:1:5", "an expression is expected"),
    "a word that is neither": ("resource web\n", "main.tf:1:13", "= or { is expected"),
    "a block that is not closed": ('resource "a" "b" {\n  c = 1\n', "main.tf:1:1", "the block resource is not closed"),
    "two arguments in a line": ("a = 1 b = 2\n", "main.tf:1:7", "the line is expected to end here"),
    "an argument twice": ("a = 1\na = 2\n", "main.tf:2:1", "the argument a is set twice"),
    "a text over two lines": ('a = "b\n"\n', "main.tf:1:5", "the text in quotes is not closed"),
    "an escape of no sign": ('a = "\\/"\n', "main.tf:1:6", "\\/ stands for nothing"),
    "half a character": ('a = "\\ud800"\n', "main.tf:1:6", "is no character"),
    "a heredoc without its end": ("a = <<EOT\nb\n", "main.tf:1:5", "the heredoc EOT is not closed"),
    "a directive without its end": ('a = "%{ if b }c"\n', "main.tf:1:6", "%{ endif } is missing"),
    "an end without its directive": ('a = "b%{ endfor }"\n', "main.tf:1:7", "this has no beginning"),
    "a tuple that is not closed": ("a = [1, 2\n", "main.tf:2:1", "] is expected"),
    "an object that is not closed": ("a = { b = 1\n", "main.tf:1:5", "the object is not closed"),
    "two members in a line": ("a = { b = 1 c = 2 }\n", "main.tf:1:13", "a comma or the end of the line"),
    "a template as a label": ('resource "a" "${b}" {}\n', "main.tf:1:14", "a label is a plain text"),
    "what is no Terraform": ('{"Resources": {}}\n', "main.tf:1:1", "a block or an argument is expected"),
}


@pytest.mark.parametrize(("text", "where", "what"), WRONG.values(), ids=WRONG)
def test_says_where_a_file_is_wrong(text: str, where: str, what: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse(Source("main.tf", text))
    assert raised.value.where == where
    assert what in raised.value.what


HOSTILE = {
    "brackets": "a = " + "[" * 5000,
    "parentheses": "a = " + "(" * 5000,
    "braces": "a = " + "{b=" * 5000,
    "signs": "a = " + "!" * 5000 + "b",
    "interpolations": 'a = "' + '${"' * 5000,
    "conditionals": "a = " + "b ? c : " * 5000 + "d",
    "steps": "a = b" + ".c" * 5000,
    "directives": 'a = "' + "%{ if b }" * 5000 + '"',
    "blocks": "a {\n" * 5000,
    "calls": "a = " + "b(" * 5000,
    "operators": "a = 1" + " + 1" * 20000,
    "a heredoc": "a = <<E\n" + "$" * 100_000 + "\nE\n",
    "a comment": "/*" + "*" * 300_000,
    "a text": 'a = "' + "\\" * 300_001,
    "a number": "a = " + "9" * 100_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_takes_no_long_time_and_no_deep_stack(text: str) -> None:
    begun = time.process_time()
    told = ""
    try:
        parse(Source("main.tf", text))
    except InvalidInput as error:
        told = error.where
    assert re.fullmatch(r"(main\.tf:\d+:\d+)?", told)
    assert time.process_time() - begun < 2


def test_the_place_of_each_argument_is_where_it_stands() -> None:
    body = parse(
        Source("main.tf", 'resource "a" "b" {\n  # why\n  c = 1\n\n  d {\n    e = <<-X\n      f\n    X\n  }\n}\n')
    )
    block = body.blocks[0]
    assert (block.type, block.labels) == ("resource", ("a", "b"))
    assert str(block.body.arguments["c"].place) == "main.tf:3"
    assert block.body.blocks[0].body.arguments["e"].place.column == 9
