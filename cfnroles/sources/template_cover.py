"""The worlds to examine to know the needs of a task definition in all worlds.

    cover = cover_of("Web", around, worlds)
    for world in cover.visited: ...             # with 8 conditions, each around a secret of its own, 2 of 256
    cover.where(cover.own(source), found)       # all worlds with a result, from those that were examined

The result for an element, such as a secret of a container, depends on the conditions in the element itself and on those
of everything else that is not such an element: the ground. So an element is the same in all worlds that agree in these,
and one world shows every element in one of its forms. Callers must check that no element affects the result for another
(`Rediscovery.across`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.discovery import Discovery
from cfnroles.need import Finding, Gap, Need, Reference
from cfnroles.sources.pipelines import DEPLOYMENT_GROUP, PIPELINE
from cfnroles.sources.task_definition_checks import MOST_BYTES, size_of
from cfnroles.sources.template_keys import CACHE_RULE, NAMES, Keys
from cfnroles.sources.template_targets import may_run_tasks
from cfnroles.sources.template_task_definitions import TemplateTask
from cfnroles.sources.template_task_types import CLUSTER, RUNS, TASKS
from cfnroles.template.atoms import Atom, Groups, World
from cfnroles.template.covering import covering, number_of_forms
from cfnroles.template.dependencies import Dependencies
from cfnroles.template.template import Template
from cfnroles.template.world_sets import WorldSet, space_of
from cfnroles.template.worlds import MOST, Worlds
from cfnroles.workload import EXPRESS, Path

#: The lists of a container with independent elements.
APART = frozenset({"environment", "secrets", "mountPoints", "portMappings", "ulimits"})
_FOLDED = {name.lower() for name in APART}
_LIST, _CONTAINERS = "containerDefinitions", "containerdefinitions"
#: Parts next to a task that define something about it.
_RUN = frozenset({"runTask", "daemon", EXPRESS})
_NUMBERED = re.compile(r" #\d+$")
#: Keys that are examined anywhere, besides what a task definition names.
_EVERYWHERE = (CLUSTER, PIPELINE, DEPLOYMENT_GROUP, CACHE_RULE)


class Cover(Struct, frozen=True, dict=True):
    """The worlds to examine, out of those of the ``groups``.

    ``ground`` are the atoms that anything may depend on, ``elements`` the others that each depends on, by its place in
    the template.
    """

    groups: Groups
    usual: World
    ground: frozenset[Atom]
    elements: Mapping[Path, frozenset[Atom]]

    @property
    def is_whole(self) -> bool:
        """Whether nothing depends on more than the ground."""
        return not any(self.elements.values())

    def own(self, source: Path) -> frozenset[Atom] | None:
        """Return the atoms of the element at ``source`` besides the ground; ``None`` if there is no element."""
        starts = (source[:length] for length in range(len(source), 0, -1))
        return next((self.elements[start] for start in starts if start in self.elements), None)

    def where(self, own: frozenset[Atom], found: Iterable[World]) -> WorldSet:
        """Return all worlds that agree with one of ``found`` in the ground and in the atoms of an element."""
        # Many results are found in the same worlds.
        key = own, frozenset(found)
        if key not in self._where:
            self._where[key] = space_of(self.groups).agreeing(key[1], self.ground | own)
        return self._where[key]

    @cached_property
    def _where(self) -> dict[tuple[frozenset[Atom], frozenset[World]], WorldSet]:
        return {}

    def is_too_many(self, own: frozenset[Atom]) -> bool:
        """Return whether the ground and the atoms of an element have too many forms to examine."""
        if own not in self._too_many:
            self._too_many[own] = number_of_forms(self.groups, self.ground | own) > MOST
        return self._too_many[own]

    @cached_property
    def _too_many(self) -> dict[frozenset[Atom], bool]:
        return {}

    @property
    def too_many(self) -> tuple[Path, ...]:
        """The elements of which not every form is examined; an empty path is everything that is not an element."""
        if self.is_too_many(frozenset()):
            return ((),)
        return tuple(path for path, own in self.elements.items() if self.is_too_many(own))

    @cached_property
    def firsts(self) -> tuple[World, ...]:
        """A world for each form of the ground."""
        return covering(self.groups, self.usual, (self.ground,))

    @cached_property
    def visited(self) -> tuple[World, ...]:
        """Worlds with every form of each element, for each form of the ground."""
        return covering(
            self.groups, self.usual, (self.ground, *(self.ground | each for each in self.elements.values()))
        )


class WorldsApart:
    """Whether the result for an element depends only on it and the ground, according to the examined tasks.

    The result for one that ECS rejects, or that something else runs, may depend on anything.
    """

    def __init__(self, cover: Cover) -> None:
        self._cover, self._doubt = cover, False
        self._sizes: dict[Path, int] = {}
        self._ground = 0

    def holds(self, *, across: bool) -> bool:
        """Return whether it does. ``across`` says that a row read an element from outside of it."""
        return self._cover.is_whole or not (self._doubt or across)

    def own(self, told: Need | Gap | Finding | Reference, task: TemplateTask) -> frozenset[Atom]:
        """Return the atoms besides the ground that a result for a task depends on."""
        path = told.origin.path[:4]
        if self._cover.is_whole or not _is_element(path):
            return frozenset()
        # An element without a name is identified by its number, which depends on those before it.
        self._doubt |= bool(_NUMBERED.search(told.origin.item))
        return self._of_element(path, task)

    def _of_element(self, path: Path, task: TemplateTask) -> frozenset[Atom]:
        own = self._cover.own(task.sources.get(path, ()))
        self._doubt |= own is None
        return own or frozenset()

    def look(self, task: TemplateTask, found: Discovery, keys: Keys, told: Callable[[TemplateTask], Keys]) -> None:
        """Examine a task, its results, and its keys; ``told`` are those of another one."""
        if self._cover.is_whole:
            return
        left, sizes = self._ground_of(task)
        self._ground = max(self._ground, size_of(left.workload.tree))
        self._sizes |= {path: max(size, self._sizes.get(path, 0)) for path, size in sizes.items()}
        alone = told(left)
        self._doubt |= alone.facts != keys.facts or alone.gaps != keys.gaps
        # An unreadable value has no other result, and values of something else are moved.
        self._doubt |= not (found.needs or found.gaps or found.references) and bool(found.findings)
        self._doubt |= not task.workload.settings.keys().isdisjoint(_RUN)
        self._doubt |= self._ground + sum(self._sizes.values()) > MOST_BYTES

    def _ground_of(self, task: TemplateTask) -> tuple[TemplateTask, dict[Path, int]]:
        """Return the task without elements that depend on more than the ground, and the size of each of these."""
        sizes = {}
        containers = []
        for index, container in enumerate(task.workload.tree["containerDefinitions"]):
            left = dict(container)
            for name in APART & container.keys():
                kept = []
                for number, element in enumerate(container[name] if isinstance(container[name], list) else ()):
                    path: Path = (_LIST, index, name, number)
                    if self._of_element(path, task):
                        sizes[task.sources[path]] = size_of(element) + 1
                    else:
                        kept.append(element)
                left[name] = kept
            containers.append(left)
        tree = {**task.workload.tree, _LIST: containers}
        return replace(task, workload=replace(task.workload, tree=tree)), sizes


def _is_element(path: Path) -> bool:
    """Return whether a path is that of an independent element, or leads into one."""
    return len(path) > 3 and path[0] == _LIST and path[2] in APART


def cover_of(logical_id: str, around: Template, worlds: Worlds) -> Cover:
    """Return the cover of the worlds of a task definition. ``around`` is the part of the template around it."""
    known, key = worlds.template.known, (cover_of, logical_id, worlds.groups)
    if key not in known:
        known[key] = _cover_of(logical_id, around, worlds)
    cover: Cover = known[key]
    return cover


def whole_cover(worlds: Worlds) -> Cover:
    """Return the cover that examines all worlds."""
    return Cover(worlds.groups, worlds.usual, frozenset(worlds.atoms), {})


def _cover_of(logical_id: str, around: Template, worlds: Worlds) -> Cover:
    template = worlds.whole or worlds.template
    resource: Path = ("Resources", logical_id)
    if any(place[:2] == resource and len(place) > len(resource) for place in template.places):
        return whole_cover(worlds)
    cover = _asking(resource, template, around, worlds)
    if cover.is_too_many(frozenset()) or cover.too_many:
        return _asking(resource, template, around, worlds, costless=True)
    return cover


def _asking(resource: Path, template: Template, around: Template, worlds: Worlds, *, costless: bool = False) -> Cover:
    """Return the cover of the worlds in which anything about a task definition differs.

    Without what is ``costless``, that is anything that may change the needs: what a service says about its network and
    a container about its command is left out.
    """
    unasked, everywhere = _of_all_tasks(template)
    services = [name for name in around.resources if template.type_of(name) in RUNS]
    unasked = {**unasked, **dict.fromkeys(services if costless else (), _NETWORK)}
    asked, own = Dependencies(template, worlds, unasked), template.resources[str(resource[1])]
    properties, at = own.get("Properties"), (*resource, "Properties")
    found = dict(_elements(properties, at))
    commands = _commands(properties, at) if costless and not _may_collect(worlds) else ()
    ground = {atom for atom in worlds.atoms if atom.image} | asked.of(own, resource, (*found, *commands))
    running = [*services, *(name for name in around.resources if may_run_tasks(template.resources[name]))]
    ground |= asked.of_names({*running, *everywhere})
    elements: dict[Path, frozenset[Atom]] = {}
    for path, each in found.items():
        place = template.written(path)
        elements[place] = elements.get(place, frozenset()) | (asked.of(each) - ground)
    return Cover(worlds.groups, _with(own, worlds), frozenset(ground), elements)


def _with(resource: Mapping[str, Any], worlds: Worlds) -> World:
    """Return the usual world, or if a resource does not exist there, one in which it does.

    If not every form is examined, the examined ones are near to it.
    """
    condition = str(resource.get("Condition", ""))
    if not condition or worlds.holds(condition, worlds.usual) is not False:
        return worlds.usual
    return next(worlds.some_of(worlds.truths(condition)[0]), worlds.usual)


#: The part of a service that needs no permission: where in a network its tasks run.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_NetworkConfiguration.html
_NETWORK: tuple[Path, ...] = (("Properties", "NetworkConfiguration"),)

_OfAllTasks = tuple[Mapping[str, Collection[Path]], tuple[str, ...]]


def _of_all_tasks(template: Template) -> _OfAllTasks:
    """Return the irrelevant parts of task definitions, and the resources that are examined anywhere."""
    if _of_all_tasks not in template.known:
        kinds = template.resources.items()
        names = (name for name, each in kinds if each["Type"] in _EVERYWHERE or _is_found_by_name(each))
        template.known[_of_all_tasks] = dict(_unasked(template)), tuple(names)
    found: _OfAllTasks = template.known[_of_all_tasks]
    return found


#: The members of a resource, in lowercase, that are relevant for resources that name it, besides its existence.
_ASKED = {**dict.fromkeys(TASKS, frozenset({"family"})), "AWS::IAM::Role": frozenset({"rolename", "path"})}


def _unasked(template: Template) -> Iterator[tuple[str, tuple[Path, ...]]]:
    """Yield what is irrelevant about a task definition or role for resources that name it."""
    for name, each in template.resources.items():
        if (asked := _ASKED.get(each["Type"])) is not None:
            properties = each.get("Properties")
            members = properties if isinstance(properties, Mapping) else ()
            kept = (member for member in members if str(member).lower() not in asked)
            yield name, tuple(("Properties", member) for member in kept if not str(member).startswith("Fn::"))


def _is_found_by_name(resource: Mapping[str, Any]) -> bool:
    """Return whether a resource may be found by the name that it is given."""
    name, properties = NAMES.get(resource["Type"], ""), resource.get("Properties", {})
    if not name or not isinstance(properties, Mapping):
        return bool(name)
    return name in properties or any(str(each).startswith("Fn::") for each in properties)


def _elements(properties: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yield the independent elements of lists with their places, for both outcomes of conditions."""
    for at, container in _containers(properties, path):
        for place, elements in _members(container, at, _FOLDED):
            for number, element in enumerate(elements if isinstance(elements, list) else ()):
                yield (*place, number), element


