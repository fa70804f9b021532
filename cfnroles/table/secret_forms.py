"""Values of secrets that are recognizable by their form."""

from __future__ import annotations

import re

_FORMS = (
    ("an access key of AWS", re.compile(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b")),
    # Forty characters of Base64, which the name of a parameter below a path could be only by chance.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
    (
        "a secret access key of AWS",
        re.compile(r"\A(?=(?:.*[A-Z]){3})(?=(?:.*[a-z]){3})(?=.*[0-9])[A-Za-z0-9+][A-Za-z0-9/+]{39}\Z"),
    ),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a password in a URL", re.compile(r"://[^/\s:@${}<>]+:[^/\s@${}<>]+@")),
    ("a token of GitHub", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b")),
    ("a token of GitHub", re.compile(r"\bgithub_pat_[A-Za-z0-9_]{60,}")),
    ("a token of GitLab", re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}")),
    ("a token of npm", re.compile(r"\bnpm_[A-Za-z0-9]{36}\b")),
    ("a key of Google", re.compile(r"\bAIza[A-Za-z0-9_-]{35}")),
    ("a token of Slack", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}")),
    ("a key of Stripe", re.compile(r"\b[sr]k_live_[A-Za-z0-9]{16,}")),
    ("a JSON Web Token", re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.")),
)


def secret_form(value: str) -> str:
    """Return the kind of secret in words, such as ``a private key``; empty if the value is not recognizable."""
    return next((form for form, pattern in _FORMS if pattern.search(value)), "")
