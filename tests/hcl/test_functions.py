"""Terraform's functions; the expected values are those of HashiCorp's own pages."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles.hcl.values import Failed
from tests.evaluated import value

GIVES = {
    "abs(-12.4)": 12.4,
    'alltrue(["true", true])': True,
    "anytrue([false, true])": True,
    'base64decode("SGVsbG8=")': "Hello",
    'base64encode("Hello")': "SGVsbG8=",
    "ceil(5.1)": 6,
    'chomp("hello\\r\\n\\n")': "hello",
    'chunklist(["a", "b", "c"], 2)': [["a", "b"], ["c"]],
    'coalesce("", "b")': "b",
    "coalesce(null, 1, 2)": 1,
    '"${coalesce(null, jsonencode({a = 1}), "b")}!"': '{"a":1}!',
    "[for label in [1, 2] : label + 1]": [2, 3],
    "{for self, label in {a = 1} : self => label}": {"a": 1},
    'coalescelist([], ["c"])': ["c"],
    'compact(["a", "", null, "b"])': ["a", "b"],
    'concat(["a", ""], ["b", "c"])': ["a", "", "b", "c"],
    'contains(["a", "b"], "b")': True,
    'distinct(["a", "b", "a"])': ["a", "b"],
    'element(["a", "b", "c"], 4)': "b",
    'endswith("hello world", "world")': True,
    'flatten([["a", "b"], [], ["c", ["d"]]])': ["a", "b", "c", "d"],
    "floor(4.9)": 4,
    'format("Hello, %s!", "Ander")': "Hello, Ander!",
    'format("%03d|%.1f|%q|%-4s|%%|%v", 7, 1.25, "a", "b", true)': '007|1.2|"a"|b   |%|true',
    'formatlist("%s-%s", "x", ["a", "b"])': ["x-a", "x-b"],
    'indent(2, "a\\nb")': "a\n  b",
    'index(["a", "b"], "b")': 1,
    'join("-", ["foo", "bar"])': "foo-bar",
    'jsondecode("{\\"a\\": [1, null, 1.5, \\"b\\"]}")': {"a": [1, None, 1.5, "b"]},
    "jsondecode(jsonencode({a = 1}))": {"a": 1},
    '"${jsonencode({b = ["<", 1.0], a = null})}!"': '{"a":null,"b":["\\u003c",1]}!',
    "keys({b = 1, a = 2})": ["a", "b"],
    'length("hé")': 2,
    "length({a = 1})": 1,
    'lookup({a = "b"}, "c", "d")': "d",
    'lower("HELLO")': "hello",
    'md5("hello world")': "5eb63bbbe01eeed093cb22bb8f5acdc3",
    'map("a", 1, "b", 2)': {"a": 1, "b": 2},
    "merge({a = 1, b = 2}, null, {b = 3})": {"a": 1, "b": 3},
    "one([])": None,
    "range(1, 8, 2)": [1, 3, 5, 7],
    'regex("[a-z]+", "53453453.345345aaabbbccc23454")': "aaabbbccc",
    'regexall("[a-z]", "1a2b")': ["a", "b"],
    'replace("1 + 2", "+", "-")': "1 - 2",
    'replace("hello world", "/w.*d/", "everybody")': "hello everybody",
    "reverse([1, 2])": [2, 1],
    'setintersection(["a", "b"], ["b", "c"])': ["b"],
    'setproduct(["a"], ["b", "c"])': [["a", "b"], ["a", "c"]],
    'setsubtract(["a", "b"], ["a"])': ["b"],
    'setunion(["b"], ["a"])': ["a", "b"],
    'slice(["a", "b", "c"], 1, 3)': ["b", "c"],
    'sort(["e", "d"])': ["d", "e"],
    'split(",", "foo,bar")': ["foo", "bar"],
    'startswith("hello", "he")': True,
    'strcontains("hello", "ll")': True,
    'substr("hello world", -5, -1)': "world",
    "sum([10, 13, 6])": 29,
    'title("hello world, a-b_c")': "Hello World, A-B_c",
    'tobool("true")': True,
    'tolist(toset(["b", "a", "b"]))': ["a", "b"],
    'tonumber("1.5")': 1.5,
    "tostring(1)": "1",
    'trim("?!hello?!", "!?")': "hello",
    'trimprefix("helloworld", "hello")': "world",
    'trimspace("  hello\\n")': "hello",
    'trimsuffix("helloworld", "world")': "hello",
    'upper("hello")': "HELLO",
    'urlencode("a b/c")': "a+b%2Fc",
    "values({b = 1, a = 2})": [2, 1],
    'zipmap(["a", "b"], [1, 2])': {"a": 1, "b": 2},
}


@pytest.mark.parametrize(("expression", "expected"), GIVES.items(), ids=GIVES)
def test_gives(expression: str, expected: Any) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        'lookup({}, "a")',
        "element([], 0)",
        'tonumber("a")',
        'jsondecode("{")',
        'jsondecode("[1,]")',
        "join(1)",
        'split(",")',
        'format("%s")',
        "merge([1])",
        "concat(1)",
        "one([1, 2])",
        'regex("a", "b")',
        'file("nothing.json")',
        'index(["a"], "b")',
    ],
)
def test_stops_where_terraform_does(expression: str) -> None:
    with pytest.raises(Failed):
        value(expression)


@pytest.mark.parametrize("expression", ["timestamp()", "cidrsubnet(1, 2, 3)", "uuid()", 'regex("(?P<a>b)", "b")'])
def test_what_is_not_worked_out_is_not_known(expression: str) -> None:
    assert value(expression).startswith("<")


PARTLY = {
    'startswith("arn:aws:ssm:${var.x}", "arn:aws:ssm")': True,
    'startswith("arn:aws:ssm:${var.x}", "arn:aws:secretsmanager")': False,
    'startswith("/${var.x}", "arn:")': False,
    'startswith("arn:${var.x}", "arn:aws:ssm")': None,
    'startswith("${var.x}/db", "/")': None,
    "startswith(aws_ssm_parameter.a.arn, var.x)": None,
    'startswith(aws_ssm_parameter.a.arn, "arn:")': True,
    'startswith(aws_ssm_parameter.a.arn, "arn:aws:ssm")': True,
    'startswith(aws_ssm_parameter.a.arn, "arn:aws:s")': True,
    'startswith(aws_ssm_parameter.a.arn, "arn:aws:ssm:")': True,
    'startswith(aws_ssm_parameter.a.arn, "arn:aws")': True,
    'startswith(aws_ssm_parameter.a.arn, "ar")': None,
    'startswith(aws_ssm_parameter.a.arn, "arn:aws:ssm:eu-west-1")': None,
    'startswith(aws_ssm_parameter.a.arn, "arn:aws:secretsmanager")': False,
    'startswith(aws_secretsmanager_secret.a.arn, "arn:aws:ssm:")': False,
    'startswith(aws_secretsmanager_secret.a.arn, "arn:aws:s:")': False,
    'startswith(aws_ssm_parameter.a.name, "arn:")': None,
    'startswith("${aws_ssm_parameter.a.arn}:1", "arn:aws:secretsmanager")': None,
    'endswith("${var.x}:latest", "latest")': True,
    'endswith("${var.x}:latest", "stable")': False,
    'endswith("latest${var.x}", "latest")': None,
    'strcontains("a:secretsmanager:${var.x}", "secretsmanager")': True,
    'strcontains("a:ssm:${var.x}", "secretsmanager")': None,
}


@pytest.mark.parametrize("expression", PARTLY)
def test_the_known_part_of_a_text_may_decide(expression: str) -> None:
    found = value(expression, 'variable "x" {}')
    assert (found if isinstance(found, bool) else None) == PARTLY[expression]
