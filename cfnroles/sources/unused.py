"""What is told about a task definition and makes no difference to it: nobody should believe that it did."""

from __future__ import annotations

from msgspec.structs import replace

from cfnroles.files import is_directory
from cfnroles.sources.reading import Reading
from cfnroles.sources.source import read
from cfnroles.sources.told import Told, option

#: What says something about a field of the task definition or its service, which may not be there.
_ABOUT_FIELDS = (
    *("kms_key_arns", "file_key_arns", "log_group_key_arns", "destination_key_arns", "bucket_accounts"),
    *("pull_through_prefixes", "gmsa_secrets", "s3_files_buckets", "managed_storage_key"),
)


def unused_options(reading: Reading) -> tuple[str, ...]:
    """The options, as on the command line, without which the needs, gaps and findings are the same ones.

    Nothing for templates and for service specs, which say themselves what these options say.
    """
    if reading.project or not reading.tasks:
        return ()
    # The keys of secrets are told to a parameter of the roles, which stands in the needs whatever its value is.
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
