"""What is wrong in a template, a task definition or a policy, and what of it was accepted in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cfnroles.answers.suppressions import Suppression, suppressions
from cfnroles.checks import CHECKS, Check, Fault, Subject, suppressing
from cfnroles.checks.subject import read_subject, template_subject
from cfnroles.need import Origin, Severity

#: From the least to the worst.
SEVERITIES = (Severity.INFO, Severity.WARNING, Severity.ERROR)


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One finding: the check's id and code, how bad it is, the place in the document, and what to do.

    ``line`` and ``column`` are 0 where the place is to be looked up by its path. ``accepted`` is the reason that
    suppresses the finding.
    """

    check: str
    code: str
    severity: Severity
    origin: Origin
    what: str
    remedy: str
    source: str
    line: int = 0
    column: int = 0
    accepted: str = ""

    @property
    def sort_key(self) -> tuple[object, ...]:
        """Orders findings by their place, then by check."""
        return (self.origin.sort_key, self.line, self.column, self.code, self.what)


@dataclass(frozen=True, slots=True)
class LintedFile:
    """One file with what was found in it, or with the reason why it could not be read."""

    document: str
    text: str
    findings: tuple[LintFinding, ...] = ()
    accepted: tuple[LintFinding, ...] = ()
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class LintReport:
    """All files, in the order in which they were named."""

    files: tuple[LintedFile, ...]

    @property
    def findings(self) -> tuple[LintFinding, ...]:
        """The findings of all files, without those that were accepted."""
        return tuple(finding for file in self.files for finding in file.findings)

    def at_least(self, severity: Severity) -> LintReport:
        """The report without findings that are less bad."""
        kept = SEVERITIES[SEVERITIES.index(severity) :]
        return LintReport(
            tuple(replace(file, findings=tuple(f for f in file.findings if f.severity in kept)) for file in self.files)
        )


def lint(
    text: str, document: str, parameters: Mapping[str, str] | None = None, others: Sequence[LintFinding] = ()
) -> LintedFile:
    """What the checks find in a text; ``others`` are findings of other tools about it, which can be accepted alike.

    Raises InvalidInput where the text is nothing that can be linted.
    """
    return _linted(read_subject(text, document, parameters), text, others)


def lint_template(tree: Mapping[str, Any], document: str) -> LintedFile:
    """What the checks find in the tree of a template whose text is not at hand, short forms turned into long ones."""
    return _linted(template_subject(tree, document), "", ())


def _linted(subject: Subject, text: str, others: Sequence[LintFinding]) -> LintedFile:
    found = (*findings(subject), *others)
    told, accepted = _sorted_out(found, suppressions(text, subject), subject.document)
    return LintedFile(subject.document, text, told, accepted)


def findings(subject: Subject, checks: Sequence[Check] = CHECKS) -> tuple[LintFinding, ...]:
    """What the checks find in a subject, whether it was accepted or not; each thing once."""
    found = {_finding(check, fault, subject): None for check in checks for fault in check.look(subject)}
    return tuple(sorted(found, key=lambda finding: finding.sort_key))


def _finding(check: Check, fault: Fault, subject: Subject) -> LintFinding:
    origin = Origin(subject.document, fault.path, fault.container, fault.item)
    what, remedy = subject.told(fault.what), subject.told(fault.remedy)
    if remedy[-1:] not in (".", ":"):
        remedy += "."
    return LintFinding(check.id, check.code, check.severity, origin, what, remedy, check.source)


def _sorted_out(
    found: Sequence[LintFinding], given: Sequence[Suppression], document: str
) -> tuple[tuple[LintFinding, ...], tuple[LintFinding, ...]]:
    told, accepted, used = [], [], set()
    for finding in found:
        by = next((one for one in given if one.covers(finding.check, finding.code, finding.origin.path)), None)
        if by is None:
            told.append(finding)
        else:
            used.add(by)
            accepted.append(replace(finding, accepted=by.reason))
    told += _about(given, used, document)
    by_place = sorted(told, key=lambda finding: finding.sort_key), sorted(accepted, key=lambda each: each.sort_key)
    return tuple(by_place[0]), tuple(by_place[1])


def _about(given: Sequence[Suppression], used: set[Suppression], document: str) -> Iterator[LintFinding]:
    """What is wrong with the suppressions themselves."""
    for one in given:
        if one.problem:
            check, what = suppressing.BAD, one.problem
            remedy = "Write the id of a check and the reason, or take the suppression away."
        elif one not in used:
            check, what = suppressing.UNUSED, f"the suppression of {one.check} suppresses nothing"
            remedy = "Take it away."
        else:
            continue
        origin = Origin(document, one.path)
        yield LintFinding(check.id, check.code, check.severity, origin, what, remedy, check.source, one.line)
