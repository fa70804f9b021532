"""Where FireLens sends logs: the router writes to services of AWS with the task role, not with the execution role."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from awacs import es, firehose, kinesis, logs, s3, sts

from cfnroles.facts import partition_of
from cfnroles.need import Holder
from cfnroles.table.ecs.awslogs import log_group_arn, with_contents
from cfnroles.table.feature import Feature, Found, Grant, Malformed, Unnamed
from cfnroles.table.references import located_arn
from cfnroles.text import ANYTHING, EMPTY, Text, text_of

_FIELD = "containerDefinitions[].logConfiguration.options"
_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html"
_CLOUDWATCH = "https://github.com/aws/amazon-cloudwatch-logs-for-fluent-bit#permissions"
_FLUENT_BIT = "https://docs.fluentbit.io/manual/data-pipeline/outputs"

#: Plugins of Fluent Bit and of Fluentd that write to a service of AWS.
_SERVICES = {
    "firehose": "firehose",
    "kinesis_firehose": "firehose",
    "kinesis": "kinesis",
    "kinesis_streams": "kinesis",
    "kinesis_streams_aggregated": "kinesis",
    "cloudwatch": "cloudwatch",
    "cloudwatch_logs": "cloudwatch",
    "s3": "s3",
    "es": "opensearch",
    "opensearch": "opensearch",
    "elasticsearch": "opensearch",
}
_DOMAIN_HOST = re.compile(
    r"(?:https?://)?(?:search|vpc)-(.+)-[a-z0-9]{26}\.([a-z0-9-]+)\.es\.amazonaws\.com(?:\.cn)?.*"
)


def writes_to(service: str) -> Callable[[Found], bool]:
    """The router writes to ``service`` with the task role itself."""

    def destination(found: Found) -> bool:
        return _service(found) == service and not _role(found) and _is_signed(found)

    return destination


def creates_log_group(found: Found) -> bool:
    """The router is told to create the log group where it is missing."""
    return writes_to("cloudwatch")(found) and _option(found, "auto_create_group", "auto_create_stream") == "true"


def retains_logs(found: Found) -> bool:
    """The router is told to set how long a log group that it made keeps its logs."""
    return writes_to("cloudwatch")(found) and _option(found, "log_retention_days", "retention_in_days") not in ("", "0")


def looks_for_streams(found: Found) -> bool:
    """The plugin `cloudwatch` asks for the log stream; the newer `cloudwatch_logs` does not."""
    return writes_to("cloudwatch")(found) and _plugin(found) == "cloudwatch"


def searches_compatibly(found: Found) -> bool:
    """The caller asks for all the HTTP methods that AWS's page lists."""
    return found.facts.compat and writes_to("opensearch")(found)


def assumes_role(found: Found) -> bool:
    """The router writes with a role that it assumes."""
    return _service(found) != "" and bool(_role(found))


def leaves_aws(found: Found) -> bool:
    """The router writes to a destination that asks for no permission of AWS."""
    return _plugin(found) != "" and (_service(found) == "" or not (_is_signed(found) or _role(found)))


def delivery_stream(found: Found) -> Text:
    """The Firehose stream."""
    name = _required(found, "delivery_stream", "delivery_stream_name")
    return _regional(found, "firehose", Text("deliverystream/", name))


def stream(found: Found) -> Text:
    """The Kinesis stream."""
    return _regional(found, "kinesis", Text("stream/", _required(found, "stream", "stream_name")))


def log_group(found: Found) -> Text:
    """The log group."""
    return log_group_arn(found, _required(found, "log_group_name"), _option(found, "region")).text


def log_group_and_contents(found: Found) -> tuple[Text, Text]:
    """The log group in both spellings that AWS's own policies use."""
    return with_contents(log_group(found))


def log_streams(found: Found) -> Text:
    """The log streams: one by its name, or all with a prefix; any of the group's where names are made at run time."""
    name, prefix = _option(found, "log_stream_name"), _option(found, "log_stream_prefix")
    streams = Text(log_group(found), ":log-stream:")
    if name and not _is_made_at_run_time(name):
        return streams + name
    if prefix and not name and not _is_made_at_run_time(prefix):
        return Text(streams, prefix, ANYTHING)
    return streams + ANYTHING


