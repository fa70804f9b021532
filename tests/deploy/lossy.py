"""A network that loses answers: what was asked is done, and whoever asked is not told."""

from __future__ import annotations

import http.client
import http.server
import threading
import urllib.parse


class LossyNetwork:
    """Stands before an endpoint on loopback, and closes the connection instead of answering what ``loses`` names.

    ``loses`` holds for each action how many of its answers are still to be lost; ``asked`` is every action in order.
    """

    def __init__(self, endpoint):
        self.loses = {}
        self.asked = []
        host = urllib.parse.urlsplit(endpoint).netloc
        network = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                action = dict(urllib.parse.parse_qsl(body.decode())).get("Action", "")
                network.asked.append(action)
                inner = http.client.HTTPConnection(host, timeout=30)
                inner.request("POST", self.path, body, dict(self.headers))
                answer = inner.getresponse()
                told = answer.read()
                inner.close()
                if network.loses.get(action, 0):
                    network.loses[action] -= 1
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in {"content-length", "transfer-encoding", "connection", "date", "server"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
