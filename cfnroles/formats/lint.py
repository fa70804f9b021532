"""A lint report as text, Markdown and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from cfnroles.answers.lint import SEVERITIES, LintedFile, LintReport
from cfnroles.counted import counted
from cfnroles.formats.places import Places
from cfnroles.formats.shapes import finding_entry
from cfnroles.layout import hanging
from cfnroles.lines import Lines
from cfnroles.markdown import code, document, heading, link, table
from cfnroles.need import Finding, Severity
from cfnroles.page import Page, joined, json_page, page, painted

SCHEMA = 1

#: Colors that are readable on light and dark backgrounds: red, magenta, blue.
#: https://en.wikipedia.org/wiki/ANSI_escape_code#SGR
_COLOURS = {Severity.ERROR: "1;31", Severity.WARNING: "1;35", Severity.INFO: "1;34"}
_INDENT = "    "


def human(report: LintReport) -> Page:
    """For a terminal: one paragraph for each cause in a file, which begins as editors and terminals expect it."""
    return page(each for file in report.files for each in _paragraphs(file))


def _paragraphs(file: LintedFile) -> Iterator[str]:
    lines = Lines({file.document: file.text})
    for finding, line, column in Places(file).placed(_by_cause(file.findings)):
        yield _headline(finding, line, column)
        if source := lines.drawn(finding):
            yield source
        if finding.remedy:
            yield hanging(_INDENT, finding.remedy)


def _by_cause(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the findings, with the first of equal ones in place of all."""
    causes: dict[tuple[str, str, str, Severity], list[Finding]] = {}
    for each in sorted(findings, key=lambda one: one.sort_key):
        causes.setdefault((each.check, each.what, each.remedy, each.severity), []).append(each)
    for first, *others in causes.values():
        yield replace(first, also=(*first.also, *others, *(also for one in others for also in one.also)))


def summary(report: LintReport) -> str:
    """Return one sentence: the numbers of findings by severity, of suppressed findings, and of files."""
    counts = Counter(finding.severity for finding in report.findings)
    accepted = sum(len(file.accepted) for file in report.files)
    unreadable = sum(1 for file in report.files if file.unreadable)
    told = [counted(counts[severity], severity) for severity in reversed(SEVERITIES) if counts[severity]]
    linted = counted(len(report.files) - unreadable, "file")
    parts = [f"{', '.join(told) or 'no findings'} in {linted}"]
    parts += [f"{accepted} suppressed"] if accepted else []
    parts += [f"{counted(unreadable, 'file')} could not be linted"] if unreadable else []
    return "; ".join(parts)


def markdown(report: LintReport) -> Page:
    """Return Markdown for a pull request: a table for each file."""
    return document(_markdown(report))


def json_text(report: LintReport) -> Page:
    """Return JSON. ``schema`` is the version of the format."""
    files = [
        {
            "file": file.document,
            "unreadable": file.unreadable,
            "findings": _entries(file.findings, file),
            "suppressed": _entries(file.accepted, file),
        }
        for file in report.files
    ]
    return json_page({"schema": SCHEMA, "files": files})


def _headline(finding: Finding, line: int, column: int) -> Page:
    where = painted(f"{finding.origin.document}:{line}:{column}: ", "1")
    severity = painted(f"{finding.severity}:", _COLOURS[finding.severity])
    return joined(where, severity, f" {_sentence(finding)} [{finding.check}]")


def _sentence(finding: Finding) -> str:
    place = finding.origin.place if finding.origin.container or finding.origin.item else ""
    return f"{place}: {finding.what}" if place else finding.what


def _markdown(report: LintReport) -> Iterator[str]:
    for file in report.files:
        if file.unreadable or file.findings:
            yield heading(3, code(file.document))
        yield from file.unreadable.split("\n")
        if file.findings:
            placed = Places(file).placed(file.findings)
            yield table(
                ("line:", "severity", "finding", "remedy", "check"),
                ((str(line), *_row(finding)) for finding, line, _ in placed),
            )
    yield f"{summary(report)}."


def _row(finding: Finding) -> Iterator[str]:
    yield str(finding.severity)
    yield _sentence(finding)
    yield finding.remedy
    yield link(finding.check, finding.source)


def _entries(findings: tuple[Finding, ...], file: LintedFile) -> list[dict[str, object]]:
    places = Places(file)
    return [_entry(*placed, places) for placed in places.placed(findings)]


def _entry(finding: Finding, line: int, column: int, places: Places) -> dict[str, object]:
    entry = finding_entry(finding, line, column)
    if finding.also:
        entry["also"] = [_entry(*placed, places) for placed in places.placed(finding.also)]
    return {**entry, "reason": finding.accepted} if finding.accepted else entry