def objects(found: Found) -> Text:
    """The objects: those under the fixed beginning of their keys, where one is given."""
    bucket = _required(found, "bucket", "s3_bucket")
    key = _fixed_beginning(_option(found, "s3_key_format").lstrip("/"))
    partition = partition_of(_option(found, "region", "s3_region") or found.facts.home_region)
    return Text("arn:", partition, ":s3:::", bucket, "/", key, ANYTHING)


def domain(found: Found) -> Text:
    """The contents of an OpenSearch domain, which its endpoint names."""
    host = _required(found, "host", "url").written
    match = _DOMAIN_HOST.fullmatch(host)
    if _option(found, "aws_service_name") == "aoss":
        raise Unnamed(f"{host} is a serverless collection", "Add aoss:APIAccessAll on its ARN to the task role")
    if match is None:
        raise Unnamed(
            f"the host {host} does not tell its OpenSearch domain",
            "Write the domain's own endpoint, search-DOMAIN-ID.REGION.es.amazonaws.com",
        )
    return found.facts.arn("es", Text(f"domain/{match[1]}/", ANYTHING), Text(match[2])).text


def role(found: Found) -> Text:
    """The role that the router assumes."""
    arn = located_arn(_role(found))
    if arn.service != "iam" or not arn.resource.startswith("role/"):
        raise Malformed(
            f"{_role(found).written} is not the ARN of a role", "Write arn:PARTITION:iam::ACCOUNT:role/NAME."
        )
    return arn.text


def _options(found: Found) -> Mapping[str, Text]:
    if not isinstance(found.value, Mapping):
        return {}
    # Fluent Bit reads the names of options in any case.
    return {
        str(key).lower(): text_of(value) if isinstance(value, str) else Text(str(value))
        for key, value in found.value.items()
    }


def _plugin(found: Found) -> str:
    configuration = found.workload.at(found.path[:-1])
    driver = configuration.get("logDriver") if isinstance(configuration, Mapping) else ""
    options = _options(found)
    return (options.get("name") or options.get("@type") or "").lower() if driver == "awsfirelens" else ""


def _service(found: Found) -> str:
    return _SERVICES.get(_plugin(found), "")


def _option(found: Found, *names: str) -> Text:
    options = _options(found)
    return next((options[name] for name in names if options.get(name)), EMPTY)


def _required(found: Found, *names: str) -> Text:
    value = _option(found, *names)
    if not value:
        raise Unnamed(f"the options have no {names[0]}", f"Add {names[0]} to the options of the log driver")
    if _is_made_at_run_time(value):
        raise Unnamed(
            f"{names[0]} {value.written} is made at run time",
            "Write a fixed name, or add what it needs to the task role",
        )
    return value


def _is_made_at_run_time(text: Text) -> bool:
    # `$(x)`, `${x}`, `$x['y']` and `#(x)` are templates of the router.
    return re.search(r"\$[({\w]|#\(", text.shape()) is not None


def _fixed_beginning(key: Text) -> Text:
    """What stands before the first template of the router."""
    for sign in "$%#":
        key = key.partition(sign)[0]
    return key


def _is_signed(found: Found) -> bool:
    # The plugins of OpenSearch sign requests only where they are told to; the others always do.
    return _service(found) != "opensearch" or _option(found, "aws_auth").lower() in ("on", "true")


def _role(found: Found) -> Text:
    return _option(found, "role_arn", "aws_role_arn")


def _regional(found: Found, service: str, resource: Text) -> Text:
    return located_arn(found.facts.arn(service, resource, _option(found, "region")).text).text


def _row(name: str, why: str, example: Mapping[str, str], **rest: Any) -> Feature:
    return Feature(
        **{
            "name": name,
            "field": _FIELD,
            "holder": Holder.TASK,
            "why": why,
            "source": _PAGE,
            "example": dict(example),
            "beside": (("containerDefinitions[].logConfiguration.logDriver", "awsfirelens"),),
            **rest,
        }
    )


_GROUP = {"Name": "cloudwatch", "region": "us-east-1", "log_group_name": "/ecs/shop", "log_stream_prefix": "web-"}
_OPENSEARCH = {
    "Name": "opensearch",
    "Host": "search-shop-abcdefghijklmnopqrstuvwxyz.us-east-1.es.amazonaws.com",
    "AWS_Auth": "On",
}

