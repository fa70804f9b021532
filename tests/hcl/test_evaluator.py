"""What expressions come to: what is known, and symbols that keep the user's own expression."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles.hcl.evaluator import evaluate
from cfnroles.hcl.json_texts import decode
from cfnroles.hcl.module import Module
from cfnroles.hcl.session import TooMuch
from cfnroles.hcl.values import Failed, chunks_of
from cfnroles.hcl.worlds import explored
from tests.evaluated import decoded, output, project, shown, value, worlds

KNOWN = {
    "numbers": ("1 + 2 * 3 - 4 / 2 % 3", 5),
    "precedence": ("!true || 1 + 1 == 2 && 3 > 2", True),
    "a conditional": ("1 == 2 ? 'a' : 'b'".replace("'", '"'), "b"),
    "a text with parts": ('"a-${1 + 1}-${true}"', "a-2-true"),
    "a text that is one value": ('"${[1]}"', [1]),
    "an escape": (r'"a\n\"\u00e9"', 'a\n"é'),
    "what is no interpolation": ('"$${a} %%{b} $c"', "${a} %{b} $c"),
    "a loop over a list": ("[for i, s in ['a', 'b'] : '${i}${s}']".replace("'", '"'), ["0a", "1b"]),
    "a loop with a condition": ("[for s in [1, 2, 3] : s * 2 if s != 2]", [2, 6]),
    "a loop that makes an object": ("{for k, v in {b = 1, a = 2} : k => v + 1}", {"a": 3, "b": 2}),
    "a loop that groups": ('{for s in ["ab", "ac", "b"] : substr(s, 0, 1) => s...}', {"a": ["ab", "ac"], "b": ["b"]}),
    "a splat": ("[{a = 1}, {a = 2}][*].a", [1, 2]),
    "an old splat": ("[{a = 1}, {a = 2}].*.a", [1, 2]),
    "a splat of one thing": ("{a = 1}[*].a", [1]),
    "a splat of nothing": ("null[*]", []),
    "an index by a Boolean": ('{true = "a", false = "b"}[1 == 1]', "a"),
    "an index": ('{a = [1, {b = 2}]}["a"][1].b', 2),
    "an old index": ("[[1, 2]].0[1]", 2),
    "a splat in a splat": ("[{a = [{b = 1}]}, {a = [{b = 2}, {b = 3}]}][*].a[*].b", [[1], [2, 3]]),
    "an index of an old splat": ("[{a = [1]}, {a = [2]}].*.a[0]", [1]),
    "a key with a comment": ("{a /* b */ = 1}", {"a": 1}),
    "a name in parentheses that is a key": ('[for a in ["b"] : {(a) = 1, a = 2}]', [{"b": 1, "a": 2}]),
    "a value beside stripped spaces": ('" ${~ true}"', "true"),
    "JSON beside what is no text": (
        '[for a in [null, 1, ["1"], "1"] : jsonencode(1) == a]',
        [False, False, False, True],
    ),
    "a sign that is written as two": ('"e\u0301"', "\u00e9"),
    "a name that is a key": ("{true = 1, null = 2}", {"true": 1, "null": 2}),
    "a space before what is stripped": (r'"a\t${~ "b" ~} c"', "abc"),
    "keys": ('{a = 1, "b" = 2, (upper("c")) = 3, "${"d"}" : 4}', {"a": 1, "b": 2, "C": 3, "d": 4}),
    "an object over lines": ("{\n  a = 1 # one\n  b = {\n    c = 2\n  }\n}", {"a": 1, "b": {"c": 2}}),
    "a directive": ('"%{ for s in ["a", "b"] ~} ${s}, %{ endfor ~} c"', "a, b, c"),
    "a condition in a text": ('"%{ if 1 > 2 }a%{ else }b%{ endif }"', "b"),
    "arguments from a list": ("max([1, 3, 2]...)", 3),
}


@pytest.mark.parametrize(("expression", "expected"), KNOWN.values(), ids=KNOWN)
def test_what_is_known(expression: str, expected: Any) -> None:
    assert value(expression) == expected


HEREDOCS = {
    "as it stands": ("<<EOT\n  a\n    b\nEOT", "  a\n    b\n"),
    "without its indent": ("<<-EOT\n    a\n      b\n\n    c\n  EOT", "a\n  b\n\nc\n"),
    "with quotes and a backslash": ('<<EOT\n"a\\n"\nEOT', '"a\\n"\n'),
    # A mark strips to the end of the line. What follows counts as a part of that, so that it keeps its indent.
    "with a loop": ("<<-EOT\n  %{ for x in [1, 2] ~}\n  x${x}\n  %{ endfor ~}\n  y\n  EOT", "  x1\n  x2\n  y\n"),
    "with marks": ("<<EOT\n  a\n\n  ${~ 1 ~}  \n\n  b\nEOT", "  a\n\n1\n  b\n"),
    "with a word that is one of another line": ("<<EOT\nEOT 1\n${1}EOT\n\tEOT ", "EOT 1\n1EOT\n"),
}


@pytest.mark.parametrize(("expression", "expected"), HEREDOCS.values(), ids=HEREDOCS)
def test_heredocs(expression: str, expected: str) -> None:
    assert value(expression) == expected


def test_locals_and_variables_are_worked_out_when_they_are_asked_for() -> None:
    beside = """
