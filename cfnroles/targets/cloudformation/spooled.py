"""The texts of a build: in memory while they are few, and else in a file that has no name and ends with the process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import IO

from cfnroles.manifest import digest

#: Bytes that are kept in memory: what some hundred services make.
_ROOM = 8_000_000


class SpooledTexts(Mapping[str, str]):
    """Texts by name, each of which is put once; ``digests`` has the SHA-256 of each by its name."""

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
        """Keep a text, in the place of the one that had its name; raises OSError where no disk has room for it."""
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
        """Let the texts come in the order of these names, which are those of all."""
        self.digests = {name: self.digests[name] for name in names}

    def _spill(self) -> None:
        import tempfile

        self._file = tempfile.TemporaryFile(prefix="cfnroles-")  # noqa: SIM115 - it lives as long as the texts
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
