"""Schedules and rules of EventBridge in a template, each beside the task definition that its target runs.

What a target says is a run of the task: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.need import Gap, Holder, Origin
from cfnroles.placeholders import as_symbols
from cfnroles.sources.template_task_definitions import (
    TASK_DEFINITIONS,
    TemplateTask,
    Turned,
    elements,
    has_key,
    names_of,
    shaped,
)
from cfnroles.sources.unknown_members import members_beside
from cfnroles.symbols import Attribute
from cfnroles.table.ecs.run_task import OVERRIDABLE
from cfnroles.template.template import ResolvedStack, Resource, Template
from cfnroles.template.worlds import worlds_of
from cfnroles.text import Text
from cfnroles.workload import Path


class Runner(Struct, frozen=True):
    """What runs tasks besides services: the member of a spec's ``run-by``, its role, and where it has its targets."""

    member: str
    holder: Holder
    targets: str


#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-scheduler-schedule-target.html
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-events-rule-target.html
RUNNERS = {
    "AWS::Scheduler::Schedule": Runner("scheduler", Holder.SCHEDULER, "Target"),
    "AWS::Events::Rule": Runner("event-rule", Holder.EVENT_RULE, "Targets"),
}
#: The roles of these.
RUNNING = frozenset(runner.holder for runner in RUNNERS.values())
_ECS, _TASK = "EcsParameters", "TaskDefinitionArn"
#: What else says something about the role of a task that is run. Other properties tell when it is.
_TELLING = ("RoleArn", "KmsKeyArn")
#: What of a target tells which task, and how many, and has a form of its own.
_NOT_OF_A_RUN = frozenset({_TASK, "TaskCount", "Tags", "TagList"})
#: An override of RunTask has no more than some six.
_LEVELS = 50
#: What of a target no permission hangs on.
_COSTLESS = frozenset({"Id", "NetworkConfiguration", "PlatformVersion", "RetryPolicy", "TaskCount"})
_ROLE = "AWS::IAM::Role"


class Target(Struct, frozen=True):
    """One target of a schedule or a rule that runs tasks, and where it stands in the properties of that."""

    resource: Resource
    said: Mapping[str, Any]
    steps: Path

    @property
    def parameters(self) -> Mapping[str, Any]:
        """How it runs them; empty where CloudFormation makes that."""
        given = self.said.get(_ECS)
        return given if isinstance(given, Mapping) else {}

    @property
    def is_read(self) -> bool:
        """Whether it says which role it needs: not where a key encrypts the schedule, or where it names no cluster."""
        return isinstance(self.said.get("Arn"), str) and not self.resource.properties.get("KmsKeyArn")


def targets_of(resource: Resource) -> Iterator[Target]:
    """The targets of a schedule or a rule that run tasks."""
    name = RUNNERS[resource.type].targets
    given = resource.properties.get(name)
    for said, steps in elements(given, (name,)) if isinstance(given, list) else [(given, (name,))]:
        if isinstance(said, Mapping) and _ECS in said:
            yield Target(resource, said, steps)


def beside_targets(task: TemplateTask, stack: ResolvedStack) -> tuple[TemplateTask, ...]:
    """The task definition beside each target of the stack that runs it."""
    own = names_of(task.resource.logical_id)
    targets = (target for each in stack.of_type(*RUNNERS) for target in targets_of(each) if target.is_read)
    return tuple(_beside(task, each, stack) for each in targets if each.parameters.get(_TASK) in own)


def of_unread_targets(template: Template) -> Iterator[Gap]:
    """A gap for each schedule and each rule that runs a task in a way that is not read."""
    names = frozenset(_with_parameters(template))
    if not names:
        return
    kinds = (*TASK_DEFINITIONS, *RUNNERS)
    worlds = worlds_of(template, conditions=template.conditions_of(kinds))
    found = (name for world in worlds.all for name in _unread(worlds.stack(world, kinds), names))
    for name in dict.fromkeys(found):
        what = f"cfnroles does not read what the role of {name} needs to run a task, nor what its target overrides"
        yield _of_target(template, name, what)


