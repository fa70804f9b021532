"""Values that are equal with all their places are one object; others are not."""

from __future__ import annotations

import pytest

from cfnroles.hcl.evaluator import evaluate
from cfnroles.hcl.module import Module
from cfnroles.hcl.same_values import SameValues
from cfnroles.hcl.session import Budget, Session
from cfnroles.hcl.syntax import Place
from cfnroles.hcl.values import Value
from tests.evaluated import output, project

FILE = """
variable "tag" {}
output "it" { value = VALUE }
resource "aws_sqs_queue" "jobs" { name = "jobs" }
"""


def written(value: str) -> Value:
    return output(FILE.replace("VALUE", value))


@pytest.mark.parametrize(
    "value",
    ['"a"', "1", "true", "null", '"${var.tag}-a"', '["a", {b = var.tag}]', "jsonencode([{a = [1]}])", "toset([1])"],
)
def test_equal_values_are_one(value: str) -> None:
    same = SameValues()
    one, again = same.seen(written(value)), same.seen(written(value))
    assert one.value is not again.value
    assert one.one is again.one
    assert again.fixed


@pytest.mark.parametrize(
    ("value", "other"),
    [
        ('"1"', "1"),
        ("1", "true"),
        ("[1, 2]", "[2, 1]"),
        ("{a = 1}", "{b = 1}"),
        ("[1]", "toset([1])"),
        ("[[1]]", "jsonencode([[1]])"),
        ('"a"', ' "a"'),
        ('"${var.tag}"', '"${var.other}"'),
    ],
)
def test_other_values_are_not(value: str, other: str) -> None:
    same = SameValues()
    assert same.seen(written(value)).one is not same.seen(written(other)).one


def test_a_text_with_another_place_of_a_part_is_another_value() -> None:
    same, place = SameValues(), Place("main.tf", 1, 1)
    one, other = (Value("ab", place, (("a", place), ("b", Place("main.tf", line, 1)))) for line in (1, 2))
    assert same.seen(one).one is not same.seen(other).one


def test_a_value_that_each_pass_computes_on_demand_is_not_fixed() -> None:
    module = Module(project(FILE.replace("VALUE", "[aws_sqs_queue.jobs]")), Session(Budget()))
    found = evaluate(module.configuration.outputs["it"].body.arguments["value"], module.scope)
    assert not SameValues().seen(found).fixed
