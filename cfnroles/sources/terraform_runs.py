"""Parts of a configuration that may run a task definition and need something of roles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from cfnroles.hcl.definitions import Site, instances
from cfnroles.hcl.evaluator import decide
from cfnroles.hcl.instances import ResourceInstance
from cfnroles.hcl.module import Module
from cfnroles.hcl.values import Failed, Value
from cfnroles.sources.members import FLAG
from cfnroles.sources.terraform_members import CONTAINERS, TASK_DEFINITION, Attributes, api_name
from cfnroles.sources.terraform_runners import RUNNER_TYPES
from cfnroles.sources.terraform_services import CLUSTER, SERVICE, TASK_SET, Service, cluster_of
from cfnroles.sources.terraform_targets import RunnerOfTasks, runner_of
from cfnroles.sources.unknown_members import members_beside
from cfnroles.symbols import Expression
from cfnroles.table.ecs import FEATURES

#: Arguments of a service with its task definition, cluster and launch type.
_NAMING = ("task_definition", "cluster", "launch_type", "capacity_provider_strategy", "service")
#: Arguments of a task set that do not override its service's.
_OF_TASK_SETS = frozenset({"external_id", "scale", "tags"})
_DEFINITION = re.compile(r"\baws_ecs_task_definition\.([\w-]+)")
#: Sources of a task definition from another place.
_THROUGH = re.compile(r"\b(?:var|local|module|each)\.")


def mentions(running: Site, task: Site) -> bool:
    """Return whether something may run a task definition, without evaluating it."""
    if task.type != TASK_DEFINITION:
        return False
    if running.type in RUNNER_TYPES:
        written = running.block.written
    else:
        node = running.block.body.arguments.get("task_definition")
        if node is None:
            return False
        written = node.written
    named = _DEFINITION.findall(written)
    return bool(_THROUGH.search(written)) or not named or (running.calls == task.calls and task.name in named)


def runners_of(site: Site, module: Module) -> Iterator[RunnerOfTasks]:
    """Yield the instances of runners besides services. Raise Failed if Terraform would fail."""
    kind = RUNNER_TYPES[site.type]
    for each in list(instances(site, module)):
        yield runner_of(each.address, kind, attributes_of(each, kind.arguments, kind.blocks))


def services_of(site: Site, module: Module) -> Iterator[Service]:
    """Yield the instances of a service or a task set, each with its cluster if that is available.

    Raise Failed if Terraform would fail.
    """
    for each in list(instances(site, module)):
        attributes = _asked(each, "service", _NAMING)
        made = [found for found in module.session.made.values() if isinstance(found, ResourceInstance)]
        if site.type == TASK_SET:
            own = {name: value for name, value in attributes.items() if name not in _OF_TASK_SETS}
            attributes = {**_service_of(attributes, made), **own}
        clusters = {found.address: _asked(found, "cluster", ("name",)) for found in made if found.type == CLUSTER}
        yield Service(each.address, attributes, *cluster_of(attributes, clusters))


def _service_of(task_set: Attributes, made: Iterable[ResourceInstance]) -> Attributes:
    """Return the arguments of a task set's service, which the task set may override."""
    value = task_set.get("service")
    named = value.data if isinstance(value, Value) else None
    symbols = (named,) if isinstance(named, Expression) else getattr(named, "symbols", ())
    addresses = {each.address for each in symbols if isinstance(each, Expression)}
    own = [each for each in made if each.type == SERVICE and each.address in addresses]
    return _asked(own[0], "service", _NAMING) if own else {}


def _asked(instance: ResourceInstance, root: str, names: Iterable[str]) -> Attributes:
    """Return the arguments of a resource that rows read; all others are not evaluated."""
    body, kind = instance.block.body, members_beside(root)
    wanted = _of_rows(root)
    kinds = (each.labels[0] if each.type == "dynamic" and each.labels else each.type for each in body.blocks)
    arguments = [name for name in body.arguments if name in names or api_name(name, kind) in wanted]
    blocks = [name for name in dict.fromkeys(kinds) if name in names or api_name(name, kind) in wanted]
    found = attributes_of(instance, arguments, blocks)
    return {name: _decided(instance, name, value, kind.get(api_name(name, kind))) for name, value in found.items()}


def _decided(instance: ResourceInstance, name: str, value: Value | Failed, kind: object) -> Value | Failed:
    """Return an argument of a resource, an unknown truth value as a condition."""
    if kind != FLAG or not isinstance(value, Value) or value.unknown is None:
        return value
    return Value(decide(instance.block.body.arguments[name], instance.scope), value.place)


@cache
def _of_rows(root: str) -> frozenset[str]:
    """Return the members of a service or cluster that rows read."""
    paths = (feature.field.split(".") for feature in FEATURES if feature.field.startswith(f"{root}."))
    return frozenset(path[1].removesuffix("[]") for path in paths)


def attributes_of(instance: ResourceInstance, arguments: Iterable[str], blocks: Iterable[str]) -> Attributes:
    """Return the named attributes of a resource; an error if Terraform would fail."""
    found: dict[str, Value | Failed] = {}
    for name, is_block in (*((each, False) for each in arguments), *((each, True) for each in blocks)):
        try:
            value = instance.blocks(name) if is_block else instance.nullable(name)
        except Failed as failed:
            found[name] = failed
            continue
        # The place of containers that are null says which variable to pass.
        if value is not None and (value.data is not None or name == CONTAINERS):
            found[name] = value
    return found
