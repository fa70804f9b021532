"""Where a template names roles: every property of CloudFormation for one is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfnroles.document import parse
from cfnroles.sources.role_places import SERVICE_ROLES, given_at, own_places
from cfnroles.sources.template_task_types import CAPACITY_PROVIDER, SERVICE, TASKS

PROPERTIES = Path(__file__).parents[1] / "table" / "ecs" / "properties.json"
RECORD = json.loads(PROPERTIES.read_text(encoding="utf-8"))
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
CLASSIC = "Role"


def _roles(kind: str) -> set[str]:
    return {path for path in RECORD[kind] if path.endswith(("RoleArn", "InstanceProfileArn")) or path == CLASSIC}


def _template(kind: str, properties: str = "{}") -> Any:
    return parse(f"Resources: {{Web: {{Type: {kind}, Properties: {properties}}}}}", "t.yaml")


def test_every_role_of_a_service_is_known() -> None:
    assert _roles(SERVICE) == {f"{pattern}.RoleArn" for pattern in SERVICE_ROLES} | {CLASSIC}


@pytest.mark.parametrize("kind", TASKS)
def test_every_role_of_what_a_task_is_made_of_is_known(kind: str) -> None:
    whole = "{ManagedInstancesProvider: {InstanceLaunchTemplate: {}}}" if kind == CAPACITY_PROVIDER else "{}"
    assert {place.property for place in own_places("Web", _template(kind, whole))} == _roles(kind)


def test_a_service_in_express_mode_that_is_given_a_task_definition_has_one_role() -> None:
    places = own_places("Web", _template("AWS::ECS::ExpressGatewayService", "{TaskDefinitionArn: x}"))
    assert [place.path[-1] for place in places] == ["InfrastructureRoleArn"]


@pytest.mark.parametrize(
    ("properties", "given"),
    [("{}", None), ("{ExecutionRoleArn: !Ref AWS::NoValue}", None), ("{ExecutionRoleArn: a}", "a"), ("5", None)],
    ids=["nothing", "no value", "a role", "no mapping"],
)
def test_what_names_a_role_already(properties: str, given: Any) -> None:
    tree = _template(TASKS[0], properties)
    assert given_at(own_places("Web", tree)[0], tree) == given
