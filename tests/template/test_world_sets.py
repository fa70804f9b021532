"""Sets of worlds: what they are equal to, and what they depend on."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cfnroles.template.atoms import Atom, Groups, World
from cfnroles.template.covering import covering, number_of_forms
from cfnroles.template.world_sets import Space, space_of
from cfnroles.template.worlds import MOST


def group(number: int, alternatives: int) -> tuple[World, ...]:
    """A group with so many alternatives, in one of which nothing holds."""
    return (*(frozenset({Atom(f"{number} is {each}")}) for each in range(alternatives - 1)), frozenset())


def groups_of(*sizes: int) -> Groups:
    return tuple(group(number, size) for number, size in enumerate(sizes))


GROUPS = groups_of(2, 3, 2, 4)
ALL = list(space_of(GROUPS).everywhere)
ATOMS = sorted({atom for world in ALL for atom in world}, key=lambda atom: atom.expression)
some_worlds = st.sets(st.sampled_from(ALL))
some_atoms = st.frozensets(st.sampled_from(ATOMS))


def test_the_worlds_are_one_alternative_of_each_group() -> None:
    assert len(ALL) == len(set(ALL)) == 2 * 3 * 2 * 4


def test_equal_groups_make_one_space() -> None:
    assert space_of(GROUPS) is space_of(groups_of(2, 3, 2, 4))
    assert space_of(GROUPS).everywhere != Space(GROUPS).everywhere


@settings(deadline=None)
@given(some_worlds, some_worlds)
def test_they_are_combined_as_sets_are(one: set[World], other: set[World]) -> None:
    space = space_of(GROUPS)
    a, b = (space.agreeing(each, ATOMS) for each in (one, other))
    assert set(a) == one
    assert set(a | b) == one | other
    assert set(a & b) == one & other
    assert set(a - b) == one - other
    assert set(~a) == set(ALL) - one
    assert (a <= b, a == b, bool(a)) == (one <= other, one == other, bool(one))
    assert [world in a for world in ALL] == [world in one for world in ALL]


@settings(deadline=None)
@given(some_worlds, some_atoms)
def test_a_world_belongs_to_what_it_agrees_with(found: set[World], atoms: frozenset[Atom]) -> None:
    where = space_of(GROUPS).agreeing(found, atoms)
    assert set(where) == {world for world in ALL if any(world & atoms == each & atoms for each in found)}
    about = {atom for group in GROUPS if atoms & frozenset().union(*group) for atom in frozenset().union(*group)}
    assert where.atoms <= about


def test_a_million_worlds_are_one_set() -> None:
    groups = groups_of(*[2] * 40)
    space = space_of(groups)
    first, last = (next(atom for each in groups[number] for atom in each) for number in (0, 39))
    both = space.agreeing([frozenset({first, last})], {first, last})
    assert both == space.agreeing([frozenset({first})], {first}) & space.agreeing([frozenset({last})], {last})
    assert both.atoms == {first, last}


@settings(deadline=None)
@given(st.lists(some_atoms, max_size=5))
def test_each_set_of_atoms_is_shown_in_all_its_forms(wanted: list[frozenset[Atom]]) -> None:
    shown = covering(GROUPS, ALL[0], wanted)
    assert list(shown) == [world for world in ALL if world in set(shown)]
    for atoms in wanted:
        assert {world & atoms for world in shown} == {world & atoms for world in ALL}
        assert len({world & atoms for world in shown}) == number_of_forms(GROUPS, atoms)


def test_twenty_atoms_are_shown_in_two_worlds() -> None:
    groups = groups_of(*[2] * 20)
    assert len(covering(groups, frozenset(), [frozenset(each[0]) for each in groups])) == 2


def test_too_many_forms_are_shown_as_they_usually_are_and_with_one_difference() -> None:
    groups = groups_of(*[2] * 9)
    atoms = frozenset().union(*(each[0] for each in groups))
    usual = groups[3][0]
    assert number_of_forms(groups, atoms) > MOST
    shown = covering(groups, usual, [atoms])
    assert set(shown) == {usual, *(usual ^ each[0] for each in groups)}
