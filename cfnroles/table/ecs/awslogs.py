"""The awslogs driver: one log stream for each container of a task, in a log group that it may create."""

from __future__ import annotations

import re
from functools import partial

from awacs import logs

from cfnroles.need import Holder, Standing
from cfnroles.table.choices import is_choice, may_be
from cfnroles.table.ecs.keys import LOGS, encryption, keys_of_group
from cfnroles.table.feature import Feature, Found, Grant, Malformed, Trap, harmless
from cfnroles.table.references import left_open
from cfnroles.text import ANYTHING, EMPTY, Arn, Text, is_region, text_of
from cfnroles.workload import EXPRESS

_DRIVER = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"
_OPTIONS = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html"
_CONTAINERS = "containerDefinitions[].logConfiguration"
_SERVICE_CONNECT = "service.serviceConnectConfiguration.logConfiguration"


def is_awslogs(found: Found) -> bool:
    """The log driver is awslogs. An unknown one is, if it has the options of awslogs."""
    return may_be(_configuration(found).get("logDriver"), "awslogs")


def creates_group(found: Found) -> bool:
    """The driver creates the log group if it does not exist."""
    given = option(found, "awslogs-create-group")
    return is_awslogs(found) and is_choice(given if given.unknown else given.lower(), "true", "awslogs-create-group")


def has_customer_key(found: Found) -> bool:
    """The log group has a customer managed key."""
    return is_awslogs(found) and bool(keys_of_group(found, arn(found)))


def lacks_group(found: Found) -> bool:
    """The driver is awslogs, and no option names a log group. None of its options is unknown."""
    if found.value != "awslogs" or has_unknown_options(found):
        return False
    options = found.parent.get("options")
    return not (isinstance(options, dict) and options.get("awslogs-group"))


def has_unknown_options(found: Found) -> bool:
    """Options next to the driver are unknown, so the driver may have any option."""
    configuration = found.path[:-1]
    return found.workload.hides(configuration) or found.workload.hides((*configuration, "options"))


def is_other_driver(found: Found) -> bool:
    """The driver is neither awslogs nor awsfirelens."""
    return found.text not in ("awslogs", "awsfirelens")


def no_group(found: Found) -> None:
    """Raise Unnamed: the log group is missing."""
    raise Malformed("the log driver awslogs has no awslogs-group", "Name the log group in its options.")


def log_streams(found: Found) -> Text:
    """The streams of the driver: ``PREFIX/CONTAINER/TASK-ID``; without a prefix, any of the group's.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html
    """
    prefix, container = option(found, "awslogs-stream-prefix"), found.container.get("name")
    if not prefix:
        return Text(log_group(found), ":log-stream:", ANYTHING)
    name = Text("/", text_of(container)) if isinstance(container, str) and container else EMPTY
    return Text(log_group(found), ":log-stream:", _stream(prefix), name, "/", ANYTHING)


def log_group(found: Found) -> Text:
    """The log group, in the Region of the options."""
    return arn(found).text


def arn(found: Found) -> Arn:
    """The parts of the log group's ARN."""
    return log_group_arn(found, found.text, option(found, "awslogs-region"))


def log_group_and_contents(found: Found) -> tuple[Text, Text]:
    """The log group in both spellings of AWS's own policies for CreateLogGroup."""
    return with_contents(log_group(found))


def with_contents(group: Text) -> tuple[Text, Text]:
    """A log group in both spellings of AWS's own policies."""
    return group, Text(group, ":", ANYTHING)


def log_group_arn(found: Found, name: Text, region: Text) -> Arn:
    """The ARN of a log group of the home account, and of the home Region unless another is named.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    """
    if not re.fullmatch(r"[.\-_/#A-Za-z0-9]{1,512}", name.shape()):
        raise Malformed(f"{name.written!r} cannot be a log group's name", "It has letters, digits and . - _ / # only.")
    if region and not is_region(region):
        raise left_open(region, "a Region belongs", "Write a Region such as us-east-1.")
    return found.facts.arn("logs", Text("log-group:", name), region)


def option(found: Found, name: str) -> Text:
    """An option next to the field, or an empty string."""
    value = found.parent.get(name)
    return text_of(value) if isinstance(value, str) else Text(str(value)) if value else EMPTY


def trap(found: Found) -> Trap | None:
    """Missing options without which the driver does not start, or not on Fargate."""
    if found.workload.hides(found.path[:-1]):
        return harmless(found)
    if not found.parent.get("awslogs-region") and EXPRESS not in found.workload.tree:
        return Trap(
            "the options have no awslogs-region, which ECS requires",
            "Add awslogs-region; until then, cfnroles assumes the Region of the task",
        )
    if not found.parent.get("awslogs-stream-prefix") and "FARGATE" in found.workload.launch_types:
        return Trap(
            "the options have no awslogs-stream-prefix, which Fargate requires, so the role may write to any stream"
            " in the log group",
            "Add it, for example with the name of the family",
        )
    return harmless(found)


def _stream(text: Text) -> Text:
    if re.search(r"[:*?]", text.shape()):
        raise Malformed(f"{text.written!r} cannot begin a log stream's name", "It has no colon and no asterisk.")
    return text


def _configuration(found: Found) -> dict[str, object]:
    configuration = found.workload.at(found.path[:-2])
    return configuration if isinstance(configuration, dict) else {}


_WRITE = tuple(Grant(action, on=log_streams, sid="WriteLogs") for action in (logs.CreateLogStream, logs.PutLogEvents))
_ENCRYPT = encryption(arn)


def _rows(name: str, configuration: str, why: str, source: str) -> tuple[Feature, ...]:
    group = f"{configuration}.options.awslogs-group"
    beside = ((f"{configuration}.logDriver", "awslogs"), (f"{configuration}.options.awslogs-stream-prefix", "shop"))
    feature = partial(Feature, holder=Holder.EXECUTION, standing=Standing.DOCUMENTED)
    row = partial(feature, field=group, example="/ecs/shop", beside=beside)
    return (
        row(name=name, why=why, source=source, grants=_WRITE, when=is_awslogs, trap=trap),
        row(
            name=f"{name}-create-group",
            why="awslogs-create-group is true, so the log driver creates the log group if it does not exist",
            source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
            grants=(Grant(logs.CreateLogGroup, on=log_group_and_contents, sid="CreateLogGroups"),),
            when=creates_group,
            beside=(*beside, (f"{configuration}.options.awslogs-create-group", "true")),
        ),
        row(
            name=f"{name}-customer-key",
            why="a customer managed key encrypts the log group, and CloudWatch Logs uses it with the permissions of"
            " the role that writes",
            source=LOGS,
            grants=_ENCRYPT,
            when=has_customer_key,
        ),
        feature(
            name=f"{name}-without-group",
            field=f"{configuration}.logDriver",
            why="the log driver awslogs does not start without the name of a log group",
            source=_OPTIONS,
            example="awslogs",
            hidden=no_group,
            when=lacks_group,
        ),
    )


FEATURES = (
    *_rows("awslogs", _CONTAINERS, "the log driver opens a stream for each container and writes to it", _DRIVER),
    *_rows(
        "service-connect-logs",
        _SERVICE_CONNECT,
        "the Service Connect proxy of each task writes its own log",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html",
    ),
    Feature(
        name="other-log-driver",
        field=f"{_CONTAINERS}.logDriver",
        holder=Holder.EXECUTION,
        why="the driver does not write to an AWS service; its settings are in options and secretOptions",
        source=_OPTIONS,
        standing=Standing.DOCUMENTED,
        example="splunk",
        when=is_other_driver,
    ),
)
