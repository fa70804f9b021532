"""The variables whose values decide what is written."""

from __future__ import annotations

from collections.abc import Callable, Collection


def deciding(names: Collection[str], same: Callable[[frozenset[str]], bool]) -> tuple[str, ...]:
    """Return the variables without whose values something else would be written.

    ``same`` is whether the same is written if some of them may have any value.
    """
    opened: frozenset[str] = frozenset()
    found: list[str] = []
    pending = [tuple(sorted(names))] if names else []
    while pending:
        some = pending.pop()
        if same(opened | set(some)):
            opened |= set(some)
        elif len(some) == 1:
            found += some
        else:
            half = len(some) // 2
            pending += [some[half:], some[:half]]
    return tuple(sorted(found))
