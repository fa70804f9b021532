"""Express Mode: AWS's managed policy for one service, and the log group that ECS makes for it."""

from __future__ import annotations

from typing import Any

import pytest

ROLE = "arn:aws:iam::123456789012:role/infrastructure"
LOGS = "arn:aws:logs:us-east-1:123456789012:log-group"
EC2 = "arn:aws:ec2:us-east-1:123456789012"
OWN = {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/x", "awslogs-stream-prefix": "y"}}}


def express(**members: Any) -> dict[str, Any]:
    return {"infrastructureRoleArn": ROLE, "serviceName": "shop", **members}


def about(found: set[str], action: str) -> set[str]:
    return {need for need in found if f": {action} on " in need}


@pytest.mark.parametrize(
    ("members", "group"),
    [
        ({}, "/aws/ecs/default/shop-????"),
        ({"cluster": "blue"}, "/aws/ecs/blue/shop-????"),
        ({"cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/blue"}, "/aws/ecs/blue/shop-????"),
    ],
    ids=["default", "by name", "by ARN"],
)
def test_a_log_group_of_ecs_is_named_by_cluster_and_service(answer: Any, members: Any, group: str) -> None:
    found = answer(expressGatewayService=express(**members)).needs
    assert about(found, "logs:PutLogEvents") == {
        f"execution role: logs:PutLogEvents on {LOGS}:{group}:log-stream:ecs/Main/*"
    }
    tagged = "aws:RequestTag/AmazonECSManaged StringEquals true"
    assert about(found, "logs:CreateLogGroup") == {
        f"infrastructure role: logs:CreateLogGroup on {LOGS}:{group}{contents}, {tagged}" for contents in ("", ":*")
    }


def test_a_log_group_of_ones_own_is_made_and_written_to(answer: Any) -> None:
    found = answer({"name": "Main", **OWN}, expressGatewayService=express())
    assert about(found.needs, "logs:PutLogEvents") == {
        f"execution role: logs:PutLogEvents on {LOGS}:/x:log-stream:y/Main/*"
    }
    assert {f"{LOGS}:/x,", f"{LOGS}:/x:*,"} == {need.split()[4] for need in about(found.needs, "logs:CreateLogGroup")}
    assert found.warnings == found.gaps == []


def test_a_service_without_a_name_leaves_its_log_group_open(answer: Any) -> None:
    found = answer(expressGatewayService={"infrastructureRoleArn": ROLE})
    assert not about(found.needs, "logs:PutLogEvents") | about(found.needs, "logs:CreateLogGroup")
    assert {gap.partition(": ")[2] for gap in found.gaps} == {
        "ECS names the log group after the service, and generates the service's name. Write serviceName, or"
        " awsLogsConfiguration with a logGroup"
    }


def test_a_name_that_a_pipeline_fills_in_is_a_symbol(answer: Any) -> None:
    found = answer(expressGatewayService=express(serviceName="${STAGE}-shop")).needs
    (need,) = about(found, "logs:PutLogEvents")
    assert ":/aws/ecs/default/${Stage}-shop-????:log-stream:" in need


def test_only_a_security_group_that_is_named_is_opened_without_a_tag_of_its_own(answer: Any) -> None:
    named = express(networkConfiguration={"securityGroups": ["sg-1"], "subnets": ["subnet-1"]})
    found, plain = (answer(expressGatewayService=each).needs for each in (named, express()))
    tagged = "aws:RequestTag/AmazonECSManaged StringEquals true"
    assert found - plain == {
        f"infrastructure role: ec2:{action} on {EC2}:security-group/sg-1, {tagged}"
        for action in ("AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress")
    }
    untagged = {need for need in plain if ":security-group/" in need and "AmazonECSManaged" not in need}
    assert {need.split()[2] for need in untagged} == {"ec2:CreateTags"}


def test_exactly_two_service_linked_roles_are_made(answer: Any) -> None:
    found = answer(expressGatewayService=express()).needs
    start = "arn:aws:iam::123456789012:role/aws-service-role"
    assert {need.split(" on ")[1] for need in about(found, "iam:CreateServiceLinkedRole")} == {
        f"{start}/{service}/{name}, iam:AWSServiceName StringEquals {service}"
        for service, name in (
            ("elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing"),
            (
                "ecs.application-autoscaling.amazonaws.com",
                "AWSServiceRoleForApplicationAutoScaling_ECSService",
            ),
        )
    }


def test_a_task_definition_of_ones_own_has_no_log_group_of_ecs(answer: Any) -> None:
    arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/shop:7"
    found = answer(containerDefinitions=[], expressGatewayService=express(taskDefinitionArn=arn))
    assert not {need for need in found.needs if "logs:" in need}
    assert [gap.partition(": ")[0] for gap in found.gaps] == ["expressGatewayService.taskDefinitionArn"]


def test_a_task_definition_has_nothing_of_it(answer: Any) -> None:
    assert answer(OWN).needs == answer({**OWN}, volumes=[]).needs
    assert not {need for need in answer(OWN).needs if need.startswith("infrastructure role")}


@pytest.mark.parametrize(
    ("cluster", "name", "remedy"),
    [
        ("${CLUSTER}", "${CLUSTER}", "Fill it with --set CLUSTER=VALUE"),
        ("<CLUSTER>", "<CLUSTER>", "Fill it with --set CLUSTER=VALUE"),
    ],
)
def test_a_cluster_by_its_name_or_its_arn_is_a_gap(answer: Any, cluster: str, name: str, remedy: str) -> None:
    found = answer(expressGatewayService=express(cluster=cluster))
    assert not about(found.needs, "logs:PutLogEvents") | about(found.needs, "logs:CreateLogGroup")
    assert {gap.partition(": ")[2] for gap in found.gaps} == {
        f"ECS names the log group after the cluster, and {name} may be a name or an ARN. {remedy}"
    }


def test_a_cluster_with_a_placeholder_in_its_name_is_a_name(answer: Any) -> None:
    found = answer(expressGatewayService=express(cluster="${STAGE}-blue"))
    assert found.gaps == []
    group = f"{LOGS}:/aws/ecs/${{Stage}}-blue/shop-????"
    assert about(found.needs, "logs:PutLogEvents") == {
        f"execution role: logs:PutLogEvents on {group}:log-stream:ecs/Main/*"
    }
