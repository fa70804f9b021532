"""What the gate finds out, against moto: the API that is right where it matters here."""

from __future__ import annotations

import functools
import hashlib
import json
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

ACCOUNT = "123456789012"
REGION = "us-east-1"
VALUE = "hunter2-must-never-be-logged"
Tell = Callable[..., dict[str, Any]]


class Store:
    """Secrets and parameters of the account, by the names that the tables below use."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.arns: dict[str, str] = {}

    @functools.cache  # noqa: B019 - there is one store
    def client(self, service: str, region: str = REGION) -> Any:
        keys = {"aws_access_key_id": "dummy", "aws_secret_access_key": "dummy"}
        return boto3.client(service, region, endpoint_url=self.address, **keys)  # type: ignore[call-overload]

    def secret(self, name: str, value: str | bytes | None = VALUE, region: str = REGION, **members: Any) -> str:
        given = {"SecretBinary" if isinstance(value, bytes) else "SecretString": value} if value else {}
        arn: str = self.client("secretsmanager", region).create_secret(Name=name, **given, **members)["ARN"]
        self.arns[name] = arn
        return arn

    def parameter(self, name: str, kind: str = "String", region: str = REGION) -> None:
        self.client("ssm", region).put_parameter(Name=name, Value=VALUE, Type=kind)

    def current(self, name: str) -> str:
        stages = self.client("secretsmanager").describe_secret(SecretId=name)["VersionIdsToStages"]
        return str(next(version for version, labels in stages.items() if "AWSCURRENT" in labels))


@pytest.fixture(scope="module")
def inventory(moto_address: str) -> Store:
    # Where this module's tests are shared out in pieces, it is made again in the same process.
    urllib.request.urlopen(f"{moto_address}/moto-api/reset", data=b"", timeout=10).close()
    store = Store(moto_address)
    store.secret("prod/db", json.dumps({"user": VALUE, "password": VALUE}))
    store.client("secretsmanager").put_secret_value(
        SecretId="prod/db", SecretString=json.dumps({"user": VALUE, "password": VALUE, "host": VALUE})
    )
    store.secret("registry", json.dumps({"username": VALUE, "password": VALUE}))
    store.secret("plain")
    store.secret("binary", b"hunter2-must-never-be-logged")
    store.secret("empty", None)
    store.secret("doomed")
    store.client("secretsmanager").delete_secret(SecretId="doomed", RecoveryWindowInDays=7)
    store.secret("abroad", region="eu-west-1")
    for name, kind in (
        ("/web/token", "SecureString"),
        ("flag", "String"),
        ("/slash", "String"),
        ("/list", "StringList"),
    ):
        store.parameter(name, kind)
    store.parameter("/web/abroad", region="eu-west-1")
    return store


@pytest.fixture
def store(inventory: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """What is in the account, which the handler asks."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", inventory.address)
    return inventory


def arn(service: str, resource: str, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:{service}:{region}:{account}:{resource}"


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param("{prod/db}", id="complete-arn"),
        pytest.param(arn("secretsmanager", "secret:prod/db"), id="arn-without-suffix"),
        pytest.param("{prod/db}:user::", id="json-key"),
        pytest.param("{prod/db}::AWSPREVIOUS:", id="stage"),
        pytest.param("{prod/db}:::{version}", id="version-id"),
        pytest.param("{prod/db}:user:AWSCURRENT:{version}", id="all-parts"),
        pytest.param("{prod/db}:::", id="all-parts-empty"),
        pytest.param("{abroad}", id="secret-in-another-region"),
        pytest.param("/web/token", id="parameter-path"),
        pytest.param("flag", id="parameter-name"),
        pytest.param(arn("ssm", "parameter/web/token"), id="parameter-arn"),
        pytest.param(arn("ssm", "parameter/flag"), id="parameter-arn-of-a-name"),
        pytest.param(arn("ssm", "parameter/slash"), id="parameter-arn-of-a-name-with-a-slash"),
        pytest.param(arn("ssm", "parameter/web/abroad", "eu-west-1"), id="parameter-in-another-region"),
        pytest.param("/list", id="list-of-strings-which-ecs-delivers-as-one"),
        pytest.param("/aws/reference/secretsmanager/plain", id="secret-by-way-of-parameter-store"),
    ],
)
@pytest.mark.parametrize("switches", [{}, {"CheckJsonKeys": "true", "CheckKeys": "true"}], ids=["default", "strict"])
def test_what_exists_passes(store: Store, tell: Tell, reference: str, switches: dict[str, str]) -> None:
    given = reference.format(version=store.current("prod/db"), **store.arns)
    answer = tell({"ValueFrom": given, "For": "container web, secret A"}, **switches)
    assert answer["Status"] == "SUCCESS", answer
    assert answer["Data"]["Checked"] == "1"
    assert answer["Data"]["Version1"]


