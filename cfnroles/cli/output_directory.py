"""Writing the files of a build: all of them or none, and nothing of the user's is overwritten unasked."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cfnroles.errors import InvalidInput


def write_files(directory: Path, files: Mapping[str, str], manifest: str) -> None:
    """Put ``files`` into ``directory``, each whole. Files of an earlier build of the same project are replaced.

    Raises InvalidInput where a file would be lost that no earlier build of the project wrote.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _check_ownership(directory, files, manifest)
        _replace(directory, files)
    except OSError as error:
        raise InvalidInput(
            f"cannot be written: {error.strerror}",
            where=str(error.filename or directory),
            remedy="Nothing was changed.",
        ) from error


def _check_ownership(directory: Path, files: Mapping[str, str], manifest: str) -> None:
    existing = {name for name in files if (directory / name).exists()}
    if not existing:
        return
    earlier = _manifest(directory / manifest)
    ours = {manifest, *(str(stack.get("template")) for stack in earlier["stacks"])} if earlier else set()
    project = json.loads(files[manifest])["project"]
    if earlier and earlier["project"] != project:
        raise InvalidInput(
            f"holds the stacks of the project {earlier['project']}, not of {project}",
            where=str(directory),
            remedy="Write to another directory with -o DIR, or delete this one.",
        )
    if strangers := sorted(existing - ours):
        raise InvalidInput(
            f"{', '.join(strangers)} would be overwritten, and no earlier build wrote it",
            where=str(directory),
            remedy="Write to another directory with -o DIR, or move the file away.",
        )


def _manifest(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    match data:
        case {"schema": 1, "project": str(), "stacks": [*stacks]} if all(isinstance(stack, dict) for stack in stacks):
            return dict(data)
        case _:
            return None


def _replace(directory: Path, files: Mapping[str, str]) -> None:
    # Everything is on disk under another name before the first file takes its place.
    staged = {name: directory / f".cfnroles-{os.getpid()}-{name}" for name in files}
    try:
        for name, text in files.items():
            staged[name].write_text(text, encoding="utf-8", newline="\n")
        for name, path in staged.items():
            path.replace(directory / name)
    finally:
        for path in staged.values():
            path.unlink(missing_ok=True)
