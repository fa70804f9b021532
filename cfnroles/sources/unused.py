"""Options about a task definition that have no effect on it, which is reported."""

from __future__ import annotations

from msgspec.structs import replace

from cfnroles.files import is_directory
from cfnroles.sources.reading import Reading
from cfnroles.sources.source import read
from cfnroles.sources.told import Told, option

#: Options about a field of the task definition or its service, which may be absent.
_ABOUT_FIELDS = (
    *("kms_key_arns", "file_key_arns", "log_group_key_arns", "destination_key_arns", "bucket_accounts"),
    *("pull_through_prefixes", "gmsa_secrets", "s3_files_buckets", "managed_storage_key"),
)


def unused_options(reading: Reading) -> tuple[str, ...]:
    """Return the options without which the needs, gaps and findings are the same.

    Empty for templates and service specs, which contain these settings themselves.
    """
    if reading.project or not reading.tasks:
        return ()
    # The keys of secrets set a parameter of the roles, which is in the needs for any value.
    hanging = any(need.permission.when for task in reading.tasks for need in task.discovery.needs)
    given = (name for name in _ABOUT_FIELDS if getattr(reading.told, name))
    asked = (name for name in given if not (hanging and name == "kms_key_arns"))
    return tuple(f"--{option(name)}" for name in asked if _found(reading, name) == _found(reading))


def _found(reading: Reading, without: str = "") -> list[object]:
    if without:
        told = replace(reading.told, **{without: getattr(Told(), without)})
        # A directory has no document of its own.
        at_home = reading.addressed and is_directory(reading.name)
        reading = read(reading.name if at_home else reading.documents[0], told)
    found = (task.discovery for task in reading.tasks)
    return [(each.needs, each.gaps, each.findings, each.references) for each in found]
