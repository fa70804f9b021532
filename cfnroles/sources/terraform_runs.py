"""The services of a configuration that may run a task definition, as far as they ask something of its roles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from cfnroles.hcl.definitions import Site, instances
from cfnroles.hcl.instances import ResourceInstance
from cfnroles.hcl.module import Module
from cfnroles.hcl.values import Failed, Value
from cfnroles.sources.terraform_members import Attributes, api_name
from cfnroles.sources.terraform_services import CLUSTER, Service, cluster_of
from cfnroles.sources.unknown_members import members_beside
from cfnroles.table.ecs import FEATURES

#: What of a service says which task definition it runs, where, and on what.
_NAMING = ("task_definition", "cluster", "launch_type", "capacity_provider_strategy")
_DEFINITION = re.compile(r"\baws_ecs_task_definition\.([\w-]+)")
#: By these a task definition may come from elsewhere.
_THROUGH = re.compile(r"\b(?:var|local|module|each)\.")


def mentions(service: Site, task: Site) -> bool:
    """Whether a service may run a task definition, as far as one sees without working out what it says."""
    node = service.block.body.arguments.get("task_definition")
    if node is None:
        return False
    named = _DEFINITION.findall(node.written)
    return bool(_THROUGH.search(node.written)) or not named or (service.calls == task.calls and task.name in named)


def services_of(site: Site, module: Module) -> Iterator[Service]:
    """The instances of a service, each with its cluster where that is at hand.

    Raises Failed where Terraform would stop on the way to them.
    """
    for each in list(instances(site, module)):
        attributes = _asked(each, "service", _NAMING)
        made = [found for found in module.session.made.values() if isinstance(found, ResourceInstance)]
        clusters = {found.address: _asked(found, "cluster", ("name",)) for found in made if found.type == CLUSTER}
        yield Service(each.address, attributes, *cluster_of(attributes, clusters))


def _asked(instance: ResourceInstance, root: str, names: Iterable[str]) -> Attributes:
    """What a resource says that a row is about; all else would be worked out in vain."""
    body, kind = instance.block.body, members_beside(root)
    wanted = _of_rows(root)
    kinds = (each.labels[0] if each.type == "dynamic" and each.labels else each.type for each in body.blocks)
    arguments = [name for name in body.arguments if name in names or api_name(name, kind) in wanted]
    blocks = [name for name in dict.fromkeys(kinds) if name in names or api_name(name, kind) in wanted]
    return attributes_of(instance, arguments, blocks)


@cache
def _of_rows(root: str) -> frozenset[str]:
    """The members of a service or a cluster that a row is about."""
    paths = (feature.field.split(".") for feature in FEATURES if feature.field.startswith(f"{root}."))
    return frozenset(path[1].removesuffix("[]") for path in paths)


def attributes_of(instance: ResourceInstance, arguments: Iterable[str], blocks: Iterable[str]) -> Attributes:
    """What the configuration says of a resource by these names; an error where Terraform would stop."""
    found: dict[str, Value | Failed] = {}
    for name, is_block in (*((each, False) for each in arguments), *((each, True) for each in blocks)):
        try:
            value = instance.blocks(name) if is_block else instance.argument(name)
        except Failed as failed:
            found[name] = failed
            continue
        if value is not None:
            found[name] = value
    return found
