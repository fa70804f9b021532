"""`cfnroles verify` of one service of a spec: what the spec grants to the application is judged like all the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SERVICES = ("web", "worker", "report")
SPEC = """\
project: shop
account: "123456789012"
region: us-east-1
services:
  web:
    task-definition: web.json
    task-role:
      managed-policies: [AmazonSSMReadOnlyAccess]
      grants:
        - s3-read: shop-assets
      statements:
        - reason: each team has its own folder
          actions: s3:PutObject
          resources: arn:aws:s3:::shop-home/${aws:PrincipalTag/team}/*
          conditions: {StringEquals: {"s3:RequestObjectTag/team": "${aws:PrincipalTag/team}"}}
        - reason: sends to the queue of another stack
          actions: sqs:SendMessage
          resources: {import: shop-data-QueueArn}
"""
TASK = {"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx"}]}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop-assets/*"}
SEND = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:123456789012:orders"}
OF_TEAM = {"StringEquals": {"s3:RequestObjectTag/team": "${aws:PrincipalTag/team}"}}
HOME = "arn:aws:s3:::shop-home/${aws:PrincipalTag/team}/*"
PUT = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": HOME, "Condition": OF_TEAM}


@pytest.fixture
def verified(cfnroles: Callable[..., Any], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """`verified(statement, ...)`: the answer about a task role with these statements."""
    (tmp_path / "cfnroles.yaml").write_text(SPEC)
    (tmp_path / "web.json").write_text(json.dumps(TASK))

    def run(*statements: dict[str, Any], options: tuple[str, ...] = (), version: str = "2012-10-17") -> dict[str, Any]:
        policy = tmp_path / "policy.json"
        policy.write_text(json.dumps({"Version": version, "Statement": list(statements)}))
        result = cfnroles(
            "verify", tmp_path / "cfnroles.yaml", "--task-role", policy, "--format", "json", *options
        )  # fmt: skip
        (role,) = json.loads(result.out)["roles"]
        return {**role, "code": result.code}

    return run


def outcomes(role: dict[str, Any]) -> dict[str, str]:
    return {each["action"]: each["outcome"] for each in role["verdicts"]}


@pytest.mark.parametrize("service", SERVICES)
def test_what_build_writes_for_a_project_is_complete_and_nothing_too_much(
    cfnroles: Callable[..., Any], tmp_path: Path, examples: Path, service: str
) -> None:
    spec = examples / "shop-project" / "cfnroles.yaml"
    cfnroles("build", spec, "-o", tmp_path)
    roles = tmp_path / f"{service}-roles.yaml"
    result = cfnroles(
        "verify", spec, "--service", service, "--role", f"{roles}:ExecutionRole",
        "--task-role", f"{roles}:TaskRole", "--parameter", "PermissionsBoundaryArn=", "--prove",
        "--fail-on", "excess", "--format", "json",
    )  # fmt: skip

    assert result.code == 0
    for role in json.loads(result.out)["roles"]:
        assert role["outcome"] == "allowed"
        assert len(role["verdicts"]) >= 4
        assert (role["excess"], role["application"], role["gaps"]) == ([], [], [])
        assert all(each["fails"] for each in role["proof"])


def test_every_recipe_builds_roles_that_are_complete(
    cfnroles: Callable[..., Any], tmp_path: Path, examples: Path
) -> None:
    for path in sorted((examples / "recipes").glob("*.yaml")):
        directory = tmp_path / path.stem
        cfnroles("build", path, "-o", directory)
        for roles in directory.glob("*-roles.yaml"):
            service = roles.name.removesuffix("-roles.yaml")
            result = cfnroles(
                "verify", path, "--service", service, "--role", f"{roles}:ExecutionRole",
                "--task-role", f"{roles}:TaskRole", "--fail-on", "excess",
            )  # fmt: skip
            # The contents of a policy that the spec names only by its ARN are unknown here.
            unread = path.name in ("07-managed-policies.yaml", "09-boundary.yaml")
            assert result.code == (3 if unread else 0), (path.name, result.out)
            assert ("1 part of it could not be read" in result.err) is unread


def test_what_the_spec_grants_is_judged(verified: Callable[..., dict[str, Any]]) -> None:
    role = verified(READ, PUT)

    assert outcomes(role) == {"s3:GetObject": "allowed", "s3:PutObject": "allowed", "sqs:SendMessage": "missing"}
    assert role["code"] == 1
    assert [(Path(each["document"]).name, each["line"], each["item"]) for each in role["verdicts"]] == [
        ("cfnroles.yaml", 10, "web, grant s3-read"),
        ("cfnroles.yaml", 12, "web, statement 1"),
        ("cfnroles.yaml", 16, "web, statement 2"),
    ]
    assert role["missing"][0]["Resource"] == {"Fn::ImportValue": "shop-data-QueueArn"}


def test_an_import_is_unknown_where_the_role_names_one_thing(verified: Callable[..., dict[str, Any]]) -> None:
    role = verified(READ, PUT, SEND)

    assert outcomes(role)["sqs:SendMessage"] == "unknown"
    assert role["excess"] == []
    assert role["code"] == 3


def test_what_no_grant_asks_for_is_too_much(verified: Callable[..., dict[str, Any]]) -> None:
    role = verified(READ, PUT, SEND, {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"})

    assert [each["unused"] for each in role["excess"]] == [[{"action": "ses:SendEmail", "resource": "*"}]]
    assert role["application"] == []


VARIABLES = [
    ("the same variable", PUT, (), "2012-10-17", "allowed"),
    ("every team", {**PUT, "Resource": "arn:aws:s3:::shop-home/*"}, (), "2012-10-17", "allowed"),
    ("one team", {**PUT, "Resource": "arn:aws:s3:::shop-home/red/*"}, (), "2012-10-17", "missing"),
    ("another variable", {**PUT, "Resource": HOME.replace("team", "squad")}, (), "2012-10-17", "unknown"),
    (
        "one team, which is told",
        {**PUT, "Resource": "arn:aws:s3:::shop-home/red/*"},
        ("--context", "aws:PrincipalTag/team=red"),
        "2012-10-17",
        "allowed",
    ),
    ("a version without variables", {**PUT, "Condition": {}}, (), "2008-10-17", "missing"),
]


@pytest.mark.parametrize(
    ("statement", "options", "version", "outcome"), [row[1:] for row in VARIABLES], ids=[row[0] for row in VARIABLES]
)
def test_policy_variables(
    verified: Callable[..., dict[str, Any]],
    statement: dict[str, Any],
    options: tuple[str, ...],
    version: str,
    outcome: str,
) -> None:
    assert outcomes(verified(READ, statement, options=options, version=version))["s3:PutObject"] == outcome


def test_the_managed_policies_of_the_spec_are_left_to_the_application(
    cfnroles: Callable[..., Any], tmp_path: Path, verified: Callable[..., dict[str, Any]]
) -> None:
    verified(READ)
    spec = tmp_path / "cfnroles.yaml"
    cfnroles("build", spec, "-o", tmp_path)
    role = f"{tmp_path / 'web-roles.yaml'}:TaskRole"
    told = cfnroles("verify", spec, "--task-role", role, "--fail-on", "excess")
    assert told.code == 0
    assert "Granted by the spec by the name of a policy: ssm:Describe*, ssm:Get*, ssm:List*" in told.out
    spec.write_text(SPEC.replace("AmazonSSMReadOnlyAccess", "AmazonSQSReadOnlyAccess"))
    assert cfnroles("verify", spec, "--task-role", role, "--fail-on", "excess").code == 1


REFUSED = [
    ((), "has 2 services; this command takes one\nIts services: web, worker.\nChoose one with --service"),
    (("--service", "wrker"), "cfnroles.yaml: has no service wrker\nIts services: web, worker."),
    (("--service", "web"), "no role to verify"),
    (
        ("--service", "web", "--family", "x"),
        "--family requires a task definition, but cfnroles.yaml is a service spec",
    ),
]


@pytest.mark.parametrize(("options", "told"), REFUSED, ids=[told for _, told in REFUSED])
def test_a_wrong_command_line_is_refused(
    cfnroles: Callable[..., Any], tmp_path: Path, options: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "web.json").write_text(json.dumps(TASK))
    (tmp_path / "cfnroles.yaml").write_text(f"{SPEC}  worker: {{task-definition: web.json}}\n")
    monkeypatch.chdir(tmp_path)
    result = cfnroles("verify", "cfnroles.yaml", *options)

    assert (result.code, result.out) == (2, "")
    assert told in result.err


def test_a_task_definition_has_no_services(cfnroles: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "web.json").write_text(json.dumps(TASK))
    result = cfnroles("verify", tmp_path / "web.json", "--service", "web", "--role", "x")

    assert result.code == 2
    assert f"--service requires a service spec, but {tmp_path}/web.json is a task definition" in result.err
