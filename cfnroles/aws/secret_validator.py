"""The checks of the secret validator, run locally with the caller's own credentials.

This is the code of the Lambda function itself, so its results cannot differ from those of the gate.
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

#: The clock of the checks, which tests advance.
CLOCK: Any = time

#: The time limit of all checks.
_SECONDS = 60.0
#: Codes for what AWS did not let the caller determine, as opposed to a problem.
_UNKNOWN = frozenset({"denied", "refused", "unanswered", "late"})


class Examined(Struct, frozen=True):
    """The result for one reference: the version that ECS would get, or the problem and the remedy.

    ``unknown`` says that AWS denied the call; ``code`` names the problem for programs, ``detail`` is the part it is
    about.
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
    """Check each of ``references``. Return the results in order, and warnings.

    A reference has the format of ``Custom::SecretsExist``: ``{"ValueFrom": ..., "For": ...}``. The references belong to
    a task in ``account`` and ``region``; the check has ``seconds``. Raise Unavailable without credentials, and
    InvalidInput for a profile that does not exist or an invalid endpoint.
    """
    if not references:
        return (), ()
    connection.check_credentials()  # reported once, and not once for each secret
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
    """Return what a reference names for a task in this Region and account, in the form of the checks; ``None`` if
    invalid.
    """
    module = _module("secret_references")
    try:
        return module.parse(module.Reference(1, given, "", module.USES[0]), region, account)
    except module.Problem:
        return None


def _module(name: str) -> Any:
    # The wheel contains the folder lambda/ under a name that can be imported.
    return importlib.import_module(f"cfnroles.lambda_code.{name}")
