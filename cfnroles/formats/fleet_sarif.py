"""The findings about an account and Region in SARIF 2.1.0.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from urllib.parse import quote

from cfnroles.answers.fleet_finding import FleetFinding, FleetReport, Kind
from cfnroles.formats.sarif import LEVELS, SCHEMA, plain_text, tool
from cfnroles.page import Page, json_page, visible

#: The maximum number of task definitions as locations of a finding; its text has their number.
_PLACES = 10


def sarif(report: FleetReport) -> Page:
    """Return one run: a rule for each kind, and unknowns as notifications."""
    kinds = [kind for kind in Kind if kind is not Kind.NOT_KNOWN]
    results = [_result(each, kinds, report) for each in report.findings if each.kind is not Kind.NOT_KNOWN]
    run = {
        "tool": {"driver": {**tool(), "rules": [_rule(kind) for kind in kinds]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(report)}],
        "results": results,
    }
    return json_page({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(kind: Kind) -> dict[str, object]:
    return {
        "id": _id(kind),
        "shortDescription": {"text": f"{kind.meaning}."},
        "defaultConfiguration": {"level": LEVELS[kind.severity]},
        "properties": {"tags": ["security", "aws", "ecs", "iam"]},
    }


def _id(kind: Kind) -> str:
    return f"fleet-{kind.replace(' ', '-')}"


def _result(each: FleetFinding, kinds: Sequence[Kind], report: FleetReport) -> dict[str, object]:
    count = f" ({each.affected.count:,} task definitions: {each.affected.words()})" if each.affected.count else ""
    print_ = "\n".join((each.kind, each.subject, each.what, report.account, report.region))
    return {
        "ruleId": _id(each.kind),
        "ruleIndex": kinds.index(each.kind),
        "level": LEVELS[each.kind.severity],
        "message": {"text": plain_text(f"{each.subject}: {each.what}{count}")},
        "locations": _locations(each, report),
        "partialFingerprints": {"cfnroles/v1": hashlib.sha256(print_.encode()).hexdigest()[:32]},
    }


def _locations(each: FleetFinding, report: FleetReport) -> list[dict[str, object]]:
    names = [f"task-definition/{family}:{numbers[-1]}" for family, numbers in each.affected.revisions.items()]
    home = f"{report.account}/{report.region}"
    return [
        {
            "physicalLocation": {"artifactLocation": {"uri": quote(f"aws/{home}/{name}")}},
            "logicalLocations": [{"fullyQualifiedName": visible(name), "kind": "resource"}],
        }
        for name in names[:_PLACES] or [f"role/{each.subject}"]
    ]


def _notifications(report: FleetReport) -> list[dict[str, object]]:
    return [
        {"level": "warning", "message": {"text": plain_text(f"unknown: {each.subject}: {each.what}")}}
        for each in report.unknown
    ]
