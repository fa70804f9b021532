"""The checks as rules of cfn-lint, as cfn-lint itself loads and runs them."""

from __future__ import annotations

import inspect
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cfnlint.config import ConfigMixIn, ManualArgs
from cfnlint.decode.decode import decode_str
from cfnlint.runner import Runner

from cfnroles import cfnlint_rules
from cfnroles.checks import CHECKS

TEMPLATES = Path(__file__).parent / "answers" / "lint"


@cache
def runner() -> Any:
    arguments = ManualArgs(regions=["us-east-1"], append_rules=["cfnroles.cfnlint_rules"], include_checks=["I93"])
    return Runner(ConfigMixIn([], **arguments))


def found(text: str) -> list[tuple[str, int]]:
    template, problems = decode_str(text)
    assert not problems
    matches = runner().validate_template(template)
    return sorted((match.rule.id, match.linenumber) for match in matches if match.rule.id[1:3] == "93")


def test_every_check_is_a_rule_and_nothing_else_is() -> None:
    rules = {rule.id: rule for rule in runner().rules.values() if rule.id[1:3] == "93"}
    assert sorted(rules) == sorted(check.code for check in CHECKS)
    for check in CHECKS:
        rule = rules[check.code]
        assert (rule.shortdesc, rule.source_url) == (check.what, check.source)
        assert rule.severity.startswith(str(check.severity))


def test_the_module_has_no_class_that_is_no_rule() -> None:
    # cfn-lint makes an instance of every subclass of its own class that it finds.
    classes = [each for _, each in inspect.getmembers(cfnlint_rules, inspect.isclass) if issubclass(each, Rule)]
    assert {each.__name__ for each in classes} == {"CloudFormationLintRule", *(check.code for check in CHECKS)}


def test_nine_faults_are_nine_matches_with_their_lines() -> None:
    text = (TEMPLATES / "nine-faults.yaml").read_text(encoding="utf-8")
    assert found(text) == [
        ("E9301", 58),
        ("E9321", 20),
        ("E9323", 23),
        ("E9324", 26),
        ("E9325", 29),
        ("E9341", 46),
        ("E9343", 5),
        ("E9343", 5),
        ("E9361", 39),
    ]


def test_the_repaired_template_has_none() -> None:
    assert found((TEMPLATES / "nine-faults-repaired.yaml").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param("{cfnroles: {ignore: [{check: mutable-image, reason: it is pinned elsewhere}]}}", id="cfnroles"),
        pytest.param("{cfn-lint: {config: {ignore_checks: [I9308]}}}", id="cfn-lint"),
    ],
)
def test_both_ways_of_suppressing_hold(metadata: str) -> None:
    text = (
        "Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Metadata: {}\n"
        "    Properties: {{Family: a, ContainerDefinitions: [{{Name: web, Image: nginx}}]}}\n"
    )
    assert [code for code, _ in found(text.format("{}"))] == ["I9308"]
    assert found(text.format(metadata)) == []


def test_what_is_worth_a_look_is_one_match_that_counts_the_others() -> None:
    containers = ", ".join(f"{{Name: {name}, Image: nginx}}" for name in "abc")
    properties = f"{{Family: a, ContainerDefinitions: [{containers}]}}"
    text = f"Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties: {properties}\n"
    template, _ = decode_str(text)
    (match,) = (match for match in runner().validate_template(template) if match.rule.id == "I9308")
    assert "(and the like in 2 more places)" in match.message


def test_the_command_line_of_cfn_lint_takes_the_modules_name() -> None:
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("cfn-lint")), "--append-rules", "cfnroles.cfnlint_rules"),
            *("--format", "parseable"),
            *("--regions", "us-east-1", "--", str(TEMPLATES / "nine-faults.yaml")),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert sum(":E93" in line for line in done.stdout.splitlines()) == 9


Rule = cfnlint_rules.CloudFormationLintRule
