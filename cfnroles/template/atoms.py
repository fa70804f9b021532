"""The atoms of a template's conditions, and which of them may hold together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct


class Atom(Struct, frozen=True):
    """A condition that is no And, Or or Not of others. The same expression is the same atom.

    An atom that compares a ``parameter`` with a ``constant`` excludes all others of that parameter. No condition of the
    template tests a ``key``, which is one that `Fn::FindInMap` looks up, or whether an ``image`` is in Amazon ECR.
    """

    expression: str
    parameter: str = ""
    constant: str = ""
    key: bool = False
    image: str = ""


#: The atoms that hold.
World = frozenset[Atom]

#: For each atom, or for all atoms of one parameter, the sets that may hold together. A world has one alternative of
#: each.
Groups = tuple[tuple[World, ...], ...]

#: A condition as a formula of atoms.
Formula = bool | Atom | tuple[str, tuple["Formula", ...]]


def atoms_in(formula: Formula) -> Iterator[Atom]:
    """Yield the atoms of a formula."""
    if isinstance(formula, Atom):
        yield formula
    elif isinstance(formula, tuple):
        for operand in formula[1]:
            yield from atoms_in(operand)


def groups_of(atoms: Iterable[Atom], tree: Mapping[str, Any]) -> list[tuple[World, ...]]:
    """Return, for each atom or for all that compare one parameter with constants, which of them may hold together."""
    together: dict[str, list[Atom]] = {}
    for atom in atoms:
        together.setdefault(f"${{{atom.parameter}}}" if atom.parameter else atom.expression, []).append(atom)
    groups = []
    for group in together.values():
        allowed = _allowed(tree, group[0].parameter)
        possible = [atom for atom in group if allowed is None or atom.constant in allowed]
        none = allowed is None or not allowed <= {atom.constant for atom in group}
        neither = (frozenset[Atom](),) if none or not possible else ()
        groups.append((*(frozenset({atom}) for atom in possible), *neither))
    return groups


def _allowed(tree: Mapping[str, Any], parameter: str) -> frozenset[str] | None:
    """Return the values that a parameter may have; ``None`` if the template does not list them."""
    parameters = tree.get("Parameters")
    definition = parameters.get(parameter) if parameter and isinstance(parameters, Mapping) else None
    allowed = definition.get("AllowedValues") if isinstance(definition, Mapping) else None
    if not isinstance(allowed, list):
        return None
    return frozenset(str(value).lower() if isinstance(value, bool) else str(value) for value in allowed)


def flipped(groups: Groups, usual: World) -> Iterator[World]:
    """Yield the usual world, and those that differ from it in one group of atoms."""
    chosen = [usual_in(group, usual) for group in groups]
    yield frozenset().union(*chosen)
    for number, group in enumerate(groups):
        for each in group:
            yield each.union(*chosen[:number], *chosen[number + 1 :])


def usual_in(group: tuple[World, ...], usual: World) -> World:
    """Return the alternative of a group that holds in the usual world; the first one if none does."""
    found = usual & frozenset().union(*group)
    return found if found in group else group[0]


def number_of(groups: Iterable[tuple[World, ...]]) -> int:
    """Return the number of worlds."""
    return math.prod(map(len, groups))
