"""From an error to the field that asked, the policy that refused, and the statement, if one is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Document, Told, read
from cfnroles.answers.diagnose import diagnose
from cfnroles.answers.diagnosis import Diagnosis
from cfnroles.answers.verification import Outcome
from cfnroles.need import Condition
from cfnroles.policies import document
from cfnroles.text import Text

HOME = "us-east-1:123456789012"
SECRET = f"arn:aws:secretsmanager:{HOME}:secret:shop/db"
TASK: dict[str, Any] = {
    "family": "shop",
    "containerDefinitions": [
        {
            "name": "web",
            "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:web",
            "memory": 128,
            "secrets": [{"name": "DB", "valueFrom": SECRET}, {"name": "FLAGS", "valueFrom": "/shop/flags"}],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "/ecs/shop", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "a"},
            },
        }
    ],
}
WHO = "User: arn:aws:sts::123456789012:assumed-role/shop/0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a is not authorized to perform:"
IDENTITY = "because no identity-based policy allows the action"
GET = f"{WHO} secretsmanager:GetSecretValue on resource: {SECRET}-AbC1eF"


def role(tmp_path: Path, *statements: dict[str, Any]) -> str:
    path = tmp_path / "role.json"
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    return str(path)


def one(text: str, **given: str) -> Diagnosis:
    reading = read(Document("shop.json", json.dumps(TASK)), Told())
    (found,) = diagnose(text, reading, **given)
    return found


def granted(found: Diagnosis) -> list[tuple[Any, Any]]:
    return [(each["Action"], each["Resource"]) for each in document(found.statements)["Statement"]]


ALLOW = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
FIELDS = {
    "secret": (f"{GET} {IDENTITY}", ["containerDefinitions[0].secrets[0].valueFrom"]),
    "parameter": (
        f"{WHO} ssm:GetParameters on resource: arn:aws:ssm:{HOME}:parameter/shop/flags {IDENTITY}",
        ["containerDefinitions[0].secrets[1].valueFrom"],
    ),
    "log stream": (
        f"{WHO} logs:CreateLogStream on resource: arn:aws:logs:{HOME}:log-group:/ecs/shop:log-stream:a/web/1"
        f" {IDENTITY}",
        ["containerDefinitions[0].logConfiguration.options.awslogs-group"],
    ),
    "missing parameter": (
        "Fetching secret data from SSM Parameter Store in us-east-1: invalid parameters: /shop/flags",
        ["containerDefinitions[0].secrets[1].valueFrom"],
    ),
    "missing tag": (
        "CannotPullContainerError: failed to resolve ref 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:web: not"
        " found",
        ["containerDefinitions[0].image"],
    ),
    "log group": (
        "failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
        ["containerDefinitions[0].logConfiguration.options.awslogs-group"],
    ),
    "another secret": (f"{GET.replace('shop/db', 'other')} {IDENTITY}", []),
}


@pytest.mark.parametrize(("text", "fields"), FIELDS.values(), ids=FIELDS)
def test_the_field_that_asked_is_found(text: str, fields: list[str]) -> None:
    assert [origin.pointer for origin in one(text).asked_by] == fields


def test_the_statement_is_that_of_build_where_a_field_asked_for_it() -> None:
    assert granted(one(f"{GET} {IDENTITY}")) == [(["secretsmanager:GetSecretValue"], f"{SECRET}-??????")]


OWN = {
    "a secret of its own": (f"{GET} {IDENTITY}", f"{SECRET}-AbC1eF"),
    "the streams of the next task, too": (
        f"{WHO} logs:CreateLogStream on resource: arn:aws:logs:{HOME}:log-group:/a:log-stream:b/c/1 {IDENTITY}",
        f"arn:aws:logs:{HOME}:log-group:/a:log-stream:*",
    ),
    "a group in both spellings": (
        f"{WHO} logs:CreateLogGroup on resource: arn:aws:logs:{HOME}:log-group:/a:log-stream: {IDENTITY}",
        [f"arn:aws:logs:{HOME}:log-group:/a", f"arn:aws:logs:{HOME}:log-group:/a:*"],
    ),
    "what has no resource": (f"{WHO} ecr:GetAuthorizationToken on resource: * {IDENTITY}", "*"),
    "every revision": (
        f"{WHO} ecs:RunTask on resource: arn:aws:ecs:{HOME}:task-definition/shop:7 {IDENTITY}",
        f"arn:aws:ecs:{HOME}:task-definition/shop:*",
    ),
}


@pytest.mark.parametrize(("text", "resource"), OWN.values(), ids=OWN)
def test_without_a_source_the_statement_is_what_the_message_names(text: str, resource: str | list[str]) -> None:
    (found,) = diagnose(text)
    assert [each for _, each in granted(found)] == [resource]


@pytest.mark.parametrize("resource", ["db", "arn:aws:s3:::shop/*", "arn:aws:s3:::shop/${aws:username}"])
def test_no_text_becomes_a_wildcard_or_a_variable_of_a_statement(resource: str) -> None:
    (found,) = diagnose(f"{WHO} s3:GetObject on resource: {resource} {IDENTITY}")
    assert found.statements == ()
    assert any("complete resource" in unknown for unknown in found.unknown)


def test_a_role_is_passed_to_tasks_alone() -> None:
    (found,) = diagnose(f"{WHO} iam:PassRole on resource: arn:aws:iam::123456789012:role/web {IDENTITY}")
    (statement,) = found.statements
    assert statement.conditions == (
        Condition("StringEquals", "iam:PassedToService", (Text("ecs-tasks.amazonaws.com"),)),
    )


def test_where_the_message_does_not_say_the_role_does(tmp_path: Path) -> None:
    asked = one(GET)
    assert (asked.statements, len(asked.causes), asked.is_settled) == ((), 3, False)
    lacking = one(GET, role=role(tmp_path, {**ALLOW, "Action": "s3:GetObject"}))
    assert (lacking.outcome, lacking.causes, lacking.is_settled) == (Outcome.MISSING, (), True)
    assert granted(lacking) == [(["secretsmanager:GetSecretValue"], f"{SECRET}-??????")]


def test_a_role_that_allows_the_call_is_left_as_it_is(tmp_path: Path) -> None:
    found = one(GET, role=role(tmp_path, ALLOW))
    assert (found.outcome, found.statements) == (Outcome.ALLOWED, ())
    assert found.remedy.startswith("Leave the role as it is")
    assert [cause.what for cause in found.causes if cause.lacking] == []
    assert len(found.causes) == 4


def test_a_role_that_denies_the_call_gets_no_statement(tmp_path: Path) -> None:
    found = one(GET, role=role(tmp_path, ALLOW, {**ALLOW, "Effect": "Deny"}))
    assert (found.outcome, found.statements) == (Outcome.DENIED, ())
    assert "denies" in found.remedy


ELSEWHERE = [
    "VPC endpoint policy",
    "permissions boundary",
    "service control policy",
    "session policy",
    "resource-based policy",
]


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_what_another_policy_refused_no_statement_cures_though_the_role_lacks_it(kind: str, tmp_path: Path) -> None:
    text = f"{GET} because no {kind} allows the secretsmanager:GetSecretValue action"
    found = one(text, role=role(tmp_path, {**ALLOW, "Action": "s3:GetObject"}))
    assert (found.outcome, found.statements) == (Outcome.MISSING, ())


BUCKET = f'{WHO} s3:ListBucket on resource: "arn:aws:s3:::shop" {IDENTITY} when calling the GetObject operation'
ODD = {
    "a key behind the ARN": f"{GET}:password:: {IDENTITY}",
    "one slash too many": f"{WHO} ssm:GetParameters on resource: arn:aws:ssm:{HOME}:parameter//shop/flags {IDENTITY}",
    "a name that nobody filled in": f"{WHO} iam:PassRole on resource: arn:aws:iam::123456789012:role/null {IDENTITY}",
    "an object that does not exist": BUCKET,
    "a secret of another account": f"{GET} {IDENTITY}".replace("123456789012:secret", "210987654321:secret"),
    "layers that Amazon S3 refused": "CannotPullContainerError: failed to copy: httpReadSeeker: failed open: unexpected"
    " status code https://prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com/1: 403 Forbidden",
    "a service-linked role": f"{GET} {IDENTITY}".replace("assumed-role/shop", "assumed-role/AWSServiceRoleForECS"),
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_no_statement_is_offered_where_the_refusal_is_odd_though_the_role_lacks_it(text: str, tmp_path: Path) -> None:
    assert one(text).statements == ()
    assert one(text, role=role(tmp_path, {**ALLOW, "Action": "sqs:*"})).statements == ()


def test_of_several_refusals_a_statement_cures_those_for_its_lack_alone(tmp_path: Path) -> None:
    refused = f"{WHO} sqs:SendMessage on resource: arn:aws:sqs:{HOME}:shop"
    denied = (
        f"{WHO} kms:Decrypt on resource: arn:aws:kms:{HOME}:key/1 with an explicit deny in a service control policy"
    )
    assert diagnose(f"{refused} {IDENTITY}; {denied}")[0].statements == ()
    both = diagnose(f"{refused} {IDENTITY}; {refused.replace('Send', 'Receive')} {IDENTITY}")[0]
    assert [action for action, _ in granted(both)] == [["sqs:ReceiveMessage"], ["sqs:SendMessage"]]
    (lacking,) = diagnose(f"{refused} {IDENTITY}; {denied}", role=role(tmp_path, ALLOW))
    assert [action for action, _ in granted(lacking)] == [["sqs:SendMessage"]]


GENERAL = {
    f"{WHO} secretsmanager:GetSecretValue on resource: {SECRET}": f"{SECRET}-??????",
    f"{WHO} ssmmessages:CreateControlChannel on resource: arn:aws:ecs:{HOME}:task/shop/1": "*",
}


@pytest.mark.parametrize(("text", "resource"), GENERAL.items(), ids=["secret without its suffix", "task of today"])
def test_a_statement_serves_the_next_task_too(text: str, resource: str) -> None:
    (found,) = diagnose(f"{text} {IDENTITY}")
    assert [each for _, each in granted(found)] == [resource]


def test_no_statement_is_offered_where_nobody_answered(tmp_path: Path) -> None:
    text = 'unable to retrieve secret from asm: Post "https://secretsmanager.us-east-1.amazonaws.com/": i/o timeout'
    found = one(text, role=role(tmp_path, {**ALLOW, "Action": "s3:GetObject"}))
    assert found.statements == ()


def test_another_revision_is_told_as_one() -> None:
    assert any(
        "only on other resources" in each for each in one(f"{GET.replace('shop/db', 'other')} {IDENTITY}").unknown
    )
    assert any(
        "does not require this call" in each for each in one(f"{WHO} sqs:SendMessage on resource: * {IDENTITY}").unknown
    )


def test_what_aws_answers_is_read_as_it_is() -> None:
    answer = {
        "tasks": [
            {
                "stoppedReason": "Essential container in task exited",
                "containers": [{"name": "web", "reason": "OutOfMemoryError: Container killed due to memory usage"}],
            }
        ],
        "failures": [],
    }
    found = diagnose(json.dumps(answer, indent=2))
    assert [each.understood.name for each in found] == ["out-of-memory"]
    killed = {"containers": [{"exitCode": 137}]}
    assert [each.understood.name for each in diagnose(json.dumps(killed))] == ["killed"]


def test_each_message_of_a_log_is_shown_once() -> None:
    log = "\n".join(f"2026-01-15T10:00:0{at}Z {GET} {IDENTITY}" for at in range(9))
    assert len(diagnose(f"2026-01-15T10:00:00Z hello\n{log}")) == 1


def test_the_fields_of_a_template_are_found() -> None:
    properties = {name[0].upper() + name[1:]: value for name, value in TASK.items() if name == "family"}
    containers = [{"Name": "web", "Image": "nginx", "Memory": 1, "Secrets": [{"Name": "DB", "ValueFrom": SECRET}]}]
    task = {"Type": "AWS::ECS::TaskDefinition", "Properties": {**properties, "ContainerDefinitions": containers}}
    reading = read(Document("shop.json", json.dumps({"Resources": {"Task": task}})), Told())
    (found,) = diagnose(f"{GET} {IDENTITY}", reading)
    assert [origin.pointer for origin in found.asked_by] == [
        "Resources.Task.Properties.ContainerDefinitions[0].Secrets[0].ValueFrom"
    ]
    assert granted(found) == [(["secretsmanager:GetSecretValue"], f"{SECRET}-??????")]


def test_what_a_template_names_by_an_expression_is_told_as_such() -> None:
    containers = [
        {"Name": "web", "Image": "nginx", "Memory": 1, "Secrets": [{"Name": "DB", "ValueFrom": {"Ref": "Db"}}]}
    ]
    task = {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "shop", "ContainerDefinitions": containers}}
    resources = {"Task": task, "Db": {"Type": "AWS::SecretsManager::Secret"}}
    reading = read(Document("shop.json", json.dumps({"Resources": resources})), Told())
    (found,) = diagnose(f"{GET} {IDENTITY}", reading)
    assert len(found.asked_by) == 1
    assert "whether it is this field: the source names the resource by an expression" in found.unknown


def test_a_key_that_no_document_names_is_that_of_the_message() -> None:
    key = f"arn:aws:kms:{HOME}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    found = one(f"{WHO} kms:Decrypt on resource: {key} {IDENTITY}")
    assert {resource for _, resource in granted(found)} == {key}
    assert {condition.key for each in found.statements for condition in each.conditions} >= {"kms:ViaService"}
