"""The notes about keys and clusters that cfnroles does not know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from cfnroles.cli.terminal import note

if TYPE_CHECKING:
    from cfnroles.need import Need
    from cfnroles.sources.reading import Reading

_MOST = 3


def note_unknown(needs: Iterable[Need], readings: Sequence[Reading]) -> None:
    """Say on standard error what cannot be seen about these needs of sources."""
    from cfnroles.sources.unknown_clusters import clusters_elsewhere
    from cfnroles.sources.unknown_keys import files_of_unknown_key, own_buckets

    every = tuple(needs)
    of_spec = any(reading.project for reading in readings)
    note_unknown_keys(files_of_unknown_key(every, own_buckets(readings)), of_spec=of_spec)
    note_unknown_clusters(clusters_elsewhere(every, readings))


def note_unknown_keys(files: Sequence[str], *, of_spec: bool = False) -> None:
    """Say on standard error which files in Amazon S3 may have a customer managed key that the role cannot use."""
    if files:
        more = [f"{len(files) - _MOST} more"] if len(files) > _MOST else []
        *others, last = (*files[:_MOST], *more)
        named = f"{', '.join(others)} or {last}" if others else last
        how = "list it in the spec under kms-keys: files" if of_spec else "pass --file-key-arn ARN"
        note(f"note: unknown whether a customer managed key encrypts {named}; if one does, {how}")


def note_unknown_clusters(services: Sequence[str]) -> None:
    """Say on standard error for which services the cluster may need more of the task role."""
    if services:
        of, its = ", ".join(services), "its" if len(services) == 1 else "their"
        note(
            f"note: {of}: {its} cluster is not in the template; if it configures ECS Exec with a key, a log group or a"
            " bucket, the task role also needs permissions on them"
        )
