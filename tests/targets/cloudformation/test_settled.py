"""What a build writes without options: no parameter and no condition for a choice that is not open."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Reading, Told, build, read
from cfnroles.errors import InvalidInput
from cfnroles.targets.cloudformation.settled import CHOICES, USUAL, Form, settled
from cfnroles.template.given import Given
from cfnroles.template.template import ResolvedStack, read_template

BOUNDARY = "PermissionsBoundaryArn"
SPEC = "project: p\nservices: {web: {task-definition: web.json}, job: {task-definition: web.json}}\n"


def templates(reading: Reading, **options: Any) -> dict[str, Mapping[str, Any]]:
    """The templates of the roles and of the validator, by the stem of their names."""
    stacks = build(reading, **options).stacks
    return {stack.stem: stack.template for stack in stacks if re.search("-roles$|^secret-validator", stack.stem)}


def choices(template: Mapping[str, Any]) -> set[str]:
    return CHOICES & template["Parameters"].keys()


@pytest.fixture(params=["shop.json", "shop-project/cfnroles.yaml", "recipes/08-reusable.yaml"])
def reading(request: pytest.FixtureRequest, examples: Path) -> Reading:
    return read(examples / request.param)


@pytest.fixture
def spec(tmp_path: Path) -> Any:
    """`spec(text)`: a project of two services with text after it."""
    container = {"name": "web", "image": "nginx", "secrets": [{"name": "S", "valueFrom": "/a"}]}
    (tmp_path / "web.json").write_text(json.dumps({"family": "web", "containerDefinitions": [container]}))

    def write(text: str) -> Reading:
        path = tmp_path / "cfnroles.yaml"
        path.write_text(SPEC + text)
        return read(path)

    return write


def test_each_parameter_and_each_condition_is_used(reading: Reading) -> None:
    for name, template in templates(reading).items():
        made = json.dumps([template["Resources"], template["Outputs"]])
        conditions = json.dumps(template.get("Conditions", {}))
        for parameter in template["Parameters"]:
            assert re.search(rf'"Ref": "{parameter}"|\${{{parameter}}}', made + conditions), (name, parameter)
        for condition in template.get("Conditions", {}):
            used = rf'"Fn::If": \["{condition}"|"Condition": "{condition}"'
            assert re.search(used, made + conditions), (name, condition)


def test_it_makes_what_the_parameterized_form_makes_with_its_defaults(reading: Reading) -> None:
    given = Given(account="123456789012", region="us-east-1")
    whole = templates(reading, parameterized=True)
    for name, template in templates(reading).items():
        assert choices(whole[name]) > choices(template)
        lean, full = (read_template(json.dumps(each), name).resolve(given) for each in (template, whole[name]))
        assert properties(lean) == properties(full)
        assert template["Outputs"] == whole[name]["Outputs"]


def properties(stack: ResolvedStack) -> str:
    """What all resources say, by their names; numbers that parameters have are texts."""
    made = {name: resource.properties for name, resource in stack.resources.items()}
    return re.sub(r'"(\d+)"', r"\1", json.dumps(made, sort_keys=True, default=str))


def test_conditional_keys_and_exports_are_there_in_both_forms(examples: Path) -> None:
    for parameterized in (False, True):
        roles = templates(read(examples / "shop.json"), parameterized=parameterized)["shop-roles"]
        assert {"ProjectName", "KmsKeyArns"} <= roles["Parameters"].keys()
        assert "HasKmsKeyArns" in roles["Conditions"]
        assert {each["Export"]["Name"]["Fn::Sub"] for each in roles["Outputs"].values()} == {
            "${ProjectName}-ECSTaskExecutionRoleArn",
            "${ProjectName}-ECSTaskRoleArn",
        }


def test_a_service_without_secrets_has_one_parameter_and_no_condition(tmp_path: Path) -> None:
    path = tmp_path / "web.json"
    path.write_text('{"family": "web", "containerDefinitions": [{"name": "web", "image": "nginx"}]}')

    (roles,) = templates(read(path)).values()

    assert [*roles["Parameters"]] == ["ProjectName"]
    assert "Conditions" not in roles


ENVIRONMENTS = {
    "one of all stacks is one in all": (
        f"environments: {{prod: {{parameters: {{{BOUNDARY}: ''}}}}}}",
        {"web-roles": {BOUNDARY}, "job-roles": {BOUNDARY}, "secret-validator": {BOUNDARY}},
    ),
    "one of a service is one of its alone": (
        "environments: {a: {}, prod: {services: {web: {parameters: {TaskRoleName: x, RolePath: /x/}}}}}",
        {"web-roles": {"TaskRoleName", "RolePath"}, "job-roles": set(), "secret-validator": set()},
    ),
    "an option of a role is one": (
        "defaults: {task-role: {path: /x/, permissions-boundary: 'arn:aws:iam::aws:policy/x'}}",
        {
            "web-roles": {"TaskRolePath", "TaskRoleBoundaryArn"},
            "job-roles": {"TaskRolePath", "TaskRoleBoundaryArn"},
            "secret-validator": {BOUNDARY},
        },
    ),
}


@pytest.mark.parametrize(("text", "left"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_a_choice_that_a_spec_makes_is_a_parameter(spec: Any, text: str, left: dict[str, set[str]]) -> None:
    assert {name: choices(template) for name, template in templates(spec(text)).items()} == left


TEMPLATE = {
    "Parameters": {"RolePath": {"Default": "/"}, "TrustConditions": {"Default": "enabled"}, "Keys": {"Default": ""}},
    "Conditions": {
        "Trusts": {"Fn::Equals": [{"Ref": "TrustConditions"}, "enabled"]},
        "Doubts": {"Fn::Not": [{"Condition": "Trusts"}]},
        "Keyed": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Keys"}, ""]}]},
        "Both": {"Fn::And": [{"Condition": "Trusts"}, {"Condition": "Keyed"}]},
        "Either": {"Fn::Or": [{"Condition": "Trusts"}, {"Condition": "Keyed"}]},
        "Neither": {"Fn::And": [{"Condition": "Doubts"}, {"Condition": "Keyed"}]},
    },
}
NOTHING_HERE = {"Ref": "AWS::NoValue"}
PARTS = {
    "a value": ({"Ref": "RolePath"}, "/"),
    "a value within a text": ({"Fn::Sub": "a${RolePath}${Keys}"}, {"Fn::Sub": "a/${Keys}"}),
    "a condition that holds": ({"Fn::If": ["Trusts", "yes", "no"]}, "yes"),
    "one that does not": ({"Fn::If": ["Doubts", "yes", "no"]}, "no"),
    "one that another decides": ({"Fn::If": ["Either", "yes", "no"]}, "yes"),
    "one that another refuses": ({"Fn::If": ["Neither", "yes", "no"]}, "no"),
    "one within an open one": (
        {"Fn::If": ["Keyed", {"Fn::If": ["Doubts", "a", NOTHING_HERE]}, NOTHING_HERE]},
        {"Fn::If": ["Keyed", NOTHING_HERE, NOTHING_HERE]},
    ),
    "a member that is not there": ({"a": {"Fn::If": ["Doubts", "x", NOTHING_HERE]}, "b": 1}, {"b": 1}),
    "an element that is not there": ([{"Fn::If": ["Doubts", "x", NOTHING_HERE]}, "b"], ["b"]),
}


@pytest.mark.parametrize(("part", "left"), PARTS.values(), ids=PARTS)
def test_what_follows_from_a_default_is_written(part: Any, left: Any) -> None:
    found = settled({**TEMPLATE, "Resources": {"R": {"Is": part}}}, USUAL)

    assert found["Resources"]["R"]["Is"] == left
    assert found["Parameters"] == {"Keys": {"Default": ""}}
    assert found["Conditions"] == {"Keyed": TEMPLATE["Conditions"]["Keyed"], "Both": {"Condition": "Keyed"}}


def test_what_is_offered_stays(examples: Path) -> None:
    whole = {**TEMPLATE, "Resources": {"R": {"Is": {"Ref": "RolePath"}}}}

    assert settled(whole, Form(frozenset({"RolePath", "TrustConditions"}))) == whole
    assert settled(whole, Form(everything=True)) == whole


TASK = {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [{"Name": "a", "Image": "b"}]}}
TERRAFORM = """
resource "aws_ecs_task_definition" "t" {
  family                = "shop"
  container_definitions = jsonencode([{ name = "web", image = "nginx", memory = 128 }])
}
"""


@pytest.mark.parametrize("option", ["parameterized", "shared_gate"])
@pytest.mark.parametrize(
    ("file", "text"), [("template.json", json.dumps({"Resources": {"T": TASK}})), ("main.tf", TERRAFORM)]
)
def test_a_form_that_the_document_cannot_have_is_refused(file: str, text: str, option: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text(text)
    source = tmp_path if file == "main.tf" else tmp_path / file

    with pytest.raises(
        InvalidInput, match=f"--{option.replace('_', '-')} requires a task definition or a service spec"
    ):
        build(read(source, Told()), **{option: True})
