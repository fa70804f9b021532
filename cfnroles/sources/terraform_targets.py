"""Runners of a configuration's task definitions besides services: runs of the task, with their own roles.

A target has the same contents as in a template, in other words. It is translated, so that one reader handles both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from cfnroles.hcl.syntax import Place
from cfnroles.hcl.values import Failed, Value, text
from cfnroles.need import Holder
from cfnroles.sources.pipe_sources import service_of, what_is_read
from cfnroles.sources.state_machines import state_machine
from cfnroles.sources.target_overrides import FREE
from cfnroles.sources.target_runs import has_tags
from cfnroles.sources.template_targets import RUNNERS, Target, targets_of
from cfnroles.sources.terraform_members import Attributes, Turned
from cfnroles.sources.terraform_runners import RunnerType, Turning
from cfnroles.sources.terraform_symbols import shaped
from cfnroles.sources.unknown_members import members_beside
from cfnroles.symbols import Expression, Symbol
from cfnroles.table.ecs.run_task import OVERRIDABLE
from cfnroles.template.template import Resource
from cfnroles.text import ANYTHING, Text, arn_of, text_of
from cfnroles.workload import Path

#: The services of attributes whose form is unknown: the ARN of a table's stream has the time of its creation.
_SERVICES = {"aws_dynamodb_table": "dynamodb"}
_DEFINITION = re.compile(r"\baws_ecs_task_definition\.([\w-]+)")


class TaskTarget(Struct, frozen=True, eq=False):
    """A place where a resource of a configuration runs a task."""

    address: str
    target: Target
    turning: Turning
    role: Text | None

    @property
    def is_read(self) -> bool:
        """Whether all needs of its role are examined."""
        return self.target.is_read and isinstance(self.target.task, str)

    def runs(self, task: Turned, arns: Sequence[str] = ()) -> bool:
        """Return whether it runs a task definition, by address, family, or one of its ARNs."""
        named = self.turning.told(self.target.task)
        if not self.is_read or not isinstance(named, str):
            return False
        given = text_of(named)
        if any(_is_of(each, task.address) for each in given.symbols):
            return True
        arn = arn_of(given)
        last = given if arn is None else arn.resource.cut("/")[-1]
        if arn is None and self.target.runner.holder is not Holder.STATE_MACHINE:
            return False
        without = re.sub(r":(\d+|\*)$", "", given.plain)
        return bool(last) and (last.cut(":")[0] == task.tree.get("family") or bool({given.plain, without} & set(arns)))

    def beside(self, task: Turned) -> Turned:
        """Return the task definition with this run."""
        member, target, told = self.target.runner.member, self.target, self.turning.told
        both, overridden = task.copied(), told(target.overrides)
        overrides = _without_open(overridden, _overridable())
        self._place(both, ("runTask",), target.steps)
        run = both.members_beside("runTask", self._given(), members_beside("runTask"))
        if overrides:
            run["overrides"] = overrides
        by = {
            **self._revision(task),
            **self._cluster(),
            "tags": has_tags(target, run),
            "roles": _roles(task.tree),
            "rolesInstead": _roles(overrides),
            "hidden": tuple(dict.fromkeys((*map(_spelled, target.hidden), *_open(overridden, _overridable(), "")))),
            "sync": target.waits,
            **self._dead_letters(),
            "roleArn": self.role,
            **(what_is_read(target.resource.properties, self._named) if target.runner.holder is Holder.PIPE else {}),
        }
        both.tree["runBy"] = {member: {name: each for name, each in by.items() if each is not None}}
        self._place(both, ("runTask", "overrides"), target.overriding)
        self._place(both, ("runBy", member), target.named)
        return both

    def _given(self) -> Mapping[str, Value]:
        """Return its input for RunTask. The provider has its own names for the network."""
        place = self.turning.at(self.target.steps)[1]
        given = _valued(self.turning.told(self.target.given), place)
        if self.target.runner.holder is Holder.STATE_MACHINE:
            return dict(given)
        known = {name.lower() for name in members_beside("runTask")} - {"networkconfiguration"}
        return {name: value for name, value in given.items() if name.lower() in known}

    def _place(self, task: Turned, path: Path, steps: Path) -> None:
        place, spot = self.turning.at(steps)
        task.places[path] = place
        if spot.document:
            task.spots[path] = (spot.document, spot.line, spot.column)
            task.settings |= dict.fromkeys(("runTask", "runBy"), spot.document)

    def _revision(self, task: Turned) -> Mapping[str, Text]:
        """Return the revision that is run if it is that of the resource; every one if it is the newest."""
        named = text_of(self.turning.told(self.target.task))
        if arn_of(named) is None:
            return {}
        last = named.parts[-1]
        if isinstance(last, str):
            return {"taskDefinition": named} if re.search(r":\d+$", last) else {}
        if not isinstance(last, Expression) or last.address != task.address:
            return {}
        return {"taskDefinition": Text(named, ":", ANYTHING) if last.attribute.endswith("family") else named}

    def _dead_letters(self) -> Mapping[str, Text]:
        """Return where a schedule sends the events of failed runs; the resource policy of the queue allows a rule."""
        queue, holder = self.target.queue, self.target.runner.holder
        known = holder is Holder.SCHEDULER and isinstance(queue, str)
        return {"deadLetterQueue": text_of(self.turning.told(queue))} if known else {}

    def _named(self, given: str) -> tuple[Text, str]:
        """Return what a part of a pipe names, and its service."""
        text = text_of(self.turning.told(given))
        symbol = text.whole
        kind = symbol.type if isinstance(symbol, Expression) else ""
        return text, service_of(text) or _SERVICES.get(kind, "")

    def _cluster(self) -> Mapping[str, Text]:
        cluster = self.turning.told(self.target.cluster)
        if not isinstance(cluster, str):
            return {}
        by_name = self.target.runner.holder is Holder.STATE_MACHINE and arn_of(cluster) is None
        return {"cluster" if by_name else "clusterArn": text_of(cluster)}


class RunnerOfTasks(Struct, frozen=True):
    """A resource that runs tasks, or may do so: its targets, and sentences about its unreadable parts.

    ``does_more`` says whether its role may need anything else.
    """

    address: str
    type: RunnerType
    targets: tuple[TaskTarget, ...]
    unread: tuple[str, ...] = ()
    does_more: bool = False
    is_seen: bool = True


def runner_of(address: str, kind: RunnerType, given: Attributes) -> RunnerOfTasks:
    """Return the runs of a resource of this type."""
    turning = Turning(address)
    properties = turning.properties(given, kind)
    resource = Resource(address, kind.type, properties, {})
    role = _role(given, kind, turning, properties)
    targets = tuple(TaskTarget(address, each, turning, role) for each in targets_of(resource))
    stopped = tuple(f"Terraform would fail here: {each.what}" for each in given.values() if isinstance(each, Failed))
    if kind.running:
        unread = () if targets and all(each.is_read for each in targets) else (_NOT_READ,)
        return RunnerOfTasks(address, kind, targets, stopped or unread, kind.type == "AWS::Pipes::Pipe")
    read = state_machine(properties)
    own = () if all(each.is_read for each in targets) else (_NOT_READ,)
    unread = (*stopped, *(str(turning.told(each)) for each in read.unread), *own)
    return RunnerOfTasks(address, kind, targets, unread, read.does_more, read.is_seen)


#: The messages for a target that is unreadable, and for one that runs none of the task definitions.
_NOT_READ = "cannot see which task it runs, or where"
ELSEWHERE = (
    "it runs a task definition from outside the configuration; cfnroles does not check the permissions of its role"
)


def how_to_build(kind: RunnerType) -> str:
    """Return what the role of such a resource needs, and how to build it."""
    return (
        "Its role needs ecs:RunTask on the task definition and iam:PassRole on the roles of the task: a service"
        f" spec with `run-by: {RUNNERS[kind.type].member}` creates it"
    )


def _role(given: Attributes, kind: RunnerType, turning: Turning, properties: Mapping[str, Any]) -> Text | None:
    inner = properties.get("Target") if kind.running == "ecs_parameters" else None
    if isinstance(inner, Mapping):
        return text_of(turning.told(inner["RoleArn"])) if isinstance(inner.get("RoleArn"), str) else None
    value = given.get("role_arn")
    if not isinstance(value, Value) or value.data is None:
        return None
    try:
        return shaped(text(value))
    except Failed:
        return None


def _spelled(name: str) -> str:
    """Return Terraform's name for a member of an EventBridge target."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() if name.startswith("Input") else name