BAD = [
    pytest.param(
        arn("secretsmanager", "secret:prod/nope"),
        "Secret prod/nope in us-east-1 does not exist",
        "Create it, or correct the reference.",
        id="no-such-secret",
    ),
    pytest.param(
        arn("secretsmanager", "secret:prod/db-AbCdEf"),
        "Secret prod/db-AbCdEf in us-east-1 does not exist",
        "The last six characters were read as the suffix that AWS adds, a new one each time it is created.",
        id="suffix-of-an-earlier-secret",
    ),
    pytest.param(
        arn("secretsmanager", "secret:prod/db", "eu-west-1"),
        "Secret prod/db in eu-west-1 does not exist",
        "Create it",
        id="secret-in-the-wrong-region",
    ),
    pytest.param("{empty}", "exists but has no value", "aws secretsmanager put-secret-value", id="no-value"),
    pytest.param("{empty}::BLUE:", "exists but has no value", "put-secret-value", id="no-value-but-a-stage"),
    pytest.param("{doomed}", "is scheduled for deletion", "restore-secret", id="scheduled-for-deletion"),
    pytest.param("{prod/db}::BLUE:", "has no version with the label BLUE", "label a version", id="no-such-stage"),
    pytest.param("{prod/db}:::0-0-0", "has no version 0-0-0 with a value", "Correct", id="no-such-version"),
    pytest.param(
        "{prod/db}::AWSPREVIOUS:{version}",
        "has no version {version} with the label AWSPREVIOUS",
        "Correct",
        id="version-without-the-stage",
    ),
    pytest.param("/web/nope", "Parameter /web/nope in us-east-1 does not exist", "Create it", id="no-such-parameter"),
    pytest.param("nope", "Parameter nope in us-east-1 does not exist", "for a secret, use its ARN", id="bare-name"),
    pytest.param(
        arn("ssm", "parameter/nope"), "Parameter nope in us-east-1 does not exist", "Create it", id="no-parameter-arn"
    ),
    pytest.param(
        arn("ssm", "parameter/flag", account="999999999999"),
        "belongs to another account, 999999999999, and ECS only reads parameters of its own account",
        "Copy it into this account",
        id="parameter-of-another-account",
    ),
    pytest.param("{prod/db}:user", "with all three colons", "Correct its ValueFrom.", id="json-key-without-colons"),
    pytest.param("{prod/db}:user:", "with all three colons", "Correct its ValueFrom.", id="json-key-with-one-colon"),
    pytest.param("{prod/db}:a:b:c:d", "with all three colons", "Correct its ValueFrom.", id="too-many-colons"),
    pytest.param("flag:3", "or the name of a parameter", "Correct", id="parameter-version"),
    pytest.param("web/token", "or the name of a parameter", "Correct", id="path-without-a-slash"),
    pytest.param("${{Secret}}", "or the name of a parameter", "Correct", id="unresolved-expression"),
    pytest.param("schlüssel", "or the name of a parameter", "Correct", id="unicode"),
    pytest.param("arn:aws:s3:::bucket/key", "expected the ARN of a secret or parameter", "Correct", id="other-arn"),
    pytest.param("arn:aws:secretsmanager:us-east-1:1:secret:x", "Malformed", "Correct", id="account-of-one-digit"),
]


