"""`cfnroles check`: the gate's own checks, before any deployment and with the caller's credentials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Account


def put(account: Account, *names: str) -> None:
    for name in names:
        account.client("secretsmanager").create_secret(Name=name, SecretString='{"password": "the-value"}')


def test_every_problem_is_told_at_once(account: Account, examples: Path) -> None:
    put(account, "shop/signing", "shop/payment")
    account.client("secretsmanager").delete_secret(SecretId="shop/payment", RecoveryWindowInDays=7)

    result = account.cfnroles("check", examples / "shop.json")

    assert (result.returncode, result.stderr) == (1, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "container web"
    assert [line.split()[:3] for line in lines if line.startswith(("  ok", "  bad", "  unknown"))] == [
        ["bad", "secret", "DATABASE_PASSWORD"],
        ["bad", "secret", "PAYMENT_KEY"],
        ["ok", "secret", "SIGNING_KEY"],
        ["bad", "secret", "FEATURE_FLAGS"],
    ]
    assert "Secret shop/database in us-east-1 does not exist." in result.stdout
    assert "Secret shop/payment in us-east-1 is scheduled for deletion" in result.stdout
    assert "shop.json:29: containerDefinitions[0].secrets[3].valueFrom" in result.stdout
    assert lines[-1] == "3 of 4 references to secrets and parameters cannot be used."


def test_when_all_is_there_the_answer_is_good(account: Account, examples: Path) -> None:
    put(account, "shop/signing", "shop/payment", "shop/database")
    account.client("ssm").put_parameter(Name="/shop/feature-flags", Value="the-value", Type="String")

    result = account.cfnroles("check", examples / "shop.json", "--json-keys", "--keys")

    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "All 4 references to secrets and parameters can be used."
    assert "the-value" not in result.stdout


def test_a_json_key_is_looked_for_only_when_asked(account: Account, examples: Path) -> None:
    account.client("secretsmanager").create_secret(Name="shop/database", SecretString='{"other": "the-value"}')

    unasked = json.loads(account.cfnroles("check", examples / "shop.json", "--format", "json").stdout)
    asked = json.loads(account.cfnroles("check", examples / "shop.json", "--format", "json", "--json-keys").stdout)

    assert (unasked["schema"], unasked["references"][0]["usable"]) == (1, "ok")
    assert asked["references"][0]["problem"] == "json-key"
    assert "lacks the JSON key 'password'" in asked["references"][0]["what"]
    assert "the-value" not in json.dumps(asked)


def test_what_aws_refuses_to_say_is_no_bad_answer(guarded_account: Account, tmp_path: Path) -> None:
    account = guarded_account
    iam = account.client("iam")
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/database-AbCdEf"
    (tmp_path / "task.json").write_text(task_definition(secret))

    result = account.cfnroles(
        "check",
        tmp_path / "task.json",
        "--account",
        "123456789012",
        environment={"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]},
    )

    assert result.returncode == 3, result.stdout + result.stderr
    assert "does not exist, or the validator has no access: AWS answers AccessDenied for both" in result.stdout
    assert result.stdout.splitlines()[-1] == "The reference to a secret or parameter could not be checked."


def test_without_a_region_the_question_is_wrong(account: Account, tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text(task_definition("/a"))

    result = account.cfnroles("check", tmp_path / "task.json", environment={"AWS_REGION": "", "AWS_DEFAULT_REGION": ""})

    assert result.returncode == 2
    assert "Pass --region REGION, or set AWS_REGION." in result.stderr


def task_definition(value_from: str) -> str:
    container = {"name": "web", "image": "nginx", "secrets": [{"name": "PASSWORD", "valueFrom": value_from}]}
    return json.dumps({"family": "shop", "containerDefinitions": [container]})


def test_all_services_of_a_spec_are_asked_about(account: Account, examples: Path) -> None:
    project = examples / "shop-project"
    result = account.cfnroles("check", project / "cfnroles.yaml", "--format", "json")

    answer = json.loads(result.stdout)
    assert result.returncode == 1
    assert {reference["document"] for reference in answer["references"]} == {
        str(project / "web.json"),
        str(project / "worker.json"),
    }
    assert all(reference["line"] for reference in answer["references"])


def test_what_nobody_filled_is_unknown_and_the_rest_is_asked(account: Account, tmp_path: Path) -> None:
    put(account, "shop/signing")
    home = "arn:aws:secretsmanager:<AWS_REGION>:<AWS_ACCOUNT_ID>:secret"
    secrets = [
        {"name": "TOKEN", "valueFrom": f"{home}:<STAGE>/token"},
        {"name": "SIGNING", "valueFrom": f"{home}:shop/signing"},
    ]
    web = {"name": "web", "image": "nginx", "memory": 128, "secrets": secrets}
    (tmp_path / "task.json").write_text(json.dumps({"family": "shop", "containerDefinitions": [web]}))

    result = account.cfnroles("check", tmp_path / "task.json", "--format", "json")

    assert (result.returncode, result.stderr) == (3, "")
    assert [(each["usable"], each["problem"]) for each in json.loads(result.stdout)["references"]] == [
        ("unknown", "placeholder"),
        ("ok", ""),
    ]


def test_the_references_of_a_template_are_asked_about(account: Account, tmp_path: Path) -> None:
    put(account, "shop/signing")
    (tmp_path / "t.yaml").write_text(
        "Resources:\n  Own: {Type: AWS::SecretsManager::Secret}\n  Task:\n    Type: AWS::ECS::TaskDefinition\n"
        "    Properties:\n      ContainerDefinitions:\n        - Name: web\n          Image: nginx:1.27\n"
        "          Secrets:\n            - {Name: OWN, ValueFrom: !Ref Own}\n"
        "            - Name: SIGNING\n              ValueFrom: !Sub 'arn:${AWS::Partition}:secretsmanager:"
        "${AWS::Region}:${AWS::AccountId}:secret:shop/signing'\n            - {Name: GONE, ValueFrom: /shop/gone}\n"
    )

    result = account.cfnroles("check", tmp_path / "t.yaml", "--format", "json")

    assert (result.returncode, result.stderr) == (1, "")
    found = json.loads(result.stdout)["references"]
    assert [(each["item"], each["usable"]) for each in found] == [
        ("secret OWN", "made"),
        ("secret SIGNING", "ok"),
        ("secret GONE", "bad"),
    ]
