"""A task definition with a placeholder: reported by the build, prompted for by the deployment, before any creation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Account

DEFINITION = {"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx:${TAG}"}]}


def test_nothing_is_created_until_the_placeholder_has_a_value(account: Account, tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text(json.dumps(DEFINITION))
    cloudformation = account.client("cloudformation")

    refused = account.cfnroles("deploy", tmp_path / "task.json", "--yes")

    assert refused.returncode == 2
    assert "1 parameter has no value:\n  Tag: " in refused.stderr
    assert "--parameter Tag=VALUE" in refused.stderr
    assert [s for s in cloudformation.describe_stacks()["Stacks"] if s["StackStatus"] == "CREATE_COMPLETE"] == []

    deployed = account.cfnroles("deploy", tmp_path / "task.json", "--yes", "--parameter", "Tag=1.27")

    assert deployed.returncode == 0, deployed.stderr
    registered = account.client("ecs").describe_task_definition(taskDefinition="shop")["taskDefinition"]
    assert registered["containerDefinitions"][0]["image"] == "nginx:1.27"


def test_a_value_given_once_is_kept(account: Account, tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text(json.dumps(DEFINITION))
    account.cfnroles("deploy", tmp_path / "task.json", "--yes", "--parameter", "Tag=1.27")

    again = account.cfnroles("deploy", tmp_path / "task.json", "--yes")

    assert again.returncode == 0, again.stderr
