"""Services of a template that run a task definition of elsewhere."""

from __future__ import annotations

import pytest

from cfnroles.sources.template_runs import asked_alone, asked_alone_in
from cfnroles.template import template as templates
from cfnroles.template.given import Given
from cfnroles.template.template import read_template
from cfnroles.template.worlds import worlds_of

HEAD = """\
Parameters: {Stage: {Type: String}, Task: {Type: String}, Named: {Type: String}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  HasTask: !Not [!Equals [!Ref Task, '']]
  IsNamed: !Equals [!Ref Named, x]
Resources:
  Own:
    Type: AWS::ECS::TaskDefinition
    Properties: {Family: !If [IsNamed, a, b], ContainerDefinitions: [{Name: web, Image: !If [IsNamed, a, b]}]}
  Sometimes: {Type: AWS::ECS::TaskDefinition, Condition: IsProd, Properties: {ContainerDefinitions: []}}
"""
#: What a service runs, in its own words, and whether that may be a task definition of elsewhere.
RUN = {
    "one of the template": ("TaskDefinition: !Ref Own", False),
    "one that is there when it is": ("TaskDefinition: !Ref Sometimes}, Condition: IsProd, Metadata: {a: b", False),
    "one that may be missing": ("TaskDefinition: !Ref Sometimes", True),
    "one that is there at other times": ("TaskDefinition: !Ref Sometimes}, Condition: HasTask, Metadata: {a: b", True),
    "one of its own or another": ("TaskDefinition: !If [HasTask, !Ref Task, !Ref Own]", True),
    "one of its own or none": ("TaskDefinition: !If [HasTask, !Ref Own, !Ref AWS::NoValue]", False),
    "what somebody says": ("TaskDefinition: !Ref Task", True),
}


@pytest.mark.parametrize(("said", "elsewhere"), RUN.values(), ids=RUN)
def test_a_service_asks_alone_where_its_task_definition_is_elsewhere(said: str, elsewhere: bool) -> None:
    text = f"{HEAD}  Web: {{Type: AWS::ECS::Service, Properties: {{EnableExecuteCommand: true, {said}}}}}\n"
    template = read_template(text, "t.yaml")
    found = [(gap.origin.path[1], gap.holder) for gap in asked_alone(template)]
    worlds = worlds_of(template)
    everywhere = [each for world in worlds.all for each in asked_alone_in(worlds.stack(world), "t.yaml")]
    assert set(found) == set(everywhere)
    assert bool(found) is elsewhere


def test_the_task_definitions_of_a_template_are_not_worked_out_for_that(monkeypatch: pytest.MonkeyPatch) -> None:
    worked_out = []
    resource = templates._resource
    monkeypatch.setattr(
        templates, "_resource", lambda name, *others: worked_out.append(name) or resource(name, *others)
    )
    text = f"{HEAD}  Web: {{Type: AWS::ECS::Service, Properties: {{TaskDefinition: !Ref Own}}}}\n"
    assert not list(asked_alone(read_template(text, "t.yaml")))
    assert not worked_out


def conditions(number: int) -> str:
    """The head of a template with so many independent conditions."""
    parameters = ", ".join(f"P{each}: {{Type: String, Default: 'no'}}" for each in range(number))
    asked = "".join(f"  C{each}: !Equals [!Ref P{each}, 'yes']\n" for each in range(number))
    return f"Parameters: {{{parameters}}}\nConditions:\n{asked}Resources:\n"


def chain(number: int, last: str, otherwise: str) -> str:
    """What is there where the first conditions all hold, and something else where one does not."""
    return last if not number else f"!If [C{number - 1}, {chain(number - 1, last, otherwise)}, {otherwise}]"


def test_what_other_resources_depend_on_plays_no_part() -> None:
    # Which of the task definitions it runs depends on two conditions at once, and neither is the usual one.
    others = "".join(
        f"  Web{each}: {{Type: AWS::ECS::Service, Condition: C{each}, Properties: {{TaskDefinition: own:1}}}}\n"
        for each in range(20)
    )
    run = f"EnableExecuteCommand: true, TaskDefinition: {chain(2, 'other:1', '!Ref Own')}"
    text = (
        f"{conditions(20)}{others}  Own: {{Type: AWS::ECS::TaskDefinition, Properties: {{ContainerDefinitions: []}}}}\n"
        f"  Web: {{Type: AWS::ECS::Service, Properties: {{{run}}}}}\n"
    )
    found = {gap.origin.path[1]: gap.feature for gap in asked_alone(read_template(text, "t.yaml"))}
    assert found == {"Web": "hidden-resource"}


def test_too_many_conditions_in_one_service_are_reported() -> None:
    run = f"EnableExecuteCommand: true, TaskDefinition: {chain(9, 'other:1', '!Ref Own')}"
    text = (
        f"{conditions(9)}  Own: {{Type: AWS::ECS::TaskDefinition, Properties: {{ContainerDefinitions: []}}}}\n"
        f"  Web: {{Type: AWS::ECS::Service, Properties: {{{run}}}}}\n"
    )
    template = read_template(text, "t.yaml")
    assert [gap.feature for gap in asked_alone(template)] == ["conditions"]
    decided = Given({f"P{each}": "yes" for each in range(9)})
    assert [gap.feature for gap in asked_alone(template, decided)] == ["hidden-resource"]
    assert not list(asked_alone(template, Given({"P0": "no"})))
