"""What runs a task: schedules, rules, pipes and state machines may run its family and pass its roles, no more."""

from __future__ import annotations

from typing import Any

import pytest

HOME = "us-east-1:123456789012"
FAMILY = f"arn:aws:ecs:{HOME}:task-definition/shop:*"
RULE = f"arn:aws:events:{HOME}:rule/StepFunctionsGetEventsForECSTaskRule"
PASSED = "iam:PassedToService StringEquals ecs-tasks.amazonaws.com"
ROLES = {
    "scheduler": "scheduler role",
    "event-rule": "event rule role",
    "state-machine": "state machine role",
    "pipe": "pipe role",
}

each_runner = pytest.mark.parametrize(("runner", "role"), ROLES.items(), ids=ROLES)


_NO_FAMILY = "the task definition has no family, so the role cannot name it"


def runs(role: str, cluster: str = "") -> set[str]:
    within = f", ecs:cluster ArnEquals {cluster}" if cluster else ""
    passes = {f"{role}: iam:PassRole on ${{{name}.Arn}}, {PASSED}" for name in ("ExecutionRole", "TaskRole")}
    return {f"{role}: ecs:RunTask on {FAMILY}{within}"} | passes


@each_runner
def test_it_runs_the_family_and_passes_the_two_roles_of_the_task(answer: Any, runner: str, role: str) -> None:
    found = answer(runBy={runner: {}})
    assert found.needs == runs(role)
    assert found.gaps == found.errors == found.warnings == []


@each_runner
@pytest.mark.parametrize(
    ("cluster", "arn"),
    [
        ("batch", f"arn:aws:ecs:{HOME}:cluster/batch"),
        ("arn:aws:ecs:eu-west-1:999988887777:cluster/x", "arn:aws:ecs:eu-west-1:999988887777:cluster/x"),
    ],
    ids=["by its name", "by its ARN"],
)
def test_only_in_the_cluster_that_is_told(answer: Any, runner: str, role: str, cluster: str, arn: str) -> None:
    assert answer(runBy={runner: {"cluster": cluster}}).needs == runs(role, arn)


@each_runner
@pytest.mark.parametrize(("cluster", "tasks"), [("", "task/*"), ("batch", "task/batch/*")])
def test_tags_are_given_only_where_that_is_said_and_only_as_a_task_is_run(
    answer: Any, runner: str, role: str, cluster: str, tasks: str
) -> None:
    where = {"cluster": cluster} if cluster else {}
    tagging = f"{role}: ecs:TagResource on arn:aws:ecs:{HOME}:{tasks}, ecs:CreateAction StringEquals RunTask"
    plain, tagged = (answer(runBy={runner: {**where, "tags": tags}}).needs for tags in (False, True))
    assert tagged - plain == {tagging}


def test_a_state_machine_that_waits_follows_the_tasks_and_makes_its_rule(answer: Any) -> None:
    plain, waiting = (
        answer(runBy={"state-machine": {"cluster": "batch", "sync": sync}}).needs for sync in (False, True)
    )
    role = ROLES["state-machine"]
    assert waiting - plain == {
        *(f"{role}: ecs:{action} on arn:aws:ecs:{HOME}:task/batch/*" for action in ("DescribeTasks", "StopTask")),
        *(f"{role}: events:{action} on {RULE}" for action in ("DescribeRule", "PutRule", "PutTargets")),
    }


def test_nothing_runs_a_task_unasked(answer: Any) -> None:
    assert answer().needs == set()


@each_runner
def test_a_task_definition_without_a_family_is_a_gap(answer: Any, runner: str, role: str) -> None:
    found = answer(runBy={runner: {}}, family=None)
    assert found.needs == {need for need in runs(role) if "iam:PassRole" in need}
    (gap,) = found.gaps
    assert gap == f"runBy.{runner}: {_NO_FAMILY}. Add a family"


@pytest.mark.parametrize("source", ["", None, 5], ids=["empty", "null", "a number"])
def test_a_pipe_without_the_arn_of_its_source_reads_none(answer: Any, source: Any) -> None:
    found = answer(runBy={"pipe": {"source": source, "sourceService": "sqs"}}, family="shop")
    assert not [need for need in found.needs if ": sqs:" in need]
