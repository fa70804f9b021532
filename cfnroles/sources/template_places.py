"""The numbers of containers and items without a name, as the text of a template has them.

A world has only some elements of a list. The place of an element is the same in each world that has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from cfnroles.need import Origin
from cfnroles.workload import Path

#: A container and an item without a name.
_CONTAINER, _ITEM = re.compile(r"(#)\d+"), re.compile(r"([a-z]+(?: [a-z]+)? #)\d+")


def renumbered(origin: Origin, source: Path) -> Origin:
    """Return the origin with the numbers of ``source``, its path in the tree of the template."""
    if "#" not in origin.container and "#" not in origin.item:
        return origin
    numbers = list(_numbers(source))
    if len(numbers) != len(list(_numbers(origin.path))):
        return origin
    in_container = origin.path[0] == "containerDefinitions"
    return replace(
        origin,
        container=_with_number(_CONTAINER, origin.container, numbers[:1]) if in_container else origin.container,
        item=_with_number(_ITEM, origin.item, numbers[1:2] if in_container else numbers[:1]),
    )


def _numbers(path: Path) -> Iterator[int]:
    """Yield the indexes of elements, without those of the branches of a condition."""
    for index, step in enumerate(path):
        if isinstance(step, int) and path[index - 1 : index] != ("Fn::If",):
            yield step


def _with_number(pattern: re.Pattern[str], name: str, numbers: list[int]) -> str:
    numbered = pattern.fullmatch(name)
    return f"{numbered[1]}{numbers[0] + 1}" if numbered and numbers else name
