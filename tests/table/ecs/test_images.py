"""Images: ECR in the own account and in others, pull-through caches, private registries, sidecars known by name."""

from __future__ import annotations

from typing import Any

import pytest

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
REPOSITORY = "arn:aws:ecr:us-east-1:123456789012:repository"


def test_an_image_from_anywhere_else_costs_nothing(answer: Any) -> None:
    assert answer({"image": "public.ecr.aws/x/y:1"}).needs == set()


def test_a_pull_through_cache_imports_and_creates_this_repository_only(answer: Any) -> None:
    found = answer({"image": f"{ECR}/hub/library/nginx:1"}, facts={"pull_through_prefixes": ("hub",)})
    assert f"execution role: ecr:BatchImportUpstreamImage on {REPOSITORY}/hub/library/nginx" in found.needs
    assert f"execution role: ecr:CreateRepository on {REPOSITORY}/hub/library/nginx" in found.needs


def test_a_repository_that_only_begins_with_a_prefix_is_not_pulled_through(answer: Any) -> None:
    found = answer({"image": f"{ECR}/hubble/web:1"}, facts={"pull_through_prefixes": ("hub",)})
    assert not any("Import" in need for need in found.needs)


def test_the_layer_check_is_granted_on_demand_only(answer: Any) -> None:
    grant = f"execution role: ecr:BatchCheckLayerAvailability on {REPOSITORY}/web"
    assert grant not in answer({"image": f"{ECR}/web"}).needs
    assert grant in answer({"image": f"{ECR}/web"}, facts={"compat": True}).needs


def test_stored_credentials_for_ecr_are_a_trap(answer: Any) -> None:
    found = answer({"image": f"{ECR}/web", "repositoryCredentials": {"credentialsParameter": "registry"}})
    assert found.warnings == ["ECS pulls the image from ECR with the execution role, not with stored credentials"]


def test_an_absent_image_is_a_gap_that_names_the_option(answer: Any) -> None:
    assert answer({"image": ""}).gaps == [
        "containerDefinitions[0].image: the container has no image. Pass it with --image CONTAINER=IMAGE"
    ]


@pytest.mark.parametrize("account", ["11112222333", "*", "1234-5678-9012"])
def test_a_registry_without_an_account_is_a_gap_whose_remedy_fills_nothing_that_cannot_be_filled(
    answer: Any, account: str
) -> None:
    (gap,) = answer({"image": f"{account}.dkr.ecr.us-east-1.amazonaws.com/web:1"}).gaps
    assert gap.endswith("12 digits of an account. Write it as ACCOUNT.dkr.ecr.REGION.amazonaws.com")


def test_the_x_ray_daemon_sends_traces_with_the_task_role(answer: Any) -> None:
    found = answer({"image": "amazon/aws-xray-daemon"})
    assert "task role: xray:PutTraceSegments on *" in found.needs
    assert found.gaps == []


def test_a_collector_writes_what_its_configuration_says(answer: Any) -> None:
    image = "public.ecr.aws/aws-observability/aws-otel-collector:latest"
    assert len(answer({"image": image}).gaps) == 1
    assert answer({"image": image, "command": ["--config=/etc/ecs/ecs-xray.yaml"]}).gaps == []
    assert len(answer({"image": "amazon/cloudwatch-agent"}).gaps) == 1


def test_guard_duty_pulls_its_agent_from_an_account_of_its_own_on_fargate(answer: Any) -> None:
    on = {"account": {"guardDutyActivate": "on"}}
    agent = "arn:aws:ecr:us-east-1:593207742271:repository/aws-guardduty-agent-fargate"
    assert f"execution role: ecr:BatchGetImage on {agent}" in answer(requiresCompatibilities=["FARGATE"], **on).needs
    assert answer(requiresCompatibilities=["EC2"], **on).needs == set()
    assert answer(service={"launchType": "EXTERNAL"}, **on).needs == set()
    assert "Give --region" in answer(facts={"region": ""}, **on).gaps[0]
    assert "moon-east-1" in answer(facts={"region": "moon-east-1"}, **on).gaps[0]
