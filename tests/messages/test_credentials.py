"""No value of a credential that is pasted along is shown."""

from __future__ import annotations

import time

import pytest

from cfnroles.credentials import concealed
from cfnroles.messages.collecting import collected

VALUE = "hunter2Pass/word+"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PASTED = {
    "a password": f"connection failed: password={VALUE} host=db",
    "a password in JSON": f'{{"password": "{VALUE}", "host": "db"}}',
    "a variable of AWS": f"AWS_SECRET_ACCESS_KEY={VALUE}",
    "a session token": f"aws_session_token = {VALUE}",
    "the value of a secret": f'"SecretString": "{VALUE}"',
    "a header": f"Authorization: Bearer {VALUE}",
    "an address": f"https://shop:{VALUE.replace('/', '')}@registry.example/shop",
    "a signed address": f"https://b.s3.amazonaws.com/x?X-Amz-Signature={VALUE}",
    "a key": f"-----BEGIN RSA PRIVATE KEY-----\n{VALUE}\n-----END RSA PRIVATE KEY-----",
}


@pytest.mark.parametrize("text", PASTED.values(), ids=PASTED)
def test_the_value_is_hidden(text: str) -> None:
    assert "hunter2" in text
    assert "hunter2" not in concealed(text)


@pytest.mark.parametrize("token", ["ASIAQWERTYUIOPASDFGH", JWT, f"IQoJb3JpZ2luX2Vj{'A' * 40}"])
def test_what_is_known_by_its_form_is_hidden(token: str) -> None:
    assert token not in concealed(f"the token {token} is not valid")


KEPT = [
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/password-AbC1eF is not authorized",
    "The security token included in the request is expired",
    "retrieved secret from Secrets Manager did not contain json key DB_PASSWORD",
    "FATAL: password authentication failed for user shop",
    "unable to pull secrets or registry auth: execution resource retrieval failed",
    "https://registry.example:8443/shop",
]


@pytest.mark.parametrize("text", KEPT)
def test_what_only_speaks_of_one_is_kept(text: str) -> None:
    assert concealed(text) == text


def test_nothing_that_is_known_of_a_text_holds_one() -> None:
    said = collected("\n\n".join(f"FooError: failed: {text}" for text in PASTED.values()))
    assert "hunter2" not in repr(said)


def test_no_text_takes_longer_than_its_length() -> None:
    before = time.perf_counter()
    for piece in ("password=", "://a:", "eyJa", "Bearer ", "-----BEGIN PRIVATE KEY-----", "secret_"):
        concealed(piece * (100_000 // len(piece)))
    assert time.perf_counter() - before < 4
