"""The resources of a call, from its event."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from cfnroles.facts import partition_of
from cfnroles.table.event_source import EventSource, NamedResource
from cfnroles.table.event_sources import source_of_event
from cfnroles.trail.record import Record

#: The maximum number of resources of one call.
_MOST = 200
_MEMBER = re.compile(r"\{(\w+)(?:\[(-\d)\])?\}")
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}")
_OF_SECRETS = ":secretsmanager:"


class Called(Struct, frozen=True):
    """The resources of a call as patterns: ``?`` and ``*`` are parts that the event does not contain.

    ``complete`` says that the call had no others.
    """

    resources: tuple[str, ...]
    complete: bool


def called(record: Record, source: EventSource, action: str) -> Called:
    """Return the resources of a call, for one of the actions that it needs."""
    name = action.partition(":")[2]
    if name in source.unbound:
        return Called(("*",), True)
    listed = tuple(each.ARN for each in (record.resources or ())[:_MOST] if each.ARN and each.ARN.startswith("arn:"))
    if listed and source.listed:
        return Called(listed, True)
    named = tuple(_named(record, source)) if source.named else ()
    return Called(tuple(dict.fromkeys((*listed, *named))), bool(named))


def arns_of(record: Record) -> tuple[str, ...]:
    """Return the resources that an event lists or names, if their ARNs are completely known."""
    listed = tuple(each.ARN for each in (record.resources or ())[:_MOST] if each.ARN)
    source = None if listed else source_of_event(record.eventSource, record.eventName)
    return tuple(each for each in _named(record, source) if "*" not in each) if source else listed


def _named(record: Record, source: EventSource) -> Iterator[str]:
    sent = record.parameters()
    for row in source.named:
        value = sent.get(row.member)
        values = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str) and each]
        for each in values[:_MOST]:
            yield from _arns(row, each, sent, record)
        if values:
            return


def _arns(row: NamedResource, value: str, sent: Mapping[str, Any], record: Record) -> Iterator[str]:
    if value.startswith("arn:"):
        yield value
        if _OF_SECRETS in value and not _SUFFIX.fullmatch(value[-7:]):
            yield f"{value}-??????"
        return
    for arn in row.arns:
        yield _MEMBER.sub(lambda found: _member(found[1], found[2], value, sent, record), arn)


def _member(name: str, index: str | None, value: str, sent: Mapping[str, Any], record: Record) -> str:
    if name in ("value", "path"):
        parts = value.rstrip("/").split("/") if index else [value.strip("/") if name == "path" else value]
        at = int(index or 0)
        return parts[at] if -len(parts) <= at < len(parts) else "*"
    told = sent.get(name)
    if isinstance(told, str) and told:
        return told
    if name == "partition":
        return _partition(record.awsRegion)
    known = {"region": record.awsRegion, "account": record.account, "registryId": record.account}
    return known.get(name) or "*"


@lru_cache(maxsize=256)
def _partition(region: str) -> str:
    found = str(partition_of(region))
    return "*" if "$" in found else found
