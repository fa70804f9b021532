"""`cfnroles check` where nothing can be asked: told once, with the exit code of what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cfnroles.answers.check import SecretCheck
from cfnroles.formats.check import human
from cfnroles.need import Gap, Holder, Origin


@pytest.fixture(autouse=True)
def without_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_without_credentials_nothing_can_be_found_out(cfnroles: Any, examples: Path) -> None:
    told = cfnroles("check", examples / "shop.json")
    assert (told.code, told.out) == (3, "")
    assert told.err.startswith("error: no AWS credentials found\n")


def test_an_invalid_endpoint_is_an_input_error(cfnroles: Any, examples: Path) -> None:
    told = cfnroles("check", examples / "shop.json", "--endpoint-url", "nonsense")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("error: nonsense is not the URL of an endpoint\n")


def test_a_task_without_secrets_needs_no_credentials(cfnroles: Any) -> None:
    task = '{"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 128}]}'
    told = cfnroles("check", "-", stdin=task)
    assert (told.code, told.out) == (0, "No references to secrets or parameters.\n")


OPEN = """{"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 128, "secrets": [
  {"name": "TOKEN", "valueFrom": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:<STAGE>/token-AbCdEf"},
  {"name": "LEVEL", "valueFrom": "/shop/<STAGE>/<COLOR>"}]}]}"""


def test_what_a_placeholder_names_is_unknown_and_asks_nobody(cfnroles: Any) -> None:
    told = cfnroles("check", "-", stdin=OPEN)
    assert (told.code, told.err) == (3, "")
    assert told.out == (
        "container web\n  unknown  secret TOKEN"
        "  arn:aws:secretsmanager:eu-west-1:111122223333:secret:<STAGE>/token-AbCdEf\n           cannot be checked"
        " before STAGE is known.\n           Add --set STAGE=VALUE.\n           standard input:2:"
        " containerDefinitions[0].secrets[0].valueFrom (container web, secret TOKEN)\n  unknown  secret LEVEL"
        "  /shop/<STAGE>/<COLOR>\n           cannot be checked before STAGE and COLOR are known.\n           Add"
        " --set STAGE=VALUE --set COLOR=VALUE.\n           standard input:3:"
        " containerDefinitions[0].secrets[1].valueFrom (container web, secret LEVEL)\n2 of 2 references to secrets"
        " and parameters could not be checked.\n"
    )


def test_what_has_no_placeholder_is_asked_all_the_same(cfnroles: Any) -> None:
    told = cfnroles(
        "check", "-", "--set", "COLOR=red", stdin=OPEN.replace("/<COLOR>", "").replace("/<STAGE>", "/<COLOR>")
    )
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("error: standard input: cannot determine the Region of the secrets\n")


TEMPLATE = """\
Parameters:
  Where: {Type: String}
  Stage: {Type: String, Default: dev}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Database: {Type: AWS::SecretsManager::Secret}
  Level: {Type: AWS::SSM::Parameter, Properties: {Name: /shop/level, Type: String, Value: a}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: nginx:1.27
          Secrets:
            - {Name: DB, ValueFrom: !Ref Database}
            - {Name: LEVEL, ValueFrom: /shop/level}
"""


def test_what_a_template_makes_itself_is_not_asked_for(cfnroles: Any) -> None:
    told = cfnroles("check", "-", stdin=TEMPLATE)
    assert (told.code, told.err) == (0, "")
    assert told.out == (
        "container web\n  made     secret DB  ${Database}\n  made     secret LEVEL  /shop/level\nAll 2"
        " references to secrets and parameters name what is created with the task, not checked.\n"
    )


def test_what_a_template_takes_from_elsewhere_is_unknown_until_it_is_told(cfnroles: Any) -> None:
    more = "            - {Name: A, ValueFrom: !Ref Where}\n            - {Name: B, ValueFrom: !ImportValue other}\n"
    told = cfnroles("check", "-", stdin=TEMPLATE + more)
    assert told.code == 3
    assert "cannot be checked before ${Where} is known.\n           Pass --parameter Where=VALUE." in told.out
    assert "secret B  ${Import::other}" in told.out
    looked_up = "2 of 2 references to secrets and parameters could not be checked"
    assert told.out.endswith(f"{looked_up} and 2 more name what is created with the task, not checked.\n")
    # With its value it is checked; without, it cannot be.
    assert cfnroles("check", "-", "--parameter", "Where=/a", "--region", "eu-west-1", stdin=TEMPLATE + more).code == 3


def test_a_reference_of_some_worlds_says_of_which(cfnroles: Any) -> None:
    more = "            - !If [IsProd, {Name: A, ValueFrom: !Ref Where}, !Ref AWS::NoValue]\n"
    assert "secret A (only if IsProd holds)  ${Where}" in cfnroles("check", "-", stdin=TEMPLATE + more).out
    assert cfnroles("check", "-", "--parameter", "Stage=dev", stdin=TEMPLATE + more).code == 0


@pytest.mark.parametrize(
    "secrets",
    ["!Ref Where", "!Split [',', !Ref Where]", "{Fn::Transform: {Name: Mine, Parameters: {A: b}}}"],
)
def test_what_cannot_be_seen_of_a_template_is_no_good_answer(cfnroles: Any, secrets: str) -> None:
    start, _, _ = TEMPLATE.partition("          Secrets:")
    told = cfnroles("check", "-", stdin=f"{start}          Secrets: {secrets}\n")
    assert told.code == 3
    assert "so that secrets may be missing from this list" in told.out
    assert told.out.endswith("No secret or parameter found, but not everything is visible.\n")


def test_a_question_about_one_task_definition_is_of_that_alone(cfnroles: Any) -> None:
    assert cfnroles("check", "-", "--resource", "Task", stdin=TEMPLATE).code == 0
    assert cfnroles("check", "-", "--resource", "Nope", stdin=TEMPLATE).code == 2
    assert cfnroles("check", "-", "--resource", "Task", stdin=OPEN).code == 2


def test_what_several_gaps_have_in_common_is_told_once() -> None:
    gaps = [
        Gap(
            Holder.EXECUTION,
            "secrets",
            Origin("t.yaml", ("Resources", name)),
            "the list is unknown",
            "Pass --parameter",
        )
        for name in ("A", "B")
    ]
    told = human(SecretCheck((), (), tuple(gaps)), "")
    assert told.count("the list is unknown, so that secrets may be missing from this list.") == 1
    assert "  unknown  t.yaml: Resources.A\n           t.yaml: Resources.B\n           the list is unknown" in told
