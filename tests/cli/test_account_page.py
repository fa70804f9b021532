"""docs/account.md, what reads an account, followed from its beginning to its end in an account in memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli import test_diagnose_live as failed
from tests.fleets import ACCOUNT, REGION, account, allow, definition, role, role_arn, secret
from tests.live_aws import Aws, aws
from tests.pages import Story

__all__ = ["aws"]
HOME = "eu-west-1:123456789012"
TASK = "0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a"
DENIED = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable"
    " to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret"
    f" {secret('shop/db')} from secrets manager: AccessDeniedException: User:"
    f" arn:aws:sts::123456789012:assumed-role/shop-execution/{TASK} is not authorized to perform:"
    f" secretsmanager:GetSecretValue on resource: {secret('shop/db')} because no identity-based policy allows the"
    " secretsmanager:GetSecretValue action"
)


def shop(family: str, *secrets: str, **more: Any) -> dict[str, Any]:
    named = [{"name": f"SECRET_{n}", "valueFrom": each} for n, each in enumerate(secrets, 1)]
    return definition(family, more.pop("revision", 1), container={"secrets": named}, **more)


def everything() -> dict[str, Any]:
    """An account in which a service fails, and other things are not as they should be."""
    definitions = [
        *(shop("shop", secret("shop/db"), "/shop/flags", revision=n) for n in (6, 7)),
        shop("mail", executionRoleArn=role_arn("shop-execution")),
        shop("report", executionRoleArn=role_arn("report-execution")),
    ]
    roles = [
        role("shop-execution", allow("ssm:GetParameters")),
        role("old-execution", RoleLastUsed={"LastUsedDate": "2025-11-03T00:00:00Z", "Region": REGION}),
    ]
    task = failed.stopped(
        DENIED,
        taskArn=f"arn:aws:ecs:{HOME}:task/live/{TASK}",
        taskDefinitionArn=f"arn:aws:ecs:{HOME}:task-definition/shop:7",
    )
    return {
        **account(definitions, roles, {secret("shop/db"): {}}),
        "ecs.describe_services": {
            **failed.service(
                "(service shop) (deployment ecs-svc/1) deployment failed: tasks failed to start.",
                serviceName="shop",
                taskDefinition=f"arn:aws:ecs:{HOME}:task-definition/shop:7",
            )
        },
        "ecs.list_tasks": {"taskArns": [task["taskArn"]]},
        "ecs.describe_tasks": {"tasks": [task], "failures": []},
        "iam.get_role": {
            "Role": {
                "RoleName": "shop-execution",
                "Arn": role_arn("shop-execution"),
                "AssumeRolePolicyDocument": failed.TRUST,
            }
        },
        "iam.list_attached_role_policies": {"AttachedPolicies": []},
        "iam.list_role_policies": {"PolicyNames": []},
    }


def test_what_the_page_says_is_what_happens(
    cfnroles: Any, aws: Any, repository: Path, tmp_path: Path, on_terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_terminal(80)
    monkeypatch.setenv("AWS_REGION", REGION)
    there: Aws = aws(everything())

    def run(arguments: list[str]) -> tuple[int, str]:
        result = cfnroles(*arguments)
        return result.code, result.out

    page = (repository / "docs" / "account.md").read_text(encoding="utf-8")
    Story("account.md", tmp_path, os.environ, lambda: None, {"cfnroles": run}).follow(page)
    assert there.changes == []
    assert ACCOUNT in page
