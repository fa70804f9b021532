"""Task definitions over all features: exact, in any order, within every quota, and never an error that is not ours."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cfnroles.discovery import Discovery, discover
from cfnroles.errors import CfnrolesError
from cfnroles.facts import Facts
from cfnroles.need import Holder, Severity
from cfnroles.policies import INLINE_TOTAL, MANAGED_POLICY, pack, size
from cfnroles.sources.task_definition_checks import shape_findings, value_findings
from cfnroles.statements import Statement, compose
from cfnroles.table.ecs import FEATURES
from cfnroles.table.examples import FACTS, example_workload
from cfnroles.targets.cloudformation.service import service_stacks
from cfnroles.workload import Workload
from tests.merged_examples import merged

odd_texts = st.sampled_from(
    [
        "", "<X>", "${X}", "$X", "{{ x }}", "*", "arn:", "arn:aws:s3:::", "arn:aws:secretsmanager:::secret:",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:a:b", "/", "//", "a b", "é", "${AWS::Region}", "-", ":",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com", "arn:aws:ssm:us-east-1:1:parameter//", "awslogs", "s3://a/b",
    ]
)  # fmt: skip


# Every row's example may be in it, so a new feature is generated from the day that it is in the table.
task_trees = st.lists(st.sampled_from(FEATURES), min_size=1, max_size=8).map(merged)
facts = st.sampled_from([FACTS, Facts(), Facts(account="123456789012", region="us-east-1")])


@st.composite
def broken_trees(draw: st.DrawFn) -> dict[str, Any]:
    """A task definition of which some texts are anything at all."""

    def spoil(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: spoil(member) for key, member in value.items()}
        if isinstance(value, list):
            return [spoil(element) for element in value]
        if isinstance(value, str) and draw(st.integers(0, 3)) == 0:
            return draw(odd_texts)
        return value

    tree: dict[str, Any] = spoil(draw(task_trees))
    return {**tree, "family": "shop"}


def _shuffled(value: Any, randomness: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        randomness.shuffle(keys)
        return {key: _shuffled(value[key], randomness) for key in keys}
    if isinstance(value, list):
        elements = [_shuffled(element, randomness) for element in value]
        randomness.shuffle(elements)
        return elements
    return value


def _granted(statements: tuple[Statement, ...]) -> list[Any]:
    return [(s.holder, s.sid, s.actions, s.resources, s.conditions, s.when) for s in statements]


def _errors(discovery: Discovery) -> list[str]:
    return [str(finding) for finding in discovery.findings if finding.severity is Severity.ERROR]


@given(task_trees, facts)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_statements_grant_exactly_the_needs_within_every_quota(tree: dict[str, Any], known: Facts) -> None:
    needs = discover(Workload("task.json", tree), known).needs
    statements = compose(needs)
    granted = {(s.holder, each) for s in statements for each in s.permissions()}
    needed = {(need.holder, need.permission) for need in needs}
    assert granted <= needed
    for holder, permission in needed - granted:
        # What lies within something wider is left to that.
        assert any(
            of is holder
            and permission.resource.startswith(wide.resource[:-1])
            and replace(wide, resource=permission.resource) == permission
            for of, wide in granted
            if wide.resource.endswith("*")
        ), permission
    for holder in Holder:
        policies = pack([statement for statement in statements if statement.holder is holder])
        assert sum(size(policy.statements) for policy in policies if not policy.managed) <= INLINE_TOTAL
        assert all(size(policy.statements) <= MANAGED_POLICY for policy in policies if policy.managed)


@given(task_trees, facts, st.integers())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_order_of_the_document_changes_no_statement(tree: dict[str, Any], known: Facts, seed: int) -> None:
    other = _shuffled(tree, random.Random(seed))
    first, second = (compose(discover(Workload("task.json", each), known).needs) for each in (tree, other))
    assert _granted(first) == _granted(second)


@given(task_trees, facts)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_can_be_named_never_becomes_a_star(tree: dict[str, Any], known: Facts) -> None:
    unscoped = {need.permission.action for need in discover(Workload("task.json", tree), known).needs
                if need.permission.resource == "*"}  # fmt: skip
    allowed = {
        need.permission.action
        for feature in FEATURES
        for need in discover(example_workload(feature), FACTS, (feature,)).needs
        if need.permission.resource == "*"
    }
    assert unscoped <= allowed


@given(broken_trees(), facts)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_broken_document_is_answered_in_words(tree: dict[str, Any], known: Facts) -> None:
    workload = Workload("task.json", tree)
    shape_findings(workload)
    value_findings(workload)
    discovery = discover(workload, known)
    assert all(need.permission.resource for need in discovery.needs)
    if _errors(discovery):
        return
    try:
        stacks = service_stacks(workload, discovery, known, "shop")
    except CfnrolesError:
        # Such as a role that no quota has room for: an answer in words.
        return
    assert stacks[-1].template["Resources"]["TaskDefinition"]
