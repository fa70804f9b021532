"""The atoms of a template's worlds that a part of it depends on, directly or through what it names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import Struct

from cfnroles.document import inside
from cfnroles.template.atoms import Atom
from cfnroles.template.template import Template
from cfnroles.template.worlds import Literal, Worlds
from cfnroles.workload import Path

_SUBSTITUTED = re.compile(r"\$\{(?!!)\s*([^{}.]+?)\s*(?:\.[^{}]*)?\}")
#: A resource of which Fn::Sub reads an attribute.
_ATTRIBUTE = re.compile(r"\$\{(?!!)\s*([^{}.]+?)\s*\.[^{}]*\}")


def names_in(value: Any) -> Iterator[str]:
    """Yield the names of parameters and resources in an expression."""
    yield from _named_by(value)
    for member in inside(value):
        yield from names_in(member)


def with_attributes(value: Any) -> Iterator[str]:
    """Yield the names of the resources of which an expression reads an attribute."""
    match value:
        case {"Fn::GetAtt": str(name) | [str(name), *_]}:
            yield name.partition(".")[0]
        case {"Fn::Sub": str(text) | [str(text), _]}:
            yield from _ATTRIBUTE.findall(text)
    for member in inside(value):
        yield from with_attributes(member)


def _named_by(value: Any) -> Iterator[str]:
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": str(name) | [str(name), *_]}:
            yield name.partition(".")[0]
        case {"Fn::Sub": str(text) | [str(text), _]}:
            yield from _SUBSTITUTED.findall(text)


def reached_from(logical_id: str, resources: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """Return the resources that one of them names, directly or through others, with itself; all if a function
    computes a name.
    """
    seen, left = {logical_id}, [logical_id]
    while left:
        said = _said(resources[left.pop()], (), ())
        if said.is_open:
            return frozenset(resources)
        new = (said.names & resources.keys()) - seen
        seen |= new
        left += new
    return frozenset(seen)


def on_the_way(path: Path, tree: Any) -> Iterator[Literal]:
    """Yield the conditions that a place of a template requires."""
    for index, step in enumerate(path):
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return
        if (
            index == 1
            and path[0] == "Resources"
            and isinstance(tree, Mapping)
            and isinstance(tree.get("Condition"), str)
        ):
            yield Literal(tree["Condition"])
        if step == "Fn::If" and isinstance(tree, list) and path[index + 1 : index + 2] in ((1,), (2,)):
            yield Literal(str(tree[0]), path[index + 1] == 1)


class _Said(Struct, frozen=True):
    """The contents of a part: the names of conditions and of others, and whether a function computes a name."""

    conditions: frozenset[str]
    names: frozenset[str]
    is_open: bool


class Dependencies:
    """The atoms of worlds that parts of their template depend on: never too few, and sometimes too many."""

    def __init__(self, template: Template, worlds: Worlds, unasked: Mapping[str, Collection[Path]]) -> None:
        """``unasked`` are the parts of resources that are irrelevant for resources that name them, by logical ID."""
        self._template, self._worlds, self._unasked = template, worlds, unasked
        #: A parameter has different values in worlds that an atom about it distinguishes.
        self._told = _told(template, worlds)
        self._by_condition: dict[str, frozenset[Atom]] = {}

    def of(self, part: Any, at: Path = (), without: Collection[Path] = ()) -> frozenset[Atom]:
        """Return the atoms of a part ``at`` a path, except parts at the paths ``without``."""
        said = _said(part, at, without)
        return self._of(said) | self.of_names(said.names)

    def of_names(self, names: Collection[str]) -> frozenset[Atom]:
        """Return the atoms of parameters and resources, and of everything that these name."""
        atoms: set[Atom] = set()
        left, seen = list(names), set(names)
        while left:
            name = left.pop()
            atoms |= self._told.get(name, set())
            if name in self._template.resources:
                said = self._said_of(name)
                atoms |= self._of(said)
                left += said.names - seen
                seen |= said.names
        return frozenset(atoms)

    def _said_of(self, logical_id: str) -> _Said:
        # The same for each task definition, of which there may be hundreds.
        unasked = tuple(self._unasked.get(logical_id, ()))
        known, key = self._template.known, (Dependencies, logical_id, unasked)
        if key not in known:
            known[key] = _said(self._template.resources[logical_id], (), unasked)
        said: _Said = known[key]
        return said

    def _of(self, said: _Said) -> frozenset[Atom]:
        # With AWS::LanguageExtensions, a function may compute a reference.
        if said.is_open:
            return frozenset(self._worlds.atoms)
        return frozenset().union(*map(self._of_condition, said.conditions))

    def _of_condition(self, name: str) -> frozenset[Atom]:
        if name not in self._by_condition:
            self._by_condition[name] = self._worlds.atoms_of(name)
        return self._by_condition[name]


def _said(part: Any, at: Path, without: Collection[Path]) -> _Said:
    conditions: set[str] = set()
    names: set[str] = set()
    is_open = False
    left = [(part, at)]
    while left:
        value, path = left.pop()
        if isinstance(value, str) or path in without:
            continue
        if isinstance(value, (dict, Mapping)):
            names.update(_named_by(value))
            conditions.update(_conditions_of(value))
            is_open |= _is_open(value)
            left += [(member, (*path, name)) for name, member in value.items()]
        elif isinstance(value, list):
            left += [(element, (*path, index)) for index, element in enumerate(value)]
    return _Said(frozenset(conditions), frozenset(names), is_open)


def _conditions_of(value: Mapping[str, Any]) -> Iterator[str]:
    match value:
        case {"Fn::If": [str(name), *_]} | {"Condition": str(name)}:
            yield name


def _is_open(value: Mapping[str, Any]) -> bool:
    match value:
        case {"Ref": name} | {"Fn::GetAtt": [name, *_] | (Mapping() as name)}:
            return not isinstance(name, str)
    return False


def _told(template: Template, worlds: Worlds) -> Mapping[str, set[Atom]]:
    """Return the atoms that the values of parameters depend on, by parameter."""
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
        # Whether a default may occur together with an atom depends on the values of all that it compares.
        for name in names:
            told.setdefault(name, set()).update(*(about[each] for each in names))
    return told
