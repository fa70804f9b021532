"""What the gate does when AWS does not: every fault ends in one answer, in time, without a value in the log."""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from cfnroles.lambda_code import secret_gate

from benchmarks.gate.api import VERSION, Api, Reply, error, everything_exists
from tests.clock import WoundClock

VALUE = "hunter2-must-never-be-logged"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf"
OTHERS = "arn:aws:secretsmanager:us-east-1:999999999999:secret:prod/db-AbCdEf"
DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/validator is not authorized to perform: secretsmanager:DescribeSecret"
)
Answer = Callable[[str, dict[str, Any]], Reply]
Aws = Callable[..., Api]
Tell = Callable[..., dict[str, Any]]


def always(reply: Reply) -> Answer:
    return lambda *_: reply


def first(times: int, reply: Reply, then: Answer = everything_exists) -> Answer:
    """The reply so many times, then something else."""
    count = itertools.count()
    return lambda operation, query: reply if next(count) < times else then(operation, query)


def slow(seconds: float) -> Answer:
    def answer(operation: str, query: dict[str, Any]) -> Reply:
        time.sleep(seconds)
        return everything_exists(operation, query)

    return answer


@pytest.mark.parametrize(
    ("answer", "calls"),
    [
        pytest.param(first(4, error("ThrottlingException", "Rate exceeded")), 5, id="throttled-four-times"),
        pytest.param(first(1, error("ThrottlingException", status=429)), 2, id="throttled-with-429"),
        pytest.param(first(2, error("InternalServiceError", status=500)), 3, id="500-twice"),
        pytest.param(first(2, Reply(b"<html>503</html>", 503)), 3, id="503-of-something-in-between"),
        pytest.param(first(2, Reply(b'{"ARN": ')), 3, id="malformed-json-twice"),
        pytest.param(first(1, error("ResourceNotFoundException")), 2, id="not-there-at-first"),
        pytest.param(first(2, error("AccessDeniedException", DENIED)), 3, id="role-not-there-at-first"),
        pytest.param(first(1, Reply({"ARN": SECRET})), 2, id="no-value-at-first"),
    ],
)
def test_what_passes_by_is_waited_for(aws: Aws, tell: Tell, answer: Answer, calls: int) -> None:
    api = aws(answer)
    assert tell(SECRET)["Status"] == "SUCCESS"
    assert len(api.calls) == calls


def test_what_is_missing_is_asked_for_three_times_with_growing_pauses(aws: Aws, tell: Tell, clock: WoundClock) -> None:
    api = aws(always(error("ResourceNotFoundException")))
    assert tell(SECRET)["Status"] == "FAILED"
    assert len(api.calls) == 3
    assert clock.slept == pytest.approx(0.5 + 1.5)


FAULTS = [
    pytest.param(
        always(error("AccessDeniedException", DENIED)),
        "does not exist, or the validator has no access: AWS answers AccessDenied for both",
        "allow the validator's role secretsmanager:DescribeSecret on it",
        id="denied",
    ),
    pytest.param(
        always(error("ThrottlingException", "Rate exceeded")),
        "times, last with ThrottlingException",
        "The reference may be correct: deploy again",
        id="throttled-for-ever",
    ),
    pytest.param(
        always(error("InternalServiceError", status=500)),
        "secretsmanager in us-east-1 failed 3 times, last with InternalServiceError",
        "deploy again",
        id="always-500",
    ),
    pytest.param(
        always(Reply(f'{{"SecretString": "{VALUE}'.encode())),
        "failed 3 times, last with MalformedResponse",
        "deploy again",
        id="malformed-json",
    ),
    pytest.param(
        always(Reply([VALUE])), "could not be checked", "deploy again", id="json-of-another-shape"
    ),
    pytest.param(
        always(error("InvalidParameterException", "Invalid name.")),
        "AWS answers InvalidParameterException to secretsmanager:DescribeSecret: Invalid name.",
        "Fix what AWS reports",
        id="invalid-parameter",
    ),
    pytest.param(
        always(error("UnrecognizedClientException", "The security token included in the request is invalid.")),
        "AWS answers UnrecognizedClientException",
        "Fix what AWS reports",
        id="invalid-credentials",
    ),
    pytest.param(
        slow(20), "failed 1 times, last with ReadTimeoutError", "a route to AWS", id="times-out"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "what", "remedy"), FAULTS)
