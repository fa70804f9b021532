"""The templates that CloudFormation puts beside a request, behind an address that it signs: a credential."""

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
#: Two templates of 1 MB as texts in JSON, each sign of which may be written with six.
_MOST = 16_000_000
_SECONDS = 8


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a signed address leads to what it was signed for."""

    def redirect_request(self, *_: Any) -> None:
        return None


def template_at(url: Any) -> str:
    """The template that the address leads to; empty where there is none, as for a stack that is deleted.

    Raises Unavailable, whose text holds nothing of the address.
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
    """What is at an address. Raises Unavailable, whose text holds nothing of the address."""
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
    """The template in what CloudFormation put there; raises Unavailable for what has another form."""
    try:
        members = json.loads(payload)
    except ValueError:
        raise Unavailable("the payload of CloudFormation is not JSON") from None
    template = members.get("template") if isinstance(members, dict) else None
    if template is not None and not isinstance(template, str):
        raise Unavailable("the payload of CloudFormation has no template as a string")
    return template or ""
