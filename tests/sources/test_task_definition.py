"""Task definitions as people have them, the facts that they prove, and what ECS would refuse in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfnroles import Document, Told
from cfnroles.errors import InvalidInput
from cfnroles.need import Severity
from cfnroles.sources.task_definition import home, read_task_definition
from cfnroles.sources.task_definition_checks import (
    discover,
    family_findings,
    nameless_findings,
    shape_findings,
    size_findings,
    value_findings,
)
from cfnroles.workload import Workload

TASK = {"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx"}]}
FARGATE = {**TASK, "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512"}


def read(tree: Any, **options: Any) -> Workload:
    return read_task_definition(Document("task.json", json.dumps(tree)), Told(**options))


@pytest.mark.parametrize(
    "document",
    [TASK, {"taskDefinition": TASK}, [TASK], [{"taskDefinition": TASK}], {**TASK, "$schema": "https://example.com"}],
    ids=["bare", "answer", "list", "list-of-an-answer", "with-a-schema"],
)
def test_the_input_and_the_answers_of_the_api_are_the_same_workload(document: Any) -> None:
    assert read(document).tree == TASK


def test_tags_beside_an_answer_are_a_part_of_the_task_definition() -> None:
    tags = [{"key": "team", "value": "shop"}]
    assert read({"taskDefinition": TASK, "tags": tags}).tree["tags"] == tags


def test_yaml_is_read_too() -> None:
    text = "family: shop\ncontainerDefinitions:\n  - name: web\n    image: nginx\n"
    assert read_task_definition(Document("task.yaml", text)).tree == TASK


def test_null_members_are_absent() -> None:
    assert read({**TASK, "volumes": None}).tree == TASK


def test_an_absent_image_is_an_empty_one() -> None:
    tree = read({"family": "shop", "containerDefinitions": [{"name": "web", "image": None}]}).tree
    assert tree["containerDefinitions"] == [{"name": "web", "image": ""}]


@pytest.mark.parametrize(
    ("images", "image"), [({"web": "a:1"}, "a:1"), ({"": "b:1"}, "b:1"), ({}, "nginx")], ids=["named", "only", "none"]
)
def test_images_are_given_by_container(images: dict[str, str], image: str) -> None:
    assert read(TASK, images=images).tree["containerDefinitions"][0]["image"] == image


def test_values_fill_placeholders() -> None:
    tree = {"family": "<NAME>", "containerDefinitions": [{"name": "web", "image": "nginx:${TAG}"}]}
    filled = read(tree, values={"NAME": "shop", "TAG": "1"}).tree
    assert (filled["family"], filled["containerDefinitions"][0]["image"]) == ("shop", "nginx:1")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"values": {"NOPE": "x"}}, "no placeholder is named NOPE"),
        ({"images": {"nope": "x"}}, "no container has this name"),
    ],
)
def test_values_without_a_place_are_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        read(TASK, **options)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({}, "is empty"),
        ([TASK, TASK], "a list of 2 elements"),
        ("text", "is a string"),
        ({"Resources": {}}, "Its members: Resources"),
        ({"family": "x", "ContainerDefinitions": []}, "as in CloudFormation"),
        ({"name": "web", "image": "nginx"}, "single container definition"),
        ({"family": "x", "containerDefinitions": []}, "not a list with at least one container definition"),
        ({"family": "x", "containerDefinitions": ["web"]}, "is not a container definition"),
    ],
)
def test_what_is_no_task_definition_is_refused_with_what_it_looks_like(document: Any, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        read(document)


@pytest.mark.parametrize(
    ("family", "told"),
    [
        (None, "has no family"),
        ("${NAME}", "contains the placeholder ${NAME}"),
        ("shop-<stage-name>", "the family shop-<stage-name> contains the placeholder <stage-name>"),
        ("a b", "is not a valid family"),
    ],
    ids=["none", "a placeholder", "a placeholder that no parameter can be called like", "two words"],
)
def test_a_family_that_is_no_name_is_a_finding_and_another_one_can_be_told(family: str | None, told: str) -> None:
    tree = {**TASK, "family": family}
    assert [told in finding.what for finding in family_findings(read(tree))] == [True]
    assert list(family_findings(read(tree, family="shop"))) == []


@pytest.mark.parametrize(
    ("members", "account", "region"),
    [
        pytest.param({}, "", "", id="nothing-told"),
        pytest.param(
            {"taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/shop:1"},
            "111122223333",
            "eu-west-1",
            id="its-own-arn",
        ),
        pytest.param({"executionRoleArn": "arn:aws:iam::111122223333:role/x"}, "111122223333", "", id="a-role"),
        pytest.param(
            {"executionRoleArn": "arn:aws:iam::111122223333:role/x", "taskRoleArn": "arn:aws:iam::444455556666:role/y"},
            "",
            "",
            id="roles-of-two-accounts",
        ),
    ],
)
def test_home_is_what_the_document_proves(members: dict[str, Any], account: str, region: str) -> None:
    facts = home(read({**TASK, **members}))
    assert (facts.account, facts.region) == (account, region)
    assert home(read({**TASK, **members}), account="999999999999").account == "999999999999"


@pytest.mark.parametrize(
    ("tree", "pointer", "told"),
    [
        ({**TASK, "Volumes": []}, "Volumes", "Did you mean volumes?"),
        ({**TASK, "volumes": {}}, "volumes", "Put it between"),
        ({**TASK, "volumes": {"name": "data"}}, "volumes", "Put it between"),
        ({**TASK, "tags": {"team": "shop"}}, "tags", "Write a list of objects with the members key, value"),
        ({**TASK, "volumes": {"data": {}}}, "volumes", "Write a list of objects"),
        ({**TASK, "cpu": ["256"]}, "cpu", "Write a string"),
        ({**TASK, "runtimePlatform": "LINUX"}, "runtimePlatform", "Its members are cpuArchitecture"),
        ({**TASK, "volumes": [[{"name": "data"}]]}, "volumes[0]", "Remove the [ and ] around it"),
        ({**TASK, "volumes": ["data"]}, "volumes[0]", "efsVolumeConfiguration, ..."),
        (
            {"family": "x", "containerDefinitions": [{"name": "a", "secrets": [{"valuefrom": "/a"}]}]},
            "containerDefinitions[0].secrets[0].valuefrom",
            "Did you mean valueFrom?",
        ),
        (
            {"family": "x", "containerDefinitions": [{"name": "a", "dockerLabels": {"a": {"b": "c"}}}]},
            "containerDefinitions[0].dockerLabels.a",
            "Write a string",
        ),
    ],
)
def test_a_member_that_ecs_refuses_is_reported_with_the_nearest_name(tree: Any, pointer: str, told: str) -> None:
    (finding,) = shape_findings(read(tree))
    assert finding.origin.pointer == pointer
    assert told in finding.remedy


@pytest.mark.parametrize(
    ("members", "pointer", "told"),
    [
        ({"secretz": []}, "secretz", "A newer cfnroles"),
        ({"volumez": []}, "volumez", "Did you mean volumes?"),
        ({"runtimePlatform": {"gpuKind": "x"}}, "runtimePlatform.gpuKind", "A newer cfnroles"),
        ({"volumes": [{"name": "a", "driver": {"x": "y"}}]}, "volumes[0].driver", "A newer cfnroles"),
    ],
)
def test_an_unknown_member_is_a_warning_and_a_gap(members: dict[str, Any], pointer: str, told: str) -> None:
    workload = read({**TASK, **members})
    assert shape_findings(workload) == ()
    found = discover(workload, home(workload))
    (gap,) = [gap for gap in found.gaps if gap.feature == "unknown-member"]
    (warning,) = [finding for finding in found.findings if finding.origin.pointer == pointer]
    assert gap.origin.pointer == pointer
    assert told in gap.remedy
    assert warning.severity is Severity.WARNING


def of_bytes(size: int, **members: Any) -> dict[str, Any]:
    """A task definition that is as large as this in JSON without spaces."""
    tree = {**TASK, **members, "containerDefinitions": [{"name": "web", "image": "nginx", "user": ""}]}
    tree["containerDefinitions"][0]["user"] = "x" * (size - len(json.dumps(tree, separators=(",", ":"))))
    return tree


def test_a_task_definition_of_64_kb_is_the_largest_that_ecs_takes() -> None:
    assert list(size_findings(read(of_bytes(65_536)))) == []

    (finding,) = size_findings(read(of_bytes(65_537)))
    assert finding.what == "the task definition has 65,537 bytes without spaces; ECS accepts 65,536"


@pytest.mark.parametrize(
    ("tree", "options"),
    [
        ({**of_bytes(65_536), "tags": [{"key": "a", "value": "b"}]}, {}),
        ({**of_bytes(65_536), "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:1"}, {}),
        (of_bytes(65_536 + len("${LONG_PLACEHOLDER}"), cpu="${LONG_PLACEHOLDER}"), {}),
    ],
    ids=["tags", "what ECS answers", "what a placeholder stands for"],
)
def test_what_may_not_count_is_not_counted(tree: Any, options: dict[str, Any]) -> None:
    assert list(size_findings(read(tree, **options))) == []


def test_spaces_are_not_counted() -> None:
    text = json.dumps(of_bytes(65_536), indent=40)
    assert len(text) > 65_536
    assert list(size_findings(read_task_definition(Document("task.json", text)))) == []


def test_nothing_else_is_looked_for_in_one_that_is_too_large() -> None:
    workload = read(of_bytes(70_000, networkMode="default"))
    (finding,) = discover(workload, home(workload)).findings
    assert "has 70,000 bytes" in finding.what


def test_what_ecs_answers_about_a_task_definition_is_known() -> None:
    assert shape_findings(read({**TASK, "revision": 3, "status": "ACTIVE", "compatibilities": ["EC2"]})) == ()


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ({**TASK, "networkMode": "default"}, "no network mode 'default'"),
        ({"family": "x", "containerDefinitions": [{"image": "nginx"}]}, "has no name"),
        ({"family": "x", "containerDefinitions": [{"name": "a"}, {"name": "a"}]}, "two containers have the name a"),
        ({**FARGATE, "cpu": "128"}, "not offer 128 CPU units"),
        ({**FARGATE, "cpu": "9 vCPU"}, "not offer 9 vCPU"),
        ({**FARGATE, "memory": "300"}, "not offer 300 MiB of memory with"),
        ({**FARGATE, "memory": "1.3 GB"}, "not offer 1.3 GB of memory with"),
        ({**TASK, "ephemeralStorage": {"sizeInGiB": 20}}, "20 is no size of ephemeral storage"),
        ({**TASK, "ephemeralStorage": {"sizeInGiB": "x"}}, "'x' is no size of ephemeral storage"),
        ({**FARGATE, "memory": None}, "Fargate requires memory"),
        ({**FARGATE, "networkMode": "bridge"}, "requires the network mode awsvpc"),
        ({**FARGATE, "placementConstraints": [{"type": "memberOf"}]}, "not support placement constraints"),
    ],
)
def test_a_value_that_ecs_refuses_is_told(tree: Any, told: str) -> None:
    assert any(told in finding.what for finding in value_findings(read(tree)))


@pytest.mark.parametrize(
    ("members", "path", "told"),
    [
        ({"secrets": [{"name": "A"}]}, ("secrets", 0), "the secret has no valueFrom"),
        ({"secrets": [{"name": "A", "valueFrom": None}]}, ("secrets", 0), "the secret has no valueFrom"),
        ({"environmentFiles": [{"type": "s3"}]}, ("environmentFiles", 0), "the file has no value"),
        ({"repositoryCredentials": {}}, ("repositoryCredentials",), "has no credentialsParameter"),
        ({"logConfiguration": {"options": {"a": "b"}}}, ("logConfiguration",), "has no logDriver"),
        (
            {"logConfiguration": {"logDriver": "splunk", "secretOptions": [{"name": "splunk-token"}]}},
            ("logConfiguration", "secretOptions", 0),
            "the log option has no valueFrom",
        ),
    ],
)
def test_a_structure_of_a_container_that_names_nothing_is_an_error(
    members: Any, path: tuple[Any, ...], told: str
) -> None:
    container = {"name": "a", "image": "nginx:1.27", **members}
    (finding,) = nameless_findings(read({"family": "x", "containerDefinitions": [container]}))
    assert finding.origin.path == ("containerDefinitions", 0, *path)
    assert told in finding.what


def test_a_secret_that_names_nothing_is_found_with_the_needs() -> None:
    workload = read(
        {**TASK, "containerDefinitions": [{"name": "a", "image": "nginx:1.27", "secrets": [{"name": "A"}]}]}
    )
    assert [finding.what for finding in discover(workload, home(workload)).findings] == ["the secret has no valueFrom"]


@pytest.mark.parametrize(
    ("volume", "told"),
    [
        ({"efsVolumeConfiguration": {"rootDirectory": "/"}}, ["the volume has no fileSystemId"]),
        ({"s3filesVolumeConfiguration": {}}, ["the volume has no fileSystemArn"]),
        (
            {"fsxWindowsFileServerVolumeConfiguration": {"authorizationConfig": {"domain": "d"}}},
            ["the volume has no fileSystemId", "authorizationConfig has no credentialsParameter"],
        ),
    ],
    ids=["EFS", "S3 Files", "FSx"],
)
def test_a_volume_that_names_no_file_system_is_an_error(volume: Any, told: list[str]) -> None:
    task = {**TASK, "volumes": [{"name": "v", **volume}]}
    assert [finding.what for finding in nameless_findings(read(task))] == told


@pytest.mark.parametrize(
    ("cpu", "memory"), [("256", "512"), ("1024", "2048"), ("1 vCPU", "2 GB"), (".25 vCPU", "0.5GB"), ("<CPU>", "512")]
)
def test_sizes_of_fargate_may_be_written_in_each_way_that_ecs_takes(cpu: str, memory: str) -> None:
    assert value_findings(read({**FARGATE, "cpu": cpu, "memory": memory})) == ()


@pytest.mark.parametrize(
    ("name", "value"), [("cpu", "many"), ("cpu", "1 GB"), ("memory", "lots"), ("memory", "1 vCPU"), ("memory", "-1")]
)
@pytest.mark.parametrize("task", [TASK, FARGATE], ids=["EC2", "Fargate"])
def test_a_size_of_the_task_that_is_not_one_is_an_error(task: dict[str, Any], name: str, value: str) -> None:
    found = value_findings(read({**task, name: value}))
    assert [(each.severity, each.origin.pointer, each.what) for each in found] == [
        (Severity.ERROR, name, f"{value!r} is not a size")
    ]


@pytest.mark.parametrize("name", ["cpu", "memory", "memoryReservation"])
@pytest.mark.parametrize(
    ("value", "said"),
    [("lots", "'lots'"), ("1 GB", "'1 GB'"), ("0x80", "'0x80'"), (128.5, "128.5"), (True, "true")],
    ids=str,
)
def test_a_size_of_a_container_that_is_not_an_integer_is_an_error(name: str, value: Any, said: str) -> None:
    found = value_findings(read({**FARGATE, "containerDefinitions": [{"name": "web", "image": "nginx", name: value}]}))
    assert [(each.severity, each.origin.pointer, each.what) for each in found] == [
        (Severity.ERROR, f"containerDefinitions[0].{name}", f"{said} is not an integer")
    ]
    assert "CPU units: 512" in found[0].remedy if name == "cpu" else "MiB: 512" in found[0].remedy


@pytest.mark.parametrize("value", [0, 128, 128.0, "128", None, "<SIZE>", "${SIZE}", "{{ size }}", "$SIZE", "%SIZE%"])
def test_an_integer_or_a_placeholder_is_a_size_of_a_container(value: Any) -> None:
    sizes = dict.fromkeys(("cpu", "memory", "memoryReservation"), value)
    assert value_findings(read({**TASK, "containerDefinitions": [{"name": "web", "image": "nginx", **sizes}]})) == ()


def test_a_placeholder_that_only_the_application_sees_is_a_warning() -> None:
    container = {"name": "web", "image": "nginx", "environment": [{"name": "A", "value": "<X>"}]}
    (finding,) = value_findings(read({"family": "x", "containerDefinitions": [container]}))
    assert "the application sees <X>" in finding.what
