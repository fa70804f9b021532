"""A lint report as JUnit's XML, which CI servers show as tests."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from cfnroles.answers.lint import SEVERITIES, LintedFile, LintReport
from cfnroles.formats.places import Places
from cfnroles.need import Finding, Severity

#: What XML 1.0 has no way to write. https://www.w3.org/TR/xml/#charsets
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: LintReport, fail_on: Severity | None) -> str:
    """A suite for each file, a test for each finding: failed from ``fail_on`` on, passed with a note below it.

    A finding that was accepted is a skipped test, a file that could not be read a test with an error, and a file
    without findings one test that passed.
    """
    root = Xml.Element("testsuites", name="cfnroles lint")
    for file in report.files:
        suite = Xml.SubElement(root, "testsuite", name=_clean(file.document))
        _fill(suite, file, fail_on)
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
        suite.set("tests", str(len(suite)))
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True)


def _fill(suite: Xml.Element, file: LintedFile, fail_on: Severity | None) -> None:
    places = Places(file)
    if file.unreadable:
        test = _test(suite, file, "can be read")
        Xml.SubElement(test, "error", message="could not be linted").text = _clean(file.unreadable)
    elif not file.findings and not file.accepted:
        _test(suite, file, "no findings")
    for finding, line, column in places.placed(file.findings):
        test = _test(suite, file, f"{finding.check} at line {line}, column {column}")
        text = _clean(f"{file.document}:{line}:{column}: {finding.severity}: {finding.what}. {finding.remedy}")
        if _fails(finding, fail_on):
            Xml.SubElement(test, "failure", message=_clean(finding.what), type=str(finding.severity)).text = text
        else:
            Xml.SubElement(test, "system-out").text = text
    for finding, line, column in places.placed(file.accepted):
        test = _test(suite, file, f"{finding.check} at line {line}, column {column}")
        Xml.SubElement(test, "skipped", message=_clean(finding.accepted))


def _test(suite: Xml.Element, file: LintedFile, name: str) -> Xml.Element:
    return Xml.SubElement(suite, "testcase", classname=_clean(file.document), name=name)


def _fails(finding: Finding, fail_on: Severity | None) -> bool:
    return fail_on is not None and SEVERITIES.index(finding.severity) >= SEVERITIES.index(fail_on)


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)
