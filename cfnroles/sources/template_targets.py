"""Runners of a template's tasks besides services: EventBridge schedules, rules and pipes, and state machines.

Each is a run of the task: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.document import inside
from cfnroles.need import Gap, Holder, Origin
from cfnroles.sources.pipe_sources import SOURCES, needs_more
from cfnroles.sources.state_machines import DEFINING, STATE_MACHINES, TASK, RunningState, state_machine
from cfnroles.sources.target_overrides import input_of, is_dynamic, seen
from cfnroles.sources.template_conditions import too_many_conditions
from cfnroles.sources.template_families import calls
from cfnroles.sources.template_members import elements
from cfnroles.sources.template_task_types import TASK_DEFINITIONS, TASKS, has_key, names_of
from cfnroles.template.dependencies import reached_from
from cfnroles.template.given import NOTHING_GIVEN, Given
from cfnroles.template.template import ResolvedStack, Resource, Template
from cfnroles.template.worlds import worlds_of
from cfnroles.workload import Path


class Runner(Struct, frozen=True):
    """A runner of tasks besides services: the member of a spec's ``run-by``, its role, and its definition of the
    run.
    """

    member: str
    holder: Holder
    told: tuple[str, ...]


_PIPE = "AWS::Pipes::Pipe"
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-scheduler-schedule-target.html
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-events-rule-target.html
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-pipes-pipe-pipetargetecstaskparameters.html
RUNNERS = {
    "AWS::Scheduler::Schedule": Runner("scheduler", Holder.SCHEDULER, ("Target",)),
    "AWS::Events::Rule": Runner("event-rule", Holder.EVENT_RULE, ("Targets",)),
    _PIPE: Runner("pipe", Holder.PIPE, ("Target", "TargetParameters")),
    **{kind: Runner("state-machine", Holder.STATE_MACHINE, DEFINING) for kind in STATE_MACHINES},
}
#: Their roles.
RUNNING = frozenset(runner.holder for runner in RUNNERS.values())
#: The property of each with the run; a state machine has it in its definition.
_HOW = {"AWS::Scheduler::Schedule": "EcsParameters", "AWS::Events::Rule": "EcsParameters", _PIPE: "EcsTaskParameters"}
#: The target of a schedule that calls an operation of ECS, with the input in ``Input``.
#: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
_UNIVERSAL = re.compile(r":scheduler:::aws-sdk:ecs:(run|start)Task")
_TASK = "TaskDefinitionArn"
#: Other properties that are relevant for the role of a run. The rest is about its time.
_TELLING = ("RoleArn", "Role", "KmsKeyArn")
#: Parts of a run that say which task, and how many, in their own form.
_NOT_OF_A_RUN = frozenset({_TASK, TASK, "Cluster", "Overrides", "TaskCount", "Tags", "TagList"})
#: Parts of a target that need no permission.
_COSTLESS = frozenset({"Id", "NetworkConfiguration", "PlatformVersion", "RetryPolicy", "TaskCount"})
#: Parts of a run that may need permissions.
_COSTLY = frozenset(
    {"EnableExecuteCommand", "EnableECSManagedTags", "LaunchType", "PropagateTags", "Tags", "VolumeConfigurations"}
)


class Target(Struct, frozen=True):
    """A place where a resource runs a task.

    ``steps`` is its path in the properties, ``named`` that of the task definition. ``given`` are members of RunTask,
    ``overrides`` those of the task definition, and ``hidden`` the unreadable members. ``is_read`` is false if more
    depends on it than is examined.
    """

    resource: Resource
    steps: Path
    named: Path
    task: Any
    cluster: Any
    given: Mapping[str, Any]
    overrides: Mapping[str, Any]
    hidden: tuple[str, ...] = ()
    overriding: Path = ()
    tags: Any = None
    waits: bool = False
    queue: Any = None
    is_read: bool = True

    @property
    def runner(self) -> Runner:
        """The kind of its runner."""
        return RUNNERS[self.resource.type]


def targets_of(resource: Resource) -> Iterator[Target]:
    """Yield the targets of a schedule, rule or pipe that run tasks, or such states of a state machine."""
    if resource.type in STATE_MACHINES:
        yield from (_of_state(resource, state) for state in state_machine(resource.properties).running)
    elif resource.type == _PIPE:
        given = resource.properties.get("TargetParameters")
        if isinstance(given, Mapping) and _HOW[_PIPE] in given:
            yield _of_pipe(resource, given[_HOW[_PIPE]])
    else:
        (name,) = RUNNERS[resource.type].told
        given = resource.properties.get(name)
        for said, steps in elements(given, (name,)) if isinstance(given, list) else [(given, (name,))]:
            if isinstance(said, Mapping) and _HOW[resource.type] in said:
                yield _of_event(resource, said, steps)


def _of_event(resource: Resource, said: Mapping[str, Any], steps: Path) -> Target:
    how = _HOW[resource.type]
    parameters = said[how] if isinstance(said[how], Mapping) else {}
    name = next((name for name in ("InputTransformer", "InputPath") if said.get(name)), "Input")
    overrides, hidden = input_of(said.get(name), name)
    queue = said.get("DeadLetterConfig")
    return Target(
        resource,
        steps=(*steps, how),
        named=(*steps, how, _TASK),
        task=parameters.get(_TASK),
        cluster=said.get("Arn"),
        given=_of_run(parameters),
        overrides=overrides,
        hidden=hidden,
        overriding=(*steps, name),
        tags=parameters.get("Tags") or parameters.get("TagList"),
        queue=queue.get("Arn") if isinstance(queue, Mapping) else None,
        is_read=isinstance(said.get("Arn"), str) and not resource.properties.get("KmsKeyArn"),
    )


def _of_pipe(resource: Resource, given: Any) -> Target:
    steps: Path = ("TargetParameters", _HOW[_PIPE])
    cluster = resource.properties.get("Target")
    target = _with_overrides(resource, steps, given if isinstance(given, Mapping) else {}, _TASK)
    return replace(target, cluster=cluster, is_read=isinstance(cluster, str))


def _of_state(resource: Resource, state: RunningState) -> Target:
    target = _with_overrides(resource, state.steps, state.said, TASK)
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    cluster = None if is_dynamic("Cluster", state.said) else state.said.get("Cluster", "default")
    return replace(target, cluster=cluster, waits=state.waits, is_read=isinstance(cluster, str))


def _with_overrides(resource: Resource, steps: Path, said: Mapping[str, Any], task: str) -> Target:
    hidden = [name for name in sorted(_COSTLY | {"Overrides"}) if is_dynamic(name, said)]
    overrides = {} if "Overrides" in hidden else seen(said.get("Overrides") or {}, hidden)
    hidden += [] if isinstance(overrides, Mapping) else ["Overrides"]
    inside = resource.type == _PIPE or steps != ("DefinitionString",)
    return Target(
        resource,
        steps=steps,
        named=(*steps, task) if inside else steps,
        task=said.get(task),
        cluster=None,
        given=_of_run({name: value for name, value in said.items() if not is_dynamic(name.removesuffix(".$"), said)}),
        overrides=overrides if isinstance(overrides, Mapping) else {},
        hidden=tuple(dict.fromkeys(hidden)),
        overriding=(*steps, "Overrides") if inside else steps,
        tags=said.get("Tags"),
    )


def _of_run(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in parameters.items() if name not in _NOT_OF_A_RUN}


def names_task(target: Target, task: Resource) -> bool:
    """Return whether a target runs a task definition: by ARN, or by family if ECS accepts that."""
    named = target.task
    if named in names_of(task.logical_id):
        return True
    by_family = target.resource.type in STATE_MACHINES or str(named).startswith("arn:")
    return by_family and task.type in TASK_DEFINITIONS and calls(named, task)


def of_unread_targets(template: Template, given: Given = NOTHING_GIVEN) -> Iterator[Gap]:
    """Yield a gap for everything that runs a task, or may do so, in an unreadable way."""
    names = frozenset(_running(template))
    has_tasks = any(each["Type"] in TASKS for each in template.resources.values())
    kinds = (*TASK_DEFINITIONS, *RUNNERS)
    for name in (name for name, each in template.resources.items() if names and each["Type"] in RUNNERS):
        around = replace(template, tree={**template.tree, "Resources": _around(name, template)})
        worlds = worlds_of(around, given, around.conditions_of(kinds))
        found = (each for world in worlds.all for each in _unread(worlds.stack(world, kinds), names))
        told = [what for whose, what, is_seen in dict.fromkeys(found) if whose == name and (is_seen or has_tasks)]
        yield from (_of_target(template, name, what) for what in told)
        if not told and not worlds.exact:
            yield too_many_conditions(template, ("Resources", name), RUNNERS[template.type_of(name)].holder)


def _around(name: str, template: Template) -> Mapping[str, Mapping[str, Any]]:
    """Return what runs tasks with everything that it names, and its possible task definitions in brief."""
    resources, reached = template.resources, reached_from(name, template.resources)
    kept = {each: resources[each] for each in reached}
    text = str(tasks_named(resources[name]))
    for each, task in resources.items():
        if task["Type"] in TASK_DEFINITIONS and (each in kept or names_family(text, task)):
            properties = task.get("Properties")
            members = properties.items() if isinstance(properties, Mapping) else ()
            kept[each] = {**task, "Properties": {member: value for member, value in members if member == "Family"}}
    return {each: kept[each] for each in resources if each in kept}


def names_family(text: str, task: Mapping[str, Any]) -> bool:
    """Return whether a text may name a task definition by family."""
    properties = task.get("Properties")
    family = properties.get("Family") if isinstance(properties, Mapping) else None
    return family in text if isinstance(family, str) and family else isinstance(family, Mapping)


def as_runner(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parts of a schedule, rule or other runner that are about its tasks, not about their time."""
    told = (*RUNNERS[resource["Type"]].told, *_TELLING)
    properties = resource.get("Properties")
    kept = {name: properties[name] for name in told if name in properties} if isinstance(properties, Mapping) else {}
    return {**resource, "Properties": _without_costless(kept)}


