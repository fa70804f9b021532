"""Actions and resources of policies as far as their texts tell: which action is named, whose a resource is."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import replace

from cfnroles.checks.check import AllowStatement
from cfnroles.iam.containment import covers_action
from cfnroles.text import EMPTY, Text, text_of

_SYMBOL = re.compile(r"\$\{[^{}]*\}")
#: What stands for a part of a text that is unknown: it may be anything, colons and wildcards too.
UNKNOWN = "\ufffd"


def names_action(statement: AllowStatement, *actions: str) -> bool:
    """Whether the statement names one of the actions, be it by a pattern."""
    return not statement.not_actions and any(
        covers_action(pattern, action) for pattern in statement.actions for action in actions
    )


def means_action(statement: AllowStatement, *actions: str) -> bool:
    """Whether it names one of the actions, or others of its service with it; ``*`` means none in particular."""
    meant = tuple(pattern for pattern in statement.actions if ":" in pattern)
    return names_action(replace(statement, actions=meant), *actions)


def _masked(resource: str) -> str:
    """The resource with one UNKNOWN for each part that is unknown."""
    return _SYMBOL.sub(UNKNOWN, resource.replace("${!", "${"))


def service_of(resource: str) -> str:
    """The service in a resource's ARN; empty where it is a wildcard, unknown, or where there is no ARN."""
    parts = _masked(resource).split(":", 3)
    if len(parts) < 4 or parts[0] != "arn" or UNKNOWN in parts[2] or "*" in parts[2] or "?" in parts[2]:
        return ""
    return parts[2]


def resource_part(resource: str) -> str:
    """What follows the account in a resource's ARN, unknown parts masked; empty where there is no ARN."""
    parts = _masked(resource).split(":", 5)
    return parts[5] if len(parts) == 6 else ""


def written_part(resource: str) -> Text:
    """What follows the account in a resource's ARN, as the document has it; empty where there is no ARN."""
    parts = text_of(resource).cut(":", 5)
    return parts[5] if len(parts) == 6 else EMPTY


def only_of(resources: Iterable[str], *services: str) -> bool:
    """Whether every resource is for sure one of these services', and there is one."""
    found = [service_of(resource) for resource in resources]
    return bool(found) and all(service in services for service in found)
