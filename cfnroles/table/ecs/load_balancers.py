"""Load balancers: ECS shifts traffic between target groups in blue/green, linear and canary deployments."""

from __future__ import annotations

import re
from functools import partial

from awacs import elasticloadbalancing as elb

from cfnroles.need import Holder, Standing
from cfnroles.symbols import Attribute, Placeholder, Symbol
from cfnroles.table.feature import Feature, Found, Grant, Malformed, Unnamed, everything
from cfnroles.table.references import located_arn, remedy
from cfnroles.text import Arn, Text

_POLICY = (
    "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/"
    "AmazonECSInfrastructureRolePolicyForLoadBalancers.html"
)
_FIELD = "service.loadBalancers[]"
_ADVANCED = f"{_FIELD}.advancedConfiguration"
_ALTERNATE = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/shop-green/73e2d6bc24d8a067"
_LISTENER = "listener/net/shop/50dc6c495c0c9188/f2f7dc8efc522ab2"
_RULE = "listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
_LISTENER_TYPE = "AWS::ElasticLoadBalancingV2::Listener"
#: The ends of ARNs of listeners and rules; the last part is the rule.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/list_elbv2.html
_LISTENER_OR_RULE = re.compile(r"listener/(app|net|gwy)/[^/]+/[^/]+/[^/]+|listener-rule/(app|net)(/[^/]+){4}")


def shifts_traffic(found: Found) -> bool:
    """ECS shifts traffic between this target group and an alternate one."""
    return "alternateTargetGroupArn" in _advanced(found)


def is_rule(found: Found) -> bool:
    """The field is a rule of an Application Load Balancer."""
    return _listener_or_rule(found).resource.startswith("listener-rule/")


def is_listener(found: Found) -> bool:
    """The field is a listener of a Network Load Balancer."""
    return not is_rule(found)


def may_be_default(found: Found) -> bool:
    """The field is a rule that may be the default one of its listener. Terraform's rule resource never is.

    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lb_listener_rule
    """
    return is_rule(found) and not _is_made(_listener_or_rule(found))


def _is_made(arn: Arn) -> bool:
    """Return whether a resource of a configuration represents the whole ARN after the type."""
    return len(arn.resource.parts) > 1 and arn.resource.parts[0] in ("listener/", "listener-rule/")


def target_group(found: Found) -> Text:
    """The target group."""
    arn = located_arn(found.text)
    if arn.service != "elasticloadbalancing" or not arn.resource.startswith("targetgroup/"):
        raise Malformed(
            f"{found.text.written} is not the ARN of a target group",
            "Write arn:PARTITION:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID.",
        )
    return arn.text


def rule(found: Found) -> Text:
    """The rule."""
    return _listener_or_rule(found).text


def listener(found: Found) -> Text:
    """The listener in the field."""
    return _listener_or_rule(found).text


def listener_of_rule(found: Found) -> Text:
    """The listener of a rule: the rule's ARN without its own ID."""
    arn = _listener_or_rule(found)
    parts = arn.resource.removeprefix("listener-rule/").cut("/")[:-1]
    if (whole := _standing_for_all(parts[1:])) is not None:
        return Text(whole)
    resource = Text("listener", *(piece for part in parts for piece in ("/", part)))
    return Arn(arn.partition, arn.service, arn.region, arn.account, resource).text


def _standing_for_all(parts: list[Text]) -> Symbol | None:
    """Return the symbol that represents the whole ARN of a listener, and so each part of it."""
    symbol = parts[0].whole if len({*parts}) == 1 else None
    made_here = isinstance(symbol, Attribute) and symbol.type == _LISTENER_TYPE
    return None if made_here or isinstance(symbol, Placeholder) else symbol


def _listener_or_rule(found: Found) -> Arn:
    if found.text.whole is not None:
        raise Unnamed(f"the listener rule {found.text.written} is unknown", remedy(found.text.whole))
    arn = located_arn(found.text)
    known = _is_made(arn) or _LISTENER_OR_RULE.fullmatch(arn.resource.shape())
    if arn.service != "elasticloadbalancing" or not known:
        raise Malformed(
            f"{found.text.written} is the ARN of neither a listener nor a listener rule",
            "Write the ARN of a rule of an Application Load Balancer, or of a listener of a Network Load Balancer.",
        )
    return arn


def _advanced(found: Found) -> dict[str, object]:
    advanced = found.parent.get("advancedConfiguration")
    return advanced if isinstance(advanced, dict) else {}


_targets = partial(
    Feature,
    holder=Holder.INFRASTRUCTURE,
    source=_POLICY,
    standing=Standing.MANAGED_POLICY,
    grants=(
        Grant(elb.RegisterTargets, on=target_group, sid="ShiftTargets"),
        Grant(elb.DeregisterTargets, on=target_group, sid="ShiftTargets"),
        *(
            Grant(action, on=everything, sid="FindTargetGroups")
            for action in (
                elb.DescribeListeners,
                elb.DescribeRules,
                elb.DescribeTargetGroups,
                elb.DescribeTargetHealth,
            )
        ),
    ),
)


def _rules(name: str, member: str, traffic: str) -> tuple[Feature, ...]:
    row = partial(Feature, field=f"{_ADVANCED}.{member}", holder=Holder.INFRASTRUCTURE, source=_POLICY)
    rule_arn, listener_arn = (
        f"arn:aws:elasticloadbalancing:us-east-1:123456789012:{part}" for part in (_RULE, _LISTENER)
    )
    return (
        row(
            name=f"load-balancer-{name}-rule",
            why=f"a deployment sends {traffic} to the other target group with this rule",
            standing=Standing.MANAGED_POLICY,
            example=rule_arn,
            grants=(Grant(elb.ModifyRule, on=rule, sid="ShiftTraffic"),),
            when=is_rule,
        ),
        row(
            name=f"load-balancer-{name}-default-rule",
            why="the rule may be the listener's default rule, which only a change of the listener can modify",
            standing=Standing.DERIVED,
            example=rule_arn,
            grants=(Grant(elb.ModifyListener, on=listener_of_rule, sid="ShiftTrafficOfListeners"),),
            when=may_be_default,
        ),
        row(
            name=f"load-balancer-{name}-listener",
            why=f"a deployment sends {traffic} to the other target group with this listener",
            standing=Standing.MANAGED_POLICY,
            example=listener_arn,
            grants=(Grant(elb.ModifyListener, on=listener, sid="ShiftTrafficOfListeners"),),
            when=is_listener,
        ),
    )


FEATURES = (
    _targets(
        name="load-balancer-targets",
        field=f"{_FIELD}.targetGroupArn",
        why="a deployment registers tasks in this target group and deregisters them",
        example="arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/shop-blue/6d0ecf831eec9f09",
        when=shifts_traffic,
        beside=((f"{_ADVANCED}.alternateTargetGroupArn", _ALTERNATE),),
    ),
    _targets(
        name="load-balancer-alternate-targets",
        field=f"{_ADVANCED}.alternateTargetGroupArn",
        why="a deployment registers the new tasks in the alternate target group and shifts traffic to it",
        example=_ALTERNATE,
    ),
    *_rules("production", "productionListenerRule", "traffic"),
    *_rules("test", "testListenerRule", "test traffic"),
)
