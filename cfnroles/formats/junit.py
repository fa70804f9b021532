"""A lint report as JUnit XML, which CI servers show as tests."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from cfnroles.answers.lint import SEVERITIES, LintedFile, LintReport
from cfnroles.formats.places import Places
from cfnroles.need import Finding, Severity
from cfnroles.page import Page, page, visible, xml_page


def junit(report: LintReport, fail_on: Severity | None) -> Page:
    """Return a suite for each file, a test for each finding: failed at ``fail_on`` or above, otherwise passed with a
    note.

    A suppressed finding is a skipped test, an unreadable file a test with an error, and a file without findings one
    test that passed.
    """
    root = Xml.Element("testsuites", name="cfnroles lint")
    for file in report.files:
        suite = Xml.SubElement(root, "testsuite", name=visible(file.document))
        _fill(suite, file, fail_on)
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
        suite.set("tests", str(len(suite)))
    Xml.indent(root)
    return xml_page(Xml.tostring(root, encoding="us-ascii", xml_declaration=True).decode("ascii"))


def _fill(suite: Xml.Element, file: LintedFile, fail_on: Severity | None) -> None:
    places = Places(file)
    if file.unreadable:
        test = _test(suite, file, "can be read")
        Xml.SubElement(test, "error", message="could not be linted").text = page([file.unreadable])
    elif not file.findings and not file.accepted:
        _test(suite, file, "no findings")
    for finding, line, column in places.placed(file.findings):
        test = _test(suite, file, f"{finding.check} at line {line}, column {column}")
        text = visible(f"{file.document}:{line}:{column}: {finding.severity}: {finding.what}. {finding.remedy}")
        if _fails(finding, fail_on):
            Xml.SubElement(test, "failure", message=visible(finding.what), type=str(finding.severity)).text = text
        else:
            Xml.SubElement(test, "system-out").text = text
    for finding, line, column in places.placed(file.accepted):
        test = _test(suite, file, f"{finding.check} at line {line}, column {column}")
        Xml.SubElement(test, "skipped", message=visible(finding.accepted))


def _test(suite: Xml.Element, file: LintedFile, name: str) -> Xml.Element:
    return Xml.SubElement(suite, "testcase", classname=visible(file.document), name=name)


def _fails(finding: Finding, fail_on: Severity | None) -> bool:
    return fail_on is not None and SEVERITIES.index(finding.severity) >= SEVERITIES.index(fail_on)
