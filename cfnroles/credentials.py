"""Removal of pasted credentials from texts; their names remain."""

from __future__ import annotations

import re

from cfnroles.signed_addresses import unsigned

_HIDDEN = "(hidden)"
#: A name that precedes the value of a credential. A secret's name in an ARN does not count.
_NAMED = re.compile(
    r"((?:pass(?:word|wd|phrase)|pwd|secret[_-]?access[_-]?key|secret[_-]?(?:string|key|value)|client[_-]?secret"
    r"|(?:access|session|auth|refresh|security|id)[_-]?token|api[_-]?key|private[_-]?key|connection[_-]?string)"
    r"[\"']?\s{0,2}[=:]\s{0,2})(?!arn:)(\"[^\"]{1,4096}\"|'[^']{1,4096}'|[^\s\"',;&]{3,4096})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(Bearer|Basic) [A-Za-z0-9._~+/=-]{6,8192}")
#: https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1
_IN_ADDRESS = re.compile(r"(://)[^\s/@:]{0,256}:[^\s/@]{1,512}@")
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
_KEY_ID = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")
_TOKEN = re.compile(
    r"\b(?:eyJ[A-Za-z0-9_-]{8,8192}(?:\.[A-Za-z0-9_-]{1,8192}){1,2}|(?:IQoJ|AQoD|FwoG)[A-Za-z0-9+/=]{20,8192})"
)
_PRIVATE_KEY = re.compile(r"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)[A-Za-z0-9+/=\s\\]{1,16384}")


def concealed(text: str) -> str:
    """Return the text without the values of credentials, in linear time."""
    text = _PRIVATE_KEY.sub(rf"\1{_HIDDEN}", unsigned(text))
    text = _IN_ADDRESS.sub(rf"\1{_HIDDEN}@", text)
    text = _NAMED.sub(rf"\1{_HIDDEN}", text)
    text = _BEARER.sub(rf"\1 {_HIDDEN}", text)
    return _TOKEN.sub(_HIDDEN, _KEY_ID.sub(_HIDDEN, text))
