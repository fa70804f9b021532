"""Statements for a configuration of Terraform, whatever values a policy has."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles.targets.terraform.pasted_statements import expression


@pytest.mark.parametrize(
    ("value", "written"),
    [("eu-west-1", '"eu-west-1"'), (True, "true"), (3600, "3600")],
    ids=["a string", "a Boolean of a condition", "a number of a condition"],
)
def test_a_value_of_a_policy_is_an_expression(value: Any, written: str) -> None:
    assert expression(value) == written
