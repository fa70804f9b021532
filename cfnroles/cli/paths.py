"""Paths on the command line."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import click

from cfnroles.cli.terminal import note
from cfnroles.errors import InvalidInput


class PathParameter(click.Path):
    """A path. An empty one is refused: Python takes it for the current directory, and a user never means that."""

    def __init__(self, **options: Any) -> None:
        super().__init__(path_type=Path, **options)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; a usage error where it is empty or of another kind than asked for."""
        if value == "":
            self.fail("it is empty. Check that the shell variable is set.", param, ctx)
        if value == "-" and not self.file_okay:
            self.fail("standard output cannot hold several files. Pass a directory.", param, ctx)
        return super().convert(value, param, ctx)


def pass_over(error: InvalidInput) -> None:
    """Say that a file is passed over that nobody named: it was looked at because it is there."""
    note(f"skipped: {error.where}: {error.what}")


def replace_file(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all, with the permissions that it had; raises InvalidInput where it fails."""
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
