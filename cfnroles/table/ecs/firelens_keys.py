"""Customer managed keys of the destinations of FireLens, which the task role uses."""

from __future__ import annotations

from collections.abc import Callable

from awacs import kms

from cfnroles.need import Standing
from cfnroles.table.ecs.firelens_destinations import (
    bucket,
    delivery_stream,
    log_group_parts,
    objects,
    row,
    stream,
)
from cfnroles.table.ecs.firelens_options import writes_to
from cfnroles.table.ecs.keys import (
    LOGS,
    S3,
    Resources,
    encryption,
    keys_of_destination,
    keys_of_group,
    through,
    through_s3,
)
from cfnroles.table.feature import Found, Grant
from cfnroles.text import Text

_OF_FIREHOSE, _OF_KINESIS, _OF_S3 = map(keys_of_destination, (delivery_stream, stream, bucket))


def with_key(destination: str, keys: Resources) -> Callable[[Found], bool]:
    """The router writes to ``destination``, which has a customer managed key."""

    def encrypted(found: Found) -> bool:
        return writes_to(destination)(found) and bool(keys(found))

    return encrypted


def has_log_key(found: Found) -> bool:
    """The router writes to a log group with a customer managed key."""
    return writes_to("cloudwatch")(found) and bool(keys_of_group(found, log_group_parts(found)))


def streams(found: Found) -> tuple[Text, ...]:
    """The resource in the encryption context of Kinesis."""
    return (stream(found),)


def bucket_and_objects(found: Found) -> tuple[Text, ...]:
    """The resources in the encryption context of S3."""
    return bucket(found), objects(found)


FEATURES = (
    row(
        "firelens-firehose-customer-key",
        "a customer managed key encrypts the Firehose stream, and Firehose uses it with the permissions of the role"
        " that puts records",
        {"Name": "firehose", "region": "us-east-1", "delivery_stream": "shop-logs"},
        source="https://docs.aws.amazon.com/firehose/latest/dev/encryption.html",
        standing=Standing.DOCUMENTED,
        grants=tuple(
            Grant(action, on=_OF_FIREHOSE, conditions=through("firehose", _OF_FIREHOSE), sid="EncryptFirehose")
            for action in (kms.Decrypt, kms.GenerateDataKey)
        ),
        when=with_key("firehose", _OF_FIREHOSE),
    ),
    row(
        "firelens-kinesis-customer-key",
        "a customer managed key encrypts the Kinesis stream, and Kinesis uses it with the permissions of the role"
        " that puts records",
        {"Name": "kinesis", "region": "us-east-1", "stream": "shop-logs"},
        source="https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html",
        standing=Standing.DOCUMENTED,
        grants=(
            Grant(
                kms.GenerateDataKey,
                on=_OF_KINESIS,
                conditions=through("kinesis", _OF_KINESIS, "aws:kinesis:arn", streams),
                sid="EncryptKinesis",
            ),
        ),
        when=with_key("kinesis", _OF_KINESIS),
    ),
    row(
        "firelens-s3-customer-key",
        "S3 encrypts the log files and assembles the parts of a large one with a customer managed key, with the"
        " permissions of the role that writes them",
        {"Name": "s3", "region": "us-east-1", "bucket": "shop-logs"},
        source=S3,
        standing=Standing.DOCUMENTED,
        grants=tuple(
            Grant(
                action,
                on=_OF_S3,
                conditions=through_s3(_OF_S3, values=bucket_and_objects),
                sid="EncryptRoutedFiles",
            )
            for action in (kms.Decrypt, kms.GenerateDataKey)
        ),
        when=with_key("s3", _OF_S3),
    ),
    row(
        "firelens-cloudwatch-customer-key",
        "a customer managed key encrypts the log group, and CloudWatch Logs uses it with the permissions of the"
        " role that writes",
        {"Name": "cloudwatch", "region": "us-east-1", "log_group_name": "/ecs/shop", "log_stream_prefix": "web-"},
        source=LOGS,
        standing=Standing.DOCUMENTED,
        grants=encryption(log_group_parts),
        when=has_log_key,
    ),
)
