"""A lint report as text for people, as Markdown, and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterator

from cfnroles.answers.lint import SEVERITIES, LintedFile, LintReport
from cfnroles.formats.places import Places
from cfnroles.need import Finding, Severity

SCHEMA = 1

#: Colours that can be read on light and on dark backgrounds: red, magenta, blue.
#: https://en.wikipedia.org/wiki/ANSI_escape_code#SGR
_COLOURS = {Severity.ERROR: "1;31", Severity.WARNING: "1;35", Severity.INFO: "1;34"}
_INDENT = "    "


def human(report: LintReport, width: int = 100, colour: bool = False) -> str:
    """For a terminal: one paragraph for each finding, which begins as editors and terminals expect it."""
    paragraphs = []
    for file in report.files:
        places = Places(file)
        paragraphs += [_paragraph(*placed, width, colour) for placed in places.placed(file.findings)]
    return "\n".join(paragraphs)


def summary(report: LintReport) -> str:
    """One sentence: how many findings of each severity, how many accepted ones, and how many files."""
    counts = Counter(finding.severity for finding in report.findings)
    accepted = sum(len(file.accepted) for file in report.files)
    unreadable = sum(1 for file in report.files if file.unreadable)
    told = [_many(counts[severity], severity) for severity in reversed(SEVERITIES) if counts[severity]]
    linted = _many(len(report.files) - unreadable, "file")
    parts = [f"{', '.join(told) or 'no findings'} in {linted}"]
    parts += [f"{accepted} suppressed"] if accepted else []
    parts += [f"{_many(unreadable, 'file')} could not be linted"] if unreadable else []
    return "; ".join(parts)


def markdown(report: LintReport) -> str:
    """For a pull request: a table for each file."""
    return "\n".join(_markdown(report))


def json_text(report: LintReport) -> str:
    """For programs. ``schema`` changes when the form does."""
    files = [
        {
            "file": file.document,
            "unreadable": file.unreadable,
            "findings": _entries(file.findings, file),
            "suppressed": _entries(file.accepted, file),
        }
        for file in report.files
    ]
    return json.dumps({"schema": SCHEMA, "files": files}, indent=2)


def _paragraph(finding: Finding, line: int, column: int, width: int, colour: bool) -> str:
    where = f"{finding.origin.document}:{line}:{column}:"
    head = f"{where} {finding.severity}: {_sentence(finding)} [{finding.check}]"
    lines = _wrapped(head, width, "", _INDENT) + _wrapped(finding.remedy, width, _INDENT, _INDENT)
    text = "\n".join(lines)
    if not colour:
        return text
    severity = f"{finding.severity}:"
    coloured = f"\x1b[{_COLOURS[finding.severity]}m{severity}\x1b[0m"
    before, _, after = text.partition(severity)
    return f"\x1b[1m{before}\x1b[0m{coloured}{after}" if after else text


def _wrapped(text: str, width: int, first: str, rest: str) -> list[str]:
    # ARNs and paths are copied from the terminal: they stay in one piece, however narrow it is.
    return textwrap.wrap(
        text,
        max(width, 40),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _sentence(finding: Finding) -> str:
    place = finding.origin.place if finding.origin.container or finding.origin.item else ""
    return f"{place}: {finding.what}" if place else finding.what


def _markdown(report: LintReport) -> Iterator[str]:
    for file in report.files:
        if file.unreadable:
            yield f"### `{file.document}`\n\n{file.unreadable}\n"
        if not file.findings:
            continue
        places = Places(file)
        yield f"### `{file.document}`\n"
        yield "| line | severity | finding | remedy | check |"
        yield "|--:|---|---|---|---|"
        for finding, line, _ in places.placed(file.findings):
            cells = (
                str(line),
                str(finding.severity),
                _cell(_sentence(finding)),
                _cell(finding.remedy),
                f"[{finding.check}]({finding.source})" if finding.source else finding.check,
            )
            yield f"| {' | '.join(cells)} |"
        yield ""
    yield f"{summary(report)}."


def _cell(text: str) -> str:
    """A text that Markdown shows as it stands."""
    marks = {"|": "\\|", "*": "\\*", "_": "\\_", "<": "&lt;", "\n": " "}
    return "".join(marks.get(character, character) for character in text)


def _entries(findings: tuple[Finding, ...], file: LintedFile) -> list[dict[str, object]]:
    places = Places(file)
    return [_entry(*placed, places) for placed in places.placed(findings)]


def _entry(finding: Finding, line: int, column: int, places: Places) -> dict[str, object]:
    entry: dict[str, object] = {
        "check": finding.check,
        "code": finding.code,
        "severity": str(finding.severity),
        "line": line,
        "column": column,
        "path": finding.origin.pointer,
        "container": finding.origin.container,
        "item": finding.origin.item,
        "what": finding.what,
        "remedy": finding.remedy,
        "source": finding.source,
    }
    if finding.also:
        entry["also"] = [_entry(*placed, places) for placed in places.placed(finding.also)]
    return {**entry, "reason": finding.accepted} if finding.accepted else entry


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
