"""An expression on one line means what it means on several."""

from __future__ import annotations

import pytest

from cfnroles.hcl.parser import parse, parse_expression
from cfnroles.hcl.syntax import Source

LINES = {
    "spaces": ("a   ?  1:2", "a ? 1:2"),
    "a text with spaces": ('"a  b"', '"a  b"'),
    "an object": ("{\n  a = 1\n  b = 2 # two\n}", "{ a = 1, b = 2 }"),
    "an object with commas": ("{\n  a = 1,\n  b = 2,\n}", "{ a = 1, b = 2 }"),
    "a key in parentheses": ("{\n  a = 1\n  (var.b) = 2\n}", "{ a = 1, (var.b) = 2 }"),
    "a loop": ("{\n  for k, v in var.a : k => v // all\n  if v.on\n}", "{ for k, v in var.a : k => v if v.on }"),
    "a list": ('[\n  "a,b",\n  "c",\n]', '[ "a,b", "c" ]'),
    "a call": ("merge(\n  a,\n  {\n    b = 1\n  },\n)", "merge( a, { b = 1 } )"),
    "a comment inside of a line": ("a + /* b */ c", "a +   c"),
    "an interpolation": ('"x${\n  a\n}"', '"x${ a }"'),
}


@pytest.mark.parametrize(("text", "line"), LINES.values(), ids=LINES)
def test_an_expression_has_a_form_on_one_line(text: str, line: str) -> None:
    found = parse(Source("main.tf", f"a = {text}\n")).arguments["a"]
    assert found.written == line
    assert type(parse_expression(Source("", line))) is type(found)
