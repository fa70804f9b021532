"""Few worlds that show each of several sets of atoms in all its forms.

    covering(groups, usual, [{a, b}, {c}])      # 4 worlds of 8: a and b in each combination, and c in both forms

What depends on some atoms alone is the same in all worlds that agree in these, so one of these worlds is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from math import prod

from cfnroles.template.atoms import Atom, Groups, World, flipped, usual_in
from cfnroles.template.worlds import MOST

#: The alternatives of some groups in which a set of atoms has one form: a number with a bit for each alternative.
_Form = dict[int, int]


def number_of_forms(groups: Groups, atoms: frozenset[Atom]) -> int:
    """The number of ways in which worlds may differ in some atoms."""
    return prod(len(_forms_in(group, atoms)) for group in groups)


def covering(groups: Groups, usual: World, wanted: Iterable[frozenset[Atom]], most: int = MOST) -> tuple[World, ...]:
    """Worlds that show each of some sets of atoms in all its forms, in the order of the alternatives.

    A set with more forms than ``most`` is shown in the usual one, and in those that differ from it in one group.
    """
    several = set(wanted)
    largest = [each for each in several if not any(each < other for other in several)]
    order = sorted(largest, key=lambda each: (-number_of_forms(groups, each), sorted(atom.expression for atom in each)))
    left = [form for atoms in order for form in _forms(groups, usual, atoms, most)]
    chosen = set[tuple[int, ...]]()
    if len(order) == 1:
        # Each form of a single set needs a world of its own.
        chosen, left = {_world_of([form], groups) for form in left}, []
    while left:
        world = _world_of(left, groups)
        chosen.add(world)
        left = [form for form in left if not all(bits >> world[number] & 1 for number, bits in form.items())]
    return tuple(
        frozenset[Atom]().union(*(group[number] for group, number in zip(groups, world, strict=True)))
        for world in sorted(chosen)
    )


def _world_of(forms: Sequence[_Form], groups: Groups) -> tuple[int, ...]:
    """The numbers of the alternatives of a world that has the first form, and as many of the others as come in turn."""
    possible = [(1 << len(group)) - 1 for group in groups]
    for form in forms:
        if all(possible[number] & bits for number, bits in form.items()):
            for number, bits in form.items():
                possible[number] &= bits
    return tuple((bits & -bits).bit_length() - 1 for bits in possible)


def _forms(groups: Groups, usual: World, atoms: frozenset[Atom], most: int) -> Iterator[_Form]:
    told = {number: _forms_in(group, atoms) for number, group in enumerate(groups)}
    told = {number: forms for number, forms in told.items() if len(forms) > 1}
    if prod(map(len, told.values())) <= most:
        combinations: Iterable[Sequence[World]] = product(*told.values())
    else:
        combinations = _flipped(groups, usual, atoms, told)
    for chosen in combinations:
        yield {number: told[number][form] for number, form in zip(told, chosen, strict=True)}


def _flipped(
    groups: Groups, usual: World, atoms: frozenset[Atom], told: dict[int, dict[World, int]]
) -> Iterator[tuple[World, ...]]:
    open_ = {number: groups[number] for number in told}
    usually = frozenset[Atom]().union(*(usual_in(group, usual) for group in open_.values()))
    for world in flipped(tuple(open_.values()), usually):
        yield tuple(world & frozenset[Atom]().union(*forms) & atoms for forms in told.values())


def _forms_in(group: tuple[World, ...], atoms: frozenset[Atom]) -> dict[World, int]:
    """The forms that the alternatives of a group give some atoms, with the bits of those that give each."""
    found: dict[World, int] = {}
    for number, each in enumerate(group):
        found[each & atoms] = found.get(each & atoms, 0) | 1 << number
    return found
