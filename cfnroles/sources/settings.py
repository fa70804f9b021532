"""Settings that ECS takes outside of the task definition: from a service's description, or from options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cfnroles.document import parse
from cfnroles.errors import InvalidInput
from cfnroles.workload import Workload

#: The document that settings from options name as their origin.
COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class ExecuteCommand:
    """How ECS Exec is configured on the cluster. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html"""

    enabled: bool = False
    log_group: str = ""
    bucket: str = ""
    key: str = ""


def read_service(text: str, document: str) -> Mapping[str, Any]:
    """The settings of a service: what create-service takes, or what describe-services answers about one service.

    Raises InvalidInput for any other text.
    """
    data = parse(text, document)
    if isinstance(data, dict) and isinstance(data.get("services"), list) and len(data["services"]) == 1:
        data = data["services"][0]
    if isinstance(data, dict) and isinstance(data.get("service"), dict):
        data = data["service"]
    if not isinstance(data, dict) or "containerDefinitions" in data or "taskDefinition" not in data:
        raise InvalidInput(
            "is not the description of one service",
            where=document,
            remedy="Give what `aws ecs create-service` takes, or what `aws ecs describe-services` answers.",
        )
    return {name: value for name, value in data.items() if value is not None}


def with_settings(
    workload: Workload,
    service: Mapping[str, Any],
    service_document: str,
    launch_type: str = "",
    execute_command: ExecuteCommand | None = None,
    guard_duty: bool = False,
) -> Workload:
    """The workload with settings beside its task definition; options prevail over the service's description."""
    exec_ = execute_command or ExecuteCommand()
    chosen: dict[str, Any] = {"launchType": launch_type} if launch_type else {}
    if exec_ != ExecuteCommand():
        chosen["enableExecuteCommand"] = True
    merged = {**service, **chosen}
    cluster = _cluster(exec_)
    tree = dict(workload.tree)
    documents = dict(workload.settings)
    if merged:
        tree["service"] = merged
        documents["service"] = service_document if service else COMMAND_LINE
    if cluster:
        tree["cluster"] = {"configuration": {"executeCommandConfiguration": cluster}}
        documents["cluster"] = COMMAND_LINE
    if guard_duty:
        tree["account"] = {"guardDutyActivate": "on"}
        documents["account"] = COMMAND_LINE
    return Workload(workload.document, tree, documents)


def _cluster(exec_: ExecuteCommand) -> dict[str, Any]:
    bucket, _, prefix = exec_.bucket.removeprefix("s3://").partition("/")
    logging = {
        "cloudWatchLogGroupName": exec_.log_group,
        "s3BucketName": bucket,
        "s3KeyPrefix": prefix.strip("/"),
    }
    logging = {name: value for name, value in logging.items() if value}
    cluster: dict[str, Any] = {}
    if exec_.key:
        cluster["kmsKeyId"] = exec_.key
    if logging:
        cluster["logging"] = "OVERRIDE"
        cluster["logConfiguration"] = logging
    return cluster