FEATURES = (
    _row(
        "firelens-firehose",
        "the FireLens container puts log records into a Firehose stream",
        {"Name": "firehose", "region": "us-east-1", "delivery_stream": "shop-logs"},
        grants=(Grant(firehose.PutRecordBatch, on=delivery_stream, sid="RouteLogsToFirehose"),),
        when=writes_to("firehose"),
    ),
    _row(
        "firelens-kinesis",
        "the FireLens container puts log records into a Kinesis stream",
        {"Name": "kinesis", "region": "us-east-1", "stream": "shop-logs"},
        grants=(Grant(kinesis.PutRecords, on=stream, sid="RouteLogsToKinesis"),),
        when=writes_to("kinesis"),
    ),
    _row(
        "firelens-cloudwatch",
        "the FireLens container opens log streams and writes to them",
        _GROUP,
        grants=(
            Grant(logs.CreateLogStream, on=log_streams, sid="RouteLogsToCloudWatch"),
            Grant(logs.PutLogEvents, on=log_streams, sid="RouteLogsToCloudWatch"),
        ),
        when=writes_to("cloudwatch"),
    ),
    _row(
        "firelens-cloudwatch-describe",
        "the plugin `cloudwatch` looks for the log stream before it writes",
        _GROUP,
        source=_CLOUDWATCH,
        grants=(Grant(logs.DescribeLogStreams, on=log_group_and_contents, sid="FindRoutedLogs"),),
        when=looks_for_streams,
    ),
    _row(
        "firelens-cloudwatch-create-group",
        "auto_create_group is true, so the FireLens container creates the log group where it is missing",
        {**_GROUP, "auto_create_group": "true"},
        source=_CLOUDWATCH,
        grants=(Grant(logs.CreateLogGroup, on=log_group_and_contents, sid="CreateRoutedLogGroups"),),
        when=creates_log_group,
    ),
    _row(
        "firelens-cloudwatch-retention",
        "log_retention_days is set, so the FireLens container sets how long a log group that it made keeps its logs",
        {**_GROUP, "log_retention_days": "30"},
        source=_CLOUDWATCH,
        grants=(Grant(logs.PutRetentionPolicy, on=log_group_and_contents, sid="RetainRoutedLogs"),),
        when=retains_logs,
    ),
    _row(
        "firelens-s3",
        "the FireLens container puts log files into a bucket",
        {"Name": "s3", "region": "us-east-1", "bucket": "shop-logs"},
        source=f"{_FLUENT_BIT}/s3",
        grants=(Grant(s3.PutObject, on=objects, sid="RouteLogsToS3"),),
        when=writes_to("s3"),
    ),
    _row(
        "firelens-opensearch",
        "the FireLens container posts log records to an OpenSearch domain, signed because AWS_Auth is on",
        _OPENSEARCH,
        source=f"{_FLUENT_BIT}/opensearch",
        grants=(Grant(es.ESHttpPost, on=domain, sid="RouteLogsToOpenSearch"),),
        when=writes_to("opensearch"),
    ),
    _row(
        "firelens-opensearch-methods",
        "asked for by --compat: AWS's pages allow every HTTP method, where the plugin only posts",
        _OPENSEARCH,
        grants=tuple(
            Grant(action, on=domain, sid="ReadOpenSearch")
            for action in (es.ESHttpDelete, es.ESHttpGet, es.ESHttpHead, es.ESHttpPatch, es.ESHttpPut)
        ),
        when=searches_compatibly,
    ),
    _row(
        "firelens-role",
        "the FireLens container assumes this role and writes with its permissions",
        {"Name": "s3", "bucket": "shop-logs", "role_arn": "arn:aws:iam::210987654321:role/log-writer"},
        source=_CLOUDWATCH,
        grants=(Grant(sts.AssumeRole, on=role, sid="AssumeLogRoles"),),
        when=assumes_role,
    ),
    _row(
        "firelens-elsewhere",
        "the FireLens container sends logs to a destination that asks for no permission of AWS",
        {"Name": "datadog", "Host": "http-intake.logs.datadoghq.com"},
        when=leaves_aws,
    ),
)
