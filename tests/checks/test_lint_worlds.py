"""The worlds of a template that lint examines, and what it reports about the others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import combinations, islice
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cfnroles import Document, Told, read
from cfnroles.answers.lint import findings
from cfnroles.checks import CHECKS
from cfnroles.checks.lint_worlds import LintWorlds, _own
from cfnroles.checks.subject import template_subject, worlds_in
from cfnroles.need import Finding
from cfnroles.template.worlds import Atom
from tests.linted import lint

PARAMETER = {"Type": "String", "Default": "no"}
NO_VALUE = {"Ref": "AWS::NoValue"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def when(conditions: list[int], value: Any, otherwise: Any = NO_VALUE) -> Any:
    for each in conditions:
        value = {"Fn::If": [f"C{each}", value, otherwise]}
    return value


def template(number: int, resources: dict[str, Any]) -> dict[str, Any]:
    return {
        "Parameters": {f"P{each}": PARAMETER for each in range(number)},
        "Conditions": {f"C{each}": {"Fn::Equals": [{"Ref": f"P{each}"}, "yes"]} for each in range(number)},
        "Resources": resources,
    }


def task(image: Any, **others: Any) -> dict[str, Any]:
    containers = [{"Name": "web", "Image": image, **others.pop("container", {})}]
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": containers, **others}}


def role(statements: Any, **others: Any) -> dict[str, Any]:
    policies = [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}]
    properties = {"AssumeRolePolicyDocument": TRUST, "Policies": policies, **others}
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def allow(action: Any, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def linted(found: dict[str, Any], parameters: dict[str, str] | None = None) -> tuple[Finding, ...]:
    return lint(json.dumps(found), "t.json", parameters).findings


def too_many(found: tuple[Finding, ...]) -> list[Any]:
    return [each.origin.path for each in found if "too many conditions" in each.what]


@pytest.mark.parametrize("number", [20, 40])
def test_each_resource_is_examined_in_all_worlds_of_its_own(number: int) -> None:
    # The tag is there where two conditions hold, neither of which is so by default.
    tasks = {
        f"Task{each}": task(when([each, (each + 1) % number], "nginx:latest", "nginx:1.27")) for each in range(number)
    }
    found = linted(template(number, tasks))
    (moving,) = [each for each in found if each.check == "mutable-image"]
    said = {each.origin.path[1]: each.what for each in (moving, *moving.also)}
    assert said.keys() == tasks.keys()
    assert not too_many(found)


def test_a_resource_with_too_many_conditions_is_a_gap_that_parameters_close() -> None:
    variables = [when([each], {"Name": f"E{each}", "Value": "x"}) for each in range(11)]
    found = template(
        12, {"Task": task("nginx:1.27", container={"Environment": variables}), "Other": task("nginx:1.27")}
    )
    assert too_many(linted(found)) == [("Resources", "Task")]
    assert not too_many(linted(found, {"P0": "no"}))


REGIONS = ("eu-west-1", "us-east-1", "us-west-2")


def mapped(images: dict[str, str], statements: Any) -> dict[str, Any]:
    resources = {
        "Role": role(statements),
        "Task": task(
            {"Fn::FindInMap": ["Images", {"Ref": "AWS::Region"}, "Web"]},
            ExecutionRoleArn={"Fn::GetAtt": ["Role", "Arn"]},
        ),
    }
    return {**template(0, resources), "Mappings": {"Images": {key: {"Web": image} for key, image in images.items()}}}


@pytest.mark.parametrize(
    ("private", "ending"),
    [
        (REGIONS, ", where ${AWS::Region} is eu-west-1; the same for 2 other values"),
        (("us-west-2",), ", where ${AWS::Region} is us-west-2"),
    ],
    ids=["all", "one"],
)
def test_an_image_of_a_map_is_known_for_each_of_its_keys(private: Sequence[str], ending: str) -> None:
    ours = "111122223333.dkr.ecr.{}.amazonaws.com/web:1.27"
    images = {each: ours.format(each) if each in private else "nginx:1.27" for each in REGIONS}
    pulls = [
        allow("ecr:GetAuthorizationToken"),
        allow(["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], "arn:aws:ecr:*:111122223333:repository/web"),
    ]
    (missing,) = [each for each in linted(mapped(images, pulls[:1])) if each.check == "missing-permission"]
    assert f":{ending.split(' is ')[1].split(';')[0]}:" in missing.what
    assert missing.what.endswith(ending)
    assert not [each for each in linted(mapped(images, pulls)) if each.check == "missing-permission"]


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    """A small template of tasks and roles that conditions are around, which name each other or do not."""

    def part(value: Any, otherwise: Any = NO_VALUE) -> Any:
        return when(draw(st.lists(st.integers(0, 3), max_size=2)), value, otherwise)

    secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:a-AbC1eF"
    roles: list[Any] = [{"Fn::GetAtt": ["Role0", "Arn"]}, {"Fn::GetAtt": ["Role1", "Arn"]}, NO_VALUE, "named"]
    actions = [["secretsmanager:GetSecretValue"], "*", ["ecr:GetAuthorizationToken", "s3:Get*"], ["iam:PassRole"]]
    resources: dict[str, Any] = {"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": part("a/b")}}}
    for number in range(2):
        statements = [
            part(allow(draw(st.sampled_from(actions)), draw(st.sampled_from(["*", secret])))),
            allow("s3:Get"),
        ]
        more = {"RoleName": part("named")} if draw(st.booleans()) else {}
        resources[f"Role{number}"] = role(statements, **more)
        secrets = [part({"Name": "S", "ValueFrom": draw(st.sampled_from([secret, {"Ref": "Secret"}, "a/b"]))})]
        container = {"Secrets": secrets}
        chosen = part(draw(st.sampled_from(roles)), draw(st.sampled_from(roles)))
        resources[f"Task{number}"] = task(part("nginx:latest", "nginx:1"), container=container, ExecutionRoleArn=chosen)
        for name in (f"Role{number}", f"Task{number}"):
            if draw(st.booleans()):
                resources[name]["Condition"] = draw(st.sampled_from(["C0", "C2"]))
    attached = {"Roles": [part({"Ref": "Role0"}, {"Ref": "Role1"})], "PolicyName": "q"}
    document = {"Version": "2012-10-17", "Statement": [part(allow("sts:*"), allow("kms:Decrypt"))]}
    resources["Policy"] = {"Type": "AWS::IAM::Policy", "Properties": {**attached, "PolicyDocument": document}}
    service = {"TaskDefinition": {"Ref": "Task0"}, "EnableExecuteCommand": part("true", "false")}
    return template(4, {**resources, "Web": {"Type": "AWS::ECS::Service", "Properties": service}})


def own_of(seen: LintWorlds) -> dict[str, frozenset[Atom]]:
    """What the findings of each resource depend on, as for a template with more worlds than are examined."""
    return dict(_own(seen.worlds.template, seen.worlds, [*seen.worlds.template.resources]))


def examined(seen: LintWorlds) -> tuple[Finding, ...]:
    whole = seen.worlds.template
    return findings({world: template_subject(whole, seen.worlds, world) for world in seen.visited}, seen)


def parts_of(tree: dict[str, Any]) -> list[tuple[str, str]]:
    """The resources of a template, and each of their properties."""
    resources = tree["Resources"]
    own = [(name, part) for name, each in resources.items() for part in each.get("Properties", {})]
    return [*((name, "") for name in resources), *own]


def under(tree: dict[str, Any], parts: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The template with a condition around each of these parts."""
    resources = {name: {"Properties": {}, **each} for name, each in tree["Resources"].items()}
    for number, (name, part) in enumerate(parts):
        changed = resources[name]
        if part:
            properties = changed["Properties"]
            resources[name] = {**changed, "Properties": {**properties, part: when([number], properties[part])}}
        else:
            resources[name] = {**changed, "Condition": f"C{number}"}
    added = template(len(parts), resources)
    sections = ("Parameters", "Conditions")
    return {**tree, **added, **{each: {**tree.get(each, {}), **added[each]} for each in sections}}


