"""The members that a task definition can have, and what each holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfnroles.spelling import meant
from cfnroles.workload import Path

#: What a member without members of its own holds. Texts, numbers and truth values may stand for each other, as they may
#: in CloudFormation.
TEXT, NUMBER, FLAG, MAP = "text", "number", "truth value", "map"

#: The members of RegisterTaskDefinition: a mapping for a structure, a list of one for a list.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
MEMBERS: Mapping[str, Any] = {
    "family": TEXT,
    "taskRoleArn": TEXT,
    "executionRoleArn": TEXT,
    "networkMode": TEXT,
    "containerDefinitions": [
        {
            "name": TEXT,
            "image": TEXT,
            "repositoryCredentials": {"credentialsParameter": TEXT},
            "cpu": NUMBER,
            "memory": NUMBER,
            "memoryReservation": NUMBER,
            "links": [TEXT],
            "portMappings": [
                {
                    "containerPort": NUMBER,
                    "hostPort": NUMBER,
                    "protocol": TEXT,
                    "name": TEXT,
                    "appProtocol": TEXT,
                    "containerPortRange": TEXT,
                }
            ],
            "essential": FLAG,
            "restartPolicy": {"enabled": FLAG, "ignoredExitCodes": [NUMBER], "restartAttemptPeriod": NUMBER},
            "entryPoint": [TEXT],
            "command": [TEXT],
            "environment": [{"name": TEXT, "value": TEXT}],
            "environmentFiles": [{"value": TEXT, "type": TEXT}],
            "mountPoints": [{"sourceVolume": TEXT, "containerPath": TEXT, "readOnly": FLAG}],
            "volumesFrom": [{"sourceContainer": TEXT, "readOnly": FLAG}],
            "linuxParameters": {
                "capabilities": {"add": [TEXT], "drop": [TEXT]},
                "devices": [{"hostPath": TEXT, "containerPath": TEXT, "permissions": [TEXT]}],
                "initProcessEnabled": FLAG,
                "sharedMemorySize": NUMBER,
                "tmpfs": [{"containerPath": TEXT, "size": NUMBER, "mountOptions": [TEXT]}],
                "maxSwap": NUMBER,
                "swappiness": NUMBER,
            },
            "secrets": [{"name": TEXT, "valueFrom": TEXT}],
            "dependsOn": [{"containerName": TEXT, "condition": TEXT}],
            "startTimeout": NUMBER,
            "stopTimeout": NUMBER,
            "versionConsistency": TEXT,
            "hostname": TEXT,
            "user": TEXT,
            "workingDirectory": TEXT,
            "disableNetworking": FLAG,
            "privileged": FLAG,
            "readonlyRootFilesystem": FLAG,
            "dnsServers": [TEXT],
            "dnsSearchDomains": [TEXT],
            "extraHosts": [{"hostname": TEXT, "ipAddress": TEXT}],
            "dockerSecurityOptions": [TEXT],
            "interactive": FLAG,
            "pseudoTerminal": FLAG,
            "dockerLabels": MAP,
            "ulimits": [{"name": TEXT, "softLimit": NUMBER, "hardLimit": NUMBER}],
            "logConfiguration": {
                "logDriver": TEXT,
                "options": MAP,
                "secretOptions": [{"name": TEXT, "valueFrom": TEXT}],
            },
            "healthCheck": {
                "command": [TEXT],
                "interval": NUMBER,
                "timeout": NUMBER,
                "retries": NUMBER,
                "startPeriod": NUMBER,
            },
            "systemControls": [{"namespace": TEXT, "value": TEXT}],
            "resourceRequirements": [
                {
                    "value": TEXT,
                    "type": TEXT,
                    "sharingStrategy": {"nvidiaMps": {"maxComputePercent": NUMBER, "memory": NUMBER}},
                }
            ],
            "firelensConfiguration": {"type": TEXT, "options": MAP},
            "credentialSpecs": [TEXT],
        }
    ],
    "volumes": [
        {
            "name": TEXT,
            "host": {"sourcePath": TEXT},
            "dockerVolumeConfiguration": {
                "scope": TEXT,
                "autoprovision": FLAG,
                "driver": TEXT,
                "driverOpts": MAP,
                "labels": MAP,
            },
            "efsVolumeConfiguration": {
                "fileSystemId": TEXT,
                "rootDirectory": TEXT,
                "transitEncryption": TEXT,
                "transitEncryptionPort": NUMBER,
                "authorizationConfig": {"accessPointId": TEXT, "iam": TEXT},
            },
            "s3filesVolumeConfiguration": {
                "fileSystemArn": TEXT,
                "rootDirectory": TEXT,
                "transitEncryptionPort": NUMBER,
                "accessPointArn": TEXT,
            },
            "fsxWindowsFileServerVolumeConfiguration": {
                "fileSystemId": TEXT,
                "rootDirectory": TEXT,
                "authorizationConfig": {"credentialsParameter": TEXT, "domain": TEXT},
            },
            "configuredAtLaunch": FLAG,
            "logDriverVolumeConfiguration": {"driver": TEXT},
        }
    ],
    "placementConstraints": [{"type": TEXT, "expression": TEXT}],
    "requiresCompatibilities": [TEXT],
    "cpu": TEXT,
    "memory": TEXT,
    "tags": [{"key": TEXT, "value": TEXT}],
    "pidMode": TEXT,
    "ipcMode": TEXT,
    "proxyConfiguration": {"type": TEXT, "containerName": TEXT, "properties": [{"name": TEXT, "value": TEXT}]},
    "inferenceAccelerators": [{"deviceName": TEXT, "deviceType": TEXT}],
    "ephemeralStorage": {"sizeInGiB": NUMBER},
    "runtimePlatform": {"cpuArchitecture": TEXT, "operatingSystemFamily": TEXT},
    "enableFaultInjection": FLAG,
    "trustedExecutionConfiguration": {"isolationMode": TEXT, "attestationPolicy": TEXT},
}


def problems(tree: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    """Path, fault and remedy of each member that ECS takes in another shape, or with other capitals."""
    yield from _problems(tree, MEMBERS, ())


def _problems(value: Any, kind: Any, path: Path) -> Iterator[tuple[Path, str, str]]:
    if isinstance(kind, Mapping):
        if not isinstance(value, Mapping):
            yield path, f"{_article(value)} stands where ECS takes an object", f"Its members are {', '.join(kind)}"
            return
        for name, member in value.items():
            if name in kind:
                yield from _problems(member, kind[name], (*path, name))
            elif spelled := same_letters(name, kind):
                yield (*path, name), f"ECS knows no member {name}", f"Did you mean {spelled}?"
    elif isinstance(kind, list):
        if not isinstance(value, list):
            yield path, f"{_article(value)} stands where ECS takes a list", "Put it between [ and ]"
            return
        for index, element in enumerate(value):
            if element is not None:
                yield from _problems(element, kind[0], (*path, index))
    elif kind == MAP:
        if not isinstance(value, Mapping):
            yield path, f"{_article(value)} stands where ECS takes a map of texts", "Write {NAME: VALUE, ...}"
            return
        for name, member in value.items():
            yield from _problems(member, TEXT, (*path, name))
    elif isinstance(value, (Mapping, list)):
        yield path, f"{_article(value)} stands where ECS takes a {kind}", f"Write a {kind}"


def same_letters(name: str, kind: Mapping[str, Any]) -> str:
    """The member that differs from a name in capitals only, which no member of ECS does; empty where there is none."""
    return next((member for member in kind if member.lower() == name.lower()), "")


def meant_by(name: str, kind: Mapping[str, Any]) -> str:
    """Which member a person likely meant by a name that is none."""
    near = meant(name, kind)
    return f"Did you mean {near}?" if near else "A newer cfnroles may know it."


def _article(value: Any) -> str:
    if isinstance(value, Mapping) and len(value) == 1 and re.match(r"Fn::|Ref$", next(iter(value))):
        return "a function of CloudFormation"
    return {Mapping: "an object"}.get(
        type(value),
        "an object" if isinstance(value, Mapping) else "a list" if isinstance(value, list) else "a plain value",
    )
