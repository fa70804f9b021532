"""The failed API call in an error message of an AWS client, as an IAM action."""

from __future__ import annotations

import re

from cfnroles.action_names import actions_of, spelled
from cfnroles.table.messages.calls import OF_MANY, OTHERWISE, SERVICES

_NAME = "([A-Za-z][A-Za-z0-9]{2,60})"
#: The Go SDKs include the service with the operation.
_OF_SERVICE = re.compile(rf"operation error ([A-Za-z0-9 ]{{2,40}}): {_NAME}", re.IGNORECASE)
#: Clients that only include the operation: Python, two versions for JavaScript, PHP, and Fluent Bit.
_ALONE = (
    re.compile(rf"when calling the {_NAME} operation", re.IGNORECASE),
    re.compile(rf"\bde_{_NAME}CommandError", re.IGNORECASE),
    re.compile(rf"\bdeserializeAws_(?:json1_[01]|restXml|restJson1|query|ec2){_NAME}CommandError", re.IGNORECASE),
    re.compile(rf'Error executing "{_NAME}"', re.IGNORECASE),
    re.compile(rf"\b{_NAME} API responded with", re.IGNORECASE),
)
_ACTION = re.compile(r"\b[a-z][a-z0-9-]{1,30}:[A-Z][A-Za-z0-9]{2,60}\b")
_PREFIXES = tuple(SERVICES.values())
_RENAMED = {name.partition(":")[2].lower(): action for name, action in OTHERWISE.items()}


def action_called(message: str) -> str:
    """Return the action of the call in a client's message; empty if there is none, or none that is known."""
    if found := _OF_SERVICE.search(message):
        return _of_service(found[1], found[2])
    for client in _ALONE:
        if found := client.search(message):
            return _alone(found[1])
    return ""


def action_named(message: str) -> str:
    """Return the first known action in a message in IAM's form, such as `ecs:RunTask`; otherwise empty."""
    found = (spelled(each[0]) for each in _ACTION.finditer(message))
    return next((each for each in found if each in actions_of(each.partition(":")[0])), "")


def _of_service(name: str, operation: str) -> str:
    service = SERVICES.get(name.replace(" ", "").lower(), "")
    if not service:
        return ""
    renamed = _RENAMED.get(operation.lower(), "")
    return renamed if renamed.startswith(f"{service}:") else spelled(f"{service}:{operation}")


def _alone(operation: str) -> str:
    """Return the action of an operation without a service: that of the first service that has it."""
    low = operation.lower()
    if low in OF_MANY:
        return ""
    if low in _RENAMED:
        return _RENAMED[low]
    names = (name for prefix in _PREFIXES for name in actions_of(prefix))
    return next((name for name in names if name.partition(":")[2].lower() == low), "")
