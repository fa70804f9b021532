"""Files in a new directory: all of them or none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cfnroles.errors import InvalidInput


def write_new(directory: Path, files: Mapping[str, str]) -> None:
    """Create a directory with these files. Raise InvalidInput if it exists or cannot be created."""
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=".cfnroles-", dir=directory.parent))
        try:
            for name, text in files.items():
                (staged / name).write_text(text, encoding="utf-8", newline="\n")
            staged.chmod(0o755)
            if directory.exists():
                raise InvalidInput("already exists", where=str(directory), remedy="Pass a new directory with -o DIR.")
            staged.rename(directory)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    except OSError as error:
        raise InvalidInput(f"cannot be written: {error.strerror}", where=str(error.filename or directory)) from error
