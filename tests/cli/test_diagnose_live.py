"""``cfnroles diagnose --live``: a task, a service or a stack that failed in, what is behind it out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.live_aws import Aws, aws, refusal

__all__ = ["aws"]
Account = Callable[..., Aws]

HOME = "us-east-1:123456789012"
ID, OTHER = "0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a", "1a9d3c2b1a4e4d5c8b7a6f5e4d3c2b1b"
TASK = f"arn:aws:ecs:{HOME}:task/shop/{ID}"
SERVICE = f"arn:aws:ecs:{HOME}:service/shop/web"
SECRET = f"arn:aws:secretsmanager:{HOME}:secret:shop/db-AbC1eF"
ROLE = "arn:aws:iam::123456789012:role/web-execution"
DEFINITION = {
    "taskDefinition": {
        "taskDefinitionArn": f"arn:aws:ecs:{HOME}:task-definition/web:3",
        "family": "web",
        "revision": 3,
        "executionRoleArn": ROLE,
        "containerDefinitions": [
            {
                "name": "web",
                "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:7",
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "/ecs/web",
                        "awslogs-region": "us-east-1",
                        "awslogs-stream-prefix": "web",
                    },
                },
                "memory": 128,
                "secrets": [{"name": "DB", "valueFrom": SECRET}],
                "environment": [{"name": "PASSWORD", "value": "hunter2"}],
            }
        ],
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
    },
    "tags": [],
}
DENIED = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable"
    " to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret"
    f" {SECRET} from secrets manager: AccessDeniedException: User:"
    f" arn:aws:sts::123456789012:assumed-role/web-execution/{ID} is not authorized to perform:"
    f" secretsmanager:GetSecretValue on resource: {SECRET}"
)
IDENTITY = "because no identity-based policy allows the secretsmanager:GetSecretValue action"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def stopped(reason: str, id_: str = ID, at: datetime = NOON, **more: Any) -> dict[str, Any]:
    return {
        "taskArn": TASK.replace(ID, id_),
        "taskDefinitionArn": DEFINITION["taskDefinition"]["taskDefinitionArn"],
        "lastStatus": "STOPPED",
        "launchType": "FARGATE",
        "stopCode": "TaskFailedToStart",
        "stoppedAt": at,
        "stoppedReason": reason,
        "containers": [{"name": "web", "lastStatus": "STOPPED", "taskArn": TASK.replace(ID, id_)}],
        **more,
    }


def service(*events: str, **more: Any) -> dict[str, Any]:
    told = [{"id": str(n), "createdAt": NOON, "message": message} for n, message in enumerate(events)]
    found = {"serviceArn": SERVICE, "serviceName": "web", "status": "ACTIVE", "events": told, "deployments": []}
    return {
        "services": [{**found, "taskDefinition": f"arn:aws:ecs:{HOME}:task-definition/web:3", **more}],
        "failures": [],
    }


def event(stack: str, resource: str, kind: str, status: str, reason: str = "", physical: str = "") -> dict[str, Any]:
    return {
        "EventId": f"{stack}{resource}{status}",
        "StackName": stack,
        "StackId": f"arn:aws:cloudformation:{HOME}:stack/{stack}/1",
        "LogicalResourceId": resource,
        "PhysicalResourceId": physical,
        "ResourceType": kind,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "Timestamp": NOON,
    }


def began(stack: str) -> dict[str, Any]:
    id_ = f"arn:aws:cloudformation:{HOME}:stack/{stack}/1"
    return event(stack, stack, "AWS::CloudFormation::Stack", "CREATE_IN_PROGRESS", "User Initiated", id_)


TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def role(*actions: str, trust: Any = TRUST) -> dict[str, Any]:
    allow = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {
        "iam.get_role": {"Role": {"RoleName": "web-execution", "Arn": ROLE, "AssumeRolePolicyDocument": trust}},
        "iam.list_attached_role_policies": {"AttachedPolicies": []},
        "iam.list_role_policies": {"PolicyNames": ["own"] if actions else []},
        "iam.get_role_policy": {"PolicyDocument": {"Version": "2012-10-17", "Statement": [allow]}},
    }


READS = {
    "ecs.describe_task_definition": DEFINITION,
    "ecs.describe_tasks": {"tasks": [stopped(f"{DENIED} {IDENTITY}")], "failures": []},
    "ecs.list_tasks": {"taskArns": [TASK]},
    "ecs.describe_services": service("(service web) has reached a steady state."),
    **role(),
}
ROLE_CALLS = ["iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
LIVE = ("diagnose", "--live", "--region", "us-east-1")


def test_a_task_is_diagnosed_to_its_field_its_role_and_the_statement(cfnroles: Any, aws: Account) -> None:
    account = aws(READS)
    result = cfnroles(*LIVE, "--cluster", "shop", "--task", ID)
    assert result.code == 0, result.err
    assert f"seen        2026-01-31 12:00:00 UTC in task {ID}" in result.out
    assert "asked by    web:3: containerDefinitions[0].secrets[0].valueFrom (container" in result.out
    assert "role        web-execution does not allow the call" in result.out
    begin, end = result.out.index("\n[\n"), result.out.index("\n]\n")
    assert [each["Resource"] for each in json.loads(result.out[begin : end + 2])] == [SECRET]
    assert "hunter2" not in result.out
    assert account.calls == ["ecs:DescribeTasks", "ecs:DescribeTaskDefinition", *ROLE_CALLS]
    assert account.changes == []


def test_the_arn_of_a_task_tells_its_cluster(cfnroles: Any, aws: Account) -> None:
    account = aws(READS)
    assert cfnroles("diagnose", "--live", "--task", TASK).code == 0
    assert account.requests[0] == {"tasks": [TASK], "cluster": "shop"}


def test_what_the_role_allows_now_is_not_called_missing(cfnroles: Any, aws: Account) -> None:
    aws({**READS, **role("secretsmanager:*")})
    result = cfnroles(*LIVE, "--cluster", "shop", "--task", ID)
    assert result.code == 3
    assert "role        web-execution allows the call: own.Statement[0]" in result.out
    assert "1. the task ran with another role, or before this policy existed" in result.out


def test_no_role_is_read_where_another_policy_refused(cfnroles: Any, aws: Account) -> None:
    why = "with an explicit deny in a service control policy"
    account = aws({**READS, "ecs.describe_tasks": {"tasks": [stopped(f"{DENIED} {why}")], "failures": []}})
    result = cfnroles(*LIVE, "--cluster", "shop", "--task", ID)
    assert "refused by  service control policy" in result.out
    assert account.calls == ["ecs:DescribeTasks", "ecs:DescribeTaskDefinition"]


KEY = f"arn:aws:kms:{HOME}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
HEAD = DENIED[: DENIED.index("failed to fetch")]
FAULTS = {
    "a denied secret": (f"{DENIED} {IDENTITY}", "permission", "containerDefinitions[0].secrets[0].valueFrom"),
    "a key policy": (
        f"{HEAD}failed to fetch secret {SECRET} from secrets manager: AccessDeniedException: User:"
        f" arn:aws:sts::123456789012:assumed-role/web-execution/{ID} is not authorized to perform: kms:Decrypt on"
        f" resource: {KEY} because no resource-based policy allows the kms:Decrypt action",
        "key policy",
        "containerDefinitions[0].secrets[0].valueFrom",
    ),
    "a missing log group": (
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to"
        " create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit"
        " status 1",
        "missing resource",
        "containerDefinitions[0].logConfiguration.options.awslogs-group",
    ),
    "a missing image tag": (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref"
        " 123456789012.dkr.ecr.us-east-1.amazonaws.com/web:7: 123456789012.dkr.ecr.us-east-1.amazonaws.com/web:7: not"
        " found",
        "image",
        "containerDefinitions[0].image",
    ),
}


@pytest.mark.parametrize(("reason", "category", "field"), FAULTS.values(), ids=FAULTS)
def test_a_recorded_fault_is_led_to_its_field(
    cfnroles: Any, aws: Account, reason: str, category: str, field: str
) -> None:
    aws({**READS, "ecs.describe_tasks": {"tasks": [stopped(reason)], "failures": []}})
    (found,) = json.loads(cfnroles(*LIVE, "--cluster", "shop", "--task", ID, "--format", "json").out)["diagnoses"]
    assert found["category"] == category
    assert field in [each["path"] for each in found["askedBy"]]


def test_a_service_is_diagnosed_by_its_stopped_tasks(cfnroles: Any, aws: Account) -> None:
    breaker = "(service web) (deployment ecs-svc/1) deployment failed: tasks failed to start."
    later = datetime(2026, 1, 31, 12, 5, tzinfo=UTC)
    tasks = [stopped(f"{DENIED} {IDENTITY}"), stopped(f"{DENIED} {IDENTITY}", OTHER, later)]
    account = aws(
        {**READS, "ecs.describe_services": service(breaker), "ecs.describe_tasks": {"tasks": tasks, "failures": []}}
    )
    result = cfnroles(*LIVE, "--cluster", "shop", "--service", "web", "--format", "json")
    (found,) = json.loads(result.out)["diagnoses"]
    assert result.code == 0
    assert (found["message"], found["times"], found["where"]) == ("denied-by-identity-based-policy", 2, f"task {OTHER}")
    assert account.calls[:4] == [
        "ecs:DescribeServices",
        "ecs:ListTasks",
        "ecs:DescribeTasks",
        "ecs:DescribeTaskDefinition",
    ]
    assert account.requests[1] == {
        "desiredStatus": "STOPPED",
        "maxResults": 100,
        "serviceName": "web",
        "cluster": "shop",
    }


def test_tasks_of_a_service_that_is_gone_are_found_by_their_family(cfnroles: Any, aws: Account) -> None:
    account = aws({**READS, "ecs.describe_services": service(status="INACTIVE")})
    assert cfnroles(*LIVE, "--service", SERVICE).code == 0
    assert account.requests[1]["family"] == "web"


def test_a_stack_is_followed_to_the_nested_stack_and_the_service_that_failed(cfnroles: Any, aws: Account) -> None:
    inner = f"arn:aws:cloudformation:{HOME}:stack/shop-web/1"
    events = {
        "shop": [
            event(
                "shop", "Web", "AWS::CloudFormation::Stack", "CREATE_FAILED", "Embedded stack was not created", inner
            ),
            began("shop"),
            event("shop", "Old", "AWS::IAM::Role", "UPDATE_FAILED", "an operation of last week"),
        ],
        inner: [
            event(
                "shop-web",
                "Service",
                "AWS::ECS::Service",
                "CREATE_FAILED",
                "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker"
                " was triggered'.\" (RequestToken: 1111, HandlerErrorCode: GeneralServiceException)",
                SERVICE,
            ),
            began("shop-web"),
        ],
    }
    account = aws(
        {**READS, "cloudformation.describe_stack_events": lambda StackName: {"StackEvents": events[StackName]}}  # noqa: N803
    )
    result = cfnroles(*LIVE, "--stack", "shop", "--format", "json")
    told = json.loads(result.out)
    assert [each["message"] for each in told["diagnoses"]] == ["denied-by-identity-based-policy"]
    assert [each["text"] for each in told["notUnderstood"]] == ["Embedded stack was not created"]
    assert account.calls.count("cloudformation:DescribeStackEvents") == 2
    assert account.changes == []


def test_a_service_that_was_rolled_back_is_told_as_gone(cfnroles: Any, aws: Account) -> None:
    unstable = 'Resource handler returned message: "Exceeded attempts to wait" (RequestToken: 1)'
    events = [event("shop", "Service", "AWS::ECS::Service", "CREATE_FAILED", unstable, SERVICE), began("shop")]
    aws({"cloudformation.describe_stack_events": {"StackEvents": events}, "ecs.describe_services": missing})
    result = cfnroles(*LIVE, "--stack", "shop", "--format", "json")
    told = json.loads(result.out)
    assert (result.code, [each["message"] for each in told["diagnoses"]]) == (3, ["not-stable"])
    assert told["notRead"] == ["why the tasks of the service web stopped: the service no longer exists"]


GAPS = {
    "ecs:ListTasks": "the stopped tasks of the service web: AWS refused the permission ecs:ListTasks",
    "ecs:DescribeTasks": "the reason of the task: AWS refused the permission ecs:DescribeTasks",
    "ecs:DescribeServices": "the events of the service web: AWS refused the permission ecs:DescribeServices",
    "ecs:DescribeTaskDefinition": "the task definition: AWS refused the permission ecs:DescribeTaskDefinition",
    "iam:GetRole": "what the role web-execution allows: AWS refused the permission iam:GetRole",
}


@pytest.mark.parametrize(("denied", "told"), GAPS.items(), ids=GAPS)
def test_what_may_not_be_read_is_told_with_its_permission(cfnroles: Any, aws: Account, denied: str, told: str) -> None:
    event_ = f"(service web) {DENIED} {IDENTITY}"
    aws({**READS, "ecs.describe_services": service(event_)}, (denied,))
    result = cfnroles(*LIVE, "--service", "web", "--format", "json")
    assert any(each.startswith(told) for each in json.loads(result.out)["notRead"])


NOT_ASSUMED = (
    f"ECS was unable to assume the role '{ROLE}' that was provided for this task. Please verify that the role being"
    " passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this"
    " role."
)
OTHERS = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"Service": "ec2.amazonaws.com"}}]}  # type: ignore[dict-item]
ASSUMED = {
    "there is none": (
        refusal("NoSuchEntity"),
        0,
        "missing resource",
        "the account has no role web-execution",
    ),
    "its trust policy refuses": (
        role(trust=OTHERS)["iam.get_role"],
        0,
        "trust",
        "the trust policy of web-execution does not let ECS assume it",
    ),
    "all is well now": (
        role()["iam.get_role"],
        3,
        "permission",
        "1. the caller that starts the task or deploys the service lacks iam:PassRole",
    ),
}


@pytest.mark.parametrize(("answer", "code", "category", "told"), ASSUMED.values(), ids=ASSUMED)
def test_the_account_settles_why_a_role_was_not_assumed(
    cfnroles: Any, aws: Account, answer: Any, code: int, category: str, told: str
) -> None:
    aws(
        {
            **READS,
            "iam.get_role": answer,
            "ecs.describe_services": service(f"(service web) {NOT_ASSUMED}"),
            "ecs.list_tasks": {"taskArns": []},
        }
    )
    result = cfnroles(*LIVE, "--service", "web")
    assert result.code == code
    assert told in " ".join(result.out.split())
    assert f" category {category} call " in " ".join(result.out.split())


def missing(**_: object) -> dict[str, Any]:
    return {"tasks": [], "services": [], "failures": [{"arn": "x", "reason": "MISSING"}]}


WRONG = {
    "a cluster alone": (("--cluster", "a"), 2, "--live requires --task, --service or --stack"),
    "two things": (("--task", "a", "--stack", "b"), 2, "--task and --stack cannot be combined"),
    "a text, too": (("Text", "--task", "a"), 2, "TEXT cannot be combined with --task, --service or --stack"),
    "a cluster of a stack": (("--stack", "b", "--cluster", "c"), 2, "--cluster requires --task or --service"),
    "no such task": (("--task", "a"), 3, "the cluster default has no task a"),
    "no such service": (("--service", "a"), 3, "the cluster default has no service a"),
    "no such stack": (("--stack", "a"), 3, "the stack a does not exist"),
    "no such cluster": (("--task", "a", "--cluster", "gone"), 3, "AWS answers ClusterNotFoundException: Cluster not"),
    "two Regions": (
        ("--task", TASK, "--cluster", "arn:aws:ecs:eu-west-1:123456789012:cluster/a"),
        2,
        "several Regions",
    ),
}


@pytest.mark.parametrize(("options", "code", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_command_line_is_refused(
    cfnroles: Any, aws: Account, options: tuple[str, ...], code: int, told: str
) -> None:
    none = refusal("ValidationError", "Stack [a] does not exist")
    gone = refusal("ClusterNotFoundException", "Cluster not found.")
    tasks = gone if "gone" in options else missing
    aws({"ecs.describe_tasks": tasks, "ecs.describe_services": missing, "cloudformation.describe_stack_events": none})
    result = cfnroles(*LIVE, *options)
    assert (result.code, result.out) == (code, "")
    assert told in result.err


def test_without_live_nobody_is_asked(cfnroles: Any, aws: Account) -> None:
    result = cfnroles("diagnose", "Exit code: 1", "--task", "a")
    assert (result.code, "--task requires --live" in result.err) == (2, True)


def test_where_nothing_may_be_read_no_one_says_that_nothing_failed(cfnroles: Any, aws: Account) -> None:
    aws(READS, ("ecs:DescribeTasks",))
    result = cfnroles(*LIVE, "--task", ID)
    assert (result.code, result.out) == (3, "")
    assert result.err.splitlines()[:2] == [
        "error: the cause is unknown",
        "unknown: the reason of the task: AWS refused the permission ecs:DescribeTasks",
    ]


def test_where_nothing_failed_that_is_said(cfnroles: Any, aws: Account) -> None:
    aws({**READS, "ecs.list_tasks": {"taskArns": []}})
    result = cfnroles(*LIVE, "--service", "web")
    assert (result.code, "AWS reports no failure" in result.err) == (3, True)


OWN = """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: web-execution
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: ecs-tasks.amazonaws.com}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: logs:CreateLogStream
                Resource: "*"
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          Image: nginx:1
          Secrets: [{Name: DB, ValueFrom: "%s"}]
"""


def test_a_fix_of_a_live_failure_goes_into_the_source(cfnroles: Any, aws: Account, tmp_path: Any) -> None:
    file = tmp_path / "web.yaml"
    file.write_text(OWN % SECRET, encoding="utf-8")
    aws({**READS, **role(), "ecs.describe_tasks": {"tasks": [stopped(f"{DENIED} {IDENTITY}")], "failures": []}})
    asked = (*LIVE, "--task", ID, "--source", str(file), "--fix", "--yes")
    result = cfnroles(*asked)
    assert (result.code, "changed" in result.err) == (0, True), result.err
    assert SECRET.partition("arn:aws:")[2] in file.read_text(encoding="utf-8").split("Task:")[0]
    again = cfnroles(*asked)
    assert (again.code, again.err.strip()) == (1, "not changed: the source already allows it: deploy it")


def test_a_fix_of_a_live_failure_needs_a_file(cfnroles: Any) -> None:
    result = cfnroles(*LIVE, "--task", ID, "--fix", "--yes")
    assert result.code == 2
    assert "--fix changes a file, but --live reads the role from AWS" in result.err
    assert "Also pass --source SOURCE" in result.err
