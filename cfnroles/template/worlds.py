"""The worlds of a template: each combination of its conditions that its parameters can produce.

    worlds = worlds_of(template, Given(account="111122223333", region="eu-west-1"))
    stacks = {world: worlds.stack(world) for world in worlds.all}
    worlds.when(world for world, stack in stacks.items() if "Key" in stack.resources)     # if HasKey holds

Nothing is undecided in a world, so code that reads one world needs no knowledge of conditions. `Worlds.when` returns
the conditions on which a thing depends that exists only in some worlds.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import combinations, product
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.template.atoms import Atom, Formula, Groups, World, atoms_in, flipped, groups_of, number_of, usual_in
from cfnroles.template.condition_formulas import ConditionReader, written
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.intrinsics import Resolution
from cfnroles.template.rules import refused
from cfnroles.template.template import ResolvedStack, Template
from cfnroles.template.world_sets import Space, WorldSet, space_of

#: The number of worlds of eight independent conditions. If there are more, not every combination is read.
MOST = 256
#: The number of stacks that are kept for later calls.
_KEPT = 1024
#: If a disjunction has this many alternatives or more, they are found one by one, and may be more than necessary.
_FEW = 3


class Literal(Struct, frozen=True, order=True):
    """A condition that holds, or one that does not. ``condition`` is its name, or its expression if it has no name."""

    condition: str
    holds: bool = True

    def __str__(self) -> str:
        thing, is_, what = self.condition.partition(" is ")
        if is_ and not thing.startswith("{"):
            return f"{thing} is {'' if self.holds else 'not '}{what}"
        return f"{self.condition} {'holds' if self.holds else 'does not hold'}"


#: Alternatives, in each of which all literals hold. An alternative without literals always holds; no alternative never
#: does.
Disjunction = tuple[tuple[Literal, ...], ...]


#: Some worlds: a set that may be too large to list, or a list.
Where = WorldSet | Collection[World]

#: The value that replaces that of a parameter, from its name and its value.
Altered = Callable[[str, str], str]


class Fork(Struct, frozen=True):
    """What worlds may differ in besides the template's conditions. ``expressions`` are its atoms as conditions.

    Exactly one of the atoms holds. If ``none`` is true, it is also possible that none holds.
    """

    atoms: tuple[Atom, ...]
    expressions: tuple[Any, ...]
    none: bool = False


#: The template of a world, its given values, and which of its conditions hold.
Made = tuple[Template, Given, Mapping[str, bool | None]]


class Worlds(Struct, frozen=True, dict=True):
    """The worlds of a template under the known values: one alternative of each of the ``groups``.

    ``expressions`` are the atoms as the template has them, by the atom's expression. ``altered`` returns other values
    for those of parameters, under the same conditions. The worlds also differ in the ``forks``. ``whole`` is the
    complete template if ``template`` lacks irrelevant parts. Its stacks are shared by all that read other parts of it.
    """

    template: Template
    given: Given
    atoms: tuple[Atom, ...]
    groups: Groups
    _formulas: Mapping[str, Formula]
    expressions: Mapping[str, Any]
    altered: Altered | None = None
    forks: tuple[Fork, ...] = ()
    whole: Template | None = None

    def holds(self, condition: str, world: World) -> bool | None:
        """Whether a condition of the template holds in a world; ``None`` if it depends on omitted atoms."""
        formula = self._formulas.get(condition)
        return None if formula is None else self._truth(formula, world)

    def atoms_of(self, condition: str) -> frozenset[Atom]:
        """The atoms that decide whether a condition of the template holds."""
        return frozenset(atoms_in(self._formulas.get(condition, True))).intersection(self.atoms)

    @cached_property
    def space(self) -> Space:
        """All worlds, as a set."""
        return space_of(self.groups)

    @property
    def exact(self) -> bool:
        """Whether ``all`` contains every world."""
        return number_of(self.groups) <= MOST

    @cached_property
    def all(self) -> tuple[World, ...]:
        """All worlds. If there are too many, the usual one and those that differ from it in one group."""
        if self.exact:
            return tuple(map(_together, product(*self.groups)))
        return tuple(dict.fromkeys(flipped(self.groups, self.usual)))

    @cached_property
    def usual(self) -> World:
        """The world that the defaults produce."""
        usual = Resolution(self.template.tree, self.given)
        return frozenset(atom for atom in self.atoms if usual.truth(self.expressions[atom.expression]))

    def among(self, literals: Iterable[Literal]) -> WorldSet:
        """Return the worlds in which all the literals hold."""
        found = (self._by_literal.get(each, self.space.nowhere) for each in literals)
        return functools.reduce(operator.and_, found, self.space.everywhere)

    def possible(self, literals: Iterable[Literal]) -> WorldSet:
        """Return the worlds in which all the literals hold or may hold."""
        sides = ((self.truths(each.condition), each.holds) for each in literals)
        return functools.reduce(
            operator.and_, (~fails if holds else ~held for (held, fails), holds in sides), self.space.everywhere
        )

    def truths(self, condition: str) -> tuple[WorldSet, WorldSet]:
        """Return the worlds in which a condition of the template holds, and those in which it does not."""
        formula = self._formulas.get(condition)
        return (self.space.nowhere, self.space.nowhere) if formula is None else self._truths(formula)

    def some_of(self, where: WorldSet) -> Iterator[World]:
        """Yield all worlds of a set. If there are too many, yield one for each form of what the set depends on."""
        about = where.atoms
        forms = tuple(
            group if self.exact or about & group[0].union(*group) else (usual_in(group, self.usual),)
            for group in self.groups
        )
        every = number_of(forms) <= MOST
        found = map(_together, product(*forms)) if every else flipped(forms, self.usual)
        return (world for world in found if world in where)

    def set_of(self, worlds: Where) -> WorldSet:
        """Return some of ``all`` worlds as a set.

        If ``all`` is incomplete, the set is the largest without any other world of ``all``.
        """
        if isinstance(worlds, WorldSet):
            return worlds
        found = frozenset(worlds)
        if self.exact:
            return self.space.agreeing(found, self.atoms)
        apart = {world: self.space.agreeing([world], world ^ usual) for usual in self.all[:1] for world in self.all[1:]}
        if self.all[0] in found:
            return self.space.everywhere - self.space.union(each for world, each in apart.items() if world not in found)
        return self.space.union(each for world, each in apart.items() if world in found)

    def stack(self, world: World, types: tuple[str, ...] = ("",)) -> ResolvedStack:
        """Return the stack of a world, with the values of its parameters; ``types`` are as for `Template.resolve`."""
        named, given, decided = self.made(world)
        template = self.whole or self.template
        place = types, given.account, given.region, tuple(sorted(given.imports.items()))
        alike = template.known.setdefault((Worlds.stack, place), {})
        if self.whole is None:
            return named.resolve(given, conditions=decided, types=types, alike=alike)
        declared = named.declarations
        key = (
            types,
            tuple(decided.items()),
            tuple(name for name, each in declared.items() if "Default" in each),
            tuple(tuple(sorted(known.items())) for known in (given.parameters, given.imports, given.keys)),
            tuple(given.not_keys.items()),
            (given.account, given.region),
        )
        known = self.whole.known
        if key not in known:
            if len(known) >= _KEPT:
                known.clear()
            whole = replace(self.whole, tree={**self.whole.tree, "Parameters": declared})
            known[key] = whole.resolve(given, conditions=decided, types=types, alike=alike)
        stack: ResolvedStack = known[key]
        return stack

    def value(self, world: World, expression: Any) -> Any:
        """Return the value of an expression of the template in a world."""
        named, given, decided = self.made(world)
        return Resolution(named.tree, given, decided).value(expression)

    def made(self, world: World) -> Made:
        """Return the template without the defaults that a world excludes, its given values, and what is decided."""
        if world not in self._made:
            self._made[world] = self._make(world)
        return self._made[world]

    @cached_property
    def _made(self) -> dict[World, Made]:
        return {}

    def _make(self, world: World) -> Made:
        decided = {name: self.holds(name, world) for name in self.template.conditions}
        holding = [atom for atom in world if not atom.key]
        values = {atom.parameter: atom.constant for atom in holding if atom.parameter in self.template.parameters}
        other = {atom.parameter for atom in self.atoms if atom.parameter} - {atom.parameter for atom in holding}
        excluded = {(atom.parameter, atom.constant) for atom in self.atoms if atom.parameter in other}
        tree = without_defaults(self.template.tree, lambda name, default: (name, str(default)) in excluded)
        tree = self._consistent(tree, world)
        named = replace(self.template, tree=tree)
        told = {**self.given.parameters, **values}
        if self.altered is not None:
            known = named.values(Given({name: str(value) for name, value in told.items()}))
            told |= {name: self.altered(name, each) for name, each in known.items() if told.get(name, "") is not None}
        asked = (atom for atom in world if atom.key or atom.parameter not in values)
        # A value that is none of the keys is in no map.
        keys = {f"${{{atom.parameter}}}": "" for atom in self.atoms if atom.key}
        keys |= {f"${{{atom.parameter}}}": atom.constant for atom in asked if atom.parameter}
        not_keys = {
            f"${{{name}}}": frozenset(constant for of, constant in excluded if of == name) for name in sorted(other)
        }
        return named, replace(self.given, parameters=told, keys=keys, not_keys=not_keys), decided

    def _consistent(self, tree: Mapping[str, Any], world: World) -> Mapping[str, Any]:
        """Return the tree without the defaults that would contradict the world in parts of conditions."""
        usual = Resolution(tree, self.given)
        wrong = {
            name
            for atom in self.atoms
            if not atom.key
            and atom.parameter not in self.template.parameters
            and usual.truth(self.expressions[atom.expression]) is (atom not in world)
            for name in self.template.parameters_of(self.expressions[atom.expression])
        }
        return without_defaults(tree, lambda name, _: name in wrong) if wrong else tree

    def forked(self, fork: Fork) -> Worlds:
        """Return the worlds that also differ in a fork, except where the parameter of its atoms has a value."""
        choices = [frozenset({atom}) for atom in fork.atoms] + [frozenset[Atom]()] * fork.none
        known = {atom.parameter for atom in fork.atoms} - {""}
        groups = list[tuple[World, ...]]()
        about = [group for group in self.groups if any(_is_about(each, known) for each in group)]
        for group in self.groups:
            if group in about:
                open_ = (
                    [each | choice for choice in choices] if not _is_about(each, known) else [each] for each in group
                )
                groups.append(tuple(dict.fromkeys(found for several in open_ for found in several)))
            else:
                groups.append(group)
        named = dict(zip((atom.expression for atom in fork.atoms), fork.expressions, strict=True))
        atoms = tuple(dict.fromkeys((*self.atoms, *fork.atoms)))
        more = {**self.expressions, **named}
        whole = tuple(groups) if about else (*groups, tuple(choices))
        return replace(self, atoms=atoms, groups=whole, expressions=more, forks=(*self.forks, fork))

    def when(self, worlds: Where) -> Disjunction:
        """Return the shortest alternatives for exactly these worlds: conditions of the template rather than atoms."""
        wanted = self.set_of(worlds)
        if wanted not in self._said:
            self._said[wanted] = self._when(wanted)
        return self._said[wanted]

    @cached_property
    def _said(self) -> dict[WorldSet, Disjunction]:
        return {}

    def _when(self, wanted: WorldSet) -> Disjunction:
        if wanted == self.space.everywhere:
            return ((),)
        found = {each: among for each, among in self._conjunctions(wanted.atoms).items() if among <= wanted}
        for number in range(1, _FEW):
            for chosen in combinations(found, number):
                if self.space.union(found[each] for each in chosen) == wanted:
                    return tuple(sorted(chosen))
        return tuple(sorted(self._one_by_one(wanted)))

    @cached_property
    def _by_literal(self) -> Mapping[Literal, WorldSet]:
        """The worlds in which each literal holds."""
        found: dict[Literal, WorldSet] = {}
        everywhere, truths = self.space.everywhere, {name: self._truths(each) for name, each in self._formulas.items()}
        # A condition that depends on omitted atoms may be equal to another in these worlds.
        named = {name: holds for name, (holds, fails) in truths.items() if holds | fails == everywhere}
        atoms = {atom.expression: self.of_atom(atom) for atom in self.atoms}
        for name, where in {**named, **{name: atoms[name] for name in atoms if name not in named}}.items():
            found[Literal(name)] = where
            found[Literal(name, holds=False)] = ~where
        return found

    def of_atom(self, atom: Atom, *, holds: bool = True) -> WorldSet:
        """Return the worlds in which an atom holds, or those in which it does not."""
        return self.space.agreeing([frozenset({atom} if holds else ())], [atom])

    def _truths(self, formula: Formula) -> tuple[WorldSet, WorldSet]:
        """Return the worlds in which a formula holds, and those in which it does not."""
        everywhere, nowhere = self.space.everywhere, self.space.nowhere
        if isinstance(formula, bool):
            return (everywhere, nowhere) if formula else (nowhere, everywhere)
        if isinstance(formula, Atom):
            where = self.of_atom(formula)
            return (where, ~where) if formula in self.atoms else (nowhere, nowhere)
        name, operands = formula
        truths = [self._truths(operand) for operand in operands]
        if name == "Fn::Not":
            return truths[0][::-1]
        every, some = (0, 1) if name == "Fn::And" else (1, 0)
        both = functools.reduce(operator.and_, (each[every] for each in truths), everywhere)
        either = self.space.union(each[some] for each in truths)
        return (both, either) if name == "Fn::And" else (either, both)

    def _conjunctions(self, atoms: World) -> Mapping[tuple[Literal, ...], WorldSet]:
        """Return one or two literals about atoms, the shortest for each set of worlds, names of the template first."""
        if atoms not in self._about:
            about = [each for each, where in self._by_literal.items() if where.atoms <= atoms]
            # The sort is stable and keeps the order of the template.
            order = sorted(about, key=lambda each: (each.condition not in self._formulas, not each.holds))
            found: dict[WorldSet, tuple[Literal, ...]] = {}
            for number in (1, 2):
                for literals in combinations(order, number):
                    if among := self.among(literals):
                        found.setdefault(among, literals)
            self._about[atoms] = {literals: among for among, literals in found.items()}
        return self._about[atoms]

    @cached_property
    def _about(self) -> dict[World, Mapping[tuple[Literal, ...], WorldSet]]:
        return {}

    def _one_by_one(self, wanted: WorldSet) -> Iterator[tuple[Literal, ...]]:
        """Yield, for each world that is not covered yet, its literals without those that are irrelevant."""
        left, atoms = wanted, [atom for atom in self.atoms if atom in wanted.atoms]
        while left:
            world = next(iter(left))
            literals = [Literal(atom.expression, atom in world) for atom in atoms]
            for literal in tuple(literals):
                others = [each for each in literals if each is not literal]
                if self.among(others) <= wanted:
                    literals = others
            left -= self.among(literals)
            yield tuple(literals)

    def _truth(self, formula: Formula, world: World) -> bool | None:
        if isinstance(formula, bool):
            return formula
        if isinstance(formula, Atom):
            return formula in world if formula in self.atoms else None
        name, operands = formula
        truths = [self._truth(operand, world) for operand in operands]
        if name == "Fn::Not":
            return None if truths[0] is None else not truths[0]
        decisive = name == "Fn::Or"
        return decisive if decisive in truths else None if None in truths else not decisive


def worlds_of(
    template: Template,
    given: Given = NOTHING_GIVEN,
    conditions: Iterable[str] | None = None,
    forks: Iterable[Fork] = (),
    possible: Iterable[Fork] = (),
) -> Worlds:
    """Return the worlds of a template that the ``given`` values leave open; defaults decide nothing.

    The worlds differ in ``conditions``, which are by default all, and in ``forks``. They differ in a ``possible`` fork
    if a condition tests it. If a condition tests what a fork is about, the atoms of the fork decide the condition.
    """
    undefaulted = without_defaults(template.tree, lambda name, _: name not in given.parameters)
    forks, possible = tuple(forks), tuple(possible)
    asked = {
        written(each): atom
        for fork in (*forks, *possible)
        for atom, each in zip(fork.atoms, fork.expressions, strict=True)
    }
    wanted = tuple(dict.fromkeys(template.conditions if conditions is None else conditions))
    names, known = tuple(dict.fromkeys((*template.conditions, *wanted))), frozenset(asked.values())
    # The keys of a map may produce fewer worlds than its contents, or more. CloudFormation accepts no key that the map
    # lacks.
    for by_keys in (True, False):
        reader = ConditionReader(undefaulted, Resolution(undefaulted, given), asked, by_keys=by_keys)
        formulas = {name: reader.named(name) for name in names}
        every = dict.fromkeys(atom for name in wanted for atom in atoms_in(formulas[name]))
        atoms = tuple(atom for atom in every if atom not in known)
        groups = groups_of(atoms, undefaulted)
        if number_of(groups) <= MOST:
            break
    forks += tuple(fork for fork in possible if fork not in forks and not every.keys().isdisjoint(fork.atoms))
    expressions = {atom.expression: reader.given[atom] for atom in atoms}
    worlds = Worlds(template, given, atoms, tuple(groups), formulas, expressions)
    for fork in forks:
        worlds = more if (more := worlds.forked(fork)).exact else worlds
    return _as_rules_let(worlds) if template.tree.get("Rules") else worlds


def _as_rules_let(worlds: Worlds) -> Worlds:
    """Return the worlds that the template's rules allow; all if the rules allow none, or if there are too many."""
    if not worlds.exact:
        return worlds
    taken = tuple(each for each in worlds.all if _is_taken(each, worlds))
    return replace(worlds, groups=(taken,)) if 0 < len(taken) < len(worlds.all) else worlds


def _is_taken(world: World, worlds: Worlds) -> bool:
    """Whether the template's rules let CloudFormation accept the values of a world."""
    named, given, decided = worlds.made(world)
    tree = without_defaults(named.tree, lambda name, _: name not in given.parameters)
    return not refused(tree, Resolution(tree, given, decided))


def _together(chosen: Iterable[World]) -> World:
    return frozenset[Atom]().union(*chosen)


def _is_about(alternative: World, parameters: Collection[str]) -> bool:
    return any(atom.parameter in parameters for atom in alternative)


def without_defaults(tree: Mapping[str, Any], hidden: Callable[[str, Any], bool]) -> Mapping[str, Any]:
    """Return the tree of a template without ``hidden`` defaults, a function of the parameter's name and its default."""
    parameters = tree.get("Parameters")
    if not isinstance(parameters, Mapping):
        return tree
    return {
        **tree,
        "Parameters": {
            name: {key: member for key, member in parameter.items() if key != "Default" or not hidden(name, member)}
            if isinstance(parameter, Mapping)
            else parameter
            for name, parameter in parameters.items()
        },
    }