def test_what_remains_is_told(
    aws: Aws, tell: Tell, monkeypatch: pytest.MonkeyPatch, answer: Answer, what: str, remedy: str
) -> None:
    monkeypatch.setattr(secret_gate, "READ_SECONDS", 0.5)
    monkeypatch.setattr(secret_gate, "ATTEMPTS", 1 if "Timeout" in what else 3)
    aws(answer)
    answered = tell({"ValueFrom": SECRET, "For": "container web, secret A"}, seconds=6)
    assert answered["Status"] == "FAILED"
    assert what in answered["Reason"]
    assert "Needed by container web, secret A." in answered["Reason"]
    assert remedy in answered["Reason"]


def test_what_aws_said_is_in_the_log(aws: Aws, tell: Tell) -> None:
    aws(always(error("AccessDeniedException", DENIED)))
    assert DENIED in {line.get("said") for line in tell(SECRET)["Log"]}


def test_with_a_second_left_the_answer_is_in_time(aws: Aws, tell: Tell) -> None:
    aws(slow(3))
    assert "was not checked in time" in tell(SECRET, seconds=1)["Reason"]


def test_what_was_found_before_the_time_was_over_is_told(aws: Aws, tell: Tell) -> None:
    def answer(operation: str, query: dict[str, Any]) -> Reply:
        return error("ResourceNotFoundException") if "missing" in str(query) else slow(3)(operation, query)

    aws(answer)
    reason = tell(SECRET, SECRET.replace("db", "missing"), seconds=2)["Reason"]
    assert "prod/missing-AbCdEf in us-east-1 does not exist" in reason
    assert "prod/db-AbCdEf in us-east-1 was not checked in time" in reason


