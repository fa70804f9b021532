"""The door through which files come in: how large each kind may be, and one error where one cannot be read.

A name from a document or a command line may be no name of a file at all: too long, with a NUL, without access. To ask
for such a file is no bug.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from cfnroles.errors import InvalidInput


class Limit(Struct, frozen=True):
    """The most bytes that are read of one kind of file, and why no more are needed."""

    bytes: int
    why: str


#: Task definitions, specs, templates, policies, parameters, settings and stacks.json. No document of AWS's is longer.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
DOCUMENT = Limit(1_000_000, "CloudFormation accepts no larger template, and Amazon ECS no task definition above 64 KB.")

#: The manifest of a build, which has some 2 KB for each service.
MANIFEST = Limit(50_000_000, "No build has so many stacks.")

#: What IAM answers about all roles and policies of an account.
#: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
ACCOUNT = Limit(50_000_000, "Request only roles from IAM: --filter Role LocalManagedPolicy.")


#: What `terraform show -json` writes about a plan or a state, and how it begins.
PLAN = Limit(50_000_000, "Usual plans are smaller.")
_SHOWN = re.compile(rb'\s*\{\s*"format_version"')


class Missing(InvalidInput):
    """There is no such file."""


class TooLarge(InvalidInput):
    """The file is larger than any of its kind can be."""


def read_text(source: str | Path, limit: Limit = DOCUMENT) -> str:
    """The text of a file, or of standard input for ``-``; raises InvalidInput where it cannot be read."""
    return text_of(read_bytes(source, limit), "standard input" if str(source) == "-" else str(source))


def text_of(data: bytes, where: str) -> str:
    """The text that bytes are in UTF-8; raises InvalidInput where they are none."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput("is not UTF-8", where=where, remedy="Save the file as UTF-8.") from error


def read_bytes(source: str | Path, limit: Limit = DOCUMENT) -> bytes:
    """The content of a file, or of standard input for ``-``.

    Raises InvalidInput where it cannot be read, Missing where it does not exist, TooLarge where it is larger than
    ``limit``. Never reads more than one byte beyond it, so that what has no end is refused, too.
    """
    name = "standard input" if str(source) == "-" else str(source)
    if not name:
        raise InvalidInput("a file name is empty", remedy="Check that the shell variable is set.")
    try:
        if str(source) == "-":
            data, limit = _content(sys.stdin.buffer, limit)
        else:
            with Path(source).open("rb") as file:
                data, limit = _content(file, limit)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(name, error) from error
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror or error}", where=name) from error
    except ValueError as error:
        raise InvalidInput(f"is not the name of a file: {error}", where=repr(name)) from error
    check_size(len(data), name, limit)
    return data


def _missing(name: str, error: OSError) -> Missing:
    """A file that does not exist, with the one beside it that was likely meant."""
    from cfnroles.spelling import meant

    path = Path(name)
    try:
        beside = [each.name for each in islice(path.parent.iterdir(), 1000)]
    except OSError:
        beside = []
    near = meant(path.name, beside) if path.name else None
    remedy = f"Did you mean {str(path.with_name(near))!r}?" if near else ""
    return Missing(f"cannot be read: {error.strerror}", where=name, remedy=remedy)


@contextmanager
def opened(source: str | Path) -> Iterator[BinaryIO]:
    """A file, or standard input for ``-``, to be read piece by piece; raises as ``read_bytes`` does."""
    if str(source) == "-":
        yield sys.stdin.buffer
        return
    name = str(source)
    try:
        with Path(source).open("rb") as file:
            yield file
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _missing(name, error) from error
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror or error}", where=name) from error
    except ValueError as error:
        raise InvalidInput(f"is not the name of a file: {error}", where=repr(name)) from error


def _content(file: BinaryIO, limit: Limit) -> tuple[bytes, Limit]:
    """The content of a file up to one byte beyond its limit, and that; a plan may be longer than other documents."""
    data = file.read(limit.bytes + 1)
    if limit is not DOCUMENT or len(data) <= limit.bytes or not _SHOWN.match(data):
        return data, limit
    return data + file.read(PLAN.bytes + 1 - len(data)), PLAN


def read_inside(directory: Path, name: str, limit: Limit = DOCUMENT) -> bytes:
    """The content of a file in a directory; raises as ``read_bytes`` does, and where the name leads elsewhere."""
    path = directory / name
    if _answered(lambda: path.exists() and not (path.is_file() and path.resolve().is_relative_to(directory.resolve()))):
        raise InvalidInput("is not a file in this directory", where=str(path))
    return read_bytes(path, limit)


def check_size(size: int, where: str, limit: Limit = DOCUMENT) -> None:
    """Raise TooLarge where a content of ``size`` bytes is larger than the limit."""
    if size > limit.bytes:
        raise TooLarge(f"has more than {limit.bytes:,} bytes, the maximum", where=where, remedy=limit.why)


def exists(path: str | Path) -> bool:
    """Whether there is anything of this name, be it for others to read only."""
    try:
        return bool(str(path)) and Path(path).exists()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False


def is_file(path: str | Path) -> bool:
    """Whether there is a file of this name."""
    return _answered(Path(path).is_file)


def is_directory(path: str | Path) -> bool:
    """Whether there is a directory of this name; an empty name is none, though Python takes it for the current one."""
    return bool(str(path)) and _answered(Path(path).is_dir)


def below_directly(directory: str | Path) -> tuple[str, ...]:
    """The names of the files in a directory itself, in order; raises InvalidInput where they cannot be listed."""
    try:
        return tuple(sorted(each.name for each in Path(directory).iterdir() if is_file(each)))
    except OSError as error:
        raise InvalidInput(f"cannot be listed: {error.strerror or error}", where=str(directory)) from error


def below(directory: str | Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The files below a directory, and what is below it and cannot be listed; what begins with a dot is left out.

    What goes away meanwhile is in neither.
    """
    files: list[Path] = []
    unlisted: list[Path] = []

    def failed(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            unlisted.append(Path(error.filename))

    for folder, folders, names in os.walk(directory, onerror=failed):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(folder, name) for name in names if not name.startswith(".")]
    return tuple(sorted(files)), tuple(sorted(unlisted))


def _answered(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except (OSError, ValueError):
        return False
