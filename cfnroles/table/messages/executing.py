"""ECS Exec: commands that do not run in a running task."""

from __future__ import annotations

from cfnroles.table.message import CallingRole, Category, PossibleCause, Symptom

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"

SYMPTOMS = (
    Symptom(
        name="exec-not-connected",
        words=("targetnotconnected",),
        example="An error occurred (TargetNotConnectedException) when calling the ExecuteCommand operation: The"
        " execute command failed"
        " due to an internal error. Try again later.",
        category=Category.UNDETERMINED,
        what="ECS Exec cannot reach its agent in the task",
        sure="aws ecs describe-tasks --cluster CLUSTER --tasks TASK --query"
        " 'tasks[].[enableExecuteCommand,containers[].managedAgents]'",
        remedy="Find out which cause applies",
        source=f"{_GUIDE}/ecs-exec-troubleshooting.html",
        caller=CallingRole.TASK,
        action="ssmmessages:CreateControlChannel",
        causes=(
            PossibleCause(
                "the task role lacks the four actions of ssmmessages",
                "cfnroles verify SOURCE --live --execute-command --task-role ROLE",
                "Add what verify reports to the task role",
                lacking=True,
                category=Category.PERMISSION,
            ),
            PossibleCause(
                "the task was started before ECS Exec was enabled",
                "aws ecs describe-tasks --cluster CLUSTER --tasks TASK --query 'tasks[].enableExecuteCommand'",
                "Deploy again with enableExecuteCommand",
                category=Category.MALFORMED,
            ),
            PossibleCause(
                "the subnet has no route to com.amazonaws.REGION.ssmmessages",
                "aws ec2 describe-route-tables --filters Name=association.subnet-id,Values=SUBNET; aws ec2"
                " describe-vpc-endpoints",
                "Add a route to the subnet, or that VPC endpoint",
                category=Category.NETWORK,
            ),
        ),
    ),
    Symptom(
        name="exec-plugin-missing",
        words=("sessionmanagerplugin is not found",),
        example="SessionManagerPlugin is not found. Please refer to SessionManager Documentation here:",
        category=Category.OTHER,
        what="the Session Manager plugin of the AWS CLI is not installed where the command ran",
        sure="session-manager-plugin --version",
        remedy="Install the plugin with the AWS CLI",
        source="https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html",
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="exec-not-enabled",
        words=("execute command failed because", "execute command was not enabled"),
        example="An error occurred (InvalidParameterException) when calling the ExecuteCommand operation: The execute"
        " command failed because execute command was not enabled when the task was run or the execute command agent"
        " isn't running.",
        category=Category.MALFORMED,
        what="the task was started without ECS Exec, or the agent does not run in the task",
        sure="aws ecs describe-tasks --cluster CLUSTER --tasks TASK --query"
        " 'tasks[].[enableExecuteCommand,containers[].managedAgents]'",
        remedy="Deploy again with enableExecuteCommand",
        source=f"{_GUIDE}/ecs-exec-troubleshooting.html",
        caller=CallingRole.TASK,
        fields=("service.enableExecuteCommand",),
    ),
)