variable "environment" { default = "prod" }
variable "nobody_asks" {}
locals {
  name = "${var.environment}-web"
  tags = { name = local.name }
}
"""
    assert value("local.tags", beside) == {"name": "prod-web"}
    assert value("local.tags.name", beside, environment="dev") == "dev-web"


UNKNOWN = {
    "a variable": ("var.tag", "<var.tag>"),
    "in a text": ('"app:${var.tag}"', "app:<var.tag>"),
    "an attribute": ("aws_secretsmanager_secret.db.arn", "<aws_secretsmanager_secret.db.arn>"),
    "with a JSON key": ('"${aws_secretsmanager_secret.db.arn}:KEY::"', "<aws_secretsmanager_secret.db.arn>:KEY::"),
    "a data source": ("data.aws_caller_identity.me.account_id", "<data.aws_caller_identity.me.account_id>"),
    "one of several": ('aws_secretsmanager_secret.each["a"].arn', '<aws_secretsmanager_secret.each["a"].arn>'),
    "a function of it": ("upper(var.tag)", "<upper(var.tag)>"),
    "joined": ('join("/", ["a", var.tag])', "a/<var.tag>"),
    "formatted": ('format("%s:%s", "app", var.tag)', "app:<var.tag>"),
    "a member of it": ("var.service.image", "<var.service.image>"),
    "all of it": ("aws_secretsmanager_secret.each[*].arn", "<aws_secretsmanager_secret.each[*].arn>"),
    "a loop over it": ("[for s in var.tag : s]", "<[for s in var.tag : s]>"),
    "a key of it": ("{a = 1}[var.tag]", "<(a = 1)[var.tag]>"),
    "a name that the file says": ("aws_cloudwatch_log_group.app.name", "/ecs/app"),
    "a name that depends on it": ("aws_cloudwatch_log_group.tagged.name", "/ecs/<var.tag>"),
    "the workspace": ('"${terraform.workspace}-a"', "<terraform.workspace>-a"),
    "what cannot be null": ("aws_secretsmanager_secret.db.arn == null ? 1 : 2", 2),
    "a part that decides": ('"a-${var.tag}" == "" ? 1 : 2', 2),
    "a list of which some is known": ('concat(["a"], var.tag)', ["a", "<var.tag>"]),
}
BESIDE = """
variable "tag" {}
variable "service" {}
resource "aws_secretsmanager_secret" "db" { name = "db" }
resource "aws_secretsmanager_secret" "each" {
  for_each = var.tag
  name     = each.key
}
resource "aws_cloudwatch_log_group" "app" { name = "/ecs/app" }
resource "aws_cloudwatch_log_group" "tagged" { name = "/ecs/${var.tag}" }
"""


@pytest.mark.parametrize(("expression", "expected"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_keeps_the_users_own_expression(expression: str, expected: Any) -> None:
    assert value(expression, BESIDE) == expected


def test_an_unknown_value_has_a_reason_and_a_remedy() -> None:
    symbol = output('output "it" { value = lower(var.tag) }\nvariable "tag" {}\n').unknown
    assert symbol is not None
    assert symbol.reason == "no value given for var.tag"
    assert symbol.remedy == "Pass --parameter tag=VALUE"


def test_an_attribute_knows_its_resource() -> None:
    symbol = output('output "it" { value = aws_secretsmanager_secret.a[0].arn }\n').unknown
    assert symbol is not None
    assert (symbol.type, symbol.attribute) == ("aws_secretsmanager_secret", "[0].arn")


FAILING = {
    "what does not exist": "local.nothing",
    "a member that is not there": "{a = 1}.b",
    "an element that is not there": "[1][1]",
    "division by zero": "1 / 0",
    "null in a text": '"a${null}"',
    "itself": "local.itself",
    "a circle": "local.first",
    "a key twice": '{for s in ["a", "b"] : "k" => s}',
    "a condition that is none": '"a" ? 1 : 2',
    "a name that nothing has": "nothing",
}


@pytest.mark.parametrize("expression", FAILING.values(), ids=FAILING)
def test_where_terraform_stops(expression: str) -> None:
    with pytest.raises(Failed):
        value(expression, "locals {\n itself = local.itself\n first = local.second\n second = local.first\n}\n")


TRIED = {
    "the first that is there": ("try({a = 1}.b, {a = 1}.a, 3)", 1),
    "none": ("can([][0])", False),
    "one": ("can([1][0])", True),
    "an optional member of what nobody knows": ("try(var.s.a, 1)", "<try(var.s.a, 1)>"),
}


@pytest.mark.parametrize(("expression", "expected"), TRIED.values(), ids=TRIED)
def test_try(expression: str, expected: Any) -> None:
    assert value(expression, 'variable "s" {}\n') == expected


def test_json_in_a_heredoc_keeps_its_symbols() -> None:
    made = output(
        """
