"""The table of checks, in the order of docs/checks.md: one row for each thing that `cfnroles lint` can find."""

from __future__ import annotations

from cfnroles.checks import (
    custom_resources,
    execution_roles,
    references,
    roles,
    specs,
    statements,
    suppressing,
    task_definitions,
)
from cfnroles.checks.check import Check, Subject

__all__ = ["CHECKS", "Check", "Subject"]

CHECKS: tuple[Check, ...] = (
    *references.CHECKS,
    *task_definitions.CHECKS,
    *specs.CHECKS,
    *statements.CHECKS,
    *execution_roles.CHECKS,
    *roles.CHECKS,
    *custom_resources.CHECKS,
    *suppressing.CHECKS,
)
