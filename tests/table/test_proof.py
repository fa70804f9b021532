"""Every row and word: the role that is built for its example allows what it needs, and nothing without a need."""

from __future__ import annotations

import json

import pytest

from cfnroles.answers.verification import Outcome
from cfnroles.discovery import Discovery, discover
from cfnroles.facts import Facts
from cfnroles.iam.evaluator import Decision
from cfnroles.iam.roles import template_role
from cfnroles.need import Holder
from cfnroles.role_kinds import kind_of
from cfnroles.table.ecs import FEATURES
from cfnroles.table.examples import FACTS, example_workload
from cfnroles.table.feature import Feature
from cfnroles.table.words import ROWS
from cfnroles.table.words.row import Row
from cfnroles.targets.cloudformation.service import service_stacks
from cfnroles.template.given import Given
from cfnroles.template.template import read_template
from cfnroles.workload import Workload
from tests.judged import judge
from tests.table.words.test_grants import with_everything

HOME = Facts("123456789012", "us-east-1")


def proven(workload: Workload, discovery: Discovery, facts: Facts) -> None:
    stacks = service_stacks(workload, discovery, facts, "shop")
    stack = next(stack for stack in stacks if "TaskRole" in stack.template["Resources"])
    template = read_template(json.dumps(stack.template), "roles.yaml")
    parameters = {"KmsKeyArns": facts.kms_key_arns[0]} if "KmsKeyArns" in template.parameters else {}
    for holder in {need.holder for need in discovery.needs}:
        role = template_role(template, kind_of(holder).name, Given(parameters, facts.account, facts.region))
        needs = [need for need in discovery.needs if need.holder is holder]
        found = judge(needs, role, facts, holder, prove=True)
        assert {judged.outcome for judged in found.judged} == {Outcome.ALLOWED}
        assert found.excess == found.application == ()
        # No need says which customer the service acts for: who assumes the role is judged for each kind alike.
        assert found.trust is not None
        assert found.trust.decision is Decision.ALLOWED
        assert found.trust.open is not bool(kind_of(holder).assumed_by.source_arn)
        assert found.removals
        assert [str(removal) for removal in found.removals if not removal.fails] == []


@pytest.mark.parametrize("feature", [f for f in FEATURES if f.grants], ids=lambda feature: feature.name)
def test_the_roles_of_each_features_example_are_complete_and_minimal(feature: Feature) -> None:
    workload = example_workload(feature)
    proven(workload, discover(workload, FACTS, (feature,)), FACTS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.word)
def test_the_task_role_of_each_word_is_complete_and_minimal(row: Row) -> None:
    workload = Workload("task.json", {"family": "shop", "containerDefinitions": [{"name": "web", "image": "web"}]})
    discovery = with_everything(row)
    assert {need.holder for need in discovery.needs} == {Holder.TASK}
    proven(workload, Discovery(discovery.needs, (), (), ()), HOME)
