"""The whole way where signatures are verified, capabilities demanded and the gate's role is really asked."""

from __future__ import annotations

import json


def test_refused_deployed_again_and_deleted(cfnroles, enforcing, stacks):
    refused = cfnroles("deploy", stacks, "--yes", "--no-check")
    assert refused.code == 1
    assert "Secret shop/db does not exist" in refused.err

    for name in ("shop/db", "shop/api"):
        enforcing("secretsmanager").create_secret(Name=name, SecretString="x")
    assert cfnroles("deploy", stacks, "--yes").code == 0
    again = cfnroles("deploy", stacks, "--yes")
    assert again.code == 0
    assert "2 references checked again" in again.err
    assert cfnroles("delete", stacks, "--yes").code == 0


def test_a_gate_whose_role_may_not_look_says_so(cfnroles, enforcing, stacks):
    validator = stacks / "secret-validator.yaml"
    validator.write_text(validator.read_text().replace("secretsmanager:DescribeSecret", "secretsmanager:ListSecrets"))
    task = stacks / "shop-task.yaml"
    task.write_text(task.read_text().replace("ServiceTimeout: 60", "ServiceTimeout: 2"))

    answer = cfnroles("deploy", stacks, "--yes", "--no-check")

    assert answer.code == 1
    assert "shop-task was refused by the gate at SecretsExist" in answer.err


def test_a_capability_that_stacks_json_does_not_list(cfnroles, enforcing, stacks):
    listing = json.loads((stacks / "stacks.json").read_text())
    for stack in listing["stacks"]:
        stack["capabilities"] = []
    (stacks / "stacks.json").write_text(json.dumps(listing))

    answer = cfnroles("deploy", stacks, "--yes")

    assert answer.code == 2
    assert "the template needs the capability CAPABILITY_IAM" in answer.err
    assert enforcing("cloudformation").describe_stacks()["Stacks"] == []


def test_a_denied_caller_reads_which_call_was_denied(cfnroles, enforcing, stacks, monkeypatch):
    iam = enforcing("iam")
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])

    answer = cfnroles("deploy", stacks, "--yes")

    assert answer.code == 3
    assert "the credentials are not allowed to call cloudformation:DescribeStacks" in answer.err


def test_credentials_that_nobody_knows(cfnroles, enforcing, stacks, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODYKNOWSTHIS")

    answer = cfnroles("status", stacks)

    assert answer.code == 3
    assert "AWS does not accept the credentials" in answer.err
