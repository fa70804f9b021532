"""The note about a cluster that a template does not define, and that may ask for more permissions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

TEMPLATE = """\
Parameters: {Shared: {Type: String}}
Resources:
  Own: {Type: AWS::ECS::Cluster, Properties: {ClusterName: own}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [EC2]
      ContainerDefinitions: [{Name: web, Image: 'nginx:1.27', Memory: 64}]
  Web:
    Type: AWS::ECS::Service
    Properties: {TaskDefinition: !Ref Task, EnableExecuteCommand: ENABLED, Cluster: CLUSTER}
"""
NOTE = "note: Web: its cluster is not in the template"
CLUSTERS = {
    "a parameter": ("!Ref Shared", "true", True),
    "an export": ("!ImportValue shared", "true", True),
    "another name": ("shared", "true", True),
    "the default one": ("!Ref AWS::NoValue", "true", True),
    "without ECS Exec": ("!Ref Shared", "false", False),
    "of the template": ("!Ref Own", "true", False),
    "of the template, by ARN": ("!GetAtt Own.Arn", "true", False),
    "of the template, by name": ("own", "true", False),
}


@pytest.mark.parametrize(("cluster", "enabled", "expected"), CLUSTERS.values(), ids=CLUSTERS)
def test_a_cluster_elsewhere_is_told_where_ecs_exec_is_enabled(
    cfnroles: Any, tmp_path: Path, cluster: str, enabled: str, expected: bool
) -> None:
    source = tmp_path / "t.yaml"
    source.write_text(TEMPLATE.replace("CLUSTER", cluster).replace("ENABLED", enabled))
    assert (NOTE in cfnroles("explain", source).err) is expected


@pytest.mark.parametrize("command", [("verify",), ("inject",), ("build", "-o", "roles")], ids=lambda each: each[0])
def test_each_command_about_roles_tells_it(
    cfnroles: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.yaml").write_text(TEMPLATE.replace("CLUSTER", "!Ref Shared").replace("ENABLED", "true"))
    name, *options = command
    assert NOTE in cfnroles(name, "t.yaml", *options).err
