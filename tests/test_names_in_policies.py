"""A name never means more in a policy than it says: no wildcard, no variable, nothing that CloudFormation fills."""

from __future__ import annotations

from tests.hostile_values import everywhere, string_fields, task_definitions


def test_each_string_of_a_task_definition_is_planted() -> None:
    planted = {each.field for each in task_definitions(["*"])}
    for field in string_fields():
        assert field in planted or (field.endswith(".*") and any(each.startswith(field[:-1]) for each in planted))
    assert str(everywhere("*")).count("x*") == len(string_fields()) >= 90
