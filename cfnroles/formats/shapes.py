"""The common shapes of JSON output: an origin, a need, a gap and a finding are equal in all commands.

``published.py`` has them as types, from which the schemas derive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cfnroles.need import Condition, Finding, Gap, Need, Origin


def origin_entry(origin: Origin, line: int, column: int = 0) -> dict[str, Any]:
    """Return the place of a field: document, path, and line (0 if the document does not have the field)."""
    return {
        "document": origin.document,
        "path": origin.pointer,
        "line": line,
        **({"column": column} if column else {}),
        "container": origin.container,
        "item": origin.item,
    }


def gap_entry(gap: Gap, line: int) -> dict[str, Any]:
    """Return a gap."""
    return {"role": str(gap.holder), **origin_entry(gap.origin, line), "what": gap.what, "remedy": gap.remedy}


def finding_entry(finding: Finding, line: int, column: int) -> dict[str, Any]:
    """Return a finding."""
    return {
        "check": finding.check,
        "code": finding.code,
        "severity": str(finding.severity),
        **origin_entry(finding.origin, line, column),
        "what": finding.what,
        "remedy": finding.remedy,
        "source": finding.source,
    }


def need_entry(need: Need, line: int) -> dict[str, Any]:
    """Return a permission, the field that needs it, and the reason."""
    permission, reason = need.permission, need.reason
    return {
        "action": permission.action,
        "resource": permission.resource,
        "conditions": conditions_entry(permission.conditions),
        **origin_entry(need.origin, line),
        "feature": reason.feature,
        "why": reason.why,
        "standing": str(reason.standing),
        "doubt": reason.doubt,
        "source": reason.source,
    }


def conditions_entry(conditions: Sequence[Condition]) -> list[dict[str, Any]]:
    """Return the conditions of a permission."""
    return [{"operator": each.operator, "key": each.key, "values": list(each.values)} for each in conditions]