def tasks_named(runner: Mapping[str, Any]) -> Any:
    """Return what names the task definitions in a runner."""
    if runner["Type"] in STATE_MACHINES:
        return as_runner(runner)["Properties"]
    return values_of(_TASK, runner.get("Properties"))


def _does_more(resource: Resource, tasks: Sequence[Resource], stack: ResolvedStack) -> bool:
    """Return whether the role of a pipe or a state machine may need more than its runs of these tasks require."""
    is_machine = resource.type in STATE_MACHINES
    more = state_machine(resource.properties).does_more if is_machine else needs_more(resource, stack)
    ours = (any(names_task(target, task) for task in tasks) and target.is_read for target in targets_of(resource))
    return more or not all(ours)


def doing_more(template: Template, tasks: Collection[str]) -> tuple[str, ...]:
    """Return the pipes and state machines that are known to do more than run these tasks."""
    kinds = (*STATE_MACHINES, _PIPE)
    if not any(each["Type"] in kinds for each in template.resources.values()):
        return ()
    stack = template.resolve(types=(*kinds, *SOURCES, *TASK_DEFINITIONS))
    ours = [each for each in stack.of_type(*TASK_DEFINITIONS) if each.logical_id in tasks]
    return tuple(each.logical_id for each in stack.of_type(*kinds) if _does_more(each, ours, stack))


