"""The conditions of a template as formulas of atoms."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from cfnroles.template.atoms import Atom, Formula
from cfnroles.template.intrinsics import Resolution, plain, symbols
from cfnroles.template.maps import by_parameter

_FIRST = re.compile(r"\$\{Fn::Select\(0, ([A-Za-z0-9]+)\)\}")


class ConditionReader:
    """The conditions of a template as formulas of atoms; ``given`` is each atom as the template has it.

    ``asked`` are the atoms of expressions that forks know. The content of a map is an atom or, with ``by_keys``, a
    formula of the atoms that choose its keys.
    """

    def __init__(
        self, tree: Mapping[str, Any], resolution: Resolution, asked: Mapping[str, Atom], *, by_keys: bool
    ) -> None:
        self._asked, self._by_keys = asked, by_keys
        self._parameters: Mapping[str, Any] = tree.get("Parameters") or {}
        conditions = tree.get("Conditions")
        self._conditions: Mapping[str, Any] = conditions if isinstance(conditions, Mapping) else {}
        self._resolution = resolution
        self._named: dict[str, Formula] = {}
        self.given: dict[Atom, Any] = {}

    def named(self, name: str) -> Formula:
        """Return the formula of a condition. A condition that does not exist or refers to itself is an atom."""
        if name not in self._named:
            self._named[name] = self._atom({"Condition": name}, Atom(f"Condition {name}"))
            if name in self._conditions:
                self._named[name] = self._formula(self._conditions[name])
        return self._named[name]

    def _formula(self, given: Any) -> Formula:
        if self._asked and (atom := self._asked.get(written(given))):
            return self._atom(given, atom)
        name, argument = next(iter(given.items())) if isinstance(given, Mapping) and len(given) == 1 else ("", None)
        operands = argument if isinstance(argument, list) else [argument]
        match name:
            case "Condition":
                return self.named(str(argument))
            case "Fn::Not" | "Fn::And" | "Fn::Or" if operands:
                return name, tuple(map(self._formula, operands))
            case "Fn::Equals" if len(operands) == 2:
                truth = self._resolution.truth(given)
                if truth is not None:
                    return truth
                of_keys = self._of_keys(*operands) if self._by_keys else None
                return self._atom(given, self._comparison(*operands)) if of_keys is None else of_keys
        return self._atom(given, Atom(written(given)))

    def _of_keys(self, *operands: Any) -> Formula | None:
        """Return a comparison of a map's content with a known value, as the keys under which the map has that value."""
        for asked, other in (operands, operands[::-1]):
            constant = self._resolution.text(other)
            found = None if symbols(constant) else by_parameter(asked, self._resolution)
            if found is not None:
                values, excluded = found.values_for(constant)
                equal = (self._formula({"Fn::Equals": [{"Ref": found.parameter}, value]}) for value in values)
                any_of = ("Fn::Or", tuple(equal))
                return ("Fn::Not", (any_of,)) if excluded else any_of
        return None

    def _comparison(self, *operands: Any) -> Atom:
        left, right = sorted(map(self._resolution.text, operands), key=lambda text: (not symbols(text), text))
        # An empty list parameter is a list of one empty string.
        if not right and (first := _FIRST.fullmatch(left)) and first[1] in self._parameters:
            left = f"${{{first[1]}}}"
        expression = f"{left} is {right or 'empty'}"
        name = left.removeprefix("${").removesuffix("}")
        if symbols(left) == (name,) and not symbols(right):
            return Atom(expression, name, plain(right))
        return Atom(expression)

    def _atom(self, given: Any, atom: Atom) -> Atom:
        self.given.setdefault(atom, given)
        return atom


def written(expression: Any) -> str:
    """Return an expression in the form by which it is compared with others."""
    return json.dumps(expression, sort_keys=True, default=str)
