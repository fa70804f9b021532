"""What runs the task: EventBridge schedules, rules and pipes, and state machines, each with its own role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from awacs import ecs, events, iam, sqs
from awacs.aws import Action
from msgspec import Struct

from cfnroles.need import Condition, Holder, Standing
from cfnroles.role_kinds import kind_of
from cfnroles.table.ecs.run_task import OVERRIDABLE, override
from cfnroles.table.feature import Feature, Found, Grant, Unnamed
from cfnroles.text import ANYTHING, EMPTY, Text, arn_of, text_of

_TASKS = kind_of(Holder.TASK).assumed_by.service
_EVENTS_POLICY = (
    "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEC2ContainerServiceEventsRole.html"
)


#: The purposes of passing the roles of a task definition, and those of overrides.
OF_THE_TASK, OF_THE_RUN = "PassRolesOfTask", "PassRolesOfRun"


class _Runner(Struct, frozen=True):
    """A runner of tasks: its member of the spec's ``run-by``, its role, and AWS's page about its permissions."""

    member: str
    holder: Holder
    source: str


_RUNNERS = (
    _Runner(
        "scheduler",
        Holder.SCHEDULER,
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/CWE_IAM_role.html",
    ),
    _Runner(
        "event-rule",
        Holder.EVENT_RULE,
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-iam-roles.html",
    ),
    _Runner(
        "state-machine",
        Holder.STATE_MACHINE,
        "https://docs.aws.amazon.com/step-functions/latest/dg/ecs-iam.html",
    ),
    _Runner(
        "pipe",
        Holder.PIPE,
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-permissions.html",
    ),
)
_STATE_MACHINE = next(runner for runner in _RUNNERS if runner.holder is Holder.STATE_MACHINE)


def revisions(found: Found) -> Text:
    """The given revision, otherwise every revision of the task's family, and no other family.

    RunTask accepts one revision or all of them:
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    """
    told = _option(found, "taskDefinition")
    if isinstance(told, str) and not found.facts.roles_first:
        return text_of(told)
    family = found.workload.tree.get("family")
    if not isinstance(family, str) or not family:
        raise Unnamed("the task definition has no family, so the role cannot name it", "Add a family")
    return found.facts.home_arn("ecs", "task-definition/", text_of(family), ":", ANYTHING)


def roles_of_the_task(found: Found) -> tuple[Text, ...]:
    """The two roles of the task definition; if it keeps its own, those with known names."""
    own = _told_roles(found, "roles")
    if own is not None and not found.facts.roles_first:
        return _named(own)
    return tuple(kind_of(holder).arn for holder in (Holder.EXECUTION, Holder.TASK))


def roles_instead(found: Found) -> tuple[Text, ...]:
    """The roles with which a run of the task replaces these two."""
    if (others := _told_roles(found, "rolesInstead")) is not None:
        return _named(others)
    named = (role for holder in OVERRIDABLE for _, role in found.workload.find(override(holder)))
    roles = tuple(text_of(role) for role in named if isinstance(role, str) and role)
    for role in roles:
        if not arn_of(role):
            raise Unnamed(f"the role {role.written}, which the run names, may have a path", "Write its ARN")
    return roles


def _told_roles(found: Found, name: str) -> tuple[Text, ...] | None:
    """The roles to pass, if they are given and none is built."""
    told = _option(found, name)
    return tuple(map(text_of, told)) if isinstance(told, list) else None


def _named(roles: tuple[Text, ...]) -> tuple[Text, ...]:
    for role in roles:
        if arn_of(role) is None and role.whole is None:
            raise Unnamed(
                f"the role {role.written}, which the run assigns to the task, may have a path", "Write its ARN"
            )
    return roles


def tasks(found: Found) -> Text:
    """The tasks of the cluster; those of every cluster if it is unknown."""
    if isinstance(arn := _option(found, "clusterArn"), str):
        own = text_of(arn).partition(":cluster/")[2]
        if not own:
            what = f"the name of the cluster {text_of(arn).written} is unknown, and the ARN of a task contains it"
            raise Unnamed(what, "Write the ARN of the cluster with its name in it")
        return found.facts.home_arn("ecs", "task/", own, "/", ANYTHING)
    cluster = _cluster(found)
    name = cluster.partition(":cluster/")[2] if arn_of(cluster) else cluster
    return found.facts.home_arn("ecs", "task/", *([name, "/"] if name else []), ANYTHING)


def followed(found: Found) -> Text:
    """The tasks of the cluster; if its name is unknown, all tasks, with a condition on the cluster."""
    return tasks(found) if _unnamed_cluster(found) is None else found.facts.home_arn("ecs", "task/", ANYTHING)


def in_unnamed_cluster(found: Found) -> tuple[Condition, ...]:
    """Only in the cluster, if its name and so the ARNs of its tasks are unknown."""
    unnamed = _unnamed_cluster(found)
    return () if unnamed is None else (Condition("ArnEquals", "ecs:cluster", (unnamed,)),)


def _unnamed_cluster(found: Found) -> Text | None:
    told = _option(found, "clusterArn")
    arn = text_of(told) if isinstance(told, str) else EMPTY
    return arn if arn and not arn.partition(":cluster/")[2] else None


def in_its_cluster(found: Found) -> tuple[Condition, ...]:
    """Only in the cluster, if one is given."""
    if isinstance(told := _option(found, "clusterArn"), str):
        return (Condition("ArnEquals", "ecs:cluster", (text_of(told),)),)
    cluster = _cluster(found)
    if not cluster:
        return ()
    arn = cluster if arn_of(cluster) else found.facts.home_arn("ecs", "cluster/", cluster)
    return (Condition("ArnEquals", "ecs:cluster", (arn,)),)


def to_ecs_tasks(found: Found) -> tuple[Condition, ...]:
    """Passed only to ECS tasks."""
    return (Condition("StringEquals", "iam:PassedToService", (Text(_TASKS),)),)


def while_run(found: Found) -> tuple[Condition, ...]:
    """Only when a task is run."""
    return (Condition("StringEquals", "ecs:CreateAction", (Text("RunTask"),)),)


def waiting_rule(found: Found) -> Text:
    """The rule that notifies Step Functions of the end of a task; there is one for all state machines."""
    return found.facts.home_arn("events", "rule/StepFunctionsGetEventsForECSTaskRule")


def tags(found: Found) -> bool:
    """The task gets tags when it is run."""
    return _option(found, "tags") is True


def has_dead_letter_queue(found: Found) -> bool:
    """The schedule has a dead-letter queue."""
    queue = _option(found, "deadLetterQueue")
    return isinstance(queue, str) and queue != ""


def dead_letter_queue(found: Found) -> Text:
    """The dead-letter queue by ARN."""
    return text_of(found.value["deadLetterQueue"])


def waits(found: Found) -> bool:
    """The state machine waits until the task ends."""
    return _option(found, "sync") is True


def _option(found: Found, name: str) -> Any:
    return found.value.get(name) if isinstance(found.value, Mapping) else None


def _cluster(found: Found) -> Text:
    cluster = _option(found, "cluster")
    return text_of(cluster) if isinstance(cluster, str) else EMPTY


def _of(runner: _Runner) -> Iterator[Feature]:
    who = kind_of(runner.holder).assumed_by.who
    row = partial(Feature, field=f"runBy.{runner.member}", holder=runner.holder)
    yield row(
        name=f"run-by-{runner.member}",
        why=f"{who} runs the task, and passes its two roles to ECS",
        source=runner.source,
        standing=Standing.DOCUMENTED,
        example={"cluster": "shop"},
        grants=(
            Grant(ecs.RunTask, on=revisions, sid="RunTask", conditions=in_its_cluster),
            Grant(iam.PassRole, on=roles_of_the_task, sid=OF_THE_TASK, conditions=to_ecs_tasks),
            Grant(iam.PassRole, on=roles_instead, sid=OF_THE_RUN, conditions=to_ecs_tasks),
        ),
    )
    yield row(
        name=f"run-by-{runner.member}-with-tags",
        why=f"{who} tags the task that it runs",
        source=_EVENTS_POLICY,
        standing=Standing.MANAGED_POLICY,
        example={"cluster": "shop", "tags": True},
        grants=(Grant(ecs.TagResource, on=tasks, sid="TagTasks", conditions=while_run),),
        when=tags,
    )


def _on_tasks(action: Action) -> Grant:
    # AWS's page has `*`, because it has no cluster. Both actions support the condition key ecs:cluster:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
    return Grant(action, on=followed, sid="FollowTasks", standing=Standing.DERIVED, conditions=in_unnamed_cluster)


FEATURES = (
    *(feature for runner in _RUNNERS for feature in _of(runner)),
    Feature(
        name="run-by-scheduler-with-dead-letter-queue",
        field="runBy.scheduler",
        holder=Holder.SCHEDULER,
        why="EventBridge Scheduler sends events that it cannot deliver to the dead-letter queue of the schedule",
        source="https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html",
        standing=Standing.DOCUMENTED,
        example={"deadLetterQueue": "arn:aws:sqs:eu-west-1:123456789012:undelivered"},
        grants=(Grant(sqs.SendMessage, on=dead_letter_queue, sid="KeepUndelivered"),),
        when=has_dead_letter_queue,
    ),
    Feature(
        name="run-by-state-machine-sync",
        field="runBy.state-machine",
        holder=Holder.STATE_MACHINE,
        why="the state machine waits for the task to end (.sync), and stops the task if the execution stops",
        source=_STATE_MACHINE.source,
        standing=Standing.DOCUMENTED,
        example={"cluster": "shop", "sync": True},
        grants=(
            *map(_on_tasks, (ecs.DescribeTasks, ecs.StopTask)),
            *(
                Grant(action, on=waiting_rule, sid="LearnOfEnd")
                for action in (events.DescribeRule, events.PutRule, events.PutTargets)
            ),
        ),
        when=waits,
    ),
)