def made_in_part(template: Template, tasks: Collection[str]) -> Iterator[Gap]:
    """Yield a gap for each of these that runs one of the tasks: its role is built only for that."""
    stack = template.resolve(types=(*STATE_MACHINES, _PIPE, *TASK_DEFINITIONS))
    ours = [each for each in stack.of_type(*TASK_DEFINITIONS) if each.logical_id in tasks]
    for name in doing_more(template, tasks):
        runner = RUNNERS[template.type_of(name)]
        if any(names_task(target, task) for target in targets_of(stack.resources[name]) for task in ours):
            what = (
                f"the {runner.holder} that cfnroles creates can run the tasks of {name}, but has no permission for"
                f" what else {name} does"
            )
            how = (
                "Add the permissions that `cfnroles verify` reports to its own role, or add the other permissions"
                " to this one"
            )
            yield Gap(runner.holder, "hidden-resource", Origin(template.document, ("Resources", name)), what, how)


def _without_costless(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_costless(each) for each in value]
    members = value.items() if isinstance(value, Mapping) else ()
    kept = {name: _without_costless(each) for name, each in members if name not in _COSTLESS}
    return kept if isinstance(value, Mapping) else value


def values_of(name: str, value: Any) -> list[Any]:
    """Return the values of all members with this name, at any depth."""
    own = [value[name]] if isinstance(value, Mapping) and name in value else []
    return [*own, *(found for member in inside(value) for found in values_of(name, member))]


