"""Names for what is added to a template: never one that it has or that its loops may make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cfnroles.template.logical_ids import LogicalIds


def loop(name: str) -> Mapping[str, Any]:
    return {"Resources": {"Fn::ForEach::Each": ["X", ["A", "B"], {name: {"Type": "AWS::SQS::Queue"}}]}}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        pytest.param({}, "TaskRole", id="what is wanted is free"),
        pytest.param({"Resources": {"TaskRole": {}}}, "TaskRole2", id="a resource has it"),
        pytest.param({"Parameters": {"TaskRole": {}, "TaskRole2": {}}}, "TaskRole3", id="parameters have it"),
        pytest.param({"Conditions": {"TaskRole": {}}}, "TaskRole2", id="a condition has it"),
        pytest.param({"Outputs": {"TaskRole": {}}}, "TaskRole", id="an output may be called like a resource"),
        pytest.param(loop("Task${X}"), "CfnrolesTaskRole", id="a loop may make it"),
        pytest.param(loop("Task&{X}"), "CfnrolesTaskRole", id="a loop may make it, of letters and digits only"),
        pytest.param(loop("${X}Role"), "TaskRole2", id="a loop may make what ends like it"),
        pytest.param(loop("Other${X}"), "TaskRole", id="a loop makes others"),
        pytest.param({"Resources": {"Fn::ForEach::Each": "unreadable"}}, "TaskRole", id="a loop that is none"),
        pytest.param({"Resources": ["TaskRole"]}, "TaskRole", id="a section that is none"),
    ],
)
def test_a_name_that_is_free(tree: Mapping[str, Any], expected: str) -> None:
    assert LogicalIds(tree).new("TaskRole") == expected


def test_no_name_is_given_out_twice() -> None:
    ids = LogicalIds({})
    assert [ids.new("Web.TaskRole") for _ in range(3)] == ["WebTaskRole", "WebTaskRole2", "WebTaskRole3"]
    assert len({ids.new("x" * 300) for _ in range(20)}) == 20
    assert max(map(len, (ids.new("x" * 300) for _ in range(3)))) <= 255
