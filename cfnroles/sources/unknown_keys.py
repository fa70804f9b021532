"""The files in Amazon S3 that ECS reads, and whose key of AWS KMS no source and no option names.

    files_of_unknown_key(task.discovery.needs)      # ("arn:aws:s3:::shop-config/web.env",)

If a customer managed key encrypts one of them, the role needs a permission that nothing shows.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from cfnroles.need import Holder, Need
from cfnroles.text import arn_of, text_of

if TYPE_CHECKING:
    from cfnroles.sources.reading import Reading

_BUCKET = "AWS::S3::Bucket"
#: The feature of the files that the init process of AWS for Fluent Bit reads with the task role.
_INIT_FILE = "firelens-init-file"
#: The address of a bucket that a configuration creates, with its encryption.
_CONFIGURED = "aws_s3_bucket."


def files_of_unknown_key(needs: Iterable[Need], own: Collection[str] = ()) -> tuple[str, ...]:
    """Return the ARNs of the files, sorted. ``own`` are the buckets that the source creates, as in `own_buckets`."""
    every = tuple(needs)
    read = [need for need in every if _reads_file(need)]
    decrypted = {need.origin for need in every if need.permission.action == "kms:Decrypt"} if read else ()
    files = {need.permission.resource for need in read if need.origin not in decrypted}
    return tuple(sorted({text_of(each).written for each in files if not _is_in(own, each)}))


def own_buckets(readings: Iterable[Reading]) -> frozenset[str]:
    """Return the buckets of templates, by logical ID and by name in plain text: their encryption is known."""
    return frozenset(name for reading in readings for name in _named(reading))


def _reads_file(need: Need) -> bool:
    # The task role also reads what the application asks for, and a grant of a spec names the key of that.
    read_by_ecs = need.holder is Holder.EXECUTION or need.reason.feature == _INIT_FILE
    return read_by_ecs and need.permission.action == "s3:GetObject"


def _named(reading: Reading) -> Iterator[str]:
    for logical_id, each in reading.template.resources.items() if reading.template else ():
        if each["Type"] == _BUCKET:
            yield logical_id
            properties = each.get("Properties")
            name = properties.get("BucketName") if isinstance(properties, dict) else None
            if isinstance(name, str):
                yield name


def _is_in(own: Collection[str], file: str) -> bool:
    names = [symbol.name for symbol in text_of(file).symbols]
    arn = arn_of(file)
    called = {arn.resource.partition("/")[0] if arn else "", *(name.partition(".")[0] for name in names)}
    return not called.isdisjoint(own) or any(name.startswith(_CONFIGURED) for name in names)
