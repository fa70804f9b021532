"""The two sides of a comparison: a file, standard input, or a file in a revision of git, with what stands beside it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cfnroles.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class File:
    """A document under the name that answers call it by.

    ``beside`` reads a file by its path from this one, on the same side: its name and its text, or ``None`` without it.
    """

    name: str
    text: str
    beside: Callable[[str], tuple[str, str] | None]


def sides(old: str, new: str) -> tuple[File, File]:
    """OLD and NEW of the command line. Raises InvalidInput where one cannot be read."""
    if old == new == "-":
        raise InvalidInput("standard input holds one document", remedy="Give the other as a file.")
    if not new:
        from cfnroles.sources.revisions import split, working_tree_path

        revision, path = split(old) or ("", old)
        return _required(revision, path, old), file_at(str(working_tree_path(path)))
    after = file_at(new)
    if old == "-" or Path(old).is_file() or is_revision_and_path(old) or not Path(new).is_file():
        return file_at(old), after
    return _required(old, f"./{Path(new).name}", f"{old}:{new}", Path(new).parent), after


def file_at(name: str) -> File:
    """The file of a name: in the working tree, in a revision, or standard input."""
    from cfnroles.document import read_text
    from cfnroles.sources.revisions import split

    found = None if name == "-" or Path(name).exists() else split(name)
    if found:
        return _required(*found, name)
    if name == "-":
        return File("standard input", read_text(name), _nothing_beside)
    return File(name, read_text(name), lambda path: _beside(name, path))


def in_revision(revision: str, path: str, name: str, directory: Path = Path()) -> File | None:
    """The file at a path of a revision, as ``text_at`` takes it, or ``None`` without one."""
    from cfnroles.sources.revisions import text_at

    text = text_at(revision, path, directory)
    if text is None:
        return None
    return File(name, text, lambda other: _beside_in_revision(revision, path, name, other, directory))


def is_revision_and_path(name: str) -> bool:
    """Whether a name is no file and has the form REVISION:PATH."""
    from cfnroles.sources.revisions import split

    return name != "-" and not Path(name).exists() and split(name) is not None


def _required(revision: str, path: str, name: str, directory: Path = Path()) -> File:
    if found := in_revision(revision, path, name, directory):
        return found
    here = "" if path.startswith(("./", "../")) else f" A path from the current directory is {revision}:./{path}."
    raise InvalidInput(
        "is not in that revision",
        where=name,
        remedy=f"See what is there: git ls-tree -r --name-only {revision or 'HEAD'}.{here}",
    )


def _nothing_beside(path: str) -> None:
    raise InvalidInput(
        f"is a service spec, and where its task definition {path} stands cannot be told",
        where="standard input",
        remedy="Give the spec as a file, or as REVISION:PATH.",
    )


def _beside(name: str, path: str) -> tuple[str, str] | None:
    from cfnroles.document import read_text

    found = Path(name).parent / path
    return (str(found), read_text(str(found))) if found.is_file() else None


def _beside_in_revision(revision: str, of: str, name: str, path: str, directory: Path) -> tuple[str, str] | None:
    from cfnroles.sources.revisions import text_at

    found = posixpath.normpath(posixpath.join(posixpath.dirname(of), path))
    from_here = of.startswith(("./", "../"))
    if posixpath.isabs(found) or (found.startswith("../") and not from_here):
        return None  # outside of the repository
    if from_here and not found.startswith("../"):
        found = f"./{found}"
    text = text_at(revision, found, directory)
    if text is None:
        return None
    shown = posixpath.join(posixpath.dirname(name.rpartition(":")[2]), path)
    return f"{revision}:{posixpath.normpath(shown)}", text
