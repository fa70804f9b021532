"""Paths on the command line."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import click

from cfnroles.cli.terminal import note
from cfnroles.errors import InvalidInput

#: Why an empty value is refused.
EMPTY = "it is empty. Check that the shell variable is set."


class PathParameter(click.Path):
    """A path. An empty one is an error: Python reads it as the current directory, which is never meant."""

    def __init__(self, **options: Any) -> None:
        super().__init__(path_type=Path, **options)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path. An empty one or one of the wrong kind is a usage error."""
        if value == "":
            self.fail(EMPTY, param, ctx)
        if value == "-" and not self.file_okay:
            self.fail("standard output cannot hold several files. Pass a directory.", param, ctx)
        if value == "-" and not self.dir_okay and not self.exists:
            self.fail("- is not the name of a file. Pass another one, or omit the option.", param, ctx)
        return super().convert(value, param, ctx)


def pass_over(error: InvalidInput) -> None:
    """Report that a file is skipped that was found in a directory."""
    note(f"skipped: {error.where}: {error.what}")


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file atomically and keep its permissions. Raise InvalidInput if that fails."""
    target = path.resolve()
    staged = target.parent / f".cfnroles-{os.getpid()}-{target.name}"
    try:
        with staged.open("xb") as file:
            file.write(data)
        with contextlib.suppress(FileNotFoundError):
            staged.chmod(target.stat().st_mode)
        staged.replace(target)
    except OSError as error:
        raise InvalidInput(f"cannot be written: {error.strerror}", where=str(path)) from error
    finally:
        staged.unlink(missing_ok=True)
