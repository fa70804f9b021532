"""The stacks of an Express Mode service, which waits for its secrets and takes the three roles that are built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfnroles import Document, Told, build, read
from cfnroles.answers.template_lint import template_problems
from cfnroles.answers.verification import Outcome, Verdict
from cfnroles.answers.verify import verify
from cfnroles.errors import InvalidInput
from cfnroles.iam.roles import template_role
from cfnroles.need import Holder
from cfnroles.role_kinds import kind_of
from cfnroles.template.given import Given
from cfnroles.template.template import read_template

HOME = "us-east-1:123456789012"
SECRET = f"arn:aws:secretsmanager:{HOME}:secret:shop/db-AbCdEf"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1.2"
SERVICE = {
    "serviceName": "shop",
    "cluster": "blue",
    "infrastructureRoleArn": "arn:aws:iam::123456789012:role/old",
    "executionRoleArn": "arn:aws:iam::123456789012:role/old",
    "cpu": "1024",
    "healthCheckPath": "/health",
    "networkConfiguration": {"subnets": ["subnet-0123456789abcdef0"], "securityGroups": ["sg-0123456789abcdef0"]},
    "scalingTarget": {"minTaskCount": 1, "maxTaskCount": 3},
    "tags": [{"key": "team", "value": "shop"}],
    "primaryContainer": {
        "image": IMAGE,
        "containerPort": 8080,
        "awsLogsConfiguration": {"logGroup": "/shop", "logStreamPrefix": "web"},
        "secrets": [{"name": "DB", "valueFrom": SECRET}],
        "environment": [{"name": "STAGE", "value": "test"}],
        "command": ["serve"],
    },
}
EXPORTS = {
    "ExecutionRoleArn": "${ProjectName}-ECSTaskExecutionRoleArn",
    "TaskRoleArn": "${ProjectName}-ECSTaskRoleArn",
    "InfrastructureRoleArn": "${ProjectName}-ECSInfrastructureRoleArn",
}


def stacks(tree: Any = SERVICE, **told: Any) -> dict[str, Any]:
    document = Document("web.json", json.dumps(tree))
    built = build(read(document, Told(region="us-east-1", **told)), project="shop")
    return {stack.name: stack for stack in built.stacks}


def properties(tree: Any = SERVICE, **told: Any) -> Any:
    return stacks(tree, **told)["shop-task"].template["Resources"]["Service"]["Properties"]


def test_the_service_has_what_its_document_says_and_the_roles_that_are_built() -> None:
    made = properties()
    assert {name: made.pop(name) for name in EXPORTS} == {
        name: {"Fn::ImportValue": {"Fn::Sub": export}} for name, export in EXPORTS.items()
    }
    assert made == {
        "ServiceName": "shop",
        "Cluster": "blue",
        "Cpu": "1024",
        "HealthCheckPath": "/health",
        "NetworkConfiguration": {"Subnets": ["subnet-0123456789abcdef0"], "SecurityGroups": ["sg-0123456789abcdef0"]},
        "ScalingTarget": {"MinTaskCount": 1, "MaxTaskCount": 3},
        "Tags": [{"Key": "team", "Value": "shop"}],
        "PrimaryContainer": {
            "Image": {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/shop:1.2"},
            "ContainerPort": 8080,
            "AwsLogsConfiguration": {"LogGroup": "/shop", "LogStreamPrefix": "web"},
            "Secrets": [{"Name": "DB", "ValueFrom": {"Ref": "ShopDbSecretArn"}}],
            "Environment": [{"Name": "STAGE", "Value": "test"}],
            "Command": ["serve"],
        },
    }


def test_it_waits_for_its_secrets_and_imports_what_the_roles_stack_exports() -> None:
    made = stacks()
    assert list(made) == ["shop-secret-validator", "shop-roles", "shop-task"]
    template = made["shop-task"].template
    assert template["Resources"]["Service"]["DependsOn"] == "SecretsExist"
    assert {"ServiceArn", "Endpoint"} <= template["Outputs"].keys()
    exported = {name for stack in made.values() for name in stack.exports}
    assert exported == {*made["shop-task"].imports}
    assert made["shop-roles"].for_others == ()


def test_a_service_with_nothing_but_an_image_asks_for_what_is_missing() -> None:
    made = stacks({"serviceName": "shop", "primaryContainer": {"image": ""}})
    assert list(made) == ["shop-roles", "shop-task"]
    template = made["shop-task"].template
    assert template["Parameters"]["MainImage"]["Type"] == "String"
    service = template["Resources"]["Service"]
    assert service["Properties"]["PrimaryContainer"] == {"Image": {"Ref": "MainImage"}}
    assert "DependsOn" not in service


def test_cfn_lint_takes_every_template() -> None:
    for stack in stacks().values():
        assert not template_problems(json.dumps(stack.template))


@pytest.mark.parametrize("holder", [Holder.EXECUTION, Holder.INFRASTRUCTURE])
@pytest.mark.parametrize("logs", [True, False], ids=["own log group", "log group of ECS"])
def test_each_role_is_complete_and_minimal(holder: Holder, logs: bool) -> None:
    container = {**SERVICE["primaryContainer"]}  # type: ignore[dict-item]
    if not logs:
        del container["awsLogsConfiguration"]
    tree = {**SERVICE, "primaryContainer": container}
    template = read_template(json.dumps(stacks(tree)["shop-roles"].template), "roles.json")
    role = template_role(template, kind_of(holder).name, Given({}, "123456789012", "us-east-1"))
    found = verify(
        read(Document("web.json", json.dumps(tree)), Told(region="us-east-1")),
        role,
        holder,
        prove=True,
        aws_managed_keys=True,
    )
    assert found.verdict is Verdict.PASS
    assert found.removals
    assert [str(removal) for removal in found.removals if not removal.fails] == []


def test_whoever_has_the_managed_policy_that_aws_advises_lacks_nothing() -> None:
    policy = "arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRoleforExpressGatewayServices"
    allowed = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.amazonaws.com"}}
    trust = {"Version": "2012-10-17", "Statement": [allowed]}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, "ManagedPolicyArns": [policy]}}
    found = verify(
        read(Document("web.json", json.dumps(SERVICE)), Told(region="us-east-1", account="123456789012")),
        template_role(read_template(json.dumps({"Resources": {"Role": role}}), "roles.json"), "Role", Given({})),
        Holder.INFRASTRUCTURE,
    )
    assert len(found.judged) > 50
    assert {each.outcome for each in found.judged} == {Outcome.ALLOWED}
    assert not [each for each in found.unsure if each.action.startswith("elasticloadbalancing:")]


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        (
            {"infrastructureRoleArn": "", "taskDefinitionArn": f"arn:aws:ecs:{HOME}:task-definition/shop:7"},
            "the task definition of the service, with the roles of the tasks",
        ),
        (
            {"serviceArn": f"arn:aws:ecs:{HOME}:service/blue/shop", "primaryContainer": {"image": "nginx:1"}},
            "the service already exists",
        ),
        (
            {"infrastructureRoleArn": "", "primaryContainer": None},
            "the service has no primaryContainer and no taskDefinitionArn",
        ),
    ],
    ids=["a task definition of its own", "one that exists", "nothing to run"],
)
def test_what_no_new_service_can_be_made_of_is_refused(tree: Any, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        stacks(tree)


def test_a_spec_gives_its_application_permissions(tmp_path: Path) -> None:
    (tmp_path / "web.json").write_text(json.dumps(SERVICE))
    spec = tmp_path / "cfnroles.yaml"
    grants = "task-role: {grants: [{s3-read: shop-images}]}"
    spec.write_text(f"project: shop\nservices: {{web: {{task-definition: web.json, {grants}}}}}\n")
    made = {stack.name: stack.template for stack in build(read(spec)).stacks}
    service = made["shop-web-task"]["Resources"]["Service"]["Properties"]
    assert service["TaskRoleArn"] == {"Fn::ImportValue": {"Fn::Sub": "${ProjectName}-web-ECSTaskRoleArn"}}
    assert "s3:GetObject" in json.dumps(made["shop-web-roles"]["Resources"]["TaskRole"])
