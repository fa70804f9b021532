"""Options about a source that have no effect on it, which is reported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cfnroles.errors import InvalidInput
from cfnroles.files import is_directory
from cfnroles.need import Need
from cfnroles.sources.reading import Reading
from cfnroles.sources.source import read
from cfnroles.sources.told import Told, option

if TYPE_CHECKING:
    from cfnroles.answers.explanation import Explanation

#: Options about a field of the task definition or its service, which may be absent.
_ABOUT_FIELDS = (
    *("kms_key_arns", "file_key_arns", "log_group_key_arns", "destination_key_arns", "bucket_accounts"),
    *("pull_through_prefixes", "gmsa_secrets", "s3_files_buckets", "managed_storage_key"),
)


def unused_options(reading: Reading) -> tuple[str, ...]:
    """Return the options without which the explanation is the same.

    Empty for service specs, which contain these settings themselves, and for a source that ECS would reject.
    """
    given = [] if reading.project else [name for name in _ABOUT_FIELDS if getattr(reading.told, name)]
    if not given:
        return ()
    # Most commands have no such option, and `build` loads nothing that explains.
    from cfnroles.answers.explain import explain

    try:
        found = explain(reading)
        # The keys of secrets set a parameter of the roles, which is in the needs for any value.
        hanging = any(need.permission.when for need in _needs(found))
        asked = (name for name in given if not (hanging and name == "kms_key_arns"))
        return tuple(f"--{option(name)}" for name in asked if explain(_without(reading, name)) == found)
    except InvalidInput:
        return ()


def _needs(found: tuple[Explanation, ...]) -> Iterator[Need]:
    for each in found:
        yield from (need for _, said in each.roles for one in said for need in one.statement.needs)


def _without(reading: Reading, name: str) -> Reading:
    """Return the reading of the same source without an option."""
    told = replace(reading.told, **{name: getattr(Told(), name)})
    # A directory has no document of its own.
    at_home = reading.addressed and is_directory(reading.name)
    return read(reading.name if at_home else reading.documents[0], told)
