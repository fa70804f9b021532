"""Three popular execution roles against a task definition whose secrets have a customer managed key.

What they lack and what they grant too much is listed here in full.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfnroles import Document
from cfnroles.answers.verification import Outcome, Verification
from cfnroles.discovery import discover
from cfnroles.facts import Facts
from cfnroles.iam.actions import Risk, expanded
from cfnroles.iam.roles import read_role
from cfnroles.need import Holder
from cfnroles.policies import document
from cfnroles.sources.task_definition import read_task_definition
from cfnroles.template.given import Given
from tests.judged import judge

HOME = "us-east-1:123456789012"
KEY = f"arn:aws:kms:{HOME}:key/11111111-2222-3333-4444-555555555555"
SECRET = f"arn:aws:secretsmanager:{HOME}:secret:db/pw-??????"
PARAMETER = f"arn:aws:ssm:{HOME}:parameter/shop/flag"
REPOSITORY = f"arn:aws:ecr:{HOME}:repository/my/app"
STREAMS = f"arn:aws:logs:{HOME}:log-group:/ecs/shop:log-stream:shop/web/*"

TASK = {
    "family": "shop",
    "containerDefinitions": [
        {
            "name": "web",
            "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/my/app:1",
            "secrets": [
                {"name": "PASSWORD", "valueFrom": f"arn:aws:secretsmanager:{HOME}:secret:db/pw"},
                {"name": "FLAG", "valueFrom": "/shop/flag"},
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": "/ecs/shop",
                    "awslogs-region": "us-east-1",
                    "awslogs-stream-prefix": "shop",
                },
            },
        }
    ],
}

DECRYPT_PARAMETER = {
    "Sid": "DecryptParameters",
    "Effect": "Allow",
    "Action": ["kms:Decrypt"],
    "Resource": KEY,
    "Condition": {
        "StringEquals": {
            "kms:EncryptionContext:PARAMETER_ARN": [PARAMETER],
            "kms:ViaService": ["ssm.us-east-1.amazonaws.com"],
        }
    },
}
DECRYPT_SECRET = {
    "Sid": "DecryptSecrets",
    "Effect": "Allow",
    "Action": ["kms:Decrypt"],
    "Resource": KEY,
    "Condition": {
        "StringEquals": {"kms:ViaService": ["secretsmanager.us-east-1.amazonaws.com"]},
        "StringLike": {"kms:EncryptionContext:SecretARN": [SECRET]},
    },
}
READ_PARAMETER = {"Sid": "ReadParameters", "Effect": "Allow", "Action": ["ssm:GetParameters"], "Resource": PARAMETER}
READ_SECRET = {"Sid": "ReadSecrets", "Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": SECRET}
TOKEN = {"Sid": "GetRegistryToken", "Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": "*"}
PULL = {
    "Sid": "PullImages",
    "Effect": "Allow",
    "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    "Resource": REPOSITORY,
}
WRITE_LOGS = {
    "Sid": "WriteLogs",
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": STREAMS,
}

#: The managed policy's statement: (unused, wider than needed, what to put in its place).
TASK_EXECUTION_ROLE_POLICY = (
    "AmazonECSTaskExecutionRolePolicy.Statement[0]",
    Risk.CHANGE,
    {"ecr:BatchCheckLayerAvailability on *"},
    {
        "ecr:BatchGetImage on *": {REPOSITORY},
        "ecr:GetDownloadUrlForLayer on *": {REPOSITORY},
        "logs:CreateLogStream on *": {STREAMS},
        "logs:PutLogEvents on *": {STREAMS},
    },
    [TOKEN, PULL, WRITE_LOGS],
)
TRUST = {
    "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]
}
MANAGED = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def verified(resources: dict[str, Any], needed: set[str] | None = None) -> Verification:
    workload = read_task_definition(Document("task.json", json.dumps(TASK)))
    facts = Facts("123456789012", "us-east-1", kms_key_arns=(KEY,))
    discovery = discover(workload, facts)
    role = read_role(
        json.dumps({"Resources": resources}), "roles.json", "Role", Given(account=facts.account, region=facts.region)
    )
    return judge(discovery.needs, role, facts, Holder.EXECUTION)


def a_role(**properties: Any) -> dict[str, Any]:
    return {"Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST, **properties}}}


def excess_of(found: Verification) -> list[tuple[Any, ...]]:
    return [
        (
            str(each.statement),
            each.risk,
            set(map(str, each.unused)),
            {str(wide.grant): {permission.resource for permission in wide.needed} for wide in each.wide},
            document(each.tight)["Statement"],
        )
        for each in found.excess
    ]


def missing_of(found: Verification) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = document(found.missing)["Statement"]
    return statements


def test_two_managed_policies() -> None:
    found = verified(a_role(ManagedPolicyArns=[MANAGED, "arn:aws:iam::aws:policy/SecretsManagerReadWrite"]))

    assert missing_of(found) == [DECRYPT_PARAMETER, DECRYPT_SECRET, READ_PARAMETER]
    describing = (
        "cloudformation:CreateChangeSet cloudformation:DescribeChangeSet cloudformation:DescribeStackResource"
        " cloudformation:DescribeStacks cloudformation:ExecuteChangeSet docdb-elastic:GetCluster"
        " docdb-elastic:ListClusters ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs kms:DescribeKey"
        " kms:ListAliases kms:ListKeys lambda:ListFunctions rds:DescribeDBClusters rds:DescribeDBInstances"
        " redshift:DescribeClusters redshift-serverless:ListWorkgroups redshift-serverless:GetNamespace"
        " tag:GetResources"
    )
    functions = "AddPermission CreateFunction GetFunction InvokeFunction UpdateFunctionConfiguration"
    applications = "arn:aws:serverlessrepo:*:*:applications/SecretsManager*"
    assert excess_of(found) == [
        (
            "SecretsManagerReadWrite.Statement[0] (BasePermissions)",
            Risk.PERMIT,
            {f"{action} on *" for action in describing.split()},
            {"secretsmanager:* on *": {SECRET}},
            [READ_SECRET],
        ),
        (
            "SecretsManagerReadWrite.Statement[1] (LambdaPermissions)",
            Risk.PERMIT,
            {f"lambda:{name} on arn:aws:lambda:*:*:function:SecretsManager*" for name in functions.split()},
            {},
            [],
        ),
        TASK_EXECUTION_ROLE_POLICY,
        (
            "SecretsManagerReadWrite.Statement[2] (SARPermissions)",
            Risk.CHANGE,
            {
                f"serverlessrepo:CreateCloudFormationChangeSet on {applications}",
                f"serverlessrepo:GetApplication on {applications}",
            },
            {},
            [],
        ),
        (
            "SecretsManagerReadWrite.Statement[4] (CloudFormationTagOnCreate)",
            Risk.CHANGE,
            {"cloudformation:TagResource on *", "cloudformation:UntagResource on *"},
            {},
            [],
        ),
        (
            "SecretsManagerReadWrite.Statement[3] (S3Permissions)",
            Risk.READ,
            {
                "s3:GetObject on arn:aws:s3:::awsserverlessrepo-changesets*",
                "s3:GetObject on arn:aws:s3:::secrets-manager-rotation-apps-*/*",
            },
            {},
            [],
        ),
    ]


def test_secrets_on_everything() -> None:
    statement = {
        "Effect": "Allow",
        "Action": ["secretsmanager:GetSecretValue", "ssm:GetParameters", "kms:Decrypt"],
        "Resource": "*",
    }
    secrets = {"PolicyName": "Secrets", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    found = verified(a_role(ManagedPolicyArns=[MANAGED], Policies=[secrets]))

    assert missing_of(found) == []
    assert found.outcome is Outcome.ALLOWED
    assert excess_of(found) == [
        TASK_EXECUTION_ROLE_POLICY,
        (
            "Secrets.Statement[0]",
            Risk.READ,
            set(),
            {
                "secretsmanager:GetSecretValue on *": {SECRET},
                "ssm:GetParameters on *": {PARAMETER},
                "kms:Decrypt on *": {KEY},
            },
            [DECRYPT_PARAMETER, DECRYPT_SECRET, READ_PARAMETER, READ_SECRET],
        ),
    ]
    conditions = {wide.grant.action: wide.conditions for wide in found.excess[1].wide}
    assert conditions == {
        "secretsmanager:GetSecretValue": (),
        "ssm:GetParameters": (),
        "kms:Decrypt": (
            "kms:EncryptionContext:PARAMETER_ARN",
            "kms:EncryptionContext:SecretARN",
            "kms:ViaService",
        ),
    }


def cdk(statements: list[dict[str, Any]]) -> dict[str, Any]:
    """The resources of CDK's FargateTaskDefinition for the same task: the policy is separate from the role."""
    policy = {
        "PolicyName": "TaskExecutionRoleDefaultPolicy",
        "Roles": [{"Ref": "Role"}],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
    }
    return {
        **a_role(),
        "LogGroup": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/ecs/shop"}},
        "Policy": {"Type": "AWS::IAM::Policy", "Properties": policy},
    }


