"""Task definitions that a service, task set or daemon of the same template runs by family."""

from __future__ import annotations

from typing import Any

import pytest

from cfnroles import Document
from cfnroles.facts import Facts
from cfnroles.sources.role_places import service_places
from cfnroles.sources.template_families import may_call, runs_task
from cfnroles.sources.template_runs import asked_alone
from cfnroles.sources.template_tasks import TaskInWorlds, in_worlds
from cfnroles.template.given import NOTHING_GIVEN
from cfnroles.template.template import Template, read_template
from cfnroles.template.worlds import worlds_of

HEAD = """\
Parameters:
  Stage: {Type: String}
  Other: {Type: String}
  Named: {Type: String, Default: web}
  Start: {Type: String, Default: we}
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
Mappings: {Families: {prod: {Web: web}, test: {Web: api}}}
Resources:
"""
SERVICE, TASK_SET, DAEMON = "AWS::ECS::Service", "AWS::ECS::TaskSet", "AWS::ECS::Daemon"
ARN = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}"
CONTAINERS = "ContainerDefinitions: [{Name: a, Image: 'nginx:1'}]"
#: A family, what a service names, and the outcomes for the worlds with both.
NAMED = {
    "the family": ("web", "web", {True}),
    "an ARN": ("web", "arn:aws:ecs:eu-west-1:111122223333:task-definition/web", {True}),
    "an ARN with pseudo parameters": ("web", f"!Sub '{ARN}:task-definition/web'", {True}),
    "a parameter": ("web", "!Ref Named", {True}),
    "the parameter of the family": ("!Ref Stage", "!Ref Stage", {True}),
    "part of what the family is": ("!Sub '${Stage}-a'", f"!Sub '{ARN}:task-definition/${{Stage}}-a'", {True}),
    "a text of which the family is computed": ("!Sub '${Start}b'", "web", {True}),
    "a computed text": ("web", "!Sub '${Start}b'", {True}),
    "a choice": ("web", "!If [IsProd, web, api]", {True, False}),
    "a choice of families": ("!If [IsProd, web, api]", "web", {True, False}),
    "a fixed revision": ("web", "web:3", {False}),
    "a fixed revision in an ARN": ("web", f"!Sub '{ARN}:task-definition/web:3'", {False}),
    "another family": ("web", "website", {False}),
    "a task definition for daemons": ("web", f"!Sub '{ARN}:daemon-task-definition/web'", {False}),
    "an unknown": ("web", "!Ref Other", {False}),
    "nothing": ("web", "!Ref AWS::NoValue", {False}),
    "an empty family": ("''", "''", {False}),
}


def written(family: str, named: str, more: str = "", kind: str = SERVICE) -> str:
    return (
        f"{HEAD}  Task: {{Type: AWS::ECS::TaskDefinition, Properties: {{Family: {family}, {CONTAINERS}}}}}\n"
        f"  Web: {{Type: {kind}, Properties: {{TaskDefinition: {named}, {more}}}}}\n"
    )


def read(text: str) -> Template:
    return read_template(text, "t.yaml")


def judged(text: str) -> TaskInWorlds:
    return in_worlds("Task", Document("t.yaml", text), read(text), (Facts(), NOTHING_GIVEN))


@pytest.mark.parametrize(("family", "named", "outcomes"), NAMED.values(), ids=NAMED)
def test_what_a_service_runs_by_family(family: str, named: str, outcomes: set[bool]) -> None:
    template = read(written(family, named))
    worlds = worlds_of(template)
    stacks = [worlds.stack(world).resources for world in worlds.all]
    assert {runs_task(stack["Web"], stack["Task"]) for stack in stacks} == outcomes
    resources = template.resources
    assert may_call(resources["Web"], resources["Task"], template) >= (True in outcomes)


@pytest.mark.parametrize(("family", "named", "outcomes"), NAMED.values(), ids=NAMED)
def test_a_service_is_judged_with_its_task_definition_or_is_a_gap(family: str, named: str, outcomes: set[bool]) -> None:
    text = written(family, named, "EnableExecuteCommand: true")
    task = judged(text)
    assert bool(task.needs) is (True in outcomes)
    assert {task.when(where) == "" for where in task.needs.values()} <= {outcomes == {True}}
    is_gap = False in outcomes and named != "!Ref AWS::NoValue"
    assert bool(list(asked_alone(read(text)))) is is_gap


def test_a_condition_of_the_service_is_one_of_its_needs() -> None:
    task = judged(written("web", "web", "EnableExecuteCommand: !If [IsProd, true, false]"))
    assert {task.when(where) for where in task.needs.values()} == {"IsProd holds"}


def test_a_reference_names_no_family() -> None:
    # Hundreds of services may each run their own task definition, with a family that a function computes.
    template = read(written("!Sub '${Stage}-web'", "!Ref Task"))
    resources = template.resources
    assert not may_call(resources["Web"], resources["Task"], template)


def test_a_task_set_runs_a_family_with_the_settings_of_its_service() -> None:
    service = f"Service: !Ref Whole}}}}\n  Whole: {{Type: {SERVICE}, Properties: {{EnableExecuteCommand: true"
    text = written("web", "web", service, kind=TASK_SET)
    assert judged(text).needs
    assert not list(asked_alone(read(text)))


@pytest.mark.parametrize(("ending", "is_run"), [("daemon-task-definition/web", True), ("task-definition/web", False)])
def test_a_daemon_runs_a_task_definition_for_daemons(ending: str, is_run: bool) -> None:
    text = (
        f"{HEAD}  Task: {{Type: AWS::ECS::DaemonTaskDefinition, Properties: {{Family: web, {CONTAINERS}}}}}\n"
        f"  Web: {{Type: {DAEMON}, Properties: {{DaemonTaskDefinitionArn: !Sub '{ARN}:{ending}',"
        " EnableExecuteCommand: true}}\n"
    )
    assert bool(judged(text).needs) is is_run
    assert bool(list(asked_alone(read(text)))) is not is_run


AUTHORITY = "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/11111111-1111-1111-1111-111111111111"
TLS = (
    "ServiceConnectConfiguration: {Enabled: true, Services: [{PortName: a, Tls:"
    f" {{IssuerCertificateAuthority: {{AwsPcaAuthorityArn: '{AUTHORITY}'}}}}}}]}}"
)
#: What a service names, and whether the role of the task definition may be there; nothing if no role is.
PLACES: dict[str, tuple[str, list[bool]]] = {
    "the family": ("web", [True]),
    "a choice": ("!If [IsProd, web, api]", [False]),
    "a choice of a map": ("!FindInMap [Families, !If [IsProd, prod, test], Web]", [False]),
    "another family": ("website", []),
}


@pytest.mark.parametrize(("named", "alone"), PLACES.values(), ids=PLACES)
def test_the_roles_of_a_service_by_family(named: str, alone: Any) -> None:
    text = written("web", named, TLS)
    places = service_places(judged(text), read(text).tree)
    assert [place.alone for place in places] == alone
    assert {place.property for place in places} <= {"ServiceConnectConfiguration.Services[0].Tls.RoleArn"}
