"""The role that a service gives ECS for its load balancer, in the place of the service-linked role."""

from __future__ import annotations

from collections.abc import Iterator

from cfnroles.need import Holder, Standing
from cfnroles.table.feature import Feature, Found, Malformed, Unnamed

_SOURCE = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html"
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles-for-clusters.html
_LINKED = "AWSServiceRoleForECS"
_LEFT_OUT = "Leave it out: ECS uses its service-linked role."
#: What to do about a role that ECS takes, and that is not judged.
BY_HAND = "Leave it out, and ECS uses its service-linked role; else look at it by hand"


def may_be_there(found: Found) -> None:
    """Raise Malformed where ECS takes no role for a load balancer, and Unnamed where it does: that is not judged."""
    if not found.text or _LINKED in found.text:
        return
    if why := next(_refused(found), ""):
        raise Malformed(f"ECS takes no role for a load balancer {why}", _LEFT_OUT)
    raise Unnamed(
        f"the role {found.text.written} that the service gives ECS for its load balancer is not judged",
        BY_HAND,
    )


def _refused(found: Found) -> Iterator[str]:
    """Why ECS wants its service-linked role, as far as the documents tell."""
    balancers = found.parent.get("loadBalancers")
    if not balancers:
        yield "where the service has none"
    if isinstance(balancers, list) and len([each for each in balancers if "targetGroupArn" in each]) > 1:
        yield "where the service has several target groups"
    if found.workload.at(("networkMode",)) == "awsvpc":
        yield "where the network mode of the task definition is awsvpc"
    if found.parent.get("serviceRegistries"):
        yield "where the service uses service discovery"
    if found.workload.at(("service", "deploymentController", "type")) == "EXTERNAL":
        yield "where the deployment controller is EXTERNAL"


FEATURES = (
    Feature(
        name="service-role",
        field="service.role",
        holder=Holder.INFRASTRUCTURE,
        why="ECS registers the tasks at the load balancer with the role that the service names for it",
        source=_SOURCE,
        standing=Standing.DOCUMENTED,
        example="ecsServiceRole",
        hidden=may_be_there,
        beside=(("service.loadBalancers[].loadBalancerName", "shop"),),
    ),
)