def joined(*parts: Any) -> dict[str, Any]:
    return {"Fn::Join": ["", list(parts)]}


PARTITION = {"Ref": "AWS::Partition"}
CDK_STATEMENTS = [
    {
        "Action": ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
        "Effect": "Allow",
        "Resource": joined("arn:", PARTITION, ":ecr:us-east-1:123456789012:repository/my/app"),
    },
    {"Action": "ecr:GetAuthorizationToken", "Effect": "Allow", "Resource": "*"},
    {
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Effect": "Allow",
        "Resource": {"Fn::GetAtt": ["LogGroup", "Arn"]},
    },
    {
        "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
        "Effect": "Allow",
        "Resource": SECRET,
    },
    {
        "Action": ["ssm:DescribeParameters", "ssm:GetParameters", "ssm:GetParameter", "ssm:GetParameterHistory"],
        "Effect": "Allow",
        "Resource": joined("arn:", PARTITION, ":ssm:us-east-1:123456789012:parameter/shop/flag"),
    },
]


def test_what_cdk_writes() -> None:
    found = verified(cdk(CDK_STATEMENTS))

    assert missing_of(found) == [DECRYPT_PARAMETER, DECRYPT_SECRET]
    name = "TaskExecutionRoleDefaultPolicy.Statement"
    group = f"arn:aws:logs:{HOME}:log-group:/ecs/shop:*"
    assert excess_of(found) == [
        (
            f"{name}[2]",
            Risk.CHANGE,
            set(),
            {f"logs:CreateLogStream on {group}": {STREAMS}, f"logs:PutLogEvents on {group}": {STREAMS}},
            [WRITE_LOGS],
        ),
        (
            f"{name}[4]",
            Risk.READ,
            {
                f"ssm:{action} on {PARAMETER}"
                for action in ("DescribeParameters", "GetParameter", "GetParameterHistory")
            },
            {},
            [READ_PARAMETER],
        ),
        (f"{name}[0]", Risk.DESCRIBE, {f"ecr:BatchCheckLayerAvailability on {REPOSITORY}"}, {}, [PULL]),
        (f"{name}[3]", Risk.DESCRIBE, {f"secretsmanager:DescribeSecret on {SECRET}"}, {}, [READ_SECRET]),
    ]


def test_none_of_the_three_closes_its_trust_policy() -> None:
    for resources in (a_role(), cdk(CDK_STATEMENTS)):
        found = verified(resources).trust
        assert found is not None
        assert found.open


@pytest.mark.parametrize(
    "found", [verified(a_role(ManagedPolicyArns=[MANAGED])), verified(cdk(CDK_STATEMENTS))], ids=["managed", "CDK"]
)
def test_the_tight_form_and_what_is_missing_together_are_all_that_is_needed(found: Verification) -> None:
    statements = [*document(found.missing)["Statement"]]
    for excess in found.excess:
        statements += document(excess.tight)["Statement"]
    replaced = {str(excess.statement) for excess in found.excess}
    for policy in found.role.policies:
        for index, statement in enumerate(policy.document["Statement"]):
            if f"{policy.name}.Statement[{index}]" not in {name.split(" ")[0] for name in replaced}:
                statements.append(statement)
    tight = {"PolicyName": "Tight", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}

    again = verified(a_role(Policies=[tight]))
    assert again.outcome is Outcome.ALLOWED
    assert again.excess == ()


def test_a_wildcard_of_actions_is_counted() -> None:
    assert len(expanded("secretsmanager:*")) == 23
