"""A network with faults, between a command line and an endpoint on loopback."""

from __future__ import annotations

import http.client
import http.server
import threading
import urllib.parse
from collections import deque

_ERROR = "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>it is</Message></Error></ErrorResponse>"

#: What is answered in place of the endpoint, which is not asked.
_REFUSED = {
    "throttled": (400, _ERROR.format("Throttling")),
    "unavailable": (503, _ERROR.format("ServiceUnavailable")),
    "expired": (403, _ERROR.format("ExpiredToken")),
}

#: ``lost``: done, but not answered. ``broken``: done, and answered with 500. ``reset``: neither done nor answered.
FAULTS = ("lost", "broken", "reset", *_REFUSED)


class FaultyNetwork:
    """Stands before an endpoint. ``faults`` holds for each action what becomes of its next calls, of ``FAULTS``."""

    def __init__(self, endpoint):
        self.faults = {}
        host = urllib.parse.urlsplit(endpoint).netloc
        network = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                action = dict(urllib.parse.parse_qsl(body.decode())).get("Action", "")
                faults = network.faults.get(action)
                fault = faults.popleft() if faults else ""
                if fault in _REFUSED:
                    self.answer(*_REFUSED[fault])
                    return
                if fault != "reset":
                    status, told = self.forwarded(body)
                if fault in {"lost", "reset"}:
                    self.close_connection = True
                elif fault == "broken":
                    self.answer(500, _ERROR.format("InternalFailure"))
                else:
                    self.answer(status, told)

            def forwarded(self, body):
                inner = http.client.HTTPConnection(host, timeout=30)
                inner.request("POST", self.path, body, dict(self.headers))
                answer = inner.getresponse()
                told = answer.read()
                inner.close()
                return answer.status, told

            def answer(self, status, told):
                body = told if isinstance(told, bytes) else told.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def fails(self, action, fault, times=1):
        """Let the next calls of an action meet a fault."""
        self.faults = {action: deque([fault] * times)}

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
