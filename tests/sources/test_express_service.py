"""Express Mode services: which documents are one, what is read as a task definition, and from which place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Document, Reading, Told, lint, read
from cfnroles.errors import InvalidInput
from cfnroles.lines import Lines
from cfnroles.need import Holder, Severity

HOME = "us-east-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role"
SECRET = f"arn:aws:secretsmanager:{HOME}:secret:shop/db-AbCdEf"
SERVICE_ARN = f"arn:aws:ecs:{HOME}:service/blue/shop"
TASK_DEFINITION = f"arn:aws:ecs:{HOME}:task-definition/shop:7"
CONTAINER = {
    "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1.2",
    "containerPort": 8080,
    "awsLogsConfiguration": {"logGroup": "/shop", "logStreamPrefix": "web"},
    "repositoryCredentials": {"credentialsParameter": SECRET},
    "secrets": [{"name": "DB", "valueFrom": SECRET}],
    "environment": [{"name": "STAGE", "value": "test"}],
    "command": ["serve"],
}
SERVICE = {"serviceName": "shop", "infrastructureRoleArn": f"{ROLE}/infrastructure", "primaryContainer": CONTAINER}
#: What ECS answers, and what the service is made of there.
CONFIGURATION = {
    "serviceRevisionArn": f"arn:aws:ecs:{HOME}:service-revision/blue/shop/1",
    "executionRoleArn": f"{ROLE}/execution",
    "primaryContainer": CONTAINER,
    "ingressPaths": [{"accessType": "PUBLIC", "endpoint": "https://shop.example"}],
    "createdAt": 1,
}
ANSWERED = {
    "cluster": "blue",
    "serviceName": "shop",
    "serviceArn": SERVICE_ARN,
    "infrastructureRoleArn": f"{ROLE}/infrastructure",
    "status": {"statusCode": "ACTIVE"},
    "currentDeployment": "x",
    "tags": [],
    "createdAt": 1,
}
ANSWER = {"service": {**ANSWERED, "activeConfigurations": [CONFIGURATION]}}


def reading(tree: Any, **told: Any) -> Reading:
    return read(Document("web.json", json.dumps(tree, indent=1)), Told(**told))


def pointers(found: Reading) -> set[str]:
    (task,) = found.tasks
    return {need.origin.pointer for need in task.discovery.needs}


def line_of(member: str, found: Reading) -> int:
    lines = found.documents[0].text.splitlines()
    return 1 + next(number for number, line in enumerate(lines) if f'"{member}"' in line)


EXPRESS = {
    "what makes one": SERVICE,
    "without the role that is to be built": {"primaryContainer": CONTAINER},
    "what updates one": {"serviceArn": SERVICE_ARN, "primaryContainer": CONTAINER},
    "a task definition of one's own": {"infrastructureRoleArn": ROLE, "taskDefinitionArn": TASK_DEFINITION},
    "an answer": ANSWER,
    "the answer to an update": {"service": {"serviceArn": SERVICE_ARN, "targetConfiguration": CONFIGURATION}},
    "a list of one": [SERVICE],
    "as in CloudFormation": {"InfrastructureRoleArn": ROLE, "PrimaryContainer": {"Image": "web"}},
}


@pytest.mark.parametrize("tree", EXPRESS.values(), ids=EXPRESS)
def test_an_express_mode_service_is_recognised(tree: Any) -> None:
    assert reading(tree).noun == "an Express Mode service"


OTHERS = {
    "a capacity provider": {
        "name": "managed",
        "managedInstancesProvider": {"infrastructureRoleArn": ROLE, "instanceLaunchTemplate": {}},
    },
    "a gateway": {"name": "edge", "infrastructureRoleArn": ROLE, "configuration": {"hostSharedAlb": {}}},
    "a model of SageMaker": {"ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": "web"}},
    "another service": {"service": {"serviceArn": SERVICE_ARN, "taskDefinition": TASK_DEFINITION}},
}


@pytest.mark.parametrize("tree", OTHERS.values(), ids=OTHERS)
def test_what_has_some_of_its_members_is_none(tree: Any) -> None:
    with pytest.raises(InvalidInput, match="is not a task definition, Express Mode service"):
        reading(tree)


def test_everything_stands_where_the_user_wrote_it() -> None:
    found = reading(SERVICE)
    assert pointers(found) == {
        "infrastructureRoleArn",
        "primaryContainer.image",
        "primaryContainer.awsLogsConfiguration.logGroup",
        "primaryContainer.repositoryCredentials.credentialsParameter",
        "primaryContainer.secrets[0].valueFrom",
    }
    assert found.findings[0].origin.pointer == "primaryContainer.image"
    (reference, *_) = [each for each in found.tasks[0].discovery.references if not each.use]
    assert reference.origin.place == "container Main, secret DB"
    assert Lines(found.texts).line(reference.origin) == line_of("valueFrom", found)
    assert not found.gaps


@pytest.mark.parametrize(
    ("tree", "secret"),
    [
        (ANSWER, "service.activeConfigurations[0].primaryContainer.secrets[0].valueFrom"),
        ([SERVICE], "primaryContainer.secrets[0].valueFrom"),
    ],
    ids=["an answer", "a list of one"],
)
def test_so_it_does_in_what_is_around_it(tree: Any, secret: str) -> None:
    found = reading(tree)
    (reference, *_) = [each for each in found.tasks[0].discovery.references if not each.use]
    assert reference.origin.pointer == secret
    assert Lines(found.texts).line(reference.origin) == line_of("valueFrom", found)


def test_lint_points_at_the_same_places() -> None:
    named = {**ANSWERED, "activeConfigurations": [{**CONFIGURATION, "executionRoleArn": "ecsTaskExecutionRole"}]}
    found = {finding.check: finding.origin.pointer for finding in lint(reading({"service": named})).findings}
    assert found["role-by-name"] == "service.activeConfigurations[0].executionRoleArn"
    short = {**SERVICE, "primaryContainer": {"image": "web", "secrets": [{"name": "A", "valueFrom": "a-passwd"}]}}
    checks = {finding.check for finding in lint(reading(short)).findings}
    assert {"mutable-image", "no-execution-role"} <= checks


@pytest.mark.parametrize(
    ("tree", "account", "region"),
    [
        (ANSWER, "123456789012", "us-east-1"),
        ({"serviceArn": SERVICE_ARN, "primaryContainer": {"image": "nginx:1"}}, "123456789012", "us-east-1"),
        ({"primaryContainer": {"image": "nginx:1"}}, "", ""),
    ],
    ids=["an answer", "an update", "nothing"],
)
def test_its_arn_proves_where_it_runs(tree: Any, account: str, region: str) -> None:
    facts = reading(tree).tasks[0].facts
    assert (facts.account, facts.region) == (account, region)


def test_it_names_three_roles() -> None:
    task = reading({**SERVICE, "executionRoleArn": f"{ROLE}/execution", "taskRoleArn": "app"}).task()
    holders = (Holder.EXECUTION, Holder.TASK, Holder.INFRASTRUCTURE, Holder.SCHEDULER)
    assert [task.role(each) for each in holders] == [f"{ROLE}/execution", "app", f"{ROLE}/infrastructure", ""]
    assert reading({"primaryContainer": CONTAINER}).task().role(Holder.INFRASTRUCTURE) == ""


def test_a_placeholder_is_a_symbol_but_for_the_role_that_is_built() -> None:
    tree = {**SERVICE, "infrastructureRoleArn": "<ROLE>", "primaryContainer": {"image": "${IMAGE}", "command": ["$X"]}}
    assert [finding.what for finding in reading(tree).findings] == []
    assert [gap.what for gap in reading(tree).gaps] == ["the image's registry is the placeholder ${IMAGE}"]
    assert reading(tree, values={"IMAGE": "nginx:1"}).gaps == ()
    assert reading(tree, images={"": "nginx:1"}).gaps == ()


def test_a_service_that_ecs_names_itself_is_a_gap() -> None:
    found = reading({"infrastructureRoleArn": ROLE, "primaryContainer": {"image": "nginx:1.2"}})
    assert {(gap.holder, gap.origin.pointer, gap.remedy) for gap in found.gaps} == {
        (holder, "primaryContainer.image", "Write serviceName, or awsLogsConfiguration with a logGroup")
        for holder in (Holder.EXECUTION, Holder.INFRASTRUCTURE)
    }


def test_a_task_definition_of_its_own_is_a_gap_and_the_infrastructure_is_known() -> None:
    found = reading({"serviceName": "a", "infrastructureRoleArn": ROLE, "taskDefinitionArn": TASK_DEFINITION})
    (gap,) = found.gaps
    assert gap.origin.pointer == "taskDefinitionArn"
    assert "`aws ecs describe-task-definition --task-definition NAME` returns it" in gap.remedy
    assert {need.holder for need in found.tasks[0].discovery.needs} == {Holder.INFRASTRUCTURE}


WRONG = {
    "two task definitions": (
        {**SERVICE, "taskDefinitionArn": TASK_DEFINITION, "cpu": "256"},
        "taskDefinitionArn",
        "taskDefinitionArn is next to cpu, primaryContainer, and ECS accepts only one of them",
    ),
    "an architecture beside one": (
        {"infrastructureRoleArn": ROLE, "taskDefinitionArn": TASK_DEFINITION, "cpuArchitecture": "ARM64"},
        "taskDefinitionArn",
        "taskDefinitionArn is next to cpuArchitecture, and ECS accepts only one of them",
    ),
    "no container": (
        {**SERVICE, "primaryContainer": "nginx"},
        "primaryContainer",
        "expected an object, found a string",
    ),
    "a map of secrets": (
        {**SERVICE, "primaryContainer": {**CONTAINER, "secrets": {"DB": SECRET}}},
        "primaryContainer.secrets",
        "expected a list, found an object",
    ),
    "a log group alone": (
        {**SERVICE, "primaryContainer": {"image": "a:1", "awsLogsConfiguration": "/shop"}},
        "primaryContainer.awsLogsConfiguration",
        "expected an object, found a string",
    ),
    "no log group": (
        {**SERVICE, "primaryContainer": {"image": "a:1", "awsLogsConfiguration": {"logStreamPrefix": "a"}}},
        "primaryContainer.image",
        "awsLogsConfiguration names no log group",
    ),
    "a name with a space": ({**SERVICE, "serviceName": "my shop"}, "serviceName", "'my shop' is not a service's name"),
    "capitals": (
        {"InfrastructureRoleArn": ROLE, "PrimaryContainer": CONTAINER},
        "PrimaryContainer",
        "ECS has no member PrimaryContainer",
    ),
    "a size that Fargate has not": (
        {**SERVICE, "cpu": "1024", "memory": "512"},
        "memory",
        "Fargate does not offer 512 MiB of memory with 1024 CPU units",
    ),
}


@pytest.mark.parametrize(("tree", "pointer", "what"), WRONG.values(), ids=WRONG)
def test_what_ecs_would_refuse_is_an_error_at_its_place(tree: Any, pointer: str, what: str) -> None:
    found = reading(tree)
    errors = {(each.origin.pointer, each.what) for each in found.findings if each.severity is Severity.ERROR}
    assert (pointer, what) in errors
    with pytest.raises(InvalidInput, match="ECS would refuse this Express Mode service"):
        found.accepted()


@pytest.mark.parametrize("size", [{}, {"cpu": "1024"}, {"memory": "4096"}])
def test_a_size_that_ecs_chooses_is_not_judged(size: Any) -> None:
    assert not [each for each in reading({**SERVICE, **size}).findings if each.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"gateway": "x"}, "gateway"),
        ({"primaryContainer": {**CONTAINER, "entryPoint": ["x"]}}, "primaryContainer.entryPoint"),
        (
            {"primaryContainer": {**CONTAINER, "awsLogsConfiguration": {"logGroup": "/a", "mode": "blocking"}}},
            "primaryContainer.awsLogsConfiguration.mode",
        ),
    ],
)
def test_an_unknown_member_is_reported(changed: Any, pointer: str) -> None:
    found = reading({**SERVICE, **changed})
    assert [gap.origin.pointer for gap in found.gaps] == [pointer]
    assert pointer in {each.origin.pointer for each in found.findings}


def test_an_unknown_member_that_is_called_like_a_reference_is_no_reference() -> None:
    findings = lint(reading({**SERVICE, "tags": [{"key": "a", "valueFrom": {"b": 1}}]})).findings
    assert "tags[0].valueFrom" in {finding.origin.pointer for finding in findings}


@pytest.mark.parametrize("count", [0, 2])
def test_one_of_several_configurations_is_not_guessed(count: int) -> None:
    with pytest.raises(InvalidInput, match=f"has {count} active configurations, expected one"):
        reading({"service": {**ANSWERED, "activeConfigurations": [CONFIGURATION] * count}})


@pytest.mark.parametrize("told", [{"launch_type": "EC2"}, {"execute_command": True}, {"bucket_accounts": ("1",)}])
def test_what_says_nothing_about_it_is_refused(told: Any) -> None:
    with pytest.raises(InvalidInput, match=r"web\.json is an Express Mode service"):
        reading(SERVICE, **told)


def test_an_image_for_no_container_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no container has this name"):
        reading(SERVICE, images={"web": "nginx"})
    with pytest.raises(InvalidInput, match="the service has no primaryContainer"):
        reading({"infrastructureRoleArn": ROLE, "taskDefinitionArn": TASK_DEFINITION}, images={"": "nginx"})


def test_a_spec_tells_what_its_application_may_do(tmp_path: Path) -> None:
    (tmp_path / "web.json").write_text(json.dumps({"primaryContainer": {"image": "nginx:1.2"}, "serviceName": "shop"}))
    spec = tmp_path / "cfnroles.yaml"
    grants = "task-role: {grants: [{s3-read: shop-images}]}"
    spec.write_text(f"project: shop\nservices: {{web: {{task-definition: web.json, {grants}}}}}\n")
    (task,) = read(spec).accepted()
    needed = {(need.holder, need.permission.action) for need in task.discovery.needs}
    assert {
        (Holder.TASK, "s3:GetObject"),
        (Holder.EXECUTION, "logs:PutLogEvents"),
        (Holder.INFRASTRUCTURE, "acm:RequestCertificate"),
    } <= needed
