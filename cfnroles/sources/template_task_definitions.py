"""The task definitions of a template in the API's spelling, so that one feature table applies to both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.placeholders import as_symbols, texts_in, unresolved
from cfnroles.sources import capacity_provider, express_service
from cfnroles.sources.members import MEMBERS
from cfnroles.sources.template_families import runs_task
from cfnroles.sources.template_instance_profiles import role_in
from cfnroles.sources.template_members import Turned
from cfnroles.sources.template_task_types import (
    CAPACITY_PROVIDER,
    CLUSTER,
    EXPRESS_SERVICE,
    RUNS,
    SERVICE,
    TASK_DEFINITIONS,
    TASK_SET,
    TASKS,
)
from cfnroles.sources.unknown_members import members_beside
from cfnroles.template.template import ResolvedStack, Resource
from cfnroles.text import Text, from_spelling
from cfnroles.workload import EXPRESS, PROFILE, PROVIDER, Path, Workload

#: The settings of a task set itself. All others override its service's, which another tool deploys.
#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateTaskSet.html
_OF_TASK_SETS = frozenset({"ExternalId", "Id", "Scale", "Service", "Tags", "TaskDefinition"})


class TemplateTask(Struct, frozen=True, dict=True):
    """The workload of one resource, and the places of its members in the template.

    ``unseen`` are the places of structures, maps and lists of structures that only CloudFormation can evaluate.
    """

    resource: Resource
    workload: Workload
    sources: Mapping[Path, Path]
    unseen: tuple[Path, ...]

    @cached_property
    def said(self) -> list[tuple[Path, str]]:
        """Path and text of each text in the workload."""
        return list(texts_in(self.workload.tree))

    @cached_property
    def settled(self) -> Mapping[str, Any] | None:
        """The tree with pseudo parameters as symbols; ``None`` if it has placeholders."""
        return None if unresolved(self.workload.tree) else as_symbols(self.workload.tree)

    @property
    def texts(self) -> frozenset[Text]:
        """The partly unknown texts in the workload."""
        return frozenset(text for _, text in self.said if isinstance(text, Text))


def task_definitions(stack: ResolvedStack, document: str, logical_id: str = "") -> Iterator[TemplateTask]:
    """Yield the task definitions of a stack, or the one with this logical ID.

    A list contains the elements of both branches of an undecided condition, anything else the first branch.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-taskdefinition.html
    """
    own = (stack.resources[logical_id],) if logical_id in stack.resources else ()
    for resource in own if logical_id else (each for kind in TASKS for each in stack.of_type(kind)):
        if resource.type not in TASKS:
            continue
        turned = Turned(resource, stack)
        if resource.type == EXPRESS_SERVICE:
            yield _express(turned, document)
            continue
        if resource.type == CAPACITY_PROVIDER:
            yield from _provider(turned, document, stack)
            continue
        tree = turned.structure(resource.properties, MEMBERS, (), ())
        containers = turned.known_containers(tree.get("containerDefinitions"))
        if isinstance(containers, list):
            containers = [_with_image(each, index, turned) for index, each in enumerate(containers)]
        # A placeholder for another tool is only a symbol here.
        tree = as_symbols({**tree, "containerDefinitions": containers})
        workload = Workload(document, tree, hidden=frozenset(turned.unseen))
        yield TemplateTask(resource, workload, turned.sources, tuple(turned.unseen))


def _with_image(container: Any, index: int, turned: Turned) -> Any:
    """Return the container, with an empty image if it certainly has none: ECS refuses it, and its needs are unknown."""
    if not isinstance(container, Mapping) or container.get("image") is not None or turned.stack.changed:
        return container
    place = ("containerDefinitions", index)
    hidden = place in turned.unseen or (*place, "image") in turned.unseen
    return container if hidden or any(name.startswith("Fn::") for name in container) else {**container, "image": ""}


def _express(turned: Turned, document: str) -> TemplateTask:
    """Return the task definition that ECS creates for an Express Mode service, with the places of its members."""
    members = turned.structure(turned.resource.properties, express_service.MEMBERS, (), ())
    tree, places = express_service.as_task(members)
    sources: dict[Path, Path] = {}
    for place in sorted(places, key=len):
        moved = express_service.moved(turned.sources, places[place], place)
        sources |= {to: turned.sources[path] for path, to in moved}
    unseen = tuple(
        to for place, start in places.items() for _, to in express_service.moved(turned.unseen, start, place)
    )
    workload = Workload(document, as_symbols(tree), {EXPRESS: document}, hidden=frozenset(unseen))
    return TemplateTask(turned.resource, workload, sources, unseen)


def _provider(turned: Turned, document: str, stack: ResolvedStack) -> Iterator[TemplateTask]:
    """Yield a capacity provider of Managed Instances, which has no task definition; nothing for any other."""
    members = turned.structure(turned.resource.properties, capacity_provider.MEMBERS, (PROVIDER,), ())
    if "ManagedInstancesProvider" not in turned.resource.properties:
        return
    turned.sources[(PROVIDER,)] = turned.resource.source()
    profile = capacity_provider.profile_of(members)
    role = role_in(profile, stack) if profile else None
    tree = {
        "containerDefinitions": [],
        PROVIDER: capacity_provider.with_roles(members),
        PROFILE: {"roleArn": role} if role else {},
    }
    workload = Workload(document, as_symbols(tree), dict.fromkeys((PROVIDER, PROFILE), document))
    yield TemplateTask(turned.resource, workload, turned.sources, tuple(turned.unseen))


def beside_services(task: TemplateTask, stack: ResolvedStack) -> tuple[TemplateTask, ...]:
    """Return the task definition with each service, task set or daemon of the stack that runs it; alone if none does.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-daemon.html
    """
    running = [each for each in stack.of_type(*RUNS) if runs_task(each, task.resource)]
    return tuple(_beside(task, each, stack) for each in running) or (task,)


def running_elsewhere(stack: ResolvedStack, document: str) -> Iterator[TemplateTask]:
    """Yield what runs a task definition outside of the stack, as if that were empty."""
    own = stack.of_type(*TASK_DEFINITIONS)
    for running in stack.of_type(*RUNS):
        named = running.properties.get(RUNS[running.type][1])
        if named is not None and not any(runs_task(running, each) for each in own):
            empty = TemplateTask(running, Workload(document, {"containerDefinitions": []}), {}, ())
            yield _beside(empty, running, stack)


def _beside(task: TemplateTask, running: Resource, stack: ResolvedStack) -> TemplateTask:
    if running.type == TASK_SET:
        running = _of_task_set(running, stack)
    named = {f"${{{cluster.logical_id}}}": cluster for cluster in stack.of_type(CLUSTER)}
    for cluster in named.copy().values():
        named |= {f"${{{cluster.logical_id}.Arn}}": cluster}
        if isinstance(name := cluster.properties.get("ClusterName"), str):
            named[name] = cluster
    beside = {RUNS[running.type][0]: running}
    cluster_of = running.properties.get("Cluster") or running.properties.get("ClusterArn")
    if isinstance(cluster_of, str) and cluster_of in named:
        beside["cluster"] = named[cluster_of]
    tree, sources, unseen = dict(task.workload.tree), dict(task.sources), list(task.unseen)
    for root, resource in beside.items():
        turned = Turned(resource, stack, sources, unseen)
        sources[(root,)] = resource.source()
        tree[root] = as_symbols(turned.structure(resource.properties, members_beside(root), (root,), ()))
    settings = dict.fromkeys(beside, task.workload.document)
    workload = Workload(task.workload.document, tree, settings, hidden=frozenset(unseen))
    return TemplateTask(task.resource, workload, sources, tuple(unseen))


def _of_task_set(task_set: Resource, stack: ResolvedStack) -> Resource:
    """Return the service of a task set, with the overrides of the task set."""
    own = {name: value for name, value in task_set.properties.items() if name not in _OF_TASK_SETS}
    named = from_spelling(str(task_set.properties.get("Service", "")), policy=False)
    names = [symbol.name.partition(".")[0] for symbol in named.unknown]
    service = next((stack.resources[name] for name in names if name in stack.resources), None)
    if service is None or service.type != SERVICE:
        return replace(task_set, properties=own)
    start: Path = ("Resources", service.logical_id, "Properties")
    sources = {(*start, name): task_set.source(name) for name in own}
    return replace(service, properties={**service.properties, **own}, _sources={**service._sources, **sources})
