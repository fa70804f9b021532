"""ECS Exec: the agent in each container communicates with Systems Manager, and logs the sessions."""

from __future__ import annotations

from awacs import kms, logs, s3, ssmmessages

from cfnroles.facts import partition_of
from cfnroles.need import Holder, Standing
from cfnroles.table.choices import is_true
from cfnroles.table.ecs.awslogs import log_group_arn, option, with_contents
from cfnroles.table.ecs.keys import LOGS, S3, encryption, keys_of_destination, keys_of_group, through_s3
from cfnroles.table.ecs.managed_volumes import key
from cfnroles.table.feature import Feature, Found, Grant, everything
from cfnroles.text import ANYTHING, EMPTY, Arn, Text

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html"
_CONFIGURATION = "cluster.configuration.executeCommandConfiguration"


def is_enabled(found: Found) -> bool:
    """The service, or the caller of RunTask, enables ECS Exec."""
    return is_true(found.value, "enableExecuteCommand")


def is_used(found: Found) -> bool:
    """ECS Exec is enabled, so the cluster's configuration of it applies."""
    return is_true(found.workload.at(("service", "enableExecuteCommand")), "enableExecuteCommand")


def log_group(found: Found) -> tuple[Text, Text]:
    """The log group of the sessions, in both spellings of AWS's own policies."""
    return with_contents(log_group_parts(found).text)


def log_streams(found: Found) -> Text:
    """The streams of the sessions' log group."""
    return Text(log_group_parts(found).text, ":log-stream:", ANYTHING)


def bucket(found: Found) -> Text:
    """The bucket of the sessions' logs."""
    return Text("arn:", partition_of(found.facts.home_region), ":s3:::", found.text)


def log_objects(found: Found) -> Text:
    """The objects with session logs."""
    prefix = option(found, "s3KeyPrefix").strip("/")
    return Text(bucket(found), "/", prefix, *("/" if prefix else ""), ANYTHING)


def log_group_parts(found: Found) -> Arn:
    """The parts of the log group's ARN."""
    return log_group_arn(found, found.text, EMPTY)


def has_log_key(found: Found) -> bool:
    """Sessions are logged to a log group with a customer managed key."""
    return is_used(found) and bool(keys_of_group(found, log_group_parts(found)))


def has_bucket_key(found: Found) -> bool:
    """Sessions are logged to a bucket with a customer managed key."""
    return is_used(found) and bool(_OF_BUCKET(found))


def bucket_and_objects(found: Found) -> tuple[Text, ...]:
    """The resources in the encryption context of S3."""
    return bucket(found), log_objects(found)


_OF_BUCKET = keys_of_destination(bucket)

FEATURES = (
    Feature(
        name="execute-command",
        field="service.enableExecuteCommand",
        holder=Holder.TASK,
        why="the SSM agent that ECS adds to each container opens the channels of ECS Exec",
        source=_PAGE,
        standing=Standing.DOCUMENTED,
        example=True,
        grants=tuple(
            Grant(action, on=everything, sid="ExecuteCommand")
            for action in (
                ssmmessages.CreateControlChannel,
                ssmmessages.CreateDataChannel,
                ssmmessages.OpenControlChannel,
                ssmmessages.OpenDataChannel,
            )
        ),
        when=is_enabled,
    ),
    Feature(
        name="execute-command-log-group",
        field=f"{_CONFIGURATION}.logConfiguration.cloudWatchLogGroupName",
        holder=Holder.TASK,
        why="the SSM agent writes the input and output of sessions to a log group",
        source=_PAGE,
        standing=Standing.DOCUMENTED,
        example="/ecs/shop/exec",
        grants=(
            Grant(logs.DescribeLogGroups, on=everything, sid="FindLogGroups"),
            Grant(logs.DescribeLogStreams, on=log_group, sid="FindExecuteCommandLogs"),
            Grant(logs.CreateLogStream, on=log_streams, sid="LogExecuteCommand"),
            Grant(logs.PutLogEvents, on=log_streams, sid="LogExecuteCommand"),
        ),
        when=is_used,
        beside=(("service.enableExecuteCommand", True),),
    ),
    Feature(
        name="execute-command-log-group-customer-key",
        field=f"{_CONFIGURATION}.logConfiguration.cloudWatchLogGroupName",
        holder=Holder.TASK,
        why="a customer managed key encrypts the log group of the sessions, and CloudWatch Logs uses it with the"
        " permissions of the role that writes",
        source=LOGS,
        standing=Standing.DOCUMENTED,
        example="/ecs/shop/exec",
        grants=encryption(log_group_parts),
        when=has_log_key,
        beside=(("service.enableExecuteCommand", True),),
    ),
    Feature(
        name="execute-command-bucket-customer-key",
        field=f"{_CONFIGURATION}.logConfiguration.s3BucketName",
        holder=Holder.TASK,
        why="S3 encrypts what the SSM agent writes to the bucket with a customer managed key, with the permissions"
        " of the task role",
        source=S3,
        standing=Standing.DERIVED,
        example="shop-exec-logs",
        grants=(
            Grant(
                kms.GenerateDataKey,
                on=_OF_BUCKET,
                conditions=through_s3(_OF_BUCKET, values=bucket_and_objects),
                sid="EncryptExecuteCommand",
            ),
        ),
        when=has_bucket_key,
        beside=(("service.enableExecuteCommand", True),),
    ),
    Feature(
        name="execute-command-bucket",
        field=f"{_CONFIGURATION}.logConfiguration.s3BucketName",
        holder=Holder.TASK,
        why="the SSM agent writes the input and output of sessions to a bucket",
        source=_PAGE,
        standing=Standing.DERIVED,
        example="shop-exec-logs",
        grants=(
            Grant(s3.GetBucketLocation, on=bucket, sid="FindExecuteCommandBucket"),
            Grant(s3.GetEncryptionConfiguration, on=bucket, sid="FindExecuteCommandBucket"),
            Grant(s3.PutObject, on=log_objects, sid="StoreExecuteCommand"),
        ),
        when=is_used,
        beside=(("service.enableExecuteCommand", True),),
    ),
    Feature(
        name="execute-command-key",
        field=f"{_CONFIGURATION}.kmsKeyId",
        holder=Holder.TASK,
        why="the SSM agent decrypts the data key that encrypts the session",
        source=_PAGE,
        standing=Standing.DOCUMENTED,
        example="arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        grants=(Grant(kms.Decrypt, on=key, sid="DecryptExecuteCommand"),),
        when=is_used,
        beside=(("service.enableExecuteCommand", True),),
    ),
)
