"""The awslogs driver: one log stream per container of a task, in a log group that it may be told to create."""

from __future__ import annotations

from awacs import logs

from cfnroles.arns import Arn, named
from cfnroles.facts import partition_of
from cfnroles.feature import Feature, Found, Grant
from cfnroles.need import Holder


def is_awslogs(found: Found) -> bool:
    """The container's log driver is awslogs."""
    return _driver(found) == "awslogs"


def creates_group(found: Found) -> bool:
    """The driver is told to create the log group where it is missing."""
    return is_awslogs(found) and str(found.parent.get("awslogs-create-group", "")).lower() == "true"


def log_streams(found: Found) -> str:
    """The streams that the driver writes: ``PREFIX/CONTAINER/TASK-ID``; any of the group's without a prefix.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html
    """
    prefix, container = found.parent.get("awslogs-stream-prefix"), found.container.get("name")
    streams = f"{named(str(prefix))}/{named(str(container))}/*" if prefix and container else "*"
    return f"{log_group(found)}:log-stream:{streams}"


def log_group(found: Found) -> str:
    """The log group, in the region that the options name."""
    group = f"log-group:{named(found.text)}"
    region = str(found.parent.get("awslogs-region", ""))
    if not region:
        return found.facts.home_arn("logs", group)
    account = found.facts.account or "${AWS::AccountId}"
    return str(Arn(partition_of(named(region)), "logs", region, account, group))


def log_group_and_contents(found: Found) -> tuple[str, str]:
    """The log group in both spellings that AWS's own policies use for CreateLogGroup."""
    group = log_group(found)
    return group, f"{group}:*"


def _driver(found: Found) -> object:
    configuration = found.workload.at(found.path[:-2])
    return configuration.get("logDriver") if isinstance(configuration, dict) else None


FEATURES = (
    Feature(
        name="awslogs",
        field="containerDefinitions[].logConfiguration.options.awslogs-group",
        holder=Holder.EXECUTION,
        why="the log driver opens a stream for each container and writes to it",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html",
        example="/ecs/shop",
        grants=(
            Grant(logs.CreateLogStream, on=log_streams, sid="WriteLogs"),
            Grant(logs.PutLogEvents, on=log_streams, sid="WriteLogs"),
        ),
        when=is_awslogs,
    ),
    Feature(
        name="awslogs-create-group",
        field="containerDefinitions[].logConfiguration.options.awslogs-group",
        holder=Holder.EXECUTION,
        why="awslogs-create-group is true, so the log driver creates the log group where it is missing",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
        example="/ecs/shop",
        grants=(Grant(logs.CreateLogGroup, on=log_group_and_contents, sid="CreateLogGroups"),),
        when=creates_group,
    ),
)