def test_an_endpoint_that_cannot_be_reached_fails_in_seconds_however_many_references(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    began = time.monotonic()
    reason = tell(*(f"{SECRET[:-6]}{n:06}" for n in range(100)), clock=time)["Reason"]
    assert time.monotonic() - began < 5
    assert reason.startswith("100 of 100 references")
    assert "last with EndpointConnectionError" in reason


def test_a_client_that_cannot_be_made_is_a_problem_of_its_references_only(
    aws: Aws, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws(everything_exists)
    make = boto3.client

    def client(service: str, *arguments: Any, **settings: Any) -> Any:
        if service == "ssm":
            raise ValueError(VALUE)
        return make(service, *arguments, **settings)  # type: ignore[call-overload]

    monkeypatch.setattr(boto3, "client", client)
    reason = tell(SECRET, "flag")["Reason"]
    assert reason.startswith("1 of 2 references")
    assert "Parameter flag in us-east-1 could not be checked: no client for ssm in us-east-1 (ValueError)" in reason


def test_without_boto3_there_is_still_an_answer(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert "no client for secretsmanager in us-east-1 (ModuleNotFoundError boto3)" in tell(SECRET)["Reason"]


def test_a_batch_that_is_refused_is_sorted_out_name_by_name(aws: Aws, tell: Tell) -> None:
    def answer(operation: str, query: dict[str, Any]) -> Reply:
        if "/secret/7" in query["Names"]:
            return error("AccessDeniedException", "not authorized to perform: ssm:GetParameters")
        found = [{"Name": name, "Type": "String", "Version": 3} for name in query["Names"] if name != "/secret/4"]
        return Reply({"Parameters": found, "InvalidParameters": []})

    api = aws(answer)
    answered = tell(*(f"/secret/{n}" for n in range(12)))
    head, *problems, _ = answered["Reason"].split("\n")
    assert head.startswith("2 of 12 references")
    assert {problem[3:40].split(" in ")[0] for problem in problems} == {"Parameter /secret/4", "Parameter /secret/7"}
    assert "allow the validator's role ssm:GetParameters on it" in answered["Reason"]
    assert max(len(query["Names"]) for _, query in api.calls) == 10
    assert all(query["WithDecryption"] is False for _, query in api.calls)
    sizes = Counter(len(query["Names"]) for _, query in api.calls)
    assert sizes == {10: 1, 2: 1, 1: 10 + 2 * 2}, "what is good is not asked for again, nor what is bad in a batch"


def test_refused_names_are_all_reported(aws: Aws, tell: Tell) -> None:
    aws(always(error("AccessDeniedException", "not authorized to perform: ssm:GetParameters")))
    assert tell(*(f"/secret/{n}" for n in range(12)))["Reason"].startswith("12 of 12 references")


@pytest.mark.parametrize(
    ("tail", "labels", "listed", "what"),
    [
        pytest.param(
            "::AWSPENDING:", ["AWSPENDING"], [], "has no version v with a value", id="pending-without-a-value"
        ),
        pytest.param("::AWSPENDING:", ["AWSPENDING"], ["u", "v"], "", id="pending-with-a-value"),
        pytest.param(":::w", ["AWSCURRENT"], ["u", "w"], "", id="version-without-a-label"),
        pytest.param(":::w", ["AWSCURRENT"], ["u", "v"], "has no version w with a value", id="no-such-version"),
        pytest.param(":::v", ["AWSCURRENT"], None, "", id="version-with-a-label-needs-no-list"),
        pytest.param(":::w", ["AWSCURRENT"], None, "secretsmanager:ListSecretVersionIds on it", id="list-denied"),
        pytest.param("", ["AWSPENDING"], [], "has no value (no version is AWSCURRENT)", id="only-pending"),
    ],
)
def test_what_describe_secret_cannot_tell_is_looked_up_in_the_list_of_versions(
    aws: Aws, tell: Tell, tail: str, labels: list[str], listed: list[str] | None, what: str
) -> None:
    def answer(operation: str, query: dict[str, Any]) -> Reply:
        if operation == "DescribeSecret":
            return Reply({"ARN": SECRET, "VersionIdsToStages": {"v": labels}})
        if listed is None:
            return error("AccessDeniedException")
        assert query["IncludeDeprecated"] is True
        page = int(query.get("NextToken", 0))  # one version on each page
        more = {"NextToken": str(page + 1)} if page + 1 < len(listed) else {}
        return Reply({"ARN": SECRET, "Versions": [{"VersionId": each} for each in listed[page : page + 1]], **more})

    aws(answer)
    answered = tell(SECRET + tail)
    assert what in answered.get("Reason", "")
    assert (answered["Status"] == "SUCCESS") == (what == "")


@pytest.mark.parametrize(
    ("key", "what"),
    [
        pytest.param({}, "is encrypted with aws/secretsmanager, which other accounts cannot use", id="aws-managed-key"),
        pytest.param({"KmsKeyId": "arn:aws:kms:us-east-1:999999999999:key/1"}, "", id="customer-managed-key"),
    ],
)
def test_a_secret_of_another_account(aws: Aws, tell: Tell, key: dict[str, str], what: str) -> None:
    aws(always(Reply({"ARN": OTHERS, "VersionIdsToStages": {VERSION: ["AWSCURRENT"]}, **key})))
    answered = tell(OTHERS)
    assert what in answered.get("Reason", "")
    assert (answered["Status"] == "SUCCESS") == (what == "")
    if what:
        assert "Secret prod/db-AbCdEf in us-east-1 of account 999999999999" in answered["Reason"]


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        pytest.param(error("AccessDeniedException"), "key-1 is missing, or access is denied", id="denied"),
        pytest.param(error("NotFoundException"), "key-1 is missing, or access is denied", id="missing"),
        pytest.param(error("KMSInternalException", status=500), "kms in us-east-1 failed 3 times", id="unanswered"),
        pytest.param(Reply({"KeyMetadata": {"KeyId": "key-1", "KeyState": "Updating"}}), "", id="updating"),
        pytest.param(Reply({"KeyMetadata": {"KeyId": "key-1", "KeyState": "Unavailable"}}), "is Unavailable", id="off"),
    ],
)
def test_the_key_of_a_secret(aws: Aws, tell: Tell, reply: Reply, what: str) -> None:
    described = Reply({"ARN": SECRET, "VersionIdsToStages": {VERSION: ["AWSCURRENT"]}, "KmsKeyId": "key-1"})
    aws(lambda operation, _: reply if operation == "DescribeKey" else described)
    answered = tell(SECRET, CheckKeys="true")
    assert what in answered.get("Reason", "")
    assert (answered["Status"] == "SUCCESS") == (what == "")
    assert tell(SECRET)["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        pytest.param(Reply(f'{{"SecretString": "{VALUE}'.encode()), "MalformedResponse", id="cut-off"),
        pytest.param(Reply({"ARN": SECRET, "SecretString": VALUE}), "is not a JSON object", id="text"),
        pytest.param(
            Reply({"ARN": SECRET, "SecretString": f'{{"a": "{VALUE}'}), "is not a JSON object", id="broken-json"
        ),
        pytest.param(Reply({"ARN": SECRET, "SecretString": f'["{VALUE}"]'}), "is not a JSON object", id="list"),
        pytest.param(
            Reply({"ARN": SECRET, "SecretString": json.dumps({"b": VALUE})}), "lacks the JSON key 'a'", id="other-keys"
        ),
        pytest.param(error("AccessDeniedException"), "role secretsmanager:GetSecretValue on it", id="denied"),
        pytest.param(error("DecryptionFailure"), "DecryptionFailure to secretsmanager:GetSecretValue", id="no-key"),
    ],
)
def test_a_value_is_never_told(aws: Aws, tell: Tell, reply: Reply, what: str) -> None:
    aws(lambda operation, query: reply if operation == "GetSecretValue" else everything_exists(operation, query))
    assert what in tell(SECRET + ":a::", CheckJsonKeys="true")["Reason"]


