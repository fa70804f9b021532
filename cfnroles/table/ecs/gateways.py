"""Gateways: the role with which ECS creates the load balancers that services of a cluster share.

AWS's managed policy covers every account, Region and web ACL. These rows use those of the gateway.
"""

from __future__ import annotations

from functools import partial

from awacs import acm, ec2, wafv2
from awacs import elasticloadbalancing as elb

from cfnroles.need import Holder, Standing
from cfnroles.table.ecs import ingress
from cfnroles.table.ecs.ingress import BALANCERS, LINKED, TAGGED, TAGGED_NOW
from cfnroles.table.feature import Feature, Found, Grant, Malformed, Unnamed
from cfnroles.table.references import located_arn
from cfnroles.table.scopes import EveryOf, each_of
from cfnroles.text import Text

_POLICY = (
    "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/"
    "AmazonECSInfrastructureRoleForGatewayHostSharedALB.html"
)
_CREATE = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateGateway.html"
_SHARED = "gateway.configuration.hostSharedAlb"
_ROLE = "arn:aws:iam::123456789012:role/ecsInfrastructureRole"
_CERTIFICATES = EveryOf("acm", "certificate/")


def web_acl(found: Found) -> Text:
    """The web ACL of the gateway's load balancers."""
    arn = located_arn(found.text)
    if arn.service != "wafv2" or not arn.resource.startswith("regional/webacl/"):
        what = f"{found.text.written} is not the ARN of a web ACL of a Region"
        raise Malformed(what, "Write arn:PARTITION:wafv2:REGION:ACCOUNT:regional/webacl/NAME/ID.")
    return arn.text


def is_shared(found: Found) -> bool:
    """The gateway is of the kind in the managed policy: load balancers that services share by host name."""
    return found.workload.at(tuple(_SHARED.split("."))) is not None


def is_of_another_kind(found: Found) -> bool:
    """The gateway has a configuration without a known managed policy, or none."""
    return not is_shared(found)


def other_configuration(found: Found) -> None:
    """Raise Unnamed: what another kind of gateway creates."""
    raise Unnamed(
        "cfnroles knows gateways with `configuration.hostSharedAlb` only, and this one has none",
        "Read AWS's page about the managed policy for this kind of gateway, and add the permissions to the role",
    )


_row = partial(
    Feature,
    field="gateway.infrastructureRoleArn",
    holder=Holder.GATEWAY,
    source=_POLICY,
    standing=Standing.MANAGED_POLICY,
    example=_ROLE,
    when=is_shared,
    beside=((f"{_SHARED}.scheme", "internal"),),
)

FEATURES = (
    _row(
        name="gateway-load-balancer",
        why="ECS creates load balancers that services share, with listeners, rules and target groups, and updates"
        " them as the gateway specifies",
        grants=ingress.balancing(
            (elb.ModifyLoadBalancerAttributes, elb.SetSecurityGroups),
            (elb.SetRulePriorities,),
        ),
    ),
    _row(
        name="gateway-network",
        why="ECS creates security groups for the load balancers, and adds rules to them",
        grants=ingress.guarding((ec2.DescribeSecurityGroupRules,)),
    ),
    _row(
        name="gateway-certificate",
        why="ECS requests certificates for the domain names of the services, and deletes them",
        grants=(
            Grant(acm.RequestCertificate, on=_CERTIFICATES, sid="RequestCertificates", conditions=TAGGED_NOW),
            *each_of(
                (acm.AddTagsToCertificate, acm.DeleteCertificate),
                on=_CERTIFICATES,
                sid="ManageCertificates",
                conditions=TAGGED,
            ),
            Grant(acm.DescribeCertificate, on=_CERTIFICATES, sid="FindCertificates"),
        ),
    ),
    _row(
        name="gateway-linked-role",
        why="the first load balancer in an account creates a service-linked role",
        grants=(ingress.makes_service_linked_role(LINKED),),
    ),
    _row(
        name="gateway-web-acl",
        field=f"{_SHARED}.webACLArn",
        why="ECS associates the web ACL with the load balancers, and reads their associations",
        example="arn:aws:wafv2:us-east-1:123456789012:regional/webacl/shop/1234abcd-12ab-34cd-56ef-1234567890ab",
        grants=(
            *each_of((wafv2.AssociateWebACL, wafv2.DisassociateWebACL), on=web_acl, sid="AssociateWebACL"),
            *each_of((wafv2.GetWebACL, wafv2.GetWebACLForResource), on=web_acl, sid="ReadWebACL"),
            *each_of(
                (elb.CreateWebACLAssociation, elb.DeleteWebACLAssociation, elb.SetWebAcl, elb.GetLoadBalancerWebACL),
                on=BALANCERS,
                sid="GuardLoadBalancers",
            ),
        ),
    ),
    Feature(
        name="gateway-of-another-kind",
        field="gateway.infrastructureRoleArn",
        holder=Holder.GATEWAY,
        why="cfnroles does not know what a gateway of another kind creates",
        source=_CREATE,
        standing=Standing.DOCUMENTED,
        example=_ROLE,
        hidden=other_configuration,
        when=is_of_another_kind,
    ),
)
