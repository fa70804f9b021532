"""Expressions in the layout of `terraform fmt`."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from cfnroles.hcl.tidied import in_short, tidied

WRITTEN = {
    "var.make?1:0": "var.make ? 1 : 0",
    "concat( var.a,[1,2] )": "concat(var.a, [1, 2])",
    "{for k,v in var.x:k=>v if v!=null}": "{ for k, v in var.x : k => v if v != null }",
    '"${ var.x }-${lower( "a b" )}  $${ x }"': '"${var.x}-${lower("a b")}  $${ x }"',
    'var.x [ "a" ] .b[*].c': 'var.x["a"].b[*].c',
    "!var.a&&-1<var.b": "!var.a && -1 < var.b",
    "toset([ ])": "toset([])",
    "{ }": "{}",
    "max(var.list...)": "max(var.list...)",
    "( var.a||var.b )": "(var.a || var.b)",
    "1 - 1": "1 - 1",
    "a / b // c": "a / b",
    "{\n  a = 1 # one\n  b = {\n c = 2\n  }\n\n  /* x\n */ d = 3, // y\n  e = 4\n}": (
        "{ a = 1, b = { c = 2 }, d = 3, e = 4 }"
    ),
    "[\n  for k, v in var.x : {\n    name = k\n    from = f(\n 1,\n 2\n )\n  }\n  if v != null\n]": (
        "[for k, v in var.x : { name = k, from = f(1, 2) } if v != null]"
    ),
    "{\n  for k, v in\n  var.x :\n  k => v\n  if v\n}": "{ for k, v in var.x : k => v if v }",
    "[\n  1,\n  [{\n    a = 1\n  }],\n]": "[1, [{ a = 1 }]]",
    "{\n  (var.k) = 1\n  b = (\n 2\n  -1\n)\n}": "{ (var.k) = 1, b = (2 - 1) }",
    '"%{ if var.x }a%{ endif }"': '"%{if var.x}a%{endif}"',
}


@pytest.mark.parametrize(("text", "expected"), WRITTEN.items(), ids=WRITTEN)
def test_only_the_spaces_of_an_expression_change(text: str, expected: str) -> None:
    assert tidied(text) == expected
    assert tidied(expected) == expected


def test_a_long_expression_ends_after_a_word_with_an_ellipsis() -> None:
    long = f"[for name in var.names : {{\n  name = name\n  valueFrom = var.{'b' * 30}[name]\n}} if {'c' * 50}]"
    assert in_short("{\n  a   = 1\n  b = 2\n}") == "{ a = 1, b = 2 }"
    assert in_short(long) == f"[for name in var.names : {{ name = name, valueFrom = var.{'b' * 30}[name] }} if ..."
    assert in_short("a" * 120) == f"{'a' * 100} ..."


def test_terraform_leaves_them_as_they_are() -> None:
    if terraform := shutil.which("terraform"):
        text = "".join(f"locals {{\n  a = {each}\n}}\n" for each in WRITTEN.values())
        run = subprocess.run([terraform, "fmt", "-"], input=text, capture_output=True, text=True, check=True)
        assert run.stdout == text
