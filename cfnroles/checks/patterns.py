"""What the texts of actions and resources in a policy show: the action, and the owner of the resource."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import replace

from cfnroles.checks.check import AllowStatement
from cfnroles.iam.containment import covers_action
from cfnroles.text import EMPTY, Text, text_of

_SYMBOL = re.compile(r"\$\{[^{}]*\}")
#: Represents an unknown part of a text, which may be anything, including colons and wildcards.
UNKNOWN = "\ufffd"


def names_action(statement: AllowStatement, *actions: str) -> bool:
    """Return whether the statement names one of the actions, also by a pattern."""
    return not statement.not_actions and any(
        covers_action(pattern, action) for pattern in statement.actions for action in actions
    )


def means_action(statement: AllowStatement, *actions: str) -> bool:
    """Return whether the statement means one of the actions, also with others of its service; ``*`` does not count."""
    meant = tuple(pattern for pattern in statement.actions if ":" in pattern)
    return names_action(replace(statement, actions=meant), *actions)


def _masked(resource: str) -> str:
    """Return the resource with one UNKNOWN for each unknown part."""
    return _SYMBOL.sub(UNKNOWN, resource.replace("${!", "${"))


def service_of(resource: str) -> str:
    """Return the service of a resource's ARN; empty for a wildcard, an unknown, or anything but an ARN."""
    parts = _masked(resource).split(":", 3)
    if len(parts) < 4 or parts[0] != "arn" or UNKNOWN in parts[2] or "*" in parts[2] or "?" in parts[2]:
        return ""
    return parts[2]


def resource_part(resource: str) -> str:
    """Return the part after the account of a resource's ARN, with unknown parts masked; empty if it is not an ARN."""
    parts = _masked(resource).split(":", 5)
    return parts[5] if len(parts) == 6 else ""


def written_part(resource: str) -> Text:
    """Return the part after the account of a resource's ARN, as the document has it; empty if it is not an ARN."""
    parts = text_of(resource).cut(":", 5)
    return parts[5] if len(parts) == 6 else EMPTY


def only_of(resources: Iterable[str], *services: str) -> bool:
    """Return whether all resources certainly belong to one of these services, and there is at least one."""
    found = [service_of(resource) for resource in resources]
    return bool(found) and all(service in services for service in found)
