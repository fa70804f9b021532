"""The task stack: the task definition as CloudFormation spells it, and a parameter for each open value."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles.answers.template_lint import template_problems
from cfnroles.discovery import discover
from cfnroles.facts import Facts
from cfnroles.placeholders import as_symbols
from cfnroles.table.ecs import FEATURES
from cfnroles.table.examples import FACTS
from cfnroles.targets.cloudformation.service import service_stacks
from cfnroles.targets.cloudformation.template_text import to_yaml
from cfnroles.workload import Workload
from tests.merged_examples import merged

HOME = Facts(account="123456789012", region="us-east-1")
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


def template(tree: dict[str, Any], facts: Facts = HOME) -> dict[str, Any]:
    workload = Workload("task.json", as_symbols({"family": "shop", **tree}))
    return dict(service_stacks(workload, discover(workload, facts), facts, "shop")[-1].template)


def properties(tree: dict[str, Any], facts: Facts = HOME) -> dict[str, Any]:
    found: dict[str, Any] = template(tree, facts)["Resources"]["TaskDefinition"]["Properties"]
    return found


def container(**members: Any) -> dict[str, Any]:
    return {"containerDefinitions": [{"name": "web", "image": "nginx", **members}]}


@pytest.mark.parametrize(
    ("tree", "path", "value"),
    [
        ({"volumes": [{"name": "a", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]},
         ("Volumes", 0, "EFSVolumeConfiguration", "FilesystemId"), "fs-1"),
        ({"volumes": [{"name": "a", "efsVolumeConfiguration": {"fileSystemId": "fs-1",
                       "authorizationConfig": {"iam": "DISABLED"}}}]},
         ("Volumes", 0, "EFSVolumeConfiguration", "AuthorizationConfig", "IAM"), "DISABLED"),
        ({"proxyConfiguration": {"type": "APPMESH", "containerName": "web", "properties": [{"name": "a"}]}},
         ("ProxyConfiguration", "ProxyConfigurationProperties", 0, "Name"), "a"),
        (container(dockerLabels={"a.b": "c"}), ("ContainerDefinitions", 0, "DockerLabels", "a.b"), "c"),
        (container(image=f"{ECR}/web:1"), ("ContainerDefinitions", 0, "Image"),
         {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/web:1"}),
        (container(command=["echo", "$HOME ${X}"]), ("ContainerDefinitions", 0, "Command", 1), "$HOME ${X}"),
        ({"trustedExecutionConfiguration": {"isolationMode": "SHARED"}},
         ("TrustedExecutionConfiguration", "IsolationMode"), "SHARED"),
        ({"somethingNew": {"inside": "x"}}, ("SomethingNew", "Inside"), "x"),
        (container(somethingNew="x"), ("ContainerDefinitions", 0, "SomethingNew"), "x"),
        ({"family": "shop"}, ("TaskRoleArn",), {"Fn::ImportValue": {"Fn::Sub": "${ProjectName}-ECSTaskRoleArn"}}),
    ],
    ids=["efs", "iam", "proxy", "labels", "image", "command", "newer", "unknown", "unknown of a container", "role"],
)  # fmt: skip
def test_members_are_spelled_as_cloudformation_does(tree: dict[str, Any], path: tuple[Any, ...], value: Any) -> None:
    found: Any = properties({**container(), **tree})
    for step in path:
        found = found[step]
    assert found == value


def test_empty_lists_and_empty_texts_are_left_out() -> None:
    found = properties({**container(mountPoints=[]), "placementConstraints": [], "ipcMode": ""})
    assert not {"PlacementConstraints", "IpcMode"} & set(found)
    assert "MountPoints" not in found["ContainerDefinitions"][0]


def test_settings_beside_the_task_definition_stay_out_of_it() -> None:
    assert "Service" not in properties({**container(), "service": {"launchType": "EC2"}})


def test_each_open_placeholder_is_a_parameter_without_a_default() -> None:
    found = template(
        {**container(image=f"{ECR}/web:${{IMAGE_TAG}}"), "cpu": "<CPU>", "tags": [{"key": "a", "value": ""}]}
    )
    declared = {name: each for name, each in found["Parameters"].items() if "Default" not in each}
    assert set(declared) == {"Cpu", "ImageTag"}
    assert declared["Cpu"]["Description"] == "Value of the placeholder <CPU> in cpu."
    task = found["Resources"]["TaskDefinition"]["Properties"]
    assert task["Cpu"] == {"Ref": "Cpu"}
    assert task["ContainerDefinitions"][0]["Image"]["Fn::Sub"].endswith("/web:${ImageTag}")


def test_a_placeholder_is_filled_wherever_it_stands_once_ecs_reads_it_anywhere() -> None:
    variable = {"name": "A", "value": "<STAGE>"}
    found = properties(container(image="nginx:<STAGE>", environment=[variable]))
    assert found["ContainerDefinitions"][0]["Environment"][0]["Value"] == {"Ref": "Stage"}
    alone = properties(container(environment=[variable]))
    assert alone["ContainerDefinitions"][0]["Environment"][0]["Value"] == "<STAGE>"


def test_pseudo_parameters_mean_the_same_as_in_a_template() -> None:
    arn = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:db"
    found = template(container(secrets=[{"name": "A", "valueFrom": arn}]), Facts())
    task = found["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"][0]
    assert task["Secrets"][0]["ValueFrom"] == {"Fn::Sub": arn}
    assert found["Resources"]["SecretsExist"]["Properties"]["References"][0]["ValueFrom"] == {"Fn::Sub": arn}


def test_a_container_without_an_image_gets_a_parameter_for_it() -> None:
    found = template(container(image=""))
    assert found["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"][0]["Image"] == {"Ref": "WebImage"}
    assert "Default" not in found["Parameters"]["WebImage"]


def test_names_of_parameters_never_meet() -> None:
    found = template({**container(image="nginx:<PROJECT_NAME>", hostname="${PROJECT-NAME}"), "cpu": "<>"})
    open_ = [name for name, each in found["Parameters"].items() if "Default" not in each]
    assert sorted(open_) == ["Placeholder", "ProjectName2", "ProjectName3"]


@pytest.mark.parametrize("start", range(0, len(FEATURES), 12))
def test_the_examples_of_the_table_make_templates_without_a_finding(start: int) -> None:
    tree = merged(feature for feature in FEATURES[start : start + 12] if not feature.name.endswith("without-group"))
    for each in tree["containerDefinitions"]:
        for name, required in (("environment", "name"), ("secrets", "name"), ("environmentFiles", "type")):
            each.update({name: [{required: "s3", **entry} for entry in each[name]]} if name in each else {})
    workload = Workload("task.json", tree)
    for stack in service_stacks(workload, discover(workload, FACTS), FACTS, "shop"):
        if stack.stem != "secret-validator":
            problems = map(str, template_problems(to_yaml(stack.template)))
            assert [problem for problem in problems if "is a required" not in problem] == []
