"""On which atoms of the worlds of a template a part of it depends, directly or through what it names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cfnroles.document import inside
from cfnroles.template.template import Template
from cfnroles.template.worlds import Atom, Worlds
from cfnroles.workload import Path

_SUBSTITUTED = re.compile(r"\$\{(?!!)\s*([^{}.]+?)\s*(?:\.[^{}]*)?\}")


def names_in(value: Any) -> Iterator[str]:
    """The names of parameters and resources that an expression refers to."""
    yield from _named_by(value)
    for member in inside(value):
        yield from names_in(member)


def _named_by(value: Any) -> Iterator[str]:
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": str(name) | [str(name), *_]}:
            yield name.partition(".")[0]
        case {"Fn::Sub": str(text) | [str(text), _]}:
            yield from _SUBSTITUTED.findall(text)


class Dependencies:
    """The atoms of worlds that parts of their template depend on: never too few, and sometimes too many."""

    def __init__(self, template: Template, worlds: Worlds, unasked: Mapping[str, Collection[Path]]) -> None:
        """``unasked`` are the parts of resources that nobody asks for who names them, by their logical ids."""
        self._template, self._worlds, self._unasked = template, worlds, unasked
        self._all = frozenset(worlds.atoms)
        #: What is directly in a resource, by its logical id.
        self._inside: dict[str, tuple[frozenset[Atom], frozenset[str]]] = {}
        #: A parameter has another value in worlds that an atom about it tells apart.
        self._told = _told(template, worlds)

    def of(self, part: Any, at: Path = (), without: Collection[Path] = ()) -> frozenset[Atom]:
        """The atoms that a part ``at`` a path depends on, ``without`` what stands at some paths inside of it."""
        atoms, names = self._directly(part, at, without)
        return atoms | self.of_names(names)

    def of_names(self, names: Collection[str]) -> frozenset[Atom]:
        """The atoms that parameters and resources depend on, and whatever these name."""
        atoms: set[Atom] = set()
        left, seen = list(names), set(names)
        while left:
            name = left.pop()
            atoms |= self._told.get(name, set())
            if name in self._template.resources:
                own, named = self._of_resource(name)
                atoms |= own
                left += named - seen
                seen |= named
        return frozenset(atoms)

    def _of_resource(self, logical_id: str) -> tuple[frozenset[Atom], frozenset[str]]:
        if logical_id not in self._inside:
            self._inside[logical_id] = self._directly(
                self._template.resources[logical_id], (), self._unasked.get(logical_id, ())
            )
        return self._inside[logical_id]

    def _directly(self, part: Any, at: Path, without: Collection[Path]) -> tuple[frozenset[Atom], frozenset[str]]:
        atoms: set[Atom] = set()
        names: set[str] = set()
        left = [(part, at)]
        while left:
            value, path = left.pop()
            if path in without or isinstance(value, str):
                continue
            names.update(_named_by(value))
            atoms |= self._by_conditions(value)
            steps = value if isinstance(value, Mapping) else range(len(value)) if isinstance(value, list) else ()
            left += [(value[step], (*path, step)) for step in steps]
        return frozenset(atoms), frozenset(names)

    def _by_conditions(self, value: Any) -> frozenset[Atom]:
        match value:
            case {"Ref": name} | {"Fn::GetAtt": [name, *_]} if not isinstance(name, str):
                # With AWS::LanguageExtensions, a function may say what is referred to.
                return self._all
            case {"Fn::GetAtt": Mapping()}:
                return self._all
            case {"Fn::If": [str(name), *_]} | {"Condition": str(name)}:
                return self._worlds.atoms_of(name)
        return frozenset()


def _told(template: Template, worlds: Worlds) -> Mapping[str, set[Atom]]:
    """The atoms on which the values of parameters depend, by their names."""
    about: dict[str, set[Atom]] = {}
    together = []
    for atom in worlds.atoms:
        expression = worlds.expressions.get(atom.expression)
        names = {atom.parameter, *template.parameters_of(expression), *names_in(expression)} - {""}
        together.append(names)
        for name in names:
            about.setdefault(name, set()).add(atom)
    told: dict[str, set[Atom]] = {}
    for names in together:
        # Whether a default may stand beside an atom is for the values of all that it compares to say.
        for name in names:
            told.setdefault(name, set()).update(*(about[each] for each in names))
    return told
