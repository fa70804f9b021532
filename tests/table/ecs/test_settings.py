"""What ECS takes outside of the task definition, and what depends on options: ECS Exec, Service Connect, file keys."""

from __future__ import annotations

from typing import Any

import pytest

EXEC = {"service": {"enableExecuteCommand": True}}


def exec_logs(**configuration: Any) -> dict[str, Any]:
    return {"cluster": {"configuration": {"executeCommandConfiguration": configuration}}}


def test_ecs_exec_opens_channels_with_the_task_role(answer: Any) -> None:
    assert "task role: ssmmessages:OpenDataChannel on *" in answer(**EXEC).needs
    assert answer(service={"enableExecuteCommand": False}).needs == set()


def test_the_clusters_configuration_matters_only_while_exec_is_enabled(answer: Any) -> None:
    logs = exec_logs(logConfiguration={"s3BucketName": "b", "s3KeyPrefix": "p", "cloudWatchLogGroupName": "g"})
    assert answer(**logs).needs == set()
    needs = answer(**EXEC, **logs).needs
    assert "task role: s3:PutObject on arn:aws:s3:::b/p/*" in needs
    assert "task role: logs:PutLogEvents on arn:aws:logs:us-east-1:123456789012:log-group:g:log-stream:*" in needs


def test_the_sessions_key_is_decrypted(answer: Any) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    assert f"task role: kms:Decrypt on {key}" in answer(**EXEC, **exec_logs(kmsKeyId=key)).needs
    assert "alias" in answer(**EXEC, **exec_logs(kmsKeyId="alias/x")).gaps[0]


def test_the_keys_of_what_sessions_are_written_to_are_asked_for_in_the_task_roles_name(answer: Any) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    logging = exec_logs(logConfiguration={"s3BucketName": "b", "cloudWatchLogGroupName": "g"})
    found = answer(**EXEC, **logging, facts={"log_group_key_arns": (key,), "destination_key_arns": (key,)})
    encrypted = {need for need in found.needs if " kms:" in need.split(" on ")[0]}
    assert all(need.startswith("task role") for need in encrypted)
    assert any("kms:EncryptionContext:aws:logs:arn" in need and ":log-group:g," in need for need in encrypted)
    assert any("kms:GenerateDataKey" in need and "arn:aws:s3:::b/*" in need for need in encrypted)
    assert not any(" kms:" in need for need in answer(**EXEC, **logging).needs)


def test_app_mesh_reads_one_virtual_node(answer: Any) -> None:
    proxy = {"type": "APPMESH", "containerName": "c0"}
    variable = {"name": "APPMESH_VIRTUAL_NODE_NAME", "value": "mesh/m/virtualNode/n"}
    found = answer({"environment": [variable]}, proxyConfiguration=proxy)
    node = "arn:aws:appmesh:us-east-1:123456789012:mesh/m/virtualNode/n"
    assert found.needs == {f"task role: appmesh:StreamAggregatedResources on {node}"}
    assert found.warnings == ["AWS App Mesh ended on 2026-09-30, so the proxy gets no configuration"]
    assert "names no virtual node" in answer(proxyConfiguration=proxy).gaps[0]


def test_fault_injection_needs_an_agent_that_says_its_role(answer: Any) -> None:
    assert "no container runs the SSM agent" in answer(enableFaultInjection=True).gaps[0]
    agent = {
        "image": "public.ecr.aws/amazon-ssm-agent/amazon-ssm-agent:latest",
        "environment": [{"name": "MANAGED_INSTANCE_ROLE_NAME", "value": "r"}],
    }
    found = answer(agent, enableFaultInjection=True)
    assert found.gaps == []
    assert (
        "task role: iam:PassRole on arn:aws:iam::123456789012:role/r,"
        " iam:PassedToService StringEquals ssm.amazonaws.com"
    ) in found.needs


def test_service_connect_issues_certificates_with_the_infrastructure_role(answer: Any) -> None:
    authority = "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1"
    tls = {"issuerCertificateAuthority": {"awsPcaAuthorityArn": authority}}
    found = answer(service={"serviceConnectConfiguration": {"services": [{"tls": tls}]}})
    assert any(need.startswith(f"infrastructure role: acm-pca:IssueCertificate on {authority}") for need in found.needs)


@pytest.mark.parametrize(
    "arn",
    [
        "x",
        "arn:aws:acm:us-east-1:123456789012:certificate/1",
        "arn:aws:acm-pca:us-east-1:123456789012:template/1",
        "arn:aws:s3:::authority",
    ],
)
def test_what_is_no_authority_issues_no_certificates(answer: Any, arn: str) -> None:
    tls = {"issuerCertificateAuthority": {"awsPcaAuthorityArn": arn}}
    found = answer(service={"serviceConnectConfiguration": {"services": [{"tls": tls}]}})
    assert found.errors
    assert not any("acm-pca" in need for need in found.needs)


