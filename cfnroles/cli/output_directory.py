"""The files of a build: all of them or none, and no edited file is overwritten without --force."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import Enum, auto
from itertools import chain
from pathlib import Path

from msgspec import Struct

from cfnroles.document import parse
from cfnroles.errors import InvalidInput
from cfnroles.files import DOCUMENT, MANIFEST, exists, is_file, read_text
from cfnroles.manifest import FILE, Manifest, State, comparisons, digest, manifest_of, replacing
from cfnroles.page import page, quoted

_STAGED = re.compile(r"\.cfnroles-\d+-.+")


class Written(Struct, frozen=True):
    """Obsolete files of earlier builds: removed, or ``left`` because they were edited."""

    removed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class Occupant(Enum):
    """An existing file at the path of a file of this build or an earlier one."""

    NOTHING = auto()
    SAME = auto()
    OURS = auto()
    EDITED = auto()
    FOREIGN = auto()


def write_files(directory: Path, files: Mapping[str, str], *, force: bool = False) -> Written:
    """Write ``files`` into ``directory``, each atomically, and remove files of earlier builds of the same project.

    The manifest is written first: the next build repairs an interrupted one, and nothing is deployed before that. Raise
    InvalidInput if this would overwrite a foreign or edited file without ``force``, if the directory belongs to another
    project, or if another build is writing to it.
    """
    new = not exists(directory)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _alone(directory):
            return _Build(directory, files, _earlier(directory)).written(force=force)
    except OSError as error:
        if new:
            with suppress(OSError):
                directory.rmdir()
        raise InvalidInput(
            f"cannot be written: {error.strerror}",
            where=_named(error, directory),
            remedy="Nothing was changed.",
        ) from error


def _named(error: OSError, directory: Path) -> str:
    """Return the file of an error as the user knows it: the directory instead of a staged file."""
    path = Path(error.filename or directory)
    return str(directory if _STAGED.fullmatch(path.name) else path)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Lock the directory against other builds, if the system and file system support it."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise InvalidInput(
            "another build is writing to this directory",
            where=str(directory),
            remedy="Run this build again after it, or pass another directory with -o DIR.",
        ) from error
    except OSError:
        pass  # some network file systems do not support locks
    try:
        yield
    finally:
        os.close(handle)


def _earlier(directory: Path) -> Manifest | None:
    if not is_file(directory / FILE):
        return None  # opening a pipe would block
    try:
        manifest = manifest_of(parse(read_text(directory / FILE, MANIFEST), FILE))
    except InvalidInput:
        return None
    return manifest if manifest and isinstance(manifest.tree.get("project"), str) else None


class _Build(Struct, frozen=True):
    """The files of a build and the directory, which may have the manifest of an earlier one."""

    directory: Path
    files: Mapping[str, str]
    earlier: Manifest | None

    def written(self, *, force: bool) -> Written:
        """Write all files, or raise before the first."""
        self._check_project()
        found = {name: self._found(name) for name in self.files}
        self._check_foreign(found)
        if not force:
            self._check_edits(found)
        stale = {name: self._found(name) for name in self._stale()}
        removed = tuple(name for name, what in stale.items() if what is Occupant.OURS)
        known = [*removed, *(name for name, what in found.items() if what is Occupant.OURS and name != FILE)]
        self._write(removed, {name: [digest((self.directory / name).read_bytes())] for name in known})
        return Written(removed, tuple(name for name, what in stale.items() if what is Occupant.EDITED))

    def _check_project(self) -> None:
        own = manifest_of(json.loads(self.files[FILE])) if self.earlier else None
        if self.earlier and own and self.earlier.whose != own.whose:
            raise InvalidInput(
                f"has the stacks of {self.earlier.whose}, not of {own.whose}",
                where=str(self.directory),
                remedy="Pass another directory with -o DIR, or delete this one.",
            )

    def _found(self, name: str) -> Occupant:
        path = self.directory / name
        if not path.is_symlink() and not path.exists():
            return Occupant.NOTHING
        known = self._known(name)
        if path.is_symlink():
            return Occupant.EDITED if known else Occupant.FOREIGN
        if not path.is_file():
            return Occupant.FOREIGN
        data = path.read_bytes() if path.stat().st_size <= DOCUMENT.bytes else b""
        if name in self.files and digest(data) == digest(self.files[name].encode()):
            return Occupant.SAME
        if not self.earlier or not known:
            return Occupant.FOREIGN
        state = self.earlier.state(known, data)
        return Occupant.OURS if state in (State.WRITTEN, State.EARLIER) else Occupant.EDITED

    def _known(self, name: str) -> str:
        """Return the name of a file in the earlier manifest, which may differ in case."""
        names = self.earlier.names if self.earlier else frozenset()
        if name in names:
            return name
        alike = [each for each in names if each.casefold() == name.casefold()]
        own = self._inode(name) if alike else None
        return next((each for each in alike if own and self._inode(each) == own), "")

    def _inode(self, name: str) -> tuple[int, int] | None:
        """Return the identity of a file independent of its name, or ``None`` if it does not exist."""
        try:
            found = (self.directory / name).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _stale(self) -> list[str]:
        others = sorted((self.earlier.names if self.earlier else frozenset()) - set(self.files))
        written = {self._inode(name) for name in self.files} - {None} if others else set()
        return [name for name in others if self._inode(name) not in written]

    def _check_foreign(self, found: Mapping[str, Occupant]) -> None:
        if names := sorted(name for name, what in found.items() if what is Occupant.FOREIGN):
            raise InvalidInput(
                f"{', '.join(names)} would be overwritten, but no earlier build wrote it",
                where=str(self.directory),
                remedy="Pass another directory with -o DIR, or move the file.",
            )

    def _check_edits(self, found: Mapping[str, Occupant]) -> None:
        if names := [name for name, what in found.items() if what is Occupant.EDITED]:
            other, compare = comparisons(self.directory, names)
            raise InvalidInput(
                f"edits would be lost: {', '.join(names)} {'was' if len(names) == 1 else 'were'} edited since the"
                " last build",
                where=str(self.directory),
                why=page([f"To see the edits, run the same command with -o {quoted(str(other))}, and then:", compare]),
                remedy="Save the edits, or discard them: run the same command with --force.",
            )

    def _write(self, removed: Iterable[str], known: Mapping[str, list[str]]) -> None:
        final = self.files[FILE]
        interim = replacing(final, known)
        others = ((name, self.files[name]) for name in self.files if name != FILE)
        steps = chain([(FILE, interim)], others, [(FILE, final)] if interim != final else [])
        staged: list[tuple[Path, Path]] = []
        try:
            self._clear()
            # All files are staged on disk under other names before the first one is moved into place.
            for number, (name, text) in enumerate(steps):
                path = self.directory / f".cfnroles-{os.getpid()}-{number}-{name}"
                staged.append((path, self.directory / name))
                with path.open("x", encoding="utf-8", newline="\n") as file:
                    file.write(text)
            self._move(staged, removed)
        except BaseException:
            for path, _ in staged:
                path.unlink(missing_ok=True)
            raise

    def _clear(self) -> None:
        """Remove the staged files of an interrupted build."""
        for path in self.directory.iterdir():
            if _STAGED.fullmatch(path.name) and path.is_file():
                path.unlink()

    def _move(self, staged: list[tuple[Path, Path]], removed: Iterable[str]) -> None:
        first, *others = staged
        first[0].replace(first[1])
        try:
            last = [others.pop()] if others and others[-1][1] == first[1] else []
            for path, target in others:
                path.replace(target)
            for name in removed:
                (self.directory / name).unlink(missing_ok=True)
            for path, target in last:
                path.replace(target)
        except OSError as error:
            raise InvalidInput(
                f"cannot be written: {error.strerror}",
                where=_named(error, self.directory),
                remedy="Some files were not written, so `deploy` refuses this directory. Build again to repair it.",
            ) from error
