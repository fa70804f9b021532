"""Log drivers that do not start, and log groups that are not found."""

from __future__ import annotations

from cfnroles.table.message import ANY, CallingRole, Category, PossibleCause, Symptom

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_AWSLOGS = f"{_GUIDE}/using_awslogs.html"
_GROUP = ("containerDefinitions[].logConfiguration.options.awslogs-group",)
_DRIVER = ("containerDefinitions[].logConfiguration.logDriver",)
_LOGS = ("create-log-stream", "create-log-group", "logging-driver")
_FIND = "aws logs describe-log-groups --log-group-name-prefix GROUP"
_START = "CannotStartContainerError: Error response from daemon: failed to initialize logging driver:"
_REACH = PossibleCause(
    "the task cannot reach CloudWatch Logs; every reported case with a known outcome had this cause, and the log"
    " group existed",
    "aws ec2 describe-route-tables --filters Name=association.subnet-id,Values=SUBNET; aws ec2 describe-vpc-endpoints",
    "Add a route to the internet to the subnet, or a VPC endpoint com.amazonaws.REGION.logs whose security group"
    " allows the task on port 443",
    category=Category.NETWORK,
)
_NO_GROUP = PossibleCause(
    "the log group does not exist in the Region of awslogs-region",
    _FIND,
    "Create the log group",
    category=Category.MISSING,
)
_NO_WRITE = PossibleCause(
    "the execution role lacks logs:CreateLogStream on the log group",
    "cfnroles verify SOURCE --live --role ROLE",
    "Add what verify reports to the execution role",
    lacking=True,
    category=Category.PERMISSION,
)

SYMPTOMS = (
    Symptom(
        name="log-group-not-found",
        words=(
            "the specified log group does not exist",
            "resourcenotfoundexception" + ANY + "log group",
            "log group" + ANY + "resourcenotfoundexception",
            "log group" + ANY + "does not exist",
        ),
        example="ResourceInitializationError: failed to validate logger args: create stream has been retried 1"
        " time(s): failed to"
        " create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit"
        " status 1",
        category=Category.MISSING,
        what="the log group does not exist in that account and Region",
        sure=_FIND,
        remedy="Create the log group, or set awslogs-create-group to true and allow the role to create it",
        source=_AWSLOGS,
        caller=CallingRole.LOG_WRITER,
        action="logs:CreateLogStream",
        fields=_GROUP,
    ),
    Symptom(
        name="log-group-unreachable",
        words=(
            "find the amazon cloudwatch log group" + ANY + "connection issue",
            "find the amazon cloudwatch log group" + ANY + "signal: killed",
            "failed to validate logger args" + ANY + "signal: killed",
        ),
        example="ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon"
        " CloudWatch log group"
        " defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. Check"
        " your network"
        " configuration. : signal: killed",
        category=Category.NETWORK,
        what="CloudWatch Logs did not answer; the message blames the log group without checking it",
        sure=_REACH.check,
        remedy=_REACH.remedy,
        source=f"{_GUIDE}/resource-initialization-error.html",
        action="logs:CreateLogStream",
        fields=_GROUP,
        causes=(_REACH, _NO_GROUP),
    ),
    Symptom(
        name="log-group-said-missing",
        words=("find the amazon cloudwatch log group", "find the cloudwatch log group"),
        example="ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon"
        " CloudWatch log group"
        " defined in the task definition.",
        category=Category.UNDETERMINED,
        what="the log driver could not open the log stream; a missing log group and a missing route give the same"
        " message",
        sure=_FIND,
        remedy="Find out which cause applies",
        source=f"{_GUIDE}/resource-initialization-error.html",
        action="logs:CreateLogStream",
        fields=_GROUP,
        causes=(_REACH, _NO_GROUP, _NO_WRITE),
    ),
    Symptom(
        name="log-driver-without-credentials",
        words=(
            "nocredentialproviders",
            "no valid providers in chain",
            "no ec2 imds role found",
            "failed to refresh cached credentials",
            "credentialsendpointerror",
            "failed to load credentials",
        ),
        during=_LOGS,
        example=f"{_START} failed to create Cloudwatch log stream: NoCredentialProviders: no valid providers in chain.",
        category=Category.LOGGING,
        what="the Docker daemon has no AWS credentials for writing logs",
        sure="aws ecs describe-task-definition --task-definition FAMILY --query taskDefinition.executionRoleArn",
        remedy="Give the task an execution role and set ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true for the agent,"
        " or give the instance a role that can write logs",
        source=_AWSLOGS,
        fields=_DRIVER,
    ),
    Symptom(
        name="log-receiver-refuses",
        words=(
            "connection refused",
            "no such host",
            "i/o timeout",
            "connection reset by peer",
            "no route to host",
            "network is unreachable",
            "connection timed out",
            "delivery error",
            "dial unix",
        ),
        during=("logging-driver",),
        when="not a host of AWS",
        example=f"{_START} dial tcp 127.0.0.1:24224: connect: connection refused",
        category=Category.LOGGING,
        what="nothing answers at the address that the log driver writes to",
        sure="Check the address in logConfiguration.options, such as fluentd-address or syslog-address",
        remedy="Start the receiver of the logs before the container (dependsOn), or correct the address",
        source=f"{_GUIDE}/using_firelens.html",
        fields=_DRIVER,
    ),
    Symptom(
        name="firelens-configuration",
        words=(
            "generate the firelens log config",
            "firelens config",
            "firelens configuration",
            "unable to apply firelens",
            "configuration file contains errors, aborting",
            "tried to instance a plugin name",
        ),
        example="CannotCreateContainerError: failed to create container - container uses awsfirelens log driver and"
        " we failed to"
        " generate the Firelens log config",
        category=Category.LOGGING,
        what="FireLens does not accept the options of the log driver awsfirelens, or the log router",
        sure="cfnroles lint SOURCE",
        remedy="Correct logConfiguration.options, and use exactly one container with firelensConfiguration in the task",
        source=f"{_GUIDE}/using_firelens.html",
        fields=_DRIVER,
    ),
    Symptom(
        name="log-name-refused",
        words=("failed to satisfy constraint",),
        during=_LOGS,
        example=f"{_START} failed to create Cloudwatch log stream: InvalidParameterException: 1 validation error"
        " detected: Value 'web:1' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular"
        " expression pattern",
        category=Category.LOGGING,
        what="CloudWatch Logs does not accept the name of the log group or stream",
        sure="cfnroles lint SOURCE",
        remedy="Correct awslogs-group and awslogs-stream-prefix",
        source="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html",
        fields=_GROUP,
    ),
    Symptom(
        name="log-driver-options",
        words=(
            "unknown log opt",
            "must specify a value for log opt",
            "invalid log opt",
            "invalid value for log opt",
            "log driver" + ANY + "not found",
            "logging driver" + ANY + "not found",
            "looking up logging plugin",
            "no log driver named",
            "log-opt",
            "missing region",
            "multiline-pattern",
            "option " + ANY + " is required",
            "driver arguments: ",
            "logging driver: " + ANY + "no such file or directory",
            "compression cannot be enabled",
        ),
        during=("logging-driver", "create-log-stream", "create-log-group", ""),
        example=f"{_START} must specify a value for log opt 'awslogs-group'",
        category=Category.LOGGING,
        what="the log driver does not know an option in logConfiguration, or requires one that is missing",
        sure="cfnroles lint SOURCE",
        remedy="Correct logConfiguration in the container definition",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html",
        fields=_DRIVER,
    ),
)
