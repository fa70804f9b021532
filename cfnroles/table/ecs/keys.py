"""Customer managed keys that no document names: of log groups, of files in S3, and of log destinations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from awacs import kms

from cfnroles.need import Condition, Standing
from cfnroles.symbols import Wildcard
from cfnroles.table.feature import Found, Grant
from cfnroles.table.references import parse_arn, service_host
from cfnroles.text import Arn, Text

LOGS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"

#: AWS's page lets the caller use the key through CloudWatch Logs; only the key's own policy contains the log group.
LOGS_DOUBT = "that CloudWatch Logs passes the ARN of the log group to the key when a role calls, too"

Resources = Callable[[Found], tuple[Text, ...]]


def of_files(found: Found) -> tuple[Text, ...]:
    """The keys of files in S3."""
    return tuple(map(Text, found.facts.file_key_arns))


def keys_of_destination(destination: Callable[[Found], Text]) -> Resources:
    """The keys of a stream or bucket for logs, given by its ARN: its own where the source defines it, else those that
    the caller names.
    """

    def keys(found: Found) -> tuple[Text, ...]:
        facts = found.facts
        if not facts.destination_key_arns and not facts.keys_of_destinations:
            return ()
        arn = parse_arn(destination(found))
        name = arn.resource.partition("/")[2] or arn.resource
        called = (str(arn.service), name.whole.name if name.whole else str(name))
        elsewhere = facts.region and arn.region and not arn.region.unknown and arn.region != facts.region
        own = {} if elsewhere else {(service, each): key for service, each, key in facts.keys_of_destinations}
        if called in own:
            return (Text(own[called]),) if own[called] else ()
        return tuple(map(Text, facts.destination_key_arns))

    return keys


def through(service: str, keys: Resources, context: str = "", values: Resources = lambda found: ()) -> Any:
    """Conditions: only through the service, in the Region of the keys, and for these values of the encryption context.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """

    def conditions(found: Found) -> tuple[Condition, ...]:
        hosts = tuple(sorted({service_host(service, parse_arn(key).region) for key in keys(found)}))
        via = Condition("StringEquals", "kms:ViaService", hosts)
        if not context:
            return (via,)
        named = tuple(sorted(set(values(found))))
        like = any(isinstance(symbol, Wildcard) for value in named for symbol in value.symbols)
        return (via, Condition("StringLike" if like else "StringEquals", f"kms:EncryptionContext:{context}", named))

    return conditions


#: The encryption context of S3 has the object, or the bucket if that has a bucket key.
through_s3 = partial(through, "s3", context="aws:s3:arn")

LogGroup = Callable[[Found], Arn]


def keys_of_group(found: Found, group: Arn) -> tuple[Text, ...]:
    """The keys of a log group: its own where the source defines it, else those that the caller names, and that of the
    groups that are made with the roles.
    """
    facts, name = found.facts, group.resource.removeprefix("log-group:")
    elsewhere = facts.region and not group.region.unknown and group.region != facts.region
    own = None if elsewhere else dict(facts.keys_of_log_groups).get(name.whole.name if name.whole else name)
    if own is not None:
        return (Text(own),) if own else ()
    made = facts.made_log_groups_key and _is_made(found, group)
    return tuple(map(Text, dict.fromkeys((*facts.log_group_key_arns, *([facts.made_log_groups_key] if made else [])))))


def encryption(group: LogGroup) -> tuple[Grant, ...]:
    """The calls of CloudWatch Logs to the key with the principal that writes to an encrypted log group."""

    def keys(found: Found) -> tuple[Text, ...]:
        return keys_of_group(found, group(found))

    def through_logs(found: Found) -> tuple[Condition, ...]:
        arn = group(found)
        context = Condition("ArnEquals", "kms:EncryptionContext:aws:logs:arn", (arn.text,))
        return (*through_service(found), context)

    def through_service(found: Found) -> tuple[Condition, ...]:
        # A request to describe a key has no encryption context.
        return (Condition("StringEquals", "kms:ViaService", (service_host("logs", group(found).region),)),)

    return (
        *(
            Grant(
                action,
                on=keys,
                conditions=through_logs,
                sid="EncryptLogs",
                standing=Standing.UNPROVEN,
                doubt=LOGS_DOUBT,
            )
            for action in (
                kms.Encrypt,
                kms.Decrypt,
                kms.ReEncryptFrom,
                kms.ReEncryptTo,
                kms.GenerateDataKey,
                kms.GenerateDataKeyWithoutPlaintext,
            )
        ),
        Grant(kms.DescribeKey, on=keys, conditions=through_service, sid="DescribeLogKeys"),
    )


def _is_made(found: Found, group: Arn) -> bool:
    """Return whether the log group is created with the roles: a container's awslogs driver writes to it."""
    name = group.resource.removeprefix("log-group:")
    written = {
        value for _, value in found.workload.find("containerDefinitions[].logConfiguration.options.awslogs-group")
    }
    home = group.region == found.facts.home_region
    return home and name in written and name not in found.facts.existing_log_groups
