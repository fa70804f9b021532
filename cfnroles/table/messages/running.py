"""What becomes of a task once its image is there: the program, its memory, its health, and who stopped it."""

from __future__ import annotations

from cfnroles.table.message import ANY, CallingRole, Category, PossibleCause, Symptom

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_CODES = f"{_GUIDE}/stopped-task-error-codes.html"
_HEALTH = f"{_GUIDE}/troubleshoot-service-load-balancers.html"
_TASK = "aws ecs describe-tasks --cluster CLUSTER --tasks TASK"
_MEMORY = PossibleCause(
    "the container went over its memory, and the kernel killed it",
    f"{_TASK} --query 'tasks[].containers[].[name,reason]'",
    "Give the container more memory",
    category=Category.LIMIT,
)

SYMPTOMS = (
    Symptom(
        name="out-of-memory",
        words=("outofmemory", "out of memory", "oomkilled", "killed due to memory usage", "cannot allocate memory"),
        example="OutOfMemoryError: Container killed due to memory usage",
        category=Category.LIMIT,
        what="the container went over its memory limit and was killed",
        sure="The metric MemoryUtilization of the service in CloudWatch",
        remedy="Give the container more memory, or find the leak",
        source=_CODES,
        caller=CallingRole.NOBODY,
        fields=("containerDefinitions[].memory", "memory"),
    ),
    Symptom(
        name="runtime-timed-out",
        words=("dockertimeouterror", "containerruntimetimeout", "could not transition to"),
        example="DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s",
        category=Category.RUNTIME,
        what="the container runtime was too slow",
        sure="The load and the disk of the instance; the logs of Docker and of the agent",
        remedy="Try again; on EC2 give the instance more disk throughput",
        source=_CODES,
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="dependency-failed",
        words=(
            "container ordering dependency",
            "dependency on containers not resolved",
            "dependent container",
            "cannot link to a non running container",
            "dependency" + ANY + "did not become healthy",
        ),
        example="dependency graph: container ordering dependency [db HEALTHY] for target [web] has timed out.",
        category=Category.APPLICATION,
        what="a container that another one waits for did not come as far as dependsOn asks",
        sure=f"{_TASK} --query 'tasks[].containers[].[name,exitCode,healthStatus,reason]'",
        remedy="Look at the log and the health check of the container that is waited for, and at its startTimeout",
        source=f"{_GUIDE}/example_task_definitions.html",
        caller=CallingRole.NOBODY,
        fields=("containerDefinitions[].dependsOn[]",),
    ),
    Symptom(
        name="target-group-not-found",
        words=(
            "target group is not found",
            "target group not found",
            "targetgroupnotfound",
            "target is not found",
            "target not found",
        ),
        example="service shop (task 1111) is not healthy in target-group web due to TARGET GROUP IS NOT FOUND.",
        category=Category.MISSING,
        what="the load balancer does not have the target group or the target",
        sure="aws elbv2 describe-target-groups --target-group-arns TARGET_GROUP",
        remedy="Make the target group again, or correct it in the service",
        source=f"{_GUIDE}/service-event-messages-list.html",
        caller=CallingRole.SERVICE_LINKED,
        fields=("service.loadBalancers[].targetGroupArn",),
    ),
    Symptom(
        name="health-check-failed",
        words=(
            "failed elb health checks",
            "failed container health checks",
            "failed health checks",
            "health checks failed",
            "is unhealthy in",
            "is not healthy in",
            "target.responsecodemismatch",
            "target.timeout",
            "target.failedhealthchecks",
            "unhealthythreshold",
            "failed at least the unhealthythreshold",
            "container is unhealthy",
        ),
        example="Task failed ELB health checks in (target-group"
        " arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/1111111111111111)",
        category=Category.APPLICATION,
        what="the application did not answer its health check",
        sure="aws elbv2 describe-target-health --target-group-arn TARGET_GROUP",
        remedy="Look at path, port, expected codes, grace period and security group of the health check, then at the"
        " application",
        source=_HEALTH,
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="device-not-there",
        words=("error gathering device information",),
        example="CannotStartContainerError: Error response from daemon: error gathering device information while adding"
        ' custom device "/dev/dri/renderD130": no such file or directory',
        category=Category.MALFORMED,
        what="the instance does not have a device that the task definition names",
        sure="On the instance: ls /dev",
        remedy="Correct linuxParameters.devices, or use an instance that has the device",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters_ec2.html",
        caller=CallingRole.NOBODY,
        fields=("containerDefinitions[].linuxParameters.devices[]",),
    ),
    Symptom(
        name="program-not-found",
        words=(
            "executable file not found",
            "exec: " + ANY + "no such file or dir",
            "exec: " + ANY + "permission denied",
            "starting container process caused" + ANY + "exec: ",
            "no command specified",
            "no such file or directory",
        ),
        example="CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task:"
        " OCI runtime"
        ' create failed: starting container process caused: exec: "/app/run.sh": stat /app/run.sh: no such file or'
        " directory",
        category=Category.APPLICATION,
        what="the program that the container is to run is not there, or is no program",
        sure="docker run --rm --entrypoint ls IMAGE -l PATH",
        remedy="Correct entryPoint, command or the image; a volume that is mounted over the directory hides what the"
        " image has there",
        source=_CODES,
        caller=CallingRole.NOBODY,
        fields=(
            "containerDefinitions[].entryPoint",
            "containerDefinitions[].command",
            "containerDefinitions[].mountPoints[]",
        ),
    ),
    Symptom(
        name="stopped-on-purpose",
        words=(
            "task stopped by user",
            "stopped by user",
            "scaling activity initiated by",
            "deregistration forced by user",
            "task stopped by deployment",
            "user initiated",
            "userinitiated",
            "serviceschedulerinitiated",
        ),
        example="Scaling activity initiated by (deployment ecs-svc/1111111111111111111)",
        category=Category.APPLICATION,
        what="a person, a deployment or scaling stopped the task",
        sure="aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=StopTask",
        remedy="Nothing: this is meant",
        source=_CODES,
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="host-stopped",
        words=(
            "host ec2" + ANY + "stopped/terminated",
            "host ec2" + ANY + "terminated",
            "spot task was interrupted",
            "spotinterruption",
            "maintenance on the underlying infrastructure",
            "task retirement",
            "terminationnotice",
        ),
        example="Your Spot Task was interrupted.",
        category=Category.CAPACITY,
        what="AWS or an owner of the instance took away what the task ran on",
        sure=f"{_TASK} --query 'tasks[].[stopCode,stoppedReason]'",
        remedy="Let the service start another task; handle SIGTERM, and mix FARGATE_SPOT with FARGATE",
        source=_CODES,
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="essential-container-exited",
        words=("essential container in task exited", "essential container exited", "essentialcontainerexited"),
        example="Essential container in task exited",
        category=Category.APPLICATION,
        what="a container that the task cannot do without ended; this says nothing of why",
        sure=f"{_TASK} --query 'tasks[].containers[].[name,exitCode,reason]'",
        remedy="Look at the exit code, the reason of each container and its log",
        source=_CODES,
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="killed",
        words=(
            "exit code: 137",
            "exit code 137",
            "exitcode: 137",
            'exitcode": 137',
            "exitcode 137",
            "exited (137)",
            "code=137",
            "status 137",
        ),
        example="Exit code: 137",
        category=Category.UNDETERMINED,
        what="the container was killed by SIGKILL; the code does not say by whom",
        sure=f"{_TASK} --query 'tasks[].[stoppedReason,containers[].reason]'",
        remedy="Find out which of the causes it is",
        source="https://repost.aws/knowledge-center/ecs-task-stopped",
        caller=CallingRole.NOBODY,
        causes=(
            _MEMORY,
            PossibleCause(
                "it did not end within stopTimeout after SIGTERM, as a deployment, scaling or a failed health check"
                " stopped it",
                f"{_TASK} --query 'tasks[].stoppedReason'",
                "Handle SIGTERM, or raise stopTimeout",
                category=Category.APPLICATION,
            ),
        ),
    ),
)
