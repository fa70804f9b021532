"""Templates with more worlds than can be judged, of which few matter for a role."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfnroles import Told, Verification, read
from cfnroles.answers.judged_worlds import JudgedWorlds
from cfnroles.answers.verify_template import verify_template
from cfnroles.document import Document
from cfnroles.formats.verification import human
from tests.answers.test_verify_worlds import NO_VALUE, SECRET, TRUST

MANY = 12


def template(secrets: list[Any], command: Any, **others: Any) -> dict[str, Any]:
    parameters = {f"P{each}": {"Type": "String", "Default": "no"} for each in range(MANY)}
    conditions = {f"C{each}": {"Fn::Equals": [{"Ref": f"P{each}"}, "yes"]} for each in range(MANY)}
    read_it = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": SECRET}
    statements = [{"Fn::If": ["C1", read_it, NO_VALUE]}, {**read_it, "Action": "ssm:GetParameters"}]
    policy = {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}
    role = {"AssumeRolePolicyDocument": TRUST, "Policies": [policy]}
    container = {"Name": "c", "Image": "nginx", "Secrets": secrets, "Command": command}
    task = {"Family": "f", "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "ContainerDefinitions": [container]}
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task},
    }
    return {"Parameters": parameters, "Conditions": conditions, "Resources": resources, **others}


def judged(found: dict[str, Any]) -> tuple[Verification, ...]:
    return verify_template(read(Document("t.json", json.dumps(found)), Told()))


def secret(number: int, value: str = SECRET) -> dict[str, Any]:
    return {"Fn::If": [f"C{number}", {"Name": f"S{number}", "ValueFrom": value}, NO_VALUE]}


COMMAND = [{"Fn::If": [f"C{each}", "a", "b"]} for each in range(MANY)]


def test_conditions_of_something_else_are_no_gap() -> None:
    (answer,) = judged(template([secret(0)], COMMAND))
    assert not answer.gaps
    when = {str(each.outcome): answer.use.conditions[each] for each in answer.judged if answer.use}
    assert when == {"allowed": "C0 holds and C1 holds", "missing": "C0 holds and C1 does not hold"}
    unused = {each.statement.index: answer.use.conditions.get(each, "") for each in answer.excess if answer.use}
    assert unused == {0: "C1 holds and C0 does not hold", 1: ""}


def test_more_conditions_that_matter_are_a_gap() -> None:
    (answer,) = judged(template([secret(each) for each in range(MANY)], COMMAND))
    assert any("too many conditions" in each.what for each in answer.gaps)


def test_rules_leave_too_many_worlds_a_gap() -> None:
    rules = {"R": {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "P0"}, "yes"]}}]}}
    (answer,) = judged(template([secret(0)], COMMAND, Rules=rules))
    assert any("too many conditions" in each.what for each in answer.gaps)


def test_worlds_that_matter_say_the_same_as_all(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [{"Fn::If": [f"C{each}", "a", "b"]} for each in range(6)]
    few = template([secret(0), secret(2, "p")], command)
    whole = str(human(judged(few), {}))
    monkeypatch.setattr(JudgedWorlds, "_are_all", property(lambda _: False))
    assert str(human(judged(few), {})) == whole
