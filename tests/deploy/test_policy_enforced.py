"""The policy of a deploying principal, shown to be sufficient and minimal where IAM is enforced.

The emulator evaluates a caller's policy for the caller's own calls, and never for those that CloudFormation makes for
it. So a test plays CloudFormation: it makes each call of the table itself, on names such as CloudFormation creates.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from msgspec.structs import replace

from cfnroles import build, read
from cfnroles.aws.connection import Connection
from cfnroles.deploy.policy import DeployOptions, deploy_policy
from cfnroles.deploy.stacks_file import built_stacks, read_stacks
from cfnroles.emulator import ACCOUNT, REGION
from cfnroles.iam.evaluator import Context, Decision, Principal, Request, evaluate, parse_policy, some
from cfnroles.policies import document

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def policy_of(stacks, **options):
    return deploy_policy(stacks, DeployOptions(ACCOUNT, REGION, **options))


def example(name):
    return built_stacks(build(read(str(EXAMPLES / name))).files, name)


class Deployer:
    """A user whose permissions a test sets, one after the other."""

    def __init__(self, running, iam):
        self.iam = iam
        self.iam.create_user(UserName="deployer")
        key = self.iam.create_access_key(UserName="deployer")["AccessKey"]
        self.environment = running.environment() | {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }
        self.client = Connection.of_environment(self.environment).client

    def may(self, statements):
        """Have these permissions and no others."""
        text = json.dumps(document(statements))
        self.iam.put_user_policy(UserName="deployer", PolicyName="deploy", PolicyDocument=text)


@pytest.fixture
def deployer(enforcing, strict_emulator):
    return Deployer(strict_emulator, enforcing("iam"))


@pytest.fixture
def as_deployer(deployer, monkeypatch):
    for name, value in deployer.environment.items():
        monkeypatch.setenv(name, value)
    return deployer


def with_secrets(enforcing):
    for name in ("shop/db", "shop/api"):
        enforcing("secretsmanager").create_secret(Name=name, SecretString="x")


def test_it_is_enough_to_create_update_and_delete(cfnroles, enforcing, as_deployer, stacks):
    with_secrets(enforcing)
    as_deployer.may(policy_of(read_stacks(stacks)).statements)

    created = cfnroles("deploy", stacks, "--yes")
    roles = stacks / "shop-roles.yaml"
    roles.write_text(roles.read_text().replace("secretsmanager:GetSecretValue", "ssm:GetParameters"))
    updated = cfnroles("deploy", stacks, "--yes")
    deleted = cfnroles("delete", stacks, "--yes")

    assert (created.code, updated.code, deleted.code) == (0, 0, 0)
    assert "References: 2 of 2 checked and usable." in created.err
    assert "updated" in updated.err
    assert enforcing("cloudformation").describe_stacks()["Stacks"] == []


def test_it_is_enough_where_the_gate_refuses_and_the_template_is_in_a_bucket(cfnroles, enforcing, as_deployer, stacks):
    enforcing("s3").create_bucket(Bucket="templates")
    task = stacks / "shop-task.yaml"
    task.write_text("# " + "x" * 51_200 + "\n" + task.read_text())
    as_deployer.may(policy_of(read_stacks(stacks), bucket="templates").statements)

    refused = cfnroles("deploy", stacks, "--yes", "--no-check", "--bucket", "templates")
    with_secrets(enforcing)
    deployed = cfnroles("deploy", stacks, "--yes", "--bucket", "templates")

    assert refused.code == 1
    assert "Secret shop/db does not exist" in refused.err
    assert deployed.code == 0


@pytest.mark.parametrize(
    "action",
    [
        "cloudformation:DescribeStacks",
        "cloudformation:CreateChangeSet",
        "cloudformation:DescribeChangeSet",
        "cloudformation:ExecuteChangeSet",
        "cloudformation:DescribeStackEvents",
        "cloudformation:ListExports",
    ],
)
def test_without_one_of_its_actions_a_deployment_ends_and_says_which(cfnroles, as_deployer, stacks, action):
    statements = policy_of(read_stacks(stacks)).statements
    as_deployer.may(
        replace(each, actions=tuple(name for name in each.actions if name != action))
        for each in statements
        if each.actions != (action,)
    )

    answer = cfnroles("deploy", stacks, "--yes", "--no-check")

    assert answer.code == 3
    assert f"not allowed to call {action}" in answer.err


def test_without_describing_secrets_the_plan_says_so(cfnroles, enforcing, as_deployer, stacks):
    with_secrets(enforcing)
    as_deployer.may(policy_of(read_stacks(stacks), check=False).statements)

    answer = cfnroles("deploy", stacks, "--plan")

    assert answer.code == 0
    assert "not allowed to call secretsmanager:DescribeSecret" in answer.out


# CloudFormation, played.

#: What the emulator asks about another resource than AWS does (nearly always `*`), or does not ask about at all: its
#: answer is the same with the statement and without it.
NOT_JUDGED = {
    "ecs:ListTagsForResource",
    "ecs:RegisterTaskDefinition",
    "ecs:TagResource",
    "ecs:UntagResource",
    "iam:PassRole",
    "lambda:CreateFunction",
    "lambda:DeleteFunctionEventInvokeConfig",
    "lambda:GetFunctionEventInvokeConfig",
    "lambda:PutFunctionEventInvokeConfig",
    "lambda:UpdateFunctionEventInvokeConfig",
    "logs:DisassociateKmsKey",
    "logs:GetDataProtectionPolicy",
    "ssm:GetParameters",
}
#: The operation of an action that has another name.
OPERATIONS = {"lambda:InvokeFunction": "Invoke"}
#: What names the resource of a call, where the API does not require it.
NAMING = ("StackName", "ChangeSetName", "TemplateBody")


def values_of(resource):
    """The members of requests about a resource, by their names."""
    arn = resource.replace("??????", "AbCdEf").replace("*", "1A2B3C")
    name = arn.rpartition("/")[2]
    function = arn.rpartition(":")[2]
    group = arn.partition(":log-group:")[2].removesuffix(":1A2B3C")
    return {
        "AssumeRolePolicyDocument": "{}",
        "ChangeSetName": "cfnroles-1",
        "Code": {},
        "Description": "",
        "ExportName": "shop",
        "FunctionName": function,
        "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "PolicyDocument": "{}",
        "PolicyName": "Permissions",
        "Qualifier": "$LATEST",
        "Resource": arn,
        "Role": f"arn:aws:iam::{ACCOUNT}:role/any",
        "RoleName": name,
        "SecretId": arn,
        "StackName": arn.partition(":stack/")[2].partition("/")[0] or "shop-task",
        "TagKeys": ["one"],
        "Tags": {"one": "two"} if ":lambda:" in arn else [],
        "TemplateBody": "{}",
        "logGroupIdentifier": group,
        "logGroupIdentifiers": ["any"],
        "logGroupName": group,
        "resourceArn": arn.removesuffix(":1A2B3C"),
        "retentionInDays": 1,
        "tagKeys": ["one"],
        "tags": {"one": "two"} if ":logs:" in arn else [],
        "Names": [arn.partition(":parameter")[2]],
        "taskDefinition": "shop:1",
        "family": "shop",
        "containerDefinitions": [],
    }


def is_refused(client, action, resource):
    """Whether IAM refuses a call; whatever else is wrong with it, it was allowed."""
    operation = OPERATIONS.get(action, action.partition(":")[2])
    shape = client.meta.service_model.operation_model(operation).input_shape
    values = values_of(resource)
    wanted = {*shape.required_members, *(name for name in NAMING if name in shape.members)} if shape else ()
    try:
        getattr(client, xform_name(operation))(**{name: values[name] for name in wanted})
    except ClientError as error:
        return "AccessDenied" in error.response["Error"]["Code"]
    return False


def asked_about(statement):
    """The resources that a test can ask about one by one: a change set is always asked about with its stack."""
    return {str(resource) for resource in statement.resources if ":changeSet/" not in resource}


def test_each_statement_allows_what_nothing_else_does(deployer):
    statements = policy_of(example("shop.json")).statements
    clients, judged, not_judged = {}, set(), set()

    def refused(statement):
        for action in statement.actions:
            service = action.partition(":")[0]
            client = clients.setdefault(service, deployer.client(service))
            for resource in () if action == "iam:PassRole" else sorted(asked_about(statement)):
                yield action, resource, is_refused(client, action, resource)

    for statement in statements:
        deployer.may(statements)
        with_it = list(refused(statement))
        deployer.may(each for each in statements if each is not statement)
        for (action, resource, before), (_, _, after) in zip(with_it, refused(statement), strict=True):
            (not_judged if before == after else judged).add(action)
            assert not before or after, f"{action} on {resource} is refused with its statement only"

    granted = {action for statement in statements for action in statement.actions}
    assert judged == granted - NOT_JUDGED
    assert not_judged | {"iam:PassRole"} == NOT_JUDGED


def test_the_same_calls_on_others_resources_are_refused(deployer):
    statements = policy_of(example("shop.json")).statements
    deployer.may(statements)
    clients = {}
    for statement in statements:
        for action in {*statement.actions} - NOT_JUDGED:
            service = action.partition(":")[0]
            client = clients.setdefault(service, deployer.client(service))
            for resource in asked_about(statement) - {"*"}:
                other = resource.replace("shop", "shopping")
                assert is_refused(client, action, other), f"{action} on {other}"


# What the emulator does not judge, by the evaluator.

ROLE = f"arn:aws:iam::{ACCOUNT}:role"
BOUNDARY = {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/developer-boundary"}
TASKS, FUNCTIONS = ({"iam:PassedToService": f"{name}.amazonaws.com"} for name in ("ecs-tasks", "lambda"))


@pytest.mark.parametrize(
    ("source", "action", "resource", "context", "allowed"),
    [
        ("shop.json", "iam:PassRole", f"{ROLE}/shop-roles-TaskRole-1A", TASKS, True),
        ("shop.json", "iam:PassRole", f"{ROLE}/shop-roles-TaskRole-1A", FUNCTIONS, False),
        ("shop.json", "iam:PassRole", f"{ROLE}/shop-secret-validator-Role-1A", FUNCTIONS, True),
        ("shop.json", "iam:PassRole", f"{ROLE}/shop-secret-validator-Role-1A", TASKS, False),
        ("shop.json", "iam:PassRole", f"{ROLE}/admin", TASKS, False),
        ("shop.json", "iam:CreateRole", f"{ROLE}/admin/shop-roles-TaskRole-1A", {}, False),
        ("shop.json", "iam:AttachRolePolicy", f"{ROLE}/shop-roles-TaskRole-1A", {}, False),
        ("shop.json", "ecs:RegisterTaskDefinition", f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/shop:7", {}, True),
        (
            "shop.json",
            "ecs:RegisterTaskDefinition",
            f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/other:7",
            {},
            False,
        ),
        (
            "shop.json",
            "lambda:CreateFunction",
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop-secret-validator-Function-1A",
            {},
            True,
        ),
        (
            "shop.json",
            "lambda:PutFunctionEventInvokeConfig",
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop-secret-validator-Function-1A:$LATEST",
            {},
            True,
        ),
        ("shop.json", "lambda:CreateFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:other", {}, False),
        ("shop.json", "ssm:GetParameters", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/shop/feature-flags", {}, True),
        ("shop.json", "ssm:GetParameters", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/shop/other", {}, False),
    ],
)
def test_by_the_evaluator(source, action, resource, context, allowed):
    policies = [parse_policy("Deploy", document(policy_of(example(source)).statements))]
    given = Context.of(context, absent=["iam:PermissionsBoundary", "iam:PassedToService", "iam:PolicyARN"])
    principal = Principal(f"arn:aws:iam::{ACCOUNT}:role/deployer")
    evaluation = evaluate(Request(principal, action, some(resource), given), policies)
    assert (evaluation.decision is Decision.ALLOWED) == allowed
