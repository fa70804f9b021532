"""Statements for a configuration of Terraform, whatever values a policy has."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles.symbols import Expression
from cfnroles.targets.terraform.pasted_statements import expression, is_elsewhere


@pytest.mark.parametrize(
    ("value", "written"),
    [("eu-west-1", '"eu-west-1"'), (True, "true"), (3600, "3600")],
    ids=["a string", "a Boolean of a condition", "a number of a condition"],
)
def test_a_value_of_a_policy_is_an_expression(value: Any, written: str) -> None:
    assert expression(value) == written


@pytest.mark.parametrize(("name", "elsewhere"), [("terraform.workspace", False), ("var.stage", True)])
def test_the_workspace_is_the_same_in_each_module(name: str, elsewhere: bool) -> None:
    symbol = Expression(f"module.m.{name}", written=f"${{{name}}}", reason="")
    assert is_elsewhere(symbol, "module.other.") is elsewhere
