"""Terraform's JSON syntax: the same values as in the native syntax, and the positions of its errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfnroles.errors import InvalidInput
from cfnroles.hcl.json_files import parse_json
from cfnroles.hcl.syntax import Source
from tests.evaluated import output, project, shown

BESIDE: dict[str, Any] = {
    "//": "a comment",
    "terraform": {"required_version": "> 1"},
    "variable": {"env": {"type": "string", "default": "${no template}"}, "names": {"type": "list(string)"}},
    "locals": [{"one": 1, "//": {"no": "local"}}, {"both": "${local.one}-${var.env}"}],
    "resource": {"aws_s3_bucket": {"b": [{"count": "${local.one}", "bucket": "b${count.index}", "tags": {"a": "c"}}]}},
    "data": [{"aws_region": {"current": {}}}],
}
VALUES: dict[str, tuple[Any, Any]] = {
    "a text": ("x", "x"),
    "an empty text": ("", ""),
    "an expression": ("${local.one}", 1),
    "a template": ("${local.one}!", "1!"),
    "an escaped template": ("$${local.one}", "${local.one}"),
    "a directive": ("%{ if local.one == 1 }yes%{ endif }", "yes"),
    "what is not a template": ("${var.env}", "${no template}"),
    "a list and an object": (
        [1.5, None, True, {"k${local.one}": "${local.both}"}],
        [1.5, None, True, {"k1": "1-${no template}"}],
    ),
    "escapes": ('\u00e9\n"\\ \U0001f600 ${local.one}', '\u00e9\n"\\ \U0001f600 1'),
    "an instance": ("${aws_s3_bucket.b[0].bucket}", "b0"),
    "an argument that may be a block": ("${aws_s3_bucket.b[0].tags.a}", "c"),
    "what nobody knows": ("${data.aws_region.current.name}", "<data.aws_region.current.name>"),
}


@pytest.mark.parametrize(("written", "expected"), VALUES.values(), ids=VALUES)
def test_a_value_is_what_the_native_syntax_makes_of_it(written: Any, expected: Any) -> None:
    text = json.dumps({**BESIDE, "output": {"it": {"value": written}}}, indent=1)
    assert shown(output({"main.tf.json": text})) == expected


def test_both_syntaxes_stand_beside_each_other_and_override_each_other() -> None:
    files = {
        "main.tf": 'output "it" { value = local.a }\nlocals { a = "native" }\nvariable "v" { default = "default" }\n',
        "a_override.tf.json": '{"locals": {"a": "${var.v}"}, "variable": {"v": {"default": "overridden"}}}',
    }
    assert shown(output(files)) == "overridden"
    given = {
        "terraform.tfvars": 'v = "first"',
        "terraform.tfvars.json": '{"v": "second"}',
        ".x.auto.tfvars": 'v = "hidden"',
    }
    assert shown(output({**files, **given})) == "second"
    assert (
        shown(output({**files, **given, "b.auto.tfvars.json": '{"v": "${fourth}"}', "a.auto.tfvars": 'v = "3"'}))
        == "${fourth}"
    )


def test_what_is_written_is_the_text_itself() -> None:
    text = '{"resource": {"aws_x": {"y": {"a": ["https://b",\n "${aws_z.c.arn}"], "d": "e"}}}}'
    (block,) = parse_json(Source("main.tf.json", text)).blocks
    assert block.written == '{"a": ["https://b", "${aws_z.c.arn}"], "d": "e"}'
    assert block.body.arguments["a"].written == '["https://b", "${aws_z.c.arn}"]'


WRONG = {
    "": "1:1: is not valid JSON",
    "{\n": "2:1: is not valid JSON",
    '{"a": NaN}': "1:1: is not valid JSON: NaN is not a number",
    '{"a": 1e999}': "1:1: is not valid JSON: 1e999... is not a number",
    "[1]": "1:2: is not valid Terraform: expected an object",
    '{"resource": {"a": {"b": 3}}}': "1:26: is not valid Terraform: expected an object",
    '{"locals": {\n"a": 1, "a": 2}}': "2:9: is not valid Terraform: the argument a is set twice",
    '{"locals": {"a": "\\u00e9\\n ${x y}"}}': "1:32: is not valid Terraform: expected }",
    '{"locals": {"a": ' + "[" * 50 + "]" * 50 + "}}": "1:57: is not supported",
    "[" * 100_000: "1:1: is not supported",
}


@pytest.mark.parametrize(("text", "expected"), WRONG.items(), ids=[each[:20] for each in WRONG])
def test_what_is_wrong_is_told_with_its_place(text: str, expected: str) -> None:
    with pytest.raises(InvalidInput) as told:
        parse_json(Source("main.tf.json", text))
    assert str(told.value).startswith(f"main.tf.json:{expected}")


def test_a_file_of_values_has_no_blocks() -> None:
    with pytest.raises(InvalidInput, match="has a block, expected values of variables"):
        project({"main.tf": "", "terraform.tfvars": 'variable "v" {}\n'})
