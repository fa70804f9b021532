"""The variables whose values decide what is written."""

from __future__ import annotations

from collections.abc import Callable, Collection

#: The maximum number of comparisons. Each reads the directory again, and with many deciding variables few are left to
#: exclude.
MOST = 24


def deciding(names: Collection[str], same: Callable[[frozenset[str]], bool]) -> tuple[str, ...]:
    """Return the variables without whose values something else would be written.

    ``same`` is whether the same is written if some of them may have any value. After `MOST` comparisons, all variables
    that are not excluded are returned.
    """
    opened: frozenset[str] = frozenset()
    found: list[str] = []
    pending = [tuple(sorted(names))] if names else []
    compared = 0
    while pending:
        some = pending.pop()
        compared += 1
        if compared > MOST:
            found += some
        elif same(opened | set(some)):
            opened |= set(some)
        elif len(some) == 1:
            found += some
        else:
            half = len(some) // 2
            pending += [some[half:], some[:half]]
    return tuple(sorted(found))
