"""The task definitions of an account and Region, one at a time, without what runs in them.

Ten thousand of them are never in memory at once. A file can store what was read, so that an interrupted run can
continue.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol

from msgspec import Struct, to_builtins

from cfnroles.aws.existing import Looked, Presence
from cfnroles.aws.refusals import Refused
from cfnroles.errors import InvalidInput

#: Members of containers that are irrelevant for permissions and may contain private data.
_DROPPED = frozenset({"command", "entryPoint", "healthCheck", "dockerLabels", "systemControls", "extraHosts"})
#: Variables whose values name a resource: a proxy's node, the files of a log router. None is a secret.
_NAMING = re.compile(r"arn:[a-z-]+:[^\s]+|mesh/[^\s]+")
_PASTED = re.compile(r"(?i)token|pass|secret|auth|api_?key|credential")
_SCHEMA = 1
#: Amazon ECS limits task definitions to 64 KB.
_LONGEST = 2_000_000


class Revisions(StrEnum):
    """The task definitions to examine."""

    ALL = "all"
    LATEST = "latest"
    USED = "used"


class Definitions(Protocol):
    """The calls to Amazon ECS that are needed here: ``cfnroles.aws.ecs.Ecs``."""

    def definitions(self) -> Iterator[str]:
        """ListTaskDefinitions."""

    def families(self) -> Iterator[str]:
        """ListTaskDefinitionFamilies."""

    def used(self) -> Iterator[str]:
        """Return the task definitions of services and running tasks."""

    def registered(self, name: str) -> dict[str, Any]:
        """DescribeTaskDefinition."""


class Place(Struct, frozen=True):
    """The account and Region to examine, and which of its task definitions."""

    account: str
    region: str
    revisions: Revisions = Revisions.ALL


class Registered(Struct, frozen=True):
    """One task definition: its family, its revision, and its content without what runs in it."""

    family: str
    revision: int
    members: Mapping[str, Any]


def registered(answer: Mapping[str, Any]) -> Registered:
    """Return a task definition from a response, without values of variables and commands."""
    members = dict(answer["taskDefinition"])
    containers = members.get("containerDefinitions") or ()
    members["containerDefinitions"] = [_container(each) for each in containers]
    return Registered(str(members["family"]), int(members["revision"]), members)


def _container(told: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = {name: value for name, value in told.items() if name not in _DROPPED}
    if variables := told.get("environment"):
        kept["environment"] = [{**each, "value": _named(each.get("value", ""))} for each in variables]
    for name in ("logConfiguration", "firelensConfiguration"):
        options = (told.get(name) or {}).get("options")
        if options:
            kept[name] = {**told[name], "options": {key: _option(key, value) for key, value in options.items()}}
    return kept


def _named(value: str) -> str:
    return value if _NAMING.fullmatch(value) else ""


def _option(name: str, value: str) -> str:
    return _named(value) if _PASTED.search(name) else value


def crawled(ecs: Definitions, place: Place, kept: Kept) -> Iterator[Registered]:
    """Yield the task definitions without duplicates: stored ones, then the others on demand."""
    done = set()
    for definition in kept.definitions():
        done.add((definition.family, definition.revision))
        yield definition
    if kept.complete:
        return
    for name in _names(ecs, place):
        family, _, revision = name.rpartition("/")[2].partition(":")
        if revision and (family, int(revision)) in done:
            continue
        try:
            definition = registered(ecs.registered(name))
        except Refused as refused:
            if "Unable to describe" in refused.message:
                continue  # it was deregistered meanwhile
            raise
        if (definition.family, definition.revision) not in done:
            done.add((definition.family, definition.revision))
            kept.keep(definition)
            yield definition


def _names(ecs: Definitions, place: Place) -> Iterator[str]:
    match place.revisions:
        case Revisions.LATEST:
            return ecs.families()
        case Revisions.USED:
            return iter(dict.fromkeys(ecs.used()))
        case _:
            return ecs.definitions()


class Kept:
    """What a run has read, optionally in a file, so that another run can continue.

    The file has one line for the place, and one for each task definition and resource. An interrupted write leaves a
    partial line, which is written again. Raise ``InvalidInput`` for any other file.
    """

    def __init__(self, path: Path | None, place: Place, clock: Callable[[], str]) -> None:
        self.complete = False
        self.began = clock()
        self.looked: dict[tuple[str, str], Looked] = {}
        self._path, self._place = path, place
        self._file: IO[bytes] | None = None
        self._end = 0
        if path is None:
            return
        try:
            if path.exists() and path.stat().st_size:
                self._check(path)
            self._file = _opened(path, self._end)
        except OSError as error:
            remedy = "Pass a file that can be written, or a new one."
            raise InvalidInput(f"cannot be used: {error.strerror}", where=str(path), remedy=remedy) from error
        if not self._end:
            self._line({"cfnroles": "fleet", "schema": _SCHEMA, "began": self.began, "place": to_builtins(place)})

    @property
    def resumed(self) -> bool:
        """Return whether there are results of an earlier run."""
        return bool(self._end)

    def definitions(self) -> Iterator[Registered]:
        """Yield the stored task definitions."""
        for line in self._lines():
            if found := line.get("definition"):
                yield registered({"taskDefinition": found})

    def keep(self, definition: Registered) -> None:
        """Store a task definition."""
        self._line({"definition": definition.members})

    def look(self, kind: str, name: str, looked: Looked) -> None:
        """Store the result for a resource. Denied calls are repeated by the next run."""
        self.looked[kind, name] = looked
        if looked.presence is not Presence.DENIED:
            self._line({"kind": kind, "name": name, "looked": to_builtins(looked)})

    def finish(self) -> None:
        """Record that the run is complete."""
        if not self.complete:
            self._line({"complete": True})

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def _line(self, told: Mapping[str, Any]) -> None:
        if self._file:
            self._file.write(json.dumps(told, default=str).encode() + b"\n")
            self._file.flush()

    def _lines(self) -> Iterator[dict[str, Any]]:
        if self._path is None or not self._end:
            return
        with self._path.open("rb") as file:
            read = 0
            for line in file:
                read += len(line)
                if read > self._end:
                    return
                yield json.loads(line)

    def _check(self, path: Path) -> None:
        with path.open("rb") as file:
            for number, line in enumerate(iter(partial(file.readline, _LONGEST), b"")):
                told = _read(line)
                if number == 0:
                    self._check_head(told, str(path))
                if told is None:
                    break
                self._end += len(line)
                if "looked" in told:
                    found = told["looked"]
                    looked = Looked(Presence(found["presence"]), found["key"], found["detail"])
                    self.looked[told["kind"], told["name"]] = looked
                self.complete = self.complete or "complete" in told

    def _check_head(self, told: Mapping[str, Any] | None, where: str) -> None:
        if told is None or told.get("cfnroles") != "fleet" or told.get("schema") != _SCHEMA:
            raise InvalidInput("is not a file of `cfnroles fleet --resume`", where=where, remedy="Pass a new file.")
        if told["place"] != to_builtins(self._place):
            was = told["place"]
            raise InvalidInput(
                f"is the progress of another run: {_called(was['account'], was['region'], was['revisions'])}",
                where=where,
                why=f"This run: {_called(self._place.account, self._place.region, self._place.revisions)}.",
                remedy="Pass another file, or repeat the former command.",
            )
        self.began = str(told["began"])


def _called(account: str, region: str, revisions: str) -> str:
    return f"account {account}, {region}, --revisions {revisions}"


def _read(line: bytes) -> dict[str, Any] | None:
    """Return a complete line; ``None`` for a partial or invalid one."""
    try:
        told = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _opened(path: Path, end: int) -> IO[bytes]:
    """Return the file, open after its last complete line, and readable only for its owner."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.ftruncate(handle, end)
    file = os.fdopen(handle, "r+b")
    file.seek(end)
    return file
