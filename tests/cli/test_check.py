"""`cfnroles check` where nothing can be asked: told once, with the exit code of what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


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
    assert told.err.startswith("error: no AWS credentials were found\n")


def test_an_endpoint_that_is_none_is_a_wrong_question(cfnroles: Any, examples: Path) -> None:
    told = cfnroles("check", examples / "shop.json", "--endpoint-url", "nonsense")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("error: nonsense is not the address of an endpoint\n")


def test_a_task_without_secrets_needs_no_credentials(cfnroles: Any) -> None:
    task = '{"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 128}]}'
    told = cfnroles("check", "-", stdin=task)
    assert (told.code, told.out) == (0, "The task refers to no secret and no parameter.\n")


OPEN = """{"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 128, "secrets": [
  {"name": "TOKEN", "valueFrom": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:<STAGE>/token-AbCdEf"},
  {"name": "LEVEL", "valueFrom": "/shop/<STAGE>/<COLOR>"}]}]}"""


def test_what_a_placeholder_names_is_unknown_and_asks_nobody(cfnroles: Any) -> None:
    told = cfnroles("check", "-", stdin=OPEN)
    assert (told.code, told.err) == (3, "")
    assert told.out == (
        "container web\n"
        "  unknown  secret TOKEN  arn:aws:secretsmanager:eu-west-1:111122223333:secret:<STAGE>/token-AbCdEf\n"
        "           cannot be looked up before STAGE is known.\n"
        "           Add --set STAGE=VALUE.\n"
        "           standard input:2: containerDefinitions[0].secrets[0].valueFrom (container web, secret TOKEN)\n"
        "  unknown  secret LEVEL  /shop/<STAGE>/<COLOR>\n"
        "           cannot be looked up before STAGE and COLOR are known.\n"
        "           Add --set STAGE=VALUE --set COLOR=VALUE.\n"
        "           standard input:3: containerDefinitions[0].secrets[1].valueFrom (container web, secret LEVEL)\n"
        "2 of 2 could not be checked.\n"
    )


def test_what_has_no_placeholder_is_asked_all_the_same(cfnroles: Any) -> None:
    told = cfnroles(
        "check", "-", "--set", "COLOR=red", stdin=OPEN.replace("/<COLOR>", "").replace("/<STAGE>", "/<COLOR>")
    )
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("error: standard input: which region's secrets to look at cannot be told\n")
