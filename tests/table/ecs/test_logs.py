"""Log drivers and the log router: streams of one container, destinations on the task role, what only a file knows."""

from __future__ import annotations

from typing import Any

import pytest

GROUP = "arn:aws:logs:us-east-1:123456789012:log-group"


def logs(driver: str, **options: str) -> dict[str, Any]:
    return {"logConfiguration": {"logDriver": driver, "options": options}}


def test_awslogs_without_a_group_is_refused(answer: Any) -> None:
    assert answer(logs("awslogs")).errors == ["the log driver awslogs has no awslogs-group"]


def test_awslogs_without_region_takes_the_tasks_own_and_warns(answer: Any) -> None:
    found = answer(logs("awslogs", **{"awslogs-group": "g", "awslogs-stream-prefix": "p"}))
    assert f"execution role: logs:PutLogEvents on {GROUP}:g:log-stream:p/c0/*" in found.needs
    assert "no awslogs-region" in found.warnings[0]


def test_fargate_asks_for_a_stream_prefix(answer: Any) -> None:
    options = {"awslogs-group": "g", "awslogs-region": "us-east-1"}
    assert answer(logs("awslogs", **options), requiresCompatibilities=["EC2"]).warnings == []
    assert answer(logs("awslogs", **options), requiresCompatibilities=["FARGATE"]).warnings != []


