"""The roles that a template already names, next to those that replace them."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.answers.diff import Comparison, Side
from cfnroles.answers.grants import RoleGrant
from cfnroles.answers.template_grants import template_grants
from cfnroles.need import Holder, Origin
from cfnroles.sources.reading import Reading
from cfnroles.sources.role_places import RolePlace, given_at
from cfnroles.sources.template_tasks import TaskInWorlds
from cfnroles.symbols import Cut, InImage, Symbol
from cfnroles.targets.cloudformation.injection import with_added
from cfnroles.targets.cloudformation.template_roles import Added
from cfnroles.template.atoms import World
from cfnroles.template.dependencies import names_in
from cfnroles.template.expressions import expression
from cfnroles.template.given import Given
from cfnroles.template.template import Template
from cfnroles.text import Text, text_of
from cfnroles.workload import Path

_ROLE = "AWS::IAM::Role"


class ReplacedRole(Struct, frozen=True):
    """A role that a resource already names, and what the resource would lose and gain with another.

    ``comparison`` is ``None`` if the template does not say what the role may do. ``known`` says whether it has every
    role that is possible, ``done`` whether it was replaced.
    """

    resource: str
    holder: Holder
    origin: Origin
    comparison: Comparison | None
    known: bool
    done: bool


class Passing(Struct, frozen=True):
    """A statement that allows passing a role that was replaced; ``role`` is its logical ID."""

    role: str
    origin: Origin


class Replacing(Struct, frozen=True, dict=True):
    """A template before its roles are added, with all of them, and the text that has them; empty for none."""

    before: Reading
    template: Template
    tasks: tuple[TaskInWorlds, ...]
    added: Added
    text: str

    def roles(self, own: Sequence[RolePlace], left: Collection[RolePlace]) -> Iterator[ReplacedRole]:
        """Yield what each resource would lose and gain, role by role; roles in ``left`` have not been replaced."""
        for place in own:
            names = {each for each in names_in(given_at(place, self.template.tree)) if not each.startswith("AWS::")}
            had = {each for each in names if self.template.type_of(each) == _ROLE}
            yield ReplacedRole(
                place.resource,
                place.holder,
                Origin(self.before.name, place.path),
                self._compared(place, had) if had else None,
                bool(had) and had == names,
                place not in left,
            )

    def passing(self, own: Sequence[RolePlace], left: Collection[RolePlace]) -> Iterator[Passing]:
        """Yield the statements that allow passing a role that was replaced, and must now allow another.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
        """
        resources = self.template.tree["Resources"]
        given = [given_at(place, self.template.tree) for place in own if place not in left]
        gone = {name for each in given for name in names_in(each) if self.template.type_of(name) == _ROLE}
        for path, statement in _statements(resources, ("Resources",)) if gone else ():
            for role in dict.fromkeys(names_in(statement.get("Resource"))):
                if role in gone:
                    yield Passing(role, Origin(self.before.name, path))

    def _compared(self, place: RolePlace, had: Collection[str]) -> Comparison:
        old, new = self._grants
        name, label = self.before.name, f"{place.resource} {place.holder}"
        has = set(names_in(self.added.roles[place.path]))
        texts = {name: self.text} if self.text else {}
        return Comparison(
            Side(name, self.before.texts, tuple(_of(had, old, label))), Side(name, texts, tuple(_of(has, new, label)))
        )

    @cached_property
    def _grants(self) -> tuple[Sequence[RoleGrant], Sequence[RoleGrant]]:
        told = self.before.told
        given = Given(told.parameters, told.account, told.region)
        after = replace(self.template, tree=with_added(self.template.tree, self.added))
        old, new = (tuple(template_grants(each, given)) for each in (self.template, after))
        return old, tuple(_told(each, self._cut) for each in new)

    @cached_property
    def _cut(self) -> Mapping[str, str]:
        """The parts of values in words, by the functions that cut them out; the longest first."""
        found = {}
        for task in self.tasks:
            where: dict[Symbol, World] = {}
            for need, worlds in task.needs.items():
                # If nothing is needed, the value may be empty, and an empty string is in every other one.
                world = next(iter(worlds))
                symbols = (each for text in need.permission.texts for each in text_of(text).symbols)
                where |= dict.fromkeys((each for each in symbols if isinstance(each, Cut | InImage)), world)
            for symbol, world in where.items():
                written = task.worlds.value(world, expression(Text(symbol)))
                if isinstance(written, str) and written:
                    found[written] = symbol.spelled
        return dict(sorted(found.items(), key=lambda each: len(each[0]), reverse=True))


def _of(roles: Collection[str], grants: Iterable[RoleGrant], label: str) -> Iterator[RoleGrant]:
    return (dataclasses.replace(grant, role=label) for grant in grants if grant.role in roles)


def _statements(value: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the statements about iam:PassRole in a part of a template, with their paths."""
    if isinstance(value, Mapping):
        actions = value.get("Action")
        if "iam:passrole" in str(actions).lower() and "Resource" in value:
            yield path, value
    members = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for step, member in members:
        yield from _statements(member, (*path, step))


def _told(grant: RoleGrant, cut: Mapping[str, str]) -> RoleGrant:
    resources = []
    for resource in grant.resources:
        for written, spelled in cut.items():
            resource = resource.replace(written, spelled)
        resources.append(resource)
    return dataclasses.replace(grant, resources=tuple(resources))
