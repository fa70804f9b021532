"""Services of a template that run a task definition of elsewhere."""

from __future__ import annotations

import pytest

from cfnroles.sources.template_runs import asked_alone, asked_alone_in
from cfnroles.template import template as templates
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
    found = list(asked_alone(template))
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
