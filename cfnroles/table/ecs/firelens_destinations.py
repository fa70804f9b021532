"""The destinations of FireLens: the router writes to AWS services with the task role, not with the execution role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awacs import firehose, kinesis, logs, s3, sts

from cfnroles.facts import partition_of
from cfnroles.need import Holder, Standing
from cfnroles.table.ecs.awslogs import log_group_arn, with_contents
from cfnroles.table.ecs.firelens_options import (
    destination,
    fixed_beginning,
    is_made_at_run_time,
    is_on,
    option,
    plugin,
    required,
    role_arn,
    writes_to,
)
from cfnroles.table.feature import Feature, Found, Grant, Malformed, Unnamed
from cfnroles.table.references import located_arn
from cfnroles.text import ANYTHING, Arn, Text

_FIELD = "containerDefinitions[].logConfiguration.options"
_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html"
_CLOUDWATCH = "https://github.com/aws/amazon-cloudwatch-logs-for-fluent-bit#permissions"
_FLUENT_BIT = "https://docs.fluentbit.io/manual/data-pipeline/outputs"


def creates_log_group(found: Found) -> bool:
    """The router creates the log group if it does not exist."""
    return writes_to("cloudwatch")(found) and is_on(found, "auto_create_group", "auto_create_stream")


def retains_logs(found: Found) -> bool:
    """The router sets the retention of a log group that it created."""
    return writes_to("cloudwatch")(found) and option(found, "log_retention_days", "retention_in_days") not in ("", "0")


def looks_for_streams(found: Found) -> bool:
    """The plugin `cloudwatch` describes the log stream; the newer `cloudwatch_logs` does not."""
    return writes_to("cloudwatch")(found) and plugin(found) == "cloudwatch"


def names_groups_by_template(found: Found) -> bool:
    """The router derives the names of log groups from its records; `log_group_name` is the default."""
    return writes_to("cloudwatch")(found) and option(found, "log_group_template") != ""


def assumes_role(found: Found) -> bool:
    """The router writes with a role that it assumes."""
    return destination(found) != "" and bool(role_arn(found))


def leaves_aws(found: Found) -> bool:
    """The router writes to a destination that needs no permission of AWS."""
    return plugin(found) != "" and destination(found) == ""


def delivery_stream(found: Found) -> Text:
    """The Firehose stream."""
    name = required(found, "delivery_stream", "delivery_stream_name")
    return _regional(found, "firehose", Text("deliverystream/", name))


def stream(found: Found) -> Text:
    """The Kinesis stream."""
    return _regional(found, "kinesis", Text("stream/", required(found, "stream", "stream_name")))


def log_group(found: Found) -> Text:
    """The log group."""
    return log_group_parts(found).text


def log_group_parts(found: Found) -> Arn:
    """The parts of the log group's ARN."""
    return log_group_arn(found, required(found, "log_group_name"), option(found, "region"))


def log_group_and_contents(found: Found) -> tuple[Text, Text]:
    """The log group in both spellings of AWS's own policies."""
    return with_contents(log_group(found))


def log_streams(found: Found) -> Text:
    """The log streams: one by name, or all with a prefix; any of the group's if the router generates names."""
    name, prefix = option(found, "log_stream_name"), option(found, "log_stream_prefix")
    streams = Text(log_group(found), ":log-stream:")
    if option(found, "log_stream_template"):
        return streams + ANYTHING
    if name and not is_made_at_run_time(name):
        return streams + name
    if prefix and not name and not is_made_at_run_time(prefix):
        return Text(streams, prefix, ANYTHING)
    return streams + ANYTHING


def objects(found: Found) -> Text:
    """The objects: those with the fixed prefix of their keys, if there is one."""
    return Text(bucket(found), "/", fixed_beginning(option(found, "s3_key_format").lstrip("/")), ANYTHING)


def bucket(found: Found) -> Text:
    """The bucket."""
    partition = partition_of(option(found, "region", "s3_region") or found.facts.home_region)
    return Text("arn:", partition, ":s3:::", required(found, "bucket", "s3_bucket"))


def unknown_groups(found: Found) -> None:
    """Raise Unnamed: the router derives the names of log groups from log records."""
    raise Unnamed(
        f"log_group_template {option(found, 'log_group_template').written} generates names of log groups at run time",
        "Use log_group_name only, or add the permissions for the other groups to the task role",
    )


def role(found: Found) -> Text:
    """The role that the router assumes."""
    arn = located_arn(role_arn(found))
    if arn.service != "iam" or not arn.resource.startswith("role/"):
        raise Malformed(
            f"{role_arn(found).written} is not the ARN of a role", "Write arn:PARTITION:iam::ACCOUNT:role/NAME."
        )
    return arn.text


