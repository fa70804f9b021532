"""The needs of a template's task definitions in the worlds of its conditions.

Each is examined in one world at a time, by the same rows as any other. A result that holds only in some worlds depends
on what these have in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.discovery import Discovery
from cfnroles.document import Document, nearest
from cfnroles.facts import Facts
from cfnroles.need import Finding, Gap, Holder, Need, Origin, Reference
from cfnroles.rediscovery import Parts, Rediscovery
from cfnroles.sources.pipe_sources import SOURCES
from cfnroles.sources.pipelines import DEPLOYMENT_GROUP, PIPELINE, deployed_otherwise
from cfnroles.sources.target_runs import beside_targets, hidden_gaps
from cfnroles.sources.task_definition_checks import discover, open_family_findings
from cfnroles.sources.template_arns import TELLING, TOLD_BY_PROPERTIES
from cfnroles.sources.template_conditions import too_many_conditions
from cfnroles.sources.template_cover import APART, Cover, WorldsApart, cover_of, whole_cover
from cfnroles.sources.template_families import may_call
from cfnroles.sources.template_forks import asks_maps, image_forks, map_forks, with_images
from cfnroles.sources.template_instance_profiles import INSTANCE_PROFILE, profiles_of
from cfnroles.sources.template_keys import CACHE_RULE, ENCRYPTED, Keys
from cfnroles.sources.template_names import names_elsewhere
from cfnroles.sources.template_places import renumbered
from cfnroles.sources.template_runs import asked_alone
from cfnroles.sources.template_spelling import in_template
from cfnroles.sources.template_targets import RUNNERS, as_runner, names_family, of_unread_targets, tasks_named
from cfnroles.sources.template_task_definitions import TemplateTask, beside_services, task_definitions
from cfnroles.sources.template_task_types import (
    CAPACITY_PROVIDER,
    CLUSTER,
    RUNS,
    STACK_SET,
    TASK_DEFINITIONS,
    TASKS,
    UNREAD,
    may_define_tasks,
    may_have_roles,
)
from cfnroles.sources.unknown_members import unseen_members
from cfnroles.table.feature import Unnamed
from cfnroles.template.atoms import Atom, World
from cfnroles.template.covering import number_of_forms
from cfnroles.template.dependencies import Dependencies, names_in, on_the_way
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.template import ResolvedStack, Template, is_module
from cfnroles.template.world_sets import WorldSet
from cfnroles.template.worlds import Fork, Where, Worlds, without_defaults, worlds_of
from cfnroles.text import Text
from cfnroles.workload import Path

#: Prefixes of the types that define something about a task.
_LOOKED_AT = (*TASKS, *RUNS, *RUNNERS, CLUSTER, *ENCRYPTED, *TELLING, INSTANCE_PROFILE, CACHE_RULE)

#: Other types that are read: conditions around a role are not those of the task definition.
_RESOLVED = (*_LOOKED_AT, *SOURCES, "AWS::IAM::Role", PIPELINE, DEPLOYMENT_GROUP)

#: How to read the output of macros and SAM.
PROCESSED = (
    "Pass the template that CloudFormation processed: `aws cloudformation get-template --template-stage Processed"
    " --query TemplateBody --stack-name STACK`"
)


class TaskInWorlds(Struct, frozen=True):
    """One task definition of a template, with the worlds of each result.

    The origins are places of the template. ``defaults`` are the parameters with their default. Worlds that agree in the
    ``ground`` differ only in single secrets, variables, mount points and ports.
    """

    logical_id: str
    worlds: Worlds
    there: WorldSet
    needs: Mapping[Need, WorldSet]
    gaps: Mapping[Gap, WorldSet]
    findings: Mapping[Finding, WorldSet]
    references: Mapping[Reference, WorldSet]
    defaults: tuple[str, ...]
    ground: frozenset[Atom]

    def when(self, where: WorldSet) -> str:
        """Return the conditions of a result in these worlds; empty if these are all worlds of the task definition."""
        return "" if where == self.there else self.told(where)

    @property
    def condition(self) -> str:
        """The conditions of the task definition itself; empty if it always exists."""
        return "" if self.there == self.worlds.space.everywhere else self.told(self.there)

    def told(self, where: Where) -> str:
        """Return the shortest conditions that hold in exactly these worlds."""
        return ", or if ".join(" and ".join(map(str, literals)) for literals in self.worlds.when(where))


def defined(template: Template, kinds: Sequence[str] = TASK_DEFINITIONS) -> tuple[str, ...]:
    """Return the logical IDs of the task definitions of a template, or of resources of other kinds."""
    return tuple(name for name, each in template.resources.items() if each["Type"] in kinds and may_have_roles(each))


def own(template: Template, kinds: Sequence[str] = TASK_DEFINITIONS) -> tuple[str, ...]:
    """Return those in the template itself, not in linked ones."""
    return tuple(name for name in defined(template, kinds) if name not in template.borrowed)


def in_worlds(logical_id: str, document: Document, template: Template, known: tuple[Facts, Given]) -> TaskInWorlds:
    """Return the needs of a task definition of a template, given ``known``.

    Raise InvalidInput if the document cannot be read.
    """
    facts, given = known
    return found_in(logical_id, document, *around_task(logical_id, template, given), facts)


def in_same_worlds(
    ids: Sequence[str], document: Document, template: Template, known: tuple[Facts, Given], apart: Iterable[str]
) -> tuple[TaskInWorlds, ...]:
    """Return the needs of several task definitions, in the same worlds for all of them.

    ``apart`` are all conditions around them. Raise InvalidInput as ``in_worlds``.
    """
    facts, given = known
    conditions = tuple(apart)
    found = [around_task(each, template, given, conditions) for each in ids]
    # A condition of one of them distinguishes the worlds of all.
    forks = tuple({fork.atoms: fork for _, worlds in found for fork in worlds.forks}.values())
    tasks = []
    for logical_id, (around, worlds) in zip(ids, found, strict=True):
        wanted = (*around.conditions_of(_LOOKED_AT), *conditions)
        same = replace(worlds_of(worlds.template, given, wanted, forks), whole=template) if len(ids) > 1 else worlds
        tasks.append(found_in(logical_id, document, around, same, facts))
    return tuple(tasks)


def found_in(logical_id: str, document: Document, around: Template, worlds: Worlds, facts: Facts) -> TaskInWorlds:
    """Return the needs of a task definition in the worlds of its template. Raise as ``in_worlds``."""
    cover = cover_of(logical_id, around, worlds)
    found = _found_by(cover, logical_id, document, worlds, facts)
    if not found.is_all:
        found = _found_by(whole_cover(worlds), logical_id, document, worlds, facts)
    there = found.all_of(found.there, frozenset(), ("Resources", logical_id))
    return TaskInWorlds(
        logical_id,
        worlds,
        there,
        found.frozen(found.needs),
        {**found.frozen(found.gaps), **dict.fromkeys(found.too_many, there)},
        found.frozen(found.findings),
        found.frozen(found.references),
        _defaults(around, worlds),
        cover.ground,
    )


def _found_by(cover: Cover, logical_id: str, document: Document, worlds: Worlds, facts: Facts) -> _Found:
    """Return the results in the worlds of a cover."""
    known = (worlds.whole or worlds.template).known
    asked = [(world, *each) for world in cover.visited for each in run_in(world, worlds, logical_id)]
    discovered = known.setdefault((_Discovered, logical_id), _Discovered())
    found = _Found(document, worlds, cover, discovered, once=len(asked) == 1 and cover.is_whole)
    for world, task, stack in asked:
        found.add(world, task, stack, facts)
    return found


def around_task(
    logical_id: str, template: Template, given: Given, apart: Iterable[str] | None = None
) -> tuple[Template, Worlds]:
    """Return the part of a template around a task definition, and the relevant worlds of the template.

    ``apart`` are further conditions to distinguish, for callers that examine every world.
    """
    around = around_of(logical_id, template)
    # An empty default belongs to a parameter that must be set, and a secret one must not be shown.
    secret = template.secret_parameters
    hidden = (name for name, each in template.declarations.items() if each.get("Default") == "" or name in secret)
    left = set(hidden) - set(given.parameters)
    tree = without_defaults(template.tree, lambda name, _: name in left)
    kept = around.resources
    # Definitions of other tasks are irrelevant, and there may be hundreds.
    resources = {
        name: {**each, "Properties": {}} if name not in kept and each["Type"] in (*TASKS, *RUNS) else each
        for name, each in template.resources.items()
    }
    around_it, wanted = replace(template, tree={**tree, "Resources": resources}), around.conditions_of(_LOOKED_AT)
    usual = replace(worlds_of(around_it, given, conditions=wanted), whole=template)
    worlds = _told_apart(logical_id, around, usual, judged=apart is not None)
    if apart:
        # Like the task definition, a role may test what only the deployment knows, with or without a default.
        open_ = replace(around_it, tree=without_defaults(around_it.tree, lambda name, _: name not in given.parameters))
        without = replace(worlds_of(open_, given, conditions=wanted), whole=template)
        possible = _told_apart(logical_id, around, without, judged=True).forks
        asked = worlds_of(around_it, given, (*wanted, *apart), worlds.forks, possible)
        worlds = _told_apart(logical_id, around, replace(asked, whole=template), judged=True)
    return around, worlds


def _told_apart(logical_id: str, around: Template, worlds: Worlds, *, judged: bool) -> Worlds:
    """Return the worlds with the other deployment values of a task definition: its maps and images.

    Values that would make too many worlds are left out: of all if a role is ``judged`` in each, otherwise of the
    ground.
    """
    looked_at = {fork.atoms for fork in worlds.forks}
    while True:
        forks = {fork.atoms: fork for fork in _forks(logical_id, around, worlds)}
        new = [fork for atoms, fork in forks.items() if atoms not in looked_at]
        if not new:
            return worlds
        for fork in new:
            more = worlds.forked(fork)
            few = more.exact if judged else not cover_of(logical_id, around, more).is_too_many(frozenset())
            worlds = more if few else worlds
        looked_at |= forks.keys()


def _forks(logical_id: str, around: Template, worlds: Worlds) -> Iterator[Fork]:
    """Yield the forks of a task definition in its worlds; those of maps come first, because they may determine
    images.
    """
    cover = cover_of(logical_id, around, worlds)
    has_maps = "Fn::FindInMap" in str(worlds.template.tree["Resources"][logical_id])
    among = dict.fromkeys((*cover.firsts, *(cover.visited if has_maps else ())))
    tasks = [task for world in among for task, _ in run_in(world, worlds, logical_id)]
    facts = Facts(worlds.given.account, worlds.given.region)
    asking = filter(asks_maps, {id(task): task for task in tasks}.values() if has_maps else ())
    of_maps = [fork for task in asking for fork in map_forks(task, discover(task.workload, facts), worlds)]
    if of_maps:
        yield from of_maps
        return
    for task in tasks:
        yield from image_forks(task, worlds.template)


def keys_of_maps(logical_id: str, template: Template, given: Given) -> Iterator[Fork]:
    """Yield a fork for each unknown key of a map on which needs of a task definition depend."""
    if "Fn::FindInMap" in str(template.resources[logical_id]):
        _, worlds = around_task(logical_id, template, given)
        yield from (fork for fork in worlds.forks if all(atom.key for atom in fork.atoms))


def conditions_around(logical_id: str, template: Template) -> tuple[str, ...]:
    """Return the conditions of what is around a task definition."""
    return around_of(logical_id, template).conditions_of(_LOOKED_AT)


def run_in(world: World, worlds: Worlds, logical_id: str) -> Iterator[tuple[TemplateTask, ResolvedStack]]:
    """Yield a task definition with each that runs it in a world; nothing if it does not exist there."""
    stack = worlds.stack(world, _RESOLVED)
    if logical_id not in stack.known:
        tasks = _turned(logical_id, worlds, stack)
        stack.known[logical_id] = [each for task in tasks for each in _as_run(task, stack)]
    for each in stack.known[logical_id]:
        yield with_images(each, worlds, world), stack


def _as_run(task: TemplateTask, stack: ResolvedStack) -> tuple[TemplateTask, ...]:
    """Return the task definition with each service and each target that runs it; alone if none does."""
    services, targets = beside_services(task, stack), beside_targets(task, stack)
    return targets if targets and services == (task,) else (*services, *targets)


def _turned(logical_id: str, worlds: Worlds, stack: ResolvedStack) -> tuple[TemplateTask, ...]:
    """Return the task definition in a stack, cached for equal contents in different worlds."""
    own = stack.resources.get(logical_id)
    if own is None:
        return ()
    if "" not in stack.known:
        told = ((each.logical_id, hashable(each.properties)) for each in stack.of_type(*TOLD_BY_PROPERTIES))
        stack.known[""] = frozenset(stack.resources), tuple(told)
    profiles = profiles_of(stack) if own.type == CAPACITY_PROVIDER else ()
    same = logical_id, stack.known[""], hashable(own.properties), own.moves, hashable(profiles)
    known = (worlds.whole or worlds.template).known
    if same not in known:
        known[same] = tuple(task_definitions(stack, worlds.template.document, logical_id))
    found: tuple[TemplateTask, ...] = known[same]
    return found


def hidden(template: Template, given: Given = NOTHING_GIVEN) -> Iterator[Gap]:
    """Yield gaps for unreadable parts of a template that may need permissions.

    Those in other templates are reported there.
    """
    for gap in _hidden_in(template, given):
        if template.home(gap.origin.path)[0] is template:
            yield gap


def _hidden_in(template: Template, given: Given) -> Iterator[Gap]:
    transforms = template.tree.get("Transform")
    for name in transforms if isinstance(transforms, list) else [transforms] if transforms else ():
        called = str(name.get("Name", "") if isinstance(name, Mapping) else name)
        if not called.startswith("AWS::") or called == "AWS::Include":
            yield _hidden(template, ("Transform",), f"cannot see how the macro {called} changes the template")
    for name in template.tree["Resources"]:
        if name not in template.resources or is_module(template.type_of(name)):
            yield _hidden(template, ("Resources", name), f"cannot see which resources {name} creates")
    yield from _not_read(template, given)
    if defined(template, tuple(RUNS)):
        yield from asked_alone(template, given)


def _not_read(template: Template, given: Given) -> Iterator[Gap]:
    for name, each in template.resources.items():
        kind = each["Type"]
        origin = Origin(template.document, ("Resources", name))
        if roles := UNREAD.get(kind):
            what = f"cfnroles does not read {kind} and does not check {roles}"
            yield Gap(Holder.INFRASTRUCTURE, "hidden-resource", origin, what, "Check them yourself")
        if kind == STACK_SET and may_define_tasks(each):
            what = f"cannot see what is in the stack set {name}"
            yield Gap(Holder.EXECUTION, "hidden-resource", origin, what, "Also pass its template to cfnroles")
    yield from of_unread_targets(template, given)
    yield from names_elsewhere(template)


def _hidden(template: Template, path: Path, what: str) -> Gap:
    return Gap(Holder.EXECUTION, "hidden-resource", Origin(template.document, path), what, PROCESSED)


_Placed = TypeVar("_Placed", Need, Gap, Finding, Reference)
_Thing = TypeVar("_Thing")
#: The worlds that were examined, by the atoms of a result besides the ground, and by its place.
_Where = dict[tuple[frozenset[Atom], Path], set[World]]


class _Discovered:
    """The discovery in a task definition, which is nearly the same in most worlds and for all that run it."""

    def __init__(self) -> None:
        self._rows = Rediscovery(apart=APART)
        self._parts = Parts()
        self._known: dict[tuple[Facts, object], Discovery] = {}
        #: A reference keeps the ID unique.
        self._kept: list[TemplateTask] = []

    @property
    def across(self) -> bool:
        """Whether the result for an element depended on another one."""
        return self._rows.across

    def of(self, task: TemplateTask, facts: Facts, *, once: bool) -> Discovery:
        """Return the discovery in a task. With ``once`` it is the only one, and its parts are not cached."""
        same: tuple[Facts, object] = facts, id(task)
        if same not in self._known and once:
            self._kept.append(task)
            self._known[same] = discover(task.workload, facts)
        elif same not in self._known:
            tree = self._parts.one(task.workload.tree)
            alike = facts, id(tree)
            if alike not in self._known:
                self._known[alike] = discover(replace(task.workload, tree=tree), facts, self._rows)
            self._kept.append(task)
            self._known[same] = self._known[alike]
        return self._known[same]


class _Found:
    """The results in the worlds of a cover, with their places in the template."""

    def __init__(
        self, document: Document, worlds: Worlds, cover: Cover, discovered: _Discovered, *, once: bool
    ) -> None:
        self.document, self.template, self._once = document, worlds.template, once
        self.there: set[World] = set()
        self.needs: dict[Need, _Where] = {}
        self.gaps: dict[Gap, _Where] = {}
        self.findings: dict[Finding, _Where] = {}
        self.references: dict[Reference, _Where] = {}
        self._cover, self._apart, self._all = cover, WorldsApart(cover), worlds
        self._discovered = discovered
        self._told: dict[object, list[set[World]]] = {}
        #: A reference keeps the ID unique.
        self._kept: list[object] = []

    @property
    def is_all(self) -> bool:
        """Whether the other worlds have no other results."""
        return self._apart.holds(across=self._discovered.across)

    @property
    def too_many(self) -> Iterator[Gap]:
        """Yield a gap for each element that depends on too many conditions, or for the task definition."""
        for path in self._cover.too_many:
            at = nearest(path, self.document.positions) if path else ("Conditions",)
            yield too_many_conditions(self.template, at)

    def frozen(self, found: Mapping[_Thing, _Where]) -> Mapping[_Thing, WorldSet]:
        """Return each result with all of its worlds."""
        union = self._all.space.union
        return {
            each: union(self.all_of(worlds, own, place) for (own, place), worlds in where.items())
            for each, where in found.items()
        }

    def all_of(self, found: Iterable[World], own: frozenset[Atom], place: Path) -> WorldSet:
        """Return all worlds of a result, from those that were examined.

        If these do not have every form of it, return those in which the conditions around it hold, and the parameter
        that is its value has one of the values that were found to matter.
        """
        if not self._cover.is_too_many(own):
            return self._cover.where(own, found)
        tree = (self._all.whole or self._all.template).tree
        around = tuple(on_the_way(place, tree))
        told = frozenset[Atom]() if around else self._of_value(_part(tree, place))
        return self._all.space.agreeing(found, told) if told else self._all.possible(around)

    def _of_value(self, value: Any) -> frozenset[Atom]:
        """Return the atoms of a parameter that is a value by itself, if each of its forms was examined."""
        match value:
            case {"Ref": str(name)} if name in self._all.template.declarations:
                told = Dependencies(self._all.template, self._all, {}).of_names((name,))
                forms = {world & told for world in self._cover.visited}
                return told if len(forms) == number_of_forms(self._all.groups, told) else frozenset()
        return frozenset()

    def add(self, world: World, task: TemplateTask, stack: ResolvedStack, facts: Facts) -> None:
        self.there.add(world)
        keys = Keys(task, stack, facts)
        discovery = self._discovered.of(task, keys.facts, once=self._once)
        special: list[Need] = []
        gaps = [
            *discovery.gaps,
            *unseen_members(task.workload, task.unseen),
            *hidden_gaps(task.workload),
            *keys.gaps_of(discovery),
        ]
        gaps += deployed_otherwise(task, stack)
        self._apart.look(task, discovery, keys, lambda ground: Keys(ground, stack, facts))
        for need in filter(keys.concern, discovery.needs):
            try:
                special += keys.of(need)
            except Unnamed as unnamed:
                gaps.append(Gap(need.holder, need.reason.feature, need.origin, unnamed.what, unnamed.remedy))
        # Most worlds have the same results, whose places are then known.
        same = id(discovery), id(task), tuple(special), tuple(gaps)
        if same not in self._told:
            self._kept.append((discovery, task))
            usual = (need for need in discovery.needs if not keys.concern(need))
            self._told[same] = self._sets((*usual, *special), gaps, discovery, task)
        for worlds in self._told[same]:
            worlds.add(world)

    def _sets(
        self, needs: Iterable[Need], gaps: Iterable[Gap], discovery: Discovery, task: TemplateTask
    ) -> list[set[World]]:
        """Return the worlds of each result in a task."""
        named = open_family_findings(task.workload) if task.resource.type in TASK_DEFINITIONS else ()
        return [
            *(self._worlds(self.needs, each, task) for each in needs),
            *(self._worlds(self.gaps, self._closable(each, task), task) for each in gaps),
            *(self._worlds(self.findings, each, task) for each in (*discovery.findings, *named)),
            *(self._worlds(self.references, each, task) for each in discovery.references),
        ]

    def _worlds(self, found: dict[_Placed, _Where], each: _Placed, task: TemplateTask) -> set[World]:
        """Return the examined worlds of a result."""
        own = self._apart.own(each, task)
        place = self._source(each, task) if self._cover.is_too_many(own) else ()
        return found.setdefault(self._placed(each, task), {}).setdefault((own, place), set())

    def _source(self, each: _Placed, task: TemplateTask) -> Path:
        """Return the place of a result in the tree of the template."""
        path: Path = each.origin.path
        starts = (path[:length] for length in range(len(path), 0, -1))
        at: Path = next((start for start in starts if start in task.sources), ())
        return (*task.sources.get(at, task.resource.source()), *path[len(at) :])

    def _placed(self, each: _Placed, task: TemplateTask) -> _Placed:
        source = self._source(each, task)
        if isinstance(each, (Gap, Finding)):
            about = each.origin.path
            each = replace(each, what=in_template(each.what, about), remedy=in_template(each.remedy, about))
        each = replace(each, origin=renumbered(each.origin, source))
        # A path as in the text: a short form has no key of its own.
        home, there = self.template.home(source)
        if home is not self.template:
            borrowed = Document(home.document, home.text)
            origin = replace(each.origin, document=home.document, path=nearest(there, borrowed.positions))
            return replace(each, origin=origin)
        return replace(each, origin=replace(each.origin, path=nearest(source, self.document.positions)))

    def _closable(self, gap: Gap, task: TemplateTask) -> Gap:
        """Return the gap with a remedy for templates: these have no placeholders, and not every parameter can be
        given.
        """
        if option := re.search(r"--(set|image) ", gap.remedy):
            written = _part(self.template.tree, self._source(gap, task))
            named = next((name for name in names_in(written) if name in self.template.settable), "")
            write = "Write the image" if option[1] == "image" else "Write the value instead"
            return replace(gap, remedy=f"Pass --parameter {named}=VALUE" if named else write)
        told = _TELL.fullmatch(gap.remedy)
        if not told or told[1] in self.template.settable:
            return gap
        if told[1] in self.template.parameters:
            return replace(gap, remedy="CloudFormation reads it from Parameter Store: write the value instead")
        return replace(gap, remedy=f"The template has no {told[1]}: write the value instead")


_TELL = re.compile(r"Pass --parameter ([^=]+)=VALUE")


def _part(tree: Any, path: Path) -> Any:
    """Return the part of a tree at a path; ``None`` if it has none."""
    for step in path:
        if isinstance(tree, Mapping):
            tree = tree.get(step)
        else:
            tree = tree[step] if isinstance(tree, list) and isinstance(step, int) and step < len(tree) else None
    return tree


def hashable(value: Any) -> object:
    """Return a tree as a hashable value. A text equals any with its spelling, also with another meaning."""
    if isinstance(value, str):
        return value.parts if isinstance(value, Text) else value
    if isinstance(value, (dict, Mapping)):
        return tuple([(name, hashable(member)) for name, member in value.items()])
    return tuple([hashable(element) for element in value]) if isinstance(value, list | tuple) else value


def around_of(logical_id: str, template: Template) -> Template:
    """Return the template with only a task definition, what runs it, what both name, and what fills repositories."""
    resources = template.resources
    kept = {name: each for name, each in resources.items() if name == logical_id or each["Type"] == CACHE_RULE}
    running = {name: (each, RUNS[each["Type"]][1]) for name, each in resources.items() if each["Type"] in RUNS}
    task = resources[logical_id]
    kept |= {
        name: each
        for name, (each, by) in running.items()
        if logical_id in names_in(_property(each, by)) or may_call(each, task, template)
    }
    kept |= {
        name: as_runner(resources[name])
        for name, named in _task_names(template).items()
        if _runs(named, logical_id, task)
    }
    named = {name for each in kept.values() for name in names_in(each.get("Properties"))}
    kept |= {name: each for name, each in resources.items() if name in named and each["Type"] not in TASK_DEFINITIONS}
    return replace(template, tree={**template.tree, "Resources": kept})


#: The names in what says which task definitions a runner runs, and that as a text.
_Named = tuple[frozenset[str], str]


def _task_names(template: Template) -> Mapping[str, _Named]:
    """Return what each runner besides services says about its tasks, by logical ID."""
    if _task_names not in template.known:
        runners = {name: each for name, each in template.resources.items() if each["Type"] in RUNNERS}
        said = {name: tasks_named(each) for name, each in runners.items()}
        template.known[_task_names] = {name: (frozenset(names_in(each)), str(each)) for name, each in said.items()}
    named: Mapping[str, _Named] = template.known[_task_names]
    return named


def _runs(named: _Named, logical_id: str, task: Mapping[str, Any]) -> bool:
    """Return whether a runner may run a task definition, given by logical ID or family."""
    names, text = named
    return logical_id in names or names_family(text, task)


def _defaults(around: Template, worlds: Worlds) -> tuple[str, ...]:
    """Return the parameters whose default is used in the results for a template.

    Not those that a condition tests for a value: it holds in some worlds and not in others.
    """
    given, declared = worlds.given, around.declarations
    asked = {
        atom.parameter for atom in worlds.atoms if atom.constant == str(declared.get(atom.parameter, {}).get("Default"))
    }
    named = {name for each in around.resources.values() for name in names_in(each.get("Properties"))}
    named |= set(around.rolled)
    return tuple(
        name
        for name in around.settable
        if name in named - asked
        and name not in (*given.parameters, *around.secret_parameters)
        and around.declarations[name].get("Default") not in (None, "")
    )


def _property(resource: Mapping[str, Any], name: str) -> Any:
    properties = resource.get("Properties")
    return properties.get(name) if isinstance(properties, Mapping) else None
