"""The fields of a service in a spec reach the rows of the table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from cfnroles import read
from cfnroles.errors import InvalidInput

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
LOGS = {"awslogs-group": "/ecs/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"}


def needs(directory: Path, *containers: dict[str, Any], **service: Any) -> set[str]:
    named = [{"name": f"c{number}", "image": "nginx", **each} for number, each in enumerate(containers)]
    (directory / "web.json").write_text(json.dumps({"family": "web", "containerDefinitions": named}))
    keys = {key.replace("_", "-"): value for key, value in service.items()}
    spec = {
        "project": "shop",
        "account": "123456789012",
        "region": "us-east-1",
        "services": {"web": {"task-definition": "web.json", **keys}},
    }
    path = directory / "cfnroles.yaml"
    path.write_text(yaml.safe_dump(spec))
    (task,) = read(path).accepted()
    return {f"{need.holder}: {need.permission}" for need in task.discovery.needs}


def awslogs(group: str) -> dict[str, Any]:
    return {"logConfiguration": {"logDriver": "awslogs", "options": {**LOGS, "awslogs-group": group}}}


def test_the_key_of_log_groups_is_granted_for_those_that_are_made(tmp_path: Path) -> None:
    groups = {"kms-key": KEY, "existing": "/ecs/old"}
    found = needs(tmp_path, awslogs("/ecs/web"), awslogs("/ecs/old"), log_groups=groups)
    keyed = [need for need in found if need.startswith("execution role: kms:Encrypt on")]
    assert len(keyed) == 1
    assert "log-group:/ecs/web" in keyed[0]


def test_the_key_of_destinations_is_the_task_roles(tmp_path: Path) -> None:
    options = {"Name": "firehose", "region": "us-east-1", "delivery_stream": "s"}
    router = {"logConfiguration": {"logDriver": "awsfirelens", "options": options}}
    found = needs(tmp_path, router, kms_keys={"destinations": KEY})
    assert f"task role: kms:Decrypt on {KEY}, kms:ViaService StringEquals firehose.us-east-1.amazonaws.com" in found


def test_a_file_system_is_of_the_account_that_the_spec_tells(tmp_path: Path) -> None:
    task = {"family": "web", "containerDefinitions": [{"name": "web", "image": "nginx"}]}
    mounted = {"fileSystemId": "fs-0a", "transitEncryption": "ENABLED", "authorizationConfig": {"iam": "ENABLED"}}
    volumes = [{"name": "data", "efsVolumeConfiguration": mounted}]
    (tmp_path / "web.json").write_text(json.dumps({**task, "volumes": volumes}))
    spec = {"project": "shop", "account": "123456789012", "region": "us-east-1"}
    told = {
        "defaults": {"efs-accounts": {"fs-0a": "210987654321"}},
        "services": {"web": {"task-definition": "web.json"}},
    }
    (tmp_path / "cfnroles.yaml").write_text(yaml.safe_dump({**spec, **told}))
    (task,) = read(tmp_path / "cfnroles.yaml").accepted()
    resources = {str(need.permission.resource) for need in task.discovery.needs}
    assert resources == {"arn:aws:elasticfilesystem:us-east-1:210987654321:file-system/fs-0a"}


LOAD_BALANCED = {
    "serviceName": "web",
    "taskDefinition": "web",
    "launchType": "EC2",
    "loadBalancers": [
        {
            "targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/blue/1",
            "advancedConfiguration": {
                "alternateTargetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/green/2"
            },
        }
    ],
    "volumeConfigurations": [{"name": "data", "managedEBSVolume": {"snapshotId": "snap-1"}}],
}


def test_a_service_is_described_by_what_create_service_takes(tmp_path: Path) -> None:
    (tmp_path / "service.json").write_text(json.dumps(LOAD_BALANCED))
    found = needs(tmp_path, {}, service="service.json")
    assert any("RegisterTargets on" in need and "targetgroup/green/2" in need for need in found)
    assert any("snapshot/snap-1" in need for need in found)


def test_the_keys_of_the_spec_prevail_and_each_setting_tells_where_it_is_from(tmp_path: Path) -> None:
    (tmp_path / "service.json").write_text(json.dumps(LOAD_BALANCED))
    found = needs(tmp_path, {}, service="service.json", volumes=[{"name": "data", "snapshot": "snap-2"}])
    assert any("snapshot/snap-2" in need for need in found)
    assert not any("snapshot/snap-1" in need for need in found)
    (task,) = read(tmp_path / "cfnroles.yaml").accepted()
    documents = {need.reason.feature: Path(need.origin.document).name for need in task.discovery.needs}
    assert documents["managed-volume-snapshot"] == "cfnroles.yaml"
    assert documents["load-balancer-targets"] == "service.json"


def test_a_description_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="does not exist"):
        needs(tmp_path, {}, service="nowhere.json")


@pytest.mark.parametrize(
    ("run_by", "roles"),
    [
        ("scheduler", {"scheduler role"}),
        (["event-rule", "state-machine"], {"event rule role", "state machine role"}),
        (["pipe"], {"pipe role"}),
        ({"scheduler": True, "event-rule": False}, {"scheduler role"}),
        ({"state-machine": {"cluster": "batch", "sync": True}}, {"state machine role"}),
    ],
)
def test_what_runs_a_task_is_told_by_name_or_with_options(tmp_path: Path, run_by: Any, roles: set[str]) -> None:
    found = needs(tmp_path, {}, run_by=run_by)
    assert {need.partition(":")[0] for need in found} == roles
    waits = isinstance(run_by, dict) and "state-machine" in run_by
    assert any("events:PutRule" in need for need in found) is waits
    assert any("ecs:cluster" in need for need in found) is waits


def test_a_runner_stands_where_it_is_named(tmp_path: Path) -> None:
    needs(tmp_path, {}, run_by=["event-rule", "scheduler"])
    (task,) = read(tmp_path / "cfnroles.yaml").accepted()
    places = {str(need.holder): need.origin.pointer for need in task.discovery.needs}
    assert places == {"event rule role": "services.web.run-by[0]", "scheduler role": "services.web.run-by[1]"}


def test_a_capacity_provider_is_described_by_what_ecs_takes(tmp_path: Path) -> None:
    network = {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}
    described = {
        "cluster": "c",
        "managedInstancesProvider": {"instanceLaunchTemplate": {"networkConfiguration": network}},
    }
    (tmp_path / "provider.json").write_text(json.dumps(described))
    found = needs(tmp_path, {}, capacity_provider="provider.json")
    assert {need.partition(":")[0] for need in found} == {"managed instances role", "instance role"}


@pytest.mark.parametrize(
    ("text", "told"),
    [(None, "does not exist"), ('{"name": "x"}', "not a Managed Instances capacity provider")],
    ids=["absent", "of another kind"],
)
def test_another_document_is_no_capacity_provider(tmp_path: Path, text: str | None, told: str) -> None:
    if text:
        (tmp_path / "provider.json").write_text(text)
    with pytest.raises(InvalidInput, match=told):
        needs(tmp_path, {}, capacity_provider="provider.json")
