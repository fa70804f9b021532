"""The directory of a configuration in a Git revision."""

from __future__ import annotations

import posixpath
from pathlib import Path

from cfnroles.sources.revisions import entries_at, text_at

_HERE = Path()


class RevisedDirectory:
    """The files of a directory in a revision, as for ``hcl.directory.Files``.

    ``path`` starts at the top of the repository, or with ``./`` or ``../`` at the directory ``beside``.
    """

    def __init__(self, revision: str, path: str, beside: Path = _HERE) -> None:
        self._revision, self._beside = revision, beside
        self._relative = path.startswith(("./", "../")) or path in (".", "..")
        self._path = path

    def _at(self, path: str) -> str:
        found = posixpath.normpath(posixpath.join(self._path, path))
        return f"./{found}" if self._relative and not found.startswith("../") else found

    def names(self, directory: str) -> tuple[str, ...]:
        """As for ``Files``; symbolic links are not files here."""
        return entries_at(self._revision, self._at(directory), self._beside)

    def text(self, path: str) -> str | None:
        """As for ``Files``."""
        directory, name = posixpath.split(posixpath.normpath(path))
        if name not in self.names(directory or "."):
            return None
        return text_at(self._revision, self._at(path), self._beside)

    def called(self, path: str) -> str:
        """As for ``Files``."""
        return f"{self._revision}:{posixpath.normpath(posixpath.join(self._path, path))}"

    def inside(self, path: str, directory: str) -> bool:
        """As for ``Files``."""
        start = posixpath.normpath(posixpath.join(self._path, directory))
        found = posixpath.normpath(posixpath.join(self._path, path))
        return not found.startswith("../") if start == "." else found.startswith(f"{start}/")

    def in_repository(self, path: str) -> bool:
        """As for ``Files``: Git contains nothing else."""
        return not posixpath.isabs(path)

    def in_own_tree(self, path: str) -> bool:
        """As for ``Files``."""
        return self.in_repository(path)
