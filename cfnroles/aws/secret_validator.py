"""The checks of the secret validator, run from here with the caller's own credentials.

They are the very code that the Lambda function runs: what they say of a secret cannot differ from what the gate says.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from cfnroles.aws.connection import Connection, check_endpoint
from cfnroles.aws.refusals import answering

#: The clock that the checks wait by; tests wind one forward.
CLOCK: Any = time

#: How long all the checks may take.
_SECONDS = 60.0
#: What AWS would not let be found out, as against what is wrong.
_UNKNOWN = frozenset({"denied", "refused", "unanswered", "late"})


class Examined(Struct, frozen=True):
    """What was found out about one reference: the version that ECS would get, or what is wrong and what to do.

    ``unknown`` tells that AWS refused to say; ``code`` names the problem for programs.
    """

    value_from: str
    version: str = ""
    code: str = ""
    what: str = ""
    remedy: str = ""
    unknown: bool = False


def caller_account(connection: Connection) -> str:
    """The account that the credentials belong to; raises Unavailable where AWS refuses them."""
    with answering("AWS (sts)"):
        account: str = connection.client("sts").get_caller_identity()["Account"]
        return account


def examine(
    references: Sequence[Mapping[str, str]],
    connection: Connection,
    account: str,
    *,
    json_keys: bool = False,
    keys: bool = False,
) -> tuple[tuple[Examined, ...], tuple[str, ...]]:
    """What is found out about each of ``references``, in their order, and the warnings on the way.

    A reference is what ``Custom::SecretsExist`` takes: ``{"ValueFrom": ..., "For": ...}``. They belong to a task in
    ``account`` and in the Region of the connection. Raises Unavailable without credentials, and InvalidInput for
    a profile that does not exist or an endpoint that is none.
    """
    if not references:
        return (), ()
    validator, protocol = _module("secret_validator"), _module("custom_resource")
    logged = io.StringIO()
    with _default_session(connection), contextlib.redirect_stdout(logged):
        deadline = protocol.Deadline(_SECONDS, CLOCK)
        results = validator.examine(list(references), connection.region, account, deadline, json_keys, keys)
    examined = tuple(_examined(reference.given, result) for reference, result in results.items())
    lines = (json.loads(line) for line in logged.getvalue().splitlines())
    return examined, tuple(f"{line['message']} ({line['For']})" for line in lines if line.get("For"))


def _examined(given: str, result: Any) -> Examined:
    if isinstance(result, str):
        return Examined(given, version=result)
    return Examined(given, "", result.code, result.what, result.remedy, result.code in _UNKNOWN)


def _module(name: str) -> Any:
    # In the function the modules lie side by side and import each other by their bare names.
    for imported in ("custom_resource", "secret_references", "secret_gate"):
        if imported not in sys.modules:
            sys.modules[imported] = importlib.import_module(f"cfnroles.lambda_code.{imported}")
    return importlib.import_module(f"cfnroles.lambda_code.{name}")


@contextlib.contextmanager
def _default_session(connection: Connection) -> Iterator[None]:
    # The function's code takes boto3's default session, as Lambda sets it up.
    import boto3
    from botocore.exceptions import NoCredentialsError

    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    check_endpoint(connection.endpoint_url or endpoint or "")
    with answering("AWS"):
        boto3.setup_default_session(profile_name=connection.profile or None)
        session = boto3.DEFAULT_SESSION
        if session is None or session.get_credentials() is None:
            # Told once, and not once for each secret.
            raise NoCredentialsError
    if connection.endpoint_url:
        os.environ["AWS_ENDPOINT_URL"] = connection.endpoint_url
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = None
        if endpoint is not None:
            os.environ["AWS_ENDPOINT_URL"] = endpoint
        elif connection.endpoint_url:
            del os.environ["AWS_ENDPOINT_URL"]