@pytest.mark.parametrize(("reference", "what", "remedy"), BAD)
def test_what_ecs_could_not_use_is_named_with_its_user_and_a_remedy(
    store: Store, tell: Tell, reference: str, what: str, remedy: str
) -> None:
    facts = {"version": store.current("prod/db"), **store.arns}
    given = reference.format(**facts)
    answer = tell({"ValueFrom": given, "For": "container web, secret DB_PASSWORD"})
    assert answer["Status"] == "FAILED"
    head, problem, *_ = answer["Reason"].split("\n")
    assert head == "1 of 1 references to secrets and parameters cannot be used:"
    assert problem.startswith("1. ")
    assert what.format(**facts) in problem
    assert ". Needed by container web, secret DB_PASSWORD. " in problem
    assert remedy in problem
    (logged,) = [line for line in answer["Log"] if line["level"] == "ERROR"]
    (told,) = logged["references"]
    assert told["For"] == "container web, secret DB_PASSWORD"
    assert told["ValueFrom"] in (given, f"(a string of {len(given)} characters)")
    assert remedy in logged["remedy"]


@pytest.mark.parametrize(
    ("reference", "what"),
    [
        pytest.param({"ValueFrom": "{prod/db}:nope::"}, "lacks the JSON key 'nope'", id="no-such-key"),
        pytest.param({"ValueFrom": "{prod/db}:host:AWSPREVIOUS:"}, "lacks the JSON key 'host'", id="not-in-this-stage"),
        pytest.param({"ValueFrom": "{plain}:user::"}, "is not a JSON object", id="not-json"),
        pytest.param({"ValueFrom": "{binary}:user::"}, "is not a JSON object stored as text", id="binary"),
        pytest.param(
            {"ValueFrom": "{prod/db}", "Use": "repository-credentials"}, "lacks the JSON key 'username'", id="registry"
        ),
        pytest.param({"ValueFrom": "{prod/db}", "Use": "fsx"}, "lacks the JSON key 'username'", id="fsx"),
    ],
)
def test_json_keys_are_looked_for_when_asked(store: Store, tell: Tell, reference: dict[str, str], what: str) -> None:
    given = {**reference, "ValueFrom": reference["ValueFrom"].format(**store.arns)}
    assert tell(given)["Status"] == "SUCCESS"
    answer = tell(given, CheckJsonKeys="true")
    assert what in answer["Reason"]


@pytest.mark.parametrize(
    ("value", "what"),
    [
        pytest.param('[{"user": "a"}]', "is not a JSON object stored as text", id="a-list"),
        pytest.param('"user"', "is not a JSON object stored as text", id="a-text"),
        pytest.param("12", "is not a JSON object stored as text", id="a-number"),
        pytest.param("null", "is not a JSON object stored as text", id="null"),
        pytest.param('{"user": NaN}', "is not a JSON object stored as text", id="a-number-of-no-json"),
        pytest.param('{"user": "a"', "is not a JSON object stored as text", id="cut-short"),
        pytest.param('{"user": 1e999}', "a number that is too large for ECS to read", id="a-large-number"),
        pytest.param(f'{{"user": 1{"0" * 5000}}}', "a number that is too large for ECS to read", id="many-digits"),
        pytest.param(
            f'{{"user": {"[" * 30_000}{"]" * 30_000}}}', "is JSON that is nested too deeply", id="deeply-nested"
        ),
        pytest.param(json.dumps({"other": {"user": "a"}}), "lacks the JSON key 'user'", id="a-key-further-down"),
    ],
)
def test_a_value_without_keys_is_called_what_it_is(store: Store, tell: Tell, value: str, what: str) -> None:
    reference = f"{holding(store, value)}:user::"
    assert what in tell(reference, CheckJsonKeys="true")["Reason"]
    assert tell(reference)["Status"] == "SUCCESS"


def test_a_key_is_found_in_a_secret_of_the_greatest_size(store: Store, tell: Tell) -> None:
    filled = json.dumps({**{f"key{number}": "v" * 50 for number in range(900)}, "user": VALUE})
    assert 50_000 < len(filled) <= 65_536
    assert tell(f"{holding(store, filled)}:user::", CheckJsonKeys="true")["Status"] == "SUCCESS"


@pytest.mark.parametrize("value", [{"a": 1}, ["a"], 123456789, True, None], ids=repr)
def test_a_value_of_a_key_that_is_no_text_is_worth_a_warning(store: Store, tell: Tell, value: object) -> None:
    secret = holding(store, json.dumps({"user": value, "host": VALUE}))
    answer = tell(f"{secret}:user::", f"{secret}:host::", CheckJsonKeys="true")
    assert answer["Status"] == "SUCCESS"
    (warning,) = [line for line in answer["Log"] if line["level"] == "WARNING"]
    assert warning["message"].startswith("ECS delivers user of Secret ")
    assert warning["message"].endswith(" as Go prints it: it is not a string")


