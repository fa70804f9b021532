"""ECS settings outside of the task definition, from a service's description or from options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from msgspec.structs import replace

from cfnroles.document import Document, parse
from cfnroles.errors import InvalidInput
from cfnroles.placeholders import as_symbols, fill
from cfnroles.sources.capacity_provider import with_roles
from cfnroles.sources.members import recorded
from cfnroles.sources.told import Told
from cfnroles.workload import PROVIDER, Workload

#: The document of settings from options.
COMMAND_LINE = "command line"


def read_service(text: str, document: str) -> Mapping[str, Any]:
    """Return the settings of a service: create-service input, or describe-services output for one service.

    Some settings, such as Service Connect, are only in the deployments of the output: they come from the primary one.
    Raise InvalidInput for any other text.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
    """
    data = parse(text, document)
    if isinstance(data, dict) and isinstance(data.get("services"), list) and len(data["services"]) == 1:
        data = data["services"][0]
    if isinstance(data, dict) and isinstance(data.get("service"), dict):
        data = data["service"]
    if not isinstance(data, dict) or "containerDefinitions" in data or "taskDefinition" not in data:
        raise InvalidInput(
            "is not the definition of one service",
            where=document,
            remedy="Pass the input of `aws ecs create-service` or `aws ecs create-daemon`, or the output of `aws"
            " ecs describe-services`.",
        )
    settings = {**_deployed(data), **data}
    return {name: value for name, value in settings.items() if value is not None}


def create_service(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings that create-service accepts, without the others in ECS's description.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
    """
    return {name: value for name, value in settings.items() if name in _taken()}


def _deployed(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings that describe-services only has in the primary deployment."""
    deployments = data.get("deployments")
    for each in deployments if isinstance(deployments, list) else ():
        if isinstance(each, dict) and each.get("status") == "PRIMARY":
            return {name: each[name] for name in _taken() - set(recorded()["answers"]["Service"]) if name in each}
    return {}


@cache
def _taken() -> frozenset[str]:
    return frozenset(re.split(r"[.\[]", path)[0] for path in recorded()["takes"]["CreateService"])


def read_capacity_provider(text: str, document: str) -> Mapping[str, Any]:
    """Return create-capacity-provider input for Managed Instances. Raise InvalidInput for any other text."""
    data = parse(text, document)
    managed = data.get("managedInstancesProvider") if isinstance(data, dict) else None
    if not isinstance(managed, dict) or not isinstance(managed.get("instanceLaunchTemplate"), dict):
        raise InvalidInput(
            "is not a Managed Instances capacity provider",
            where=document,
            remedy="Pass the input of `aws ecs create-capacity-provider` with managedInstancesProvider and"
            " instanceLaunchTemplate.",
        )
    return {name: value for name, value in data.items() if value is not None}


def gateway_beside(workload: Workload, gateway: Document) -> Workload:
    """Return the workload with input of create-gateway or update-gateway, with placeholders as symbols.

    A missing role is the one that is built. Raise InvalidInput for any other text.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateGateway.html
    """
    data = parse(gateway.text, gateway.name)
    if not isinstance(data, dict) or not isinstance(data.get("configuration"), dict):
        raise InvalidInput(
            "is not a gateway",
            where=gateway.name,
            remedy="Pass the input of `aws ecs create-gateway` with name and configuration.",
        )
    described = {"infrastructureRoleArn": "", **{name: value for name, value in data.items() if value is not None}}
    tree = as_symbols({**workload.tree, "gateway": described})
    return replace(workload, tree=tree, settings={**workload.settings, "gateway": gateway.name})


def provided_beside(workload: Workload, provider: Document) -> Workload:
    """Return the workload with a capacity provider, with placeholders as symbols.

    A missing role or profile is the one that is built.
    """
    described = read_capacity_provider(provider.text, provider.name)
    tree = as_symbols({**workload.tree, PROVIDER: with_roles(described)})
    return replace(workload, tree=tree, settings={**workload.settings, PROVIDER: provider.name})


def filled_by(description: Document, values: Mapping[str, str]) -> frozenset[str]:
    """Return the placeholder values that have a place in what is next to a task definition."""
    return fill(parse(description.text, description.name), values)[1]


def described_beside(workload: Workload, service: Document, values: Mapping[str, str]) -> Workload:
    """Return the workload with the description of a service or daemon.

    Placeholders are filled, or symbols. Raise InvalidInput for any other description.
    """
    daemon = _daemon(service)
    described, _ = fill(daemon or read_service(service.text, service.name), values)
    root = "daemon" if daemon else "service"
    tree = as_symbols({**workload.tree, root: described})
    return replace(workload, tree=tree, settings={**workload.settings, root: service.name})


def _daemon(document: Document) -> Mapping[str, Any]:
    """Return the input of create-daemon in a document, or nothing.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateDaemon.html
    """
    data = parse(document.text, document.name)
    if not isinstance(data, dict) or "daemonTaskDefinitionArn" not in data:
        return {}
    return {name: value for name, value in data.items() if value is not None}


def with_settings(workload: Workload, service: Document | None, told: Told, run: Document | None = None) -> Workload:
    """Return the workload with settings; given ones override those of the service's description."""
    if service:
        workload = described_beside(workload, service, told.values)
    if run:
        from cfnroles.sources.runs import run_beside

        workload = run_beside(workload, run, told.values)
    chosen: dict[str, Any] = {"launchType": told.launch_type} if told.launch_type else {}
    cluster = _cluster(told)
    if told.execute_command or "executeCommandConfiguration" in cluster:
        chosen["enableExecuteCommand"] = True
    tree, documents = dict(workload.tree), dict(workload.settings)
    if chosen:
        described = tree["service"] if "service" in documents else {}
        tree["service"] = {**described, **chosen}
        documents.setdefault("service", COMMAND_LINE)
    if cluster:
        tree["cluster"] = {"configuration": cluster}
        documents["cluster"] = COMMAND_LINE
    if told.guard_duty:
        tree["account"] = {"guardDutyActivate": "on"}
        documents["account"] = COMMAND_LINE
    return replace(workload, tree=tree, settings=documents)


def _cluster(told: Told) -> dict[str, Any]:
    """Return the cluster's configuration: of ECS Exec, and of the volumes that ECS creates."""
    execute_command = _execute_command(told)
    configuration = {"executeCommandConfiguration": execute_command} if execute_command else {}
    if told.managed_storage_key:
        configuration["managedStorageConfiguration"] = {"kmsKeyId": told.managed_storage_key}
    return configuration


def _execute_command(told: Told) -> dict[str, Any]:
    """Return the configuration of ECS Exec.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
    """
    bucket, _, prefix = told.execute_command_bucket.removeprefix("s3://").partition("/")
    logging = {
        "cloudWatchLogGroupName": told.execute_command_log_group,
        "s3BucketName": bucket,
        "s3KeyPrefix": prefix.strip("/"),
    }
    logging = {name: value for name, value in logging.items() if value}
    cluster: dict[str, Any] = {"kmsKeyId": told.execute_command_key} if told.execute_command_key else {}
    return {**cluster, "logging": "OVERRIDE", "logConfiguration": logging} if logging else cluster
