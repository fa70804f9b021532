"""``stacks.json``: the stacks of a build, and the SHA-256 of each file that it wrote.

It is written before the other files. Until all of them are written, ``replaces`` has the digests of the files that it
found. This distinguishes an interrupted build from an edited file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cached_property
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.json import format

from cfnroles.page import Page, page, quoted

FILE = "stacks.json"
SCHEMA = 1

_compact = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode

#: The members about files. The manifest's own digest covers all others.
_FILES, _REPLACES = "files", "replaces"


class State(Enum):
    """The state of a file according to a manifest."""

    WRITTEN = "as the build wrote it"
    EARLIER = "as an earlier build wrote it, before the last one replaced it"
    OTHER = "edited, or from another place"
    UNKNOWN = "unknown: the manifest has no digest of it"


class Manifest(Struct, frozen=True, dict=True):
    """The data of a manifest. A manifest that was written by hand has no digests."""

    tree: Mapping[str, Any]

    @property
    def whose(self) -> str:
        """The builds that may overwrite this one: those of the same project and side."""
        account = self.tree.get("account")
        return f"the project {self.tree.get('project')}" + (f" for the account {account}" if account else "")

    @cached_property
    def files(self) -> Mapping[str, str]:
        """The digest of each file by its name, including the manifest's own."""
        return dict(self.tree.get(_FILES, {}))

    @cached_property
    def names(self) -> frozenset[str]:
        """The files that this build or an earlier one wrote."""
        templates = {str(stack.get("template")) for stack in self.tree["stacks"]}
        return frozenset({FILE, *self.files, *self.tree.get(_REPLACES, {}), *templates})

    def state(self, name: str, data: bytes) -> State:
        """Return the state of a file with this content. For the manifest itself, the content is its own."""
        if name not in self.names or not self.files:
            return State.UNKNOWN
        found = _own_digest(self.tree) if name == FILE else digest(data)
        if found == self.files.get(name):
            return State.WRITTEN
        return State.EARLIER if found in self.tree.get(_REPLACES, {}).get(name, ()) else State.OTHER


def digest(data: bytes) -> str:
    """Return the SHA-256 of a file in hexadecimal. Different line ends, as from Git, do not change it."""
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()


def manifest_of(tree: Any) -> Manifest | None:
    """Return the manifest in the data of a JSON document, or ``None`` if it is not one."""
    match tree:
        case {"schema": 1, "stacks": [*stacks]} if all(isinstance(stack, dict) for stack in stacks) and _are_digests(
            tree
        ):
            return Manifest(tree)
        case _:
            return None


def digests_of(files: Mapping[str, str]) -> Mapping[str, str]:
    """Return the digest of each file by its name."""
    return {name: digest(text.encode()) for name, text in files.items()}


def manifest_text(tree: Mapping[str, Any], digests: Mapping[str, str]) -> str:
    """Return the text of the manifest with this data and these digests of files."""
    return _text({**tree, _FILES: {**digests, FILE: _own_digest(tree)}})


def replacing(text: str, found: Mapping[str, Sequence[str]]) -> str:
    """Return the text of a manifest while the files with the digests in ``found`` are not replaced yet."""
    if not found:
        return text
    tree = json.loads(text)
    others = {name: [each for each in digests if each != tree[_FILES].get(name)] for name, digests in found.items()}
    others = {name: digests for name, digests in others.items() if digests}
    return _text({**tree, _REPLACES: others}) if others else text


def comparisons(directory: Path, names: Sequence[str]) -> tuple[Path, Page]:
    """Return a directory to build into without losing edits, and commands that show the edits of these files."""
    other = directory.parent / f"{directory.name or 'build'}.new"
    files = ((quoted(str(directory / name)), quoted(str(other / name))) for name in names)
    return other, page(f"  diff -u {edited} {built}" for edited, built in files)


def is_plain_name(name: str) -> bool:
    """Return whether a name is that of a file in the manifest's directory."""
    return name not in ("", ".", "..") and name == Path(name).name and not {"\0", "\\"} & set(name)


def _are_digests(tree: Mapping[str, Any]) -> bool:
    files, replaces = tree.get(_FILES, {}), tree.get(_REPLACES, {})
    if not isinstance(files, dict) or not isinstance(replaces, dict):
        return False
    return (
        all(map(is_plain_name, (*files, *replaces)))
        and all(isinstance(each, str) for each in files.values())
        and all(isinstance(each, list) and all(isinstance(one, str) for one in each) for each in replaces.values())
    )


def _own_digest(tree: Mapping[str, Any]) -> str:
    """Return the digest of the data without its members about files, as JSON with sorted keys and no spaces."""
    hashed = hashlib.sha256()
    names = sorted(tree.keys() - {_FILES, _REPLACES})
    for sign, name in zip(chain("{", repeat(",")), names, strict=False):
        hashed.update(f"{sign}{json.dumps(name)}:".encode())
        for piece in _pieces(tree[name]):
            hashed.update(piece.encode())
    hashed.update(b"}")
    return hashed.hexdigest()


# A list may have tens of thousands of stacks. It is written one element at a time, to save memory.


def _pieces(value: Any) -> Iterator[str]:
    if not _is_list(value):
        yield _compact(value)
        return
    for sign, element in zip(chain("[", repeat(",")), value, strict=False):
        yield f"{sign}{_compact(element)}"
    yield "]"


def _text(tree: Mapping[str, Any]) -> str:
    members = (f"  {json.dumps(name)}: {_indented(value)}" for name, value in tree.items())
    return "{\n" + ",\n".join(members) + "\n}\n"


def _indented(value: Any) -> str:
    if not _is_list(value):
        return _on_lines(value).replace("\n", "\n  ")
    elements = (_on_lines(element).replace("\n", "\n    ") for element in value)
    return "[\n    " + ",\n    ".join(elements) + "\n  ]"


def _on_lines(value: Any) -> str:
    # As `json.dumps(value, indent=2)`, which works in Python where it indents, and takes six times as long.
    return format(json.dumps(value), indent=2)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0
