"""The keys with which the buckets of a configuration encrypt the files of its task definitions.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/s3_bucket_server_side_encryption_configuration
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from cfnroles.discovery import Discovery
from cfnroles.facts import Facts
from cfnroles.hcl.definitions import instances, sites
from cfnroles.hcl.module import Module
from cfnroles.hcl.project import Project
from cfnroles.hcl.values import Failed, Value
from cfnroles.need import Gap, Holder, Need
from cfnroles.placeholders import texts_in
from cfnroles.sources.terraform_keys import Key, Known, arn_of_key, said, without_arn
from cfnroles.sources.terraform_members import Attributes
from cfnroles.sources.terraform_runs import attributes_of
from cfnroles.symbols import Expression
from cfnroles.text import Text, arn_of, text_of
from cfnroles.workload import Path, Workload

BUCKET, ENCRYPTION = "aws_s3_bucket", "aws_s3_bucket_server_side_encryption_configuration"
_RULES, _DEFAULT = "server_side_encryption_configuration", "apply_server_side_encryption_by_default"
_ASKED = {BUCKET: (("bucket",), (_RULES,)), ENCRYPTION: (("bucket",), ("rule",))}
_FILE = "DecryptFiles"


def keys_in_directory(project: Project, module: Module) -> Mapping[str, Key]:
    """Return the keys of buckets by address and name."""
    return keys_of_buckets(buckets_in(project, module))


def buckets_in(project: Project, module: Module) -> Iterator[tuple[str, str, Attributes]]:
    """Yield the buckets of a configuration and their encryption, each with its type and address."""
    for kind, asked in _ASKED.items():
        for site in sites(project, kind):
            try:
                yield from [(kind, each.address, attributes_of(each, *asked)) for each in instances(site, module)]
            except Failed:
                continue  # a bucket that is not created encrypts nothing


def keys_of_buckets(resources: Iterable[tuple[str, str, Attributes]]) -> dict[str, Key]:
    """Return the key of each bucket by address, and by type and name. Each resource has its type and address."""
    every = [each for each in resources if each[0] in _ASKED]
    names = {address: _names(address, given) for kind, address, given in every if kind == BUCKET}
    found = {name: _key(given.get(_RULES)) for kind, address, given in every for name in names.get(address, ())}
    for kind, _, given in every:
        for name in _naming(given.get("bucket")) if kind == ENCRYPTION else ():
            alike = [own for own in names.values() if name in own] or [(name,)]
            found |= dict.fromkeys((each for own in alike for each in own), _key(given.get("rule")))
    return found


def _names(address: str, given: Attributes) -> tuple[str, ...]:
    called = said(given.get("bucket"))
    return (address, *([f"{BUCKET} {called.plain}"] if called is not None and called.plain else []))


def _naming(given: Value | Failed | None) -> Iterator[str]:
    """Yield the bucket of a resource, by address or name."""
    called = said(given)
    if called is not None:
        symbols = [each.address for each in called.symbols if isinstance(each, Expression) and each.address]
        yield from symbols or ([f"{BUCKET} {called.plain}"] if called.plain else [])


def _key(rules: Value | Failed | None) -> Key:
    """Return the customer managed key with which a bucket encrypts new objects, if there is one."""
    for default in _inner(rules, "rule", _DEFAULT):
        if isinstance(default, Expression):
            return Text(default)
        key = said(default.get("kms_master_key_id"))
        algorithm = said(default.get("sse_algorithm"))
        if key and algorithm and (algorithm.symbols or algorithm.startswith("aws:kms")):
            return None if key.startswith("alias/aws/") else key
    return None


def _inner(value: Value | Failed | None, *names: str) -> Iterator[Mapping[str, Value] | Expression]:
    """Yield the content of nested blocks, by the last of these names, and their unreadable parts."""
    if value is None or isinstance(value, Failed):
        return
    if isinstance(value.data, Expression):
        yield value.data
        return
    for block in value.data if isinstance(value.data, list) else ():
        if isinstance(block.data, Expression):
            yield block.data
        elif isinstance(block.data, dict):
            inner = next((name for name in names if name in block.data), "")
            if inner:
                yield from _inner(block.data[inner], *names)
            elif "sse_algorithm" in block.data or "kms_master_key_id" in block.data:
                yield block.data


#: The path of a reference to a file in Amazon S3, and its bucket.
File = tuple[Path, str]


def files_in(texts: Iterable[tuple[Path, str]]) -> Iterator[File]:
    """Yield the S3 references in the texts of a task definition, with their buckets."""
    for path, text in texts:
        arn = arn_of(text) if text.startswith("arn:") else None
        if arn is not None and arn.service == "s3":
            bucket = arn.resource.partition("/")[0]
            symbols = [each.name for each in bucket.symbols if isinstance(each, Expression)]
            yield path, symbols[0] if symbols else f"{BUCKET} {bucket}"


def with_file_keys(facts: Facts, files: Iterable[File], keys: Known) -> Facts:
    """Return the given facts with the keys of the buckets of a task definition's files."""
    own = (arn_of_key(key, facts) for _, name in files if (key := keys.get(name)))
    return replace(facts, file_key_arns=tuple(dict.fromkeys((*facts.file_key_arns, *filter(None, own)))))


def by_own_buckets(found: Discovery, workload: Workload, files: Iterable[File], keys: Known, told: Facts) -> Discovery:
    """Return the discovery with each need to decrypt a file restricted to the key of its bucket; given keys are for
    others.
    """
    gaps = {
        name: without_arn(key, Gap(Holder.EXECUTION, "bucket-key", workload.origin(path), "", ""))
        for path, name in files
        if (key := keys.get(name)) and arn_of_key(key, told) is None
    }
    needs = tuple(need for need in found.needs if need.sid != _FILE or _is_of_its_bucket(need, keys, told))
    return replace(found, needs=needs, gaps=(*found.gaps, *gaps.values()))


def _is_of_its_bucket(need: Need, keys: Known, told: Facts) -> bool:
    names = [name for condition in need.permission.conditions for _, name in files_in(texts_in(list(condition.values)))]
    own = [keys[name] for name in names if name in keys]
    if not own:
        return need.permission.resource in map(text_of, told.file_key_arns)
    return need.permission.resource in [arn_of_key(key, told) for key in own if key]
