"""Express Mode services: the input that creates or updates one, or ECS's description of one.

ECS creates a task definition from its container. So does this module, so that the same rows apply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cfnroles.document import Document
from cfnroles.errors import InvalidInput
from cfnroles.placeholders import as_symbols, placeholder
from cfnroles.sources.members import recorded, structure
from cfnroles.sources.task_definition import filled, pruned, with_images
from cfnroles.sources.told import Told
from cfnroles.workload import EXPRESS, Path, Workload

#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateExpressGatewayService.html
MEMBERS: Mapping[str, Any] = structure(
    *(recorded()["takes"][f"{verb}ExpressGatewayService"] for verb in ("Create", "Update"))
)
_CONFIGURATION = "ExpressGatewayServiceConfiguration"
_ANSWERED_ONLY = {
    name
    for shape in ("ECSExpressGatewayService", "UpdatedExpressGatewayService", _CONFIGURATION)
    for name in recorded()["answers"][shape]
} - MEMBERS.keys()
#: Members with the same name in a task definition.
_OF_TASK = ("executionRoleArn", "taskRoleArn", "cpu", "memory")
_OF_CONTAINER = ("image", "command", "environment", "secrets", "repositoryCredentials")
#: Members that exist even if they are not given.
_ALWAYS = ("infrastructureRoleArn", "primaryContainer")
_CONTAINER: Path = ("containerDefinitions", 0)
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html#ecs-resource-ids
_ARN = re.compile(r"arn:[^:]*:ecs:([a-z0-9-]+):(\d{12}):service/([^/]+)/([^/]+)")

_Places = Mapping[str, Path]


def read_express_service(document: Document, told: Told | None = None) -> Workload:
    """Return the workload of an Express Mode service, with the given values and image.

    Its family is the service's name; empty if ECS generates that. Raise InvalidInput for a description with several
    configurations, and for values and images that have no place in it.
    """
    told = told or Told()
    members, places = _described(document)
    members = filled(pruned(members), told.values, document.name)
    tree, placed = as_task(members, places)
    if tree["containerDefinitions"]:
        tree["containerDefinitions"] = with_images(tree["containerDefinitions"], told.images, document.name)
    elif told.images:
        raise InvalidInput("--image: the service has no primaryContainer", where=document.name)
    name = told.family or tree[EXPRESS].get("serviceName")
    if isinstance(name, str) and name and not placeholder(name):
        tree["family"] = name
    return Workload(document.name, as_symbols(tree), {EXPRESS: document.name}, placed)


def as_task(members: Mapping[str, Any], places: _Places | None = None) -> tuple[dict[str, Any], dict[Path, Path]]:
    """Return the task definition that ECS creates for a service, and the place of each part in the service.

    ``places`` are the paths of members that are not at the top.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-work.html
    """
    places = {name: (places or {}).get(name, (name,)) for name in (*members, *_ALWAYS)}
    # A missing role is the one that is built.
    service = {"infrastructureRoleArn": "", **{name: members[name] for name in members if name not in _OF_TASK}}
    placed: dict[Path, Path] = {(EXPRESS, name): place for name, place in places.items()}
    if named := _ARN.fullmatch(str(service.get("serviceArn", ""))):
        for name, value in (("cluster", named[3]), ("serviceName", named[4])):
            service.setdefault(name, value)
            placed.setdefault((EXPRESS, name), places["serviceArn"])
    tree: dict[str, Any] = {name: members[name] for name in _OF_TASK if name in members}
    placed.update({(name,): places[name] for name in tree})
    placed[("family",)] = placed.get((EXPRESS, "serviceName"), ())
    placed |= _places_in(places["primaryContainer"])
    containers: list[dict[str, Any]] = []
    if isinstance(primary := service.get("primaryContainer"), Mapping):
        container, left = _container(primary)
        containers.append(container)
        service = {name: value for name, value in service.items() if name != "primaryContainer"}
        service |= {"primaryContainer": left} if left else {}
    fixed = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "containerDefinitions": containers}
    return {**tree, **fixed, EXPRESS: service}, placed


def moved(paths: Iterable[Path], start: Path, place: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the paths that begin with ``start``, with ``place`` in its place."""
    return ((path, (*place, *path[len(start) :])) for path in paths if path[: len(start)] == start)


def _described(document: Document) -> tuple[Mapping[str, Any], _Places]:
    """Return the members of the service, and their places if it is a description from ECS."""
    members = document.members
    service = members.get("service")
    if not isinstance(service, Mapping):
        return {name: value for name, value in members.items() if name != "$schema"}, {}
    name, index, configuration = _configuration(service, document.name)
    places: dict[str, Path] = {each: ("service", each) for each in service}
    places.update({each: ("service", name, *index, each) for each in configuration})
    found = {**service, **configuration}
    return {each: value for each, value in found.items() if each not in _ANSWERED_ONLY}, places


def _configuration(service: Mapping[str, Any], document: str) -> tuple[str, Path, Mapping[str, Any]]:
    target, active = service.get("targetConfiguration"), service.get("activeConfigurations")
    if isinstance(target, Mapping):
        return "targetConfiguration", (), target
    if isinstance(active, list) and len(active) == 1 and isinstance(active[0], Mapping):
        return "activeConfigurations", (0,), active[0]
    count = len(active) if isinstance(active, list) else 0
    raise InvalidInput(
        f"has {count} active configurations, expected one",
        where=document,
        why="During a deployment, a service has the old and the new configuration.",
        remedy="Describe the service again after the deployment, or keep one of activeConfigurations.",
    )


def _container(primary: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the container definition that ECS creates, and the members that no container definition has."""
    container = {"name": "Main", **{name: primary[name] for name in _OF_CONTAINER if name in primary}}
    left = {name: value for name, value in primary.items() if name not in _OF_CONTAINER}
    logging = primary.get("awsLogsConfiguration")
    if isinstance(logging, Mapping) and logging.get("logGroup"):
        prefix = logging.get("logStreamPrefix") or "ecs"
        options = {"awslogs-group": logging["logGroup"], "awslogs-stream-prefix": prefix}
        container["logConfiguration"] = {"logDriver": "awslogs", "options": options}
        unknown = {name: value for name, value in logging.items() if name not in ("logGroup", "logStreamPrefix")}
        left = {**left, "awsLogsConfiguration": unknown} if unknown else _without(left, "awsLogsConfiguration")
    return container, left


def _places_in(container: Path) -> dict[Path, Path]:
    logging, options = (*container, "awsLogsConfiguration"), (*_CONTAINER, "logConfiguration", "options")
    return {
        _CONTAINER: container,
        (*_CONTAINER, "name"): container,
        options[:-1]: logging,
        options: logging,
        (*options, "awslogs-group"): (*logging, "logGroup"),
        (*options, "awslogs-stream-prefix"): (*logging, "logStreamPrefix"),
    }


def _without(tree: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {each: value for each, value in tree.items() if each != name}
