"""`cfnroles explain`: every statement with the fields, the reason and the page behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.notes import UNKNOWN_KEY


@pytest.mark.parametrize("format_", ["human", "json", "markdown"])
def test_the_explanation_reads_as_reviewed(
    cfnroles: Any, examples: Path, golden: Any, format_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(examples)
    result = cfnroles("explain", "shop.json", "--format", format_)

    assert (result.code, result.err) == (0, UNKNOWN_KEY)
    golden(f"shop/explain.{format_}.txt", result.out)


def test_every_statement_that_is_built_is_explained(cfnroles: Any, examples: Path, tmp_path: Path) -> None:
    cfnroles("build", examples / "shop.json", "-o", tmp_path, "--template-format", "json")
    role = json.loads((tmp_path / "shop-roles.json").read_text())["Resources"]["ExecutionRole"]
    documents = [policy.get("Fn::If", [None, policy])[1]["PolicyDocument"] for policy in role["Properties"]["Policies"]]
    statements = [statement for document in documents for statement in document["Statement"]]
    # A single action is written without a list.
    built = {
        each["Sid"]: [each["Action"]] if isinstance(each["Action"], str) else each["Action"] for each in statements
    }

    explained = json.loads(cfnroles("explain", examples / "shop.json", "--format", "json").out)["roles"][
        "execution role"
    ]

    assert {statement["sid"]: statement["actions"] for statement in explained} == built
    assert set(role["Metadata"]["cfnroles"]) == set(built)


def test_fields_are_told_with_their_line(cfnroles: Any, examples: Path) -> None:
    explained = json.loads(cfnroles("explain", examples / "shop.json", "--format", "json").out)

    lines = (examples / "shop.json").read_text().splitlines()
    for statement in explained["roles"]["execution role"]:
        for reason in statement["reasons"]:
            for field in reason["fields"]:
                assert field["path"].rpartition(".")[2] in lines[field["line"] - 1]


def test_a_task_definition_under_another_key_has_its_lines_too(cfnroles: Any, tmp_path: Path) -> None:
    text = '{"taskDefinition":\n{"family": "a", "containerDefinitions": [{"name": "web",\n"image": "%s"}]}}'
    (tmp_path / "task.json").write_text(text % "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1")

    assert (
        "task.json:3: containerDefinitions[0].image (container web)" in cfnroles("explain", tmp_path / "task.json").out
    )


def test_a_task_without_needs_is_reported(cfnroles: Any) -> None:
    text = json.dumps({"family": "a", "containerDefinitions": [{"name": "web", "image": "nginx"}]})

    assert cfnroles("explain", "-", stdin=text).out == "No role needs any permission.\n"


def test_what_is_not_documented_is_told_with_its_standing(cfnroles: Any, tmp_path: Path) -> None:
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-region": "us-east-1"}}
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1"
    container = {"name": "web", "image": image, "logConfiguration": logs}
    task = tmp_path / "task.json"
    task.write_text(json.dumps({"family": "a", "containerDefinitions": [container]}))
    options = ("--log-group-key-arn", "arn:aws:kms:us-east-1:123456789012:key/1", "--compat")

    human, markdown = (cfnroles("explain", task, *options, "--format", form).out for form in ("human", "markdown"))
    roles = json.loads(cfnroles("explain", task, *options, "--format", "json").out)["roles"]
    reasons = {
        statement["sid"]: [(reason["standing"], bool(reason["doubt"])) for reason in statement["reasons"]]
        for statement in roles["execution role"]
    }

    assert reasons["EncryptLogs"] == [("unproven", True)]
    assert reasons["CheckImageLayers"] == [("seen in AWS's managed policy", False)]
    assert reasons["WriteLogs"] == [("documented", False)]
    for told in (human, markdown):
        assert "unproven: that CloudWatch Logs passes the ARN of the log group" in told
        assert "seen in AWS's managed policy" in told
        assert "documented" not in told.replace(str(tmp_path), "")


def test_what_the_roles_stack_alone_knows_is_called_that(cfnroles: Any, tmp_path: Path) -> None:
    secrets = [{"name": "A", "valueFrom": "/shop/a"}]
    definition = {"family": "a", "containerDefinitions": [{"name": "w", "image": "nginx", "secrets": secrets}]}
    (tmp_path / "a.json").write_text(json.dumps(definition))
    told = cfnroles("explain", tmp_path / "a.json").out
    assert "on the keys in the parameter KmsKeyArns of the roles stack" in told
    assert "${AWS::AccountId} is the account and ${AWS::Region} is the Region of the roles stack. To" in told
    known = cfnroles("explain", tmp_path / "a.json", "--account", "111122223333", "--region", "eu-west-1").out
    assert "of the roles stack. To see" not in known
