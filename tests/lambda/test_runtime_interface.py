"""The function under AWS's own runtime interface client, as Lambda runs it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.gate.api import Api, Reply, everything_exists
from cfnroles.targets.cloudformation.inline_code import inline_code
from tests.clock import slowdown

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:validator"


class Runtime:
    """The Runtime API for one invocation. ``outcome`` is what it received: "response", "error" or "init/error"."""

    def __init__(self, folder: Path, handler: str = "index.handler") -> None:
        self.folder, self.handler = folder, handler
        self.event, self.seconds, self.began = b"", 30.0, 0.0
        self.outcome, self.detail = "", {}  # type: str, dict[str, Any]
        self.log = ""
        self.done = threading.Event()
        runtime = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if runtime.done.is_set():  # there is no other invocation
                    self.close_connection = True
                    return
                runtime.began = time.monotonic()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", FUNCTION)
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + runtime.seconds) * 1000)))
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(runtime.event)))
                self.end_headers()
                self.wfile.write(runtime.event)

            def do_POST(self) -> None:
                runtime.detail = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null") or {}
                runtime.outcome = "init/error" if "/init/" in self.path else self.path.rpartition("/")[2]
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()
                runtime.done.set()

            def log_message(self, *_: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, request: Any, client_address: Any) -> None:
                """The function is ended in the middle of things: that is not worth a word."""

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def invoke(self, event: dict[str, Any], seconds: float = 30.0, **environment: str) -> float:
        """Invoke the function as Lambda does, and end it when its time is over; the seconds that it took.

        Lambda counts them from the invocation on, and those before it where there is none.
        """
        self.event, self.seconds = json.dumps(event).encode(), seconds
        variables = {
            "PATH": os.defpath,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.server_port}",
            "LAMBDA_TASK_ROOT": str(self.folder),
            "_HANDLER": self.handler,
            "AWS_LAMBDA_FUNCTION_NAME": "validator",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/validator",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/22/[$LATEST]0",
            "AWS_ACCESS_KEY_ID": "dummy",
            "AWS_SECRET_ACCESS_KEY": "dummy",
            "AWS_REGION": "us-east-1",
            **environment,
        }
        self.began = time.monotonic()
        command = [sys.executable, "-m", "awslambdaric", self.handler]
        with subprocess.Popen(
            command, cwd=self.folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            self.done.wait(seconds + 3 + 10 * slowdown())
            took = time.monotonic() - self.began
            process.kill()
            self.log = process.communicate()[0]
        return took

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The function's folder, with the one file that CloudFormation makes of the inline code."""
    (tmp_path / "index.py").write_text(inline_code())
    return tmp_path


@pytest.fixture
def runtime(folder: Path) -> Iterator[Runtime]:
    served = Runtime(folder)
    yield served
    served.close()


@pytest.fixture
def event(request_of: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    reference = {"ValueFrom": SECRET, "For": "container web, secret A"}
    return request_of(ResourceProperties={"References": [reference]})


def quiet(runtime: Runtime, endpoint: Any) -> bool:
    signature = endpoint.url.partition("?")[2]
    return signature not in runtime.log and signature not in json.dumps(runtime.detail)


def test_a_check_that_passes(runtime: Runtime, event: dict[str, Any], endpoint: Any, aws: Callable[..., Api]) -> None:
    runtime.invoke(event, AWS_ENDPOINT_URL=aws(everything_exists).url)
    assert (runtime.outcome, [answer["Status"] for answer in endpoint.accepted]) == ("response", ["SUCCESS"])
    messages = [json.loads(line)["message"] for line in runtime.log.splitlines() if line.startswith("{")]
    assert messages == ["request", "checked", "answered"]
    assert quiet(runtime, endpoint)


def test_an_api_that_hangs_is_answered_before_lambda_ends_the_function(
    runtime: Runtime, event: dict[str, Any], endpoint: Any, aws: Callable[..., Api]
) -> None:
    def hang(*_: Any) -> Reply:
        endpoint.released.wait(100)
        return Reply({})

    # Of more time the check would get enough to see its first call end, after READ_SECONDS.
    seconds = min(4 * slowdown(), 6)
    took = runtime.invoke(event, seconds=seconds, AWS_ENDPOINT_URL=aws(hang).url)
    endpoint.released.set()
    assert took < seconds, runtime.log
    assert runtime.outcome == "response"
    assert "was not checked in time" in endpoint.accepted[0]["Reason"]
    assert endpoint.accepted[0]["Reason"].endswith("Log: /aws/lambda/validator 2026/11/22/[$LATEST]0")
    assert quiet(runtime, endpoint)


def test_a_dead_address_is_an_error_of_the_invocation_in_time(
    runtime: Runtime, event: dict[str, Any], endpoint: Any, aws: Callable[..., Api]
) -> None:
    endpoint.plan, seconds = [500] * 100, 4 * slowdown()
    took = runtime.invoke(event, seconds=seconds, AWS_ENDPOINT_URL=aws(everything_exists).url)
    assert took < seconds, runtime.log
    assert (runtime.outcome, runtime.detail["errorType"]) == ("error", "RuntimeError")
    assert quiet(runtime, endpoint)


def test_a_runtime_without_boto3_still_answers(
    runtime: Runtime, folder: Path, event: dict[str, Any], endpoint: Any
) -> None:
    (folder / "boto3.py").write_text("import a_module_that_is_not_there\n")
    runtime.invoke(event)
    assert runtime.outcome == "response"
    assert "no client for secretsmanager in us-east-1 (ModuleNotFoundError" in endpoint.accepted[0]["Reason"]


def test_an_error_while_the_function_is_loaded_ends_at_once(
    runtime: Runtime, folder: Path, event: dict[str, Any], endpoint: Any
) -> None:
    # Nothing can answer here; the ServiceTimeout of the custom resource is what ends the wait of CloudFormation.
    (folder / "index.py").write_text("import a_module_that_is_not_there\n")
    assert runtime.invoke(event) < 10 * slowdown()
    assert (runtime.outcome, runtime.detail["errorType"]) == ("init/error", "Runtime.ImportModuleError")
    assert endpoint.attempts == 0
    assert quiet(runtime, endpoint)
