"""What surrounds the function: CloudFormation's address, a clock, AWS, and a log that must hold nothing secret."""

from __future__ import annotations

import http.server
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from benchmarks.gate.api import Api, Reply
from tests.clock import WoundClock

ACCOUNT = "123456789012"
REGION = "us-east-1"
STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/web/51af3dc0-da77-11e4-872e-1234567db123"
SIGNATURE = "X-Amz-Signature=5f0d7a-must-never-be-logged"
VALUE = "hunter2-must-never-be-logged"


class Endpoint:
    """The address of an answer, as strict as Amazon S3 and CloudFormation are.

    ``plan`` has the fate of each attempt: a status, `hang`, `reset`, `redirect` or `drip`; after its end, and for 200,
    an attempt is judged. ``accepted`` holds the answers that were valid, ``refused`` why others were not.
    """

    def __init__(self) -> None:
        self.plan: list[int | str] = []
        self.attempts = 0
        self.accepted: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self.expected: dict[str, str] = {}
        self.released = threading.Event()
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                endpoint.attempt(self)

            do_POST = do_PUT  # noqa: N815 - the name that http.server looks for

            def log_message(self, *_: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that gave up is not worth a word."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/answer?{SIGNATURE}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def attempt(self, request: http.server.BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        fate = self.plan[self.attempts] if self.attempts < len(self.plan) else 200
        self.attempts += 1
        if fate == "hang":
            self.released.wait(30)
            return
        if fate == "drip":
            request.wfile.write(b"HTTP/1.1 ")
            while not self.released.wait(0.2):
                request.wfile.write(b"2")
            return
        if fate == "reset":
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.connection.close()
            return
        if fate == "redirect":
            request.send_response(307)
            request.send_header("Location", self.url.replace("/answer", "/elsewhere"))
            request.end_headers()
            return
        if fate == 200:
            problem = self.judge(request, body)
            if problem:
                self.refused.append(problem)
                fate = 403
            else:
                self.accepted.append(json.loads(body))
        request.send_response(int(fate))
        request.end_headers()

    def judge(self, request: http.server.BaseHTTPRequestHandler, body: bytes) -> str:
        if request.command != "PUT":
            return f"{request.command} instead of PUT"
        if request.headers.get("Content-Type") != "":
            return "the Content-Type is not empty, so that the signature does not match"
        if not request.path.startswith("/answer?"):
            return "the path is not the one that was signed"
        if len(body) > 4096:
            return f"{len(body)} bytes"
        answer = json.loads(body)
        for name, value in self.expected.items():
            if answer.get(name) != value:
                return f"{name} is {answer.get(name)!r}"
        physical = answer.get("PhysicalResourceId")
        if not isinstance(physical, str) or not 1 <= len(physical.encode()) <= 1024:
            return f"the PhysicalResourceId is {physical!r}"
        if answer.get("Status") not in ("SUCCESS", "FAILED"):
            return f"the Status is {answer.get('Status')!r}"
        if answer["Status"] == "FAILED" and not answer.get("Reason"):
            return "a failure without a Reason"
        return ""

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@dataclass(slots=True)
class Context:
    """The context of an invocation that Lambda passes to a function."""

    seconds: float
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:validator"
    log_group_name: str = "/aws/lambda/validator"
    log_stream_name: str = "2026/11/22/[$LATEST]0123456789abcdef"
    clock: Any = time
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock.monotonic()

    def get_remaining_time_in_millis(self) -> int:
        return int((self.seconds - (self.clock.monotonic() - self.began)) * 1000)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    served = Endpoint()
    yield served
    served.close()


@pytest.fixture
def request_of(endpoint: Endpoint) -> Callable[..., dict[str, Any]]:
    """A request of CloudFormation, with members changed, or removed if they are None."""

    def build(kind: str = "Create", **members: Any) -> dict[str, Any]:
        event = {
            "RequestType": kind,
            "RequestId": "7d1e-unique",
            "StackId": STACK,
            "LogicalResourceId": "SecretsExist",
            "ResourceType": "Custom::SecretsExist",
            "ResponseURL": endpoint.url,
            "ResourceProperties": {"ServiceToken": "arn:aws:lambda:...", "References": []},
            **({} if kind == "Create" else {"PhysicalResourceId": "SecretsExist-0123456789abcdef"}),
            **members,
        }
        event = {name: value for name, value in event.items() if value is not None}
        ids = ("RequestId", "StackId", "LogicalResourceId", "PhysicalResourceId")
        endpoint.expected = {name: event[name] for name in ids if isinstance(event.get(name), str)}
        return event

    return build


@pytest.fixture
def context_of() -> type[Context]:
    return Context


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """The lines of the log since the last call. Each is JSON, and none holds the address or a value."""

    def read() -> list[dict[str, Any]]:
        captured = capsys.readouterr()
        assert captured.err == ""
        for secret in (SIGNATURE, "ResponseURL", VALUE, "/answer"):
            assert secret not in captured.out
        return [json.loads(line) for line in captured.out.splitlines()]

    return read


@pytest.fixture
def clock() -> WoundClock:
    """Time as the function sees it: what it sleeps goes by at once."""
    return WoundClock()


@pytest.fixture
def tell(
    endpoint: Endpoint,
    request_of: Callable[..., dict[str, Any]],
    lines: Callable[[], list[dict[str, Any]]],
    clock: WoundClock,
) -> Callable[..., dict[str, Any]]:
    """Ask the handler to check references; the one valid answer that it gave, with its log as ``Log``."""
    from cfnroles.lambda_code import secret_validator

    def ask(*references: Any, seconds: float = 30.0, clock: Any = clock, **properties: Any) -> dict[str, Any]:
        event = request_of("Create", ResourceProperties={"References": list(references), **properties})
        before, began = len(endpoint.accepted), clock.monotonic()
        secret_validator.handler(event, Context(seconds, clock=clock), clock)
        assert clock.monotonic() - began < seconds
        assert endpoint.refused == []
        assert len(endpoint.accepted) == before + 1
        answer = endpoint.accepted[-1]
        assert VALUE not in json.dumps(answer)
        return {**answer, "Log": lines()}

    return ask


@pytest.fixture(autouse=True)
def dummy_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "dummy")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "dummy")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Api]]:
    """Make AWS answer what a function says."""
    opened: list[Api] = []

    def serve(answer: Callable[[str, dict[str, Any]], Reply], latency: float = 0.0) -> Api:
        api = Api(answer, latency)
        api.__enter__()
        opened.append(api)
        monkeypatch.setenv("AWS_ENDPOINT_URL", api.url)
        return api

    yield serve
    for api in opened:
        api.__exit__()


@pytest.fixture(scope="session")
def moto_address() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
