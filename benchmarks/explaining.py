"""What a large template takes to be explained, beyond the command's own start."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.processes import usage
from benchmarks.row import Row, spelled

SERVICES = 100
SECONDS = 2.0
RUNS = 5

_EXAMPLE = Path(__file__).parent.parent / "examples" / "shop.json"


def rows() -> Iterator[Row]:
    """A template of four resources for each of a hundred services."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "template.json"
        path.write_text(json.dumps(_template(), indent=1))
        size = path.stat().st_size / 1e6
        pairs = [(_explain(path), _explain(_EXAMPLE)) for _ in range(RUNS)]
    mine, start = (statistics.median(column) for column in zip(*pairs, strict=True))
    beyond = statistics.median(one - other for one, other in pairs)
    what = f"`cfnroles explain`, {4 * SERVICES} resources, {size:.1f} MB"
    base = f"a task definition, {spelled(start)}"
    yield Row(what, spelled(mine), base, f"{beyond:.2f} s more", f"< {SECONDS:.0f} s more", beyond < SECONDS)


def _explain(source: Path) -> float:
    return usage([sys.executable, "-m", "cfnroles", "explain", str(source)]).seconds


def _template() -> dict[str, Any]:
    resources: dict[str, Any] = {}
    for number in range(SERVICES):
        name, group = f"/app/{number}", {"Ref": f"Logs{number}"}
        resources[f"Secret{number}"] = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": name}}
        resources[f"Logs{number}"] = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}}
        resources[f"Task{number}"] = {"Type": "AWS::ECS::TaskDefinition", "Properties": _task(number, group)}
        service = {"TaskDefinition": {"Ref": f"Task{number}"}, "EnableExecuteCommand": True}
        resources[f"Service{number}"] = {"Type": "AWS::ECS::Service", "Properties": service}
    return {"Resources": resources}


def _task(number: int, group: dict[str, str]) -> dict[str, Any]:
    options = {"awslogs-group": group, "awslogs-region": {"Ref": "AWS::Region"}, "awslogs-stream-prefix": "web"}
    host = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com"
    ssm = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
    secrets = [{"Name": f"P{each}", "ValueFrom": {"Fn::Sub": f"{ssm}/app/{number}/{each}"}} for each in range(5)]
    container = {
        "Name": "web",
        "Image": {"Fn::Sub": f"{host}/app{number}:1"},
        "Environment": [{"Name": f"V{each}", "Value": f"value {each} of {number}"} for each in range(80)],
        "Secrets": [{"Name": "S", "ValueFrom": {"Ref": f"Secret{number}"}}, *secrets],
        "LogConfiguration": {"LogDriver": "awslogs", "Options": options},
    }
    return {"Family": f"app{number}", "ContainerDefinitions": [container]}
