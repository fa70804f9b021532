"""One pass over a configuration: what is decided of conditions that nobody knows, and how much work is left.

Where a value depends on such a condition, one pass takes one of its arms; `cfnroles.hcl.worlds` makes a pass for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cfnroles.hcl.provided import Provided
from cfnroles.hcl.syntax import Node, Place
from cfnroles.hcl.values import Failed, Lazy

#: So many expressions are looked at for one resource, and for a directory. The largest that were seen take a third.
MOST_STEPS = 300_000
MOST_OF_ALL = 3_000_000


class TooMuch(Exception):
    """The configuration takes more work than any that a person writes."""

    def __init__(self, place: Place) -> None:
        super().__init__("more work")
        self.place = place


class Undecided(Exception):
    """What is looked at depends on a condition that this pass has not come to yet."""


class Budget:
    """The work that is left, in all passes together; what is spent of a part is spent of the ``whole``, too."""

    def __init__(self, most: int = MOST_STEPS, whole: Budget | None = None) -> None:
        self._left, self._whole = most, whole

    def part(self, most: int = MOST_STEPS) -> Budget:
        """What one resource may take of it."""
        return Budget(most, self)

    def spend(self, node: Node) -> None:
        """Note that a node is worked out; raises TooMuch where no step is left."""
        self._left -= 1
        if self._left < 0:
            raise TooMuch(node.place)
        if self._whole is not None:
            self._whole.spend(node)


class Session:
    """The conditions that are ``decided`` in this pass; ``asked`` are all that it has come to, in order.

    ``home`` is where the task definition is made that is looked at, if it is not where the usual provider makes it.
    """

    home: Provided | None = None

    def __init__(self, budget: Budget, decided: Mapping[str, bool] | None = None) -> None:
        self.budget = budget
        self._decided = dict(decided or {})
        self.asked: dict[str, bool] = {}
        self._open: set[object] = set()
        #: The instances of resources that were looked at, by their addresses, and those by type and known name.
        self.made: dict[str, Lazy] = {}
        #: Those of data sources, by their addresses.
        self.looked_up: dict[str, Lazy] = {}
        self.called: dict[tuple[str, str], str] = {}
        self._peeking = False

    @contextmanager
    def peeking(self) -> Iterator[None]:
        """Look without coming to new conditions: Undecided is raised at one."""
        before, self._peeking = self._peeking, True
        try:
            yield
        finally:
            self._peeking = before

    def holds(self, condition: str) -> bool:
        """Whether a condition that nobody knows holds in this pass; where nothing is decided, it does."""
        if self._peeking and condition not in self.asked:
            raise Undecided
        holds = self._decided.get(condition, True)
        self.asked[condition] = holds
        return holds

    def enter(self, thing: object, called: str, place: Place) -> None:
        """Note that something is being worked out; raises Failed where it is already, which makes a circle."""
        if thing in self._open:
            raise Failed(f"{called} refers to itself", place)
        self._open.add(thing)

    def leave(self, thing: object) -> None:
        """Note that it is worked out."""
        self._open.discard(thing)