def holding(store: Store, value: str) -> str:
    """The ARN of a secret with this value."""
    return store.secret(f"holding-{hashlib.sha256(value.encode()).hexdigest()[:8]}", value)


@pytest.mark.parametrize("pasted", ["postgres://shop:{}@db/shop", "{}!", " {}", "-----BEGIN {}-----", "shop:{}"])
def test_a_value_that_is_pasted_as_a_reference_is_told_by_its_length(store: Store, tell: Tell, pasted: str) -> None:
    given = pasted.format("hunter2")
    answer = tell(given)
    assert f"Malformed reference (a string of {len(given)} characters): expected the ARN" in answer["Reason"]
    assert "hunter2" not in json.dumps(answer)


def test_what_names_say_stays_within_the_line(store: Store, tell: Tell) -> None:
    evil = "x\n2. Nothing is wrong.\r\x1b[2K\u202e"
    answer = tell({"ValueFrom": arn("secretsmanager", f"secret:{evil}"), "For": f"container {evil}"})
    assert answer["Status"] == "FAILED"
    assert all(line.isprintable() for line in answer["Reason"].split("\n"))
    assert answer["Reason"].count("\n") == tell("/nope")["Reason"].count("\n")


def test_long_references_leave_a_short_log(store: Store, tell: Tell) -> None:
    long = [f"{store.arns['prod/db']}:{'k' * 20_000}{number}::" for number in range(300)]
    answer = tell(*({"ValueFrom": each, "For": "f" * 20_000} for each in long), CheckJsonKeys="true")
    assert answer["Status"] == "FAILED"
    assert len(json.dumps(answer["Log"])) < 1_000_000


def test_json_keys_that_are_there_pass(store: Store, tell: Tell) -> None:
    registry = {"ValueFrom": store.arns["registry"], "Use": "repository-credentials"}
    both = [f"{store.arns['prod/db']}:{key}::" for key in ("user", "host")]
    assert tell(registry, *both, CheckJsonKeys="true")["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("reference", "use", "what"),
    [
        pytest.param("/web/token", "fsx", "is a SecureString, but ECS requires a String (fsx)", id="fsx-secure"),
        pytest.param("/web/token", "windows-credential-spec", "is a SecureString", id="gmsa-secure"),
        pytest.param("/list", "fsx", "is a StringList", id="fsx-list"),
        pytest.param("flag", "repository-credentials", "is a parameter, but ECS requires a secret here", id="registry"),
        pytest.param("flag", "colander", "its Use is not one of environment", id="unknown-use"),
    ],
)
def test_a_type_that_ecs_cannot_use_there_is_refused(
    store: Store, tell: Tell, reference: str, use: str, what: str
) -> None:
    assert what in tell({"ValueFrom": reference, "Use": use})["Reason"]


def test_a_list_of_strings_is_worth_a_warning_in_the_log(store: Store, tell: Tell) -> None:
    warnings = [line for line in tell("/list")["Log"] if line["level"] == "WARNING"]
    assert [line["message"] for line in warnings] == [
        "Parameter /list in us-east-1 is a StringList: ECS delivers one string with commas"
    ]


@pytest.mark.parametrize(
    ("change", "state"),
    [
        pytest.param("disable_key", "Disabled", id="disabled"),
        pytest.param("schedule_key_deletion", "PendingDeletion", id="pending-deletion"),
    ],
)
def test_a_key_that_cannot_decrypt_is_found_when_asked(store: Store, tell: Tell, change: str, state: str) -> None:
    kms = store.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]  # moto changes the state of no key by its ARN
    given = {"ValueFrom": store.secret(f"locked-{state}", KmsKeyId=key)}
    assert tell(given, CheckKeys="true")["Status"] == "SUCCESS"
    getattr(kms, change)(KeyId=key)
    assert tell(given)["Status"] == "SUCCESS"
    assert f"exists, but its KMS key {key} is {state}" in tell(given, CheckKeys="true")["Reason"]


