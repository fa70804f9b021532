"""Parameters whose values make no difference to roles."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles.sources.idle_parameters import is_idle
from cfnroles.template.template import Template, checked

GIVEN = {"Ref": "P"}
JOINED = {"Fn::Join": ["", ["https://", GIVEN]]}


def variable(name: Any, value: Any = GIVEN) -> dict[str, Any]:
    return {"ContainerDefinitions": [{"Name": "web", "Environment": [{"Name": name, "Value": value}]}]}


PROPERTIES: dict[str, tuple[dict[str, Any], bool]] = {
    "a variable of the application": (variable("LOG_LEVEL"), True),
    "in a longer value": (variable("API", JOINED), True),
    "under a condition": (variable("API", {"Fn::If": ["C", GIVEN, "x"]}), True),
    "a file of the log router": (variable("aws_fluent_bit_init_s3_1"), False),
    "a mesh": (variable("APPMESH_RESOURCE_ARN"), False),
    "a variable of an unknown name": (variable(GIVEN), False),
    "a secret": ({"ContainerDefinitions": [{"Secrets": [{"Name": "A", "ValueFrom": GIVEN}]}]}, False),
    "a tag": ({"Tags": [{"Key": "team", "Value": GIVEN}]}, True),
    "an address": ({"CidrBlock": GIVEN}, True),
    "a setting of the cluster": ({"ClusterSettings": [{"Name": "containerInsights", "Value": GIVEN}]}, True),
    "the name of the cluster": ({"ClusterName": GIVEN}, False),
    "also in a secret": ({"Tags": [{"Key": "team", "Value": GIVEN}], "Secrets": [GIVEN]}, False),
}


@pytest.mark.parametrize(("properties", "expected"), PROPERTIES.values(), ids=PROPERTIES)
def test_a_parameter_is_idle_where_no_value_of_it_changes_a_permission(
    properties: dict[str, Any], expected: bool
) -> None:
    resource = {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}
    template = checked(
        Template("t.yaml", "", {"Parameters": {"P": {"Type": "String"}}, "Resources": {"Task": resource}})
    )
    assert is_idle("P", template) is expected
