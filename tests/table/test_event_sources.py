"""The table of event sources: which events show that an action was used, and which calls no one can see."""

from __future__ import annotations

from urllib.parse import urlsplit

import botocore.session
import pytest

from cfnroles.iam.actions import expanded
from cfnroles.table.event_source import EventSource, Recording, reads_only
from cfnroles.table.event_sources import EVENT_SOURCES, actions_of_event, source_of_action


@pytest.mark.parametrize(
    ("host", "event", "actions"),
    [
        ("s3", "HeadObject", ["s3:GetObject"]),
        ("s3", "ListObjectsV2", ["s3:ListBucket"]),
        ("s3", "ListObjects", ["s3:ListBucket"]),
        ("s3", "UploadPart", ["s3:PutObject"]),
        ("s3", "GetBucketEncryption", ["s3:GetEncryptionConfiguration"]),
        ("lambda", "Invoke", ["lambda:InvokeFunction"]),
        ("lambda", "GetFunction20150331v2", ["lambda:GetFunction"]),
        ("lambda", "UpdateFunctionCode20150331v2", ["lambda:UpdateFunctionCode"]),
        ("kms", "ReEncrypt", ["kms:ReEncryptFrom", "kms:ReEncryptTo"]),
        ("sqs", "SendMessageBatch", ["sqs:SendMessage"]),
        ("sns", "PublishBatch", ["sns:Publish"]),
        ("ecr", "BatchGetImage", ["ecr:BatchGetImage"]),
        ("logs", "CreateLogStream", ["logs:CreateLogStream"]),
        ("ssm", "GetParameters", ["ssm:GetParameters"]),
        ("ssm", "OpenControlChannel", ["ssmmessages:OpenControlChannel"]),
        ("elasticfilesystem", "NewClientConnection", ["elasticfilesystem:ClientMount"]),
        ("dynamodb", "TransactWriteItems", []),
        ("monitoring", "PutMetricData", ["cloudwatch:PutMetricData"]),
        ("states", "StartExecution", ["states:StartExecution"]),
        ("${jndi}", "X", []),
        ("s3", "Get Object", []),
    ],
)
def test_the_name_of_an_event_tells_the_actions_that_its_call_needs(host: str, event: str, actions: list[str]) -> None:
    assert [action for action, surely in actions_of_event(f"{host}.amazonaws.com", event) if surely] == actions


@pytest.mark.parametrize(
    ("action", "recording"),
    [
        ("secretsmanager:GetSecretValue", Recording.MANAGEMENT),
        ("kms:Decrypt", Recording.MANAGEMENT),
        ("ecr:batchgetimage", Recording.MANAGEMENT),
        ("logs:CreateLogStream", Recording.MANAGEMENT),
        ("logs:PutLogEvents", Recording.NEVER),
        ("iam:PassRole", Recording.NEVER),
        ("ssmmessages:OpenDataChannel", Recording.NEVER),
        ("elasticfilesystem:ClientWrite", Recording.NEVER),
        ("s3:GetObject", Recording.DATA),
        ("s3:ListBucket", Recording.DATA),
        ("s3:GetBucketLocation", Recording.MANAGEMENT),
        ("s3:GetBucketCORS", Recording.UNKNOWN),
        ("dynamodb:DescribeTable", Recording.MANAGEMENT),
        ("dynamodb:Query", Recording.DATA),
        ("sqs:GetQueueUrl", Recording.DATA),
        ("sns:Publish", Recording.DATA),
        ("xray:PutTraceSegments", Recording.DATA),
        ("lambda:InvokeFunction", Recording.DATA),
    ],
)
def test_an_action_is_recorded_as_the_page_of_its_service_says(action: str, recording: Recording) -> None:
    source = source_of_action(action)
    assert source is not None
    assert source.recording(action) is recording


#: Of APIs that botocore has under another name, or not at all: DynamoDB Streams, and that of the agent of Amazon ECS.
OTHER_OPERATIONS = {
    "dynamodb": {"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"},
    "ecs": {"Poll", "PutSystemLogEvents", "StartTelemetrySession"},
}


@pytest.mark.parametrize("source", [each for each in EVENT_SOURCES if each.model], ids=lambda each: each.service)
def test_what_is_said_to_be_recorded_is_an_operation_or_the_name_of_an_event(source: EventSource) -> None:
    loader = botocore.session.Session().get_component("data_loader")
    operations = set(loader.load_service_model(source.model, "service-2")["operations"])
    operations |= OTHER_OPERATIONS.get(source.model, set())
    renamed = {each.removeprefix("~") for several in source.renamed.values() for each in several}
    data = {name for each in source.data for name in each.actions}
    if source.management is None:
        # Every row here is for a call that an operation makes: another one would look unused for ever.
        known = {action.partition(":")[2] for action in expanded(f"{source.service}:*")}
        assert known - operations - renamed - data - set(source.never) == set()
    else:
        assert set(source.management) <= operations | renamed
    assert data <= operations | renamed
    assert not {*source.never} & ({*(source.management or ())} | data)


def test_rows_name_pages_of_aws() -> None:
    assert {urlsplit(source.page).hostname for source in EVENT_SOURCES} == {"docs.aws.amazon.com"}
    assert len({source.service for source in EVENT_SOURCES}) == len(EVENT_SOURCES)


@pytest.mark.parametrize(
    ("action", "arn", "thing"),
    [
        ("s3:GetObject", "arn:aws:s3:::assets/css/a.css", "arn:aws:s3:::assets"),
        ("s3:ListBucket", "arn:aws:s3:::assets", "arn:aws:s3:::assets"),
        ("dynamodb:Query", "arn:aws:dynamodb:eu-west-1:1:table/a/index/b", "arn:aws:dynamodb:eu-west-1:1:table/a"),
        (
            "lambda:InvokeFunction",
            "arn:aws:lambda:eu-west-1:1:function:a:live",
            "arn:aws:lambda:eu-west-1:1:function:a",
        ),
        ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:1:jobs", "arn:aws:sqs:eu-west-1:1:jobs"),
        ("xray:PutTraceSegments", "*", ""),
    ],
)
def test_a_trail_is_told_to_record_buckets_tables_functions_and_queues(action: str, arn: str, thing: str) -> None:
    source = source_of_action(action)
    assert source is not None
    events = source.data_events(action)
    assert events is not None
    assert events.recorded_thing(arn) == thing


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("GetSecretValue", True),
        ("BatchGetImage", True),
        ("Decrypt", True),
        ("DescribeTable", True),
        ("PutObject", False),
        ("SendMessage", False),
        ("Getaway", None),
        ("AssumeRole", None),
        ("ReceiveMessage", None),
    ],
)
def test_the_first_word_of_a_name_tells_whether_a_call_reads(name: str, reads: bool | None) -> None:
    assert reads_only(name) is reads
