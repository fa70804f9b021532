"""Queues, topics, streams, events, workflows, functions and models."""

from __future__ import annotations

from awacs import awslambda, bedrock, events, firehose, kinesis, kms, sns, sqs, states

from cfnroles.need import Standing
from cfnroles.table.feature import Found
from cfnroles.table.words.models import behind_profile, through_profile
from cfnroles.table.words.resources import (
    DELIVERY_STREAM,
    EVENT_BUS,
    FUNCTION,
    MODEL,
    QUEUE,
    STATE_MACHINE,
    STREAM,
    TOPIC,
)
from cfnroles.table.words.row import Access, KeyUse, Row, option
from cfnroles.text import ANYTHING, Text

#: Converse and ConverseStream require the same two actions.
_INVOKE = (bedrock.InvokeModel, bedrock.InvokeModelWithResponseStream)
_SQS_DOUBT = "that SQS passes the ARN of the queue to the key; AWS's page names no encryption context"
_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html"


def registered(arn: Text, found: Found) -> tuple[Text, ...]:
    """The stream, if the application has its own consumer."""
    return (arn,) if option(found, "consumer") else ()


def consumers(arn: Text, found: Found) -> tuple[Text, ...]:
    """The named consumers, whose ARNs end in the time of their registration."""
    return tuple(Text(arn, "/consumer/", str(name), ":", ANYTHING) for name in option(found, "consumer"))


ROWS = (
    Row(
        "sqs-send",
        "sends messages to a queue",
        _SQS,
        Standing.DOCUMENTED,
        "orders",
        (Access((sqs.GetQueueAttributes, sqs.GetQueueUrl, sqs.SendMessage)),),
        QUEUE,
        (),
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
        KeyUse((kms.Decrypt, kms.GenerateDataKey), "sqs", Standing.UNPROVEN, "aws:sqs:arn", doubt=_SQS_DOUBT),
    ),
    Row(
        "sqs-consume",
        "receives messages from a queue and deletes them",
        _SQS,
        Standing.DOCUMENTED,
        "orders",
        (
            Access(
                (
                    sqs.ChangeMessageVisibility,
                    sqs.DeleteMessage,
                    sqs.GetQueueAttributes,
                    sqs.GetQueueUrl,
                    sqs.ReceiveMessage,
                )
            ),
        ),
        QUEUE,
        (),
        KeyUse(
            (kms.Decrypt,),
            "sqs",
            Standing.UNPROVEN,
            "aws:sqs:arn",
            doubt=f"{_SQS_DOUBT}; a dead-letter queue may also need the key of the source queue",
        ),
    ),
    Row(
        "sns-publish",
        "publishes to a topic",
        "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html",
        Standing.DOCUMENTED,
        "order-placed",
        (Access((sns.Publish,)),),
        TOPIC,
        (),
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        KeyUse(
            (kms.Decrypt, kms.GenerateDataKey),
            "sns",
            Standing.UNPROVEN,
            "aws:sns:topicArn",
            doubt="that SNS passes the ARN of the topic to the key; AWS's page names no encryption context",
        ),
    ),
    Row(
        "kinesis-put",
        "puts records into a stream",
        "https://docs.aws.amazon.com/streams/latest/dev/controlling-access.html",
        Standing.DOCUMENTED,
        "clicks",
        (Access((kinesis.PutRecord, kinesis.PutRecords)),),
        STREAM,
        (),
        # https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
        KeyUse((kms.GenerateDataKey,), "kinesis", Standing.DOCUMENTED, "aws:kinesis:arn"),
    ),
    Row(
        "kinesis-consume",
        "reads the records of a stream, through a registered consumer if one is named",
        "https://docs.aws.amazon.com/streams/latest/dev/kcl-iam-permissions.html",
        Standing.DOCUMENTED,
        "clicks",
        (
            Access(
                (
                    kinesis.DescribeStream,
                    kinesis.DescribeStreamSummary,
                    kinesis.GetRecords,
                    kinesis.GetShardIterator,
                    kinesis.ListShards,
                )
            ),
            Access((kinesis.RegisterStreamConsumer,), registered),
            Access((kinesis.DescribeStreamConsumer, kinesis.SubscribeToShard), consumers),
        ),
        STREAM,
        ("consumer",),
        KeyUse((kms.Decrypt,), "kinesis", Standing.DOCUMENTED, "aws:kinesis:arn"),
    ),
    Row(
        "firehose-put",
        "puts records into a Firehose stream",
        "https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html",
        Standing.DOCUMENTED,
        "clicks-to-s3",
        (Access((firehose.PutRecord, firehose.PutRecordBatch)),),
        DELIVERY_STREAM,
        (),
        # https://docs.aws.amazon.com/firehose/latest/dev/encryption.html names no encryption context.
        KeyUse((kms.Decrypt, kms.GenerateDataKey), "firehose", Standing.DOCUMENTED),
    ),
    Row(
        "eventbridge-put",
        "sends events to a bus",
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html",
        Standing.DOCUMENTED,
        "default",
        (Access((events.PutEvents,)),),
        EVENT_BUS,
    ),
    Row(
        "step-functions-start",
        "starts executions of a state machine",
        "https://docs.aws.amazon.com/step-functions/latest/dg/concept-create-iam-advanced.html",
        Standing.DOCUMENTED,
        "refund",
        (Access((states.StartExecution,)),),
        STATE_MACHINE,
    ),
    Row(
        "step-functions-answer",
        "reports the result of tasks that state machines give it; AWS defines no resource for task tokens",
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_stepfunctions.html",
        Standing.DOCUMENTED,
        True,
        (Access((states.SendTaskFailure, states.SendTaskHeartbeat, states.SendTaskSuccess), None),),
    ),
    Row(
        "lambda-invoke",
        "invokes a function",
        "https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html",
        Standing.DOCUMENTED,
        "thumbnails",
        (Access((awslambda.InvokeFunction,)),),
        FUNCTION,
    ),
    Row(
        "bedrock-invoke",
        "invokes a model, directly or through an inference profile",
        "https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html",
        Standing.DOCUMENTED,
        "us.amazon.nova-lite-v1:0",
        (Access(_INVOKE), Access(_INVOKE, behind_profile, through_profile)),
        MODEL,
        ("model",),
    ),
)
