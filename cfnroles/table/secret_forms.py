"""What the value of a secret looks like, where its form gives it away."""

from __future__ import annotations

import re

_FORMS = (
    ("an access key of AWS", re.compile(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a password in a URL", re.compile(r"://[^/\s:@${}<>]+:[^/\s@${}<>]+@")),
    ("a token of GitHub", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b")),
    ("a token of Slack", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}")),
    ("a key of Stripe", re.compile(r"\b[sr]k_live_[A-Za-z0-9]{16,}")),
    ("a JSON Web Token", re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.")),
)


def secret_form(value: str) -> str:
    """What gives the value away as a secret, such as ``a private key``; empty where nothing does."""
    return next((form for form, pattern in _FORMS if pattern.search(value)), "")
