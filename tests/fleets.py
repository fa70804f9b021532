"""An account full of task definitions, made as it is asked: the answers of ECS, IAM and the others about it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from tests.live_aws import refusal

ACCOUNT, REGION = "123456789012", "eu-west-1"
HOME = f"{REGION}:{ACCOUNT}"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def secret(name: str) -> str:
    """The ARN of a secret."""
    return f"arn:aws:secretsmanager:{HOME}:secret:{name}-AbC1eF"


def role_arn(name: str) -> str:
    """The ARN of a role."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def allow(*actions: str, on: str | list[str] = "*") -> dict[str, Any]:
    """A statement."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": on}


def definition(family: str, revision: int = 1, **more: Any) -> dict[str, Any]:
    """A task definition of Fargate with one container, ``web``, whose members may be given as ``container``."""
    container = {"name": "web", "image": "public.ecr.aws/nginx/nginx:1", **more.pop("container", {})}
    return {
        "taskDefinitionArn": f"arn:aws:ecs:{HOME}:task-definition/{family}:{revision}",
        "family": family,
        "revision": revision,
        "status": "ACTIVE",
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": role_arn(f"{family}-execution"),
        "containerDefinitions": [container],
        **more,
    }


def role(name: str, *statements: Mapping[str, Any], trust: Any = TRUST, **more: Any) -> dict[str, Any]:
    """A role with one policy, as GetAccountAuthorizationDetails answers it: documents are encoded in it."""
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return {
        "RoleName": name,
        "Arn": role_arn(name),
        "AssumeRolePolicyDocument": quote(json.dumps(trust)),
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": quote(json.dumps(policy))}] if statements else [],
        "AttachedManagedPolicies": [],
        **more,
    }


def pages(items: Iterable[str], size: int, member: str, token: str) -> dict[str, Any]:
    """One page of a list, from the one that ``token`` names."""
    listed, start = list(items), int(token or 0)
    page: dict[str, Any] = {member: listed[start : start + size]}
    return {**page, "nextToken": str(start + size)} if start + size < len(listed) else page


def account(
    definitions: Iterable[Mapping[str, Any]] = (),
    roles: Iterable[Mapping[str, Any]] = (),
    secrets: Mapping[str, Mapping[str, Any]] | None = None,
    parameters: Iterable[Mapping[str, Any]] = (),
    keys: Mapping[str, str] | None = None,
    log_groups: Iterable[str] = (),
    repositories: Iterable[str] = (),
    prefixes: Iterable[str] = (),
) -> dict[str, Any]:
    """The answers of an account with these things."""
    by_arn = {each["taskDefinitionArn"]: each for each in definitions}

    def described(taskDefinition: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        named = [each for arn, each in by_arn.items() if taskDefinition in (arn, each["family"])]
        return {"taskDefinition": max(named, key=lambda each: each["revision"])}

    def described_secret(SecretId: str) -> dict[str, Any]:  # noqa: N803
        if SecretId not in (secrets or {}):
            raise refusal("ResourceNotFoundException")
        return {"ARN": SecretId, **(secrets or {})[SecretId]}

    def described_parameters(ParameterFilters: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        return {"Parameters": [each for each in parameters if each["Name"] in ParameterFilters[0]["Values"]]}

    def described_key(KeyId: str) -> dict[str, Any]:  # noqa: N803
        if KeyId not in (keys or {}):
            raise refusal("NotFoundException")
        return {"KeyMetadata": {"KeyId": "k", "Arn": KeyId, "KeyState": (keys or {})[KeyId]}}

    families = sorted({each["family"] for each in by_arn.values()})
    return {
        "sts.get_caller_identity": {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/reader"},
        "ecs.list_task_definitions": lambda nextToken="", **_: pages(by_arn, 100, "taskDefinitionArns", nextToken),  # noqa: N803
        "ecs.list_task_definition_families": lambda nextToken="", **_: pages(families, 100, "families", nextToken),  # noqa: N803
        "ecs.describe_task_definition": described,
        "iam.get_account_authorization_details": {"RoleDetailList": list(roles), "Policies": [], "IsTruncated": False},
        "secretsmanager.describe_secret": described_secret,
        "ssm.describe_parameters": described_parameters,
        "kms.describe_key": described_key,
        "logs.describe_log_groups": {"logGroups": [{"logGroupName": each} for each in log_groups]},
        "ecr.describe_repositories": {"repositories": [{"repositoryName": each} for each in repositories]},
        "ecr.describe_pull_through_cache_rules": {
            "pullThroughCacheRules": [{"ecrRepositoryPrefix": each} for each in prefixes]
        },
    }
