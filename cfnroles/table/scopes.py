"""Constant resources and conditions of rows: every resource of a kind, and one tag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from awacs.aws import Action

from cfnroles.need import Condition
from cfnroles.table.feature import Found, Grant
from cfnroles.text import ANYTHING, Text


class EveryOf:
    """Every resource in the home account and Region whose name has one of these prefixes: ``subnet/``."""

    def __init__(self, service: str, *beginnings: str) -> None:
        self.service, self.beginnings = service, beginnings

    def __call__(self, found: Found) -> tuple[Text, ...]:
        """Return their ARNs."""
        return tuple(found.facts.home_arn(self.service, beginning, ANYTHING) for beginning in self.beginnings)


class When:
    """A condition on one key; ``values`` are alternatives."""

    def __init__(self, operator: str, key: str, *values: str) -> None:
        self.condition = Condition(operator, key, tuple(map(Text, values)))

    def __call__(self, found: Found) -> tuple[Condition, ...]:
        """Return the condition."""
        return (self.condition,)


def each_of(actions: Iterable[Action], **grant: Any) -> Iterator[Grant]:
    """Yield a grant for each of the actions, with everything else equal."""
    yield from (Grant(action, **grant) for action in actions)
