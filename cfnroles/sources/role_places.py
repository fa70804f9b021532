"""Where a template names the roles of its task definitions, services, schedules and rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.document import inside
from cfnroles.need import Holder, Need, Origin
from cfnroles.sources.template_families import runs_task
from cfnroles.sources.template_targets import RUNNERS, doing_more, values_of
from cfnroles.sources.template_task_types import CAPACITY_PROVIDER, EXPRESS_SERVICE, SERVICE, TASK_DEFINITIONS, TASKS
from cfnroles.sources.template_tasks import TaskInWorlds
from cfnroles.template.dependencies import names_in
from cfnroles.template.template import resources_of
from cfnroles.template.worlds import Literal
from cfnroles.workload import Path

#: The task definition that is run, or a condition with one for each outcome; empty for none.
Choice: TypeAlias = "str | tuple[str, Choice, Choice]"

#: The roles in a task definition, by property. Others belong to its services and to the principal that runs it.
ROLE_PROPERTIES = {Holder.EXECUTION: "ExecutionRoleArn", Holder.TASK: "TaskRoleArn"}
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-expressgatewayservice.html
_EXPRESS_PROPERTIES = {**ROLE_PROPERTIES, Holder.INFRASTRUCTURE: "InfrastructureRoleArn"}
#: Where a capacity provider names its roles: that of its instances by their instance profile.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-capacityprovider.html
_OF_PROVIDERS = {
    Holder.MANAGED_INSTANCES: ("ManagedInstancesProvider", "InfrastructureRoleArn"),
    Holder.INSTANCE: ("ManagedInstancesProvider.InstanceLaunchTemplate", "Ec2InstanceProfileArn"),
}
_VOLUME = "ManagedEBSVolume"
#: Parts of a service with a property `RoleArn`.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
SERVICE_ROLES = {
    f"VolumeConfigurations[].{_VOLUME}": Holder.INFRASTRUCTURE,
    "ServiceConnectConfiguration.Services[].Tls": Holder.INFRASTRUCTURE,
    "VpcLatticeConfigurations[]": Holder.INFRASTRUCTURE,
    "LoadBalancers[].AdvancedConfiguration": Holder.INFRASTRUCTURE,
    "DeploymentConfiguration.LifecycleHooks[]": Holder.LIFECYCLE_HOOK,
}
#: The targets of each runner of tasks, each with a role.
TARGETS = {"AWS::Scheduler::Schedule": "Target", "AWS::Events::Rule": "Targets[]"}
_NO_VALUE = {"Ref": "AWS::NoValue"}
_NOTHING = (None, "", _NO_VALUE)
_IF = "Fn::If"
#: In a pattern, each element of a list.
_EACH = "[]"
#: The property of a target or service with the task definition.
_TARGET_RUNS = ("EcsParameters", "TaskDefinitionArn")
_SERVICE_RUNS = ("TaskDefinition",)
#: Runners with one role for everything that they do, and their reference to a task definition.
WHOLE = {
    "AWS::Pipes::Pipe": ("TargetParameters", "EcsTaskParameters", "TaskDefinitionArn"),
    "AWS::StepFunctions::StateMachine": ("TaskDefinition",),
}


class RolePlace(Struct, frozen=True):
    """A place for a role that a task definition needs: a property of its own, or of what runs it.

    ``alone`` says that the role of this task definition may be there: no other one runs there, and it exists whenever
    what runs it does. If conditions choose the task definition, ``choice`` has them, and the roles may be chosen by the
    same.
    """

    task: str
    holder: Holder
    path: Path
    alone: bool = True
    choice: Choice = ""

    @property
    def resource(self) -> str:
        """The logical ID of the resource with the property."""
        return str(self.path[1])

    @property
    def is_own(self) -> bool:
        """Whether the task definition itself names the role there."""
        return self.resource == self.task

    @property
    def property(self) -> str:
        """The property in that resource, as ``Targets[0].RoleArn``."""
        return Origin("", self.path[3:]).pointer


def places_of(task: TaskInWorlds, tree: Mapping[str, Any]) -> tuple[RolePlace, ...]:
    """Return all places for the roles of a task definition: its own, and those of what runs it."""
    running = (*service_places(task, tree), *target_places(task, tree))
    return (*own_places(task.logical_id, tree), *running)


def own_places(task: str, tree: Mapping[str, Any]) -> tuple[RolePlace, ...]:
    """Return the places in a task definition, an Express Mode service or a capacity provider.

    An Express Mode service with a task definition names only its infrastructure role.
    """
    resource = tree["Resources"][task]
    properties = resource.get("Properties")
    if resource.get("Type") == CAPACITY_PROVIDER:
        return tuple(_of_provider(task, properties))
    named = _EXPRESS_PROPERTIES if resource.get("Type") == EXPRESS_SERVICE else ROLE_PROPERTIES
    if named is _EXPRESS_PROPERTIES and isinstance(properties, Mapping) and "TaskDefinitionArn" in properties:
        named = {Holder.INFRASTRUCTURE: _EXPRESS_PROPERTIES[Holder.INFRASTRUCTURE]}
    start: Path = ("Resources", task, "Properties")
    return tuple(RolePlace(task, holder, (*start, name)) for holder, name in named.items())


def _of_provider(task: str, properties: Any) -> Iterator[RolePlace]:
    for holder, (around, name) in _OF_PROVIDERS.items():
        for part in _parts(properties, around.split("."), ("Resources", task, "Properties")):
            yield RolePlace(task, holder, (*part, name))


def service_places(task: TaskInWorlds, tree: Mapping[str, Any]) -> tuple[RolePlace, ...]:
    """Return the places in the services that run a task definition."""
    found = []
    for name, service in _of_types(tree, (SERVICE,)):
        properties, start = service.get("Properties"), ("Resources", name, "Properties")
        if not isinstance(properties, Mapping):
            continue
        by_name = task.logical_id in names_in(properties.get("TaskDefinition"))
        runs = {by_name} if by_name else _runs_by_family(name, task)
        for pattern, holder in SERVICE_ROLES.items() if True in runs else ():
            for part in _parts(properties, pattern.split("."), start):
                place = _place(task, holder, part, tree, (properties, _SERVICE_RUNS))
                found.append(replace(place, alone=place.alone and False not in runs))
    return tuple(place for place in found if any(is_for(place, need, tree) for need in task.needs))


def _runs_by_family(service: str, task: TaskInWorlds) -> frozenset[bool]:
    """Return whether a service runs a task definition, for all worlds with both."""
    own = task.worlds.template.resources.get(service)
    if own is None or not own.get("Properties"):
        return frozenset()
    stacks = (task.worlds.stack(world, (SERVICE, *TASK_DEFINITIONS)).resources for world in task.worlds.all)
    both = ((each[service], each[task.logical_id]) for each in stacks if {service, task.logical_id} <= each.keys())
    return frozenset(runs_task(running, run) for running, run in both)


def target_places(task: TaskInWorlds, tree: Mapping[str, Any]) -> tuple[RolePlace, ...]:
    """Return the places in what runs a task definition: for schedules and rules one for each target, otherwise one.

    The role of a pipe or a state machine has a place only if it needs no other permissions, whatever the conditions.
    """
    found = []
    for part, holder in _targets(tree):
        found.append(_place(task, holder, part, tree, (_at(tree, part), _TARGET_RUNS)))
    for part, holder, steps in _whole_runners(task, tree):
        found.append(_place(task, holder, part, tree, (_at(tree, part), steps)))
    return tuple(place for place in found if any(is_for(place, need, tree) for need in task.needs))


def _whole_runners(task: TaskInWorlds, tree: Mapping[str, Any]) -> Iterator[tuple[Path, Holder, Sequence[str]]]:
    """Yield the properties of the pipes and state machines whose roles only need to run this task definition."""
    template = task.worlds.template
    candidates = {
        name: each for name, each in _of_types(tree, tuple(WHOLE)) if name in template.resources and not _has_if(each)
    }
    more = doing_more(template, (task.logical_id,)) if candidates else ()
    for name, resource in candidates.items():
        if name not in more:
            kind = resource["Type"]
            yield ("Resources", name, "Properties"), RUNNERS[kind].holder, WHOLE[kind]


def _has_if(value: Any) -> bool:
    return (isinstance(value, Mapping) and _IF in value) or any(map(_has_if, inside(value)))


def roleless_targets(tree: Mapping[str, Any]) -> Iterator[tuple[Path, Holder]]:
    """Yield the places in targets that run tasks and name no role."""
    for part, holder in _targets(tree):
        target = _at(tree, part)
        if "EcsParameters" in target and target.get("RoleArn") in _NOTHING:
            yield (*part, "RoleArn"), holder


def _targets(tree: Mapping[str, Any]) -> Iterator[tuple[Path, Holder]]:
    """Yield the targets of the schedules and rules of a template, with the holders of their roles."""
    for name, resource in _of_types(tree, tuple(TARGETS)):
        kind = resource["Type"]
        for part in _parts(resource.get("Properties"), [TARGETS[kind]], ("Resources", name, "Properties")):
            yield part, RUNNERS[kind].holder


def needs_at(task: TaskInWorlds, places: Iterable[RolePlace], tree: Mapping[str, Any]) -> TaskInWorlds:
    """Return the task with only the needs of a role at one of these places."""
    given = tuple(places)
    kept = {need: where for need, where in task.needs.items() if any(is_for(place, need, tree) for place in given)}
    return replace(task, needs=kept)


def without_place(task: TaskInWorlds, places: Iterable[RolePlace], tree: Mapping[str, Any]) -> Mapping[Holder, Origin]:
    """Return the roles that a task definition needs and that have no place, each with its first need."""
    own = [place for place in places if place.task == task.logical_id]
    left = [need for need in task.needs if not any(is_for(place, need, tree) for place in own)]
    ordered = sorted(left, key=lambda need: need.origin.sort_key, reverse=True)
    return {need.holder: need.origin for need in ordered}


def holders_of(task: TaskInWorlds, tree: Mapping[str, Any]) -> tuple[Holder, ...]:
    """Return the roles of a task definition and its services: named ones, and others that are needed."""
    own = [place.holder for place in own_places(task.logical_id, tree)]
    return tuple(dict.fromkeys((*own, *sorted({need.holder for need in task.needs} - set(own)))))


def named_already(places: Iterable[RolePlace], tree: Mapping[str, Any]) -> tuple[RolePlace, ...]:
    """Return the places with a role. If a task definition names one of its own roles, both count."""
    each = tuple(places)
    named = [place for place in each if given_at(place, tree) is not None]
    whole = {place.resource for place in named if place.is_own}
    return tuple(place for place in each if place in named or (place.is_own and place.resource in whole))


def given_at(place: RolePlace, tree: Any) -> Any:
    """Return what names the role at a place; ``None`` if nothing does."""
    value = _at(tree, place.path)
    return None if value in _NOTHING else value


def is_for(place: RolePlace, need: Need, tree: Mapping[str, Any]) -> bool:
    """Return whether the role at a place is used for a need: that of a service only for its own needs."""
    origin, resources = need.origin.path, tree["Resources"]
    if place.holder is not need.holder:
        return False
    if resources[place.resource]["Type"] in RUNNERS:
        return _is_within(origin, place.path[:-1])
    if resources[place.resource]["Type"] != SERVICE:
        return True
    # Output of a loop is not at the place of a resource.
    elsewhere = resources.get(origin[1], {}).get("Type") not in (SERVICE, None) if len(origin) > 1 else True
    # A task definition and a cluster say something about the volumes only.
    return _VOLUME in place.path if elsewhere else _is_within(origin, _element_of(place.path))


def _is_within(origin: Path, around: Path) -> bool:
    """Return whether one path is within another; the short form of a function has no key of its own."""
    inner, outer = ([step for step in path if step != _IF] for path in (origin, around))
    return inner[: len(outer)] == outer


def _element_of(path: Path) -> Path:
    """Return the path of the innermost list element around a path."""
    numbered = (index for index, step in enumerate(path) if isinstance(step, int) and path[index - 1] != _IF)
    return path[: max(numbered) + 1]


def _at(tree: Any, path: Path) -> Any:
    """Return the value at a path; ``None`` if there is none."""
    for step in path:
        inside = step in tree if isinstance(tree, Mapping) else isinstance(tree, list) and isinstance(step, int)
        tree = tree[step] if inside else None
    return tree


def _of_types(tree: Mapping[str, Any], types: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((name, resource) for name, resource in resources_of(tree).items() if resource["Type"] in types)


def shared(places: Sequence[RolePlace], tasks: Collection[str]) -> Iterator[RolePlace]:
    """Yield the places, with each choice among only these tasks as one place for their roles."""
    for place in places:
        yield replace(place, alone=True) if place.choice and tasks_of(place.choice) <= {*tasks, ""} else place


def tasks_of(choice: Choice) -> frozenset[str]:
    """Return the task definitions of a choice, and the empty name if it may be none."""
    return frozenset((choice,)) if isinstance(choice, str) else tasks_of(choice[1]) | tasks_of(choice[2])


def _place(
    task: TaskInWorlds, holder: Holder, part: Path, tree: Mapping[str, Any], runs: tuple[Any, Sequence[str]]
) -> RolePlace:
    """Return the place of a role in what runs a task definition. ``runs`` is what names that, with its path."""
    name, (given, steps) = task.logical_id, runs
    choice, around = _choice(given, steps, resources_of(tree)), tuple(_around(part, tree))
    among = tasks_of(choice or "") - {""}
    if choice and name in among and len(among) > 1:
        # A role at a place where its task definition may not exist would name a resource that may not exist either.
        sure = all(_is_there(task, (*around, *at)) for at in _where(name, choice))
        return RolePlace(name, holder, (*part, "RoleArn"), alone=False, choice=choice if sure else "")
    alone = _runs_alone(name, values_of(steps[-1], given), tree) and _is_there(task, around)
    return RolePlace(name, holder, (*part, "RoleArn"), alone)


def _choice(given: Any, steps: Sequence[str], resources: Mapping[str, Mapping[str, Any]]) -> Choice | None:
    """Return what conditions choose to run at this path; ``None`` if it is not a task definition of the template."""
    match given:
        case {"Fn::If": [str(condition), one, other]}:
            first, second = _choice(one, steps, resources), _choice(other, steps, resources)
            if first is None or second is None or first == second:
                return first if second is not None else None
            return condition, first, second
        case None | {"Ref": "AWS::NoValue"}:
            return ""
        case Mapping() if steps:
            return _choice(given.get(steps[0]), steps[1:], resources)
    names = {name for name in names_in(given) if resources.get(name, {}).get("Type") in TASKS}
    return names.pop() if len(names) == 1 else None


def _where(task: str, choice: Choice) -> Iterator[tuple[Literal, ...]]:
    """Yield the conditions under which a choice is this task definition."""
    if choice == task:
        yield ()
    elif not isinstance(choice, str):
        for holds, inner in ((True, choice[1]), (False, choice[2])):
            yield from ((Literal(choice[0], holds), *more) for more in _where(task, inner))


def _is_there(task: TaskInWorlds, literals: Iterable[Literal]) -> bool:
    """Return whether a task definition exists whenever these conditions hold."""
    condition, given = task.worlds.template.resources[task.logical_id].get("Condition"), tuple(literals)
    if condition is None or Literal(str(condition)) in given:
        return True
    return task.worlds.possible(given) <= task.there


def _runs_alone(task: str, given: Any, tree: Mapping[str, Any]) -> bool:
    """Return whether a reference always means this task definition."""
    resources = resources_of(tree)
    named = [{name for name in names_in(each) if resources.get(name, {}).get("Type") in TASKS} for each in _each(given)]
    # A reference by family is always the same.
    return all(names == {task} for names in named) or (len(named) == 1 and not named[0])


def _each(given: Any) -> Iterator[Any]:
    """Yield the possible values of an expression."""
    if isinstance(given, Mapping) and _IF in given and isinstance(given[_IF], list):
        given = given[_IF][1:]
    if isinstance(given, list):
        yield from (found for each in given for found in _each(each))
    elif given != _NO_VALUE:
        yield given


def _around(part: Path, tree: Mapping[str, Any]) -> Iterator[Literal]:
    """Yield the conditions around a part of a resource that always hold there."""
    condition = tree["Resources"][part[1]].get("Condition")
    if isinstance(condition, str):
        yield Literal(condition)
    for length, step in enumerate(part):
        if step == _IF:
            yield Literal(str(_at(tree, part[: length + 1])[0]), part[length + 1] == 1)


def _parts(value: Any, pattern: list[str], path: Path) -> Iterator[Path]:
    """Yield the paths of the mappings that match a pattern, including conditional ones."""
    if isinstance(value, Mapping) and _IF in value:
        branches = value[_IF]
        for index in (1, 2) if isinstance(branches, list) and len(branches) == len((_IF, 1, 2)) else ():
            yield from _parts(branches[index], pattern, (*path, _IF, index))
        return
    if not pattern:
        if isinstance(value, Mapping) and value != _NO_VALUE:
            yield path
        return
    name = pattern[0].removesuffix("[]")
    inner = value.get(name) if isinstance(value, Mapping) else None
    if inner is not None:
        of_list = [_EACH, *pattern[1:]] if name != pattern[0] else pattern[1:]
        yield from _parts(inner, of_list, (*path, name))
    for index, element in enumerate(value if pattern[0] == _EACH and isinstance(value, list) else ()):
        yield from _parts(element, pattern[1:], (*path, index))
