"""What of a configuration runs task definitions besides services: each is a run of the task, with a role of its own.

A target says there what it says in a template, in other words: it is turned into these, so that one room reads both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from cfnroles.hcl.syntax import Place
from cfnroles.hcl.values import Failed, Value, text
from cfnroles.need import Holder
from cfnroles.sources.state_machines import state_machine
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

_DEFINITION = re.compile(r"\baws_ecs_task_definition\.([\w-]+)")


class TaskTarget(Struct, frozen=True, eq=False):
    """One place at which a resource of a configuration runs a task."""

    address: str
    target: Target
    turning: Turning
    role: Text | None

    @property
    def is_read(self) -> bool:
        """Whether all that it asks of its role is looked at."""
        return self.target.is_read and isinstance(self.target.task, str)

    def runs(self, task: Turned, arns: Sequence[str] = ()) -> bool:
        """Whether it runs a task definition, which is known by its address, its family, or one of its ARNs."""
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
        """The task definition with this run of it beside it."""
        member, target, told = self.target.runner.member, self.target, self.turning.told
        both, overrides = task.copied(), told(target.overrides)
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
            "hidden": tuple(dict.fromkeys((*map(_spelled, target.hidden), *_open(overrides, _overridable(), "")))),
            "sync": target.waits,
            **({"deadLetterQueue": text_of(told(target.queue))} if isinstance(target.queue, str) else {}),
            "roleArn": self.role,
        }
        if target.runner.holder is not Holder.SCHEDULER:
            by.pop("deadLetterQueue", None)
        both.tree["runBy"] = {member: {name: each for name, each in by.items() if each is not None}}
        self._place(both, ("runTask", "overrides"), target.overriding)
        self._place(both, ("runBy", member), target.named)
        return both

    def _given(self) -> Mapping[str, Value]:
        """What it says that RunTask takes. Of a resource, the provider has names of its own for the network."""
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
        """The revision that is run, where it is that of the resource; every one where the newest is."""
        named = text_of(self.turning.told(self.target.task))
        if arn_of(named) is None:
            return {}
        last = named.parts[-1]
        if isinstance(last, str):
            return {"taskDefinition": named} if re.search(r":\d+$", last) else {}
        if not isinstance(last, Expression) or last.address != task.address:
            return {}
        return {"taskDefinition": Text(named, ":", ANYTHING) if last.attribute.endswith("family") else named}

    def _cluster(self) -> Mapping[str, Text]:
        cluster = self.turning.told(self.target.cluster)
        if not isinstance(cluster, str):
            return {}
        by_name = self.target.runner.holder is Holder.STATE_MACHINE and arn_of(cluster) is None
        return {"cluster" if by_name else "clusterArn": text_of(cluster)}


class RunnerOfTasks(Struct, frozen=True):
    """A resource that runs tasks, or may do so: its targets, and sentences about what of it is not read.

    ``does_more`` says whether its role may need anything else.
    """

    address: str
    type: RunnerType
    targets: tuple[TaskTarget, ...]
    unread: tuple[str, ...] = ()
    does_more: bool = False
    is_seen: bool = True


def runner_of(address: str, kind: RunnerType, given: Attributes) -> RunnerOfTasks:
    """What a resource of this type says of the tasks that it runs."""
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


#: What is said of a target that is not read, and of one that runs none of the task definitions.
_NOT_READ = "cannot see which task it runs, or where"
ELSEWHERE = (
    "it runs a task definition from outside the configuration; cfnroles does not check the permissions of its role"
)


def how_to_build(kind: RunnerType) -> str:
    """What the role of such a resource takes, and what builds one."""
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
    """A member of a target of EventBridge as Terraform calls it."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() if name.startswith("Input") else name


def _overridable() -> Any:
    return members_beside("runTask")["overrides"]


def _open(value: Any, kind: Any, name: str) -> Iterator[str]:
    """The members in whose place an expression stands that may hold more of them."""
    if isinstance(kind, Mapping) and isinstance(value, Mapping):
        for member, each in value.items():
            yield from _open(each, kind.get(member), member)
    elif isinstance(kind, list) and isinstance(value, list):
        for each in value:
            yield from _open(each, kind[0], name)
    elif isinstance(kind, Mapping | list) and isinstance(value, Text):
        yield name or "overrides"


def _is_of(symbol: Symbol, address: str) -> bool:
    """Whether a symbol is made of an attribute of a resource, be it cut or changed."""
    if not isinstance(symbol, Expression):
        return False
    if symbol.address:
        return symbol.address == address
    module, _, own = address.rpartition("aws_ecs_task_definition.")
    named = symbol.name.startswith(module) and "module." not in symbol.name[len(module) :]
    return named and set(_DEFINITION.findall(symbol.name)) == {own.partition("[")[0]}


def _roles(tree: Any) -> list[Text]:
    """The roles that a task definition names, or what a run puts into their place."""
    given = (tree.get(member) for member in OVERRIDABLE.values()) if isinstance(tree, Mapping) else ()
    return list(dict.fromkeys(shaped(text_of(each)) for each in given if isinstance(each, str) and each))


def _valued(given: Any, place: Place) -> Any:
    """Members that are known already, as values that stand at one place."""
    if isinstance(given, Mapping):
        return {name: Value(_valued(each, place), place) for name, each in given.items()}
    return [Value(_valued(each, place), place) for each in given] if isinstance(given, list) else given


def targets_running(task: Turned, runners: Sequence[RunnerOfTasks], arns: Sequence[str] = ()) -> Iterator[Turned]:
    """The task definition beside each target that runs it."""
    for runner in runners:
        yield from (each.beside(task) for each in runner.targets if each.runs(task, arns))


def judged(runners: Sequence[RunnerOfTasks], is_ours: Callable[[TaskTarget], bool]) -> frozenset[str]:
    """The addresses of what does nothing but to run tasks of ours, so that all that its role needs is seen."""
    return frozenset(
        each.address
        for each in runners
        if each.targets and not each.unread and not each.does_more and all(map(is_ours, each.targets))
    )


#: An address, what is not read there, what to do, and whose role it is about.
UnreadRun = tuple[str, str, str, Holder]


def unread_runs(runner: RunnerOfTasks, known: Container[str], *, has_tasks: bool) -> Iterator[UnreadRun]:
    """What of a runner is not read; ``known`` are the addresses of those that run one of our task definitions."""
    for why in runner.unread if runner.is_seen or has_tasks else ():
        yield runner.address, why, how_to_build(runner.type), runner.type.holder
    if runner.targets and not runner.unread and runner.address not in known:
        yield runner.address, ELSEWHERE, how_to_build(runner.type), runner.type.holder
