"""Every property of the resources of ECS is a member of the API that the table knows, by the same name or another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from cfnroles.discovery import discover
from cfnroles.document import Document
from cfnroles.sources.members import TEXT, recorded, structure
from cfnroles.sources.template_task_definitions import task_definitions
from cfnroles.sources.template_tasks import in_worlds
from cfnroles.sources.unknown_members import unknown_members
from cfnroles.table.ecs import FEATURES
from cfnroles.table.examples import FACTS, example_workload
from cfnroles.table.feature import Feature
from cfnroles.template.given import NOTHING_GIVEN
from cfnroles.template.template import read_template
from cfnroles.text import Text
from cfnroles.workload import EXPRESS, Workload
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


#: Where the members of a workload are in a template.
RESOURCES = {
    "service": ("Service", "AWS::ECS::Service"),
    "cluster": ("Cluster", "AWS::ECS::Cluster"),
    "": ("Task", "AWS::ECS::TaskDefinition"),
}
BESIDE: dict[str, dict[str, Any]] = {
    "Service": {"TaskDefinition": {"Ref": "Task"}, "Cluster": {"Ref": "Cluster"}},
    "Cluster": {},
    "Task": {},
}


def in_cloudformation(kind: str, given: Any, path: str = "") -> Any:
    """A member of the API as CloudFormation spells it; raises LookupError for one that it does not have."""
    if isinstance(given, list):
        return [in_cloudformation(kind, each, f"{path}[]") for each in given]
    if not isinstance(given, dict) or path in RECORD[kind]:
        return given  # what is a map has keys of the user's own
    members = {}
    for name, value in given.items():
        inner = f"{path}.{name}".lstrip(".")
        spelled = next(
            (
                each
                for known in RECORD[kind]
                for each in (".".join(known.split(".")[: inner.count(".") + 1]).removesuffix("[]"),)
                if _spelled(kind, each).lower() == _spelled(kind, inner).lower()
            ),
            None,
        )
        if spelled is None:
            raise LookupError(f"{kind} has no {inner}")
        members[spelled.rpartition(".")[2]] = in_cloudformation(kind, value, spelled)
    return members


def template_of(workload: Workload) -> dict[str, Any]:
    """A template with a task definition, and the service and the cluster that run it."""
    trees: dict[str, dict[str, Any]] = {root: {} for root in RESOURCES}
    for name, value in workload.tree.items():
        root = name if name in RESOURCES else ""
        trees[root] |= value if root else {name: value}
    return {
        "Resources": {
            logical_id: {"Type": kind, "Properties": {**in_cloudformation(kind, trees[root]), **BESIDE[logical_id]}}
            for root, (logical_id, kind) in RESOURCES.items()
        }
    }


#: What is not part of a template's task definition, its service or its cluster.
ELSEWHERE = ("account", "capacityProvider", EXPRESS, "gateway", "runBy", "runTask")


def stands_in_templates(feature: Feature) -> bool:
    """Whether a template can say what the example says; a placeholder means something else there."""
    fields = {feature.field: feature.example, **dict(feature.beside)}
    return not any(name.startswith(ELSEWHERE) or isinstance(value, Text) for name, value in fields.items())


IN_TEMPLATES = [feature for feature in FEATURES if stands_in_templates(feature)]


@pytest.mark.parametrize("feature", IN_TEMPLATES, ids=lambda feature: feature.name)
def test_each_example_is_found_in_a_template_too(feature: Feature) -> None:
    # For a secret whose key is not given, both agree.
    facts = replace(FACTS, kms_key_arns=())
    workload = example_workload(feature)
    template = template_of(workload)
    # A container without an image is a gap in a template.
    for container in template["Resources"]["Task"]["Properties"].get("ContainerDefinitions", ()):
        container.setdefault("Image", "nginx")
    text = yaml.safe_dump(template)
    found = in_worlds("Task", Document("t.yaml", text), read_template(text, "t.yaml"), (facts, NOTHING_GIVEN))
    alone = discover(workload, facts)
    assert {str(need.permission) for need in found.needs} == {str(need.permission) for need in alone.needs}
    assert {gap.feature for gap in found.gaps} == {gap.feature for gap in alone.gaps}
