"""Files in a Git revision. Nothing is checked out, and nothing in the repository is written.

https://git-scm.com/docs/gitrevisions
"""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from pathlib import Path

from cfnroles.document import Document, read_document
from cfnroles.errors import InvalidInput, Unavailable
from cfnroles.files import check_size, exists, text_of

# A colon within braces belongs to the revision, as in `HEAD@{2026-01-31 10:00}:web.json`.
_REVISION_AND_PATH = re.compile(r"(?P<revision>(?:[^:{]|\{[^}]*\})*):(?P<path>.+)", re.DOTALL)

_HERE = Path()


def split(name: str) -> tuple[str, str] | None:
    """Split ``REVISION:PATH`` into revision and path, as Git does. Return ``None`` for another form."""
    found = _REVISION_AND_PATH.fullmatch(name)
    return (found["revision"], found["path"]) if found else None


def check_revision(revision: str, directory: Path = _HERE) -> None:
    """Raise InvalidInput if the commit does not exist, or if ``directory`` is not in a repository."""
    _check_repository(revision, directory)
    if is_revision(revision, directory):
        return
    first, dots, last = revision.partition("..")
    if dots and is_revision(first, directory):
        raise InvalidInput(
            f"{revision} is a range of Git revisions",
            remedy=f"Pass a file in each: {first}:PATH {last.strip('.') or 'HEAD'}:PATH",
        )
    raise InvalidInput(
        f"no file or Git revision is named {revision!r}",
        remedy="If the clone is shallow, run `git fetch --unshallow`; or pass a file.",
    )


def is_revision(name: str, directory: Path = _HERE) -> bool:
    """Return whether a commit has this name in the repository of ``directory``; without Git, none has."""
    if name.startswith("-"):
        return False  # an option is not a revision, and Git would execute it
    try:
        return not _run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", directory=directory)[0]
    except Unavailable:
        return False


def text_at(revision: str, path: str, directory: Path = _HERE) -> str | None:
    """Return the text of a file in a revision, ``None`` if it does not exist there.

    ``path`` starts at the top of the repository, or with ``./`` at ``directory``. The empty revision is the index.
    Raise InvalidInput for an unknown revision, a directory, and a file that is too large or not text.
    """
    if revision:
        check_revision(revision, directory)
    else:
        _check_repository(f":{path}", directory)
    where = f"{revision}:{path}"
    failed, kind, _ = _run("cat-file", "-t", where, directory=directory)
    if failed:
        return None
    if kind.strip() != b"blob":
        raise InvalidInput("is a directory", where=where, remedy="Pass a file in it.")
    check_size(int(_answer("cat-file", "-s", where, directory=directory)), where)
    return text_of(_answer("cat-file", "blob", where, directory=directory), where)


def entries_at(revision: str, path: str, directory: Path = _HERE) -> tuple[str, ...]:
    """Return the names of the files in a directory of a revision, sorted; empty if it does not exist.

    ``path`` is as for ``text_at``. Symbolic links are not files.
    """
    if revision.startswith("-"):
        return ()  # an option is not a revision, and Git would execute it
    failed, listed, _ = _run("ls-tree", "-z", f"{revision}:{path}", directory=directory)
    entries = (line.split("\t", 1) for line in os.fsdecode(listed).split("\0") if line)
    return () if failed else tuple(sorted(name for meta, name in entries if meta.startswith("100")))


def changed_files(revision: str) -> tuple[str, ...]:
    """Return the files below the current directory that differ from a revision, including new ones.

    Ignored files are left out. Raise InvalidInput for an unknown revision.
    """
    check_revision(revision)
    listings = (
        ("diff", "--name-only", "--no-renames", "--no-ext-diff", "--relative", "-z", revision, "--"),
        ("ls-files", "--others", "--exclude-standard", "-z"),
    )
    names: set[str] = set()
    for arguments in listings:
        failed, listed, message = _run(*arguments)
        if failed:
            raise Unavailable("Git cannot list the changed files", why=message)
        names.update(name for name in os.fsdecode(listed).split("\0") if name)
    return tuple(sorted(names))


def document_at(name: str) -> Document:
    """Return the document with a name: in the working tree, REVISION:PATH, or ``-`` for standard input.

    Raise InvalidInput if it cannot be read.
    """
    found = None if name == "-" or exists(name) else split(name)
    return document_of(*found, name) if found else read_document(name, name)


def document_of(revision: str, path: str, name: str, directory: Path = _HERE) -> Document:
    """Return the document at a path of a revision, as for ``text_at``. Raise InvalidInput if it does not exist."""
    if found := find_document(revision, path, name, directory):
        return found
    here = (
        "" if path.startswith(("./", "../")) else f" For a path from the current directory, write {revision}:./{path}."
    )
    raise InvalidInput(
        "is not in that revision",
        where=name,
        remedy=f"List its files: git ls-tree -r --name-only {revision or 'HEAD'}.{here}",
    )


def find_document(revision: str, path: str, name: str, directory: Path = _HERE) -> Document | None:
    """Return the same, or ``None`` if it does not exist in the revision."""
    text = text_at(revision, path, directory)
    if text is None:
        return None

    def beside(other: str) -> Document | None:
        found = posixpath.normpath(posixpath.join(posixpath.dirname(path), other))
        from_here = path.startswith(("./", "../"))
        if posixpath.isabs(found) or (found.startswith("../") and not from_here):
            return None  # outside of the repository
        if from_here and not found.startswith("../"):
            found = f"./{found}"
        shown = posixpath.normpath(posixpath.join(posixpath.dirname(name.rpartition(":")[2]), other))
        return find_document(revision, found, f"{revision}:{shown}", directory)

    return Document(name, text, beside)


def working_tree_path(path: str) -> Path:
    """Return the path in the working tree of a file in a revision. Raise InvalidInput without a working tree."""
    if path.startswith(("./", "../")):
        return Path(path)
    failed, top, message = _run("rev-parse", "--show-toplevel")
    if failed:
        raise InvalidInput("the Git repository has no working tree", why=message)
    return Path(os.path.relpath(os.fsdecode(top).rstrip("\n"))) / path


def _check_repository(name: str, directory: Path) -> None:
    failed, _, message = _run("rev-parse", "--git-dir", directory=directory)
    if failed:
        raise InvalidInput(
            f"no file is named {name!r}, and this is not a Git repository",
            why=message,
            remedy="Run it in a clone, or pass two files.",
        )


def _answer(*arguments: str, directory: Path) -> bytes:
    failed, answer, message = _run(*arguments, directory=directory)
    if failed:
        raise Unavailable("Git cannot read it", where=arguments[-1], why=message)
    return answer


def _run(*arguments: str, directory: Path = _HERE) -> tuple[int, bytes, str]:
    """Return the exit code, standard output, and the first line of Git's message."""
    # Without optional locks, `git diff` does not write the index.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    command = ["git", "--no-pager", "-C", str(directory), *arguments]
    try:
        ended = subprocess.run(command, capture_output=True, env=environment, stdin=subprocess.DEVNULL, check=False)
    except OSError as error:
        raise Unavailable("cannot run git", why=str(error), remedy="Install Git, or pass two files.") from error
    message = ended.stderr.decode(errors="replace").strip().partition("\n")[0]
    return ended.returncode, ended.stdout, message