def test_all_problems_are_told_at_once_and_each_once_with_all_its_users(store: Store, tell: Tell) -> None:
    users = [{"ValueFrom": "/web/nope", "For": f"container web, secret S{n}"} for n in range(6)]
    other = {"ValueFrom": store.arns["empty"], "For": "container log, secretOptions splunk-token"}
    answer = tell(*users, "flag", other)
    head, first, second, log = answer["Reason"].split("\n")
    assert head == "7 of 8 references to secrets and parameters cannot be used:"
    shown = "; ".join(f"container web, secret S{n}" for n in range(4))
    missing = f"1. Parameter /web/nope in us-east-1 does not exist. Needed by {shown} and 2 more. Create it"
    assert {first[3:10], second[3:10]} == {"Paramet", "Secret "}
    assert missing[3:] in first[3:] or missing[3:] in second[3:]
    assert log.startswith("Log: ")
    logged = next(line for line in answer["Log"] if "/web/nope" in line["message"])
    assert [each["For"] for each in logged["references"]] == [user["For"] for user in users]


@pytest.mark.parametrize(
    ("references", "status", "told"),
    [
        pytest.param([], "SUCCESS", "0", id="empty"),
        pytest.param([""], "SUCCESS", "0", id="an-empty-list-of-commas"),
        pytest.param(None, "FAILED", "References must be a list, not NoneType", id="missing"),
        pytest.param("flag", "FAILED", "References must be a list, not str", id="text"),
        pytest.param({"ValueFrom": "flag"}, "FAILED", "References must be a list, not dict", id="not-a-list"),
        pytest.param([{"For": "web"}], "FAILED", "Malformed reference '': it is missing", id="no-value-from"),
        pytest.param([{"ValueFrom": ["flag"]}], "FAILED", "Malformed reference", id="value-from-of-a-wrong-type"),
        pytest.param([None], "FAILED", "Malformed reference '': it is missing", id="null"),
        pytest.param([[]], "FAILED", "Malformed reference", id="list-in-a-list"),
        pytest.param([7], "FAILED", "Parameter 7 in us-east-1 does not exist", id="number"),
    ],
)
def test_properties_as_people_write_them(store: Store, tell: Tell, references: Any, status: str, told: str) -> None:
    answer = tell(References=references)
    assert answer["Status"] == status
    assert told in answer.get("Reason", "") + answer.get("Data", {}).get("Checked", "")


@pytest.mark.parametrize(("switch", "on"), [("true", 1), ("True", 1), (True, 1), ("false", 0), (False, 0), ("", 0)])
def test_switches_are_understood_as_cloudformation_sends_them(store: Store, tell: Tell, switch: Any, on: int) -> None:
    answer = tell(f"{store.arns['prod/db']}:nope::", CheckJsonKeys=switch)
    assert answer["Status"] == ("FAILED" if on else "SUCCESS")


def test_versions_are_returned_in_order_with_a_digest_that_changes_when_a_secret_rotates(
    store: Store, tell: Tell
) -> None:
    references = [store.secret("rotating"), "flag", f"{store.arns['prod/db']}:user::"]
    first = tell(*references)["Data"]
    assert first == {
        "Checked": "3",
        "Tolerated": "none",
        "VersionsDigest": first["VersionsDigest"],
        "Version1": store.current("rotating"),
        "Version2": "1",
        "Version3": store.current("prod/db"),
    }
    assert tell(*reversed(references))["Data"]["VersionsDigest"] == first["VersionsDigest"], "order does not matter"
    store.client("secretsmanager").put_secret_value(SecretId="rotating", SecretString=VALUE + "2")
    rotated = tell(*references)["Data"]
    assert rotated["Version1"] == store.current("rotating") != first["Version1"]
    assert rotated["VersionsDigest"] != first["VersionsDigest"]


NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def updated(
    store: Store, endpoint: Any, request_of: Any, context_of: Any, clock: Any, monkeypatch: Any
) -> Callable[[str, str], dict[str, Any]]:
    """The answer at noon of 31 January 2026 to an update with a missing parameter, from one DeploymentId to another."""
    from cfnroles.lambda_code import secret_validator

    monkeypatch.setattr(clock, "time", NOW.timestamp)

    def update(old: str, new: str) -> dict[str, Any]:
        properties = {"References": ["/web/nope", "flag"], "DeploymentId": new}
        event = request_of("Update", ResourceProperties=properties, OldResourceProperties={"DeploymentId": old})
        secret_validator.handler(event, context_of(30, clock=clock), clock)
        (answer,) = endpoint.accepted
        return dict(answer)

    return update


