"""Caches, databases and brokers with connections that the task role signs."""

from __future__ import annotations

import re
from collections.abc import Callable

from awacs import dsql, elasticache, kafka_cluster, memorydb

from cfnroles.need import Standing
from cfnroles.table.feature import Found, Malformed, Unnamed
from cfnroles.table.references import parse_arn
from cfnroles.table.words.resources import CACHE, DSQL, KAFKA_TOPIC, MEMORY_DB, is_import
from cfnroles.table.words.row import Access, Row, option
from cfnroles.text import Arn, Text, text_of

_KAFKA = "https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html"


def user(separator: str) -> Callable[[Text, Found], Text]:
    """The user of the connection, in the account and Region of the target."""

    def named(arn: Text, found: Found) -> Text:
        told = option(found, "user")
        if len(told) != 1:
            raise Malformed(f"{found.value} has no user", "Add `user: NAME`.")
        name = text_of(str(told[0]))
        if is_import(arn):
            raise Unnamed("an import does not say the account of the user", "Write the ARN instead of the import")
        parts = parse_arn(arn)
        return Arn(parts.partition, parts.service, parts.region, parts.account, Text("user", separator, name)).text

    return named


def cluster(arn: Text, found: Found) -> Text:
    """The cluster of a topic: the topic's ARN without its name."""
    return _of_cluster(arn, "cluster", "")


def groups(arn: Text, found: Found) -> tuple[Text, ...]:
    """The named consumer groups of the topic's cluster. AWS requires one with each topic that is read."""
    if not option(found, "group"):
        raise Malformed(f"{found.value} has no consumer group", "Add `group: NAME`.")
    return tuple(_of_cluster(arn, "group", f"/{_group(each)}") for each in option(found, "group"))


def _group(name: object) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,255}", str(name)):
        raise Malformed(f"{name!r} cannot be a consumer group", "Name one group without a wildcard.")
    return str(name)


def _of_cluster(arn: Text, kind: str, name: str) -> Text:
    if is_import(arn):
        raise Unnamed("an import does not say the cluster of the topic", "Write the ARN instead of the import")
    parts = parse_arn(arn)
    _, named, identity, _ = parts.resource.cut("/", 3)
    resource = Text(f"{kind}/", named, "/", identity, name)
    return Arn(parts.partition, parts.service, parts.region, parts.account, resource).text


ROWS = (
    Row(
        "elasticache-connect",
        "connects to a cache with IAM authentication",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html",
        Standing.DOCUMENTED,
        "serverlesscache:shop",
        (Access((elasticache.Connect,)), Access((elasticache.Connect,), user(":"))),
        CACHE,
        ("user",),
    ),
    Row(
        "memorydb-connect",
        "connects to a MemoryDB cluster with IAM authentication",
        "https://docs.aws.amazon.com/memorydb/latest/devguide/auth-iam.html",
        Standing.DOCUMENTED,
        "shop",
        (Access((memorydb.Connect,)), Access((memorydb.Connect,), user("/"))),
        MEMORY_DB,
        ("user",),
    ),
    Row(
        "dsql-connect",
        "connects to an Aurora DSQL cluster with IAM authentication, as a user that is not an administrator",
        "https://docs.aws.amazon.com/aurora-dsql/latest/userguide/authentication-authorization.html",
        Standing.DOCUMENTED,
        "abcdefghijklmnopqrstuvwxyz",
        (Access((dsql.DbConnect,)),),
        DSQL,
    ),
    Row(
        "kafka-read",
        "reads a topic of Amazon MSK in a consumer group",
        _KAFKA,
        Standing.DOCUMENTED,
        "shop/1234abcd-12ab-34cd-56ef-1234567890ab-1/orders",
        (
            Access((kafka_cluster.Connect,), cluster),
            Access((kafka_cluster.DescribeTopic, kafka_cluster.ReadData)),
            Access((kafka_cluster.AlterGroup, kafka_cluster.DescribeGroup), groups),
        ),
        KAFKA_TOPIC,
        ("group",),
    ),
    Row(
        "kafka-write",
        "writes to a topic of Amazon MSK, including idempotent writes",
        _KAFKA,
        Standing.DOCUMENTED,
        "shop/1234abcd-12ab-34cd-56ef-1234567890ab-1/orders",
        (
            Access((kafka_cluster.Connect, kafka_cluster.WriteDataIdempotently), cluster),
            Access((kafka_cluster.DescribeTopic, kafka_cluster.WriteData)),
        ),
        KAFKA_TOPIC,
    ),
)
