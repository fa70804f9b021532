"""The table of checks, in the order of docs/checks.md: one row for each fault that `cfnroles lint` finds."""

from __future__ import annotations

from cfnroles.checks import (
    custom_resources,
    dangers,
    execution_roles,
    quotas,
    references,
    role_names,
    roles,
    specs,
    statements,
    substitutions,
    suppressing,
    task_definitions,
    task_roles,
    unjudged,
)
from cfnroles.checks.check import Check, Subject

__all__ = ["CHECKS", "Check", "Subject"]

CHECKS: tuple[Check, ...] = (
    *references.CHECKS,
    *task_definitions.CHECKS,
    *specs.CHECKS,
    *substitutions.CHECKS,
    *role_names.CHECKS,
    specs.UNREAD,
    substitutions.UNDEFINED_NAME,
    substitutions.UNKNOWN_TYPES,
    *statements.CHECKS,
    *execution_roles.CHECKS,
    *roles.CHECKS,
    *task_roles.CHECKS,
    *dangers.CHECKS,
    *unjudged.CHECKS,
    *custom_resources.CHECKS,
    *quotas.CHECKS,
    *suppressing.CHECKS,
)
