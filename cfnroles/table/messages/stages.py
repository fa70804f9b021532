"""What Amazon ECS and its agent do before a container runs, by the beginning of their messages."""

from __future__ import annotations

from cfnroles.table.message import ANY, CallingRole, Stage

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_INIT = f"{_GUIDE}/resource-initialization-error.html"
_PULL = f"{_GUIDE}/task_cannot_pull_image.html"
_LOGS = f"{_GUIDE}/using_awslogs.html"
_SECRETS = (
    "containerDefinitions[].secrets[].valueFrom",
    "containerDefinitions[].logConfiguration.secretOptions[].valueFrom",
)
_REGISTRY = ("containerDefinitions[].repositoryCredentials.credentialsParameter",)
_IMAGE = ("containerDefinitions[].image",)
_GROUP = ("containerDefinitions[].logConfiguration.options.awslogs-group",)

STAGES = (
    Stage(
        name="registry-credentials",
        words=("unable to get registry auth from asm", "private registry credentials"),
        example="ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval"
        " failed:"
        " unable to get registry auth from asm: service call has been retried 1 time(s): ...",
        doing="reading the credentials of a private registry from Secrets Manager",
        source=f"{_GUIDE}/private-auth.html",
        caller=CallingRole.EXECUTION,
        action="secretsmanager:GetSecretValue",
        fields=_REGISTRY,
    ),
    Stage(
        name="ecr-authorization",
        words=(
            "unable to retrieve ecr registry auth",
            "cannot pull registry auth from amazon ecr",
            "can't pull registry auth from amazon ecr",
            "ecr: getauthorizationtoken",
            # The agent uses this name for errors of the token, and the other one for those of the pull itself.
            "cannotpullecrcontainererror",
        ),
        example="ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval"
        " failed:"
        " unable to retrieve ecr registry auth: service call has been retried 3 time(s): ...",
        doing="requesting a token from Amazon ECR for pulling images",
        source=_INIT,
        caller=CallingRole.EXECUTION,
        action="ecr:GetAuthorizationToken",
        fields=_IMAGE,
    ),
    Stage(
        name="secret",
        words=(
            "unable to retrieve secret from asm",
            "unable to retrieve secrets from asm",
            "failed to fetch secret",
            "fetching secret data from aws secrets manager",
            "fetching secret data from secrets manager",
            "pull secrets from aws secrets manager",
            "retrieve the secret with arn",
            "pull the secret from secrets manager",
        ),
        example="ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval"
        " failed:"
        " unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret"
        " arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbCdEf from secrets manager: ...",
        doing="reading a secret from Secrets Manager",
        source=_INIT,
        caller=CallingRole.EXECUTION,
        action="secretsmanager:GetSecretValue",
        fields=_SECRETS,
    ),
    Stage(
        name="parameter",
        words=(
            "unable to retrieve secrets from ssm",
            "unable to retrieve secret from ssm",
            "fetching secret data from ssm parameter store",
            "pull secrets from aws systems manager",
            "pull secrets from ssm",
        ),
        example="Fetching secret data from SSM Parameter Store in us-east-1: ...",
        doing="reading a parameter from Parameter Store",
        source=_INIT,
        caller=CallingRole.EXECUTION,
        action="ssm:GetParameters",
        fields=_SECRETS,
    ),
    Stage(
        name="credential-spec",
        words=("credentialspec", "credential spec", "retrieve credentialspec"),
        example="ResourceInitializationError: unable to retrieve credentialspec resources: ...",
        doing="reading the credential spec of a group Managed Service Account",
        source=f"{_GUIDE}/linux-gmsa.html",
        caller=CallingRole.EXECUTION,
        fields=("containerDefinitions[].credentialSpecs[]",),
    ),
    Stage(
        name="environment-file",
        words=(
            "failed to download env files",
            "environment variable files",
            "downloading env files",
            "unable to download env file",
        ),
        example="ResourceInitializationError: failed to download env files: file download command: non empty error"
        " stream: ...",
        doing="downloading an environment file from Amazon S3",
        source=f"{_GUIDE}/use-environment-file.html",
        caller=CallingRole.EXECUTION,
        action="s3:GetObject",
        fields=("containerDefinitions[].environmentFiles[].value",),
    ),
    Stage(
        name="firelens-file",
        words=("download firelens s3 config", "unable to download s3 config"),
        example="unable to download firelens s3 config file: unable to download s3 config fluent.conf from bucket"
        " shop-config: ...",
        doing="downloading the configuration of a log router from Amazon S3",
        source=f"{_GUIDE}/firelens-taskdef.html",
        caller=CallingRole.EXECUTION,
        action="s3:GetObject",
        fields=("containerDefinitions[].firelensConfiguration.options.config-file-value",),
    ),
    Stage(
        name="create-log-group",
        words=("failed to create cloudwatch log group", "create log group has been retried"),
        example="CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed"
        " to create"
        " Cloudwatch log group: ...",
        doing="creating the log group, because awslogs-create-group is true",
        source=_LOGS,
        caller=CallingRole.LOG_WRITER,
        action="logs:CreateLogGroup",
        fields=_GROUP,
    ),
    Stage(
        name="create-log-stream",
        words=(
            "failed to create cloudwatch log stream",
            "failed to validate logger args",
            "create stream has been retried",
            "cannot find the amazon cloudwatch log group",
            "can't find the amazon cloudwatch log group",
            "failed to initialize logging driver" + ANY + "logs.",
        ),
        example="ResourceInitializationError: failed to validate logger args: create stream has been retried 1"
        " time(s): failed"
        " to create Cloudwatch log stream: ...",
        doing="opening the log stream of a container in CloudWatch Logs",
        source=_LOGS,
        caller=CallingRole.LOG_WRITER,
        action="logs:CreateLogStream",
        fields=_GROUP,
    ),
    Stage(
        name="logging-driver",
        words=("failed to initialize logging driver", "logging driver", "log driver"),
        example="CannotStartContainerError: Error response from daemon: failed to initialize logging driver: ...",
        doing="starting the log driver of a container",
        source=f"{_GUIDE}/using_awslogs.html",
        caller=CallingRole.LOG_WRITER,
        fields=("containerDefinitions[].logConfiguration.logDriver",),
    ),
    Stage(
        name="efs-volume",
        words=("failed to invoke efs utils commands", "efs utils command execution", "mount.nfs", "mount.efs"),
        example="ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: ...",
        doing="mounting an Amazon EFS file system",
        source="https://docs.aws.amazon.com/efs/latest/ug/troubleshooting-efs-mounting.html",
        caller=CallingRole.TASK,
        fields=("volumes[].efsVolumeConfiguration",),
    ),
    Stage(
        name="network-interface",
        words=("network interface", "configure eni", "regular eni", "eni provisioning"),
        example="Timeout waiting for network interface provisioning to complete.",
        doing="creating or attaching the network interface of the task",
        source=f"{_GUIDE}/stopped-task-error-codes.html",
        caller=CallingRole.SERVICE_LINKED,
        action="ec2:CreateNetworkInterface",
    ),
    Stage(
        name="layers",
        words=(
            "failed to copy: httpreadseeker",
            "failed to copy: httpreaderseeker",
            "ref pull has been retried",
            "error pulling image configuration",
        ),
        example="CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker:"
        " failed open: ...",
        doing="downloading the layers of an image, which Amazon ECR stores in Amazon S3",
        source=_PULL,
        caller=CallingRole.EXECUTION,
        action="ecr:GetDownloadUrlForLayer",
        fields=_IMAGE,
    ),
    Stage(
        name="image",
        words=(
            "cannotpull",
            "failed to resolve ref",
            "pull access denied for ",
            "failed to pull and unpack image",
            "error response from daemon: head ",
            "inspect image has been retried",
            "pull image manifest has been retried",
            "error while pulling image",
            "pull command failed",
            "can't pull the image",
            "cannot pull the image",
            "can't pull '",
            "cannot pull '",
        ),
        example="CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref"
        " 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:web: ...",
        doing="pulling the image of a container",
        source=_PULL,
        caller=CallingRole.EXECUTION,
        fields=_IMAGE,
    ),
    Stage(
        name="registering-instance",
        words=(
            "register as a container instance",
            "registering container instance",
            "re-registering container instance",
            "registering containerinstance",
            "could not register module",
            "could not register",
        ),
        example='level=error time=2026-01-15T10:00:00Z msg="Unable to register as a container instance with ECS"'
        ' error="..."',
        doing="registering an instance with its cluster",
        source=f"{_GUIDE}/instance_IAM_role.html",
        caller=CallingRole.INSTANCE,
        action="ecs:RegisterContainerInstance",
    ),
    Stage(
        name="finding-endpoint",
        words=("unable to discover poll endpoint", "discover telemetry endpoint"),
        example='level=error time=2026-01-15T10:00:00Z msg="Unable to discover poll endpoint" error="..."',
        doing="finding the endpoint of the agent of an instance",
        source=f"{_GUIDE}/instance_IAM_role.html",
        caller=CallingRole.INSTANCE,
        action="ecs:DiscoverPollEndpoint",
    ),
    Stage(
        name="load-balancer",
        words=("failed to register targets", "failed to deregister targets"),
        example="(service shop) failed to register targets in (target-group web) with (error ...)",
        doing="registering tasks of the service with its load balancer",
        source=f"{_GUIDE}/using-service-linked-roles.html",
        caller=CallingRole.SERVICE_LINKED,
        action="elasticloadbalancing:RegisterTargets",
        fields=("service.loadBalancers[].targetGroupArn",),
    ),
    Stage(
        name="target-health",
        words=("failed to describe target health",),
        example="(service shop) failed to describe target health on (target-group web) with (error ...)",
        doing="reading the health of tasks from the load balancer",
        source=f"{_GUIDE}/using-service-linked-roles.html",
        caller=CallingRole.SERVICE_LINKED,
        action="elasticloadbalancing:DescribeTargetHealth",
        fields=("service.loadBalancers[].targetGroupArn",),
    ),
    Stage(
        name="secrets-or-registry",
        words=(
            "unable to pull secrets",
            "unable to retrieve secrets",
            "unable to retrieve secret",
            "unable to fetch secrets",
        ),
        example="ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval"
        " failed: ...",
        doing="reading the secrets and registry credentials of the task",
        source=_INIT,
        caller=CallingRole.EXECUTION,
        fields=(*_SECRETS, *_REGISTRY, *_IMAGE),
    ),
)
