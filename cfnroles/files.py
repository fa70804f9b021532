"""File access: a size limit for each kind of file, and one error if a file cannot be read.

A name from a document or command line can be impossible: too long, with a NUL, or without access. Such a name is an
input error, not a bug.
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

#: The environment variable with a directory outside of which no file is read.
ROOT = "CFNROLES_ROOT"


class Limit(Struct, frozen=True):
    """The maximum size of one kind of file in bytes, and the reason for it."""

    bytes: int
    why: str


#: Task definitions, specs, templates, policies, parameters, settings, stacks.json. Documents of AWS are never longer.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
DOCUMENT = Limit(1_000_000, "CloudFormation accepts no larger template, and Amazon ECS no task definition above 64 KB.")

#: The manifest of a build, about 2 KB for each service.
MANIFEST = Limit(50_000_000, "No build has so many stacks.")

#: The authorization details of an account.
#: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
ACCOUNT = Limit(50_000_000, "Request only roles from IAM: --filter Role LocalManagedPolicy.")


#: The output of `terraform show -json` for a plan or a state, and how it begins.
PLAN = Limit(50_000_000, "Usual plans are smaller.")
_SHOWN = re.compile(rb'\s*\{\s*"format_version"')


class Missing(InvalidInput):
    """The file does not exist."""


class TooLarge(InvalidInput):
    """The file is larger than its kind can be."""


def read_text(source: str | Path, limit: Limit = DOCUMENT) -> str:
    """Return the text of a file, or of standard input for ``-``. Raise InvalidInput if it cannot be read."""
    return text_of(read_bytes(source, limit), "standard input" if str(source) == "-" else str(source))


def text_of(data: bytes, where: str) -> str:
    """Decode UTF-8. Raise InvalidInput for any other bytes."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput("is not UTF-8", where=where, remedy="Save the file as UTF-8.") from error


def read_bytes(source: str | Path, limit: Limit = DOCUMENT) -> bytes:
    """Return the content of a file, or of standard input for ``-``.

    Raise InvalidInput if it cannot be read, Missing if it does not exist, TooLarge if it exceeds ``limit``. Reads at
    most one byte beyond the limit, so that an endless stream is also rejected.
    """
    name = "standard input" if str(source) == "-" else str(source)
    if not name:
        raise InvalidInput("a file name is empty", remedy="Check that the shell variable is set.")
    _check_root(source)
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


def _check_root(source: str | Path) -> None:
    """Raise InvalidInput for a file outside of the directory in ``ROOT``, also if a link leads there."""
    root = os.environ.get(ROOT, "")
    if root and str(source) != "-" and not _answered(lambda: Path(source).resolve().is_relative_to(root)):
        raise InvalidInput(f"is not in {root}", where=str(source), remedy="Only files in it can be read.")


#: The similarity of a file name that was likely meant.
_NEAR = 0.7


def _missing(name: str, error: OSError) -> Missing:
    """Return the error for a missing file, with the likely intended name next to it."""
    from cfnroles.spelling import meant

    path = Path(name)
    if path.is_symlink():
        return Missing(f"is a symbolic link to {path.readlink()}, which does not exist", where=name)
    try:
        beside = [each.name for each in islice(path.parent.iterdir(), 1000)]
    except OSError:
        beside = []
    # Without the suffix, which many files share.
    alike = [each for each in beside if meant(path.stem, [Path(each).stem], _NEAR)] if path.stem else []
    near = meant(path.name, alike)
    remedy = f"Did you mean {str(path.with_name(near))!r}?" if near else ""
    return Missing(f"cannot be read: {error.strerror}", where=name, remedy=remedy)


@contextmanager
def opened(source: str | Path) -> Iterator[BinaryIO]:
    """Open a file, or standard input for ``-``, for reading in parts. Raises as ``read_bytes``."""
    if str(source) == "-":
        yield sys.stdin.buffer
        return
    name = str(source)
    _check_root(source)
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
    """Return the content of a file up to one byte above its limit, and the limit; that of a plan is higher."""
    data = file.read(limit.bytes + 1)
    if limit is not DOCUMENT or len(data) <= limit.bytes or not _SHOWN.match(data):
        return data, limit
    return data + file.read(PLAN.bytes + 1 - len(data)), PLAN


def read_inside(directory: Path, name: str, limit: Limit = DOCUMENT) -> bytes:
    """Return the content of a file in a directory. Raise as ``read_bytes``, also if the name leaves the directory."""
    path = directory / name
    if _answered(lambda: path.exists() and not (path.is_file() and path.resolve().is_relative_to(directory.resolve()))):
        raise InvalidInput("is not a file in this directory", where=str(path))
    return read_bytes(path, limit)


def check_size(size: int, where: str, limit: Limit = DOCUMENT) -> None:
    """Raise TooLarge if ``size`` exceeds the limit."""
    if size > limit.bytes:
        raise TooLarge(f"has more than {limit.bytes:,} bytes, the maximum", where=where, remedy=limit.why)


def exists(path: str | Path) -> bool:
    """Return whether the path exists, even if access to it is denied."""
    try:
        return bool(str(path)) and Path(path).exists()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False


def is_file(path: str | Path) -> bool:
    """Return whether the path is a file."""
    return _answered(Path(path).is_file)


def is_directory(path: str | Path) -> bool:
    """Return whether the path is a directory. An empty name is not, though Python reads it as the current one."""
    return bool(str(path)) and _answered(Path(path).is_dir)


def below_directly(directory: str | Path) -> tuple[str, ...]:
    """Return the names of the files directly in a directory, sorted. Raise InvalidInput if they cannot be listed."""
    try:
        return tuple(sorted(each.name for each in Path(directory).iterdir() if is_file(each)))
    except OSError as error:
        raise InvalidInput(f"cannot be listed: {error.strerror or error}", where=str(directory)) from error


def below(directory: str | Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the files below a directory, and the directories that cannot be listed, without hidden ones.

    A file that disappears meanwhile is in neither.
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
