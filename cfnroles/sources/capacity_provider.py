"""Capacity providers of Managed Instances, which run no task themselves and have two roles.

A capacity provider with an Auto Scaling group has none: Amazon ECS scales the group with its service-linked role, and
the instances have the role in the group's launch template.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles-for-clusters.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfnroles.sources.members import recorded, structure

#: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCapacityProvider.html
MEMBERS: Mapping[str, Any] = structure(
    *(recorded()["takes"][f"{verb}CapacityProvider"] for verb in ("Create", "Update"))
)
MANAGED = "managedInstancesProvider"
_TEMPLATE, _PROFILE = "instanceLaunchTemplate", "ec2InstanceProfileArn"
#: The path of the instance profile.
PROFILE_PATH = (MANAGED, _TEMPLATE, _PROFILE)


def with_roles(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a capacity provider. A missing role or profile is the one that is built."""
    managed = members.get(MANAGED)
    if not isinstance(managed, Mapping):
        return dict(members)
    launched = managed.get(_TEMPLATE)
    launched = {_PROFILE: "", **(launched if isinstance(launched, Mapping) else {})}
    return {**members, MANAGED: {"infrastructureRoleArn": "", **managed, _TEMPLATE: launched}}


def profile_of(members: Mapping[str, Any]) -> str:
    """Return what names the instance profile; empty if nothing does."""
    part: Any = members
    for name in PROFILE_PATH:
        part = part.get(name) if isinstance(part, Mapping) else None
    return part if isinstance(part, str) else ""
