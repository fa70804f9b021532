"""A pass for each combination of the unknown conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from cfnroles.hcl.session import Budget, Session

#: The number of passes of six independent conditions; above this, not every combination is examined.
MOST = 64
#: The number of passes of that many conditions if each is examined both ways.
MOST_APART = 256

_Found = TypeVar("_Found")


def explored(
    work: Callable[[Session], _Found], budget: Budget, most: int = MOST, session: Session | None = None
) -> tuple[list[tuple[Mapping[str, bool], _Found]], bool]:
    """Return the results for each combination of conditions, and whether none was left out.

    If there are too many, each condition is examined both ways, with the others in their usual state. ``session`` is
    the one of modules that remember what earlier passes found.
    """
    passes = _Passes(work, budget, session or Session(budget))
    found: list[tuple[Mapping[str, bool], _Found]] = []
    pending: list[dict[str, bool]] = [{}]
    while pending:
        # Each pending one makes at least one pass.
        if len(found) + len(pending) > most:
            return _one_by_one(passes), False
        # The arms of early conditions have most others behind them, which shows soonest whether there are too many.
        decided = pending.pop(0)
        found.append(passes.of(decided))
        asked = list(found[-1][0].items())
        # The arms that this pass did not take, each after the same conditions as here.
        for index in range(len(decided), len(asked)):
            name, holds = asked[index]
            pending.append({**dict(asked[:index]), name: not holds})
    return sorted(found, key=lambda each: [not holds for holds in each[0].values()]), True


class _Passes(Generic[_Found]):
    """The passes so far: an undecided condition holds, so those that do not hold decide a pass."""

    def __init__(self, work: Callable[[Session], _Found], budget: Budget, session: Session) -> None:
        self._work, self._budget, self._session = work, budget, session
        self._made: dict[frozenset[str], tuple[Mapping[str, bool], _Found]] = {}

    def of(self, decided: Mapping[str, bool]) -> tuple[Mapping[str, bool], _Found]:
        """Return what a pass asked for, and what it found."""
        key = frozenset(name for name, holds in decided.items() if not holds)
        if key not in self._made:
            self._session.begin(self._budget, decided)
            asked = self._session.asked
            self._made[key] = asked, self._work(self._session)
        return self._made[key]


def _one_by_one(passes: _Passes[_Found]) -> list[tuple[Mapping[str, bool], _Found]]:
    """Return a pass in which all conditions hold, and one for each that does not, with those that are met only
    there.
    """
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
