"""What the task stack passes to the gate: every reference, its place, and what ECS reads it for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfnroles import Document
from cfnroles.discovery import discover
from cfnroles.sources.task_definition import home, read_task_definition
from cfnroles.targets.cloudformation.service import service_stacks

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop"
FSX = "fsxWindowsFileServerVolumeConfiguration"

USES = {
    "an environment variable": (
        {"secrets": [{"name": "KEY", "valueFrom": f"{SECRET}:key::"}]},
        {},
        {"ValueFrom": f"{SECRET}:key::", "For": "container web, secret KEY"},
    ),
    "an option of a log driver": (
        {
            "logConfiguration": {
                "logDriver": "splunk",
                "secretOptions": [{"name": "splunk-token", "valueFrom": "/splunk/token"}],
            }
        },
        {},
        {"ValueFrom": "/splunk/token", "For": "container web, log option splunk-token"},
    ),
    "the credentials of a registry": (
        {"repositoryCredentials": {"credentialsParameter": SECRET}},
        {},
        {"ValueFrom": SECRET, "For": "container web", "Use": "repository-credentials"},
    ),
    "a credential spec": (
        {"credentialSpecs": ["credentialspec:arn:aws:ssm:eu-west-1:123456789012:parameter/gmsa"]},
        {},
        {
            "ValueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/gmsa",
            "For": "container web",
            "Use": "windows-credential-spec",
        },
    ),
    "the credentials of a file system": (
        {},
        {
            "volumes": [
                {
                    "name": "files",
                    FSX: {
                        "fileSystemId": "fs-0123456789abcdef0",
                        "rootDirectory": "share",
                        "authorizationConfig": {"credentialsParameter": SECRET, "domain": "shop.example"},
                    },
                }
            ]
        },
        {"ValueFrom": SECRET, "For": "volume files", "Use": "fsx"},
    ),
}


def references(container: dict[str, Any], task: dict[str, Any]) -> list[dict[str, str]]:
    definition = {"family": "shop", "containerDefinitions": [{"name": "web", "image": "nginx:1", **container}], **task}
    workload = read_task_definition(Document("task.json", json.dumps(definition)))
    facts = home(workload)
    *_, task_stack = service_stacks(workload, discover(workload, facts), facts, "shop")
    asked = task_stack.template["Resources"]["SecretsExist"]["Properties"]["References"]
    return [{name: as_written(value) for name, value in reference.items()} for reference in asked]


def as_written(value: Any) -> str:
    text = value["Fn::Sub"] if isinstance(value, dict) else value
    return text.replace("${AWS::Partition}", "aws").replace("${AWS::AccountId}", "123456789012")


@pytest.mark.parametrize(("container", "task", "asked"), USES.values(), ids=USES)
def test_the_gate_is_told_what_a_secret_is_for(
    container: dict[str, Any], task: dict[str, Any], asked: dict[str, str]
) -> None:
    assert references(container, task) == [asked]
