"""Messages in AWS's responses about tasks, services and stacks, with their place and time.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.credentials import concealed

#: Members of responses, events and log entries that contain a message.
_MEMBERS = frozenset(
    (
        "stoppedReason",
        "reason",
        "message",
        "msg",
        "log",
        "error",
        "errorMessage",
        "statusReason",
        "rolloutStateReason",
        "StatusReason",
        "StackStatusReason",
        "ResourceStatusReason",
        "HookStatusReason",
        "ValidationStatusReason",
    )
)
#: Members with the time of an event, a task or a deployment.
_TIMES = ("Timestamp", "stoppedAt", "stoppingAt", "createdAt", "timestamp", "time")
#: Members with the result of a stack event. The reason of a successful one is who started it.
_STATUSES = ("ResourceStatus", "HookStatus", "ValidationStatus")
#: Exit codes of a program that was stopped or killed, which mean nothing if ECS stops the task.
_ASKED_TO_STOP = (0, 143)
_ON_PURPOSE = ("ServiceSchedulerInitiated", "UserInitiated")
_DECODER = json.JSONDecoder()


class Said(Struct, frozen=True):
    """A message with its place in a response and, if known, its time.

    ``failed`` says that it is certainly a failure, even if the message is unknown. ``task`` is the place of its task.
    """

    text: str
    where: str = ""
    when: datetime | None = None
    failed: bool = False
    task: str = ""


def said_in(text: str) -> tuple[Said, ...] | None:
    """Return the messages in one JSON response, or in several concatenated pages; ``None`` for other texts."""
    trees = _trees(text)
    if trees is None:
        return None
    return tuple(said for tree in trees for said in _in(tree, Said("")))


def _trees(text: str) -> Sequence[Any] | None:
    at, found = 0, []
    text = text.strip().removeprefix("\ufeff")
    if text[:1] not in ("{", "["):
        return None
    while at < len(text):
        try:
            tree, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return None
        found.append(tree)
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
    return found


def _in(tree: Any, whole: Said) -> Iterator[Said]:
    """Yield the messages of a tree in order. ``whole`` has the place and time of the enclosing value."""
    waiting: list[tuple[str, Any, Said]] = [("", tree, whole)]
    while waiting:
        name, value, around = waiting.pop()
        if isinstance(value, Mapping):
            here = _place(name, value, around)
            if not _is_quiet(value):
                waiting += [(key, value[key], here) for key in reversed(value)]
            if code := _exit(value, around):
                yield replace(here, text=code, failed=True)
        elif isinstance(value, list):
            waiting += [(name, each, around) for each in reversed(value)]
        elif isinstance(value, str) and value and name in _MEMBERS:
            yield replace(around, text=concealed(value))


def _place(name: str, value: Mapping[str, Any], around: Said) -> Said:
    """Return the place of the members of an object, in words."""
    when = next((moment for each in _TIMES if (moment := moment_of(value.get(each)))), around.when)
    where, failed, task = around.where, around.failed, around.task
    if isinstance(arn := value.get("taskArn"), str) and name != "containers":
        where = task = f"task {arn.rpartition('/')[2]}"
        failed = value.get("stopCode") in ("TaskFailedToStart", "EssentialContainerExited")
    elif name == "containers" and value.get("name"):
        where, failed = f"{where}, container {value['name']}".removeprefix(", "), True
    elif isinstance(value.get("serviceName"), str):
        where = f"service {value['serviceName']}"
    elif name == "deployments" and value.get("id"):
        where = f"deployment {value['id']} of {where}" if where else f"deployment {value['id']}"
        when, failed = moment_of(value.get("updatedAt")) or when, value.get("rolloutState") == "FAILED"
    elif any(key in value for key in _STATUSES):
        where = f"{value.get('LogicalResourceId', '')} of the stack {value.get('StackName', '')}"
        failed = not _is_quiet(value)
    return Said("", where, when, failed, task)


def _is_quiet(value: Mapping[str, Any]) -> bool:
    """Return whether it is a stack event without a failure."""
    statuses = [str(value[key]) for key in _STATUSES if key in value]
    return bool(statuses) and not any("FAILED" in status for status in statuses)


def _exit(value: Mapping[str, Any], around: Said) -> str:
    """Return a substitute for the missing reason of a container that has ended."""
    code = value.get("exitCode")
    if not isinstance(code, int) or isinstance(code, bool) or not code or value.get("reason"):
        return ""
    return "" if code in _ASKED_TO_STOP and around.task and not around.failed else f"Exit code: {code}"


def moment_of(told: Any) -> datetime | None:
    """Return a time in the formats of AWS, the AWS CLI and botocore: ISO 8601, or seconds since 1970."""
    try:
        if isinstance(told, int | float) and not isinstance(told, bool):
            return datetime.fromtimestamp(told / 1000 if told > 1e11 else told, UTC)
        if isinstance(told, str):
            read = datetime.fromisoformat(told)
            return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
