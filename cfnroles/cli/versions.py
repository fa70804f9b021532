"""Two versions of one source: files, directories, or Git revisions of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cfnroles.errors import InvalidInput

if TYPE_CHECKING:
    from cfnroles.document import Document
    from cfnroles.sources.reading import Reading
    from cfnroles.sources.told import Told


def two_versions(old: str, new: str, told: Told) -> tuple[Reading, Reading]:
    """Return the readings of OLD and NEW. An empty NEW is the current file or directory of OLD's path.

    Each is a file, a directory of Terraform, - for standard input, or REVISION:PATH. OLD may be only a revision if NEW
    is a file or directory. Raise InvalidInput for anything else.
    """
    from cfnroles import read

    if (readings := _of_directories(old, new, told)) is not None:
        return readings
    before, after = _sides(old, new)
    return read(before, told), read(after, told)


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
