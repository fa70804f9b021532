"""The worlds of a template that lint examines.

    seen = lint_worlds(template, worlds)
    for world in seen.visited: ...              # all worlds, or with too many of them those that show every resource
    seen.where(finding.origin.path, found)      # all worlds with a finding, from the visited worlds with it

A finding depends on the resource at its place, on what this one names, and on what names it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from cfnroles.need import Holder
from cfnroles.sources.role_places import ROLE_PROPERTIES
from cfnroles.sources.template_families import may_call
from cfnroles.sources.template_task_types import CLUSTER, RUNS, TASK_DEFINITIONS, TASKS
from cfnroles.template.atoms import Atom, World
from cfnroles.template.covering import covering, number_of_forms
from cfnroles.template.dependencies import Dependencies, names_in, on_the_way
from cfnroles.template.template import Template
from cfnroles.template.world_sets import WorldSet
from cfnroles.template.worlds import MOST, Worlds
from cfnroles.workload import Path

_ROLE, _SECRET = "AWS::IAM::Role", "AWS::SecretsManager::Secret"
#: A template with few resources can have more worlds: so many for each of so few.
_FEW, _MORE = 8, 4 * MOST


class LintWorlds(Struct, frozen=True, dict=True):
    """The worlds to examine; ``own`` are the atoms on which the findings of each resource depend."""

    worlds: Worlds
    own: Mapping[str, frozenset[Atom]]
    most: int

    @property
    def _is_whole(self) -> bool:
        return not self.own

    @cached_property
    def visited(self) -> tuple[World, ...]:
        """The worlds to examine."""
        if self._is_whole:
            return self.worlds.all
        return covering(self.worlds.groups, self.worlds.usual, self.own.values(), self.most)

    def where(self, path: Path, found: Collection[World]) -> WorldSet:
        """Return all worlds with a finding at a path, given the visited worlds with it."""
        if self._is_whole:
            return self.worlds.set_of(found)
        if len(found) == len(self.visited):
            return self.worlds.space.everywhere
        own = self.own.get(str(path[1])) if len(path) > 1 and path[0] == "Resources" else None
        if own is None or str(path[1]) in self.too_many:
            return self.worlds.possible(on_the_way(path, self.worlds.template.tree))
        return self.worlds.space.agreeing(found, own)

    @cached_property
    def too_many(self) -> tuple[str, ...]:
        """The resources that depend on more conditions than can be examined in every combination."""
        groups = self.worlds.groups
        return tuple(name for name, own in self.own.items() if number_of_forms(groups, own) > self.most)


def lint_worlds(template: Template, worlds: Worlds, kinds: tuple[str, ...]) -> LintWorlds:
    """Return the worlds in which to examine the resources of a template whose types begin with ``kinds``."""
    looked_at = [name for name, each in template.resources.items() if str(each["Type"]).startswith(kinds)]
    most = _MORE if len(looked_at) <= _FEW else MOST
    own = {} if worlds.exact else dict(_own(template, worlds, looked_at))
    return LintWorlds(worlds, own, most)


def _own(template: Template, worlds: Worlds, looked_at: Sequence[str]) -> Iterator[tuple[str, frozenset[Atom]]]:
    asked, resources = Dependencies(template, worlds, {}), template.resources
    named = {name: set(names_in(resources[name])) & resources.keys() for name in resources}
    tasks = [name for name in looked_at if template.type_of(name) in TASK_DEFINITIONS]
    for name in looked_at:
        if template.type_of(name) in RUNS:
            named[name] |= {task for task in tasks if may_call(resources[name], resources[task], template)}
    users: dict[str, set[str]] = {}
    for name in looked_at:
        for each in named[name]:
            users.setdefault(each, set()).add(name)
    everywhere = asked.of_names([name for name in looked_at if _is_found_by_name(resources[name])])
    loose = _tasks_without_id(template, looked_at)
    if loose or any(_may_have_name(resources[name]) for name in looked_at):
        everywhere |= asked.of([_of_roles(resources[name]) for name in looked_at])
    for name in looked_at:
        about = {name, *users.get(name, ())}
        # What is named by family is not followed by reference.
        about |= named[name] if template.type_of(name) in RUNS else set()
        roles = {each for one in about for each in (one, *named[one]) if template.type_of(each) == _ROLE}
        having = {each for role in roles for each in users.get(role, ())}
        about |= {each for each in having if template.type_of(each).startswith("AWS::IAM::")}
        # A role may be meant for a task definition that names none.
        about |= set(loose) if template.type_of(name) == _ROLE else set()
        used = asked.of([_of_roles(resources[each]) for each in having])
        yield name, everywhere | used | asked.of_names(about)


def _is_found_by_name(resource: Mapping[str, Any]) -> bool:
    properties = resource.get("Properties")
    by_name = resource["Type"] == _SECRET and isinstance(properties, Mapping) and properties.keys() != {"Description"}
    return resource["Type"] == CLUSTER or bool(by_name)


def _tasks_without_id(template: Template, looked_at: Sequence[str]) -> tuple[str, ...]:
    """Return the task definitions that do not name their execution role by its logical ID."""
    tasks = {
        name: template.resources[name].get("Properties") or {} for name in looked_at if template.type_of(name) in TASKS
    }
    given = {name: each.get(ROLE_PROPERTIES[Holder.EXECUTION]) for name, each in tasks.items()}
    plain = {name for name, each in given.items() if isinstance(each, Mapping) and each.keys() <= {"Ref", "Fn::GetAtt"}}
    nothing = {name for name, each in given.items() if each == {"Ref": "AWS::NoValue"}}
    return tuple(name for name in tasks if name not in plain - nothing)


def _may_have_name(resource: Mapping[str, Any]) -> bool:
    properties = resource.get("Properties") or {}
    return resource["Type"] == _ROLE and any(name == "RoleName" or str(name).startswith("Fn::") for name in properties)


def _of_roles(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parts of a task definition or a role that decide which role is whose."""
    properties = resource.get("Properties") or {}
    wanted = {*ROLE_PROPERTIES.values(), "RoleName", "Path", "AssumeRolePolicyDocument"}
    if resource["Type"] not in (*TASKS, _ROLE) or not isinstance(properties, Mapping):
        return {}
    kept = {name: each for name, each in properties.items() if name in wanted or str(name).startswith("Fn::")}
    return {name: each for name, each in (("Condition", resource.get("Condition")), ("Properties", kept)) if each}
