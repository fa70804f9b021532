"""Two versions of one source: files, directories, or Git revisions of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cfnroles.errors import InvalidInput
from cfnroles.page import quoted

if TYPE_CHECKING:
    from cfnroles.document import Document
    from cfnroles.sources.reading import Reading
    from cfnroles.sources.told import Told


_ALONE = "is a Git revision, without a file"


def two_versions(old: str, new: str, told: Told) -> tuple[Reading, Reading]:
    """Return the readings of OLD and NEW. An empty NEW is the current file or directory of OLD's path.

    Each is a file, a directory of Terraform, - for standard input, or REVISION:PATH. OLD may be only a revision if NEW
    is a file or directory. Raise InvalidInput for anything else.
    """
    from cfnroles import read

    _refuse_misplaced(old, new)
    if (readings := _of_directories(old, new, told)) is not None:
        return readings
    before, after = _sides(old, new)
    return read(before, told), read(after, told)


def _refuse_misplaced(old: str, new: str) -> None:
    """Raise InvalidInput for a directory that is no source, and for a revision that needs a path."""
    from cfnroles.files import is_directory
    from cfnroles.sources.directories import holds_terraform, nothing_to_read
    from cfnroles.sources.revisions import split

    for each in (old, new):
        if each not in ("", "-") and is_directory(each) and not holds_terraform(each):
            raise nothing_to_read(each)
    if _is_revision_alone(new):
        there, first = _in_revision(new, old), ""
        if _is_path(old):
            first = f"The old version comes first: `cfnroles diff {quoted(new)} {quoted(old)}`. As the new version, w"
        raise InvalidInput(_ALONE, where=new, remedy=f"{first or 'W'}rite {quoted(there)}.")
    if new and not _is_path(new) and split(new) and _is_revision_alone(old):
        raise InvalidInput(_ALONE, where=old, remedy=f"Write {quoted(_in_revision(old, new))}.")


def _in_revision(revision: str, other: str) -> str:
    """Return REVISION:PATH, with the path of the other version."""
    from cfnroles.sources.revisions import split

    if _is_path(other):
        path = os.path.relpath(other)
        return f"{revision}:{path}" if path.startswith("../") else f"{revision}:./{path}"
    return f"{revision}:{(split(other) or ('', 'PATH'))[1]}"


def _is_path(name: str) -> bool:
    from cfnroles.files import exists

    return name != "-" and exists(name)


def _is_revision_alone(name: str) -> bool:
    from cfnroles.sources.revisions import is_revision, split

    return name not in ("", "-") and not _is_path(name) and not split(name) and is_revision(name)


def _of_directories(old: str, new: str, told: Told) -> tuple[Reading, Reading] | None:
    """Return both sides if one of them is a directory of Terraform, otherwise ``None``."""
    from cfnroles.files import exists
    from cfnroles.sources.directories import holds_terraform
    from cfnroles.sources.revised_directory import RevisedDirectory
    from cfnroles.sources.revisions import check_revision, split, working_tree_path
    from cfnroles.sources.terraform_directory import read_files

    if new and holds_terraform(new) and not exists(old) and not split(old):
        # OLD is only a revision: it means the same directory.
        check_revision(old, Path(new).parent)
        files = RevisedDirectory(old, f"./{Path(new).name}", Path(new).parent)
        return read_files(files, f"{old}:{new}", told), _side(new, told)
    if not any(holds_terraform(each) or _is_revised_directory(each) for each in (old, new)):
        return None
    found = split(old)
    return _side(old, told), _side(new or str(working_tree_path(found[1] if found else old)), told)


def _is_revised_directory(name: str) -> bool:
    """Return whether a name is REVISION:PATH of a directory of Terraform."""
    from cfnroles.files import exists
    from cfnroles.hcl.directory import is_configuration
    from cfnroles.sources.revised_directory import RevisedDirectory
    from cfnroles.sources.revisions import split

    found = None if exists(name) else split(name)
    return found is not None and any(map(is_configuration, RevisedDirectory(*found).names(".")))


def _side(name: str, told: Told) -> Reading:
    """Return the reading of a directory, a directory in a revision, or a document."""
    from cfnroles import read
    from cfnroles.files import is_directory
    from cfnroles.sources.revised_directory import RevisedDirectory
    from cfnroles.sources.revisions import document_at, split
    from cfnroles.sources.terraform_directory import read_files

    if is_directory(name):
        return read(name, told)
    if _is_revised_directory(name) and (found := split(name)):
        return read_files(RevisedDirectory(*found), name, told)
    return read(document_at(name), told)


def _sides(old: str, new: str) -> tuple[Document, Document]:
    from cfnroles.files import exists, is_file
    from cfnroles.sources.revisions import document_at, document_of, split, working_tree_path

    if old == new == "-":
        raise InvalidInput("only one of the two can be standard input", remedy="Pass the other as a file.")
    if not new:
        revision, path = split(old) or ("", old)
        before = document_of(revision, path, old)
        return before, document_at(str(working_tree_path(path)))
    after = document_at(new)
    if old == "-" or exists(old) or split(old) or not is_file(new):
        return document_at(old), after
    return document_of(old, f"./{Path(new).name}", f"{old}:{new}", Path(new).parent), after