def _may_collect(worlds: Worlds) -> bool:
    """Return whether an image may be that of a collector of traces, whose command says what else it collects."""
    return any("collector" in str(each) for each in (worlds.template.tree, worlds.given.parameters))


def _commands(properties: Any, path: Path) -> Iterator[Path]:
    """Yield the places of the commands of containers, for both outcomes of conditions around these."""
    for at, container in _containers(properties, path):
        for place, arm in _arms(container, at):
            members = arm if isinstance(arm, Mapping) else ()
            yield from ((*place, name) for name in members if str(name).lower() == "command")


def _containers(properties: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    for at, containers in _members(properties, path, {_CONTAINERS}):
        for index, container in enumerate(containers if isinstance(containers, list) else ()):
            yield (*at, index), container


def _members(structure: Any, path: Path, names: Iterable[str]) -> Iterator[tuple[Path, Any]]:
    """Yield the members of a structure with these names in lowercase, for both outcomes of conditions around them."""
    for at, arm in _arms(structure, path):
        for name, member in arm.items() if isinstance(arm, Mapping) else ():
            if str(name).lower() in names:
                yield from _arms(member, (*at, name))


def _arms(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    match value:
        case {"Fn::If": [str(), yes, no]} if len(value) == 1:
            yield from _arms(yes, (*path, "Fn::If", 1))
            yield from _arms(no, (*path, "Fn::If", 2))
        case _:
            yield path, value
