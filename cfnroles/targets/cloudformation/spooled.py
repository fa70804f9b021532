"""The texts of a build: in memory while they are few, else in an unnamed file that is removed with the process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import IO

from cfnroles.manifest import digest

#: The bytes to keep in memory: about a hundred services.
_ROOM = 8_000_000


class SpooledTexts(Mapping[str, str]):
    """Texts by name, each of which is added once; ``digests`` has the SHA-256 of each by its name."""

    def __init__(self, room: int = _ROOM) -> None:
        self.digests: dict[str, str] = {}
        self._room = room
        self._kept: dict[str, bytes] = {}
        self._places: dict[str, tuple[int, int]] = {}
        self._file: IO[bytes] | None = None

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()

    def put(self, name: str, text: str) -> None:
        """Add a text, or replace the one with its name; raise OSError if no disk has room for it."""
        data = text.encode()
        self.digests[name] = digest(data)
        if self._file is None:
            self._room += len(self._kept.get(name, b"")) - len(data)
            self._kept[name] = data
            if self._room < 0:
                self._spill()
        else:
            self._write(name, data)

    def in_order(self, names: Iterable[str]) -> None:
        """Sort the texts in the order of these names, which are those of all."""
        self.digests = {name: self.digests[name] for name in names}

    def _spill(self) -> None:
        import tempfile

        self._file = tempfile.TemporaryFile(prefix="cfnroles-")  # noqa: SIM115 - open as long as the texts
        for name, data in self._kept.items():
            self._write(name, data)
        self._kept = {}

    def _write(self, name: str, data: bytes) -> None:
        if self._file is not None:
            self._places[name] = (self._file.seek(0, 2), self._file.write(data))

    def __getitem__(self, name: str) -> str:
        if self._file is None:
            return self._kept[name].decode()
        start, length = self._places[name]
        self._file.seek(start)
        return self._file.read(length).decode()

    def __contains__(self, name: object) -> bool:
        return name in self.digests

    def __iter__(self) -> Iterator[str]:
        return iter(self.digests)

    def __len__(self) -> int:
        return len(self.digests)
