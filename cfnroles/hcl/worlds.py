"""A pass for each combination of the conditions that nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

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
    found: list[tuple[Mapping[str, bool], _Found]] = []
    pending: list[dict[str, bool]] = [{}]
    while pending:
        # Each that is pending makes a pass at least.
        if len(found) + len(pending) > most:
            return _one_by_one(work, budget), False
        # The arms of early conditions have most of the others behind them, which tells soonest that there are too many.
        decided = pending.pop(0)
        session = Session(budget, decided)
        found.append((session.asked, work(session)))
        asked = list(session.asked.items())
        # The arms that this pass did not take, each behind the same conditions as here.
        for index in range(len(decided), len(asked)):
            name, holds = asked[index]
            pending.append({**dict(asked[:index]), name: not holds})
    return sorted(found, key=lambda each: [not holds for holds in each[0].values()]), True


def _one_by_one(work: Callable[[Session], _Found], budget: Budget) -> list[tuple[Mapping[str, bool], _Found]]:
    """A pass in which all conditions hold, and one for each that does not, with those that are asked there alone."""
    found: list[tuple[Mapping[str, bool], _Found]] = []
    pending: list[dict[str, bool]] = [{}]
    flipped: set[str] = set()
    while pending and len(found) < MOST_APART:
        decided = pending.pop(0)
        session = Session(budget, decided)
        found.append((session.asked, work(session)))
        for name, holds in session.asked.items():
            if name not in flipped:
                flipped.add(name)
                pending.append({**decided, name: not holds})
    return found