def as_runner(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """What of a schedule or a rule is about the tasks that it runs, and not about when."""
    told = (RUNNERS[str(resource["Type"])].targets, *_TELLING)
    properties = resource.get("Properties")
    kept = {name: properties[name] for name in told if name in properties} if isinstance(properties, Mapping) else {}
    return {**resource, "Properties": _without_costless(kept)}


def _without_costless(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_costless(each) for each in value]
    members = value.items() if isinstance(value, Mapping) else ()
    kept = {name: _without_costless(each) for name, each in members if name not in _COSTLESS}
    return kept if isinstance(value, Mapping) else value


def values_of(name: str, value: Any) -> list[Any]:
    """The values of all members of this name, at any depth."""
    members = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
    own = [value[name]] if isinstance(value, Mapping) and name in value else []
    return [*own, *(found for member in members for found in values_of(name, member))]


def _with_parameters(template: Template) -> Iterator[str]:
    resources = template.tree.get("Resources")
    for name, each in resources.items() if isinstance(resources, Mapping) else ():
        if isinstance(each, Mapping) and str(each.get("Type")) in RUNNERS and has_key(each.get("Properties"), _ECS):
            yield str(name)


def _unread(stack: ResolvedStack, names: frozenset[str]) -> Iterator[str]:
    own = {name for each in stack.of_type(*TASK_DEFINITIONS) for name in names_of(each.logical_id)}
    for each in stack.of_type(*RUNNERS):
        targets = tuple(targets_of(each))
        whole = all(target.is_read and _is_one_of(target.parameters.get(_TASK), own) for target in targets)
        all_seen = len(targets) == len(values_of(_ECS, each.properties)) and not _is_made(each)
        if each.logical_id in names and not (whole and all_seen):
            yield each.logical_id


def _of_target(template: Template, name: str, what: str) -> Gap:
    runner = RUNNERS[template.type_of(name)]
    how = (
        "It takes ecs:RunTask on the task definition, and iam:PassRole on the roles of the task: a service spec"
        f" with `run-by: {runner.member}` builds such a role. For what the target overrides, give the"
        " task definition to cfnroles with --run-task FILE"
    )
    return Gap(runner.holder, "hidden-resource", Origin(template.document, ("Resources", name)), what, how)


def input_gaps(task: TemplateTask) -> Iterator[Gap]:
    """What a target overrides and nobody can see."""
    run = task.workload.tree.get("runBy")
    for member, said in run.items() if isinstance(run, Mapping) else ():
        holder = next(runner.holder for runner in RUNNERS.values() if runner.member == member)
        if name := said.get("hidden"):
            what = f"nobody can see what {name} puts into the place of what the task definition says"
            how = "Write the overrides as a JSON text in `Input`, or look by hand whether they name a role or a file"
            yield Gap(holder, "hidden-overrides", task.workload.origin(("runTask", "overrides")), what, how)


def _is_one_of(given: Any, names: set[str]) -> bool:
    return isinstance(given, str) and given in names


def _is_made(resource: Resource) -> bool:
    """Whether CloudFormation makes a target, or all of them, of what is not known yet."""
    given = resource.properties.get(RUNNERS[resource.type].targets)
    return any(isinstance(each, str) for each in (given if isinstance(given, list) else [given]))


def _beside(task: TemplateTask, target: Target, stack: ResolvedStack) -> TemplateTask:
    resource, start = target.resource, (*target.steps, _ECS)
    sources, unseen = dict(task.sources), list(task.unseen)
    turned = Turned(resource, stack, sources, unseen)
    runner = RUNNERS[resource.type]
    given = {name: value for name, value in target.parameters.items() if name not in _NOT_OF_A_RUN}
    run = turned.structure(given, members_beside("runTask"), ("runTask",), start)
    overrides, hidden = _overrides(target, stack)
    sources[("runTask",)] = resource.source(*start)
    sources[("runTask", "overrides")] = resource.source(*target.steps, _input_of(target))
    sources[("runBy", runner.member)] = resource.source(*start, _TASK)
    if overrides:
        run["overrides"] = overrides
    by = {
        "taskDefinition": shaped(names_of(task.resource.logical_id)[0], stack),
        "clusterArn": shaped(target.said["Arn"], stack),
        "tags": _tags(target, run),
        "roles": _roles(task.workload.tree, stack),
        "rolesInstead": _roles(overrides, stack),
        "hidden": hidden,
        **_dead_letters(target, stack),
    }
    tree = as_symbols({**task.workload.tree, "runTask": run})
    document = task.workload.document
    settings = {**task.workload.settings, "runTask": document, "runBy": document}
    workload = replace(task.workload, tree={**tree, "runBy": {runner.member: by}}, settings=settings)
    return TemplateTask(task.resource, workload, sources, tuple(unseen))


def _input_of(target: Target) -> str:
    return next((name for name in ("InputTransformer", "InputPath") if target.said.get(name)), "Input")


def _overrides(target: Target, stack: ResolvedStack) -> tuple[Mapping[str, Any], str]:
    """What a target overrides, and the member that does so unseen."""
    name = _input_of(target)
    given = target.said.get(name)
    if given is None:
        return {}, ""
    try:
        said = json.loads(given) if name == "Input" and isinstance(given, str) and not _is_deep(given) else None
    except ValueError:
        said = None
    if not isinstance(said, dict) or _has_open_name(said):
        return {}, name
    return _texts(said, stack), ""


def _is_deep(text: str) -> bool:
    """Whether a JSON text has more levels than any override."""
    depth = 0
    for sign in text:
        depth += (sign in "[{") - (sign in "]}")
        if depth > _LEVELS:
            return True
    return False


def _has_open_name(value: Any) -> bool:
    """Whether the name of a member hangs on what CloudFormation knows."""
    if isinstance(value, dict):
        return any("${" in name for name in value) or any(map(_has_open_name, value.values()))
    return isinstance(value, list) and any(map(_has_open_name, value))


def _texts(value: Any, stack: ResolvedStack) -> Any:
    if isinstance(value, dict):
        return {name: _texts(each, stack) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_texts(each, stack) for each in value]
    if isinstance(value, str) and "${" in value:
        text = shaped(value, stack)
        return text if text.symbols else text.plain
    return value


def _tags(target: Target, run: Mapping[str, Any]) -> bool:
    """Whether the task gets tags as it is run.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
    """
    listed = target.parameters.get("Tags") or target.parameters.get("TagList")
    propagated = run.get("propagateTags", "NONE") != "NONE"
    return bool(listed) or propagated or run.get("enableECSManagedTags") not in (None, False, "false")


def _roles(tree: Mapping[str, Any], stack: ResolvedStack) -> list[Text]:
    """The roles that a task definition names, or what a target puts into their place."""
    given = (tree.get(member) for member in OVERRIDABLE.values())
    roles = (_arn(text, stack) for text in given if isinstance(text, str) and text)
    return list(dict.fromkeys(roles))


def _arn(role: str, stack: ResolvedStack) -> Text:
    text = role if isinstance(role, Text) else Text(role)
    own = stack.resources.get(text.whole.name) if text.whole is not None else None
    if "/" not in text and own is None:
        # CloudFormation gives the name where a template says it.
        own = next((each for each in stack.of_type(_ROLE) if each.properties.get("RoleName") == text), None)
    return Text(Attribute(f"{own.logical_id}.Arn", type=_ROLE)) if own is not None and own.type == _ROLE else text


def _dead_letters(target: Target, stack: ResolvedStack) -> Mapping[str, Text]:
    """The queue that the role of a schedule sends to. To that of a rule EventBridge sends by the queue's policy.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    given = target.said.get("DeadLetterConfig")
    queue = given.get("Arn") if isinstance(given, Mapping) else None
    is_schedule = RUNNERS[target.resource.type].holder is Holder.SCHEDULER
    return {"deadLetterQueue": shaped(queue, stack)} if is_schedule and isinstance(queue, str) else {}
