"""The notes about keys and clusters that cfnroles does not know."""

from __future__ import annotations

from collections.abc import Sequence

from cfnroles.cli.terminal import note

_MOST = 3


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
