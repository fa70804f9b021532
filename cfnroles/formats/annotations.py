"""A lint report as annotations of pull requests on GitHub and merge requests on GitLab."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from cfnroles.answers.lint import LintReport
from cfnroles.formats.places import Places
from cfnroles.need import Finding, Severity
from cfnroles.page import Page, annotation, json_page, page, visible

_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_DEGREES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def github(report: LintReport) -> Page:
    """Return a workflow command for each finding and unreadable file. GitHub shows ten of each kind in a step.

    https://docs.github.com/en/rest/checks/runs#create-a-check-run
    """
    return page(_commands(report))


def _commands(report: LintReport) -> Iterator[Page]:
    for file in report.files:
        if file.unreadable:
            yield annotation("error", file.unreadable, file=file.document, title="cfnroles")
        for finding, line, column in Places(file).placed(file.findings):
            yield annotation(
                _KINDS[finding.severity],
                message_of(finding),
                file=file.document,
                line=str(line),
                col=str(column),
                title=f"cfnroles: {finding.check}",
            )


def gitlab(report: LintReport) -> Page:
    """Return a code quality report.

    https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
    """
    return json_page([*_entries(report)])


def _entries(report: LintReport) -> Iterator[dict[str, object]]:
    for file in report.files:
        if file.unreadable:
            yield _entry("unreadable", "blocker", file.unreadable, file.document, 1, "")
        for finding, line, _ in Places(file).placed(file.findings):
            about = f"{finding.origin.pointer}\n{finding.what}"
            yield _entry(finding.check, _DEGREES[finding.severity], message_of(finding), file.document, line, about)


def _entry(check: str, degree: str, told: str, document: str, line: int, about: str) -> dict[str, object]:
    return {
        "description": visible(told),
        "check_name": check,
        "fingerprint": hashlib.sha256(os.fsencode(f"{check}\n{document}\n{about}")).hexdigest(),
        "severity": degree,
        "location": {"path": visible(document.removeprefix("./")), "lines": {"begin": line}},
    }


def message_of(finding: Finding) -> str:
    """Return the problem and its remedy in one line, with its container."""
    named = f"{finding.origin.place}: " if finding.origin.container or finding.origin.item else ""
    return f"{named}{finding.what}. {finding.remedy}".strip()
