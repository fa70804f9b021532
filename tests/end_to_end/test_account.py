"""What reads an account, in an emulator: the whole fleet, and a task that stopped."""

from __future__ import annotations

import json

from cfnroles.formats.permissions_page import policy_of
from cfnroles.table.account_reads import COMMANDS
from tests.end_to_end.conftest import Account
from tests.fleets import TRUST, allow

WORDS = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable"
    " to retrieve secrets from ssm: AccessDeniedException: User:"
    " arn:aws:sts::{account}:assumed-role/web-execution/{task} is not authorized to perform:"
    " ssm:GetParameters on resource: arn:aws:ssm:{region}:{account}:parameter/web/flags"
    " because no identity-based policy allows the ssm:GetParameters action"
)


def filled(account: Account) -> None:
    """A role that may read one secret, the secret, and a task definition that asks for a parameter as well."""
    there, home = account.running, f"{account.running.region}:{account.running.account}"
    account.client("secretsmanager").create_secret(Name="web/db", SecretString="hunter2")
    secret = account.client("secretsmanager").describe_secret(SecretId="web/db")["ARN"]
    iam = account.client("iam")
    iam.create_role(RoleName="web-execution", AssumeRolePolicyDocument=json.dumps(TRUST))
    policy = {"Version": "2012-10-17", "Statement": [allow("secretsmanager:GetSecretValue", on=secret)]}
    iam.put_role_policy(RoleName="web-execution", PolicyName="own", PolicyDocument=json.dumps(policy))
    account.client("ssm").put_parameter(Name="/web/flags", Value="on", Type="String")
    container = {
        "name": "web",
        "image": "public.ecr.aws/nginx/nginx:1",
        "secrets": [
            {"name": "DB", "valueFrom": secret},
            {"name": "FLAGS", "valueFrom": f"arn:aws:ssm:{home}:parameter/web/flags"},
            {"name": "GONE", "valueFrom": "/web/gone"},
        ],
    }
    account.client("ecs").register_task_definition(
        family="web",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        executionRoleArn=f"arn:aws:iam::{there.account}:role/web-execution",
        containerDefinitions=[container],
    )


def stopped(account: Account) -> str:
    """The ARN of a task that ECS stopped in the words that it has for what the role lacks."""
    ecs, there = account.client("ecs"), account.running
    ecs.create_cluster(clusterName="live")
    ecs.run_task(cluster="live", taskDefinition="web")
    (task,) = ecs.list_tasks(cluster="live")["taskArns"]
    reason = WORDS.format(account=there.account, region=there.region, task=task.rpartition("/")[2])
    ecs.stop_task(cluster="live", task=task, reason=reason)
    return str(task)


def reader(account: Account, command: str) -> dict[str, str]:
    """The credentials of a user with exactly the policy that docs/permissions.md has for a command."""
    iam, there = account.client("iam"), account.running
    (row,) = (each for each in COMMANDS if each.command == command)
    policy = json.dumps(policy_of(row)).replace("ACCOUNT", there.account).replace("REGION", there.region)
    name = command.replace(" --", "-")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="read", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def test_the_policy_of_the_page_is_enough_for_the_fleet(guarded_account: Account) -> None:
    filled(guarded_account)
    environment = reader(guarded_account, "fleet --live")
    fleet = guarded_account.cfnroles("fleet", "--live", "--format", "json", environment=environment)
    report = json.loads(fleet.stdout)
    assert [each["kind"] for each in report["findings"]] == ["secret missing", "lacks permission"]
    assert report["permissionsThatWouldTellMore"] == []


def test_the_fleet_and_a_task_of_it_are_read(account: Account) -> None:
    filled(account)
    fleet = account.cfnroles("fleet", "--live", "--format", "json")
    assert fleet.returncode == 1, fleet.stderr
    found = [(each["kind"], each["subject"]) for each in json.loads(fleet.stdout)["findings"]]
    assert found == [("secret missing", "/web/gone"), ("lacks permission", "web-execution")]

    task = stopped(account)
    told = account.cfnroles("diagnose", "--live", "--cluster", "live", "--task", task, "--format", "json")
    assert told.returncode == 0, told.stderr
    (one,) = json.loads(told.stdout)["diagnoses"]
    assert one["askedBy"][0]["path"] == "containerDefinitions[0].secrets[1].valueFrom"
    assert (one["role"]["name"], one["role"]["outcome"]) == ("web-execution", "missing")
    assert one["statements"][0]["Action"] == ["ssm:GetParameters"]
    assert "hunter2" not in fleet.stdout + told.stdout
