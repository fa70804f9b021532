"""Resources that ECS creates in front of services and manages by tag: load balancers and security groups.

AWS's managed policies for Express Mode and for gateways are alike here. Each action has the resource types of AWS's
reference. The conditions on tags are AWS's.
"""

from __future__ import annotations

from collections.abc import Iterable

from awacs import ec2, iam
from awacs import elasticloadbalancing as elb
from awacs.aws import Action

from cfnroles.facts import partition_of
from cfnroles.table.feature import Found, Grant, everything
from cfnroles.table.scopes import EveryOf, When, each_of
from cfnroles.text import Text

TAGGED = When("StringEquals", "aws:ResourceTag/AmazonECSManaged", "true")
TAGGED_NOW = When("StringEquals", "aws:RequestTag/AmazonECSManaged", "true")
#: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/elb-service-linked-roles.html
LINKED = "elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing"
OPENED = (ec2.AuthorizeSecurityGroupEgress, ec2.AuthorizeSecurityGroupIngress)

_ELB = "elasticloadbalancing"
#: The forms of their ARNs.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/list_elbv2.html
_BALANCER, _LISTENER, _TARGET = "loadbalancer/app/*/", "listener/app/*/*/", "targetgroup/*/"
_RULE = "listener-rule/app/*/*/*/"
BALANCERS, _LISTENERS = EveryOf(_ELB, _BALANCER), EveryOf(_ELB, _LISTENER)
_RULES, _TARGETS = EveryOf(_ELB, _RULE), EveryOf(_ELB, _TARGET)
_OF_LISTENERS = (
    elb.CreateRule,
    elb.ModifyListener,
    elb.DeleteListener,
    elb.AddListenerCertificates,
    elb.RemoveListenerCertificates,
)
_GROUPS = EveryOf("ec2", "security-group/")


def makes_service_linked_role(role: str) -> Grant:
    """The grant to create a service-linked role of the home account, ``SERVICE/NAME``, for its service only."""

    def arn(found: Found) -> Text:
        facts = found.facts
        start = ("arn:", partition_of(facts.home_region), ":iam::", facts.home_account, ":role/aws-service-role/")
        return Text(*start, role)

    service = When("StringEquals", "iam:AWSServiceName", role.partition("/")[0])
    return Grant(iam.CreateServiceLinkedRole, on=arn, sid="MakeServiceLinkedRoles", conditions=service)


def balancing(balancers: Iterable[Action] = (), rules: Iterable[Action] = ()) -> tuple[Grant, ...]:
    """Grants to create, change and delete load balancers, with more actions on these and on their rules."""
    return (
        *each_of(
            (elb.CreateLoadBalancer, elb.DeleteLoadBalancer, elb.CreateListener, *balancers),
            on=BALANCERS,
            sid="ManageLoadBalancers",
            conditions=TAGGED,
        ),
        *each_of(_OF_LISTENERS, on=_LISTENERS, sid="ManageListeners", conditions=TAGGED),
        *each_of((elb.ModifyRule, elb.DeleteRule, *rules), on=_RULES, sid="ManageRules", conditions=TAGGED),
        *each_of(
            (elb.CreateTargetGroup, elb.DeleteTargetGroup, elb.RegisterTargets, elb.DeregisterTargets),
            on=_TARGETS,
            sid="ManageTargetGroups",
            conditions=TAGGED,
        ),
        Grant(
            elb.AddTags,
            on=EveryOf(_ELB, _BALANCER, _LISTENER, _RULE, _TARGET),
            sid="TagLoadBalancers",
            conditions=When(
                "StringEquals",
                "elasticloadbalancing:CreateAction",
                "CreateListener",
                "CreateLoadBalancer",
                "CreateRule",
                "CreateTargetGroup",
            ),
        ),
        *each_of(
            (
                elb.DescribeListeners,
                elb.DescribeLoadBalancers,
                elb.DescribeRules,
                elb.DescribeTargetGroups,
                elb.DescribeTargetHealth,
            ),
            on=everything,
            sid="FindLoadBalancers",
        ),
    )


def guarding(described: Iterable[Action] = ()) -> tuple[Grant, ...]:
    """Grants to create, open and delete security groups, with more that is described."""
    return (
        Grant(ec2.CreateSecurityGroup, on=EveryOf("ec2", "vpc/"), sid="MakeInNetwork"),
        Grant(ec2.CreateSecurityGroup, on=_GROUPS, sid="MakeSecurityGroups", conditions=TAGGED_NOW),
        *each_of(OPENED, on=EveryOf("ec2", "security-group-rule/"), sid="MakeRules", conditions=TAGGED_NOW),
        *each_of(
            (*OPENED, ec2.DeleteSecurityGroup, ec2.RevokeSecurityGroupEgress, ec2.RevokeSecurityGroupIngress),
            on=_GROUPS,
            sid="ChangeSecurityGroups",
            conditions=TAGGED,
        ),
        Grant(
            ec2.CreateTags,
            on=EveryOf("ec2", "security-group/", "security-group-rule/"),
            sid="TagSecurityGroups",
            conditions=When(
                "StringEquals",
                "ec2:CreateAction",
                "AuthorizeSecurityGroupEgress",
                "AuthorizeSecurityGroupIngress",
                "CreateSecurityGroup",
            ),
        ),
        *each_of(
            (ec2.DescribeRouteTables, ec2.DescribeSecurityGroups, ec2.DescribeSubnets, ec2.DescribeVpcs, *described),
            on=everything,
            sid="FindNetwork",
        ),
    )
