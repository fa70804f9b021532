"""One pass over a configuration: the decided conditions, and the remaining budget of work.

If a value depends on an unknown condition, one pass evaluates one of its arms; `cfnroles.hcl.worlds` makes a pass for
each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from cfnroles.hcl.provided import Provided
from cfnroles.hcl.remembered import Answer, Kind, Question, Remembered, Traced
from cfnroles.hcl.syntax import Node, Place
from cfnroles.hcl.values import Failed, Lazy

#: The maximum number of evaluated expressions, for one resource and for a directory. Known maxima are a third of it.
MOST_STEPS = 300_000
MOST_OF_ALL = 3_000_000

_Result = TypeVar("_Result")


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


class Inputs(Protocol):
    """What a reading gives the root of a configuration. ``any_key`` is as for ``Project``."""

    @property
    def any_key(self) -> bool:
        """Whether one instance represents all keys."""

    def input(self, name: str) -> tuple[Node | None, bool]:
        """Return the value of a variable of the root, and whether that is its default."""


class Session:
    """The ``decided`` conditions of this pass; ``asked`` are all that it has met, in order.

    ``home`` is where the current task definition is created, if not by the default provider.
    """

    home: Provided | None = None
    inputs: Inputs

    def __init__(self, budget: Budget, decided: Mapping[str, bool] | None = None) -> None:
        self.begin(budget, decided)

    def begin(self, budget: Budget, decided: Mapping[str, bool] | None = None) -> None:
        """Start a pass. What earlier passes remember is still known."""
        self.budget = budget
        self._decided = dict(decided or {})
        self.asked: dict[str, bool] = {}
        self._open: set[object] = set()
        #: The evaluated instances of resources, by address, and those by type and known name.
        self.made: dict[str, Lazy] = {}
        #: Those of data sources, by address.
        self.looked_up: dict[str, Lazy] = {}
        self.called: dict[tuple[str, str], str] = {}
        #: The variables of the root whose default was used, with that default.
        self.defaults: dict[str, Node] = {}
        self._peeking = 0
        self._traced: list[Traced] = []

    @contextmanager
    def peeking(self) -> Iterator[None]:
        """Evaluate without meeting new conditions: one raises Undecided."""
        self._peeking += 1
        try:
            yield
        finally:
            self._peeking -= 1

    def holds(self, condition: str) -> bool:
        """Return whether an unknown condition holds in this pass; an undecided one does."""
        undecided = bool(self._peeking) and condition not in self.asked
        holds = self._decided.get(condition, True)
        if self._traced:
            inner = self._traced[-1]
            kind = Kind.PEEKED if self._peeking > inner.depth else Kind.HOLDS
            inner.asked(kind, condition, None if undecided else holds)
        if undecided:
            raise Undecided
        self.asked[condition] = holds
        return holds

    def input(self, name: str) -> tuple[Node | None, bool]:
        """Return the value of a variable of the root, and whether that is its default."""
        found = self.inputs.input(name)
        if self._traced:
            self._traced[-1].asked(Kind.INPUT, name, found)
        return found

    @property
    def any_key(self) -> bool:
        """As for ``Project``."""
        if self._traced:
            self._traced[-1].asked(Kind.ANY_KEY, "", self.inputs.any_key)
        return self.inputs.any_key

    def once(self, known: Remembered, work: Callable[[], _Result]) -> _Result:
        """Return the result of a computation: an earlier one if the answers to its questions are the same."""
        if (leaf := known.found(self._would_answer)) is not None:
            self._repeat(leaf.traced)
            result: _Result = leaf.result
            return result
        traced = Traced(self._peeking)
        self._traced.append(traced)
        try:
            made = work()
        finally:
            self._traced.pop()
            if self._traced:
                self._traced[-1].contain(traced)
        if traced.complete:
            known.keep(made, traced)
        return made

    def _would_answer(self, question: Question, met: set[str]) -> Answer:
        kind, name = question
        if kind is Kind.INPUT:
            return self.inputs.input(name)
        if kind is Kind.ANY_KEY:
            return self.inputs.any_key
        if (kind is Kind.PEEKED or self._peeking) and name not in self.asked and name not in met:
            return None
        return self._decided.get(name, True)

    def _repeat(self, traced: Traced) -> None:
        """Ask and note the same as a computation whose result is known."""
        for (question, name), answer in traced.answers.items():
            if question is Kind.HOLDS and not self._peeking:
                self.asked[name] = bool(answer)
        for (kind, key), value in traced.notes.items():
            getattr(self, kind)[key] = value
        if self._traced:
            repeated = traced
            if self._peeking > traced.depth or self._peeking < traced.depth:
                repeated = Traced(self._peeking)
                repeated.answers, repeated.notes = traced.answers, traced.notes
            self._traced[-1].contain(repeated)

    def note(self, kind: str, key: object, value: object) -> None:
        """Add something to what is ``made``, ``looked_up`` or ``called``, or to the ``defaults``."""
        there: dict[Any, Any] = getattr(self, kind)
        there[key] = value
        if self._traced:
            self._traced[-1].notes[kind, key] = value

    def enter(self, thing: object, called: str, place: Place) -> None:
        """Start an evaluation. Raise Failed if it is already in progress, which is a cycle."""
        if thing in self._open:
            for each in self._traced:
                each.complete = False
            raise Failed(f"{called} refers to itself", place)
        self._open.add(thing)

    def leave(self, thing: object) -> None:
        """End an evaluation."""
        self._open.discard(thing)
