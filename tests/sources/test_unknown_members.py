"""Members that ECS may have and cfnroles does not know: reported in their place, and never left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Document, Told, read
from cfnroles.discovery import discover
from cfnroles.facts import Facts
from cfnroles.sources.settings import with_settings
from cfnroles.sources.task_definition import read_task_definition
from cfnroles.sources.task_definition_checks import shape_findings
from cfnroles.sources.template_task_definitions import TemplateTask, task_definitions
from cfnroles.sources.unknown_members import unknown_members, unseen_members
from cfnroles.template.template import read_template
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
        # Below what costs nothing as a whole.
        (
            {"gatewayConnectors": [{"healthCheck": {"roleArn": "r"}}]},
            "service.gatewayConnectors[0].healthCheck.roleArn",
        ),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"vpcRole": {}}}},
            "service.networkConfiguration.awsvpcConfiguration.vpcRole",
        ),
        (
            {"deploymentConfiguration": {"lifecycleHooks": [{"roleArn": "r", "secret": "s"}]}},
            "service.deploymentConfiguration.lifecycleHooks[0].secret",
        ),
        ({"LoadBalancers": []}, "service.LoadBalancers"),
    ],
)
def test_what_no_row_knows_is_a_gap_where_it_stands(members: dict[str, Any], pointer: str) -> None:
    assert unknown(**members) == [pointer]


def test_a_near_name_is_offered() -> None:
    service = Document("service.json", json.dumps({**SERVICE, "loadBalancer": []}))
    workload = with_settings(Workload("task.json", {"family": "shop"}), service, Told())
    (gap,), _ = unknown_members(workload, workload.settings)
    assert gap.remedy.startswith("Did you mean loadBalancers?")


@pytest.mark.parametrize(
    ("container", "remedy"),
    [
        ({"linuxParameters": {"capabilities": {"initProcessEnabled": True}}}, "Move it to linuxParameters."),
        ({"networkMode": "host"}, "Move it to the task definition."),
        ({"healthCheck": {"image": "nginx"}}, "Move it to containerDefinitions."),
        ({"healthCheck": {"imagery": "nginx"}}, "A newer cfnroles may know it."),
    ],
)
def test_a_member_of_a_structure_around_it_is_in_the_wrong_place(container: dict[str, Any], remedy: str) -> None:
    workload = Workload("task.json", {"family": "shop", "containerDefinitions": [{"name": "web", **container}]})
    assert [finding.remedy for finding in unknown_members(workload, ())[1]] == [remedy]


def of_template(properties: str) -> Workload:
    return read_task(properties).workload


def read_task(properties: str) -> TemplateTask:
    task = f"Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties: {properties}\n"
    (found,) = task_definitions(read_template(task, "t.yaml").resolve(), "t.yaml")
    return found


@pytest.mark.parametrize(
    ("properties", "pointers"),
    [
        ("{SomethingNew: text}", ["somethingNew"]),
        ("{SomethingNew: {RoleArn: r}}", ["somethingNew"]),
        ("{SomethingNew: [{RoleArn: r}]}", ["somethingNew"]),
        ("{SomethingNew: !Ref AWS::NoValue}", []),
        ("{ContainerDefinitions: [{Name: web, Mesh: {}}]}", ["containerDefinitions[0].mesh"]),
        ("{Volumes: [{Name: a, NewVolumeConfiguration: {FileSystem: f}}]}", ["volumes[0].newVolumeConfiguration"]),
    ],
)
def test_what_a_template_holds_is_told_whatever_it_is(properties: str, pointers: list[str]) -> None:
    gaps, findings = unknown_members(of_template(properties), ())
    assert [gap.origin.pointer for gap in gaps] == pointers
    assert [finding.origin.pointer for finding in findings] == pointers


@pytest.mark.parametrize(
    "properties",
    [
        "{Fn::Transform: {Name: Macro}}",
        "{Family: shop, Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://bucket/members.yaml}}}",
        "{ContainerDefinitions: [{Name: web, Fn::Transform: {Name: Macro}}]}",
    ],
)
def test_what_a_macro_puts_into_a_template_is_a_gap_and_no_fault(properties: str) -> None:
    (gap,), findings = unknown_members(of_template(properties), ())
    assert gap.what == "cannot see what Fn::Transform puts here"
    assert "--template-stage Processed" in gap.remedy
    assert findings == ()


@pytest.mark.parametrize(
    "options",
    [
        "{Fn::Transform: {Name: Macro}}",
        "{awslogs-region: us-east-1, Fn::Transform: {Name: Macro}}",
        "!GetAtt Custom.Options",
    ],
)
def test_log_options_that_only_cloudformation_knows_are_a_gap_and_no_fault(options: str) -> None:
    log = f"{{LogDriver: awslogs, Options: {options}}}"
    task = read_task(f"{{ContainerDefinitions: [{{Name: web, Image: nginx, LogConfiguration: {log}}}]}}")
    assert discover(task.workload, Facts()).findings == ()
    assert shape_findings(task.workload) == ()
    (gap,) = unseen_members(task.workload, task.unseen)
    assert gap.origin.pointer == "containerDefinitions[0].logConfiguration.options"


@pytest.mark.parametrize("options", ["!Ref Options", "!FindInMap [Options, Web, Log]"])
def test_log_options_that_cannot_be_a_map_are_one_fault(options: str) -> None:
    log = f"{{LogDriver: awslogs, Options: {options}}}"
    task = read_task(f"{{ContainerDefinitions: [{{Name: web, Image: nginx, LogConfiguration: {log}}}]}}")
    assert discover(task.workload, Facts()).findings == ()
    assert [finding.what for finding in shape_findings(task.workload)] == ["expected a map of strings, found a string"]


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("awslogs", []),
        ("${DRIVER}", []),
        ("awslog", ["Did you mean awslogs?"]),
        ("otel", ["A newer cfnroles may know it."]),
    ],
)
def test_a_choice_that_is_new_in_ecs_is_reported_if_a_row_reads_it(log: str, told: list[str]) -> None:
    container = {"name": "web", "image": "nginx", "user": "nobody", "logConfiguration": {"logDriver": log}}
    document = Document("task.json", json.dumps({"family": "shop", "containerDefinitions": [container]}))
    gaps, findings = unknown_members(read_task_definition(document), ())
    assert [finding.remedy for finding in findings] == told
    assert [gap.what for gap in gaps] == [
        f"cfnroles does not know the logDriver {log}, or which permissions it needs"
    ] * len(told)


def test_a_choice_of_a_service_is_looked_at_like_those_of_a_task() -> None:
    connect = {"enabled": True, "logConfiguration": {"logDriver": "otel"}}
    assert unknown(serviceConnectConfiguration=connect) == [
        "service.serviceConnectConfiguration.logConfiguration.logDriver"
    ]


@pytest.mark.parametrize(
    "member",
    [
        {"runBy": {"scheduler": {}}},
        {"service": {"enableExecuteCommand": True}},
        {"cluster": {"configuration": {"managedStorageConfiguration": {"kmsKeyId": "k"}}}},
        {"account": {"guardDutyActivate": "on"}},
        {"capacityProvider": {"managedInstancesProvider": {"infrastructureRoleArn": ""}}},
    ],
    ids=lambda member: next(iter(member)),
)
@pytest.mark.parametrize("told", [Told(), Told(launch_type="FARGATE")], ids=["nothing told", "a service told"])
def test_what_ecs_takes_elsewhere_is_no_member_of_a_task_definition(
    tmp_path: Path, member: dict[str, Any], told: Told
) -> None:
    definition = {"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx"}]}
    path = tmp_path / "task.json"
    path.write_text(json.dumps({**definition, **member}))
    (task,) = read(path, told).tasks
    assert task.discovery.needs == ()
    if (name := next(iter(member))) not in task.workload.settings:
        assert name in [gap.origin.pointer for gap in task.discovery.gaps]


@pytest.mark.parametrize(
    ("properties", "pointers"),
    [
        ("{ContainerDefinitions: !GetAtt Macro.Containers}", ["containerDefinitions"]),
        ("{ContainerDefinitions: [!GetAtt Macro.Container]}", ["containerDefinitions[0]"]),
        ("{ContainerDefinitions: [{Fn::Transform: {Name: Macro}}]}", ["containerDefinitions[0]"]),
        ("{ContainerDefinitions: [{Name: web, Secrets: !GetAtt Macro.Secrets}]}", ["containerDefinitions[0].secrets"]),
        ("{ContainerDefinitions: [{Name: web, Ulimits: !GetAtt Macro.Limits}]}", []),
        ("{ContainerDefinitions: [{Name: web, Command: !GetAtt Macro.Command}], Tags: !GetAtt Macro.Tags}", []),
    ],
)
def test_a_structure_that_only_cloudformation_works_out_is_a_gap_where_a_row_looks(
    properties: str, pointers: list[str]
) -> None:
    task = read_task(properties)
    assert [gap.origin.pointer for gap in unseen_members(task.workload, task.unseen)] == pointers
