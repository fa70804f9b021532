"""Templates that CloudFormation provides at a presigned URL, which is a credential."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from cfnroles.errors import Unavailable

#: Amazon S3, in every partition. https://docs.aws.amazon.com/general/latest/gr/s3.html
_S3 = re.compile(r"(.+\.)?s3[a-z0-9.-]*\.amazonaws\.com(\.cn)?|.+\.s3[a-z0-9.-]*\.(sc2s\.sgov\.gov|c2s\.ic\.gov)")
#: Two templates of 1 MB in JSON, where each character may be escaped as six.
_MOST = 16_000_000
_SECONDS = 8


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Rejects redirects: a presigned URL must lead to its own object."""

    def redirect_request(self, *_: Any) -> None:
        return None


def template_at(url: Any) -> str:
    """Return the template at the URL; empty if there is none, as for a deleted stack.

    Raise Unavailable, without any part of the URL in its text.
    https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/lambda-hooks-create-lambda-function.html
    """
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        valid = parts.scheme == "https" and _S3.fullmatch(parts.hostname or "") and parts.port in (None, 443)
    except ValueError:
        valid = False
    if not valid:
        raise Unavailable("the request has no Amazon S3 URL for the template")
    return template_in(fetched(url))


def fetched(url: str) -> bytes:
    """Return the content of a URL. Raise Unavailable, without any part of the URL in its text."""
    opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_SECONDS) as answer:
            data: bytes = answer.read(_MOST + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise Unavailable(f"cannot download the template: HTTP {error.code}") from None
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may quote the address
        raise Unavailable(f"cannot download the template: {type(error).__name__}") from None
    if len(data) > _MOST:
        raise Unavailable("cannot download the template: it exceeds the size of a template")
    return data


def template_in(payload: bytes) -> str:
    """Return the template in the payload. Raise Unavailable for another format."""
    try:
        members = json.loads(payload)
    except ValueError:
        raise Unavailable("the payload of CloudFormation is not JSON") from None
    template = members.get("template") if isinstance(members, dict) else None
    if template is not None and not isinstance(template, str):
        raise Unavailable("the payload of CloudFormation has no template as a string")
    return template or ""
