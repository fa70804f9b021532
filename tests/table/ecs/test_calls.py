"""The roles against the calls that ECS makes: all are allowed, neighbours are refused, none is there for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cfnroles.discovery import discover
from cfnroles.facts import Facts
from cfnroles.role_kinds import ROLE_KINDS
from cfnroles.targets.cloudformation.service import service_stacks
from cfnroles.workload import Workload
from tests.deployed_roles import denied, documents, is_allowed, smaller
from tests.ecs_calls import ACCOUNT, KEY, REGION, Call, calls

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret"
ELB = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
LATTICE = "arn:aws:vpc-lattice:us-east-1:123456789012"
LOGS = {"awslogs-group": "/ecs/shop", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "shop"}


def task(*containers: dict[str, Any], **members: Any) -> dict[str, Any]:
    named = [{"name": f"c{index}", "image": "nginx", **each} for index, each in enumerate(containers)]
    return {"family": "shop", "containerDefinitions": named, **members}


def secrets(*values: str) -> dict[str, Any]:
    return {"secrets": [{"name": f"S{index}", "valueFrom": value} for index, value in enumerate(values)]}


def logs(driver: str, **options: str) -> dict[str, Any]:
    return {"logConfiguration": {"logDriver": driver, "options": options}}


def efs(iam: str, read_only: bool, point: str = "") -> dict[str, Any]:
    authorization = {"iam": iam, **({"accessPointId": point} if point else {})}
    return task(
        {"mountPoints": [{"sourceVolume": "data", "containerPath": "/data", "readOnly": read_only}]},
        volumes=[
            {
                "name": "data",
                "efsVolumeConfiguration": {
                    "fileSystemId": "fs-0a1b2c3d",
                    "transitEncryption": "ENABLED",
                    "authorizationConfig": authorization,
                },
            }
        ],
    )


TASKS = {
    "image-of-ecr": task({"image": f"{ECR}/shop/web:1"}),
    "image-by-digest": task({"image": f"{ECR}/shop/web@sha256:{'0' * 64}"}),
    "image-of-dual-stack": task({"image": "123456789012.dkr-ecr.us-east-1.on.aws/shop/web"}),
    "image-of-fips": task({"image": "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/web:1"}),
    "image-of-another-account-and-region": task({"image": "210987654321.dkr.ecr.eu-west-1.amazonaws.com/web:1"}),
    "image-of-anyone": task({"image": "public.ecr.aws/nginx/nginx:1"}, {"image": "quay.io/x/y"}),
    "secret": task(secrets(f"{SECRET}:db-AbCdEf")),
    "secret-by-name": task(secrets(f"{SECRET}:db")),
    "secret-with-key-of-json": task(secrets(f"{SECRET}:db-AbCdEf:password::", f"{SECRET}:db-AbCdEf:user::")),
    "secret-of-another-region": task(secrets("arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf")),
    "secret-of-another-account": task(secrets("arn:aws:secretsmanager:us-east-1:210987654321:secret:db-AbCdEf")),
    "secret-of-rds": task(secrets(f"{SECRET}:rds!db-1-AbCdEf")),
    "parameter-by-name": task(secrets("plain", "/with/path")),
    "parameter-by-arn": task(secrets("arn:aws:ssm:eu-west-1:123456789012:parameter/with/path")),
    "registry": task({"repositoryCredentials": {"credentialsParameter": f"{SECRET}:registry-AbCdEf"}}),
    "files": task({"environmentFiles": [{"value": "arn:aws:s3:::config/a/web.env", "type": "s3"}]}),
    "logs": task(logs("awslogs", **LOGS)),
    "logs-in-another-region": task(logs("awslogs", **{**LOGS, "awslogs-region": "eu-west-1"})),
    "logs-without-prefix": task(logs("awslogs", **{k: v for k, v in LOGS.items() if k != "awslogs-stream-prefix"})),
    "logs-that-make-their-group": task(logs("awslogs", **LOGS, **{"awslogs-create-group": "true"})),
    "logs-elsewhere": task(logs("splunk", **{"splunk-url": "https://x"})),
    "router-to-firehose": task(logs("awsfirelens", Name="firehose", region="eu-west-1", delivery_stream="shop")),
    "router-to-kinesis": task(logs("awsfirelens", Name="kinesis_streams", region="us-east-1", stream="shop")),
    "router-to-cloudwatch": task(
        logs("awsfirelens", Name="cloudwatch_logs", region="us-east-1", log_group_name="a", log_stream_prefix="b-")
    ),
    "router-to-s3": task(logs("awsfirelens", Name="s3", region="us-east-1", bucket="shop-logs")),
    "router-to-elsewhere": task(logs("awsfirelens", Name="datadog")),
    "efs": efs("ENABLED", read_only=False),
    "efs-read-only": efs("ENABLED", read_only=True),
    "efs-by-access-point": efs("ENABLED", read_only=False, point="fsap-0a1b2c3d"),
    "efs-without-iam": efs("DISABLED", read_only=False),
    "exec": task({}, service={"enableExecuteCommand": True}),
    "shifted-traffic": task(
        service={
            "loadBalancers": [
                {
                    "targetGroupArn": f"{ELB}:targetgroup/blue/1",
                    "advancedConfiguration": {
                        "alternateTargetGroupArn": f"{ELB}:targetgroup/green/2",
                        "productionListenerRule": f"{ELB}:listener-rule/app/shop/3/4/5",
                        "testListenerRule": f"{ELB}:listener/net/shop/6/7",
                    },
                }
            ],
            "vpcLatticeConfigurations": [
                {
                    "targetGroupArn": f"{LATTICE}:targetgroup/tg-1",
                    "advancedConfiguration": {
                        "alternateTargetGroupArn": f"{LATTICE}:targetgroup/tg-2",
                        "productionListenerRule": f"{LATTICE}:service/svc-3/listener/listener-4/rule/rule-5",
                        "testListenerRule": f"{LATTICE}:service/svc-6/listener/listener-7",
                    },
                }
            ],
            "deploymentConfiguration": {
                "lifecycleHooks": [{"hookTargetArn": "arn:aws:lambda:us-east-1:123456789012:function:smoke"}]
            },
        }
    ),
    "all-together": task(
        {
            "image": f"{ECR}/shop/web:1",
            **secrets(f"{SECRET}:db-AbCdEf", f"{SECRET}:cache", "/shop/flags"),
            **logs("awslogs", **LOGS),
            "environmentFiles": [{"value": "arn:aws:s3:::config/web.env", "type": "s3"}],
        },
        {"image": f"{ECR}/shop/sidecar:1", **secrets("/shop/other"), **logs("awslogs", **LOGS)},
    ),
}  # fmt: skip

each_task = pytest.mark.parametrize("tree", TASKS.values(), ids=TASKS.keys())
each_key = pytest.mark.parametrize("with_key", [False, True], ids=["aws-managed-key", "customer-managed-key"])


def roles(tree: Mapping[str, Any], with_key: bool) -> dict[str, list[dict[str, Any]]]:
    """The policies of the roles that are built for a task definition, as IAM would hold them."""
    workload = Workload("task.json", tree)
    facts = Facts(account=ACCOUNT, region=REGION)
    discovery = discover(workload, facts)
    assert discovery.gaps == ()
    stacks = service_stacks(workload, discovery, facts, "shop")
    template = next(stack.template for stack in stacks if "TaskRole" in stack.template["Resources"])
    parameters = {"KmsKeyArns": KEY} if with_key and "KmsKeyArns" in template["Parameters"] else {}
    names = [kind.name for kind in ROLE_KINDS if kind.name in template["Resources"]]
    return {name: documents(template, name, parameters) for name in names}


@each_key
@each_task
def test_each_call_is_allowed(tree: Mapping[str, Any], with_key: bool) -> None:
    assert denied(roles(tree, with_key), list(calls(tree, with_key))) == []


def neighbours(call: Call) -> list[str]:
    """Resources that differ from the call's in their name, account or region."""
    if call.resource == "*":
        return []
    parts = call.resource.split(":", 5)
    others = list(call.neighbours)
    if parts[3]:
        others.append(":".join([*parts[:3], "ap-south-1", *parts[4:]]))
    if parts[4]:
        others.append(":".join([*parts[:4], "999999999999", *parts[5:]]))
    return others


