"""Writing Terraform files: all of them or none, and no edited file is overwritten without --force."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cfnroles.errors import InvalidInput
from cfnroles.files import is_file, read_text
from cfnroles.targets.terraform.file import is_edited, is_ours


def write_files(files: Mapping[Path, str], *, force: bool = False) -> None:
    """Write each file atomically.

    Raise InvalidInput before the first one if that would overwrite a file that cfnroles did not write or that was
    edited, without ``force``.
    """
    for path in files:
        _check(path, files[path], force=force)
    staged: list[tuple[Path, Path]] = []
    try:
        for number, (path, text) in enumerate(files.items()):
            path.parent.mkdir(parents=True, exist_ok=True)
            # Terraform reads only files that end in .tf.
            beside = path.with_name(f".cfnroles-{os.getpid()}-{number}")
            staged.append((beside, path))
            with beside.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        for beside, path in staged:
            beside.replace(path)
    except OSError as error:
        raise InvalidInput(f"cannot be written: {error.strerror}", where=str(error.filename or "")) from error
    finally:
        for beside, _ in staged:
            beside.unlink(missing_ok=True)


def _check(path: Path, text: str, *, force: bool) -> None:
    if not path.is_symlink() and not path.exists():
        return
    known = read_text(path) if is_file(path) and not path.is_symlink() else ""
    if not is_ours(known):
        raise InvalidInput(
            "would be overwritten, but cfnroles did not write it",
            where=str(path),
            remedy="Pass another directory with -o DIR, or move the file.",
        )
    if known != text and is_edited(known) and not force:
        raise InvalidInput(
            "edits would be lost: the file was edited since cfnroles wrote it",
            where=str(path),
            remedy="Save the edits, or discard them: run the same command with --force.",
        )
