"""Messages that say that something failed and never what: a cause stands elsewhere."""

from __future__ import annotations

from cfnroles.table.message import ANY, CallingRole, Category, PossibleCause, Symptom

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_STOPPED = (
    "aws ecs describe-tasks --cluster CLUSTER"
    " --query 'tasks[].[stoppedReason,containers[].[name,exitCode,reason]]'"
    " --tasks $(aws ecs list-tasks --cluster CLUSTER --service-name SERVICE --desired-status STOPPED"
    " --query taskArns --output text)"
)
_DESCRIBE = (
    "aws ecs describe-tasks --cluster CLUSTER --tasks TASK"
    " --query 'tasks[].[stoppedReason,containers[].[name,exitCode,reason]]'"
)

SYMPTOMS = (
    Symptom(
        name="circuit-breaker",
        words=("circuit breaker",),
        example="Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.",
        category=Category.UNDETERMINED,
        what="tasks of the service failed until the circuit breaker ended the deployment; why they failed stands in"
        " the tasks",
        sure=_STOPPED,
        remedy="Diagnose the stoppedReason of a stopped task within an hour",
        source=f"{_GUIDE}/deployment-circuit-breaker.html",
        caller=CallingRole.UNKNOWN,
    ),
    Symptom(
        name="not-stable",
        words=(
            "exceeded attempts to wait",
            "max attempts exceeded",
            "did not stabilize",
            "notstabilized",
            "failed to stabilize",
            "unable to consistently start tasks",
            "tasks failed to start",
            "waiter servicesstable failed",
            "resource is not in the state",
            "waiter has timed out",
            "timeout while waiting for state",
            "services-stable",
            "servicesstable",
            "alarm detected",
            "deployment failed",
            "rolling back to deployment",
            "did not become stable",
        ),
        example='Resource handler returned message: "Exceeded attempts to wait" (RequestToken: 1111,'
        " HandlerErrorCode: NotStabilized)",
        category=Category.UNDETERMINED,
        what="the service did not become stable in time; why stands in its events and in the stopped tasks",
        sure=_STOPPED,
        remedy="Diagnose the events of the service, and the stoppedReason of a stopped task within an hour",
        source=f"{_GUIDE}/service-event-messages-list.html",
        caller=CallingRole.UNKNOWN,
    ),
    Symptom(
        name="task-failed-to-start",
        words=("task failed to start", "taskfailedtostart"),
        example="Task failed to start",
        category=Category.UNDETERMINED,
        what="a container of the task did not start; why stands in the reasons of its containers",
        sure=_DESCRIBE,
        remedy="Diagnose the reason of each container",
        source=f"{_GUIDE}/stopped-task-error-codes.html",
        caller=CallingRole.UNKNOWN,
    ),
)

