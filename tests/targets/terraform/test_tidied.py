"""Expressions in the layout of `terraform fmt`."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from cfnroles.targets.terraform.tidied import tidied

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
    '"%{ if var.x }a%{ endif }"': '"%{if var.x}a%{endif}"',
}


@pytest.mark.parametrize(("text", "expected"), WRITTEN.items(), ids=WRITTEN)
def test_only_the_spaces_of_an_expression_change(text: str, expected: str) -> None:
    assert tidied(text) == expected
    assert tidied(expected) == expected


def test_terraform_leaves_them_as_they_are() -> None:
    if terraform := shutil.which("terraform"):
        text = "".join(f"locals {{\n  a = {each}\n}}\n" for each in WRITTEN.values())
        run = subprocess.run([terraform, "fmt", "-"], input=text, capture_output=True, text=True, check=True)
        assert run.stdout == text
