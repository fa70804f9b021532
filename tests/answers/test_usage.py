"""Which statement of a role an event used, may have used, or was refused beside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from cfnroles.answers.usage import RoleUse, Watching
from cfnroles.iam.roles import Role, RolePolicy
from cfnroles.table.message import PolicyKind
from cfnroles.trail.record import Record
from tests.trails import ACCOUNT, OTHER_ACCOUNT, REGION, TASK, assumed, event, generated, role, s3_object, secret

ARN = f"arn:aws:{{}}:{REGION}:{ACCOUNT}:{{}}".format


def policy_of(*statements: Any) -> RolePolicy:
    return RolePolicy("Ours", {"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def watched(events: list[dict[str, Any]], *statements: Any, arn: str = role("web")) -> RoleUse:
    use = RoleUse(Role("web", (policy_of(*statements),), arn=arn))
    watching = Watching([use])
    for each in events:
        watching(msgspec.json.decode(msgspec.json.encode(each), type=Record))
    return use


def answer(told: dict[str, Any], action: str, resource: str, **more: Any) -> str:
    (seen,) = watched([told], allow(action, resource, **more)).uses
    return "used" if seen.used else "perhaps" if seen.perhaps else "no"


@pytest.mark.parametrize(
    ("told", "action", "resource", "used"),
    [
        pytest.param(told, action, resource, used, id=f"{told['eventName']} {action} {resource} {used}")
        for told, action, resource, used in [
            (
                secret("db-AbCdEf", "web"),
                "secretsmanager:GetSecretValue",
                ARN("secretsmanager", "secret:db-??????"),
                "used",
            ),
            (
                secret("db-AbCdEf", "web"),
                "secretsmanager:GetSecretValue",
                ARN("secretsmanager", "secret:other-*"),
                "no",
            ),
            (secret("db-AbCdEf", "web"), "secretsmanager:*", "*", "used"),
            (secret("db-AbCdEf", "web"), "SecretsManager:getsecretvalue", "*", "used"),
            # What the caller sent is a name: how the ARN goes on is not known.
            (secret("db", "web"), "secretsmanager:GetSecretValue", ARN("secretsmanager", "secret:db-??????"), "used"),
            (
                secret("db", "web"),
                "secretsmanager:GetSecretValue",
                ARN("secretsmanager", "secret:db-AbCdEf"),
                "perhaps",
            ),
            (
                event("secretsmanager:GetSecretValue", "web", sent={"secretId": "db"}),
                "secretsmanager:GetSecretValue",
                ARN("secretsmanager", "secret:db-??????"),
                "used",
            ),
            (
                event("ssm:GetParameters", "web", sent={"names": ["/shop/a", "b"], "withDecryption": True}),
                "ssm:GetParameters",
                ARN("ssm", "parameter/shop/a"),
                "used",
            ),
            (
                event("ssm:GetParameters", "web", sent={"names": ["/shop/a", "b"]}),
                "ssm:GetParameters",
                ARN("ssm", "parameter/b"),
                "used",
            ),
            (
                event("ssm:GetParameters", "web", sent={"names": ["/shop/a"]}),
                "ssm:GetParameters",
                ARN("ssm", "parameter/c"),
                "no",
            ),
            (
                event("ecr:BatchGetImage", "web", sent={"repositoryName": "shop/web", "registryId": ACCOUNT}),
                "ecr:BatchGetImage",
                ARN("ecr", "repository/shop/web"),
                "used",
            ),
            (
                event("ecr:BatchGetImage", "web", sent={"repositoryName": "web", "registryId": OTHER_ACCOUNT}),
                "ecr:BatchGetImage",
                ARN("ecr", "repository/web"),
                "no",
            ),
            # CloudTrail leaves out what was sent: it may have been on any repository.
            (event("ecr:BatchGetImage", "web"), "ecr:BatchGetImage", ARN("ecr", "repository/web"), "perhaps"),
            (event("ecr:BatchGetImage", "web"), "ecr:BatchGetImage", "*", "used"),
            (event("ecr:GetAuthorizationToken", "web"), "ecr:GetAuthorizationToken", "*", "used"),
            (
                event("ecr:GetAuthorizationToken", "web"),
                "ecr:GetAuthorizationToken",
                ARN("ecr", "repository/web"),
                "no",
            ),
            (
                event(
                    "logs:CreateLogStream",
                    "web",
                    sent={"logGroupName": "/ecs/web", "logStreamName": f"web/app/{TASK}"},
                ),
                "logs:CreateLogStream",
                ARN("logs", "log-group:/ecs/web:log-stream:web/app/*"),
                "used",
            ),
            (
                event("logs:CreateLogGroup", "web", sent={"logGroupName": "/ecs/web"}),
                "logs:CreateLogGroup",
                ARN("logs", "log-group:/ecs/web:*"),
                "used",
            ),
            (s3_object("HeadObject", "assets", "a/b", "web"), "s3:GetObject", "arn:aws:s3:::assets/a/*", "used"),
            (s3_object("HeadObject", "assets", "c", "web"), "s3:GetObject", "arn:aws:s3:::assets/a/*", "no"),
            (s3_object("GetObject", "assets", "c", "web"), "s3:GetObjectVersion", "arn:aws:s3:::assets/*", "perhaps"),
            (s3_object("ListObjects", "assets", "", "web"), "s3:ListBucket", "arn:aws:s3:::assets", "used"),
            (s3_object("CopyObject", "assets", "c", "web"), "s3:GetObject", "arn:aws:s3:::other/*", "perhaps"),
            (
                event(
                    "sqs:SendMessage", "web", sent={"queueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs"}
                ),
                "sqs:SendMessage",
                ARN("sqs", "jobs"),
                "used",
            ),
            (
                event("lambda:Invoke", "web", data=True, on=[ARN("lambda", "function:resize")]),
                "lambda:InvokeFunction",
                ARN("lambda", "function:resize"),
                "used",
            ),
            (
                event("dynamodb:TransactWriteItems", "web", data=True, on=[ARN("dynamodb", "table/a")]),
                "dynamodb:PutItem",
                ARN("dynamodb", "table/a"),
                "perhaps",
            ),
            # No row says where the event names its resource, so it may have been any.
            (
                event("states:StartExecution", "web", sent={"stateMachineArn": ARN("states", "stateMachine:a")}),
                "states:StartExecution",
                ARN("states", "stateMachine:b"),
                "perhaps",
            ),
            (event("monitoring:PutMetricData", "web"), "cloudwatch:PutMetricData", "*", "used"),
            # Another role, another account, and no session at all.
            (secret("db-AbCdEf", "other"), "secretsmanager:*", "*", "no"),
            (secret("db-AbCdEf", "web", account=OTHER_ACCOUNT), "secretsmanager:*", "*", "no"),
            (secret("db-AbCdEf", "web") | {"userIdentity": {"type": "IAMUser"}}, "secretsmanager:*", "*", "no"),
            (
                secret("db-AbCdEf", "web") | {"userIdentity": None, "requestParameters": "?"},
                "secretsmanager:*",
                "*",
                "no",
            ),
        ]
    ],
)
def test_an_event_uses_the_grants_of_its_call(told: dict[str, Any], action: str, resource: str, used: str) -> None:
    assert answer(told, action, resource) == used


KEY = ARN("kms", "key/1234")


@pytest.mark.parametrize(
    ("condition", "used"),
    [
        ({"StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}}, "used"),
        ({"StringEquals": {"kms:ViaService": f"ssm.{REGION}.amazonaws.com"}}, "no"),
        ({"StringLike": {"kms:EncryptionContext:SecretARN": "*:secret:db-??????"}}, "used"),
        ({"StringLike": {"kms:EncryptionContext:SecretARN": "*:secret:other-??????"}}, "no"),
        ({"StringEquals": {"aws:RequestedRegion": REGION}}, "used"),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, "perhaps"),
    ],
)
def test_conditions_are_held_against_what_the_event_tells(condition: dict[str, Any], used: str) -> None:
    told = event(
        "kms:Decrypt",
        "web",
        on=[KEY],
        via="secretsmanager.amazonaws.com",
        sent={"encryptionContext": {"SecretARN": ARN("secretsmanager", "secret:db-AbCdEf")}},
    )
    assert answer(told, "kms:Decrypt", KEY, Condition=condition) == used


def test_uses_are_counted_with_the_last_time_for_each_action() -> None:
    events = [secret("db-AbCdEf", "web", day=day) for day in (3, 9, 5)]
    use = watched([*events, assumed("web", day=1), assumed("other")], allow("secretsmanager:*", "*"))
    (count,) = use.uses[0].used.values()
    assert (count.times, count.last) == (3, "2026-11-10T12:00:00Z")
    assert (use.assumed.times, use.by_tasks.times, use.by_tasks.last) == (1, 1, "2026-11-02T12:00:00Z")
    assert (use.calls.times, use.regions, use.accounts) == (3, {REGION}, {ACCOUNT})


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("because no VPC endpoint policy allows the {} action", PolicyKind.ENDPOINT),
        ("because no permissions boundary allows the {} action", PolicyKind.BOUNDARY),
        ("with an explicit deny in a service control policy", PolicyKind.SERVICE_CONTROL),
        ("because no identity-based policy allows the {} action", PolicyKind.IDENTITY),
        ("", PolicyKind.UNSTATED),
    ],
)
@pytest.mark.parametrize("granted", [True, False])
def test_a_refused_call_is_told_with_the_kind_of_policy_that_refused(why: str, kind: PolicyKind, granted: bool) -> None:
    action, arn = "secretsmanager:GetSecretValue", ARN("secretsmanager", "secret:db-AbCdEf")
    message = (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/web/{TASK} is not authorized to perform: {action} on resource:"
    )
    message = f"{message} {arn} {why.format(action)}".strip()
    told = secret("db-AbCdEf", "web", error="AccessDenied", message=message)
    use = watched([told, told], allow(action, arn if granted else ARN("secretsmanager", "secret:other-??????")))
    (seen,) = use.uses
    assert not seen.used
    assert {kind: count.times for kind, count in seen.denied.items()} == ({kind: 2} if granted else {})
    beyond = [(each.action, each.resource, each.kind, count.times) for each, count in use.refused.items()]
    assert beyond == ([] if granted else [(action, arn, kind, 2)])


def test_a_call_that_failed_for_another_reason_was_made_and_counts() -> None:
    told = secret("db-AbCdEf", "web", error="ResourceNotFoundException", message="Secrets Manager can't find it.")
    assert answer(told, "secretsmanager:GetSecretValue", "*") == "used"


def test_what_is_kept_does_not_grow_with_the_events() -> None:
    arn = "arn:aws:s3:::other/{}"
    events = [
        s3_object("GetObject", "other", str(number), "web", error="AccessDenied", message="Access Denied")
        for number in range(300)
    ]
    use = watched(events, allow("s3:GetObject", "arn:aws:s3:::assets/*"))
    assert len(use.refused) == 200
    assert use.further == 100
    assert {each.resource for each in use.refused} <= {arn.format(number) for number in range(300)}


def test_a_role_is_known_by_its_name_where_its_account_is_not_told() -> None:
    use = watched(
        [secret("a-AbCdEf", "web"), secret("a-AbCdEf", "web", account=OTHER_ACCOUNT)], allow("*", "*"), arn=""
    )
    assert use.accounts == {ACCOUNT, OTHER_ACCOUNT}


def test_a_statement_of_a_template_has_the_account_and_the_region_of_the_event() -> None:
    own = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:db-??????"
    told = secret("db-AbCdEf", "web")
    assert answer(told, "secretsmanager:GetSecretValue", own) == "used"
    assert answer(told, "secretsmanager:GetSecretValue", own.replace("db", "${Name}")) == "perhaps"


def test_a_long_trail_takes_no_more_memory_than_a_piece_of_it() -> None:
    import tracemalloc

    from cfnroles.trail.stream import batches

    piece = b",".join(msgspec.json.encode(each) for each in generated(7, 300))
    use = RoleUse(Role("web", (policy_of(allow("s3:*", "*")),), arn=role("web")))
    watching = Watching([use])

    def text() -> Iterator[bytes]:
        yield b'{"Records":['
        for number in range(30):
            yield (b"," if number else b"") + piece
        yield b"]}"

    tracemalloc.start()
    count = 0
    for batch in batches(text()):
        count += len(batch.records)
        for each in batch.records:
            watching(each)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 9_000
    assert len(piece) * 30 > 1.5 * peak
