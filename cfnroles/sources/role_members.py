"""The members with roles of an Express Mode service and a capacity provider, which have no task definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from cfnroles.need import Holder
from cfnroles.sources.capacity_provider import MANAGED, PROFILE_PATH
from cfnroles.workload import EXPRESS, PROFILE, PROVIDER, Path, Workload


class RoleMember(Struct, frozen=True):
    """The path of the member that names a role, and the path of the role itself."""

    named: Path
    role: Path


OTHER_ROLES: Mapping[Holder, RoleMember] = {
    **{
        holder: RoleMember(path, path)
        for holder, path in (
            (Holder.INFRASTRUCTURE, (EXPRESS, "infrastructureRoleArn")),
            (Holder.MANAGED_INSTANCES, (PROVIDER, MANAGED, "infrastructureRoleArn")),
        )
    },
    # It names an instance profile, which has one role.
    Holder.INSTANCE: RoleMember((PROVIDER, *PROFILE_PATH), (PROFILE, "roleArn")),
}


def other_roles(workload: Workload) -> Iterator[tuple[Holder, RoleMember]]:
    """Yield the roles of a workload that are not those of a task definition."""
    for holder, member in OTHER_ROLES.items():
        if member.named[0] in workload.settings and workload.at(member.named) is not None:
            yield holder, member
