"""The table of checks: each row finds the fault of its bad example, and nothing finds any in the good one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from cfnroles.checks import CHECKS, Check
from cfnroles.formats.checks_page import checks_page
from cfnroles.need import Finding
from tests.linted import lint


def found(text: str) -> list[str]:
    return [finding.check for finding in lint(text, "example.yaml").findings]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_the_bad_example_has_this_fault_and_no_other(check: Check) -> None:
    assert found(check.bad) == [check.id]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_the_good_example_has_no_fault(check: Check) -> None:
    assert found(check.good) == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_row_says_what_why_and_where_aws_says_so(check: Check) -> None:
    assert check.source.startswith("https://docs.aws.amazon.com/")
    assert check.what[0].isupper() or check.what.split(":")[0].islower()
    assert not check.what.endswith(".")
    assert check.why.endswith(".")
    assert check.code[0] == check.severity.name[0]


def test_ids_and_codes_are_unique_and_in_order() -> None:
    assert Counter(check.id for check in CHECKS).most_common(1)[0][1] == 1
    numbers = [check.number for check in CHECKS]
    assert numbers == sorted(set(numbers))


def test_no_code_is_one_of_cfn_lints_own() -> None:
    # E9001 and the following are given out to a file of custom rules, by line; the last of ours is far behind those.
    assert all(9300 < check.number < 9400 for check in CHECKS)


def test_the_page_is_the_one_that_the_table_prints(repository: Path) -> None:
    assert (repository / "docs" / "checks.md").read_text(encoding="utf-8") == checks_page(), (
        "run `python -m cfnroles.formats.checks_page docs/checks.md`"
    )


def test_every_finding_says_what_to_do(faults: Callable[[str], list[Finding]]) -> None:
    for check in CHECKS:
        for finding in faults(check.bad):
            assert finding.what
            assert finding.remedy.endswith((".", "::", "?")), finding
            assert not finding.what.endswith(".")


def test_what_is_not_read_is_told(faults: Callable[[str], list[Finding]]) -> None:
    kind = "AWS::ECS::Gateway"
    (finding,) = faults(f"Resources:\n  Web: {{Type: '{kind}', Properties: {{InfrastructureRoleArn: x}}}}\n")
    assert (finding.check, finding.origin.pointer) == ("gap", "Resources.Web")
    assert f"does not read {kind}" in finding.what
    assert faults("Resources:\n  Web: {Type: AWS::ECS::Cluster}\n") == []


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ("Type: AWS::ECS::CapacityProvider, Properties: {ManagedInstancesProvider: {}}", []),
        ("Type: AWS::ECS::CapacityProvider, Properties: {AutoScalingGroupProvider: {}}", []),
        ("Type: AWS::ECS::Service, Properties: {TaskDefinition: other, EnableExecuteCommand: true}", ["gap"]),
        ("Type: AWS::ECS::Service, Properties: {TaskDefinition: other, DesiredCount: 1}", []),
        ("Type: AWS::ECS::Daemon, Properties: {DaemonTaskDefinitionArn: other, EnableExecuteCommand: true}", ["gap"]),
    ],
)
def test_what_asks_for_roles_beside_no_task_definition_is_told(
    faults: Callable[[str], list[Finding]], properties: str, told: list[str]
) -> None:
    assert [finding.check for finding in faults(f"Resources:\n  Web: {{{properties}}}\n")] == told
