"""A secret's value, pasted where a reference to one belongs: no command repeats it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

#: Each has this in it, and nothing that may be shown has.
VALUE = "hunter2"

PASTED = [
    f"{VALUE}!",
    f" {VALUE}",
    f"correct horse {VALUE} staple",
    f"shop:{VALUE}",
    f"postgres://shop:{VALUE}@db/shop",
    f"-----BEGIN RSA PRIVATE KEY-----\n{VALUE}\n-----END RSA PRIVATE KEY-----",
    f"sk_live_{VALUE}0123456789abcdef",
    f"xoxb-0123456789-{VALUE}",
    f"wJalrXUtnFEMI/{VALUE}/bPxRfiCYEXAMPLEKEY",
    f"npm_{VALUE:0<36}",
    f'{{"password": "{VALUE}"}}',
    f"arn:aws:secretsmanager:us-east-1:123456789012:secret:shop {VALUE}",
    f"arn: {VALUE}",
    f"${{STAGE}}-{VALUE}!",
    f"{VALUE}é",
    f"{VALUE}\u202e\x1b[31m",
]

#: What ECS reads by such a reference.
FIELDS: dict[str, Callable[[str], dict[str, Any]]] = {
    "a secret": lambda text: {"secrets": [{"name": "A", "valueFrom": text}]},
    "a log driver's": lambda text: {
        "logConfiguration": {"logDriver": "splunk", "secretOptions": [{"name": "A", "valueFrom": text}]}
    },
    "a registry's": lambda text: {
        "image": "registry.example.com/a",
        "repositoryCredentials": {"credentialsParameter": text},
    },
}

COMMANDS = {
    "explain": ["explain", "task.json"],
    "explain, in JSON": ["explain", "task.json", "--format", "json"],
    "explain, in Markdown": ["explain", "task.json", "--format", "markdown"],
    "policy": ["policy", "task.json", "--role", "execution", "--account", "123456789012", "--region", "us-east-1"],
    "terraform": ["terraform", "task.json", "-o", "made"],
    "lint": ["lint", "task.json"],
    "lint, in SARIF": ["lint", "task.json", "--format", "sarif"],
    "lint, in JUnit": ["lint", "task.json", "--format", "junit"],
    "check": ["check", "task.json", "--region", "us-east-1", "--endpoint-url", "http://127.0.0.1:1"],
    "verify": ["verify", "task.json", "--role", "policy.json"],
    "build": ["build", "task.json", "-o", "out"],
    "diff": ["diff", "task.json", "task.json"],
    "init": ["init", "task.json", "-o", "first.yaml"],
    "deploy": ["deploy", "task.json", "--plan", "--region", "us-east-1", "--endpoint-url", "http://127.0.0.1:1"],
    "the template": ["lint", "template.json"],
    "the template, explained": ["explain", "template.json"],
}


@pytest.fixture
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], None]:
    """`documents(container)`: a task definition and a template with a container of these members."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")

    def write(members: dict[str, Any]) -> None:
        container = {"name": "web", "image": "nginx:1.27", "memory": 128, **members}
        Path("task.json").write_text(json.dumps({"family": "shop", "containerDefinitions": [container]}))
        properties = {"Family": "shop", "ContainerDefinitions": [pascal(container)]}
        resource = {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}
        Path("template.json").write_text(json.dumps({"Resources": {"Task": resource}}))
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/b"}
        Path("policy.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    return write


def pascal(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: pascal(member) for key, member in value.items()}
    return [pascal(each) for each in value] if isinstance(value, list) else value


#: A secret may be called hunter2!, and a registry's credentials are named by that alone.
CASES = [
    pytest.param(field, pasted, id=f"{name} {number}")
    for number, pasted in enumerate(PASTED)
    for name, field in FIELDS.items()
    if name != "a registry's" or not pasted.endswith("!")
]


@pytest.mark.parametrize(("field", "pasted"), CASES)
def test_no_command_shows_it(
    field: Callable[[str], dict[str, Any]],
    pasted: str,
    cfnroles: Callable[..., Any],
    documents: Callable[[dict[str, Any]], None],
) -> None:
    documents(field(pasted))
    shown = {}
    for name, arguments in COMMANDS.items():
        ended = cfnroles(*arguments)
        assert ended.code in (0, 1, 2, 3), (name, ended)
        if VALUE in ended.out + ended.err:
            shown[name] = ended.out + ended.err
    assert shown == {}


def test_its_length_is_shown(cfnroles: Callable[..., Any], documents: Callable[[dict[str, Any]], None]) -> None:
    documents(FIELDS["a secret"]("hunter2!"))
    assert (
        "a string of 8 characters is neither an ARN nor a name that a parameter can have"
        in cfnroles("explain", "task.json").err
    )


@pytest.mark.parametrize(
    "reference",
    ["/shop/flags:3", "arn:aws:s3:::bucket/key", "arn:aws:secretsmanager:us-east-1:123456789012:secret:a:b"],
)
def test_what_names_something_is_shown(
    reference: str, cfnroles: Callable[..., Any], documents: Callable[[dict[str, Any]], None]
) -> None:
    documents(FIELDS["a secret"](reference))
    assert reference in cfnroles("explain", "task.json").err
