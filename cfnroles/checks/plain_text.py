"""Environment variables with a secret in plain text, found by name and by the form of the value.

Values are read here and never reported.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

from cfnroles.table.secret_forms import secret_form

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET = frozenset({"password", "passwd", "passphrase", "pwd", "secret", "credentials", "apikey", "accesstoken"})
_PAIRS = frozenset(
    {
        ("api", "key"),
        ("access", "key"),
        ("private", "key"),
        ("secret", "key"),
        ("signing", "key"),
        ("encryption", "key"),
    }
)
#: A last word that shows that the value only describes a secret.
_ABOUT = frozenset(
    {
        *("arn", "id", "ids", "name", "names", "prefix", "suffix", "header", "field", "param", "user", "username"),
        *("file", "files", "path", "url", "uri", "endpoint", "host", "region", "provider", "store", "manager"),
        *("ttl", "expiry", "expires", "expiration", "timeout", "interval", "seconds", "minutes", "days", "rotation"),
        *("length", "size", "count", "version", "type", "algorithm", "mode", "policy", "issuer", "audience"),
        *("enabled", "disabled", "required"),
    }
)
_HARMLESS = re.compile(
    r"(?i)|true|false|yes|no|on|off|none|null|enabled?|disabled?|\d{1,6}|arn:.*|https?://[^@]*|/.*|\$.*|<.*>|\{\{.*"
)
_PLACEHOLDER = re.compile(
    r"(?i)\$\{|\{\{|<[a-z_ -]+>|change.?me|your[-_]|example|placeholder|xxxx|^no[-_ ]|dummy|fake|unused"
)
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
_BITS_PER_CHARACTER = 4.0


def plain_text_secret(name: str, value: str) -> str:
    """Return why a variable is a secret, without its value; empty if nothing indicates it.

    A value that names a stored secret, or that a later step fills in, is not one.
    """
    if form := secret_form(value):
        return f"its value has the form of {form}"
    if _HARMLESS.fullmatch(value) or _holds_placeholder(value):
        return ""
    if _is_secret_name(name):
        return "its name says so"
    if _RANDOM.fullmatch(value) and _looks_random(value):
        return "its value looks random"
    return ""


def _is_secret_name(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words or words[-1] in _ABOUT or "public" in words:
        return False
    pairs = set(pairwise(words))
    token = words[-1] == "token" or words[-2:] in (["bot", "token"], ["auth", "token"])
    return token or bool(_SECRET & set(words)) or bool(_PAIRS & pairs)


def _holds_placeholder(value: str) -> bool:
    return _PLACEHOLDER.search(value) is not None


def _looks_random(value: str) -> bool:
    kinds = [re.search(kind, value) for kind in ("[a-z]", "[A-Z]", "[0-9]")]
    if not all(kinds) or (re.search(r"[-_/]", value) and len(max(re.split(r"[-_/]", value), key=len)) < 20):
        return False
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts) >= _BITS_PER_CHARACTER
