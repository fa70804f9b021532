"""The role that a service passes to ECS for its load balancer, instead of the service-linked role."""

from __future__ import annotations

from collections.abc import Iterator

from cfnroles.need import Holder, Standing
from cfnroles.table.feature import Feature, Found, Malformed, Unnamed

_SOURCE = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html"
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles-for-clusters.html
_LINKED = "AWSServiceRoleForECS"
_LEFT_OUT = "Remove it: ECS uses its service-linked role."
#: The remedy for a role that ECS accepts and that is not judged.
BY_HAND = "Remove it, and ECS uses its service-linked role. Otherwise review the role yourself"


def may_be_there(found: Found) -> None:
    """Raise Malformed if ECS accepts no role for a load balancer, otherwise Unnamed: such a role is not judged."""
    if not found.text or _LINKED in found.text:
        return
    if why := next(_refused(found), ""):
        raise Malformed(f"ECS does not accept a role for a load balancer {why}", _LEFT_OUT)
    raise Unnamed(
        f"the role {found.text.written} that the service uses for its load balancer is not judged",
        BY_HAND,
    )


def _refused(found: Found) -> Iterator[str]:
    """Yield why ECS requires its service-linked role, according to the documents."""
    balancers = found.parent.get("loadBalancers")
    if not balancers:
        yield "if the service has no load balancer"
    if isinstance(balancers, list) and len([each for each in balancers if "targetGroupArn" in each]) > 1:
        yield "if the service has several target groups"
    if found.workload.at(("networkMode",)) == "awsvpc":
        yield "if the network mode of the task definition is awsvpc"
    if found.parent.get("serviceRegistries"):
        yield "if the service uses service discovery"
    if found.workload.at(("service", "deploymentController", "type")) == "EXTERNAL":
        yield "if the deployment controller is EXTERNAL"


FEATURES = (
    Feature(
        name="service-role",
        field="service.role",
        holder=Holder.INFRASTRUCTURE,
        why="ECS registers the tasks with the load balancer, with the role that the service names",
        source=_SOURCE,
        standing=Standing.DOCUMENTED,
        example="ecsServiceRole",
        hidden=may_be_there,
        beside=(("service.loadBalancers[].loadBalancerName", "shop"),),
    ),
)
