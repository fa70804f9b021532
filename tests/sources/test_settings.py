"""Settings beside the task definition: from a service's description and from options, which prevail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Document, Reading, Told, build, read
from cfnroles.errors import InvalidInput
from cfnroles.sources.settings import create_service, read_service, with_settings
from cfnroles.workload import Workload

SERVICE = {"serviceName": "shop", "taskDefinition": "shop:1", "launchType": "EC2"}


@pytest.mark.parametrize(
    "document",
    [SERVICE, {"services": [SERVICE], "failures": []}, {"service": SERVICE}],
    ids=["input", "answer", "made"],
)
def test_a_service_is_what_the_api_takes_or_answers(document: Any) -> None:
    assert read_service(json.dumps(document), "service.json") == SERVICE


CONNECT = {"enabled": True, "services": [{"portName": "web"}]}


@pytest.mark.parametrize(
    ("described", "told"),
    [
        pytest.param({}, {"serviceConnectConfiguration": CONNECT}, id="of the deployment that stays"),
        pytest.param(
            {"serviceConnectConfiguration": {"enabled": False}},
            {"serviceConnectConfiguration": {"enabled": False}},
            id="the service's own first",
        ),
        pytest.param({"deployments": []}, {}, id="none"),
        pytest.param({"deployments": {"status": "PRIMARY"}}, {}, id="no list"),
    ],
)
def test_what_only_deployments_are_answered_with_is_the_services(described: Any, told: Any) -> None:
    deployments = [
        {"status": "ACTIVE", "volumeConfigurations": [{"name": "old"}]},
        {"status": "PRIMARY", "desiredCount": 2, "launchType": "FARGATE", "serviceConnectConfiguration": CONNECT},
    ]
    answer = {**SERVICE, "deployments": deployments, "events": [], **described}
    settings = read_service(json.dumps({"services": [answer]}), "service.json")
    assert create_service(settings) == {**SERVICE, **told}


@pytest.mark.parametrize("document", [{}, [], {"services": [SERVICE, SERVICE]}, {"containerDefinitions": []}])
def test_anything_else_is_refused(document: Any) -> None:
    with pytest.raises(InvalidInput, match="is not the definition of one service"):
        read_service(json.dumps(document), "service.json")


def test_options_prevail_and_each_setting_tells_where_it_is_from() -> None:
    workload = Workload("task.json", {"family": "shop"})
    service = Document("service.json", json.dumps(SERVICE))
    told = Told(launch_type="FARGATE", execute_command_bucket="b/p", guard_duty=True)
    found = with_settings(workload, service, told)
    assert found.launch_types == ("FARGATE",)
    assert found.tree["service"]["enableExecuteCommand"] is True
    assert found.at(("cluster", "configuration", "executeCommandConfiguration", "logConfiguration")) == {
        "s3BucketName": "b",
        "s3KeyPrefix": "p",
    }
    assert found.tree["account"] == {"guardDutyActivate": "on"}
    assert found.origin(("service", "launchType")).document == "service.json"
    assert found.origin(("cluster", "configuration")).document == "command line"


def test_without_settings_nothing_stands_beside_the_task_definition() -> None:
    workload = Workload("task.json", {"family": "shop"})
    assert with_settings(workload, None, Told()).tree == {"family": "shop"}


GREEN = "arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT_ID}:targetgroup/green/{GREEN_ID}"


def balanced(tmp_path: Path, **told: Any) -> Reading:
    service = {**SERVICE, "loadBalancers": [{"advancedConfiguration": {"alternateTargetGroupArn": GREEN}}]}
    (tmp_path / "service.json").write_text(json.dumps(service))
    container = {"name": "web", "image": "web:{TAG}"}
    (tmp_path / "task.json").write_text(json.dumps({"family": "shop", "containerDefinitions": [container]}))
    return read(tmp_path / "task.json", Told(service_file=str(tmp_path / "service.json"), **told))


def test_placeholders_of_a_service_are_symbols_like_those_of_its_task_definition(tmp_path: Path) -> None:
    reading = balanced(tmp_path)
    group = "arn:aws:elasticloadbalancing:${AWS::Region}:${AWS::AccountId}:targetgroup/green/${GreenId}"
    assert group in {need.permission.resource for need in reading.task().discovery.needs}
    roles = json.loads(build(reading, format="json").files["shop-roles.json"])
    assert "GreenId" in roles["Parameters"]
    assert "Tag" not in roles["Parameters"]


def test_values_fill_both_documents(tmp_path: Path) -> None:
    reading = balanced(tmp_path, values={"GREEN_ID": "2", "TAG": "1"})
    assert any(need.permission.resource.endswith("green/2") for need in reading.task().discovery.needs)
    with pytest.raises(InvalidInput, match="no placeholder is named NOPE"):
        balanced(tmp_path, values={"NOPE": "2"})
