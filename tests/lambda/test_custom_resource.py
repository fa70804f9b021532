"""The protocol: one valid answer to every request, within its time, and nothing secret in the log."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from cfnroles.lambda_code import custom_resource
from cfnroles.lambda_code.custom_resource import Answer, Request, handle

from tests.clock import WoundClock

Log = Callable[[], list[dict[str, Any]]]
RequestOf = Callable[..., dict[str, Any]]


def succeed(_: Request) -> Answer:
    return Answer(True, data={"Checked": "1"})


def fail(_: Request) -> Answer:
    return Answer(False, "2 things are wrong:", ("1. this", "2. that"))


def test_a_success_returns_its_attributes(endpoint: Any, request_of: RequestOf, context_of: Any, lines: Log) -> None:
    handle(request_of("Create"), context_of(10), succeed)
    (answer,) = endpoint.accepted
    assert (answer["Status"], answer["Data"]) == ("SUCCESS", {"Checked": "1"})
    assert [line["message"] for line in lines()] == ["request", "answered"]


def test_a_failure_shows_all_errors_and_the_place_of_the_log(
    endpoint: Any, request_of: RequestOf, context_of: Any
) -> None:
    handle(request_of("Update"), context_of(10), fail)
    (answer,) = endpoint.accepted
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        "2 things are wrong:\n1. this\n2. that\nLog: /aws/lambda/validator 2026/11/22/[$LATEST]0123456789abcdef"
    )


def test_delete_succeeds_at_once_without_any_work(endpoint: Any, request_of: RequestOf, context_of: Any) -> None:
    began = time.monotonic()
    handle(request_of("Delete"), context_of(10), lambda _: pytest.fail("no work on Delete"))
    assert time.monotonic() - began < 0.5
    assert endpoint.accepted[0]["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("SecretsExist-0123456789abcdef", id="of-a-failed-create-of-ours"),
        pytest.param("web-SecretsExist-1ABCDEFGHIJKL", id="made-by-CloudFormation"),
        pytest.param("Ünï©ode", id="unicode"),
    ],
)
def test_delete_returns_whatever_id_it_is_given(
    endpoint: Any, request_of: RequestOf, context_of: Any, given: str
) -> None:
    handle(request_of("Delete", PhysicalResourceId=given, ResourceProperties=None), context_of(10), succeed)
    assert endpoint.accepted[0]["PhysicalResourceId"] == given


def test_the_id_of_a_resource_never_changes(endpoint: Any, request_of: RequestOf, context_of: Any) -> None:
    handle(request_of("Create"), context_of(10), fail)
    created = endpoint.accepted[0]["PhysicalResourceId"]
    handle(request_of("Create", ResourceProperties={"Other": "properties"}), context_of(10), succeed)
    handle(request_of("Update", PhysicalResourceId=created), context_of(10), succeed)
    handle(request_of("Delete", PhysicalResourceId=created), context_of(10), succeed)
    assert {answer["PhysicalResourceId"] for answer in endpoint.accepted} == {created}
    other = request_of("Create", LogicalResourceId="Other")
    handle(other, context_of(10), succeed)
    assert endpoint.accepted[-1]["PhysicalResourceId"] != created


def test_the_same_request_twice_is_answered_twice_alike(endpoint: Any, request_of: RequestOf, context_of: Any) -> None:
    event = request_of("Create")
    handle(event, context_of(10), fail)
    handle(event, context_of(10), fail)
    first, second = endpoint.accepted
    assert first == second


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        pytest.param({"RequestType": "Read"}, "Unknown RequestType 'Read'", id="unknown-request-type"),
        pytest.param({"RequestType": None}, "Unknown RequestType 'None'", id="no-request-type"),
        pytest.param({"RequestType": ["Create"]}, "Unknown RequestType", id="request-type-of-a-wrong-type"),
        pytest.param({"ResourceProperties": None}, "no ResourceProperties", id="no-properties"),
        pytest.param({"ResourceProperties": "text"}, "no ResourceProperties", id="properties-of-a-wrong-type"),
    ],
)
def test_a_request_that_makes_no_sense_fails(
    endpoint: Any, request_of: RequestOf, context_of: Any, members: dict[str, Any], reason: str
) -> None:
    handle(request_of(**members), context_of(10), succeed)
    (answer,) = endpoint.accepted
    assert answer["Status"] == "FAILED"
    assert reason in answer["Reason"]


def test_ids_that_are_missing_do_not_keep_it_from_answering(
    endpoint: Any, request_of: RequestOf, context_of: Any
) -> None:
    handle(request_of(StackId=None, LogicalResourceId=None, RequestId=None), context_of(10), succeed)
    assert endpoint.accepted[0]["PhysicalResourceId"].startswith("resource-")


@pytest.mark.parametrize("event", [{}, None, [], "text", {"ResponseURL": 1}, {"ResponseURL": "file:///etc/passwd"}])
def test_without_an_address_there_is_no_answer_but_a_clear_error(event: Any, context_of: Any) -> None:
    with pytest.raises(ValueError, match="only CloudFormation can invoke this function"):
        handle(event, context_of(10), succeed)


def test_a_missing_context_is_accepted(endpoint: Any, request_of: RequestOf) -> None:
    handle(request_of(), None, fail)
    assert endpoint.accepted[0]["Reason"] == "2 things are wrong:\n1. this\n2. that"


def test_an_exception_is_told_by_type_and_place_but_not_by_text(
    endpoint: Any, request_of: RequestOf, context_of: Any, lines: Log
) -> None:
    def broken(_: Request) -> Answer:
        raise RuntimeError("hunter2-must-never-be-logged")

    handle(request_of(), context_of(10), broken)
    assert endpoint.accepted[0]["Reason"].startswith("Internal error of the custom resource: RuntimeError in broken:")
    assert "hunter2" not in json.dumps([lines(), endpoint.accepted])


def test_work_that_hangs_is_answered_before_the_time_is_over(
    endpoint: Any, request_of: RequestOf, context_of: Any
) -> None:
    began = time.monotonic()
    handle(request_of(), context_of(1), lambda _: endpoint.released.wait(30) and succeed(_))
    assert time.monotonic() - began < 1
    assert "did not finish within 0.6 s" in endpoint.accepted[0]["Reason"]


@pytest.mark.parametrize(
    ("plan", "attempts", "failures"),
    [
        pytest.param([], 1, [], id="accepts"),
        pytest.param([403], 2, ["HTTP status 403"], id="403-once"),
        pytest.param([500, 500], 3, ["HTTP status 500"] * 2, id="500-twice"),
        pytest.param([503], 2, ["HTTP status 503"], id="slow-down"),
        pytest.param(["reset"], 2, ["ConnectionResetError"], id="resets"),
        pytest.param(["redirect"], 2, ["HTTP status 307"], id="redirects"),
        pytest.param(["hang"], 2, ["TimeoutError"], id="hangs"),
        pytest.param(["drip"], 2, ["timeout"], id="sends-a-byte-now-and-then"),
        pytest.param([304], 2, ["HTTP status 304"], id="neither-success-nor-failure"),
    ],
)
def test_the_answer_is_sent_until_it_is_accepted(
    endpoint: Any,
    request_of: RequestOf,
    context_of: Any,
    lines: Log,
    clock: WoundClock,
    monkeypatch: pytest.MonkeyPatch,
    plan: list[int | str],
    attempts: int,
    failures: list[str],
) -> None:
    monkeypatch.setattr(custom_resource, "PUT_SECONDS", 0.5)
    endpoint.plan = plan
    handle(request_of(), context_of(10, clock=clock), fail, clock)
    assert (len(endpoint.accepted), endpoint.attempts, endpoint.refused) == (1, attempts, [])
    told = [line["failure"] for line in lines() if line["message"] == "answer not accepted"]
    assert [each.replace("RemoteDisconnected", "ConnectionResetError") for each in told] == failures or (
        plan == ["hang"] and told == ["timeout"]
    )


@pytest.mark.parametrize("fate", [403, 500, "hang", "reset", "redirect", "drip"])
def test_a_dead_address_ends_in_time_and_in_an_error_that_does_not_quote_it(
    endpoint: Any, request_of: RequestOf, context_of: Any, lines: Log, clock: WoundClock, fate: int | str
) -> None:
    endpoint.plan = [fate] * 50
    began = clock.monotonic()
    with pytest.raises(RuntimeError, match=r"No answer reached CloudFormation in \d attempts") as raised:
        handle(request_of(), context_of(2, clock=clock), succeed, clock)
    assert clock.monotonic() - began < 2
    assert endpoint.url not in "".join(
        [str(raised.value), repr(raised.value.__cause__), repr(raised.value.__context__)]
    )
    assert lines()[-1]["message"] == "answer not accepted"


def test_an_address_that_does_not_resolve_ends_in_time(
    request_of: RequestOf, context_of: Any, lines: Log, clock: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(RuntimeError, match="gaierror"):
        handle(request_of(), context_of(2, clock=clock), succeed, clock)
    assert {line.get("failure") for line in lines()} == {None, "gaierror"}


def test_a_name_server_that_hangs_ends_in_time(
    endpoint: Any, request_of: RequestOf, context_of: Any, lines: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: endpoint.released.wait(30))
    began = time.monotonic()
    with pytest.raises(RuntimeError, match="timeout"):
        handle(request_of(), context_of(1.5), succeed)
    assert time.monotonic() - began < 1.5
    assert lines()[-1]["failure"] == "timeout"


def test_an_address_that_http_client_refuses_and_quotes_is_not_told(
    request_of: RequestOf, context_of: Any, lines: Log, clock: WoundClock, endpoint: Any
) -> None:
    with pytest.raises(RuntimeError, match="InvalidURL"):
        handle(request_of(ResponseURL=endpoint.url + "\u0001 x"), context_of(1, clock=clock), succeed, clock)
    assert lines()[-1]["failure"] == "InvalidURL"


LONG = "x" * 200


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(False, "1000 wrong:", tuple(f"{n}. {LONG}" for n in range(1, 1001))), id="many-details"),
        pytest.param(Answer(False, "1 wrong:", ("1. " + "y" * 10_000,)), id="one-long-detail"),
        pytest.param(Answer(False, "z" * 10_000), id="long-reason"),
        pytest.param(Answer(False, "wrong:", ("1. " + "ü" * 5_000, "2. " + "\U0001f511" * 5_000)), id="unicode"),
        pytest.param(Answer(False, "wrong:", ("\ud800" * 3_000,)), id="lone-surrogates"),
        pytest.param(Answer(False, 'quo"te:', ('\\"\n' * 2_000,)), id="signs-that-are-escaped"),
        pytest.param(Answer(True, data={f"Version{n}": "v" * 64 for n in range(1000)}), id="many-attributes"),
    ],
)
def test_the_body_never_exceeds_its_limit(
    endpoint: Any, request_of: RequestOf, context_of: Any, answer: Answer
) -> None:
    handle(request_of("Update", PhysicalResourceId="p" * 1024), context_of(10), lambda _: answer)
    (told,) = endpoint.accepted
    body = len(json.dumps(told))
    assert 3700 < body <= 4096, "full, but not too full"


def test_a_long_reason_keeps_its_head_and_counts_the_rest(
    endpoint: Any, request_of: RequestOf, context_of: Any
) -> None:
    answer = Answer(False, "1000 wrong:", tuple(f"{n}. {LONG}" for n in range(1, 1001)))
    handle(request_of(), context_of(10), lambda _: answer)
    first, *shown, more, log = endpoint.accepted[0]["Reason"].split("\n")
    assert first == "1000 wrong:"
    assert shown == [f"{n}. {LONG}" for n in range(1, len(shown) + 1)]
    assert more == f"... and {1000 - len(shown)} more: see the log for all."
    assert log.startswith("Log: /aws/lambda/validator")


def test_the_time_of_the_work_leaves_enough_to_tell(request_of: RequestOf, context_of: Any) -> None:
    seen: list[float] = []

    def work(request: Request) -> Answer:
        seen.append(request.deadline.left())
        return Answer(True)

    for seconds in (1, 10, 60, 900):
        handle(request_of(), context_of(seconds), work)
    assert seen == pytest.approx([0.6, 6, 50, 890], abs=0.1)


@pytest.mark.parametrize("seconds", [1, 3, 10, 60, 900])
def test_work_that_ignores_its_time_is_left_alone_in_time(
    request_of: RequestOf, context_of: Any, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    limits: list[float] = []
    within = custom_resource._within

    def spy(limit: float, work: Callable[[], Any]) -> Any:
        limits.append(limit)
        return within(limit, work)

    monkeypatch.setattr(custom_resource, "_within", spy)
    handle(request_of(), context_of(seconds), succeed)
    assert limits[0] > seconds * 0.5
    assert seconds - limits[0] >= min(5, seconds * 0.2), "what is left is for the answer"
