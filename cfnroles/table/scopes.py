"""Constant resources and conditions of rows: every resource of a kind, and one tag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from awacs.aws import Action

from cfnroles.need import Condition
from cfnroles.symbols import Wildcard
from cfnroles.table.feature import Found, Grant
from cfnroles.text import ANYTHING, Text


class EveryOf:
    """Every resource in the home account and Region whose name has one of these forms, where ``*`` is any name and each
    form ends with one: ``subnet/`` and ``targetgroup/*/``.
    """

    def __init__(self, service: str, *beginnings: str) -> None:
        self.service, self.beginnings = service, beginnings

    def __call__(self, found: Found) -> tuple[Text, ...]:
        """Return their ARNs."""
        return tuple(found.facts.home_arn(self.service, *_form(beginning)) for beginning in self.beginnings)


def _form(beginning: str) -> Iterator[str | Wildcard]:
    for part in beginning.split("*"):
        yield part
        yield ANYTHING


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
