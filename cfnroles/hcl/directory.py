"""The files of a configuration: their origin, and the limits of their paths."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from cfnroles.files import below_directly, exists, is_directory, is_file, read_text


class Files(Protocol):
    """A place with files: a directory or a Git revision. Paths are relative to the directory of the root."""

    def names(self, directory: str) -> tuple[str, ...]:
        """Return the names of the files in a directory, sorted. Raise InvalidInput if they cannot be listed."""

    def text(self, path: str) -> str | None:
        """Return the text of a file, ``None`` if it does not exist. Raise InvalidInput if it cannot be read."""

    def called(self, path: str) -> str:
        """Return the name of a file for messages."""

    def inside(self, path: str, directory: str) -> bool:
        """Return whether a path leads into a directory, with symbolic links resolved."""

    def in_repository(self, path: str) -> bool:
        """Return whether a path leads to a file of the directory's repository, and not one of Git's own."""

    def in_own_tree(self, path: str) -> bool:
        """Whether a path leads to a directory of the same repository, or of the same tree if there is no repository."""


class Directory:
    """The files of a directory on disk."""

    def __init__(self, root: str) -> None:
        self._root = root

    def _path(self, path: str) -> Path:
        return Path(os.path.normpath(Path(self._root) / path))

    def names(self, directory: str) -> tuple[str, ...]:
        """As for ``Files``."""
        path = self._path(directory)
        return below_directly(path) if is_directory(path) else ()

    def text(self, path: str) -> str | None:
        """As for ``Files``."""
        return read_text(self._path(path)) if is_file(self._path(path)) else None

    def called(self, path: str) -> str:
        """As for ``Files``."""
        return str(self._path(path))

    def inside(self, path: str, directory: str) -> bool:
        """As for ``Files``."""
        try:
            return self._path(path).resolve().is_relative_to(self._path(directory).resolve())
        except (OSError, ValueError, RuntimeError):
            return False

    def in_repository(self, path: str) -> bool:
        """As for ``Files``; a repository that is a whole home directory does not count."""
        try:
            found, top = self._path(path).resolve(), self._top()
            return top is not None and found.is_relative_to(top) and ".git" not in found.parts
        except (OSError, ValueError, RuntimeError):
            return False

    def in_own_tree(self, path: str) -> bool:
        """As for ``Files``; what only shares the home or the root with the directory is not in its tree."""
        try:
            if self._top() is not None:
                return self.in_repository(path)
            common = Path(os.path.commonpath([Path(self._root).resolve(), self._path(path).resolve()]))
            return common not in (Path.home(), *Path.home().parents)
        except (OSError, ValueError, RuntimeError):
            return False

    def _top(self) -> Path | None:
        """The top of the repository; ``None`` if there is none."""
        root = Path(self._root).resolve()
        top = next((each for each in (root, *root.parents) if exists(each / ".git")), None)
        return None if top == Path.home() else top


class Below:
    """The files below one of the directories of others."""

    def __init__(self, files: Files, directory: str) -> None:
        self._files, self._directory = files, directory

    def names(self, directory: str) -> tuple[str, ...]:
        """As for ``Files``."""
        return self._files.names(joined(self._directory, directory))

    def text(self, path: str) -> str | None:
        """As for ``Files``."""
        return self._files.text(joined(self._directory, path))

    def called(self, path: str) -> str:
        """As for ``Files``."""
        return self._files.called(joined(self._directory, path))

    def inside(self, path: str, directory: str) -> bool:
        """As for ``Files``."""
        return self._files.inside(joined(self._directory, path), joined(self._directory, directory))

    def in_repository(self, path: str) -> bool:
        """As for ``Files``."""
        return self._files.in_repository(joined(self._directory, path))

    def in_own_tree(self, path: str) -> bool:
        """As for ``Files``."""
        return self._files.in_own_tree(joined(self._directory, path))


class Changed:
    """The files of another place, some of them with other texts, by their names in messages."""

    def __init__(self, files: Files, texts: Mapping[str, str]) -> None:
        self._files, self._texts = files, texts

    def names(self, directory: str) -> tuple[str, ...]:
        """As for ``Files``."""
        return self._files.names(directory)

    def text(self, path: str) -> str | None:
        """As for ``Files``."""
        found = self._files.text(path)
        return None if found is None else self._texts.get(self._files.called(path), found)

    def called(self, path: str) -> str:
        """As for ``Files``."""
        return self._files.called(path)

    def inside(self, path: str, directory: str) -> bool:
        """As for ``Files``."""
        return self._files.inside(path, directory)

    def in_repository(self, path: str) -> bool:
        """As for ``Files``."""
        return self._files.in_repository(path)

    def in_own_tree(self, path: str) -> bool:
        """As for ``Files``."""
        return self._files.in_own_tree(path)


def joined(directory: str, path: str) -> str:
    """Return a path relative to a directory in its shortest form."""
    return posixpath.normpath(posixpath.join(directory, path))


def is_configuration(name: str) -> bool:
    """Whether Terraform or OpenTofu reads a file of this name.

    https://developer.hashicorp.com/terraform/language/files
    https://opentofu.org/docs/language/files/
    """
    return name.endswith((".tf", ".tf.json", ".tofu", ".tofu.json")) and not name.startswith(".")


def configuration_files(names: Iterable[str]) -> list[str]:
    """Those of a directory's files that are read: OpenTofu reads `main.tofu` in the place of `main.tf`."""
    found = list(filter(is_configuration, names))
    replaced = {name.replace(".tofu", ".tf") for name in found if name.endswith((".tofu", ".tofu.json"))}
    return [name for name in found if name not in replaced]
