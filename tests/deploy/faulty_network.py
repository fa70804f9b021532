"""A network with faults, between a command line and an endpoint on loopback."""

from __future__ import annotations

import http.client
import http.server
import json
import threading
import urllib.parse
from collections import deque

_ERROR = "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>it is</Message></Error></ErrorResponse>"

#: What is answered in place of the endpoint, which is not asked: a status and an error code.
_REFUSED = {
    "throttled": (400, "Throttling"),
    "unavailable": (503, "ServiceUnavailable"),
    "expired": (403, "ExpiredToken"),
    "denied": (400, "AccessDeniedException"),
}

#: ``lost``: done, but not answered. ``broken``: done, and answered with 500. ``reset``: neither done nor answered.
FAULTS = ("lost", "broken", "reset", "throttled", "unavailable", "expired")


class FaultyNetwork:
    """A proxy for an endpoint. ``faults`` has for each action what becomes of its next calls, of ``FAULTS``."""

    def __init__(self, endpoint):
        self.faults = {}
        host = urllib.parse.urlsplit(endpoint).netloc
        network = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body are two writes: the second would wait 40 ms for the first to be acknowledged.
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                # The target of the protocols that send JSON, else a parameter of the query.
                self.target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
                action = self.target or dict(urllib.parse.parse_qsl(body.decode())).get("Action", "")
                faults = network.faults.get(action)
                fault = faults.popleft() if faults else ""
                if fault in _REFUSED:
                    self.refuse(*_REFUSED[fault])
                    return
                if fault != "reset":
                    status, told = self.forwarded(body)
                if fault in {"lost", "reset"}:
                    self.close_connection = True
                elif fault == "broken":
                    self.refuse(500, "InternalFailure")
                else:
                    self.answer(status, told)

            def forwarded(self, body):
                inner = http.client.HTTPConnection(host, timeout=30)
                inner.request("POST", self.path, body, dict(self.headers))
                answer = inner.getresponse()
                told = answer.read()
                inner.close()
                return answer.status, told

            def refuse(self, status, code):
                as_json = json.dumps({"__type": code, "message": "it is"})
                self.answer(status, as_json if self.target else _ERROR.format(code))

            def answer(self, status, told):
                body = told if isinstance(told, bytes) else told.encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1" if self.target else "text/xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def fails(self, action, fault, times=1):
        """Let the next calls of an action meet a fault."""
        self.faults = {action: deque([fault] * times)}

    def fails_in_turn(self, faults):
        """Let the next calls of each action meet these faults, one after the other; an empty one is none."""
        self.faults = {action: deque(each) for action, each in faults.items()}

    @property
    def failed(self):
        """Whether all faults have happened."""
        return not any(self.faults.values())

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
