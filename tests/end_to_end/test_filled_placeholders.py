"""Placeholders filled when a stack is deployed name the same resources as those filled when it was built."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cfnroles import Told, build, read
from cfnroles.errors import InvalidInput
from cfnroles.placeholders import placeholders_in, texts_in
from cfnroles.symbols import Placeholder
from tests.deployed_roles import listed

if TYPE_CHECKING:
    from .conftest import Account

Grants = set[tuple[Any, ...]]

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "taskdefs"
SECRETS = "arn:aws:secretsmanager:us-east-1:123456789012:secret"
TASK = {
    "family": "shop",
    "containerDefinitions": [
        {
            "name": "web",
            "image": "123456789012.dkr.ecr.${AWS_REGION}.amazonaws.com/<TEAM>/web:1",
            "secrets": [
                {"name": "A", "valueFrom": "${DATABASE_SECRET_ARN}"},
                {"name": "B", "valueFrom": "arn:aws:ssm:REGION:ACCOUNT_ID:parameter/<TEAM>/flags"},
                {"name": "C", "valueFrom": "arn:aws:secretsmanager:{{region}}:$ACCOUNT_ID:secret:<TEAM>/key:json::"},
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": "/<TEAM>",
                    "awslogs-region": "${AWS_REGION}",
                    "awslogs-stream-prefix": "x",
                },
            },
        }
    ],
}


def value_of(symbol: Placeholder, pattern: str) -> str:
    """A value that the parameter takes: a complete reference where it wants one, else a word of its own."""
    if ":secret:" in pattern:
        return f"{SECRETS}:{symbol.name}-AbCdEf" + (":json-key::" if "ssm" in pattern else "")
    if pattern.startswith("^(/"):
        return f"/{symbol.name.lower()}"
    # A word without brackets, such as `your-account`, is in the place of an account.
    return "210987654321" if symbol.written == symbol.called else symbol.name.lower()


def grants(
    account: Account, name: str, template: Mapping[str, Any], parameters: Mapping[str, str]
) -> set[tuple[Any, ...]]:
    """What the roles of the template may do once its stack is deployed: action, resource and conditions."""
    account.client("cloudformation").create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    account.client("cloudformation").get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 600}
    )
    iam = account.client("iam")
    found = set()
    for role in iam.list_roles(PathPrefix=f"/{name}/")["Roles"]:
        for policy in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=policy)["PolicyDocument"]
            found |= set(_pairs(document))
    return found


def _pairs(document: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    for statement in document["Statement"]:
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                yield action, resource, json.dumps(statement.get("Condition"), sort_keys=True)


def compared(account: Account, path: Path, number: int) -> tuple[Grants, Grants]:
    """The grants of the roles filled at build time, and of those filled when they are deployed."""
    told = Told(family="family", account="123456789012", region="us-east-1")
    reading = read(path, told)
    symbols = placeholders_in(text for _, text in texts_in(reading.task().workload.tree))
    stacks = build(reading, project="shop", parameterized=True).stacks
    roles = next(stack for stack in stacks if stack.stem.endswith("-roles"))
    declared = roles.template["Parameters"]
    values = {
        name: value_of(symbol, declared[name]["AllowedPattern"]) for name, symbol in symbols.items() if name in declared
    }
    filled = read(path, replace(told, values={symbols[name].called: value for name, value in values.items()}))
    stacks = build(filled, project="shop", parameterized=True).stacks
    built = next(stack for stack in stacks if stack.stem.endswith("-roles"))
    early, late = f"early-{number}", f"late-{number}"
    return (
        grants(account, early, built.template, {"ProjectName": early, "RolePath": f"/{early}/"}),
        grants(account, late, roles.template, {"ProjectName": late, "RolePath": f"/{late}/", **values}),
    )


def names_nothing(action: str, resource: str) -> bool:
    """Whether no resource of the action's service has this ARN: the other reading of what a parameter may hold."""
    if action == "secretsmanager:GetSecretValue":
        return re.search(r"-([A-Za-z0-9]{6}|[?]{6})$", resource) is None
    return action == "ssm:GetParameters" and resource.endswith(":secret")


def test_an_example_with_every_kind_of_placeholder(account: Account, tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text(json.dumps(TASK))
    early, late = compared(account, tmp_path / "task.json", 0)
    assert {(action, resource) for action, resource, _ in late} >= {
        ("secretsmanager:GetSecretValue", f"{SECRETS}:DatabaseSecretArn-AbCdEf"),
        ("secretsmanager:GetSecretValue", f"{SECRETS}:team/key-??????"),
        ("ssm:GetParameters", "arn:aws:ssm:us-east-1:123456789012:parameter/team/flags"),
        ("ecr:BatchGetImage", "arn:aws:ecr:us-east-1:123456789012:repository/team/web"),
        ("logs:PutLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:/team:log-stream:x/web/*"),
    }
    assert early <= late
    assert all(names_nothing(action, resource) for action, resource, _ in late - early)


def test_real_task_definitions(account: Account) -> None:
    compared_files = 0
    for number, path in enumerate(sorted(CORPUS.glob("*.json")), start=1):
        try:
            source = read(path, Told(family="family")).task()
            if not placeholders_in(need.permission.resource for need in source.discovery.needs):
                continue
            early, late = compared(account, path, number)
        except InvalidInput:
            continue  # refused as it is, or because one placeholder is a name and a number
        assert early <= late, path.name
        assert all(names_nothing(action, resource) for action, resource, _ in late - early), path.name
        compared_files += 1
    assert compared_files >= 5 or not CORPUS.is_dir()
