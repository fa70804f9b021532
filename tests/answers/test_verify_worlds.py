"""What verify reports for all worlds of a template, although most of them are judged once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cfnroles import Told, Verification, read
from cfnroles.answers import judgements, verify_template
from cfnroles.answers.template_texts import Texts
from cfnroles.answers.verify import Uses, judge_uses
from cfnroles.answers.verify_template import verify_template as verified
from cfnroles.document import Document
from cfnroles.formats.verification import human
from cfnroles.formats.verification import json_text as as_json
from cfnroles.iam.evaluator import Evaluation, evaluate
from cfnroles.iam.roles import Role

NO_VALUE = {"Ref": "AWS::NoValue"}
SECRET = "arn:aws:secretsmanager:us-east-1:111122223333:secret:a-AbC1eF"
PARAMETER = {"Fn::Sub": "arn:aws:ssm:${AWS::Region}:${AWS::AccountId}:parameter/p"}
MANAGED = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
TRUST = {
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]
}


class Forgetful(dict[object, Any]):
    """A memo that remembers nothing."""

    def __contains__(self, key: object) -> bool:
        return False


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    """A small template with conditions around roles, policies, statements, managed policies and dependencies."""

    def part(value: Any, otherwise: Any = NO_VALUE) -> Any:
        for condition in draw(st.lists(st.sampled_from(["C0", "C1", "C2"]), max_size=2)):
            value = {"Fn::If": [condition, value, otherwise]}
        return value

    def statement() -> Any:
        action = draw(st.sampled_from(["secretsmanager:*", "secretsmanager:GetSecretValue", "ssm:GetParameters", "*"]))
        resource = draw(st.sampled_from(["*", SECRET, {"Ref": "Secret"}, PARAMETER]))
        block = {"StringEquals": {"aws:SourceVpce": part("v", {"Ref": "P0"})}} if draw(st.booleans()) else {}
        return {
            "Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"])),
            "Action": part(action, "ssm:GetParameters"),
            "Resource": resource,
            **({"Condition": block} if block else {}),
        }

    def document() -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": [part(statement()), statement()]}

    def role(**others: Any) -> dict[str, Any]:
        policies = [part({"PolicyName": "p", "PolicyDocument": document()})]
        properties = {"AssumeRolePolicyDocument": TRUST, "Policies": policies, "ManagedPolicyArns": [part(MANAGED)]}
        return {"Type": "AWS::IAM::Role", "Properties": properties, **others}

    def task(*secrets: Any) -> dict[str, Any]:
        chosen = part({"Fn::GetAtt": ["Role", "Arn"]}, {"Fn::GetAtt": ["Other", "Arn"]})
        container = {"Name": "c", "Image": part("nginx", {"Ref": "P1"}), "Secrets": [*secrets]}
        properties = {"Family": "f", "ExecutionRoleArn": chosen, "ContainerDefinitions": [container]}
        return {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}

    values = [SECRET, {"Ref": "Secret"}, "p"]
    secrets = [part({"Name": f"S{each}", "ValueFrom": draw(st.sampled_from(values))}) for each in range(2)]
    under = {"Condition": draw(st.sampled_from(["C0", "C2"]))} if draw(st.booleans()) else {}
    policy = {"PolicyName": "q", "Roles": [{"Ref": "Role"}], "PolicyDocument": document()}
    resources = {
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": part("a", "b")}},
        "Role": role(),
        "Other": role(**under),
        "Policy": {"Type": "AWS::IAM::Policy", "Properties": policy, **under},
        "Task": {**task(*secrets), "DependsOn": ["Policy"]},
        "Second": task(*secrets[:1]),
    }
    parameters = {f"P{each}": {"Type": "String", "Default": "no"} for each in range(3)}
    conditions = {f"C{each}": {"Fn::Equals": [{"Ref": f"P{each}"}, "yes"]} for each in range(2)}
    by_region = {"C2": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}}
    return {"Parameters": parameters, "Conditions": {**conditions, **by_region}, "Resources": resources}


def judged(found: dict[str, Any]) -> tuple[Verification, ...]:
    return verified(read(Document("t.json", json.dumps(found)), Told()))


def said(several: tuple[Verification, ...]) -> list[Any]:
    """What a user reads of it."""
    return [human(several, {}), as_json(several, {})]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(templates())
def test_each_world_on_its_own_says_the_same(monkeypatch: pytest.MonkeyPatch, found: dict[str, Any]) -> None:
    once = said(judged(found))
    made = verify_template._Judging.__init__

    def forgetful(self: Any, *given: Any) -> None:
        made(self, *given)
        self._answers = Forgetful()

    def alone(uses: Uses, role: Role, *, prove: bool, known: object) -> Verification:
        return judge_uses(uses, role, prove=prove)

    with monkeypatch.context() as patched:
        patched.setattr(verify_template._Judging, "__init__", forgetful)
        patched.setattr(verify_template, "judge_uses", alone)
        patched.setattr(verify_template, "Texts", lambda stack, value, known: Texts(stack, value))
        assert said(judged(found)) == once


def test_a_request_is_evaluated_once_for_all_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []

    def counted(*asked: Any) -> Evaluation:
        calls.append(asked)
        return evaluate(*asked)

    monkeypatch.setattr(judgements, "evaluate", counted)
    parameters = {f"P{each}": {"Type": "String", "Default": "no"} for each in range(6)}
    conditions = {f"C{each}": {"Fn::Equals": [{"Ref": f"P{each}"}, "yes"]} for each in range(6)}
    secrets = [{"Fn::If": [f"C{each}", {"Name": f"S{each}", "ValueFrom": f"p{each}"}, NO_VALUE]} for each in range(6)]
    wide = {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "*"}
    # Each world has another role, too.
    others = [
        {"Fn::If": [f"C{each}", {"Effect": "Allow", "Action": f"s3:Get{each}", "Resource": "*"}, NO_VALUE]}
        for each in range(6)
    ]
    policy = {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [wide, *others]}}
    role = {"AssumeRolePolicyDocument": TRUST, "Policies": [policy]}
    container = {"Name": "c", "Image": "nginx", "Secrets": secrets}
    task = {"Family": "f", "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "ContainerDefinitions": [container]}
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task},
    }
    judged({"Parameters": parameters, "Conditions": conditions, "Resources": resources})
    assert 0 < len(calls) <= 6 * 2


def test_equal_statements_of_one_line_are_each_named() -> None:
    # The second secret makes two answers for the role, which are folded into one.
    wide = {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "*"}
    policy = {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [wide, wide]}}
    secrets = [{"Name": "S", "ValueFrom": "p"}, {"Fn::If": ["C0", {"Name": "T", "ValueFrom": "q"}, NO_VALUE]}]
    container = {"Name": "c", "Image": "nginx", "Secrets": secrets}
    task = {"Family": "f", "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "ContainerDefinitions": [container]}
    role = {"AssumeRolePolicyDocument": TRUST, "Policies": [policy]}
    found = {
        "Parameters": {"P0": {"Type": "String", "Default": "no"}},
        "Conditions": {"C0": {"Fn::Equals": [{"Ref": "P0"}, "yes"]}},
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": role},
            "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task},
        },
    }
    (answer,) = judged(found)
    assert [(each.statement.policy, each.statement.index) for each in answer.excess] == [("p", 0), ("p", 1)]
    assert {each.index for one in answer.judged for each in one.by} == {0, 1}


@pytest.mark.parametrize("image", ["nginx", {"Fn::If": ["C0", "nginx", {"Ref": "P0"}]}], ids=["one answer", "folded"])
def test_the_needs_of_a_role_elsewhere_are_in_the_order_of_their_places(image: Any) -> None:
    # By the names of their statements, the parameter would come first.
    secrets = [{"Name": "A", "ValueFrom": SECRET}, {"Name": "B", "ValueFrom": "p"}]
    container = {"Name": "c", "Image": image, "Secrets": secrets}
    task = {"Family": "f", "ExecutionRoleArn": {"Ref": "P1"}, "ContainerDefinitions": [container]}
    found = {
        "Parameters": {"P0": {"Type": "String"}, "P1": {"Type": "String"}},
        "Conditions": {"C0": {"Fn::Equals": [{"Ref": "P0"}, "yes"]}},
        "Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task}},
    }
    (answer,) = judged(found)
    assert [each.need.origin.item for each in answer.judged if each.need.origin.item] == ["secret A", "secret B"]
