"""The checks of the secret validator, run from here with the caller's own credentials.

They are the very code that the Lambda function runs: what they say of a secret cannot differ from what the gate says.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from cfnroles.aws.connection import Connection

#: The clock that the checks wait by; tests wind one forward.
CLOCK: Any = time

#: How long all the checks may take.
_SECONDS = 60.0
#: What AWS would not let be found out, as against what is wrong.
_UNKNOWN = frozenset({"denied", "refused", "unanswered", "late"})


class Examined(Struct, frozen=True):
    """What was found out about one reference: the version that ECS would get, or what is wrong and what to do.

    ``unknown`` tells that AWS refused to say; ``code`` names the problem for programs, ``detail`` is what of it.
    """

    value_from: str
    version: str = ""
    code: str = ""
    what: str = ""
    remedy: str = ""
    unknown: bool = False
    detail: str = ""


def examine(
    references: Sequence[Mapping[str, str]],
    connection: Connection,
    region: str,
    account: str,
    *,
    json_keys: bool = False,
    keys: bool = False,
    seconds: float = _SECONDS,
) -> tuple[tuple[Examined, ...], tuple[str, ...]]:
    """What is found out about each of ``references``, in their order, and the warnings on the way.

    A reference is what ``Custom::SecretsExist`` takes: ``{"ValueFrom": ..., "For": ...}``. They belong to a task in
    ``account`` and ``region``, and have ``seconds``. Raises Unavailable without credentials, and
    InvalidInput for a profile that does not exist or an endpoint that is none.
    """
    if not references:
        return (), ()
    connection.check_credentials()  # told once, and not once for each secret
    validator, protocol = _module("secret_validator"), _module("custom_resource")
    logged = io.StringIO()
    with contextlib.redirect_stdout(logged):
        deadline = protocol.Deadline(seconds, CLOCK)
        results = validator.examine(list(references), region, account, deadline, json_keys, keys, connection.made)
    examined = tuple(_examined(reference.given, result) for reference, result in results.items())
    lines = (json.loads(line) for line in logged.getvalue().splitlines())
    return examined, tuple(f"{line['message']} ({line['For']})" for line in lines if line.get("For"))


def _examined(given: str, result: Any) -> Examined:
    if isinstance(result, str):
        return Examined(given, version=result)
    return Examined(given, "", result.code, result.what, result.remedy, result.code in _UNKNOWN, result.detail)


def as_parsed(given: str, region: str, account: str) -> Any:
    """What a reference names to a task in this Region and account, as the checks read it; ``None`` for what is none."""
    module = _module("secret_references")
    try:
        return module.parse(module.Reference(1, given, "", module.USES[0]), region, account)
    except module.Problem:
        return None


def _module(name: str) -> Any:
    # The wheel carries the folder lambda/ under a name that can be imported.
    return importlib.import_module(f"cfnroles.lambda_code.{name}")
