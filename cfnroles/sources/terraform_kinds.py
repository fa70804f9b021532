"""The resources of Terraform that have roles: task definitions, Express Mode services and capacity providers.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecs_express_gateway_service
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecs_capacity_provider
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cfnroles.need import Holder
from cfnroles.sources import capacity_provider, express_service
from cfnroles.sources.terraform_instance_profiles import Found, role_in
from cfnroles.sources.terraform_members import (
    ARGUMENTS,
    BLOCKS,
    TASK_DEFINITION,
    Attributes,
    Turned,
    TurnedParts,
    api_name,
)
from cfnroles.text import Text
from cfnroles.workload import EXPRESS, PROFILE, PROVIDER, Path

EXPRESS_SERVICE, CAPACITY_PROVIDER = "aws_ecs_express_gateway_service", "aws_ecs_capacity_provider"
#: The block without which a capacity provider has no roles.
MANAGED = "managed_instances_provider"


class Kind(Struct, frozen=True):
    """How a type of resource is read: its arguments and its blocks, and the workload that they are.

    ``turned`` returns ``None`` for a resource without roles; resources that are nearly the same share its parts.
    ``computed`` are the attributes that AWS decides if they are left out.
    """

    arguments: Sequence[str]
    blocks: Sequence[str]
    turned: Callable[[str, Attributes, Found, TurnedParts], Turned | None]
    computed: frozenset[str] = frozenset()


def _task_definition(address: str, given: Attributes, found: Found, parts: TurnedParts) -> Turned:
    return Turned(address).attributes(given, parts)


def _express(address: str, given: Attributes, found: Found, parts: TurnedParts) -> Turned:
    """The task definition that ECS creates from an Express Mode service, each member at its place in the service."""
    service = Turned(address)
    for name in (*KINDS[EXPRESS_SERVICE].arguments, *KINDS[EXPRESS_SERVICE].blocks):
        service.places[(EXPRESS, api_name(name, express_service.MEMBERS))] = (address, name)
    service.beside(EXPRESS, address, given, express_service.MEMBERS)
    tree, places = express_service.as_task(service.tree[EXPRESS])
    turned = Turned(address, {**tree, **_family(tree[EXPRESS], "serviceName")})
    for place in sorted(places, key=len):
        start: Path = (EXPRESS, *places[place])
        turned.places[place] = service.place(start)
        turned.places |= {to: service.places[path] for path, to in express_service.moved(service.places, start, place)}
        turned.spots |= {to: service.spots[path] for path, to in express_service.moved(service.spots, start, place)}
        unseen = {each.path: each for each in service.unseen}
        turned.unseen += (replace(unseen[path], path=to) for path, to in express_service.moved(unseen, start, place))
    turned.settings = dict(service.settings)
    return turned


def _provider(address: str, given: Attributes, found: Found, parts: TurnedParts) -> Turned | None:
    """A capacity provider of Managed Instances, which has no task definition."""
    turned = Turned(address, {"containerDefinitions": []})
    turned.beside(PROVIDER, address, given, capacity_provider.MEMBERS)
    members = turned.tree[PROVIDER]
    if capacity_provider.MANAGED not in members and not turned.unseen:
        return None
    profile = capacity_provider.profile_of(members)
    role = role_in(profile, found) if profile else None
    turned.tree |= {
        PROVIDER: capacity_provider.with_roles(members),
        PROFILE: _profile(role),
        **_family(members, "name"),
    }
    turned.places[(PROFILE,)] = turned.place((PROVIDER, *capacity_provider.PROFILE_PATH))
    turned.settings[PROFILE] = turned.settings[PROVIDER]
    return turned


def _family(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The family by which roles are called, from the name that the resource has."""
    called = members.get(name)
    return {"family": called} if isinstance(called, str) and called else {}


def _profile(role: Text | None) -> dict[str, Any]:
    return {"roleArn": role} if role else {}


KINDS: Mapping[str, Kind] = {
    TASK_DEFINITION: Kind(ARGUMENTS, tuple(BLOCKS), _task_definition),
    EXPRESS_SERVICE: Kind(
        (
            *("service_name", "cluster", "cpu", "memory", "task_definition_arn", "network_configuration"),
            *("execution_role_arn", "task_role_arn", "infrastructure_role_arn"),
        ),
        # What is not a block in the provider's schema may be written as one.
        ("primary_container", "network_configuration"),
        _express,
        frozenset(
            {
                *("service_name", "cluster", "cpu", "memory", "network_configuration"),
                *("aws_logs_configuration", "container_port"),
            }
        ),
    ),
    CAPACITY_PROVIDER: Kind(("name", "cluster"), (MANAGED,), _provider),
}


#: Where a resource names its roles: the blocks around the argument, and the argument.
ROLE_ARGUMENTS: Mapping[str, Mapping[Holder, tuple[str, ...]]] = {
    TASK_DEFINITION: {Holder.EXECUTION: ("execution_role_arn",), Holder.TASK: ("task_role_arn",)},
    EXPRESS_SERVICE: {
        Holder.EXECUTION: ("execution_role_arn",),
        Holder.TASK: ("task_role_arn",),
        Holder.INFRASTRUCTURE: ("infrastructure_role_arn",),
    },
    CAPACITY_PROVIDER: {
        Holder.MANAGED_INSTANCES: (MANAGED, "infrastructure_role_arn"),
        Holder.INSTANCE: (MANAGED, "instance_launch_template", "ec2_instance_profile_arn"),
    },
}


def role_argument(address: str, holder: Holder) -> str:
    """The argument of a resource that names one of its roles; empty if another resource names that role."""
    kind = next((each for each in KINDS if re.search(rf"\b{each}\.", address)), TASK_DEFINITION)
    return ROLE_ARGUMENTS[kind].get(holder, ("",))[-1]


def may_have_roles(kind: str, members: Sequence[str] | str) -> bool:
    """Whether a resource of one of these types with these members, or with this text, may have roles."""
    return kind != CAPACITY_PROVIDER or MANAGED in members