def test_the_key_of_a_file_is_granted_on_demand_and_for_this_file_only(answer: Any) -> None:
    file = {"environmentFiles": [{"value": "arn:aws:s3:::files/k.env", "type": "s3"}]}
    key = "arn:aws:kms:eu-west-1:123456789012:key/1"
    assert not any("kms" in need for need in answer(file).needs)
    told = answer(file, facts={"file_key_arns": (key,)}).needs
    assert any("kms:ViaService StringEquals s3.eu-west-1.amazonaws.com" in need for need in told)
    assert any("kms:EncryptionContext:aws:s3:arn StringEquals arn:aws:s3:::files/k.env" in need for need in told)


CREDENTIALS = "credentialspec:arn:aws:s3:::files/a.json"
ROUTER = {"firelensConfiguration": {"type": "fluentbit"}}
INIT = {"environment": [{"name": "aws_fluent_bit_init_s3_1", "value": "arn:aws:s3:::files/a.conf"}]}
CONFIGURED = {"options": {"config-file-type": "s3", "config-file-value": "arn:aws:s3:::files/a.conf"}}


@pytest.mark.parametrize(
    "container",
    [
        {"environmentFiles": [{"value": "arn:aws:s3:::files/a.env", "type": "s3"}]},
        {"credentialSpecs": [CREDENTIALS]},
        {**ROUTER, **INIT},
        {"firelensConfiguration": {"type": "fluentbit", **CONFIGURED}},
    ],
    ids=["environment file", "credential spec", "init file", "router's file"],
)
def test_files_are_read_from_buckets_of_the_accounts_that_are_told(answer: Any, container: dict[str, Any]) -> None:
    def reads(*accounts: str) -> set[str]:
        needs = answer(container, facts={"bucket_accounts": accounts}).needs
        return {need.partition(", ")[2] for need in needs if "s3:Get" in need}

    assert reads() == {""}
    assert reads("210987654321") == {"aws:ResourceAccount StringEquals 210987654321"}
    assert reads("123456789012") == {"aws:ResourceAccount StringEquals ${AWS::AccountId}"}
    assert len(reads("123456789012", "210987654321")) == 2


def test_an_environment_file_ends_in_env(answer: Any) -> None:
    assert answer({"environmentFiles": [{"value": "arn:aws:s3:::files/k.txt", "type": "s3"}]}).warnings


def test_the_execution_role_is_needed_with_and_without_one_in_the_document(answer: Any) -> None:
    image = {"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/web"}
    for launch_type in ("EC2", "EXTERNAL", "FARGATE"):
        without = answer(image, requiresCompatibilities=[launch_type])
        role = "arn:aws:iam::123456789012:role/x"
        assert without.needs == answer(image, requiresCompatibilities=[launch_type], executionRoleArn=role).needs


def test_each_partition_keeps_its_own_arns(answer: Any) -> None:
    for region, partition in (
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
    ):
        found = answer(
            {"secrets": [{"name": "A", "valueFrom": "/a"}]},
            volumes=[{"name": "v", "configuredAtLaunch": True}],
            facts={"region": region},
            **EXEC,
        )
        arns = {need.split(" on ")[1] for need in found.needs if " on arn:" in need}
        assert arns
        assert all(arn.startswith(f"arn:{partition}:") for arn in arns)


@pytest.mark.parametrize(
    ("more", "task", "refused"),
    [
        pytest.param({}, {}, "", id="one load balancer"),
        pytest.param({"loadBalancers": []}, {}, "if the service has no load balancer", id="none"),
        pytest.param({}, {"networkMode": "awsvpc"}, "of the task definition is awsvpc", id="network"),
        pytest.param(
            {"loadBalancers": [{"targetGroupArn": "a"}, {"targetGroupArn": "b"}]}, {}, "several", id="several"
        ),
        pytest.param({"serviceRegistries": [{"registryArn": "a"}]}, {}, "service discovery", id="discovery"),
        pytest.param({"deploymentController": {"type": "EXTERNAL"}}, {}, "is EXTERNAL", id="controller"),
    ],
)
def test_ecs_takes_a_role_for_a_load_balancer_where_it_needs_none_of_its_own(
    more: Any, task: Any, refused: str, answer: Any
) -> None:
    service = {"role": "ecsServiceRole", "loadBalancers": [{"loadBalancerName": "shop"}], **more}
    found = answer(service=service, **task)
    assert [refused in each for each in found.errors] == ([True] if refused else [])
    assert ["is not judged" in each for each in found.gaps] == ([] if refused else [True])
    linked = "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
    assert answer(service={**service, "role": linked}, **task).gaps == []
