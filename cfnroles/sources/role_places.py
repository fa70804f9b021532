"""Where a template names the roles of its task definitions, of Express Mode services and of services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.need import Holder, Need, Origin
from cfnroles.sources.template_targets import RUNNERS, RUNNING
from cfnroles.sources.template_task_definitions import EXPRESS_SERVICE, SERVICE, TASKS
from cfnroles.sources.template_tasks import TaskInWorlds, names_in
from cfnroles.workload import Path

#: The roles that a task definition names itself, by the property. Others go to its services and to whoever runs it.
ROLE_PROPERTIES = {Holder.EXECUTION: "ExecutionRoleArn", Holder.TASK: "TaskRoleArn"}
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-expressgatewayservice.html
_EXPRESS_PROPERTIES = {**ROLE_PROPERTIES, Holder.INFRASTRUCTURE: "InfrastructureRoleArn"}
#: What a service names roles for, each with a property `RoleArn`.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
SERVICE_ROLES = {
    "VolumeConfigurations[].ManagedEBSVolume": Holder.INFRASTRUCTURE,
    "ServiceConnectConfiguration.Services[].Tls": Holder.INFRASTRUCTURE,
    "VpcLatticeConfigurations[]": Holder.INFRASTRUCTURE,
    "LoadBalancers[].AdvancedConfiguration": Holder.INFRASTRUCTURE,
    "DeploymentConfiguration.LifecycleHooks[]": Holder.LIFECYCLE_HOOK,
}
#: Where each kind of what runs tasks has its targets.
TARGETS = {"AWS::Scheduler::Schedule": "Target", "AWS::Events::Rule": "Targets[]"}
_NO_VALUE = {"Ref": "AWS::NoValue"}


class RolePlace(Struct, frozen=True):
    """Where a template names a role that a task definition needs: a property of its own, or of its service."""

    task: str
    holder: Holder
    path: Path

    @property
    def resource(self) -> str:
        """The logical id of the resource whose property it is."""
        return str(self.path[1])


def own_places(task: str, tree: Mapping[str, Any]) -> tuple[RolePlace, ...]:
    """Where a task definition or an Express Mode service names its roles.

    Such a service that is given a task definition names its infrastructure role alone.
    """
    resource = tree["Resources"][task]
    properties = resource.get("Properties")
    named = _EXPRESS_PROPERTIES if resource.get("Type") == EXPRESS_SERVICE else ROLE_PROPERTIES
    if named is _EXPRESS_PROPERTIES and isinstance(properties, Mapping) and "TaskDefinitionArn" in properties:
        named = {Holder.INFRASTRUCTURE: _EXPRESS_PROPERTIES[Holder.INFRASTRUCTURE]}
    start: Path = ("Resources", task, "Properties")
    return tuple(RolePlace(task, holder, (*start, name)) for holder, name in named.items())


def service_places(task: TaskInWorlds, tree: Mapping[str, Any]) -> tuple[RolePlace, ...]:
    """Where the services that run a task definition name roles for what they do with it.

    Not for those that run one of several, or hang on another condition: a role of one task would stand there for all.
    """
    found = []
    for name, service in tree["Resources"].items():
        if not _runs_alone(task.logical_id, service, tree["Resources"]):
            continue
        start: Path = ("Resources", name, "Properties")
        for pattern, holder in SERVICE_ROLES.items():
            for part in _parts(service["Properties"], pattern.split("."), start):
                place = RolePlace(task.logical_id, holder, (*part, "RoleArn"))
                if any(_is_for(place, need, tree) for need in task.needs):
                    found.append(place)
    return tuple(found)


def target_places(task: TaskInWorlds, tree: Mapping[str, Any]) -> tuple[RolePlace, ...]:
    """Where the schedules and rules that run a task definition name their roles, once for each target.

    Not for a target behind a condition, which may be another one, nor where the task definition may not be there.
    """
    found = []
    for name, resource in tree["Resources"].items():
        kind = str(resource.get("Type")) if isinstance(resource, Mapping) else ""
        if kind not in RUNNERS or tree["Resources"][task.logical_id].get("Condition") not in (
            None,
            resource.get("Condition"),
        ):
            continue
        start: Path = ("Resources", name, "Properties")
        for part in _parts(resource.get("Properties"), [TARGETS[kind]], start):
            place = RolePlace(task.logical_id, RUNNERS[kind].holder, (*part, "RoleArn"))
            if any(_is_for(place, need, tree) for need in task.needs):
                found.append(place)
    return tuple(found)


def needs_at(task: TaskInWorlds, places: Iterable[RolePlace], tree: Mapping[str, Any]) -> TaskInWorlds:
    """The task with those needs of schedules and rules alone that have one of these places."""
    given = tuple(places)
    kept = {
        need: where
        for need, where in task.needs.items()
        if need.holder not in RUNNING or any(_is_for(place, need, tree) for place in given)
    }
    return replace(task, needs=kept)


def without_place(task: TaskInWorlds, places: Iterable[RolePlace], tree: Mapping[str, Any]) -> Mapping[Holder, Origin]:
    """The roles that a task definition needs and that have no place among these, each with where it is needed first."""
    own = [place for place in places if place.task == task.logical_id]
    left = [
        need
        for need in task.needs
        if need.holder not in RUNNING and not any(_is_for(place, need, tree) for place in own)
    ]
    ordered = sorted(left, key=lambda need: need.origin.sort_key, reverse=True)
    return {need.holder: need.origin for need in ordered}


def holders_of(task: TaskInWorlds, tree: Mapping[str, Any]) -> tuple[Holder, ...]:
    """The roles that a task definition and its services have: those that it names itself, and what else is needed."""
    own = [place.holder for place in own_places(task.logical_id, tree)]
    return tuple(dict.fromkeys((*own, *sorted({need.holder for need in task.needs} - set(own)))))


def given_at(place: RolePlace, tree: Any) -> Any:
    """What names the role at a place already; ``None`` for nothing, and for what stands for nothing."""
    value = tree
    for step in place.path:
        inside = step in value if isinstance(value, Mapping) else isinstance(value, list) and isinstance(step, int)
        value = value[step] if inside else None
    return None if value == _NO_VALUE else value


def _is_for(place: RolePlace, need: Need, tree: Mapping[str, Any]) -> bool:
    """Whether the role at a place is used for a need: that of a service for what stands there, and in no service."""
    origin, resources = need.origin.path, tree["Resources"]
    if resources[place.resource]["Type"] in RUNNERS:
        around = place.path[:-1]
        return place.holder is need.holder and origin[: len(around)] == around
    # What a loop makes stands at no resource's own place.
    elsewhere = resources.get(origin[1], {}).get("Type") not in (SERVICE, None) if len(origin) > 1 else True
    around = () if elsewhere or resources[place.resource]["Type"] != SERVICE else _element_of(place.path)
    return place.holder is need.holder and origin[: len(around)] == around


def _element_of(path: Path) -> Path:
    """The path of the last element of a list that is around a path."""
    return path[: max(index for index, step in enumerate(path) if isinstance(step, int)) + 1]


def _runs_alone(task: str, service: Any, resources: Mapping[str, Any]) -> bool:
    properties = service.get("Properties") if isinstance(service, Mapping) else None
    if not isinstance(properties, Mapping) or service.get("Type") != SERVICE:
        return False
    named = set(names_in(properties.get("TaskDefinition")))
    tasks = {name for name in named if isinstance(each := resources.get(name), Mapping) and each.get("Type") in TASKS}
    return tasks == {task} and resources[task].get("Condition") in (None, service.get("Condition"))


def _parts(value: Any, pattern: list[str], path: Path) -> Iterator[Path]:
    """The paths of the mappings in a value that a pattern stands for."""
    if not pattern:
        if isinstance(value, Mapping) and "Fn::If" not in value:
            yield path
        return
    name = pattern[0].removesuffix("[]")
    inner = value.get(name) if isinstance(value, Mapping) else None
    if name == pattern[0]:
        yield from _parts(inner, pattern[1:], (*path, name))
    for index, element in enumerate(inner if isinstance(inner, list) and name != pattern[0] else ()):
        yield from _parts(element, pattern[1:], (*path, name, index))
