"""Settings beside the task definition that no row knows: told where they stand, and never left out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfnroles import Document, Told
from cfnroles.sources.settings import with_settings
from cfnroles.sources.unknown_members import unknown_members
from cfnroles.workload import Workload

SERVICE = {
    "serviceName": "shop",
    "taskDefinition": "shop:1",
    "loadBalancers": [{"targetGroupArn": "x", "advancedConfiguration": {"roleArn": "r"}}],
    "gatewayConnectors": [{"portName": "web", "healthCheck": {"healthCheckPath": "/"}}],
    "deploymentConfiguration": {"lifecycleHooks": [{"hookTargetArn": "x", "hookDetails": {"anything": [1]}}]},
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"]}},
    "deployments": [{"id": "x", "anything": {}}],
}


def unknown(**members: Any) -> list[str]:
    service = Document("service.json", json.dumps({**SERVICE, **members}))
    workload = with_settings(Workload("task.json", {"family": "shop"}), service, Told(execute_command_bucket="b"))
    gaps, findings = unknown_members(workload, {"family", *workload.settings})
    assert [gap.origin for gap in gaps] == [finding.origin for finding in findings]
    assert all(gap.origin.document == "service.json" for gap in gaps)
    return [gap.origin.pointer for gap in gaps]


def test_what_ecs_takes_and_answers_about_a_service_is_known() -> None:
    assert unknown() == []


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"somethingNew": {"roleArn": "r"}}, "service.somethingNew"),
        (
            {"loadBalancers": [{"advancedConfiguration": {"mirrorRule": "r"}}]},
            "service.loadBalancers[0].advancedConfiguration.mirrorRule",
        ),
        (
            {"serviceConnectConfiguration": {"services": [{"mtls": {}}]}},
            "service.serviceConnectConfiguration.services[0].mtls",
        ),
    ],
)
def test_what_no_row_knows_is_a_gap_where_it_stands(members: dict[str, Any], pointer: str) -> None:
    assert unknown(**members) == [pointer]
