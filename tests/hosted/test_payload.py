"""The template behind the address that CloudFormation signs, and an address that is never shown."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cfnroles.errors import Unavailable
from cfnroles.hosted import payload
from cfnroles.hosted.payload import fetched, template_at, template_in

SIGNATURE = "abcdef0123456789"


@pytest.fixture
def served() -> Iterator[str]:
    """The address of a server with a payload, a redirect to it, and nothing else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            self.send_response({"/there": 200, "/moved": 302}.get(path, 403))
            if path == "/moved":
                self.send_header("Location", "/there")
            self.end_headers()
            self.wfile.write(b'{"template": "Resources: {}"}')

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_is_there_is_read(served: str) -> None:
    assert template_in(fetched(f"{served}/there")) == "Resources: {}"


@pytest.mark.parametrize("path", ["/moved", "/nowhere"], ids=["a redirect", "an expired address"])
def test_what_is_not_there_is_told_without_the_address(served: str, path: str) -> None:
    with pytest.raises(Unavailable, match=r"cannot download the template: HTTP (302|403)") as raised:
        fetched(f"{served}{path}?X-Amz-Signature={SIGNATURE}")
    assert SIGNATURE not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_what_has_no_end_is_not_read(served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payload, "_MOST", 5)
    with pytest.raises(Unavailable, match="exceeds the size of a template"):
        fetched(f"{served}/there")


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "file:///etc/passwd",
        "http://bucket.s3.eu-west-1.amazonaws.com/a",
        "https://169.254.169.254/latest/meta-data",
        "https://s3.amazonaws.com.example.com/a",
        "https://example.com/s3.amazonaws.com",
        "https://s3.amazonaws.com@example.com/a",
        "https://s3.amazonaws.com:8443/a",
        "https://[",
    ],
)
def test_nobody_is_asked_but_amazon_s3(url: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payload, "fetched", lambda _: pytest.fail("asked"))
    with pytest.raises(Unavailable, match="has no Amazon S3 URL"):
        template_at(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.amazonaws.com/bucket/a",
        "https://bucket.s3.eu-west-1.amazonaws.com/a?b",
        "https://bucket.s3-accelerate.dualstack.amazonaws.com/a",
        "https://bucket.s3.cn-north-1.amazonaws.com.cn/a",
    ],
)
def test_amazon_s3_is_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payload, "fetched", lambda given: json.dumps({"template": given}).encode())
    assert template_at(url) == url


@pytest.mark.parametrize(("text", "template"), [("{}", ""), ('{"template": null}', ""), ('{"template": "a"}', "a")])
def test_no_template_is_an_empty_one(text: str, template: str) -> None:
    assert template_in(text.encode()) == template


@pytest.mark.parametrize("text", [b"\xff", b"[", b'{"template": {}}'])
def test_what_has_another_form_is_told_without_its_text(text: bytes) -> None:
    with pytest.raises(Unavailable, match="the payload of CloudFormation"):
        template_in(text)
