"""Template conditions that hold in some of its worlds: existing ones if possible, and new ones.

conditions = Conditions(worlds, there, LogicalIds(template.tree))
conditions.of(where)          # Literal("IsProd"): if IsProd holds
conditions.made               # {}: the template has it already
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cfnroles.template.logical_ids import LogicalIds
from cfnroles.template.world_sets import WorldSet
from cfnroles.template.worlds import Disjunction, Literal, Where, Worlds

#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
_MOST_OPERANDS = 10
_LONGEST = 100


class Conditions:
    """The conditions for some of the worlds in which a thing is ``there``. ``made`` are those to add."""

    def __init__(self, worlds: Worlds, there: Where, ids: LogicalIds, made: dict[str, Any]) -> None:
        self._worlds, self._there, self._ids, self.made = worlds, worlds.set_of(there), ids, made

    def of(self, worlds: Where) -> Literal | None:
        """What holds in exactly these worlds among those that are there; ``None`` for all of them."""
        where, there = self._worlds.set_of(worlds), self._there
        if there <= where:
            return None
        truths = {name: self._worlds.truths(name) for name in self._worlds.template.conditions}
        decided = {name: sets for name, sets in truths.items() if sets[0] | sets[1] == self._worlds.space.everywhere}
        for holds in (True, False):
            for name, sets in decided.items():
                if where == there & sets[0 if holds else 1]:
                    return Literal(name, holds)
        when = next(self._of_one_atom(where), None) or self._worlds.when(where)
        return Literal(self._named(_words(when), self._expression(when)))

    def _of_one_atom(self, where: WorldSet) -> Iterator[Disjunction]:
        for atom in self._worlds.atoms:
            for holds in (True, False):
                literal = Literal(atom.expression, holds)
                if where == self._there & self._worlds.of_atom(atom, holds=holds):
                    yield ((literal,),)

    def both(self, literals: Iterable[Literal]) -> Literal | None:
        """Return what holds if all of these do; ``None`` for none of them."""
        wanted = tuple(sorted(set(literals)))
        if len(wanted) < 2:
            return wanted[0] if wanted else None
        return Literal(self._named(_words((wanted,)), self._expression((wanted,))))

    def named(self, literal: Literal) -> str:
        """Return the name of a condition that holds if the literal does."""
        if literal.holds:
            return literal.condition
        return self._named(_words(((literal,),)), self._literal(literal))

    def add(self, wanted: str, expression: Any) -> Literal:
        """Return a new condition with this expression and a name like ``wanted``."""
        return Literal(self._named(wanted, expression))

    def _named(self, wanted: str, expression: Any) -> str:
        for name, known in self.made.items():
            if known == expression:
                return name
        name = self._ids.new(wanted)
        self.made[name] = expression
        return name

    def _expression(self, when: Disjunction) -> Any:
        return _several("Fn::Or", [_several("Fn::And", list(map(self._literal, literals))) for literals in when])

    def _literal(self, literal: Literal) -> Any:
        expressions: Mapping[str, Any] = self._worlds.expressions
        named = literal.condition in self._worlds.template.conditions or literal.condition in self.made
        given = {"Condition": literal.condition} if named else expressions[literal.condition]
        return given if literal.holds else {"Fn::Not": [given]}


def _several(function: str, operands: Sequence[Any]) -> Any:
    """Return the operands in one function, nested if there are more than it accepts."""
    while len(operands) > _MOST_OPERANDS:
        groups = [operands[at : at + _MOST_OPERANDS] for at in range(0, len(operands), _MOST_OPERANDS)]
        operands = [_several(function, group) for group in groups]
    return operands[0] if len(operands) == 1 else {function: list(operands)}


def _words(when: Disjunction) -> str:
    """Return a name for a condition: ``IsProdAndNotHasKey``."""
    told = "Or".join("And".join(_word(literal) for literal in literals) for literals in when)
    return told[:_LONGEST]


def _word(literal: Literal) -> str:
    words = re.findall("[A-Za-z0-9]+", literal.condition)
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return name if literal.holds else f"Not{name}"