@pytest.mark.parametrize(
    ("new", "old", "status"),
    [
        pytest.param("20260131T100000Z", "20260131T110000Z", "SUCCESS", id="back-to-an-earlier-deployment"),
        pytest.param("2026-01-31T10:00:00Z", "2026-01-31T11:00:00Z", "SUCCESS", id="with-separators"),
        pytest.param("20260131T110000Z", "20260131T100000Z", "FAILED", id="forward"),
        pytest.param("20260131T100000Z", "20260131T100000Z", "FAILED", id="the-same"),
        pytest.param("1", "2", "FAILED", id="numbers-tell-nothing"),
        pytest.param("20260131T100000Z", "initial", "FAILED", id="forward-from-the-default"),
        pytest.param("initial", "20260131T100000Z", "SUCCESS", id="back-to-the-default"),
        pytest.param("20260131T100000Z", "20260131T110000.123456Z", "SUCCESS", id="back-to-a-coarser-time"),
        pytest.param("20260131T100000.123456Z", "20260131T110000Z", "SUCCESS", id="back-to-a-finer-time"),
        pytest.param("20260131T110000Z", "20260131T100000.123456Z", "FAILED", id="forward-to-a-coarser-time"),
        pytest.param("initial", "initial", "FAILED", id="the-default-again"),
        pytest.param("20260131T115900Z", "20260131T121500Z", "SUCCESS", id="from-as-far-ahead-as-a-clock-may-be"),
        pytest.param("20260131T115900Z", "20260131T121500.000001Z", "FAILED", id="from-further-ahead"),
        pytest.param("20260131T115900Z", "20990101T000000Z", "FAILED", id="from-the-future"),
        pytest.param("initial", "20990101T000000Z", "FAILED", id="from-the-future-to-the-default"),
        pytest.param("20990101T000000Z", "20990101T000001Z", "FAILED", id="from-the-future-to-the-future"),
        pytest.param("20990101T000000Z", "20260131T115900Z", "FAILED", id="to-the-future"),
        pytest.param("20260131T115900Z", "99999999T999999Z", "FAILED", id="from-no-time-at-all"),
    ],
)
def test_a_rollback_is_never_refused_and_nothing_else_is_taken_for_one(
    updated: Callable[[str, str], dict[str, Any]], lines: Any, new: str, old: str, status: str
) -> None:
    answer = updated(old, new)
    assert answer["Status"] == status
    assert ("WARNING" in {line["level"] for line in lines()}) == (status == "SUCCESS")


def test_what_was_let_through_is_answered_and_does_not_count_as_checked(
    updated: Callable[[str, str], dict[str, Any]],
) -> None:
    data = updated("20260131T110000Z", "20260131T100000Z")["Data"]
    assert data.pop("VersionsDigest")
    assert data == {
        "Checked": "1",
        "Tolerated": "1 of 2 references: Parameter /web/nope in us-east-1 does not exist",
        "Version1": "unknown",
        "Version2": "1",
    }


def test_delete_asks_aws_nothing(endpoint: Any, request_of: Any, context_of: Any, monkeypatch: Any) -> None:
    from cfnroles.lambda_code import secret_validator

    monkeypatch.setattr(secret_validator, "check", None)
    secret_validator.handler(request_of("Delete"), context_of(30))
    assert endpoint.accepted[0]["Status"] == "SUCCESS"


def test_eleven_parameters_are_asked_for_in_two_calls(store: Store, tell: Tell) -> None:
    for n in range(11):
        store.parameter(f"/many/{n}")
    names = [f"/many/{n}" for n in range(11)]
    assert tell(*names)["Data"]["Checked"] == "11"
    mixed = [arn("ssm", "parameter/flag"), *names, "/web/nope", *(arn("ssm", f"parameter/{n}") for n in range(9))]
    assert "10 of 22" in tell(*mixed)["Reason"]
