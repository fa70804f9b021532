"""A pass for each combination of the conditions that nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from cfnroles.hcl.session import Budget, Session

#: As many passes as six independent conditions make; with more, not every combination is looked at.
MOST = 64
#: As many passes as that many conditions make when each is looked at both ways.
MOST_APART = 256

_Found = TypeVar("_Found")


def explored(
    work: Callable[[Session], _Found], budget: Budget, most: int = MOST
) -> tuple[list[tuple[Mapping[str, bool], _Found]], bool]:
    """What is found for each combination of conditions, with these; and whether no combination was left out.

    Where there are too many, each condition is looked at both ways, with the others as they usually are.
    """
    passes = _Passes(work, budget)
    found: list[tuple[Mapping[str, bool], _Found]] = []
    pending: list[dict[str, bool]] = [{}]
    while pending:
        # Each that is pending makes a pass at least.
        if len(found) + len(pending) > most:
            return _one_by_one(passes), False
        # The arms of early conditions have most of the others behind them, which tells soonest that there are too many.
        decided = pending.pop(0)
        found.append(passes.of(decided))
        asked = list(found[-1][0].items())
        # The arms that this pass did not take, each behind the same conditions as here.
        for index in range(len(decided), len(asked)):
            name, holds = asked[index]
            pending.append({**dict(asked[:index]), name: not holds})
    return sorted(found, key=lambda each: [not holds for holds in each[0].values()]), True


class _Passes(Generic[_Found]):
    """The passes that were made: a condition that is not decided holds, so those that do not decide a pass."""

    def __init__(self, work: Callable[[Session], _Found], budget: Budget) -> None:
        self._work, self._budget = work, budget
        self._made: dict[frozenset[str], tuple[Mapping[str, bool], _Found]] = {}

    def of(self, decided: Mapping[str, bool]) -> tuple[Mapping[str, bool], _Found]:
        """Return what a pass asked for, and what it found."""
        key = frozenset(name for name, holds in decided.items() if not holds)
        if key not in self._made:
            session = Session(self._budget, decided)
            self._made[key] = session.asked, self._work(session)
        return self._made[key]


def _one_by_one(passes: _Passes[_Found]) -> list[tuple[Mapping[str, bool], _Found]]:
    """A pass in which all conditions hold, and one for each that does not, with those that are asked there alone."""
    found: list[tuple[Mapping[str, bool], _Found]] = []
    pending: list[dict[str, bool]] = [{}]
    flipped: set[str] = set()
    while pending and len(found) < MOST_APART:
        decided = pending.pop(0)
        found.append(passes.of(decided))
        for name, holds in found[-1][0].items():
            if name not in flipped:
                flipped.add(name)
                pending.append({**decided, name: not holds})
    return found