output "it" {
  value = <<EOT
[{"name": "app", "cpu": ${var.cpu}, "secrets": ${jsonencode([{ name = "A", valueFrom = "${var.arn}:K::" }])},
  "image": "${var.image}:1"}]
EOT
}
variable "cpu" {}
variable "arn" {}
variable "image" {}
"""
    )
    assert decoded(made) == [
        {
            "name": "app",
            "cpu": "<var.cpu>",
            "secrets": [{"name": "A", "valueFrom": "<var.arn>:K::"}],
            "image": "<var.image>:1",
        }
    ]


def test_each_value_has_the_place_of_its_own_text() -> None:
    text = """
output "it" {
  value = <<-EOT
    [
      {"name": "${local.name}",
       "image": "b"}
    ]
  EOT
}
"""
    made = decode(tuple(chunks_of(output(text + 'locals { name = "a" }\n'))))
    container = made.data[0].data
    assert (container["name"].place.line, container["image"].place.line) == (5, 6)
    assert container["image"].place.column == 17


def test_what_is_put_into_json_keeps_its_own_place() -> None:
    text = """
locals {
  web = jsonencode({
    name = "web"
    volumes = var.volumes
  })
}
output "it" { value = "[${join(",", [local.web])}]" }
variable "volumes" {}
"""
    made = decode(tuple(chunks_of(output(text))))
    container = made.data[0].data
    assert (container["name"].place.line, container["volumes"].place.line) == (4, 5)
    assert shown(made) == [{"name": "web", "volumes": "<var.volumes>"}]


def test_each_arm_of_a_condition_is_a_world() -> None:
    found = worlds(
        """
variable "debug" {}
variable "env" {}
output "it" { value = [var.debug ? "a" : "b", var.env != "prod" ? 1 : 2, var.debug && var.env == "prod" ? 3 : 4] }
"""
    )
    assert [(list(asked.values()), made) for asked, made in found] == [
        ([True, True], '["a", 2, 3]'),
        ([True, False], '["a", 1, 4]'),
        ([False, True], '["b", 2, 4]'),
        ([False, False], '["b", 1, 4]'),
    ]
    assert list(found[0][0]) == ["var.debug", 'var.env == "prod"']


def test_a_loop_asks_a_condition_for_each_element() -> None:
    found = worlds('variable "on" {}\noutput "it" { value = [for s in ["a", "b"] : s if var.on[s]] }\n')
    assert sorted(made for _, made in found) == ['["a", "b"]', '["a"]', '["b"]', "[]"]


HOSTILE = {
    "doubled texts": "\n".join(f'a{i} = "${{local.a{i + 1}}}${{local.a{i + 1}}}"' for i in range(60)) + '\na60 = "x"',
    "doubled lists": "\n".join(f"a{i} = concat(local.a{i + 1}, local.a{i + 1})" for i in range(60)) + "\na60 = [1]",
    "loops in loops": "a0 = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]]",
    "a wide number": 'a0 = format("%0999999999d", 1)',
    "a long range": "a0 = range(1000000000)",
    "products": "a0 = setproduct(range(1000), range(1000), range(1000))",
    "a chain": "\n".join(f"a{i} = local.a{i + 1}" for i in range(3000)) + "\na3000 = 1",
    "numbers": "\n".join(f"a{i} = local.a{i + 1} * local.a{i + 1}" for i in range(60)) + "\na60 = 12345",
}


@pytest.mark.parametrize("locals_", HOSTILE.values(), ids=HOSTILE)
def test_takes_no_more_work_than_a_person_writes(locals_: str) -> None:
    text = f'locals {{\n{locals_}\n}}\noutput "it" {{ value = local.a0 }}\n'
    with pytest.raises((Failed, TooMuch, RecursionError)):
        output(text)


def test_a_pattern_that_may_take_long_is_not_worked_out() -> None:
    expression = 'replace("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "/(a+)+$/", "b")'
    assert value(expression).startswith("<replace(")


def test_with_too_many_conditions_each_is_looked_at_both_ways() -> None:
    names = [f"c{number}" for number in range(30)]
    variables = "".join(f'variable "{name}" {{}}\n' for name in names)
    arms = ", ".join(f'var.{name} ? "+{name}" : "-{name}"' for name in names)
    nested = 'var.c0 ? "" : var.inner ? "+inner" : "-inner"'
    whole = project(f'{variables}variable "inner" {{}}\noutput "it" {{ value = [{arms}, {nested}] }}\n')
    node = whole.root.outputs["it"].body.arguments["value"]
    found, exact = explored(lambda session: evaluate(node, Module(whole, session).scope), whole.budget)
    seen = {text for _, made in found for text in shown(made)}
    assert not exact
    assert seen >= {f"{sign}{name}" for name in (*names, "inner") for sign in "+-"}
    assert len(found) < 40
