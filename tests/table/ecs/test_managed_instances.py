"""Managed Instances: AWS's two managed policies, for the capacity provider that is described and for no other."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cfnroles.iam.managed_policies import managed_policy

HOME = "us-east-1:123456789012"
EC2 = f"arn:aws:ec2:{HOME}"
INFRASTRUCTURE, INSTANCE = "managed instances role", "instance role"
GROUP = f"arn:aws:resource-groups:{HOME}:group/reserved"
NETWORK = {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"]}
POLICIES = {
    INFRASTRUCTURE: "AmazonECSInfrastructureRolePolicyForManagedInstances",
    INSTANCE: "AmazonECSInstanceRolePolicyForManagedInstances",
}


def provider(**launched: Any) -> dict[str, Any]:
    template = {"ec2InstanceProfileArn": "", "networkConfiguration": NETWORK, **launched}
    managed = {"infrastructureRoleArn": "", "instanceLaunchTemplate": template}
    return {"name": "managed", "cluster": "shop", "managedInstancesProvider": managed}


def launches(found: set[str], kind: str) -> set[str]:
    return {need.rpartition("/")[2] for need in found if f"ec2:RunInstances on {EC2}:{kind}/" in need}


def test_instances_are_launched_in_the_named_network_only(answer: Any) -> None:
    found = answer(capacityProvider=provider())
    assert launches(found.needs, "subnet") == {"subnet-1", "subnet-2"}
    assert launches(found.needs, "security-group") == {"sg-1"}
    assert found.gaps == found.errors == []


def test_without_a_security_group_the_default_one_is_taken_which_nothing_names(answer: Any) -> None:
    found = answer(capacityProvider=provider(networkConfiguration={"subnets": ["subnet-1"]}))
    assert launches(found.needs, "security-group") == {"*"}


def test_exactly_the_instance_role_is_passed(answer: Any) -> None:
    passed = [need for need in answer(capacityProvider=provider()).needs if "iam:PassRole" in need]
    assert passed == [f"{INFRASTRUCTURE}: iam:PassRole on ${{InstanceRole.Arn}}, iam:PassedToService StringLike ec2.*"]


@pytest.mark.parametrize(
    ("launched", "action"),
    [
        ({"capacityOptionType": "SPOT"}, "iam:CreateServiceLinkedRole"),
        ({"capacityReservations": {"reservationGroupArn": GROUP}}, "resource-groups:ListGroupResources"),
    ],
)
def test_what_is_not_used_costs_nothing(answer: Any, launched: dict[str, Any], action: str) -> None:
    plain, used = (answer(capacityProvider=provider(**each)).needs for each in ({}, launched))
    assert not any(action in need for need in plain)
    assert any(action in need for need in used)


def test_the_agent_registers_with_its_own_cluster(answer: Any) -> None:
    by_name = answer(capacityProvider=provider()).needs
    by_arn = answer(capacityProvider={**provider(), "cluster": f"arn:aws:ecs:{HOME}:cluster/shop"}).needs
    assert by_name == by_arn
    assert f"{INSTANCE}: ecs:RegisterContainerInstance on arn:aws:ecs:{HOME}:cluster/shop" in by_name


def test_a_capacity_provider_without_a_cluster_is_a_gap(answer: Any) -> None:
    described = provider()
    del described["cluster"]
    found = answer(capacityProvider=described)
    assert {gap.partition(": ")[2] for gap in found.gaps} == {
        "the capacity provider names no cluster. Name it: `ClusterName` in CloudFormation, otherwise `cluster`"
    }
    assert not any("RegisterContainerInstance" in need for need in found.needs)


@pytest.mark.parametrize(("role", "policy"), POLICIES.items(), ids=POLICIES)
def test_all_together_they_are_the_actions_of_awss_policy(answer: Any, role: str, policy: str) -> None:
    spot = {"capacityOptionType": "SPOT", "capacityReservations": {"reservationGroupArn": GROUP}}
    found = answer(capacityProvider=provider(**spot)).needs
    known = managed_policy(policy)
    assert known is not None
    theirs = {action for statement in known.document["Statement"] for action in statement["Action"]}
    assert {re.match(r"[\w ]+: (\S+) on", need)[1] for need in found if need.startswith(f"{role}:")} == theirs


def test_a_provider_of_an_auto_scaling_group_has_no_role(answer: Any) -> None:
    described = {"name": "ec2", "autoScalingGroupProvider": {"autoScalingGroupArn": "x"}}
    assert answer(capacityProvider=described).needs == set()