def _overridable() -> Any:
    return members_beside("runTask")["overrides"]


def _open(value: Any, kind: Any, name: str) -> Iterator[str]:
    """Yield the members with an expression in place of further members, unless these need no permission."""
    if isinstance(kind, Mapping) and isinstance(value, Mapping):
        for member, each in value.items():
            yield from _open(each, kind.get(member), member)
    elif isinstance(kind, list) and isinstance(value, list):
        for each in value:
            yield from _open(each, kind[0], name)
    elif _is_open(value, kind) and name not in FREE:
        yield name or "overrides"


def _without_open(value: Any, kind: Any) -> Any:
    """Return a value without the members and elements of which an expression has the place."""
    if isinstance(kind, Mapping) and isinstance(value, Mapping):
        known = {member: each for member, each in value.items() if not _is_open(each, kind.get(member))}
        return {member: _without_open(each, kind.get(member)) for member, each in known.items()}
    if isinstance(kind, list) and isinstance(value, list):
        return [_without_open(each, kind[0]) for each in value if not _is_open(each, kind[0])]
    return value


def _is_open(value: Any, kind: Any) -> bool:
    return isinstance(kind, Mapping | list) and isinstance(value, Text)


def _is_of(symbol: Symbol, address: str) -> bool:
    """Return whether a symbol derives from an attribute of a resource, possibly cut or changed."""
    if not isinstance(symbol, Expression):
        return False
    if symbol.address:
        return symbol.address == address
    module, _, own = address.rpartition("aws_ecs_task_definition.")
    named = symbol.name.startswith(module) and "module." not in symbol.name[len(module) :]
    return named and set(_DEFINITION.findall(symbol.name)) == {own.partition("[")[0]}


