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
