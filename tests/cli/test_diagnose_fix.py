"""``cfnroles diagnose --fix``: the file that a role comes from, changed after confirmation."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfnroles.cli import fixing, main

DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/shop-Role-1ABCDEFGHIJKL/0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a is not"
    " authorized to perform: secretsmanager:GetSecretValue on resource:"
    " arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbC1eF because no identity-based policy allows the"
    " secretsmanager:GetSecretValue action"
)
TEMPLATE = """\
Resources:
  Database: {Type: AWS::SecretsManager::Secret, Properties: {Name: shop/db}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}]
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions: [{Name: web, Image: nginx, Secrets: [{Name: DB, ValueFrom: !Ref Database}]}]
"""


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + TEMPLATE.encode())
    return path


def test_the_diff_is_shown_and_written_and_verify_is_complete(
    template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("verify", str(template)) == 1
    assert run("diagnose", DENIED, "--source", str(template), "--fix", "--yes") == 0
    err = capsys.readouterr().err
    assert "+              - Sid: ReadSecrets" in err
    assert f"{template}: changed\nThen: cfnroles verify {template}" in err
    assert run("verify", str(template)) == 0
    assert template.read_bytes().startswith(b"\xef\xbb\xbfResources:\n")


@pytest.mark.parametrize("answer", [True, False], ids=["yes", "no"])
def test_a_terminal_is_asked(template: Path, answer: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixing, "is_asked", lambda: True)
    monkeypatch.setattr(fixing, "confirm", lambda question: answer)
    before = template.read_bytes()
    assert run("diagnose", DENIED, "--source", str(template), "--fix") == (0 if answer else 1)
    assert (template.read_bytes() == before) is not answer


def test_nothing_is_written_unasked(template: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = template.read_bytes()
    assert run("diagnose", DENIED, "--source", str(template), "--fix") == 2
    assert "Pass --yes" in capsys.readouterr().err
    assert template.read_bytes() == before


def test_a_file_that_changed_meanwhile_is_left_alone(template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(question: str) -> bool:
        template.write_text("Resources: {}\n")
        return True

    monkeypatch.setattr(fixing, "is_asked", lambda: True)
    monkeypatch.setattr(fixing, "confirm", meanwhile)
    assert run("diagnose", DENIED, "--source", str(template), "--fix") == 2
    assert template.read_text() == "Resources: {}\n"


def test_what_no_statement_cures_changes_nothing(template: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = DENIED.replace("no identity-based policy", "no VPC endpoint policy")
    assert run("diagnose", text, "--source", str(template), "--fix", "--yes") == 1
    assert "no statement of the role is missing" in capsys.readouterr().err


def test_standard_input_is_no_file_to_change(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diagnose", DENIED, "--source", "-", "--fix", "--yes") == 2
    assert "Pass the file" in capsys.readouterr().err


def test_the_file_of_a_role_that_was_given_is_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task, policy = tmp_path / "web.yaml", tmp_path / "policy.json"
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db"
    container = f"{{name: web, image: nginx, memory: 1, secrets: [{{name: DB, valueFrom: '{secret}'}}]}}"
    task.write_text(f"family: web\ncontainerDefinitions: [{container}]\n")
    policy.write_text('{"Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}\n')
    assert run("diagnose", DENIED, "--source", str(task), "--role", str(policy), "--fix", "--yes") == 0
    assert f"Then: cfnroles verify {task} --role {policy}" in capsys.readouterr().err
    assert run("verify", str(task), "--role", str(policy)) == 0
