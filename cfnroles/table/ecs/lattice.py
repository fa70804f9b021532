"""VPC Lattice: targets that ECS registers for a service, and traffic that it shifts during a deployment."""

from __future__ import annotations

import re
from functools import partial

from awacs import ec2, vpc_lattice

from cfnroles.need import Holder, Standing
from cfnroles.table.feature import Feature, Found, Grant, Malformed, Unnamed, everything
from cfnroles.table.references import located_arn, remedy
from cfnroles.text import Arn, Text

_POLICY = "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSInfrastructureRolePolicyForVpcLattice.html"
_FIELD = "service.vpcLatticeConfigurations[]"
_ADVANCED = f"{_FIELD}.advancedConfiguration"
_HOME = "arn:aws:vpc-lattice:us-east-1:123456789012"
_LISTENER = f"{_HOME}:service/svc-0123456789abcdef0/listener/listener-0123456789abcdef0"
_LISTENER_OR_RULE = re.compile(r"service/[^/]+/listener/[^/]+(/rule/[^/]+)?")


def target_group(found: Found) -> Text:
    """The target group of VPC Lattice."""
    arn = located_arn(found.text)
    if arn.service != "vpc-lattice" or not arn.resource.startswith("targetgroup/"):
        raise Malformed(
            f"{found.text.written} is not the ARN of a target group of VPC Lattice",
            "Write arn:PARTITION:vpc-lattice:REGION:ACCOUNT:targetgroup/ID.",
        )
    return arn.text


def is_rule(found: Found) -> bool:
    """The field is a rule, not a listener with a default action."""
    return "/rule/" in _listener_or_rule(found).resource.shape()


def rule(found: Found) -> Text:
    """The rule."""
    return _listener_or_rule(found).text


def listener(found: Found) -> Text:
    """The listener, or that of the rule."""
    arn = _listener_or_rule(found)
    return Arn(arn.partition, arn.service, arn.region, arn.account, arn.resource.partition("/rule/")[0]).text


def _listener_or_rule(found: Found) -> Arn:
    if found.text.whole is not None:
        raise Unnamed(f"the listener rule {found.text.written} is unknown", remedy(found.text.whole))
    arn = located_arn(found.text)
    if arn.service != "vpc-lattice" or not _LISTENER_OR_RULE.fullmatch(arn.resource.shape()):
        raise Malformed(
            f"{found.text.written} is the ARN of neither a listener nor a rule of VPC Lattice",
            "Write arn:PARTITION:vpc-lattice:REGION:ACCOUNT:service/ID/listener/ID, with /rule/ID for a rule.",
        )
    return arn


_targets = partial(
    Feature,
    holder=Holder.INFRASTRUCTURE,
    source=_POLICY,
    standing=Standing.MANAGED_POLICY,
    grants=(
        *(
            Grant(action, on=target_group, sid="RegisterTargets")
            for action in (
                vpc_lattice.RegisterTargets,
                vpc_lattice.DeregisterTargets,
                vpc_lattice.GetTargetGroup,
                vpc_lattice.ListTargets,
            )
        ),
        *(
            Grant(action, on=everything, sid="FindTargets")
            for action in (ec2.DescribeSubnets, ec2.DescribeVpcs, ec2.DescribeInstances)
        ),
    ),
)


def _rules(name: str, member: str, traffic: str) -> tuple[Feature, ...]:
    row = partial(Feature, field=f"{_ADVANCED}.{member}", holder=Holder.INFRASTRUCTURE)
    return (
        row(
            name=f"lattice-{name}-rule",
            why=f"a deployment sends {traffic} to the other target group with this rule",
            source=_POLICY,
            standing=Standing.MANAGED_POLICY,
            example=f"{_LISTENER}/rule/rule-0123456789abcdef0",
            grants=(
                Grant(vpc_lattice.GetRule, on=rule, sid="ShiftLatticeTraffic"),
                Grant(vpc_lattice.UpdateRule, on=rule, sid="ShiftLatticeTraffic"),
            ),
            when=is_rule,
        ),
        row(
            name=f"lattice-{name}-listener",
            why=f"a deployment sends {traffic} to the other target group by the default rule, which changes with its"
            " listener only",
            source="https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_UpdateRule.html",
            standing=Standing.DERIVED,
            example=_LISTENER,
            grants=(Grant(vpc_lattice.UpdateListener, on=listener, sid="ShiftTrafficOfLatticeListeners"),),
        ),
    )


FEATURES = (
    _targets(
        name="lattice-targets",
        field=f"{_FIELD}.targetGroupArn",
        why="ECS registers the service's tasks as targets in VPC Lattice",
        example=f"{_HOME}:targetgroup/tg-0123456789abcdef0",
    ),
    _targets(
        name="lattice-alternate-targets",
        field=f"{_ADVANCED}.alternateTargetGroupArn",
        why="a deployment registers the new tasks in the alternate target group of VPC Lattice",
        example=f"{_HOME}:targetgroup/tg-0fedcba9876543210",
    ),
    *_rules("production", "productionListenerRule", "traffic"),
    *_rules("test", "testListenerRule", "test traffic"),
)
