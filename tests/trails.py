"""Events of CloudTrail, made by hand and at random, in the forms in which people have them."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

ACCOUNT, REGION = "123456789012", "eu-west-1"
OTHER_ACCOUNT = "999988887777"
TASK = "0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a"
START = datetime(2026, 11, 1, tzinfo=UTC)


def role(name: str, account: str = ACCOUNT) -> str:
    """The ARN of a role."""
    return f"arn:aws:iam::{account}:role/{name}"


def event(
    name: str,
    caller: str = "web-execution",
    *,
    host: str = "",
    day: int = 0,
    hour: int = 12,
    account: str = ACCOUNT,
    region: str = REGION,
    sent: Any = None,
    on: Iterable[str] = (),
    read: bool = True,
    data: bool = False,
    error: str = "",
    message: str = "",
    via: str = "10.0.0.7",
) -> dict[str, Any]:
    """One event of a session of a role, as CloudTrail writes it; ``name`` is ``service:EventName``."""
    service, _, called = name.partition(":")
    time = START + timedelta(days=day, hours=hour)
    told: dict[str, Any] = {
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"AROAEXAMPLE:{TASK}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{caller}/{TASK}",
            "accountId": account,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "arn": role(caller, account),
                    "accountId": account,
                    "userName": caller,
                },
                "attributes": {"creationDate": "2026-11-01T00:00:00Z", "mfaAuthenticated": "false"},
            },
        },
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": host or f"{service}.amazonaws.com",
        "eventName": called,
        "awsRegion": region,
        "sourceIPAddress": via,
        "userAgent": "aws-sdk-go-v2/1.30.3 exec-env/AWS_ECS_FARGATE",
        "requestParameters": sent,
        "responseElements": None,
        "requestID": "6e3f1c1e-0000-4000-8000-000000000000",
        "eventID": f"{random.Random(name + str(time)).getrandbits(64):016x}",
        "readOnly": read,
        "eventType": "AwsApiCall",
        "managementEvent": not data,
        "recipientAccountId": account,
        "eventCategory": "Data" if data else "Management",
    }
    if on:
        told["resources"] = [{"accountId": account, "type": "AWS::Thing", "ARN": arn} for arn in on]
    return told | ({"errorCode": error, "errorMessage": message} if error else {})


def assumed(caller: str = "web-execution", **given: Any) -> dict[str, Any]:
    """ECS assumes a role for a task."""
    account = given.get("account", ACCOUNT)
    found = event("sts:AssumeRole", caller, via="ecs-tasks.amazonaws.com", **given)
    return found | {
        "userIdentity": {"type": "AWSService", "invokedBy": "ecs-tasks.amazonaws.com"},
        "requestParameters": {"roleArn": role(caller, account), "roleSessionName": TASK},
        "resources": [{"accountId": account, "type": "AWS::IAM::Role", "ARN": role(caller, account)}],
    }


def secret(name: str, caller: str = "web-execution", **given: Any) -> dict[str, Any]:
    """A secret is read."""
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}"
    return event("secretsmanager:GetSecretValue", caller, sent={"secretId": arn}, **given)


def s3_object(called: str, bucket: str, key: str, caller: str = "web", **given: Any) -> dict[str, Any]:
    """A data event of an object."""
    on = (f"arn:aws:s3:::{bucket}/{key}", f"arn:aws:s3:::{bucket}")
    sent = {"bucketName": bucket, "key": key, "Host": f"{bucket}.s3.{REGION}.amazonaws.com"}
    return event(f"s3:{called}", caller, sent=sent, on=on, data=True, **given)


def somebody(day: int = 0, *, read: bool = True, **given: Any) -> dict[str, Any]:
    """An event of another principal, which shows that the trail records such events on a day."""
    name = "ec2:DescribeInstances" if read else "ec2:RunInstances"
    return event(name, "operators", day=day, hour=3, read=read, **given)


def quiet_days(days: int, **given: Any) -> list[dict[str, Any]]:
    """What shows that a trail records management events of all kinds on each of so many days."""
    key = event("kms:ListKeys", "operators", **given)
    return [key, *(somebody(day, read=read, **given) for day in range(days) for read in (True, False))]


def delivered(events: Iterable[dict[str, Any]], *, compact: bool = True) -> bytes:
    """A file as CloudTrail delivers it."""
    separators = (",", ":") if compact else None
    return gzip.compress(json.dumps({"Records": list(events)}, separators=separators).encode(), 1, mtime=0)


def looked_up(events: Iterable[dict[str, Any]], **more: Any) -> str:
    """What ``aws cloudtrail lookup-events`` answers."""
    found = [{"EventId": each["eventID"], "CloudTrailEvent": json.dumps(each)} for each in events]
    return json.dumps({"Events": found, **more}, indent=4)


def generated(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Events of thirty days: half of other roles and accounts, the rest of two roles."""
    choose = random.Random(seed)
    makers = (
        lambda day: event("ecr:GetAuthorizationToken", day=day),
        lambda day: event("ecr:BatchGetImage", day=day, sent={"repositoryName": "shop/web"}),
        lambda day: secret("shop/db-AbCdEf", day=day),
        lambda day: event(
            "logs:CreateLogStream",
            day=day,
            read=False,
            sent={"logGroupName": "/ecs/web", "logStreamName": f"web/web/{choose.getrandbits(64):x}"},
        ),
        lambda day: assumed(day=day),
        lambda day: assumed("web", day=day),
        lambda day: s3_object("GetObject", "assets", f"{choose.getrandbits(48):x}.css", day=day),
        lambda day: s3_object("PutObject", "uploads", f"{choose.getrandbits(48):x}", day=day, read=False),
        lambda day: somebody(day),
        lambda day: somebody(day, read=False),
        lambda day: somebody(day, region="us-east-1"),
        lambda day: event("dynamodb:Query", "worker", day=day, data=True, on=[_table("orders")]),
        lambda day: s3_object("GetObject", "data", f"{choose.getrandbits(48):x}", "worker", day=day),
        lambda day: somebody(day, account=OTHER_ACCOUNT),
        lambda day: event("kms:Decrypt", "worker", day=day, on=[f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"]),
        lambda day: event("sqs:ReceiveMessage", "worker", day=day, data=True, sent={"queueUrl": "https://q/1/jobs"}),
    )
    for number in range(count):
        yield choose.choice(makers)(number * 30 // max(count, 1))


def _table(name: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"
