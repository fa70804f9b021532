"""Variables without a type: the form that their use shows, in hints and on the command line."""

from __future__ import annotations

import json
import shlex

import pytest

from cfnroles.hcl.types import example
from cfnroles.hcl.uses import known_type
from tests.evaluated import output, project, shown

USES = {
    "in a string": ('"${var.x}-a"', "VALUE"),
    "as the JSON of anything": ('jsondecode(var.x)["a"]', "VALUE"),
    "what strings have, too": ("length(var.x)", "VALUE"),
    "a loop over elements": ("[for s in var.x : s]", '["VALUE"]'),
    "a loop over members": ("[for k, v in var.x : v]", '{"KEY":"VALUE"}'),
    "a loop over objects": ("[for s in var.x : { a = s.name, b = s.arn }]", '[{"name":"VALUE","arn":"VALUE"}]'),
    "a loop with a condition": ("[for s in var.x : s.arn if s.on]", '[{"arn":"VALUE","on":"VALUE"}]'),
    "a loop in a member": ("[for s in var.x.all : s]", '{"all":["VALUE"]}'),
    "a loop in a loop": ("[for s in var.x : [for t in s : t]]", '[["VALUE"]]'),
    "a number as key": ("var.x[0]", '["VALUE"]'),
    "a name as key": ('var.x["a"]', '{"a":"VALUE"}'),
    "a key from another place": ("var.x[local.z].image", '{"KEY":{"image":"VALUE"}}'),
    "attributes": ("[var.x.a.b, var.x.c]", '{"a":{"b":"VALUE"},"c":"VALUE"}'),
    "a splat": ("var.x[*].arn", '[{"arn":"VALUE"}]'),
    "a directive": ('"%{ for s in var.x ~}${s}%{ endfor ~}"', '["VALUE"]'),
    "a function of lists": ("concat(var.x, [1])", '["VALUE"]'),
    "a function of maps": ('lookup(var.x, "a", "b")', '{"KEY":"VALUE"}'),
    "the key of another": ("local.m[var.x]", "VALUE"),
}


@pytest.mark.parametrize(("use", "expected"), USES.values(), ids=USES)
@pytest.mark.parametrize("declared", ["", "type = any"], ids=["no type", "any"])
def test_the_use_of_a_variable_shows_its_form(use: str, expected: str, declared: str) -> None:
    locals_ = f'locals {{\n  y = {use}\n  z = "z"\n  m = {{}}\n}}\n'
    root = project(f'variable "x" {{\n  {declared}\n}}\n{locals_}').root
    assert example(known_type(root, root.variables["x"])) == (
        expected if expected != "VALUE" or not declared else '"VALUE"'
    )


def test_a_map_of_instances_is_one() -> None:
    root = project('variable "x" {}\nresource "aws_sqs_queue" "q" {\n  for_each = var.x\n}\n').root
    assert example(known_type(root, root.variables["x"])) == '{"KEY":"VALUE"}'


OVERRIDDEN = {
    "main.tf": 'variable "x" {}\nresource "aws_sqs_queue" "q" {\n}\n',
    "override.tf": 'resource "aws_sqs_queue" "q" {\n  tags = [for each in var.x : each]\n}\n',
}
ESCAPED = {
    "main.tf": 'variable "x" {}\n',
    "it.tf.json": '{"locals": {"y": {"a": "${[for s in var.\\u0078 : s]}"}}}',
}


@pytest.mark.parametrize("files", [OVERRIDDEN, ESCAPED], ids=["in an override", "escaped in JSON"])
def test_a_use_counts_wherever_it_is_written(files: dict[str, str]) -> None:
    root = project(files).root
    assert example(known_type(root, root.variables["x"])) == '["VALUE"]'


def test_the_hint_gives_a_value_that_the_use_accepts() -> None:
    text = 'variable "x" {}\noutput "it" { value = [for s in var.x : s.arn] }\n'
    symbol = output(text).unknown
    assert symbol is not None
    _, option, given = shlex.split(symbol.remedy)
    name, _, value = given.partition("=")
    assert (option, name, json.loads(value)) == ("--parameter", "x", [{"arn": "VALUE"}])
    assert shown(output(text, **{name: value})) == ["VALUE"]
