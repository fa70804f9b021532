"""Plans and states of Terraform: what is known is read, what is not is a gap with the ways out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Document, InvalidInput, explain, read
from cfnroles.need import Gap, Holder, Severity
from cfnroles.sources.reading import Reading

SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"
CONTAINER = {"name": "app", "image": "nginx:1", "secrets": [{"name": "DB", "valueFrom": SECRET}]}
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "terraform"


def resource(name: str = "app", module: str = "", **values: Any) -> dict[str, Any]:
    address = f"{module}aws_ecs_task_definition.{name}"
    kind = {"mode": "managed", "type": "aws_ecs_task_definition"}
    return {"address": address, **kind, "name": name, "values": {"family": name, **values}}


def state(*resources: Mapping[str, Any], **others: Any) -> Document:
    values = {"root_module": {"resources": resources, **others}}
    return Document(
        "state.json", json.dumps({"format_version": "1.0", "terraform_version": "1.11.4", "values": values})
    )


def plan(planned: Mapping[str, Any], unknown: Mapping[str, Any], **others: Any) -> Document:
    change = {"address": planned["address"], "change": {"after_unknown": unknown}}
    tree = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [planned]}},
        "resource_changes": [change],
        **others,
    }
    return Document("plan.json", json.dumps(tree))


def told(reading: Reading) -> list[str]:
    return [
        f"{need.permission.action} on {need.permission.resource}"
        for task in reading.tasks
        for need in task.discovery.needs
        if not need.permission.when
    ]


def gaps(reading: Reading) -> list[Gap]:
    return list(reading.gaps)


def test_a_state_knows_everything() -> None:
    reading = read(state(resource(container_definitions=json.dumps([CONTAINER]))))
    assert told(reading) == [f"secretsmanager:GetSecretValue on {SECRET}"]
    assert gaps(reading) == []


def test_every_module_is_looked_at() -> None:
    inner = {"resources": [resource("web", "module.a.", container_definitions=json.dumps([CONTAINER]))]}
    reading = read(state(child_modules=[{"child_modules": [inner]}]))
    assert [task.address for task in reading.tasks] == ["module.a.aws_ecs_task_definition.web"]


def test_the_places_are_addresses() -> None:
    (need, *_) = read(state(resource(container_definitions=json.dumps([CONTAINER])))).tasks[0].discovery.needs
    pointer = "aws_ecs_task_definition.app.container_definitions[0].secrets[0].valueFrom"
    assert need.origin.pointer == pointer
    assert need.origin.place == "container app, secret DB"
    assert need.origin.line == 1


def test_blocks_become_the_members_of_the_api() -> None:
    volume = {
        "name": "data",
        "host_path": "/data",
        "configure_at_launch": False,
        "docker_volume_configuration": [{"scope": "shared", "driver_opts": {"some_key": "v"}}],
        "efs_volume_configuration": [
            {
                "file_system_id": "fs-1",
                "transit_encryption_port": None,
                "authorization_config": [{"access_point_id": "fsap-1", "iam": "ENABLED"}],
            }
        ],
    }
    values = {
        "network_mode": "awsvpc",
        "cpu": "256",
        "volume": [volume],
        "runtime_platform": [{"operating_system_family": "LINUX", "cpu_architecture": "ARM64"}],
        "ephemeral_storage": [{"size_in_gib": 30}],
        "proxy_configuration": [{"container_name": "envoy", "properties": {"ProxyIngressPort": "15000"}, "type": ""}],
        "placement_constraints": [{"type": "memberOf", "expression": "x"}],
        "requires_compatibilities": ["FARGATE"],
        "execution_role_arn": "arn:aws:iam::111122223333:role/r",
        "tags": None,
    }
    reading = read(state(resource(container_definitions=json.dumps([CONTAINER]), **values)))
    tree = {name: value for name, value in reading.tasks[0].workload.tree.items() if name != "containerDefinitions"}
    assert tree == {
        "family": "app",
        "networkMode": "awsvpc",
        "cpu": "256",
        "volumes": [
            {
                "name": "data",
                "host": {"sourcePath": "/data"},
                "configuredAtLaunch": False,
                "dockerVolumeConfiguration": {"scope": "shared", "driverOpts": {"some_key": "v"}},
                "efsVolumeConfiguration": {
                    "fileSystemId": "fs-1",
                    "authorizationConfig": {"accessPointId": "fsap-1", "iam": "ENABLED"},
                },
            }
        ],
        "runtimePlatform": {"operatingSystemFamily": "LINUX", "cpuArchitecture": "ARM64"},
        "ephemeralStorage": {"sizeInGiB": 30},
        "proxyConfiguration": {
            "containerName": "envoy",
            "properties": [{"name": "ProxyIngressPort", "value": "15000"}],
        },
        "placementConstraints": [{"type": "memberOf", "expression": "x"}],
        "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": "arn:aws:iam::111122223333:role/r",
    }


def test_the_provider_knows_the_members_in_any_capitals() -> None:
    written = [{"Name": "app", "IMAGE": "nginx", "Secrets": [{"name": "A", "ValueFrom": SECRET}]}]
    assert told(read(state(resource(container_definitions=json.dumps(written))))) == [
        f"secretsmanager:GetSecretValue on {SECRET}"
    ]


def test_an_unknown_plan_is_a_gap_with_the_ways_out() -> None:
    (gap,) = gaps(read(plan(resource(), {"container_definitions": True})))
    assert "the plan hides all of it, because one value is known after apply" in gap.what
    assert "`cfnroles explain .`" in gap.remedy
    assert "`terraform show -json | cfnroles explain -`" in gap.remedy
    assert '`output "cfnroles_app" { value = [...] }`' in gap.remedy


OUTPUTS = {"by its name": "cfnroles_app", "the only one": "cfnroles"}


@pytest.mark.parametrize("name", OUTPUTS.values(), ids=OUTPUTS)
def test_an_output_shows_what_a_plan_knows(name: str) -> None:
    shown = {
        "after": [{**CONTAINER, "secrets": [{"name": "DB"}, {"name": "B", "valueFrom": SECRET}]}],
        "after_unknown": [{"secrets": [{"valueFrom": True}]}],
    }
    reading = read(plan(resource(), {"container_definitions": True}, output_changes={name: shown}))
    assert told(reading) == [f"secretsmanager:GetSecretValue on {SECRET}"]
    (gap,) = gaps(reading)
    assert gap.origin.place == "container app, secret DB"


def test_an_unknown_part_of_a_block_is_known_later() -> None:
    volume = [{"name": "v", "efs_volume_configuration": [{"authorization_config": [{"iam": "ENABLED"}]}]}]
    unknown = {"volume": [{"efs_volume_configuration": [{"file_system_id": True}]}]}
    roles = {"container_definitions": json.dumps([{"name": "a", "image": "nginx"}])}
    reading = read(plan(resource(volume=volume, **roles), unknown))
    system = reading.tasks[0].workload.at(("volumes", 0, "efsVolumeConfiguration", "fileSystemId"))
    assert system == "${aws_ecs_task_definition.app.volume[0].efs_volume_configuration[0].file_system_id}"


DATA = [
    {"address": "data.aws_region.x", "mode": "data", "type": "aws_region", "values": {"id": "eu-west-1"}},
    {"address": "a", "mode": "data", "type": "aws_caller_identity", "values": {"account_id": "111122223333"}},
]

REGIONS = {
    "the usual provider": ("aws", {}, "eu-central-1"),
    "another provider": ("aws.us", {}, "us-east-1"),
    "a provider without a Region": ("aws.x", {}, "${AWS::Region}"),
    "the Region that it names itself": ("aws", {"region": "eu-west-3"}, "eu-west-3"),
}


@pytest.mark.parametrize(("key", "values", "region"), REGIONS.values(), ids=REGIONS)
def test_the_region_is_that_of_the_task_definition(key: str, values: dict[str, Any], region: str) -> None:
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-stream-prefix": "p"}}
    planned = resource(
        container_definitions=json.dumps([{"name": "a", "image": "nginx", "logConfiguration": logs}]), **values
    )
    regions = {"aws": "eu-central-1", "aws.us": "us-east-1"}
    providers = {name: {"expressions": {"region": {"constant_value": each}}} for name, each in regions.items()}
    configured = {"address": planned["address"], "provider_config_key": key}
    configuration = {"provider_config": providers, "root_module": {"resources": [configured]}}
    state = {"values": {"root_module": {"resources": [DATA[0]]}}}
    found = told(read(plan(planned, {}, prior_state=state, configuration=configuration)))
    assert found
    assert all(f":{region}:" in each for each in found), found


STRANGE = {
    "containers that are not JSON": {"container_definitions": "{"},
    "containers that are no list": {"container_definitions": "{}"},
    "containers that are no text": {"container_definitions": 1},
    "containers of another form": {"container_definitions": '[1, null, "a", [2]]'},
    "a volume that is none": {"volume": "v", "container_definitions": "[]"},
    "no containers": {"container_definitions": "[]"},
    "no values": {"family": None},
}


@pytest.mark.parametrize("values", STRANGE.values(), ids=STRANGE)
def test_what_has_another_form_ends_in_a_gap_or_a_finding(values: dict[str, Any]) -> None:
    reading = read(state(resource(**values)))
    assert reading.gaps or reading.findings


@pytest.mark.parametrize(
    "tree",
    [
        {"format_version": "1.0", "values": None},
        {"format_version": "1.0", "values": []},
        {"format_version": "1.0", "values": {"root_module": {"resources": [1, {"type": "x"}]}}},
        {"format_version": "1.0", "planned_values": {}, "resource_changes": {"a": 1}, "output_changes": 2},
    ],
)
def test_a_document_without_task_definitions_says_so(tree: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        explain(read(Document("plan.json", json.dumps(tree))))


@pytest.mark.parametrize("more", [{}, {"terraform_version": "1.11.4"}])
def test_the_state_of_nothing_says_what_to_give_instead(more: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="has no values") as raised:
        read(Document("state.json", json.dumps({"format_version": "1.0", **more})))
    assert raised.value.remedy.startswith("Pass the directory")


def test_terraforms_own_state_file_is_not_read() -> None:
    own = {"version": 4, "terraform_version": "1.11.4", "lineage": "a", "resources": []}
    with pytest.raises(InvalidInput, match="is Terraform's own state file") as raised:
        read(Document("terraform.tfstate", json.dumps(own)))
    assert (
        raised.value.remedy == "Pass the output of `terraform show -json`: `terraform show -json | cfnroles explain -`"
    )


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_every_plan_and_state_of_the_corpus_is_read() -> None:
    for path in sorted([*CORPUS.glob("plans/*.json"), *CORPUS.glob("states/*.json")]):
        reading = read(path)
        known = sum(bool(task.workload.tree["containerDefinitions"]) for task in reading.tasks)
        assert known == len(reading.tasks) or reading.gaps
        refused = [each for each in reading.findings if each.severity is Severity.ERROR]
        assert not refused or path.parent.name == "plans", path


ARN = "arn:aws:ecs:eu-west-1:111122223333:task-definition/app"
KEY_OF_LOGS = "arn:aws:kms:eu-west-1:111122223333:key/4567abcd-0123-0123-0123-0123456789ab"


def service(**values: Any) -> dict[str, Any]:
    kind = {"mode": "managed", "type": "aws_ecs_service", "name": "web", "address": "aws_ecs_service.web"}
    return {**kind, "values": {"enable_execute_command": True, **values}}


@pytest.mark.parametrize("named", [f"{ARN}:3", ARN, "app", "app:3"])
def test_a_service_of_a_state_asks_beside_its_definition(named: str) -> None:
    cluster = {
        "mode": "managed",
        "type": "aws_ecs_cluster",
        "name": "c",
        "address": "aws_ecs_cluster.c",
        "values": {"arn": "arn:c", "configuration": [{"execute_command_configuration": [{"kms_key_id": KEY}]}]},
    }
    own = resource(container_definitions=json.dumps([CONTAINER]), arn=f"{ARN}:3", arn_without_revision=ARN)
    found = told(read(state(own, service(task_definition=named, cluster="arn:c"), cluster)))
    assert "ssmmessages:OpenDataChannel on *" in found
    assert f"kms:Decrypt on {KEY}" in found


def test_the_key_of_the_log_group_of_sessions_is_not_that_of_the_containers_logs() -> None:
    options = {"awslogs-group": "/ecs/app", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "p"}
    logs = {"logConfiguration": {"logDriver": "awslogs", "options": options}}
    own = resource(container_definitions=json.dumps([{**CONTAINER, **logs}]), arn=f"{ARN}:3", arn_without_revision=ARN)
    sessions = {"logging": "OVERRIDE", "log_configuration": [{"cloud_watch_log_group_name": "/ecs/sessions"}]}
    cluster = {"mode": "managed", "type": "aws_ecs_cluster", "name": "c", "address": "aws_ecs_cluster.c"}
    configuration = [{"execute_command_configuration": [sessions]}]
    group = {"mode": "managed", "type": "aws_cloudwatch_log_group"}
    document = state(
        own,
        service(task_definition=ARN, cluster="arn:c"),
        {**cluster, "values": {"arn": "arn:c", "configuration": configuration}},
        {**group, "address": "aws_cloudwatch_log_group.app", "values": {"name": "/ecs/app", "kms_key_id": ""}},
        {**group, "address": "aws_cloudwatch_log_group.s", "values": {"name": "/ecs/sessions", "kms_key_id": KEY}},
    )
    (task,) = read(document).tasks
    encrypting = {need.holder for need in task.discovery.needs if need.permission.action == "kms:GenerateDataKey"}
    assert encrypting == {Holder.TASK}


STREAMS: dict[str, tuple[dict[str, Any], int]] = {
    "a key": ({"encryption_type": "KMS", "kms_key_id": KEY_OF_LOGS}, 1),
    "no key": ({"encryption_type": "NONE", "kms_key_id": ""}, 0),
}


@pytest.mark.parametrize(("values", "count"), STREAMS.values(), ids=STREAMS)
def test_the_key_of_a_stream_for_logs_is_in_the_state(values: dict[str, Any], count: int) -> None:
    options = {"Name": "kinesis", "region": "eu-west-1", "stream": "shop-logs"}
    logs = {"logConfiguration": {"logDriver": "awsfirelens", "options": options}}
    own = resource(container_definitions=json.dumps([{**CONTAINER, **logs}]))
    stream = {"mode": "managed", "type": "aws_kinesis_stream", "address": "aws_kinesis_stream.s"}
    found = told(read(state(own, {**stream, "values": {"name": "shop-logs", **values}})))
    assert [each for each in found if each.startswith("kms:")] == [f"kms:GenerateDataKey on {KEY_OF_LOGS}"] * count


def test_a_service_of_a_plan_whose_definition_is_not_known_yet_is_told_of() -> None:
    own = resource(container_definitions=json.dumps([CONTAINER]))
    tree = json.loads(plan(own, {}).text)
    tree["planned_values"]["root_module"]["resources"].append(service())
    change = {"address": "aws_ecs_service.web", "change": {"after_unknown": {"task_definition": True}}}
    tree["resource_changes"].append(change)
    (gap,) = read(Document("plan.json", json.dumps(tree))).unseen
    assert gap.origin.path == ("aws_ecs_service.web",)


def test_what_is_not_read_of_a_state_is_told() -> None:
    target = {
        "mode": "managed",
        "type": "aws_cloudwatch_event_target",
        "name": "t",
        "address": "aws_cloudwatch_event_target.t",
    }
    (gap,) = read(state({**target, "values": {"ecs_target": [{}]}})).unseen
    assert gap.origin.path == ("aws_cloudwatch_event_target.t",)
    assert read(state({**target, "values": {"ecs_target": []}})).unseen == ()


KEY = "arn:aws:kms:eu-west-1:111122223333:key/0123abcd-0123-0123-0123-0123456789ab"
PARAMETER = "arn:aws:ssm:eu-west-1:111122223333:parameter/shop/flags"


def secret(key: str | None, mode: str = "managed") -> dict[str, Any]:
    kind = {"mode": mode, "type": "aws_secretsmanager_secret", "name": "db"}
    return {"address": "x", **kind, "values": {"arn": SECRET, "name": "db", "kms_key_id": key}}


def parameter(type_: str, key: str, mode: str = "managed") -> dict[str, Any]:
    kind = {"mode": mode, "type": "aws_ssm_parameter", "name": "flags"}
    return {"address": "x", **kind, "values": {"arn": PARAMETER, "name": "/shop/flags", "type": type_, "key_id": key}}


ALIAS = {
    "address": "y",
    "mode": "managed",
    "type": "aws_kms_alias",
    "values": {"name": "alias/shop", "target_key_arn": KEY},
}
#: What a state has, and the key with which ECS may decrypt: one, none, or a question.
TOLD_KEYS = {
    "a secret under a key": ([secret(KEY)], KEY),
    "one under the id of a key": ([secret(KEY.rpartition("/")[2])], KEY),
    "one under an alias of the state": ([secret("alias/shop"), ALIAS], KEY),
    "one under AWS's key": ([secret(None)], ""),
    "one that is looked up": ([secret(KEY, "data")], KEY),
    "one that is looked up, under AWS's key": ([secret("", "data")], ""),
    "another secret": (
        [{**secret(KEY), "values": {"arn": f"{SECRET[:-1]}g", "name": "other", "kms_key_id": KEY}}],
        "?",
    ),
    "a parameter under a key": ([parameter("SecureString", KEY)], KEY),
    "one under AWS's own": ([parameter("SecureString", "alias/aws/ssm")], ""),
    "one in plain text": ([parameter("String", "")], ""),
    "one in plain text that is looked up": ([parameter("String", "", "data")], ""),
    "one that is looked up and does not say its key": ([parameter("SecureString", "", "data")], "?"),
}


@pytest.mark.parametrize(("resources", "expected"), TOLD_KEYS.values(), ids=TOLD_KEYS)
def test_a_state_shows_the_keys_of_its_resources(resources: list[dict[str, Any]], expected: str) -> None:
    value_from = PARAMETER if resources[0]["type"] == "aws_ssm_parameter" else SECRET
    container = {**CONTAINER, "secrets": [{"name": "A", "valueFrom": value_from}]}
    values = {"container_definitions": json.dumps([container]), "arn": f"{ARN}:1"}
    (task,) = read(state(resource(**values), *resources)).tasks
    needs = [need.permission for need in task.discovery.needs if need.permission.action == "kms:Decrypt"]
    assert [str(need.resource) if not need.when else "?" for need in needs] == ([expected] if expected else [])
    # What a state has, it may have had for years: `check` still asks for it.
    assert task.made == frozenset()


@pytest.mark.parametrize(
    ("values", "resources", "expected"),
    [
        ({"arn": f"{ARN}:1"}, [], ("eu-west-1", "111122223333")),
        ({}, DATA, ("eu-west-1", "111122223333")),
        ({}, [*DATA, {**DATA[0], "values": {"id": "us-east-1"}}], ("", "111122223333")),
        ({}, [], ("", "")),
    ],
    ids=["its own ARN", "data sources", "data sources that differ", "nothing"],
)
def test_a_state_shows_account_and_region_of_the_task(
    values: dict[str, Any], resources: list[dict[str, Any]], expected: tuple[str, str]
) -> None:
    (task,) = read(state(resource(container_definitions="[]", **values), *resources)).tasks
    assert (task.facts.region, task.facts.account) == expected