def _regional(found: Found, service: str, resource: Text) -> Text:
    return located_arn(found.facts.arn(service, resource, option(found, "region")).text).text


def row(name: str, why: str, example: Mapping[str, str], **rest: Any) -> Feature:
    """A row about the options of the driver awsfirelens. ``rest`` are the fields in which it differs from others."""
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
FEATURES = (
    row(
        "firelens-firehose",
        "the FireLens container sends log records to a Firehose stream",
        {"Name": "firehose", "region": "us-east-1", "delivery_stream": "shop-logs"},
        standing=Standing.DOCUMENTED,
        grants=(Grant(firehose.PutRecordBatch, on=delivery_stream, sid="RouteLogsToFirehose"),),
        when=writes_to("firehose"),
    ),
    row(
        "firelens-kinesis",
        "the FireLens container puts log records into a Kinesis stream",
        {"Name": "kinesis", "region": "us-east-1", "stream": "shop-logs"},
        standing=Standing.DOCUMENTED,
        grants=(Grant(kinesis.PutRecords, on=stream, sid="RouteLogsToKinesis"),),
        when=writes_to("kinesis"),
    ),
    row(
        "firelens-cloudwatch",
        "the FireLens container opens log streams and writes to them",
        _GROUP,
        standing=Standing.DOCUMENTED,
        grants=(
            Grant(logs.CreateLogStream, on=log_streams, sid="RouteLogsToCloudWatch"),
            Grant(logs.PutLogEvents, on=log_streams, sid="RouteLogsToCloudWatch"),
        ),
        when=writes_to("cloudwatch"),
    ),
    row(
        "firelens-cloudwatch-template",
        "log_group_template is set, so the FireLens container writes to log groups whose names come from the records",
        {**_GROUP, "Name": "cloudwatch_logs", "log_group_template": "/ecs/$service"},
        source=f"{_FLUENT_BIT}/cloudwatch",
        standing=Standing.DOCUMENTED,
        hidden=unknown_groups,
        when=names_groups_by_template,
    ),
    row(
        "firelens-cloudwatch-describe",
        "the plugin `cloudwatch` looks for the log stream before it writes",
        _GROUP,
        source=_CLOUDWATCH,
        standing=Standing.DOCUMENTED,
        grants=(Grant(logs.DescribeLogStreams, on=log_group_and_contents, sid="FindRoutedLogs"),),
        when=looks_for_streams,
    ),
    row(
        "firelens-cloudwatch-create-group",
        "auto_create_group is true, so the FireLens container creates the log group if it does not exist",
        {**_GROUP, "auto_create_group": "true"},
        source=_CLOUDWATCH,
        standing=Standing.DOCUMENTED,
        grants=(Grant(logs.CreateLogGroup, on=log_group_and_contents, sid="CreateRoutedLogGroups"),),
        when=creates_log_group,
    ),
    row(
        "firelens-cloudwatch-retention",
        "log_retention_days is set, so the FireLens container sets the retention of the log group that it creates",
        {**_GROUP, "log_retention_days": "30"},
        source=_CLOUDWATCH,
        standing=Standing.DOCUMENTED,
        grants=(Grant(logs.PutRetentionPolicy, on=log_group_and_contents, sid="RetainRoutedLogs"),),
        when=retains_logs,
    ),
    row(
        "firelens-s3",
        "the FireLens container writes log files to a bucket",
        {"Name": "s3", "region": "us-east-1", "bucket": "shop-logs"},
        source=f"{_FLUENT_BIT}/s3",
        standing=Standing.DOCUMENTED,
        grants=(Grant(s3.PutObject, on=objects, sid="RouteLogsToS3"),),
        when=writes_to("s3"),
    ),
    row(
        "firelens-role",
        "the FireLens container assumes this role and writes with its permissions",
        {"Name": "s3", "bucket": "shop-logs", "role_arn": "arn:aws:iam::210987654321:role/log-writer"},
        source=_CLOUDWATCH,
        standing=Standing.DOCUMENTED,
        grants=(Grant(sts.AssumeRole, on=role, sid="AssumeLogRoles"),),
        when=assumes_role,
    ),
    row(
        "firelens-elsewhere",
        "the FireLens container sends logs to a destination that needs no AWS permission",
        {"Name": "datadog", "Host": "http-intake.logs.datadoghq.com"},
        standing=Standing.DERIVED,
        when=leaves_aws,
    ),
)
