"""Every property of the resources of ECS is a member of the API that the table knows, by the same name or another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest
import yaml

from cfnroles.sources.members import TEXT, recorded, structure
from cfnroles.sources.template_task_definitions import task_definitions
from cfnroles.sources.unknown_members import unknown_members
from cfnroles.template.template import read_template
from tests.ecs_model import PROPERTIES, properties_record

RECORD = json.loads(PROPERTIES.read_text(encoding="utf-8"))
TYPES = [name for name in RECORD if name.startswith("AWS::")]

#: The operations that take what a resource's properties say.
OPERATIONS = {
    "AWS::ECS::CapacityProvider": ("CreateCapacityProvider",),
    "AWS::ECS::Cluster": ("CreateCluster",),
    "AWS::ECS::ClusterCapacityProviderAssociations": ("PutClusterCapacityProviders",),
    "AWS::ECS::Daemon": ("CreateDaemon",),
    "AWS::ECS::DaemonTaskDefinition": ("RegisterDaemonTaskDefinition",),
    "AWS::ECS::ExpressGatewayService": ("CreateExpressGatewayService",),
    "AWS::ECS::Gateway": ("CreateGateway",),
    "AWS::ECS::GatewayClusterAssociations": ("AssociateGatewayWithCluster",),
    "AWS::ECS::PrimaryTaskSet": ("UpdateServicePrimaryTaskSet",),
    "AWS::ECS::Service": ("CreateService", "UpdateService"),
    "AWS::ECS::TaskDefinition": ("RegisterTaskDefinition",),
    "AWS::ECS::TaskSet": ("CreateTaskSet",),
}
#: What CloudFormation calls otherwise than the API does, beyond capitals.
RENAMED = {
    "AWS::ECS::CapacityProvider": {"ClusterName": "cluster"},
    "AWS::ECS::Cluster": {"ClusterSettings[]": "settings[]"},
    "AWS::ECS::Gateway": {"GatewayName": "name"},
    "AWS::ECS::PrimaryTaskSet": {"TaskSetId": "primaryTaskSet"},
    "AWS::ECS::Service": {
        "PlacementStrategies[]": "placementStrategy[]",
        "ForceNewDeployment.EnableForceNewDeployment": "forceNewDeployment",
    },
    "AWS::ECS::TaskDefinition": {
        "ProxyConfiguration.ProxyConfigurationProperties[]": "proxyConfiguration.properties[]",
    },
}
#: What the API does not have.
OWN = {
    "AWS::ECS::Service": {"ForceNewDeployment.ForceNewDeploymentNonce": "any text: a new one makes a new deployment"},
}

each_type = pytest.mark.parametrize("kind", OPERATIONS)


def unlike_the_api(kind: str, properties: Sequence[str]) -> list[str]:
    """The properties of a resource that are no member of what ECS takes."""
    members = {path.lower() for operation in OPERATIONS[kind] for path in recorded()["takes"][operation]}
    return [
        name for name in properties if _spelled(kind, name).lower() not in members and name not in OWN.get(kind, ())
    ]


def _spelled(kind: str, name: str) -> str:
    for given, member in RENAMED.get(kind, {}).items():
        name = name.replace(given, member)
    return name


def test_each_type_of_resource_is_looked_at() -> None:
    assert [*OPERATIONS] == TYPES


@each_type
def test_each_property_is_a_member_of_the_api(kind: str) -> None:
    assert unlike_the_api(kind, RECORD[kind]) == [], "CloudFormation has properties that are no member of the API"


@pytest.mark.parametrize("known", [RENAMED, OWN], ids=["renamed", "of CloudFormation alone"])
def test_what_is_spelled_otherwise_is_there(known: Mapping[str, Mapping[str, str]]) -> None:
    for kind, names in known.items():
        for name in names:
            assert [path for path in RECORD[kind] if path.startswith(name)], f"{kind} has no {name}"


def test_a_property_that_a_resource_gains_is_noticed() -> None:
    schema = {
        "properties": {"Family": {"type": "string"}, "Volumes": {"items": {"$ref": "#/definitions/Volume"}}},
        "definitions": {
            "Volume": {"properties": {"Name": {}, "Options": {"type": "object"}, "Identity": {"properties": {"A": {}}}}}
        },
        "readOnlyProperties": ["/properties/Volumes/*/Identity"],
    }
    kind = "AWS::ECS::TaskDefinition"
    (properties,) = properties_record({kind: schema}).values()
    assert properties == ["Family", "Volumes[].Name", "Volumes[].Options"]
    assert unlike_the_api(kind, properties) == ["Volumes[].Options"]


@pytest.mark.parametrize("kind", ["AWS::ECS::TaskDefinition", "AWS::ECS::ExpressGatewayService"])
def test_the_reader_of_templates_knows_each_property_of_what_tasks_are_made_of(kind: str) -> None:
    properties = structure(dict.fromkeys(RECORD[kind], TEXT))
    resource = {"Type": kind, "Properties": properties}
    stack = read_template(yaml.safe_dump({"Resources": {"Task": resource}}), "t.yaml").resolve()
    (task,) = task_definitions(stack, "t.yaml")
    gaps, _ = unknown_members(task.workload, task.workload.settings)
    assert [gap.what for gap in gaps if "member" in gap.what] == []