def test_one_secret_is_described_and_read_once_for_all_its_keys(aws: Aws, tell: Tell) -> None:
    value = Reply({"ARN": SECRET, "SecretString": json.dumps({"a": 1, "b": 2, "c": 3})})
    api = aws(lambda operation, query: value if operation == "GetSecretValue" else everything_exists(operation, query))
    assert tell(*(f"{SECRET}:{key}::" for key in "abc"), CheckJsonKeys="true")["Status"] == "SUCCESS"
    assert Counter(operation for operation, _ in api.calls) == {"DescribeSecret": 1, "GetSecretValue": 1}


def test_by_default_no_value_is_read_and_no_key_described(aws: Aws, tell: Tell) -> None:
    api = aws(lambda *_: Reply({"ARN": SECRET, "VersionIdsToStages": {VERSION: ["AWSCURRENT"]}, "KmsKeyId": "key-1"}))
    tell(f"{SECRET}:a::", {"ValueFrom": SECRET, "Use": "repository-credentials"})
    assert {operation for operation, _ in api.calls} == {"DescribeSecret"}


def test_a_thousand_missing_secrets_with_long_names(aws: Aws, tell: Tell) -> None:
    aws(always(error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")))
    names = [f"{'n' * 195}{number:05}" for number in range(1000)]
    references = [
        {"ValueFrom": f"{SECRET[:-14]}{name}-AbCdEf", "For": f"container wéb🔑, secret S{n}"}
        for n, name in enumerate(names)
    ]
    answered = tell(*references, seconds=60)
    head, *shown, more, log = answered["Reason"].split("\n")
    assert head == "1000 of 1000 references to secrets and parameters cannot be used:"
    assert len(shown) >= 5
    for number, line in enumerate(shown):
        assert line.startswith(f"{number + 1}. Secret {names[number]}-AbCdEf in us-east-1 does not exist.")
        assert f"Needed by container wéb🔑, secret S{number}." in line
    assert more == f"... and {1000 - len(shown)} more: see the log for all."
    assert log.startswith("Log: /aws/lambda/validator ")
    logged = [line for line in answered["Log"] if line["level"] == "ERROR"]
    assert [line["references"] for line in logged] == [[reference] for reference in references]


def test_the_versions_of_forty_references_always_fit(aws: Aws, tell: Tell) -> None:
    longest = "v" * 64  # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
    aws(always(Reply({"ARN": SECRET, "VersionIdsToStages": {longest: ["AWSCURRENT"]}})))
    data = tell(*(f"{SECRET[:-6]}{n:06}" for n in range(1000)))["Data"]
    assert data["Checked"] == "1000"
    assert len(data["VersionsDigest"]) == 16
    assert [data.get(f"Version{number}") for number in range(1, 41)] == [longest] * 40


def test_calls_to_parameter_store_keep_to_a_pace(aws: Aws, tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(secret_gate.PACES, "get_parameters", 20)
    api = aws(everything_exists)
    began = time.monotonic()
    assert tell(*(f"/p/{n}" for n in range(200)), clock=time)["Status"] == "SUCCESS"
    assert len(api.calls) == 20
    assert time.monotonic() - began >= 19 / 20


def test_no_more_than_twelve_calls_are_made_at_once(aws: Aws, tell: Tell) -> None:
    lock, now, most = threading.Lock(), 0, 0

    def answer(operation: str, query: dict[str, Any]) -> Reply:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.05)
        with lock:
            now -= 1
        return everything_exists(operation, query)

    aws(answer)
    tell(*(f"{SECRET[:-6]}{n:06}" for n in range(48)))
    assert most == secret_gate.CONCURRENCY == 12
