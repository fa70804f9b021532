"""The keys with which a configuration encrypts its own streams and buckets for logs.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kinesis_stream
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kinesis_firehose_delivery_stream
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from msgspec.structs import replace

from cfnroles.discovery import Discovery
from cfnroles.facts import Facts
from cfnroles.hcl.definitions import instances, sites
from cfnroles.hcl.module import Module
from cfnroles.hcl.project import Project
from cfnroles.hcl.values import Failed, Value
from cfnroles.need import Gap, Holder, Origin
from cfnroles.sources.terraform_buckets import BUCKET, buckets_in, keys_of_buckets
from cfnroles.sources.terraform_keys import Key, Known, arn_of_key, said, without_arn
from cfnroles.sources.terraform_members import Attributes
from cfnroles.sources.terraform_runs import attributes_of
from cfnroles.symbols import Expression
from cfnroles.text import Text, text_of
from cfnroles.workload import Path, Workload

STREAM, DELIVERY_STREAM = "aws_kinesis_stream", "aws_kinesis_firehose_delivery_stream"
_ENCRYPTION = "server_side_encryption"
_ASKED = {
    STREAM: (("name", "encryption_type", "kms_key_id"), ()),
    DELIVERY_STREAM: (("name",), (_ENCRYPTION,)),
}
#: The type of a destination of logs -> the service in its ARN.
_SERVICES = {BUCKET: "s3", STREAM: "kinesis", DELIVERY_STREAM: "firehose"}
#: The options of FireLens, and the member of ECS Exec, with the name of a destination -> its type.
_OPTIONS = {
    "bucket": BUCKET,
    "s3_bucket": BUCKET,
    "stream": STREAM,
    "stream_name": STREAM,
    "delivery_stream": DELIVERY_STREAM,
    "delivery_stream_name": DELIVERY_STREAM,
}
_OF_SESSIONS = "s3BucketName"


def destination_keys_in_directory(kinds: Set[str], project: Project, module: Module) -> Mapping[str, Key]:
    """Return the keys of streams and buckets of these types by address and name."""
    of_streams = keys_of_streams(each for kind in sorted(kinds & set(_ASKED)) for each in _found(kind, project, module))
    return of_streams | (keys_of_buckets(buckets_in(project, module)) if BUCKET in kinds else {})


def _found(kind: str, project: Project, module: Module) -> Iterator[tuple[str, str, Attributes]]:
    for site in sites(project, kind):
        try:
            yield from [(kind, each.address, attributes_of(each, *_ASKED[kind])) for each in instances(site, module)]
        except Failed:
            continue  # a stream that is not created encrypts nothing


def keys_of_streams(resources: Iterable[tuple[str, str, Attributes]]) -> dict[str, Key]:
    """Return the key of each stream by address, and by type and name. Each resource has its type and address."""
    found: dict[str, Key] = {}
    for kind, address, given in resources:
        if kind in _ASKED:
            called = said(given.get("name"))
            names = (address, *([f"{kind} {called.plain}"] if called is not None and called.plain else []))
            found |= dict.fromkeys(names, _of_stream(given) if kind == STREAM else _of_delivery(given))
    return found


def _of_stream(given: Attributes) -> Key:
    """Return the customer managed key of a Kinesis stream, if it has one."""
    key, type_ = said(given.get("kms_key_id")), said(given.get("encryption_type"))
    if not key or not type_ or not (type_.symbols or type_ == "KMS"):
        return None
    return None if key.startswith("alias/aws/") else key


def _of_delivery(given: Attributes) -> Key:
    """Return the customer managed key of a Firehose stream, if it has one."""
    blocks = given.get(_ENCRYPTION)
    if blocks is None or isinstance(blocks, Failed):
        return None
    for data in (each.data for each in (blocks.data if isinstance(blocks.data, list) else [blocks])):
        if isinstance(data, Expression):
            return Text(data)
        if isinstance(data, dict) and _may_be_on(data.get("enabled")):
            return said(data.get("key_arn")) or None
    return None


def _may_be_on(enabled: Value | Failed | None) -> bool:
    return isinstance(enabled, Value) and (enabled.data in (True, "true") or isinstance(enabled.data, Expression))


#: The path of a destination of logs, its type, and its name.
Destination = tuple[Path, str, str]


def destinations_in(texts: Iterable[tuple[Path, str]]) -> Iterator[Destination]:
    """Yield the destinations of logs in the texts of a task definition and of what is beside it."""
    for path, text in texts:
        last = str(path[-1]) if path else ""
        kind = _OPTIONS.get(last.lower()) if "logConfiguration" in path and "options" in path else None
        if last == _OF_SESSIONS:
            kind = BUCKET
        if kind is not None and text:
            whole = text_of(text).whole
            yield path, kind, whole.name if isinstance(whole, Expression) else f"{kind} {text}"


def with_destination_keys(facts: Facts, named: Iterable[Destination], keys: Known) -> Facts:
    """Return the given facts with the keys of the streams and buckets for logs that a task definition names."""
    own = {(_SERVICES[kind], name.removeprefix(f"{kind} ")): keys[name] for _, kind, name in named if name in keys}
    known = ((service, name, (arn_of_key(key, facts) or "") if key else "") for (service, name), key in own.items())
    return replace(facts, keys_of_destinations=tuple(known))


def with_destination_gaps(
    found: Discovery, workload: Workload, named: Iterable[Destination], keys: Known, facts: Facts
) -> Discovery:
    """Return the discovery with a gap for each stream or bucket for logs whose key has no known ARN."""
    gaps = {
        name: without_arn(key, Gap(Holder.TASK, "destination-key", workload.origin(path), "", ""))
        for path, kind, name in named
        if (key := keys.get(name)) and arn_of_key(key, facts) is None and _writes(found, workload.origin(path), kind)
    }
    return replace(found, gaps=(*found.gaps, *gaps.values()))


def _writes(found: Discovery, origin: Origin, kind: str) -> bool:
    """Return whether the task role writes to the destination of this type that a place names."""
    return any(
        need.holder is Holder.TASK
        and need.permission.action.startswith(f"{_SERVICES[kind]}:")
        and origin.path[: len(need.origin.path)] == need.origin.path
        for need in found.needs
    )
