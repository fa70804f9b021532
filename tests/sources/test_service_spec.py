"""What a spec says of a service reaches the rows of the table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from cfnroles import read

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
