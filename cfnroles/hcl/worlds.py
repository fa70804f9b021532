"""A pass for each combination of the conditions that nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from cfnroles.hcl.session import Budget, Session

#: As many passes as eight independent conditions make.
MOST = 256

_Found = TypeVar("_Found")


def explored(
    work: Callable[[Session], _Found], budget: Budget, most: int = MOST
) -> tuple[list[tuple[Mapping[str, bool], _Found]], bool]:
    """What is found for each combination of conditions, with these; and whether no combination was left out."""
    found: list[tuple[Mapping[str, bool], _Found]] = []
    pending: list[dict[str, bool]] = [{}]
    while pending:
        if len(found) == most:
            return found, False
        decided = pending.pop()
        session = Session(budget, decided)
        found.append((session.asked, work(session)))
        asked = list(session.asked.items())
        # The arms that this pass did not take, each behind the same conditions as here.
        for index in range(len(decided), len(asked)):
            name, holds = asked[index]
            pending.append({**dict(asked[:index]), name: not holds})
    return found, True
