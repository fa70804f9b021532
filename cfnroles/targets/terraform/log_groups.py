"""The log groups that a spec creates before the tasks write to them.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudwatch_log_group
"""

from __future__ import annotations

from collections.abc import Iterator

from cfnroles.targets.terraform.parts import Parts
from cfnroles.targets.terraform.writing import Argument, Entry, Members, Written, WrittenBlock
from cfnroles.text import Text, text_of

_TYPE = "aws_cloudwatch_log_group"


def log_group_blocks(parts: Parts) -> Iterator[WrittenBlock]:
    """Yield the resource of each log group."""
    for number, name in enumerate(parts.log_groups.names, 1):
        label = parts.names.under("logs" if number == 1 else f"logs_{number}")
        yield WrittenBlock("resource", (_TYPE, label), tuple(_arguments(parts, name)))


def _arguments(parts: Parts, name: Text) -> Iterator[Entry]:
    options = parts.log_groups.options
    yield from parts.of_aws
    yield Argument("name", parts.values.of(name))
    if options.retention_days:
        yield Argument("retention_in_days", Written(str(options.retention_days)))
    if options.kms_key:
        yield Argument("kms_key_id", parts.values.of(text_of(options.kms_key)))
    if options.keep:
        yield Argument("skip_destroy", Written("true"))
    if options.tags:
        tags = tuple(Argument(key, parts.values.of(text_of(value))) for key, value in options.tags.items())
        yield Argument("tags", Members(tags, apart=True))
