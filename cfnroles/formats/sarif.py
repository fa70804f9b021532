"""A lint report in SARIF 2.1.0 for code scanning.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from importlib import metadata
from pathlib import PurePath
from urllib.parse import quote

from cfnroles.answers.lint import LintedFile, LintReport
from cfnroles.checks import CHECKS, Check
from cfnroles.formats.annotations import message_of
from cfnroles.formats.places import Places
from cfnroles.need import Finding, Severity
from cfnroles.page import Page, json_page, page, visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_BASE = "%SRCROOT%"
_HOME = "https://pypi.org/project/cfnroles/"


def sarif(report: LintReport) -> Page:
    """Return the report as one run. Suppressed findings are results with a suppression."""
    rules = _rules(report)
    numbers = {str(rule["id"]): number for number, rule in enumerate(rules)}
    results = [result for file in report.files for result in _results(file, numbers)]
    run = {
        "tool": {"driver": {**tool(), "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"description": {"text": "The directory in which cfnroles ran."}}},
        "invocations": [_invocation(report)],
        "results": results,
    }
    return json_page({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def tool() -> dict[str, object]:
    """Return the description of the tool."""
    return {"name": "cfnroles", "version": metadata.version("cfnroles"), "informationUri": _HOME}


def _rules(report: LintReport) -> list[dict[str, object]]:
    """Return the rules of the table, and those of other tools with findings."""
    known = {check.id for check in CHECKS}
    found = (finding for file in report.files for finding in (*file.findings, *file.accepted))
    others = {finding.check: finding for finding in found if finding.check not in known}
    return [*map(_rule, CHECKS), *map(_other_rule, others.values())]


def _rule(check: Check) -> dict[str, object]:
    return {
        "id": check.id,
        "shortDescription": {"text": f"{check.what}."},
        "fullDescription": {"text": f"{check.what}. {check.why}"},
        "help": {
            "text": f"{check.why}\n\nInstead of\n\n{check.bad}\nwrite\n\n{check.good}",
            "markdown": f"{check.why}\n\nInstead of\n\n```yaml\n{check.bad}```\n\nwrite\n\n```yaml\n{check.good}```\n",
        },
        "helpUri": check.source,
        "defaultConfiguration": {"level": LEVELS[check.severity]},
        "properties": {"tags": ["security", "aws", "ecs", "iam"]},
    }


def _other_rule(finding: Finding) -> dict[str, object]:
    rule: dict[str, object] = {"id": finding.check, "defaultConfiguration": {"level": LEVELS[finding.severity]}}
    if not finding.source:
        return rule
    told = f"A rule of cfn-lint, explained at {finding.source}"
    return {**rule, "helpUri": finding.source, "help": {"text": told, "markdown": told}}


def _results(file: LintedFile, numbers: dict[str, int]) -> list[dict[str, object]]:
    places = Places(file)
    placed = (*places.placed(file.findings), *places.placed(file.accepted))
    return [_result(finding, places, numbers) for finding, _, _ in placed]


def _location(finding: Finding, places: Places) -> dict[str, object]:
    origin, (line, column) = finding.origin, places.of(finding)
    location: dict[str, object] = {
        "physicalLocation": {
            "artifactLocation": _artifact(origin.document),
            "region": {"startLine": line, "startColumn": column},
        }
    }
    if origin.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": visible(origin.pointer)}]
    return location


def _result(finding: Finding, places: Places, numbers: dict[str, int]) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": finding.check,
        "ruleIndex": numbers[finding.check],
        "level": LEVELS[finding.severity],
        "message": {"text": plain_text(message_of(finding))},
        "locations": [_location(finding, places)],
        "partialFingerprints": {"cfnroles/v1": _fingerprint(finding)},
    }
    if finding.also:
        result["relatedLocations"] = [
            {**_location(other, places), "message": {"text": plain_text(other.what)}} for other in finding.also
        ]
    if finding.accepted:
        result["suppressions"] = [{"kind": "inSource", "justification": plain_text(finding.accepted)}]
    return result


def _invocation(report: LintReport) -> dict[str, object]:
    unreadable = [file for file in report.files if file.unreadable]
    return {"executionSuccessful": not unreadable, "toolExecutionNotifications": _notifications(unreadable)}


def _notifications(unreadable: Sequence[LintedFile]) -> list[dict[str, object]]:
    return [
        {
            "level": "error",
            "message": {"text": plain_text(file.unreadable)},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(file.document)}}],
        }
        for file in unreadable
    ]


def plain_text(text: str) -> str:
    """Return a message without links: viewers convert ``[text](destination)`` (3.11.6)."""
    return page([text]).replace("](", "]\\(")


def _artifact(document: str) -> dict[str, str]:
    path = PurePath(document)
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(os.fsencode(path.as_posix())), "uriBaseId": _BASE}


def _fingerprint(finding: Finding) -> str:
    """Return a fingerprint that does not change if lines are added above the finding."""
    text = "\n".join((finding.check, finding.origin.document, finding.origin.pointer, finding.what))
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:32]
