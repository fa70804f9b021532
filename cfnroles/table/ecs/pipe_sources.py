"""The source of a pipe that runs the task: the pipe's role also reads it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from awacs import dynamodb, kinesis, sns, sqs
from awacs.aws import Action
from msgspec import Struct

from cfnroles.need import Holder, Standing
from cfnroles.table.feature import Feature, Found, Grant
from cfnroles.text import Text, text_of

_PAGE = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-permissions.html"


class _Source(Struct, frozen=True):
    """A kind of source by its service, in words, with the actions on it."""

    service: str
    words: str
    actions: tuple[Action, ...]
    example: str


# The page also lists ListStreams and SubscribeToShard. ListStreams has no resource, and the policies that the console
# writes allow it on the stream alone, where it has no effect. SubscribeToShard is for consumers, which are not sources.
_SOURCES = (
    _Source(
        "sqs",
        "receives messages from the queue, and deletes them",
        (sqs.DeleteMessage, sqs.GetQueueAttributes, sqs.ReceiveMessage),
        "arn:aws:sqs:eu-west-1:123456789012:orders",
    ),
    _Source(
        "kinesis",
        "reads records from the data stream",
        (
            *(kinesis.DescribeStream, kinesis.DescribeStreamSummary),
            *(kinesis.GetRecords, kinesis.GetShardIterator, kinesis.ListShards),
        ),
        "arn:aws:kinesis:eu-west-1:123456789012:stream/orders",
    ),
    _Source(
        "dynamodb",
        "reads records from the stream of the table",
        (dynamodb.DescribeStream, dynamodb.GetRecords, dynamodb.GetShardIterator),
        "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000",
    ),
)
#: The option for the service of each other option.
_SERVICE = {"source": "sourceService", "deadLetterQueue": "deadLetterService"}
_FAILED = (("sqs", sqs.SendMessage), ("sns", sns.Publish))


def _option(name: str, found: Found) -> Any:
    return found.value.get(name) if isinstance(found.value, dict) else None


def _named(name: str, found: Found) -> Text:
    return text_of(_option(name, found))


def _is_of(name: str, service: str, found: Found) -> bool:
    given = _option(name, found)
    return isinstance(given, str) and given != "" and bool(_option(_SERVICE[name], found) == service)


def _when(name: str, service: str) -> Callable[[Found], bool]:
    return partial(_is_of, name, service)


_row = partial(Feature, field="runBy.pipe", holder=Holder.PIPE, source=_PAGE, standing=Standing.DOCUMENTED)

FEATURES = (
    *(
        _row(
            name=f"run-by-pipe-from-{each.service}",
            why=f"EventBridge Pipes reads the source of the pipe: it {each.words}",
            example={"source": each.example, "sourceService": each.service},
            grants=tuple(Grant(action, on=partial(_named, "source"), sid="ReadSource") for action in each.actions),
            when=_when("source", each.service),
        )
        for each in _SOURCES
    ),
    *(
        _row(
            name=f"run-by-pipe-with-dead-letters-in-{service}",
            why="EventBridge Pipes sends records of failed batches to the dead-letter queue of the source",
            example={
                "deadLetterQueue": f"arn:aws:{service}:eu-west-1:123456789012:failed",
                "deadLetterService": service,
            },
            grants=(Grant(action, on=partial(_named, "deadLetterQueue"), sid="KeepFailed"),),
            when=_when("deadLetterQueue", service),
        )
        for service, action in _FAILED
    ),
)
