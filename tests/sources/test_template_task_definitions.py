"""Task definitions of templates, in the API's spelling."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from cfnroles.sources.members import MEMBERS
from cfnroles.sources.template_task_definitions import (
    ACCOUNT,
    REGION,
    Names,
    TemplateTask,
    task_definitions,
    unnamed,
)
from cfnroles.template.template import read_template

HEAD = "Parameters: {Given: {Type: String}, Empty: {Type: String, Default: ''}}\nResources:\n"
RESOURCES = """\
  Secret: {Type: AWS::SecretsManager::Secret}
  Bucket: {Type: AWS::S3::Bucket}
  Repository: {Type: AWS::ECR::Repository}
"""


def read(properties: str, conditions: str = "") -> tuple[TemplateTask, Names]:
    task = f"  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties: {properties}\n"
    stack = read_template(conditions + HEAD + RESOURCES + task, "t.yaml").resolve({}, ACCOUNT, REGION)
    names = Names(stack)
    (found,) = task_definitions(stack, "t.yaml", names)
    return found, names


def tree(properties: str) -> Any:
    task, _ = read(properties)
    return task.workload.tree


def cloudformation(member: Any) -> Any:
    """A member as CloudFormation spells it, written down here once more for those that it calls otherwise."""
    if isinstance(member, dict):
        return {_RENAMED.get(name, name[0].upper() + name[1:]): cloudformation(kind) for name, kind in member.items()}
    return [cloudformation(member[0])] if isinstance(member, list) else member


_RENAMED = {
    "efsVolumeConfiguration": "EFSVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration": "FSxWindowsFileServerVolumeConfiguration",
    "iam": "IAM",
}
_VALUES = {"text": "a text", "number": 7, "truth value": True, "map": {"a-Key": "kept"}}


def valued(member: Any) -> Any:
    if isinstance(member, dict):
        return {name: valued(kind) for name, kind in member.items()}
    return [valued(member[0])] if isinstance(member, list) else _VALUES[member]


def test_every_member_comes_back_under_its_own_name() -> None:
    properties = valued(cloudformation(dict(MEMBERS)))
    proxy = properties["ProxyConfiguration"]
    proxy["ProxyConfigurationProperties"] = proxy.pop("Properties")
    efs = properties["Volumes"][0]["EFSVolumeConfiguration"]
    efs["FilesystemId"] = efs.pop("FileSystemId")
    flow = yaml.safe_dump(properties, default_flow_style=True, width=10**6).strip()
    assert tree(flow) == valued(dict(MEMBERS))


@pytest.mark.parametrize(
    ("given", "value"),
    [
        pytest.param("Cpu: 256", {"cpu": "256"}, id="a number where the API takes a text"),
        pytest.param("Family: !Ref Empty", {}, id="an empty default is not known"),
        pytest.param("Family: !Ref Given", {"family": "${Given}"}, id="what nobody told"),
        pytest.param("Family: {a: b}", {}, id="another shape"),
        pytest.param("Family: !Ref AWS::NoValue", {}, id="no value"),
        pytest.param("EnableFaultInjection: 'false'", {"enableFaultInjection": False}, id="a text for a truth value"),
        pytest.param("Volumes: text", {"volumes": []}, id="a text for a list"),
    ],
)
def test_values_are_what_the_api_takes(given: str, value: Any) -> None:
    assert tree("{" + given + "}") == {**value, "containerDefinitions": []}


@pytest.mark.parametrize(
    ("given", "pattern"),
    [
        ("!Ref Secret", r"arn:aws:secretsmanager:us-nowhere-1:000000000000:secret:\w+-0a1B2c"),
        ("!GetAtt Bucket.Arn", r"arn:aws:s3:::\w+"),
        ("!GetAtt Repository.RepositoryUri", r"000000000000\.dkr\.ecr\.us-nowhere-1\.amazonaws\.com/\w+"),
        ("!Ref AWS::StackName", r"cfnnoname\d+x"),
    ],
)
def test_resources_without_a_name_get_one_that_can_be_told_from_real_ones(given: str, pattern: str) -> None:
    task, names = read(f"{{Family: {given}}}")
    family = task.workload.tree["family"]
    assert re.fullmatch(pattern, family)
    assert "cfnnoname" not in unnamed(family)
    assert "cfnnoname" not in names.told(family)
    assert ACCOUNT not in names.told(family)


def test_members_know_where_they_stand_also_behind_conditions() -> None:
    conditions = "Conditions: {Has: !Equals [!Ref Given, x]}\n"
    containers = "[!If [Has, {Name: a}, !Ref 'AWS::NoValue'], {Name: b, Secrets: [{Name: S, ValueFrom: /s}]}]"
    task, _ = read(f"{{ContainerDefinitions: {containers}}}", conditions)
    assert [c["name"] for c in task.workload.tree["containerDefinitions"]] == ["a", "b"]
    start = ("Resources", "Task", "Properties", "ContainerDefinitions")
    assert task.sources["containerDefinitions", 0, "name"] == (*start, 0, "Fn::If", 1, "Name")
    assert task.sources["containerDefinitions", 1, "secrets", 0, "valueFrom"] == (*start, 1, "Secrets", 0, "ValueFrom")