#: Behind everything else: a refusal whose words were lost, and a container runtime that failed.
LAST = (
    Symptom(
        name="exec-not-connected",
        words=("targetnotconnected", "execute command failed because"),
        example="An error occurred (TargetNotConnectedException) when calling the ExecuteCommand operation: The"
        " execute command failed"
        " due to an internal error. Try again later.",
        category=Category.UNDETERMINED,
        what="ECS Exec does not reach its agent in the task",
        sure=f"{_DESCRIBE[: _DESCRIBE.index(' --query')]} --query"
        f" 'tasks[].[enableExecuteCommand,containers[].managedAgents]'",
        remedy="Find out which of the causes it is",
        source=f"{_GUIDE}/ecs-exec-troubleshooting.html",
        caller=CallingRole.TASK,
        action="ssmmessages:CreateControlChannel",
        causes=(
            PossibleCause(
                "the task role lacks the four actions of ssmmessages",
                "cfnroles verify SOURCE --live --execute-command --task-role ROLE",
                "Add what verify tells to the task role",
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
                "Give the subnet a route, or that VPC endpoint",
                category=Category.NETWORK,
            ),
        ),
    ),
    Symptom(
        name="exited",
        words=("exit code", "exitcode", "exited with code", "non-zero code", "exited ("),
        example="Exit code: 1",
        category=Category.APPLICATION,
        what="a program of the task ended by itself; the code is the program's own",
        sure=_DESCRIBE,
        remedy="Look at the log of the container",
        source=f"{_GUIDE}/stopped-task-error-codes.html",
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="resource-not-found",
        words=(
            "clusternotfound",
            "cluster not found",
            "invalidclusterexception",
            "servicenotfound",
            "unable to describe task definition",
            "unable to find task definition",
            "taskdefinition not found",
            "task definition not found",
            "servicenotactive",
            "reason: missing",
            "reason: inactive",
            "(404) when calling the headobject",
            "namespacenotfound",
            "cluster was inactive",
            "resourcenotfoundexception",
            "nosuchkey",
            "nosuchbucket",
            "invalid keyid",
            "invalidkeyid",
            "no longer exists",
            "does not exist",
        ),
        example="An error occurred (ClusterNotFoundException) when calling the RunTask operation: Cluster not found.",
        category=Category.MISSING,
        what="something that the task or the service names does not exist",
        sure="The rest of the message says what it is",
        remedy="Make it, or correct its name, account and Region",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html",
    ),
    Symptom(
        name="without-credentials",
        words=(
            "nocredentialproviders",
            "unable to locate credentials",
            "no valid providers in chain",
            "could not load credentials",
            "ec2rolerequesterror",
            "no ec2 imds role found",
            "unable to load credentials",
            "unable to load aws credentials",
            "unable to get iam security credentials",
            "failed to retrieve credentials",
            "no credentials in the property bag",
            "credentialsnotloaded",
            "missing credentials in config",
        ),
        example="NoCredentialProviders: no valid providers in chain.",
        category=Category.PERMISSION,
        what="nothing gave the caller credentials of AWS: the task has no task role, or the instance none",
        sure="aws ecs describe-task-definition --task-definition FAMILY --query taskDefinition.taskRoleArn",
        remedy="Give the task a task role; `cfnroles build SOURCE` makes one",
        source=f"{_GUIDE}/task-iam-roles.html",
        caller=CallingRole.TASK,
        fields=("taskRoleArn",),
    ),
    Symptom(
        name="denied-without-words",
        words=(
            "accessdenied",
            "access denied",
            "does not have the" + ANY + "permission",
            "does not have sufficient permission",
            "do not have permission",
            "don't have permission",
            "doesn't have permission",
            "not authorized",
            "unauthorizedoperation",
            "unrecognizedclient",
            "expiredtoken",
            "signaturedoesnotmatch",
            "invalidsignature",
            "credential should be scoped to",
            "invalidclienttokenid",
            "security token included in the request",
        ),
        example="ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval"
        " failed: unable to"
        " retrieve secret from asm: service call has been retried 1 time(s): AccessDeniedException",
        category=Category.PERMISSION,
        what="AWS refused the call, and the message has lost by which policy",
        sure="cfnroles diagnose - --source SOURCE --live",
        remedy="Find the policy before you change the role",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
        causes=(
            PossibleCause(
                "no policy of the role allows the call",
                "cfnroles verify SOURCE --live --role ROLE",
                "Add what verify tells to the role",
                lacking=True,
            ),
            PossibleCause(
                "the policy of the resource or of its key, or that of a VPC endpoint, leaves the role out",
                "aws ec2 describe-vpc-endpoints --query 'VpcEndpoints[].[ServiceName,PolicyDocument]'",
                "Change that policy; a statement in the role does not help",
            ),
            PossibleCause(
                "a permissions boundary or a policy of the organization leaves it out",
                "aws iam get-role --role-name ROLE --query Role.PermissionsBoundary",
                "Ask who owns it; a statement in the role does not help",
            ),
        ),
    ),
    Symptom(
        name="request-refused",
        words=(
            "invalidparameterexception",
            "validationexception",
            "must be provided when networkmode",
            "clientexception",
            "model validation failed",
            "parameter validation failed",
            "unexpected key '",
            "missing required key",
            "missing required parameter",
            "not idempotent",
            "handlererrorcode: invalidrequest",
            "alreadyexists",
        ),
        example="An error occurred (InvalidParameterException) when calling the RunTask operation: Network"
        " Configuration must be"
        " provided when networkMode 'awsvpc' is specified.",
        category=Category.MALFORMED,
        what="AWS does not take the request as it is; the rest of the message says which part",
        sure="cfnroles lint SOURCE",
        remedy="Correct the part that the message names",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html",
    ),
    Symptom(
        name="runtime-failed",
        words=(
            "containerruntimeerror",
            "cannotstopcontainererror",
            "cannotinspectcontainererror",
            "devicemapper",
            "failed to register layer",
            "cannotcreatecontainererror",
            "no such container",
            "the container name" + ANY + "already in use",
            "failed to get container status",
            "cannot connect to the docker daemon",
            "service unavailable. please try again",
            "timeout waiting for ephemeralstorage",
            "serverexception",
            "inactiveinstanceexception",
            "unable to get docker client",
            "docker.sock",
            "internalserviceerror",
            "internalservererror",
            "internal server error",
            "internalfailure",
            "serviceunavailable",
        ),
        example="CannotStopContainerError: failed sending SIGTERM to container: no such container",
        category=Category.RUNTIME,
        what="the container runtime, or AWS itself, failed",
        sure="The load and the disk of the instance; the logs of Docker and of the agent",
        remedy="Try again; on EC2 give the instance more disk throughput",
        source=f"{_GUIDE}/stopped-task-error-codes.html",
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="container-not-started",
        words=("oci runtime create failed", "oci runtime start failed", "failed to create task for container"),
        when="not cut",
        example="CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task:"
        " OCI runtime"
        " create failed: unable to apply cgroup configuration",
        category=Category.RUNTIME,
        what="the container runtime could not start the container",
        sure="On the same instance, or one like it: docker run IMAGE",
        remedy="Look at what the rest of the message names: a mount, a limit or a capability of the container",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cannot-start-container.html",
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="not-placed",
        words=("was unable to place a task",),
        when="not cut",
        example="service shop was unable to place a task.",
        category=Category.CAPACITY,
        what="the service found no place for a task; the text does not say more",
        sure="aws ecs describe-services --cluster CLUSTER --services SERVICE --query 'services[].events[:10]'",
        remedy="Diagnose the other events of the service",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html",
        caller=CallingRole.NOBODY,
    ),
)
