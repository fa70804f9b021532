"""Responses of AWS about a failed task, service or stack, with as few calls as possible and no changes.

They have the output format of the AWS CLI, so the same rules apply to live and saved responses.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from cfnroles.aws.ecs import MOST_TASKS
from cfnroles.aws.refusals import Denied, Refused
from cfnroles.aws.stack import Event
from cfnroles.errors import InvalidInput, Unavailable
from cfnroles.text import arn_of

#: The maximum number of nested stacks and of services to examine.
_STACKS, _SERVICES = 20, 5
_STACK, _SERVICE_TYPES = "AWS::CloudFormation::Stack", ("AWS::ECS::Service", "AWS::ECS::ExpressGatewayService")
#: The first event of an operation on a stack; a rollback belongs to the operation before it.
_BEGINS = frozenset({"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"})
_FAILED = frozenset({"TaskFailedToStart", "EssentialContainerExited"})
_KEPT = "Amazon ECS keeps a stopped task for at least one hour."
_Answer = TypeVar("_Answer")


class Tasks(Protocol):
    """The calls to Amazon ECS that are needed here: ``cfnroles.aws.ecs.Ecs``."""

    def services(self, cluster: str, names: Sequence[str]) -> dict[str, Any]:
        """DescribeServices."""

    def tasks(self, cluster: str, names: Sequence[str]) -> dict[str, Any]:
        """DescribeTasks."""

    def stopped_tasks(self, cluster: str, *, service: str = "", family: str = "") -> tuple[tuple[str, ...], bool]:
        """ListTasks."""

    def task_definition(self, name: str) -> str:
        """DescribeTaskDefinition."""


class Stacks(Protocol):
    """The calls to CloudFormation that are needed here: ``cfnroles.aws.cloudformation.CloudFormation``."""

    def events(self, stack: str) -> Iterator[Event]:
        """DescribeStackEvents, newest first."""


class Gathered(Struct, frozen=True):
    """The responses as one text, and the task definition of the failure as its own text.

    ``definition`` is its ARN, ``document`` its text; both are empty if it could not be read. ``launch_type`` is that of
    the task. ``unread`` says what could not be read, with the required permission.
    """

    text: str
    definition: str = ""
    document: str = ""
    launch_type: str = ""
    unread: tuple[str, ...] = ()


def of_task(ecs: Tasks, cluster: str, task: str) -> Gathered:
    """Return the responses about one task. Raise ``Unavailable`` if it does not exist; errors of calls propagate."""
    cluster = _cluster(task) or cluster
    asking = _Asking(ecs)
    asking.tasks(cluster, [task])
    if not asking.unread and not any(answer.get("tasks") for answer in asking.answers):
        raise Unavailable(
            f"the cluster {cluster or 'default'} has no task {task}",
            why=_KEPT,
            remedy="The events of its service may still show it: pass --service NAME. Check --cluster, --region and"
            " --profile.",
        )
    return asking.gathered()


def of_service(ecs: Tasks, cluster: str, service: str) -> Gathered:
    """Return the responses about a service and its stopped tasks. Raise as ``of_task``."""
    asking = _Asking(ecs)
    asking.service(_cluster(service) or cluster, service)
    if asking.absent:
        raise Unavailable(
            f"the cluster {_cluster(service) or cluster or 'default'} has no service {service}",
            remedy="Check the names, --cluster, --region and --profile.",
        )
    return asking.gathered()


def of_stack(ecs: Tasks, stacks: Stacks, stack: str) -> Gathered:
    """Return the responses about the last operation on a stack and its nested stacks, and about failed services."""
    asking = _Asking(ecs)
    events: tuple[Event, ...] = ()
    try:
        events = _events(stacks, stack)
    except Denied as denied:
        asking.unread.append(_lacks(f"the events of the stack {stack}", denied))
    except Refused as refused:
        if "does not exist" not in refused.message:
            raise
        raise Unavailable(
            f"the stack {stack} does not exist",
            why=refused.message,
            remedy="To find a deleted stack, pass its ID. Check the name, --region and --profile.",
        ) from refused
    asking.stack(stacks, events)
    return asking.gathered()


def of_events(ecs: Tasks, stacks: Stacks, events: Sequence[Event]) -> Gathered:
    """Return the responses about the operation on a stack with these events."""
    asking = _Asking(ecs)
    asking.stack(stacks, events)
    return asking.gathered()


class _Asking:
    """The calls of one run: the responses, and denied calls."""

    def __init__(self, ecs: Tasks) -> None:
        self._ecs = ecs
        self.answers: list[Mapping[str, Any]] = []
        self.unread: list[str] = []
        self.absent: list[str] = []
        self._stacks = self._services = 0

    def known(self, ask: Callable[[], _Answer], what: str) -> _Answer | None:
        """Return the response; ``None`` if the call was denied or rejected, which is recorded."""
        try:
            return ask()
        except Denied as denied:
            self.unread.append(_lacks(what, denied))
        except Refused as refused:
            self.unread.append(f"{what}: AWS answers {refused.code}: {refused.message}")
        return None

    def _answered(self, answer: Mapping[str, Any] | None) -> None:
        """Keep a response without the names that were not found: these are not a cause of a failure."""
        self.answers += [{name: value for name, value in answer.items() if name != "failures"}] if answer else []

    def tasks(self, cluster: str, names: Sequence[str]) -> None:
        what = "the reason of the task" if len(names) == 1 else "the reasons of the stopped tasks"
        answer = self.known(lambda: self._ecs.tasks(cluster, names), what)
        self._answered(answer)

    def service(self, cluster: str, named: str) -> None:
        name = named.rpartition("/")[2]
        answer = self.known(lambda: self._ecs.services(cluster, [named]), f"the events of the service {name}")
        self._answered(answer)
        found = (answer or {}).get("services") or [{}]
        if answer and found == [{}]:
            self.absent.append(name)
            return
        gone = found[0].get("status") == "INACTIVE"
        family = _family(found[0].get("taskDefinition", ""))
        # A deleted resource has no list of its own, but its task definition remains.
        whose = {"family": family} if gone and family else {"service": name}
        listed = self.known(
            lambda: self._ecs.stopped_tasks(cluster, **whose), f"the stopped tasks of the service {name}"
        )
        if listed is None:
            return
        tasks, more = listed
        if more:
            self.unread.append(f"the service {name} has more than {MOST_TASKS} stopped tasks: {MOST_TASKS} were read")
        if tasks:
            self.tasks(cluster, tasks)

    def stack(self, stacks: Stacks, events: Sequence[Event]) -> None:
        failed = [event for event in events if event.failed or event.hook_status.endswith("FAILED")]
        self.answers.append({"StackEvents": [_as_answered(event) for event in failed]})
        for event in failed:
            if event.type == _STACK and event.physical_id not in ("", event.stack_id) and self._stacks < _STACKS:
                self._stacks += 1
                inner = self.known(
                    partial(_events, stacks, event.physical_id),
                    f"the events of the nested stack {event.resource} of {event.stack}",
                )
                self.stack(stacks, inner or ())
            elif event.type in _SERVICE_TYPES and event.physical_id.startswith("arn:") and self._services < _SERVICES:
                self._services += 1
                self.service(_cluster(event.physical_id), event.physical_id)
        gone = "why the tasks of the service {} stopped: the service no longer exists"
        self.unread += [gone.format(name) for name in self.absent]
        self.absent = []

    def gathered(self) -> Gathered:
        """Return everything, with the task definition of the newest failed task, or of the service."""
        arn, launch_type = self._definition()
        document = self.known(lambda: self._ecs.task_definition(arn), "the task definition") if arn else None
        text = "\n".join(json.dumps(answer, default=str) for answer in self.answers)
        return Gathered(text, arn, document or "", launch_type, tuple(dict.fromkeys(self.unread)))

    def _definition(self) -> tuple[str, str]:
        tasks = [task for answer in self.answers for task in answer.get("tasks", ())]
        services = [service for answer in self.answers for service in answer.get("services", ())]
        failed = [task for task in tasks if task.get("stopCode") in _FAILED] or tasks
        if failed:
            newest = max(failed, key=lambda task: str(task.get("stoppedAt", "")))
            return str(newest.get("taskDefinitionArn", "")), str(newest.get("launchType", ""))
        service = services[0] if services else {}
        return str(service.get("taskDefinition", "")), str(service.get("launchType", ""))


def _events(stacks: Stacks, stack: str) -> tuple[Event, ...]:
    """Return the events of the newest operation, newest first."""
    found = []
    for event in stacks.events(stack):
        found.append(event)
        if event.of_stack and event.status in _BEGINS:
            break
    return tuple(found)


def _lacks(what: str, denied: Denied) -> str:
    return f"{what}: AWS refused the permission {denied.call}"


def _as_answered(event: Event) -> Mapping[str, Any]:
    """Return an event in the format of DescribeStackEvents."""
    told = {
        "StackName": event.stack,
        "LogicalResourceId": event.resource,
        "ResourceType": event.type,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "Timestamp": event.time.isoformat() if event.time else None,
    }
    return {**told, "HookStatus": event.hook_status} if event.hook_status else told


def _cluster(named: str) -> str:
    """Return the cluster in the ARN of a task or service; empty for a name, and for an old ARN without a cluster.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
    """
    arn = arn_of(named)
    parts = str(arn.resource).split("/") if arn else []
    return parts[1] if len(parts) == 3 else ""


def _family(arn: str) -> str:
    return arn.rpartition("/")[2].partition(":")[0]


def region_of(*named: str) -> str:
    """Return the Region of the first ARN. Raise InvalidInput if two of them differ."""
    regions = dict.fromkeys(str(arn.region) for each in named if (arn := arn_of(each)))
    if len(regions) > 1:
        raise InvalidInput(
            f"these ARNs are in several Regions: {', '.join(regions)}", remedy="Pass the ARNs of one Region."
        )
    return next(iter(regions), "")
