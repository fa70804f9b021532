"""A stand-in for AWS on loopback: Secrets Manager, Parameter Store and KMS, as slow and as faulty as asked.

It speaks the JSON protocol (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html) that the three share.
``python -m benchmarks.gate.api SECONDS`` serves until its standard input ends and prints its address.
"""

from __future__ import annotations

import http.server
import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

VERSION = "12345678-1234-1234-1234-123456789012"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the API answers: a status and a body, which is JSON unless it is bytes."""

    body: Any
    status: int = 200


def error(code: str, message: str = "", status: int = 400) -> Reply:
    """An error as AWS sends it."""
    return Reply({"__type": code, "message": message}, status)


def everything_exists(operation: str, query: dict[str, Any]) -> Reply:
    """Every secret has a value, every parameter is a String, and every key is enabled."""
    if operation == "DescribeSecret":
        secret = {"ARN": query["SecretId"], "VersionIdsToStages": {VERSION: ["AWSCURRENT"]}}
        return Reply(secret)
    if operation == "GetParameters":
        found = [{"Name": name, "Type": "String", "Value": "x", "Version": 1} for name in query["Names"]]
        return Reply({"Parameters": found, "InvalidParameters": []})
    if operation == "DescribeKey":
        return Reply({"KeyMetadata": {"KeyId": query["KeyId"], "KeyState": "Enabled"}})
    return error("UnknownOperationException")


class Api:
    """The server: ``calls`` are the operations and queries that it was asked, ``answer`` says what it replies."""

    def __init__(
        self, answer: Callable[[str, dict[str, Any]], Reply] = everything_exists, latency: float = 0.0
    ) -> None:
        self.answer, self.latency = answer, latency
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Api:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: in some tests, the client closes the connection."""


def _handler(api: Api) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1
        timeout = 10

        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            api.calls.append((operation, query))
            time.sleep(api.latency)
            reply = api.answer(operation, query)
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_PUT(self) -> None:
            # The address of CloudFormation, for benchmarks that have no other.
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


if __name__ == "__main__":
    with Api(latency=float(sys.argv[1])) as served:
        print(served.url, flush=True)
        sys.stdin.read()
