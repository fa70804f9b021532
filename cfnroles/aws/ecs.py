"""Amazon ECS, as far as reading goes: task definitions and services, as the API answers them.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cfnroles.aws.connection import Connection
from cfnroles.aws.refusals import answering
from cfnroles.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient


class Ecs:
    """Amazon ECS in one account and Region. Every method raises ``Unavailable`` when AWS cannot be asked or refuses."""

    def __init__(self, connection: Connection) -> None:
        self._client: ECSClient = connection.client("ecs")

    def task_definition(self, name: str) -> str:
        """The task definition of a family, of FAMILY:REVISION or of an ARN, as JSON text."""
        with answering("ecs:DescribeTaskDefinition"):
            answer: Any = self._client.describe_task_definition(taskDefinition=name, include=["TAGS"])
        return _text({"taskDefinition": answer["taskDefinition"], "tags": answer.get("tags", [])})

    def service(self, cluster: str, name: str) -> tuple[str, str]:
        """A service as JSON text, and the ARN of its task definition."""
        with answering("ecs:DescribeServices"):
            answer: Any = self._client.describe_services(cluster=cluster, services=[name])
        if not answer["services"]:
            raise Unavailable(
                f"the cluster {cluster} has no service {name}", remedy="Check --profile, --region and the names."
            )
        service = answer["services"][0]
        return _text({"services": [service]}), str(service["taskDefinition"])

    def services(self, cluster: str, names: Sequence[str]) -> dict[str, Any]:
        """DescribeServices, of at most ten: with their events and deployments, and which of them there are not."""
        with answering("ecs:DescribeServices"):
            return _answer(self._client.describe_services(services=[*names], **_of(cluster)))

    def tasks(self, cluster: str, names: Sequence[str]) -> dict[str, Any]:
        """DescribeTasks, of at most a hundred; those that stopped more than an hour ago may be gone."""
        with answering("ecs:DescribeTasks"):
            return _answer(self._client.describe_tasks(tasks=[*names], **_of(cluster)))

    def stopped_tasks(self, cluster: str, *, service: str = "", family: str = "") -> tuple[tuple[str, ...], bool]:
        """ListTasks: the ARNs of a hundred stopped tasks of a service or family, and whether there are more."""
        whose: Any = {"serviceName": service} if service else {"family": family}
        with answering("ecs:ListTasks"):
            answer = self._client.list_tasks(desiredStatus="STOPPED", maxResults=MOST_TASKS, **whose, **_of(cluster))
        return tuple(answer["taskArns"]), bool(answer.get("nextToken"))


#: As many tasks as one answer lists, and one request describes.
MOST_TASKS = 100


def _of(cluster: str) -> Any:
    return {"cluster": cluster} if cluster else {}


def _answer(answer: Any) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _text(answer: Any) -> str:
    return json.dumps(answer, indent=2, default=str) + "\n"
