"""Words whose resource has parts beside the one that is named: users, clusters of topics, consumers, methods."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles.discovery import Discovery, discover
from cfnroles.facts import Facts
from cfnroles.table.words import GRANTS
from cfnroles.workload import Workload

HOME = "us-east-1:123456789012"
KAFKA = "shop/1234abcd-12ab-34cd-56ef-1234567890ab-1"


def granted(word: str, value: Any, **options: Any) -> Discovery:
    entry = {word: [value], **{name.replace("_", "-"): option for name, option in options.items()}}
    return discover(Workload("cfnroles.yaml", {"grants": [entry]}), Facts("123456789012", "us-east-1"), GRANTS)


def permissions(found: Discovery) -> set[str]:
    assert not found.findings
    return {str(need.permission) for need in found.needs}


def on(resource: str, *actions: str) -> set[str]:
    return {f"{action} on {resource}" for action in actions}


@pytest.mark.parametrize(
    ("word", "value", "resources"),
    [
        (
            "elasticache-connect",
            "serverlesscache:shop",
            [f"arn:aws:elasticache:{HOME}:serverlesscache:shop", f"arn:aws:elasticache:{HOME}:user:app"],
        ),
        (
            "elasticache-connect",
            "arn:aws:elasticache:eu-west-1:210987654321:replicationgroup:shop",
            [
                "arn:aws:elasticache:eu-west-1:210987654321:replicationgroup:shop",
                "arn:aws:elasticache:eu-west-1:210987654321:user:app",
            ],
        ),
        ("memorydb-connect", "shop", [f"arn:aws:memorydb:{HOME}:cluster/shop", f"arn:aws:memorydb:{HOME}:user/app"]),
    ],
)
def test_a_cache_is_connected_to_as_one_user(word: str, value: str, resources: list[str]) -> None:
    action = word.replace("-connect", ":Connect")
    assert permissions(granted(word, value, user="app")) == {f"{action} on {resource}" for resource in resources}
    assert "has no user" in granted(word, value).findings[0].what


def test_a_topic_is_read_through_its_cluster_and_with_the_groups_that_are_named() -> None:
    topic = on(f"arn:aws:kafka:{HOME}:topic/{KAFKA}/orders", "kafka-cluster:DescribeTopic", "kafka-cluster:ReadData")
    connect = on(f"arn:aws:kafka:{HOME}:cluster/{KAFKA}", "kafka-cluster:Connect")
    group = on(f"arn:aws:kafka:{HOME}:group/{KAFKA}/g", "kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup")
    assert permissions(granted("kafka-read", f"{KAFKA}/orders", group="g")) == topic | connect | group
    assert granted("kafka-read", f"{KAFKA}/orders", group="g*").findings
    assert "has no consumer group" in granted("kafka-read", f"{KAFKA}/orders").findings[0].what


def test_a_topic_is_of_a_serverless_cluster_too() -> None:
    topic = "shop/1234abcd-12ab-34cd-56ef-1234567890ab-s2/orders"
    assert f"kafka-cluster:WriteData on arn:aws:kafka:{HOME}:topic/{topic}" in permissions(
        granted("kafka-write", topic)
    )
    assert granted("kafka-write", topic.replace("-s2", "-x2")).findings


def test_what_an_import_does_not_tell_is_a_gap() -> None:
    assert granted("kafka-read", {"import": "topic"}).gaps
    assert granted("memorydb-connect", {"import": "cluster"}, user="app").gaps


def test_a_consumer_of_ones_own_is_registered_and_subscribed() -> None:
    plain, own = (permissions(granted("kinesis-consume", "clicks", **more)) for more in ({}, {"consumer": "app"}))
    assert not any("Consumer" in permission for permission in plain)
    stream = f"arn:aws:kinesis:{HOME}:stream/clicks"
    assert own - plain == {
        *on(stream, "kinesis:RegisterStreamConsumer"),
        *on(f"{stream}/consumer/app:*", "kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"),
    }


@pytest.mark.parametrize(
    ("value", "resource"),
    [
        ("a1b2c3d4e5/prod", "a1b2c3d4e5/prod/*"),
        ("a1b2c3d4e5/prod/GET/orders", "a1b2c3d4e5/prod/GET/orders"),
        ("a1b2c3d4e5/$default/POST/", "a1b2c3d4e5/$default/POST/"),
    ],
)
def test_an_api_is_called_by_stage_or_by_method(value: str, resource: str) -> None:
    assert permissions(granted("api-invoke", value)) == on(
        f"arn:aws:execute-api:{HOME}:{resource}", "execute-api:Invoke"
    )


@pytest.mark.parametrize("value", ["a1b2c3d4e5", "a1b2c3d4e5/prod/ANY/x", "a1b2c3d4e5/prod/GET/*"])
def test_an_api_is_never_called_at_large(value: str) -> None:
    assert granted("api-invoke", value).findings


def test_a_task_protects_itself_within_its_cluster() -> None:
    assert permissions(granted("task-protection", "prod")) == on(
        f"arn:aws:ecs:{HOME}:task/prod/*", "ecs:GetTaskProtection", "ecs:UpdateTaskProtection"
    )


@pytest.mark.parametrize("path", ["/shop/prod", "/shop/prod/"])
def test_a_path_of_parameters_is_that_of_the_request(path: str) -> None:
    assert permissions(granted("parameter-read-path", path)) == on(
        f"arn:aws:ssm:{HOME}:parameter{path}", "ssm:GetParametersByPath"
    )
    keyed = permissions(granted("parameter-read-path", path, kms_key="arn:aws:kms:us-east-1:123456789012:key/1"))
    assert any(f"PARAMETER_ARN StringLike arn:aws:ssm:{HOME}:parameter/shop/prod/*" in each for each in keyed)


@pytest.mark.parametrize("path", ["/", "shop", "/shop/*"])
def test_everything_is_no_path(path: str) -> None:
    assert granted("parameter-read-path", path).findings


def test_mail_is_sent_from_one_identity() -> None:
    found = permissions(granted("ses-send", "shop@shop.example", configuration_set="receipts"))
    assert found == {
        *on(f"arn:aws:ses:{HOME}:identity/shop@shop.example", "ses:SendEmail", "ses:SendRawEmail"),
        *on(f"arn:aws:ses:{HOME}:configuration-set/receipts", "ses:SendEmail", "ses:SendRawEmail"),
    }


def test_a_role_is_assumed_by_name_or_arn() -> None:
    home = "arn:aws:iam::123456789012:role/reader"
    assert permissions(granted("assume-role", "reader")) == on(home, "sts:AssumeRole")
    arn = "arn:aws:iam::210987654321:role/teams/shop/reader"
    assert permissions(granted("assume-role", arn)) == on(arn, "sts:AssumeRole")
    assert granted("assume-role", "arn:aws:iam::210987654321:role/*").findings