def test_the_key_of_a_log_group_is_granted_on_demand_and_for_this_group_only(answer: Any) -> None:
    options = {"awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    assert not any("kms" in need for need in answer(logs("awslogs", **options)).needs)
    found = answer(logs("awslogs", **options), facts={"log_group_key_arns": (key,)})
    assert (
        f"execution role: kms:Decrypt on {key}, kms:EncryptionContext:aws:logs:arn ArnEquals {GROUP}:g,"
        " kms:ViaService StringEquals logs.us-east-1.amazonaws.com"
    ) in found.needs
    # A request to describe a key has no encryption context, so a condition on it would never hold.
    assert f"execution role: kms:DescribeKey on {key}, kms:ViaService StringEquals logs.us-east-1.amazonaws.com" in (
        found.needs
    )


KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
AWSLOGS = {"awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}
ROUTED = {
    "firehose": {"Name": "firehose", "region": "us-east-1", "delivery_stream": "s"},
    "kinesis": {"Name": "kinesis_streams", "region": "us-east-1", "stream": "s"},
    "s3": {"Name": "s3", "region": "us-east-1", "bucket": "b"},
}


def of_kms(found: Any) -> set[str]:
    return {need for need in found.needs if " kms:" in need.split(" on ")[0]}


@pytest.mark.parametrize(
    ("destination", "actions", "context"),
    [
        ("firehose", {"Decrypt", "GenerateDataKey"}, ""),
        ("kinesis", {"GenerateDataKey"}, "arn:aws:kinesis:us-east-1:123456789012:stream/s"),
        ("s3", {"Decrypt", "GenerateDataKey"}, "arn:aws:s3:::b/*"),
    ],
)
def test_the_key_of_a_destination_is_asked_for_in_the_task_roles_name(
    answer: Any, destination: str, actions: set[str], context: str
) -> None:
    container = logs("awsfirelens", **ROUTED[destination])
    assert of_kms(answer(container)) == set()
    needs = of_kms(answer(container, facts={"destination_key_arns": (KEY,)}))
    assert {need.split(" on ")[0] for need in needs} == {f"task role: kms:{action}" for action in actions}
    assert all(f"kms:ViaService StringEquals {destination}.us-east-1.amazonaws.com" in need for need in needs)
    assert any(context in need for need in needs)


@pytest.mark.parametrize(("region", "keys"), [("us-east-1", 1), ("eu-west-1", 0)])
def test_a_stream_has_the_key_of_the_template_in_its_own_region_only(answer: Any, region: str, keys: int) -> None:
    container = logs("awsfirelens", **{**ROUTED["kinesis"], "region": region})
    assert len(of_kms(answer(container, facts={"keys_of_destinations": (("kinesis", "s", KEY),)}))) == keys


def test_the_key_of_a_log_group_follows_whoever_writes_to_it(answer: Any) -> None:
    keys = {"log_group_key_arns": (KEY,)}
    router = logs("awsfirelens", Name="cloudwatch_logs", region="us-east-1", log_group_name="g")
    assert {need.split(":")[0] for need in of_kms(answer(router, facts=keys))} == {"task role"}
    assert {need.split(":")[0] for need in of_kms(answer(logs("awslogs", **AWSLOGS), facts=keys))} == {"execution role"}


@pytest.mark.parametrize(
    ("change", "facts", "granted"),
    [
        ({}, {}, True),
        ({"awslogs-region": "eu-west-1"}, {}, False),
        ({}, {"existing_log_groups": ("g",)}, False),
        ({}, {"existing_log_groups": ("other",)}, True),
    ],
    ids=["made", "in another region", "there already", "another already exists"],
)
def test_the_key_of_log_groups_that_are_made_here_is_granted_for_these(
    answer: Any, change: dict[str, str], facts: dict[str, Any], granted: bool
) -> None:
    found = answer(logs("awslogs", **{**AWSLOGS, **change}), facts={"made_log_groups_key": KEY, **facts})
    assert bool(of_kms(found)) == granted


def test_a_group_that_only_the_router_writes_to_is_not_made_here(answer: Any) -> None:
    router = logs("awsfirelens", Name="cloudwatch_logs", region="us-east-1", log_group_name="routed")
    assert of_kms(answer(router, facts={"made_log_groups_key": KEY})) == set()


def test_the_service_connect_proxy_writes_a_log(answer: Any) -> None:
    options = {"awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}
    service = {"serviceConnectConfiguration": {"logConfiguration": {"logDriver": "awslogs", "options": options}}}
    assert f"execution role: logs:PutLogEvents on {GROUP}:g:log-stream:p/*" in answer(service=service).needs


def proxied(driver: str, **options: str) -> dict[str, Any]:
    return {"serviceConnectConfiguration": {"logConfiguration": {"logDriver": driver, "options": options}}}


def test_the_proxys_log_is_routed_with_the_task_role(answer: Any) -> None:
    found = answer(service=proxied("awsfirelens", **ROUTED["firehose"]))
    stream = "arn:aws:firehose:us-east-1:123456789012:deliverystream/s"
    assert found.needs == {f"task role: firehose:PutRecordBatch on {stream}"}
    assert answer(service=proxied("awsfirelens", Name="datadog")).needs == set()
    assert answer(service=proxied("splunk", **ROUTED["firehose"])).needs == set()
    assert answer(service=proxied("awsfirelens", Name="opentelemetry", aws_auth="on")).gaps


@pytest.mark.parametrize("name", ["a b", "*", "x" * 513])
def test_what_cannot_be_a_log_groups_name_is_refused(answer: Any, name: str) -> None:
    assert answer(logs("awslogs", **{"awslogs-group": name, "awslogs-region": "us-east-1"})).errors


def test_the_router_writes_with_the_task_role(answer: Any) -> None:
    found = answer(logs("awsfirelens", name="Firehose", region="us-east-1", delivery_stream="s"))
    assert found.needs == {
        "task role: firehose:PutRecordBatch on arn:aws:firehose:us-east-1:123456789012:deliverystream/s"
    }


@pytest.mark.parametrize("name", ["/ecs/$(ecs_cluster)", "/ecs/$CLUSTER", "/ecs/#(tag)"])
def test_a_name_that_is_made_at_run_time_is_a_gap(answer: Any, name: str) -> None:
    found = answer(logs("awsfirelens", Name="cloudwatch_logs", region="us-east-1", log_group_name=name))
    assert found.needs == set()
    assert "is generated at run time" in found.gaps[0]


def test_the_older_plugin_looks_for_its_stream(answer: Any) -> None:
    options = {"region": "us-east-1", "log_group_name": "g", "log_stream_name": "s"}
    grant = f"task role: logs:DescribeLogStreams on {GROUP}:g"
    assert grant in answer(logs("awsfirelens", Name="cloudwatch", **options)).needs
    assert grant not in answer(logs("awsfirelens", Name="cloudwatch_logs", **options)).needs


def test_a_role_that_the_router_assumes_takes_the_place_of_the_destination(answer: Any) -> None:
    role = "arn:aws:iam::210987654321:role/logs"
    found = answer(logs("awsfirelens", Name="s3", region="us-east-1", bucket="b", role_arn=role))
    assert found.needs == {f"task role: sts:AssumeRole on {role}"}


def test_objects_are_bound_to_the_fixed_beginning_of_their_keys(answer: Any) -> None:
    found = answer(logs("awsfirelens", Name="s3", region="us-east-1", bucket="b", s3_key_format="/logs/$TAG/%Y"))
    assert found.needs == {"task role: s3:PutObject on arn:aws:s3:::b/logs/*"}


def test_opensearch_is_signed_only_where_it_is_told(answer: Any) -> None:
    host = "vpc-shop-abcdefghijklmnopqrstuvwxyz.us-east-1.es.amazonaws.com"
    signed = answer(logs("awsfirelens", Name="es", Host=host, AWS_Auth="On"))
    assert signed.needs == {"task role: es:ESHttpPost on arn:aws:es:us-east-1:123456789012:domain/shop/*"}
    assert answer(logs("awsfirelens", Name="es", Host=host)).needs == set()
    assert "does not say" in answer(logs("awsfirelens", Name="es", Host="logs.example.com", AWS_Auth="On")).gaps[0]


def signed(name: str, **options: str) -> dict[str, Any]:
    return logs("awsfirelens", Name=name, aws_auth="true", **options)


@pytest.mark.parametrize(
    ("container", "need"),
    [
        pytest.param(
            signed("http", Host="logs-abcdefghijklmnopqrstuvwxyz.eu-west-1.osis.amazonaws.com", aws_service="osis"),
            "osis:Ingest on arn:aws:osis:eu-west-1:123456789012:pipeline/logs",
            id="ingestion",
        ),
        pytest.param(
            signed("http", host="vpc-shop-abcdefghijklmnopqrstuvwxyz.us-east-1.es.amazonaws.com", aws_service="es"),
            "es:ESHttpPost on arn:aws:es:us-east-1:123456789012:domain/shop/*",
            id="domain-by-http",
        ),
        pytest.param(
            signed("opensearch", host="https://abc123.us-east-1.aoss.amazonaws.com", aws_service_name="aoss"),
            "aoss:APIAccessAll on arn:aws:aoss:us-east-1:123456789012:collection/abc123",
            id="serverless",
        ),
        pytest.param(
            signed(
                "prometheus_remote_write",
                host="aps-workspaces.us-east-1.amazonaws.com",
                uri="/workspaces/ws-1/api/v1/remote_write",
            ),
            "aps:RemoteWrite on arn:aws:aps:us-east-1:123456789012:workspace/ws-1",
            id="prometheus",
        ),
    ],
)
def test_signed_requests_ask_for_permissions_of_their_service(answer: Any, container: Any, need: str) -> None:
    found = answer(container)
    assert found.needs == {f"task role: {need}"}
    assert found.gaps == []


@pytest.mark.parametrize(
    "container",
    [
        pytest.param(signed("opentelemetry", host="logs.us-east-1.amazonaws.com"), id="open-telemetry"),
        pytest.param(
            signed("http", host="abc.execute-api.us-east-1.amazonaws.com", aws_service="execute-api"), id="api"
        ),
        pytest.param(signed("http", host="logs.example.com", aws_service="osis"), id="host-of-ones-own"),
        pytest.param(logs("awsfirelens", Name="kafka", aws_msk_iam="On"), id="kafka-with-iam"),
        pytest.param(logs("awsfirelens", **{"@type": "aws-elasticsearch-service"}), id="fluentd"),
        pytest.param(logs("awsfirelens", **{"@type": "sqs", "queue_name": "q"}), id="fluentd-to-a-queue"),
    ],
)
def test_what_is_signed_and_not_named_is_a_gap(answer: Any, container: Any) -> None:
    found = answer(container)
    assert found.needs == set()
    assert len(found.gaps) == 1


@pytest.mark.parametrize(
    "container",
    [
        logs("awsfirelens", Name="http", host="logs.example.com"),
        logs("awsfirelens", Name="http", host="logs.example.com", aws_auth="off"),
        logs("awsfirelens", Name="opentelemetry", host="collector"),
        logs("awsfirelens", Name="datadog", apikey="x", dd_source="ecs"),
        logs("awsfirelens", Name="kafka", brokers="b:9092"),
        logs("awsfirelens", Name="newrelic"),
    ],
    ids=lambda container: str(container["logConfiguration"]["options"]),
)
def test_what_is_not_signed_asks_for_nothing(answer: Any, container: Any) -> None:
    found = answer(container)
    assert found.needs == set()
    assert found.gaps == []


def test_log_groups_that_are_named_by_records_are_a_gap(answer: Any) -> None:
    options = {"region": "us-east-1", "log_group_name": "g", "log_stream_prefix": "p-"}
    found = answer(logs("awsfirelens", Name="cloudwatch_logs", log_group_template="/ecs/$x", **options))
    assert "log_group_template /ecs/$x" in found.gaps[0]
    assert f"task role: logs:PutLogEvents on {GROUP}:g:log-stream:p-*" in found.needs


def test_log_streams_that_are_named_by_records_are_any_of_the_groups(answer: Any) -> None:
    options = {"region": "us-east-1", "log_group_name": "g", "log_stream_prefix": "p-"}
    found = answer(logs("awsfirelens", Name="cloudwatch_logs", log_stream_template="$x", **options))
    assert f"task role: logs:PutLogEvents on {GROUP}:g:log-stream:*" in found.needs
    assert found.gaps == []


@pytest.mark.parametrize("value", ["true", "True", "On", "yes"])
def test_a_switch_of_the_router_has_several_spellings(answer: Any, value: str) -> None:
    options = {"region": "us-east-1", "log_group_name": "g", "auto_create_group": value}
    found = answer(logs("awsfirelens", Name="cloudwatch_logs", **options))
    assert f"task role: logs:CreateLogGroup on {GROUP}:g" in found.needs


def test_a_router_that_reads_a_file_has_destinations_that_nobody_sees(answer: Any) -> None:
    options = {"config-file-type": "s3", "config-file-value": "arn:aws:s3:::config/extra.conf"}
    found = answer({"firelensConfiguration": {"type": "fluentbit", "options": options}}, logs("awsfirelens"))
    assert "execution role: s3:GetObject on arn:aws:s3:::config/extra.conf" in found.needs
    assert len(found.gaps) == 2
    assert answer({"firelensConfiguration": {"type": "fluentbit"}}, logs("awsfirelens", Name="datadog")).gaps == []


def test_fargate_takes_no_file_from_s3(answer: Any) -> None:
    options = {"config-file-type": "s3", "config-file-value": "arn:aws:s3:::config/extra.conf"}
    container = {"firelensConfiguration": {"type": "fluentbit", "options": options}}
    assert answer(container, requiresCompatibilities=["FARGATE"]).warnings != []
    assert answer(container, requiresCompatibilities=["EC2"]).warnings == []


def test_the_init_process_reads_its_files_with_the_task_role(answer: Any) -> None:
    container = {
        "firelensConfiguration": {"type": "fluentbit"},
        "environment": [{"name": "aws_fluent_bit_init_s3_1", "value": "arn:aws:s3:::config/a.conf"}],
    }
    assert "task role: s3:GetObject on arn:aws:s3:::config/a.conf" in answer(container).needs
    assert answer({"environment": container["environment"]}).needs == set()


UNKNOWN = {
    "a driver with a log group": (
        logs("<DRIVER>", **AWSLOGS),
        f"execution role: logs:PutLogEvents on {GROUP}:g:log-stream:p/c0/*",
        [],
    ),
    "a driver alone": (logs("<DRIVER>"), "", ["cannot see whether logDriver is awsfirelens: it is <DRIVER>"]),
    "a driver with a plugin": (
        logs("<DRIVER>", **ROUTED["firehose"]),
        "task role: firehose:PutRecordBatch on arn:aws:firehose:us-east-1:123456789012:deliverystream/s",
        [],
    ),
    "a plugin": (
        logs("awsfirelens", Name="<PLUGIN>", stream="s"),
        "",
        ["the plugin <PLUGIN> is unknown, and may write to AWS with the task role"],
    ),
    "a plugin of the router": (
        logs("awsfirelens", Name="${PLUGIN}", stream="s"),
        "",
        ["the plugin ${PLUGIN} is unknown, and may write to AWS with the task role"],
    ),
    "who creates the group": (
        logs("awslogs", **AWSLOGS, **{"awslogs-create-group": "<CREATE>"}),
        f"execution role: logs:PutLogEvents on {GROUP}:g:log-stream:p/c0/*",
        ["cannot see whether awslogs-create-group is true: it is <CREATE>"],
    ),
    "whether it signs": (
        logs("awsfirelens", Name="opensearch", Host="x", aws_auth="<SIGNS>"),
        "",
        ["cannot see whether aws_auth is on: it is <SIGNS>"],
    ),
}


@pytest.mark.parametrize(("container", "need", "gaps"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_driver_or_option_is_read_by_those_next_to_it_or_is_a_gap(
    answer: Any, container: dict[str, Any], need: str, gaps: list[str]
) -> None:
    found = answer(container)
    assert need in ("", *found.needs)
    assert [each.partition(". ")[0].partition(": ")[2] for each in found.gaps] == gaps