@each_key
@each_task
def test_no_call_reaches_a_neighbour(tree: Mapping[str, Any], with_key: bool) -> None:
    policies = roles(tree, with_key)
    made = list(calls(tree, with_key))
    meant = {(call.role, call.action, call.resource) for call in made}
    for call in made:
        for other in neighbours(call):
            if (call.role, call.action, other) not in meant:
                assert not is_allowed(policies[call.role], call.action, other, dict(call.context)), (call, other)


@each_task
def test_a_key_decrypts_nothing_but_these_secrets_through_their_service(tree: Mapping[str, Any]) -> None:
    policies = roles(tree, with_key=True)
    for call in calls(tree, with_key=True):
        if call.action == "kms:Decrypt":
            context = dict(call.context)
            for name in context:
                wrong = {**context, name: f"{context[name]}x"}
                assert not is_allowed(policies[call.role], call.action, call.resource, wrong)
                less = {key: value for key, value in context.items() if key != name}
                assert not is_allowed(policies[call.role], call.action, call.resource, less)


@each_key
@each_task
def test_nothing_is_granted_for_nothing(tree: Mapping[str, Any], with_key: bool) -> None:
    policies = roles(tree, with_key)
    made = list(calls(tree, with_key))
    for role in policies:
        for taken, reduced in smaller(policies[role]):
            assert denied({**policies, role: reduced}, made), f"no call needs {taken}"


def test_the_applications_role_holds_nothing_of_ecs_itself() -> None:
    assert roles(TASKS["all-together"], with_key=False)["TaskRole"] == []
