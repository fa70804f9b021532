"""One pass over a configuration: the decided conditions, and the remaining budget of work.

If a value depends on an unknown condition, one pass evaluates one of its arms; `cfnroles.hcl.worlds` makes a pass for
each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cfnroles.hcl.provided import Provided
from cfnroles.hcl.syntax import Node, Place
from cfnroles.hcl.values import Failed, Lazy

#: The maximum number of evaluated expressions, for one resource and for a directory. Known maxima are a third of it.
MOST_STEPS = 300_000
MOST_OF_ALL = 3_000_000


class TooMuch(Exception):
    """The configuration exceeds the budget of work."""

    def __init__(self, place: Place) -> None:
        super().__init__("more work")
        self.place = place


class Undecided(Exception):
    """The result depends on a condition that this pass has not met yet."""


class Budget:
    """The remaining work of all passes; work of a part also counts for the ``whole``."""

    def __init__(self, most: int = MOST_STEPS, whole: Budget | None = None) -> None:
        self._left, self._whole = most, whole

    def part(self, most: int = MOST_STEPS) -> Budget:
        """Return the budget of one resource."""
        return Budget(most, self)

    def spend(self, node: Node) -> None:
        """Count the evaluation of a node. Raise TooMuch if no budget remains."""
        self._left -= 1
        if self._left < 0:
            raise TooMuch(node.place)
        if self._whole is not None:
            self._whole.spend(node)


class Session:
    """The ``decided`` conditions of this pass; ``asked`` are all that it has met, in order.

    ``home`` is where the current task definition is created, if not by the default provider.
    """

    home: Provided | None = None

    def __init__(self, budget: Budget, decided: Mapping[str, bool] | None = None) -> None:
        self.budget = budget
        self._decided = dict(decided or {})
        self.asked: dict[str, bool] = {}
        self._open: set[object] = set()
        #: The evaluated instances of resources, by address, and those by type and known name.
        self.made: dict[str, Lazy] = {}
        #: Those of data sources, by address.
        self.looked_up: dict[str, Lazy] = {}
        self.called: dict[tuple[str, str], str] = {}
        self._peeking = False

    @contextmanager
    def peeking(self) -> Iterator[None]:
        """Evaluate without meeting new conditions: one raises Undecided."""
        before, self._peeking = self._peeking, True
        try:
            yield
        finally:
            self._peeking = before

    def holds(self, condition: str) -> bool:
        """Return whether an unknown condition holds in this pass; an undecided one does."""
        if self._peeking and condition not in self.asked:
            raise Undecided
        holds = self._decided.get(condition, True)
        self.asked[condition] = holds
        return holds

    def enter(self, thing: object, called: str, place: Place) -> None:
        """Start an evaluation. Raise Failed if it is already in progress, which is a cycle."""
        if thing in self._open:
            raise Failed(f"{called} refers to itself", place)
        self._open.add(thing)

    def leave(self, thing: object) -> None:
        """End an evaluation."""
        self._open.discard(thing)