def _running(template: Template) -> Iterator[str]:
    """Yield what runs tasks, or may do so."""
    yield from (name for name, each in template.resources.items() if may_run_tasks(each))


def may_run_tasks(resource: Mapping[str, Any]) -> bool:
    """Return whether a resource is a state machine, or a schedule, rule or pipe that runs tasks in any world."""
    kind, properties = resource["Type"], resource.get("Properties")
    return kind in STATE_MACHINES or (kind in _HOW and (has_key(properties, _HOW[kind]) or _is_universal(properties)))


def _is_universal(properties: Any) -> bool:
    """Return whether the target of a schedule calls RunTask or StartTask itself."""
    return any(_UNIVERSAL.search(str(each)) for each in values_of("Arn", properties))


def _unread(stack: ResolvedStack, names: frozenset[str]) -> Iterator[tuple[str, str, bool]]:
    """Yield what runs tasks and is unreadable, the reason, and whether it is known to run any."""
    tasks = stack.of_type(*TASK_DEFINITIONS)
    for each in stack.of_type(*RUNNERS):
        name = each.logical_id
        ours = all(target.is_read and any(names_task(target, task) for task in tasks) for target in targets_of(each))
        if each.type in STATE_MACHINES:
            read = state_machine(each.properties)
            yield from ((name, f"state machine {name}: {why}", read.is_seen) for why in read.unread)
        elif name not in names or (ours and _is_seen(each)):
            continue
        if not ours or each.type not in STATE_MACHINES:
            what = f"cannot see which permissions {name} needs to run a task, nor what its target overrides"
            yield name, what, True


def _is_seen(resource: Resource) -> bool:
    """Return whether all runs are readable: not if CloudFormation generates them from unknowns."""
    given = [resource.properties.get(name) for name in RUNNERS[resource.type].told]
    made = any(isinstance(each, str) for part in given for each in (part if isinstance(part, list) else [part]))
    targets = tuple(targets_of(resource))
    whole = len(targets) == len(values_of(_HOW[resource.type], resource.properties))
    return whole and not _is_universal(resource.properties) and (not made or resource.type == _PIPE)


def _of_target(template: Template, name: str, what: str) -> Gap:
    runner = RUNNERS[template.type_of(name)]
    how = (
        "Its role needs ecs:RunTask on the task definition and iam:PassRole on the roles of the task: a service"
        f" spec with `run-by: {runner.member}` creates it. For the overrides of the target, pass the task"
        " definition to cfnroles with --run-task-file FILE"
    )
    return Gap(runner.holder, "hidden-resource", Origin(template.document, ("Resources", name)), what, how)
