"""The extent of what begins on a line of a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfnroles.hcl.parser import parse
from cfnroles.hcl.syntax import Node, Source


def ends_of(source: Source) -> dict[int, int]:
    """Return the last line of the longest block or expression that begins on each line.

    Raise InvalidInput if the file is malformed.
    """
    found: dict[int, int] = {}
    pending: list[Any] = [parse(source)]
    whole = pending[0]
    while pending:
        part = pending.pop()
        if isinstance(part, Node) and part is not whole:
            line = source.place(part.start).line
            # A part ends before the character after it, which may be on the next line.
            found[line] = max(found.get(line, 0), source.place(max(part.end - 1, part.start)).line)
        pending += _inner(part)
    return found


def _inner(part: Any) -> Iterator[Any]:
    if isinstance(part, Node):
        yield from (getattr(part, name) for name in part.__struct_fields__ if name != "source")
    elif isinstance(part, tuple | list):
        yield from part
    elif isinstance(part, dict):
        yield from part.values()