def of_templates() -> Iterator[Any]:
    """The examples of all checks that are templates, with two of their parts under conditions."""
    for check in CHECKS:
        for text in (check.bad, check.good):
            reading = read(Document("t.yaml", text), Told())
            if reading.template is not None:
                yield pytest.param(dict(reading.template.tree), id=f"{check.id}-{text is check.good}")


#: What a service runs by family depends on the task definition, which it does not name by reference.
BY_FAMILY = {
    "Resources": {
        "Task": task("nginx:1", Family="web", ExecutionRoleArn="arn:aws:iam::111122223333:role/start"),
        "Web": {
            "Type": "AWS::ECS::Service",
            "Properties": {"TaskDefinition": "web", "EnableExecuteCommand": True},
        },
    }
}


@pytest.mark.parametrize("tree", [*of_templates(), pytest.param(BY_FAMILY, id="by family")])
def test_no_check_depends_on_more_than_is_known_of_it(tree: dict[str, Any]) -> None:
    of_two = (pair for pair in combinations(parts_of(tree), 2) if pair[0][0] != pair[1][0])
    # An example with hundreds of equal resources is known from a few.
    for parts in islice(of_two, 40):
        text = json.dumps(under(tree, parts))
        seen = worlds_in(read(Document("t.json", text), Told()))
        assert seen is not None
        assert not seen.own
        own = own_of(seen)
        assert examined(replace(seen, own=own)) == examined(seen), parts


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(templates())
def test_what_the_worlds_of_each_resource_show_is_what_all_worlds_show(found: dict[str, Any]) -> None:
    reading = read(Document("t.json", json.dumps(found)), Told())
    seen = worlds_in(reading)
    assert seen is not None
    assert not seen.own
    assert examined(replace(seen, own=own_of(seen))) == examined(seen)