def _roles(tree: Any) -> list[Text]:
    """Return the roles of a task definition, or those with which a run overrides them."""
    given = (tree.get(member) for member in OVERRIDABLE.values()) if isinstance(tree, Mapping) else ()
    return list(dict.fromkeys(shaped(text_of(each)) for each in given if isinstance(each, str) and each))


def _valued(given: Any, place: Place) -> Any:
    """Return known members as values at one place. What is only an expression may be of any type."""
    if isinstance(given, Mapping):
        return {name: Value(_valued(each, place), place) for name, each in given.items()}
    if isinstance(given, list):
        return [Value(_valued(each, place), place) for each in given]
    whole = given.whole if isinstance(given, Text) else None
    return whole if isinstance(whole, Expression) else given


def targets_running(task: Turned, runners: Sequence[RunnerOfTasks], arns: Sequence[str] = ()) -> Iterator[Turned]:
    """Yield the task definition with each target that runs it."""
    for runner in runners:
        yield from (each.beside(task) for each in runner.targets if each.runs(task, arns))


def judged(runners: Sequence[RunnerOfTasks], is_ours: Callable[[TaskTarget], bool]) -> frozenset[str]:
    """Return the addresses of resources that only run our tasks, so that all needs of their roles are known."""
    return frozenset(
        each.address
        for each in runners
        if each.targets and not each.unread and not each.does_more and all(map(is_ours, each.targets))
    )


#: An address, its unreadable part, the remedy, and the holder of its role.
UnreadRun = tuple[str, str, str, Holder]


def unread_runs(runner: RunnerOfTasks, known: Container[str], *, has_tasks: bool) -> Iterator[UnreadRun]:
    """Yield the unreadable parts of a runner. ``known`` are the addresses of those that run one of our task
    definitions.
    """
    for why in runner.unread if runner.is_seen or has_tasks else ():
        yield runner.address, why, how_to_build(runner.type), runner.type.holder
    if runner.targets and not runner.unread and runner.address not in known:
        yield runner.address, ELSEWHERE, how_to_build(runner.type), runner.type.holder
