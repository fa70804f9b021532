"""The worlds in which the roles of task definitions are judged.

    seen = judged_worlds(tasks, {"Web": deployable})
    for world in seen.visited: ...              # all worlds, or with too many of them those that differ for a role
    seen.where(found)                           # all worlds with a result, from the visited worlds with it

A result depends on the needs, on the names of the roles, on the roles with their policies, and on the resources that
these name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from cfnroles.answers.resource_policies import WITH_POLICIES
from cfnroles.answers.template_roles import named_beside
from cfnroles.need import Gap, Need
from cfnroles.sources.role_places import ROLE_PROPERTIES
from cfnroles.sources.template_tasks import TaskInWorlds
from cfnroles.template.atoms import World
from cfnroles.template.covering import covering, number_of_forms
from cfnroles.template.dependencies import Dependencies
from cfnroles.template.expressions import expression
from cfnroles.template.world_sets import WorldSet
from cfnroles.template.worlds import MOST, Worlds
from cfnroles.text import text_of


class JudgedWorlds(Struct, frozen=True, dict=True):
    """The worlds in which to judge; ``own`` are the atoms of each task's needs, and ``atoms`` those of any result."""

    worlds: Worlds
    own: Mapping[str, World]
    atoms: World

    @property
    def is_too_many(self) -> bool:
        """Whether not every combination is judged."""
        worlds = self.worlds
        # Rules leave out worlds, but only if all of them can be listed.
        ruled = bool(worlds.template.tree.get("Rules"))
        return not worlds.exact and (ruled or number_of_forms(worlds.groups, self.atoms) > MOST)

    @property
    def _are_all(self) -> bool:
        return self.worlds.exact or self.is_too_many

    @cached_property
    def visited(self) -> tuple[World, ...]:
        """The worlds to examine."""
        if self._are_all:
            return self.worlds.all
        return covering(self.worlds.groups, self.worlds.usual, (self.atoms,))

    def where(self, found: Collection[World]) -> WorldSet:
        """Return all worlds of a result, given the visited worlds with it."""
        return self.worlds.set_of(found) if self._are_all else self.worlds.space.agreeing(found, self.atoms)


def judged_worlds(
    tasks: Sequence[TaskInWorlds], deployable: Mapping[str, WorldSet], parameters: Collection[str]
) -> JudgedWorlds:
    """Return the worlds in which to judge the roles of task definitions.

    ``deployable`` are the worlds in which each can be deployed, by logical ID, and ``parameters`` those of the template
    whose values needs depend on.
    """
    worlds = tasks[0].worlds
    own = {each.logical_id: _of_needs(each, deployable[each.logical_id], parameters) for each in tasks}
    template, asked = worlds.template, Dependencies(worlds.template, worlds, {})
    kinds = template.resources.items()
    roles = (name for name, each in kinds if each["Type"].startswith("AWS::IAM::") or each["Type"] in WITH_POLICIES)
    texts = (text for task in tasks for need in task.needs for text in need.permission.texts)
    named: list[Any] = [expression(text_of(text)) for text in dict.fromkeys(texts) if text_of(text).unknown]
    return JudgedWorlds(worlds, own, asked.of_names([*roles]) | asked.of(named).union(*own.values()))


def _of_needs(task: TaskInWorlds, deployable: WorldSet, parameters: Collection[str]) -> World:
    """Return the atoms that the needs of a task and the names of its roles depend on."""
    asked = Dependencies(task.worlds.template, task.worlds, {})
    atoms = task.ground | asked.of_names(parameters) | asked.of(list(_beside(task)))
    sets = [task.there, deployable, *task.needs.values(), *task.gaps.values()]
    return atoms.union(*(where.atoms for where in sets))


def _beside(task: TaskInWorlds) -> Iterator[Any]:
    """Yield what names the roles that are not in the task definition."""
    wanted: list[Need | Gap] = [*task.needs, *task.gaps]
    paths = dict.fromkeys(each.origin.path for each in wanted if each.holder not in ROLE_PROPERTIES)
    return (named_beside(task.worlds.template, path) for path in paths)
