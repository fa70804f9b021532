"""AWS's responses about tasks, services and stacks: each failure once, the newest first, with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfnroles.messages.collecting import Collected, collected

ID, OTHER = "0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a", "1a9d3c2b1a4e4d5c8b7a6f5e4d3c2b1b"
CLUSTER = "arn:aws:ecs:us-east-1:123456789012:task/shop"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbC1eF"
HEAD = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed:"


def denied(task: str = ID) -> str:
    return (
        f"{HEAD} unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret"
        f" {SECRET} from secrets manager: AccessDeniedException: User:"
        f" arn:aws:sts::123456789012:assumed-role/shop/{task} is not authorized to perform:"
        f" secretsmanager:GetSecretValue on resource: {SECRET} because no identity-based policy allows the"
        " secretsmanager:GetSecretValue action"
    )


def task(reason: str = "", id_: str = ID, at: object = "2026-01-31T12:00:00+00:00", **more: Any) -> dict[str, Any]:
    told = {"taskArn": f"{CLUSTER}/{id_}", "stoppedReason": reason, "stoppedAt": at, "stopCode": "TaskFailedToStart"}
    return {"tasks": [{**told, **more}], "failures": []}


def container(**more: Any) -> list[dict[str, Any]]:
    return [{"taskArn": f"{CLUSTER}/{ID}", "name": "web", "lastStatus": "STOPPED", **more}]


def event(reason: str, at: str = "2026-01-31T12:00:00Z", **more: Any) -> dict[str, Any]:
    told = {"StackName": "shop-task", "LogicalResourceId": "Service", "ResourceType": "AWS::ECS::Service"}
    return {**told, "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": reason, "Timestamp": at, **more}


def service(*messages: tuple[str, str], **more: Any) -> dict[str, Any]:
    events = [{"id": "1", "createdAt": at, "message": message} for at, message in messages]
    return {"services": [{"serviceName": "web", "events": events, **more}]}


def told(*answers: object) -> Collected:
    return collected("\n".join(json.dumps(each, indent=2) for each in answers))


def names(found: Collected) -> list[tuple[str, int, str]]:
    return [(each.understood.name, each.times, each.where) for each in found.heard]


IDENTITY = "denied-by-identity-based-policy"
STABLE = "ECS deployment circuit breaker: tasks failed to start."
EXITED = {"stopCode": "EssentialContainerExited"}
ANSWERS: dict[str, tuple[list[object], list[tuple[str, int, str]]]] = {
    "a task": ([task(denied())], [(IDENTITY, 1, f"task {ID}")]),
    "tasks that fail alike": (
        [task(denied(), at="2026-01-31T12:00:00Z"), task(denied(OTHER), OTHER, at="2026-01-31T13:00:00Z")],
        [(IDENTITY, 2, f"task {OTHER}")],
    ),
    "times in seconds": (
        [task(denied(), at=1769860800.5), task(denied(OTHER), OTHER, at=1769864400)],
        [(IDENTITY, 2, f"task {OTHER}")],
    ),
    "a container": (
        [task("Essential container in task exited", containers=container(exitCode=1), **EXITED)],
        [("exited", 1, f"task {ID}, container web")],
    ),
    "containers that end differently": (
        [task("", containers=[*container(exitCode=1), {**container(exitCode=2)[0], "name": "log"}], **EXITED)],
        [("exited", 1, f"task {ID}, container web"), ("exited", 1, f"task {ID}, container log")],
    ),
    "a container that was asked to stop": (
        [
            task(
                "Scaling activity initiated by (deployment ecs-svc/1)",
                containers=container(exitCode=143),
                stopCode="ServiceSchedulerInitiated",
            )
        ],
        [("stopped-on-purpose", 1, f"task {ID}")],
    ),
    "a service": (
        [service(("2026-01-31T12:00:00Z", "(service web) has reached a steady state."))],
        [],
    ),
    "a service and the task that tells why": (
        [
            service(
                ("2026-01-31T12:01:00Z", f"(service web) (deployment ecs-svc/1) deployment failed: {STABLE}"),
                deployments=[{"id": "ecs-svc/1", "rolloutState": "FAILED", "rolloutStateReason": STABLE}],
            ),
            task(denied()),
        ],
        [(IDENTITY, 1, f"task {ID}")],
    ),
    "a service and a task of last week": (
        [
            service(("2026-01-31T12:01:00Z", f"(service web) deployment failed: {STABLE}")),
            task(denied(), at="2026-01-24T12:00:00Z"),
        ],
        [(IDENTITY, 1, f"task {ID}"), ("circuit-breaker", 1, "service web")],
    ),
    "a text that is cut, and the whole of it": (
        [task(f"{denied()[:252]}..."), service(("2026-01-31T12:00:09Z", f"(service web) {denied(OTHER)}"))],
        [(IDENTITY, 1, "service web")],
    ),
    "a text that is cut": ([task(f"{denied()[:252]}...")], [("cut", 1, f"task {ID}")]),
    "events of a stack": (
        [
            {
                "StackEvents": [
                    event("", ResourceStatus="ROLLBACK_IN_PROGRESS"),
                    event("Resource creation cancelled", LogicalResourceId="Other"),
                    event(denied()),
                    event("User Initiated", ResourceStatus="CREATE_IN_PROGRESS"),
                    event("Exit code: 1", ResourceStatus="CREATE_IN_PROGRESS"),
                ]
            }
        ],
        [(IDENTITY, 1, "Service of the stack shop-task")],
    ),
    "a hook of a stack": (
        [
            {
                "StackEvents": [
                    event(
                        "",
                        ResourceStatus="CREATE_IN_PROGRESS",
                        HookStatus="HOOK_COMPLETE_FAILED",
                        HookStatusReason=denied(),
                    )
                ]
            }
        ],
        [(IDENTITY, 1, "Service of the stack shop-task")],
    ),
}


@pytest.mark.parametrize(("answers", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_each_failure_is_told_once_with_its_place(answers: list[object], expected: list[tuple[str, int, str]]) -> None:
    found = told(*answers)
    assert names(found) == expected
    assert found == told(answers), "pages behind each other are read as a list of them"


def test_the_newest_comes_first() -> None:
    old, new = "2026-01-31T10:00:00Z", "2026-01-31T11:00:00+00:00"
    found = told(task("OutOfMemoryError: Container killed due to memory usage", at=old), task(denied(), OTHER, at=new))
    assert [each.understood.name for each in found.heard] == [IDENTITY, "out-of-memory"]


def test_an_unknown_failure_is_shown_unchanged() -> None:
    found = told(
        task("Task provisioning went sideways", containers=container(reason="Half of it")),
        {"StackEvents": [event("Boom")]},
    )
    assert [(each.text, each.where) for each in found.unknown] == [
        ("Task provisioning went sideways", f"task {ID}"),
        ("Half of it", f"task {ID}, container web"),
        ("Boom", "Service of the stack shop-task"),
    ]
