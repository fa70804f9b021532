"""Read access to Amazon ECS: task definitions and services, as the API returns them.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from cfnroles.aws.connection import Connection
from cfnroles.aws.refusals import answering
from cfnroles.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient


class Ecs:
    """Amazon ECS in one account and Region. Errors are those of ``cfnroles.aws.refusals``."""

    def __init__(self, connection: Connection, *, patient: bool = False) -> None:
        self._connection, self._patient = connection, patient

    @cached_property
    def _client(self) -> ECSClient:
        connection = self._connection
        client: ECSClient = connection.client("ecs", patient=True) if self._patient else connection.client("ecs")
        return client

    def task_definition(self, name: str) -> str:
        """Return the task definition of a family, FAMILY:REVISION or ARN, as JSON text."""
        with answering("ecs:DescribeTaskDefinition"):
            answer: Any = self._client.describe_task_definition(taskDefinition=name, include=["TAGS"])
        return _text({"taskDefinition": answer["taskDefinition"], "tags": answer.get("tags", [])})

    def service(self, cluster: str, name: str) -> tuple[str, str]:
        """Return a service as JSON text, and the ARN of its task definition."""
        with answering("ecs:DescribeServices"):
            answer: Any = self._client.describe_services(cluster=cluster, services=[name])
        if not answer["services"]:
            raise Unavailable(
                f"the cluster {cluster} has no service {name}", remedy="Check the names, --region and --profile."
            )
        service = answer["services"][0]
        return _text({"services": [service]}), str(service["taskDefinition"])

    def registered(self, name: str) -> dict[str, Any]:
        """Return the task definition as returned, without tags."""
        with answering("ecs:DescribeTaskDefinition"):
            answer: Any = self._client.describe_task_definition(taskDefinition=name)
        return _answer(answer)

    def definitions(self) -> Iterator[str]:
        """ListTaskDefinitions: the ARNs of all ACTIVE ones, by family and revision, with pages on demand."""
        yield from self._listed("ecs:ListTaskDefinitions", "list_task_definitions", "taskDefinitionArns", sort="ASC")

    def families(self) -> Iterator[str]:
        """ListTaskDefinitionFamilies: the families with an ACTIVE task definition."""
        yield from self._listed("ecs:ListTaskDefinitionFamilies", "list_task_definition_families", "families")

    def used(self) -> Iterator[str]:
        """Yield the ARNs of the task definitions of all services, deployments and running tasks, possibly repeated."""
        for cluster in self._pages("ecs:ListClusters", "list_clusters", "clusterArns"):
            services = self._pages("ecs:ListServices", "list_services", "serviceArns", cluster=cluster)
            for names in _batches(services, _MOST_SERVICES):
                for service in self.services(cluster, names)["services"]:
                    yield service["taskDefinition"]
                    held = (*service.get("deployments", ()), *service.get("taskSets", ()))
                    yield from (each["taskDefinition"] for each in held if "taskDefinition" in each)
            running = self._pages("ecs:ListTasks", "list_tasks", "taskArns", cluster=cluster)
            for names in _batches(running, MOST_TASKS):
                yield from (task["taskDefinitionArn"] for task in self.tasks(cluster, names)["tasks"])

    def _listed(self, call: str, operation: str, member: str, **more: str) -> Iterator[str]:
        yield from self._pages(call, operation, member, status="ACTIVE", **more)

    def _pages(self, call: str, operation: str, member: str, **asked: str) -> Iterator[str]:
        """Yield the elements of all pages, each read on demand, with other calls in between."""
        ask, token = getattr(self._client, operation), dict[str, str]()
        while True:
            with answering(call):
                page: Any = ask(maxResults=_PAGE, **asked, **token)
            yield from page[member]
            if not page.get("nextToken"):
                return
            token = {"nextToken": page["nextToken"]}

    def services(self, cluster: str, names: Sequence[str]) -> dict[str, Any]:
        """DescribeServices for at most ten: their events and deployments, and the failures."""
        with answering("ecs:DescribeServices"):
            return _answer(self._client.describe_services(services=[*names], **_of(cluster)))

    def tasks(self, cluster: str, names: Sequence[str]) -> dict[str, Any]:
        """DescribeTasks for at most a hundred. Tasks that stopped more than an hour ago may be missing."""
        with answering("ecs:DescribeTasks"):
            return _answer(self._client.describe_tasks(tasks=[*names], **_of(cluster)))

    def stopped_tasks(self, cluster: str, *, service: str = "", family: str = "") -> tuple[tuple[str, ...], bool]:
        """ListTasks: the ARNs of a hundred stopped tasks of a service or family, and whether there are more."""
        whose: Any = {"serviceName": service} if service else {"family": family}
        with answering("ecs:ListTasks"):
            answer = self._client.list_tasks(desiredStatus="STOPPED", maxResults=MOST_TASKS, **whose, **_of(cluster))
        return tuple(answer["taskArns"]), bool(answer.get("nextToken"))


#: The page size of the list, and the maximum of a DescribeTasks request.
MOST_TASKS = 100
#: The maximum of DescribeServices, and the page size of the list.
_MOST_SERVICES, _PAGE = 10, 100


def _batches(names: Iterable[str], size: int) -> Iterator[list[str]]:
    iterator = iter(names)
    while batch := list(islice(iterator, size)):
        yield batch


def _of(cluster: str) -> Any:
    return {"cluster": cluster} if cluster else {}


def _answer(answer: Any) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _text(answer: Any) -> str:
    return json.dumps(answer, indent=2, default=str) + "\n"
