"""Blue/green, linear and canary deployments: what ECS changes at load balancers and VPC Lattice, and its hooks."""

from __future__ import annotations

from typing import Any

import pytest

ELB = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
BLUE, GREEN = (f"{ELB}:targetgroup/{name}/6d0ecf831eec9f09" for name in ("blue", "green"))
RULE = f"{ELB}:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
LISTENER = f"{ELB}:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2"
NETWORK_LISTENER = f"{ELB}:listener/net/shop/50dc6c495c0c9188/f2f7dc8efc522ab2"
LATTICE = "arn:aws:vpc-lattice:us-east-1:123456789012"
LATTICE_LISTENER = f"{LATTICE}:service/svc-1/listener/listener-1"
ELB_READS = {
    f"infrastructure role: elasticloadbalancing:{action} on *"
    for action in ("DescribeListeners", "DescribeRules", "DescribeTargetGroups", "DescribeTargetHealth")
}


def balanced(**advanced: str) -> dict[str, Any]:
    return {"loadBalancers": [{"targetGroupArn": BLUE, "advancedConfiguration": advanced}]}


def lattice(target: str, **advanced: str) -> dict[str, Any]:
    return {"vpcLatticeConfigurations": [{"targetGroupArn": target, "advancedConfiguration": advanced}]}


def infrastructure(*grants: tuple[str, str]) -> set[str]:
    return {f"infrastructure role: {action} on {resource}" for action, resource in grants}


def test_traffic_is_shifted_between_two_target_groups_by_a_rule(answer: Any) -> None:
    found = answer(service=balanced(alternateTargetGroupArn=GREEN, productionListenerRule=RULE))
    assert found.needs == ELB_READS | infrastructure(
        *(
            (f"elasticloadbalancing:{action}", on)
            for action in ("RegisterTargets", "DeregisterTargets")
            for on in (BLUE, GREEN)
        ),
        ("elasticloadbalancing:ModifyRule", RULE),
        ("elasticloadbalancing:ModifyListener", LISTENER),
    )
    assert found.gaps == found.errors == []


def test_a_network_load_balancer_is_shifted_by_its_listener(answer: Any) -> None:
    found = answer(service=balanced(productionListenerRule=NETWORK_LISTENER, testListenerRule=NETWORK_LISTENER))
    assert found.needs == infrastructure(("elasticloadbalancing:ModifyListener", NETWORK_LISTENER))


def test_a_rolling_deployment_needs_no_role(answer: Any) -> None:
    assert answer(service={"loadBalancers": [{"targetGroupArn": BLUE, "containerName": "c0"}]}).needs == set()


@pytest.mark.parametrize(
    "arn", ["x", BLUE, f"{ELB}:listener-rule/app/shop/1", "arn:aws:ec2:us-east-1:123456789012:listener/net/a/b/c"]
)
def test_anything_else_is_no_rule(answer: Any, arn: str) -> None:
    assert answer(service=balanced(productionListenerRule=arn)).errors


def test_a_target_group_of_another_service_is_refused(answer: Any) -> None:
    assert answer(service=balanced(alternateTargetGroupArn=f"{LATTICE}:targetgroup/tg-1")).errors
    assert answer(service=lattice(BLUE)).errors


def test_parts_that_are_known_later_stay_as_they_are(answer: Any) -> None:
    home = "arn:${AWS::Partition}:elasticloadbalancing:${AWS::Region}:${AWS::AccountId}"
    rule = f"{home}:listener-rule/app/shop/1/2/${{RuleId}}"
    found = answer(service=balanced(alternateTargetGroupArn=GREEN, productionListenerRule=rule))
    assert f"infrastructure role: elasticloadbalancing:ModifyRule on {rule}" in found.needs
    assert f"infrastructure role: elasticloadbalancing:ModifyListener on {home}:listener/app/shop/1/2" in found.needs


def test_a_rule_that_is_a_placeholder_is_a_gap(answer: Any) -> None:
    assert "is unknown" in answer(service=balanced(productionListenerRule="${Rule}")).gaps[0]
    assert "is unknown" in answer(service=lattice(f"{LATTICE}:targetgroup/tg-1", testListenerRule="${Rule}")).gaps[0]


def test_lattice_registers_targets_in_both_groups_and_shifts_traffic_by_rules(answer: Any) -> None:
    blue, green, rule = f"{LATTICE}:targetgroup/tg-1", f"{LATTICE}:targetgroup/tg-2", f"{LATTICE_LISTENER}/rule/rule-1"
    found = answer(service=lattice(blue, alternateTargetGroupArn=green, productionListenerRule=rule))
    assert found.needs == infrastructure(
        *((f"ec2:{action}", "*") for action in ("DescribeInstances", "DescribeSubnets", "DescribeVpcs")),
        *(
            (f"vpc-lattice:{action}", group)
            for action in ("RegisterTargets", "DeregisterTargets", "GetTargetGroup", "ListTargets")
            for group in (blue, green)
        ),
        ("vpc-lattice:GetRule", rule),
        ("vpc-lattice:UpdateRule", rule),
        ("vpc-lattice:UpdateListener", LATTICE_LISTENER),
    )
    assert found.gaps == found.errors == []


def test_a_listener_of_lattice_has_no_rule_to_update(answer: Any) -> None:
    found = answer(service=lattice(f"{LATTICE}:targetgroup/tg-1", testListenerRule=LATTICE_LISTENER))
    assert not any("Rule on" in need for need in found.needs)
    assert f"infrastructure role: vpc-lattice:UpdateListener on {LATTICE_LISTENER}" in found.needs


def test_hooks_are_invoked_as_they_are_named(answer: Any) -> None:
    function = "arn:aws:lambda:us-east-1:123456789012:function:smoke:live"
    hooks = [{"hookTargetArn": function, "lifecycleStages": ["POST_SCALE_UP"]}, {"targetType": "PAUSE"}]
    found = answer(service={"deploymentConfiguration": {"lifecycleHooks": hooks}})
    assert found.needs == {f"lifecycle hook role: lambda:InvokeFunction on {function}"}
    assert answer(service={"deploymentConfiguration": {"lifecycleHooks": [{"hookTargetArn": "smoke"}]}}).errors
