"""What the role of the secret validator may do: exactly what the gate asks, and more only where a switch is on.

An emulator asks about `ssm:GetParameters` on another resource than AWS does; here the policies themselves are judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Told, build, read
from cfnroles.document import parse
from tests.deployed_roles import documents, is_allowed, listed
from tests.ecs_calls import ACCOUNT, KEY, REGION

SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter"
LOG = "LogGroup.Arn"
NAMED = [f"{SECRET}:shop/{name}" for name in ("database", "payment", "signing")]
WITH_SUFFIX = [f"{name}-??????" for name in NAMED]
ALWAYS = {("secretsmanager:DescribeSecret", resource): {} for resource in (*NAMED, *WITH_SUFFIX)} | {
    ("ssm:GetParameters", f"{PARAMETER}/shop/feature-flags"): {},
    ("logs:CreateLogStream", LOG): {},
    ("logs:PutLogEvents", LOG): {},
}
READS = {("secretsmanager:GetSecretValue", f"{SECRET}:shop/database-??????"): {}}
THROUGH = {
    "StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"},
    "StringLike": {"kms:EncryptionContext:SecretARN": f"{SECRET}:shop/database-??????"},
}


@pytest.fixture(scope="module")
def template(repository: Path) -> Mapping[str, Any]:
    files = build(read(repository / "examples" / "shop.json", Told())).files
    return parse(files["secret-validator.yaml"], "secret-validator.yaml")


def policies(template: Mapping[str, Any], **parameters: Any) -> list[dict[str, Any]]:
    return documents(template, "Role", parameters)


def named(resource: Any) -> str:
    return resource if isinstance(resource, str) else ".".join(resource["Fn::GetAtt"])


def granted(template: Mapping[str, Any], **parameters: Any) -> dict[tuple[str, str], Any]:
    return {
        (action, named(resource)): statement.get("Condition", {})
        for policy in policies(template, **parameters)
        for statement in policy["Statement"]
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


@pytest.mark.parametrize(
    ("switches", "more"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"KmsKeyArns": KEY}, {}, id="a key alone"),
        pytest.param({"CheckJsonKeys": "enabled"}, READS, id="JSON keys"),
        pytest.param(
            {"CheckJsonKeys": "enabled", "KmsKeyArns": KEY},
            {**READS, ("kms:Decrypt", KEY): THROUGH},
            id="JSON keys of secrets with a key",
        ),
        pytest.param({"CheckKeys": "enabled", "KmsKeyArns": KEY}, {("kms:DescribeKey", KEY): {}}, id="keys"),
    ],
)
def test_it_holds_exactly_what_is_switched_on(
    template: Mapping[str, Any], switches: dict[str, Any], more: dict[tuple[str, str], Any]
) -> None:
    assert granted(template, **switches) == ALWAYS | more


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [
        (f"{PARAMETER}/shop/feature-flags", True),
        (f"{PARAMETER}/shop/feature-flags2", False),
        (f"{PARAMETER}/shop/feature-flags/x", False),
        (f"{PARAMETER}/shop", False),
        ("*", False),
    ],
)
def test_it_asks_for_the_named_parameter_and_no_other(
    template: Mapping[str, Any], resource: str, allowed: bool
) -> None:
    assert is_allowed(policies(template), "ssm:GetParameters", resource, {}) is allowed


def test_only_lambda_may_assume_it(template: Mapping[str, Any]) -> None:
    (statement,) = template["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
