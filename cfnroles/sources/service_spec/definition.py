"""The keys of a service spec: the only definition of its contents."""

from __future__ import annotations

from cfnroles.role_kinds import ROLE_KINDS
from cfnroles.sources.service_spec import forms
from cfnroles.sources.service_spec.role_keys import KEY, ROLE, TAGS, TASK_ROLE
from cfnroles.sources.service_spec.types import Either, Flag, Key, Many, Named, Number, String, Structure

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_AUTHORITY = "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1234abcd-12ab-34cd-56ef-1234567890ab"

#: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)

_EXEC = Structure(
    "the settings of ECS Exec",
    (
        Key("log-group", forms.LOG_GROUP, "Log group for the session logs.", "/ecs/shop/exec"),
        Key(
            "bucket",
            String("a bucket's name", r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "Write the bucket's name."),
            "Bucket for the session logs.",
            "shop-exec-logs",
        ),
        Key(
            "prefix",
            String("a prefix", r"[^*?\n]+", "Write the prefix of the keys."),
            "Prefix of the keys in that bucket.",
            "web",
        ),
        Key("kms-key", forms.KEY_ARN, "Customer managed key that encrypts the sessions.", KEY),
    ),
)

_VOLUME = Structure(
    "a volume",
    (
        Key(
            "name",
            String("a volume's name", r"[A-Za-z0-9_-]{1,255}", "Write the name from the task definition."),
            "Name of the volume in the task definition.",
            "data",
            required=True,
        ),
        Key(
            "snapshot",
            String("a snapshot's id", r"snap-[0-9a-f]+", "Write an id such as snap-0123456789abcdef0."),
            "Snapshot from which ECS creates the volume.",
            "snap-0123456789abcdef0",
        ),
        Key("kms-key", forms.KEY_ARN, "Customer managed key of the volume.", KEY),
    ),
)

_CONNECT_TLS = Structure(
    "the settings of TLS for Service Connect",
    (
        Key(
            "authority",
            String(
                "the ARN of a private certificate authority",
                r"arn:aws[a-z-]*:acm-pca:[a-z0-9-]+:[0-9]{12}:certificate-authority/[a-z0-9-]+",
                "Write arn:aws:acm-pca:REGION:ACCOUNT:certificate-authority/ID.",
            ),
            "Private certificate authority that issues the certificates.",
            _AUTHORITY,
            required=True,
        ),
        Key("kms-key", forms.KEY_ARN, "Customer managed key that encrypts the private keys of the certificates.", KEY),
    ),
)

_KEYS = Structure(
    "the customer managed keys",
    (
        Key("secrets", Many(forms.KEY_ARN), "Keys that encrypt the secrets and parameters that ECS injects.", KEY),
        Key(
            "files",
            Many(forms.KEY_ARN),
            "Keys that encrypt the environment files and other files in S3 that ECS reads.",
            KEY,
        ),
        Key("log-groups", Many(forms.KEY_ARN), "Keys that encrypt existing log groups that the tasks write to.", KEY),
        Key("destinations", Many(forms.KEY_ARN), "Keys that encrypt the streams and buckets that logs go to.", KEY),
    ),
)

_LOG_GROUPS = Structure(
    "the options of log groups",
    (
        Key(
            "retention-days",
            Number("a number of days that CloudWatch Logs offers", known=RETENTION),
            "Retention of log events in days.",
            30,
        ),
        Key(
            "kms-key",
            forms.KEY_ARN,
            "Customer managed key that encrypts the log groups.",
            KEY,
            source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
        ),
        Key("tags", TAGS, "Tags of the log groups.", {"cost-center": "4711"}),
        Key("keep", Flag(), "Whether the log groups are kept when their stack is deleted; the default is yes.", True),
        Key("existing", Many(forms.LOG_GROUP), "Existing log groups, which cfnroles leaves unchanged.", "/ecs/shop"),
    ),
)

_CLUSTER = Key("cluster", forms.CLUSTER, "Name or ARN of the only cluster in which the task may run.", "shop")
_RUN_TAGS = Key(
    "tags", Flag(), "Whether the task gets tags when it runs, its own or those of the task definition.", True
)
_RUNNER = Structure("how it runs the task", (_CLUSTER, _RUN_TAGS))
_STATE_MACHINE = Structure(
    "how a state machine runs the task",
    (
        _CLUSTER,
        _RUN_TAGS,
        Key(
            "sync",
            Flag(),
            "Whether the state machine waits for the task to end: `runTask.sync`.",
            True,
            source="https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html",
        ),
    ),
)
_RUN_BY = Structure(
    "what runs the task",
    (
        Key(
            "scheduler",
            Either(Flag(), _RUNNER),
            "A schedule of EventBridge Scheduler: `true`, or its settings.",
            {"cluster": "shop"},
            source=f"{_GUIDE}/tasks-scheduled-eventbridge-scheduler.html",
        ),
        Key(
            "event-rule",
            Either(Flag(), _RUNNER),
            "A rule of EventBridge: `true`, or its settings.",
            True,
            source=f"{_GUIDE}/CWE_IAM_role.html",
        ),
        Key(
            "state-machine",
            Either(Flag(), _STATE_MACHINE),
            "A state machine of Step Functions: `true`, or its settings.",
            {"cluster": "shop", "sync": True},
            source="https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html",
        ),
        Key(
            "pipe",
            Either(Flag(), _RUNNER),
            "A pipe of EventBridge Pipes: `true`, or its settings. The role has no permissions for the source and"
            " enrichment of the pipe.",
            True,
            source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html",
        ),
    ),
)

_SETTINGS = (
    Key(
        "launch-type",
        String("a launch type", "", known=("EC2", "EXTERNAL", "FARGATE", "MANAGED_INSTANCES")),
        "Where the tasks run, if the task definition allows more than one launch type.",
        "FARGATE",
    ),
    Key("kms-keys", _KEYS, "Customer managed keys, and what they encrypt.", {"secrets": KEY}),
    Key(
        "bucket-accounts",
        Many(forms.ACCOUNT),
        "Accounts that own the buckets of environment files and other files. The role cannot read a bucket with the"
        " same name in another account.",
        "123456789012",
        source=f"{_GUIDE}/task_execution_IAM_role.html",
    ),
    Key(
        "efs-accounts",
        Named(
            "accounts of file systems",
            String("the id of an EFS file system", r"fs-[0-9a-f]+", "Write an id such as fs-0123456789abcdef0."),
            forms.ACCOUNT,
        ),
        "Owner account of each EFS file system in another account, by file system id. The policy of the file system"
        " must also allow the role.",
        {"fs-0123456789abcdef0": "210987654321"},
        source="https://docs.aws.amazon.com/efs/latest/ug/mount-fs-diff-account-same-vpc.html",
    ),
    Key(
        "exec",
        Either(Flag(), _EXEC),
        "ECS Exec: `true`, or the settings for session logs and encryption.",
        True,
        source=f"{_GUIDE}/ecs-exec.html",
    ),
    Key(
        "guardduty",
        Flag(),
        "Whether GuardDuty Runtime Monitoring adds its agent to the tasks.",
        True,
        source="https://docs.aws.amazon.com/guardduty/latest/ug/prereq-runtime-monitoring-ecs-support.html",
    ),
    Key(
        "pull-through-cache",
        Many(forms.REPOSITORY_PREFIX),
        "Prefixes of the ECR repositories of a pull through cache.",
        "docker-hub",
        source="https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html",
    ),
    Key(
        "gmsa-secrets",
        Many(forms.SECRET_ARN),
        "Secrets that domainless credential specs name.",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/gmsa",
        source=f"{_GUIDE}/linux-gmsa.html",
    ),
    Key(
        "root-volumes",
        Many(String("a volume's name", r"[A-Za-z0-9_-]{1,255}", "Write the name from the task definition.")),
        "EFS volumes to which the task has root access.",
        "data",
    ),
    Key(
        "s3-files-buckets",
        Many(String("a bucket's name", r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "Write the bucket's name.")),
        "Buckets behind S3 file systems.",
        "shop-files",
    ),
    Key(
        "volumes",
        Many(_VOLUME, alone=False),
        "EBS volumes that ECS creates for each task; they require an infrastructure role.",
        [{"name": "data"}],
        source=f"{_GUIDE}/infrastructure_IAM_role.html",
    ),
    Key(
        "managed-storage-key",
        forms.KEY_ARN,
        "Customer managed key of the cluster, for EBS volumes that name no key.",
        KEY,
        source=f"{_GUIDE}/ebs-kms-encryption.html",
    ),
    Key(
        "service-connect-tls",
        _CONNECT_TLS,
        "TLS of Service Connect; it requires an infrastructure role.",
        {"authority": _AUTHORITY},
        source=f"{_GUIDE}/service-connect-tls.html",
    ),
    Key(
        "log-groups",
        Either(Flag(), _LOG_GROUPS),
        "Log groups of the awslogs driver, created before the tasks: `true`, or their settings.",
        {"retention-days": 30},
    ),
    Key(
        "run-by",
        Either(Many(String("what runs tasks", "", known=tuple(key.name for key in _RUN_BY.keys))), _RUN_BY),
        "What runs the task in addition to a service. Each gets a role that can run the task and pass its two roles.",
        "scheduler",
    ),
    Key("execution-role", ROLE, "Options of the execution role.", {"path": "/teams/shop/"}),
)

_FURTHER_ROLES = tuple(
    Key(kind.key, ROLE, f"Options of the {kind.holder}, if one is needed.", {"path": "/teams/shop/"})
    for kind in ROLE_KINDS
    if not kind.always
)

SERVICE = Structure(
    "a service",
    (
        Key(
            "task-definition",
            forms.PATH,
            "Path of the task definition, or FAMILY:REVISION with --live.",
            "web.json",
            required=True,
        ),
        Key(
            "service",
            forms.PATH,
            "File with the input of create-service or create-daemon, or the output of describe-services: load"
            " balancers, VPC Lattice, hooks, volumes and other things that ECS manages for the service. The keys of"
            " the spec override it.",
            "web-service.json",
            source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html",
        ),
        Key(
            "run-task",
            forms.PATH,
            "File with the input of run-task or start-task, for a standalone task. Its overrides and volumes need"
            " the same permissions as in a task definition and a service.",
            "migrate.json",
            source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html",
        ),
        Key(
            "capacity-provider",
            forms.PATH,
            "File with the input of create-capacity-provider for Managed Instances. Its infrastructure role, and"
            " the role and profile of its instances, are created with the roles of this service.",
            "capacity-provider.json",
            source=f"{_GUIDE}/managed-instances-instance-profile.html",
        ),
        Key(
            "gateway",
            forms.PATH,
            "File with the input of create-gateway. Its infrastructure role is created with the roles of this service.",
            "gateway.json",
            source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateGateway.html",
        ),
        *_SETTINGS,
        Key(
            "task-role",
            TASK_ROLE,
            "Options of the task role and permissions of the application.",
            {"grants": [{"sqs-send": "orders"}]},
        ),
        *_FURTHER_ROLES,
    ),
)

DEFAULTS = Structure(
    "the defaults",
    (*_SETTINGS, Key("task-role", ROLE, "Options of the task role.", {"path": "/teams/shop/"}), *_FURTHER_ROLES),
)

_PARAMETERS = Named(
    "parameters",
    forms.PARAMETER_NAME,
    Many(String("a text", r"[^\n]*", "Write the parameter's value.")),
)

ENVIRONMENT = Structure(
    "an environment",
    (
        Key(
            "project",
            forms.PROJECT,
            "Project name in this environment, if several environments share an account.",
            "shop-staging",
        ),
        Key("account", forms.ACCOUNT, "Account of the environment; `deploy` refuses any other.", "210987654321"),
        Key("region", forms.REGION, "Region of the environment; `deploy` refuses any other.", "eu-west-1"),
        Key(
            "parameters",
            _PARAMETERS,
            "Values of template parameters, for every stack that has them.",
            {"PermissionsBoundaryArn": "arn:aws:iam::210987654321:policy/boundary"},
        ),
        Key(
            "services",
            Named(
                "services",
                forms.SERVICE_NAME,
                Structure(
                    "the parameters of a service",
                    (
                        Key(
                            "parameters",
                            _PARAMETERS,
                            "Values of template parameters in the stacks of this service.",
                            {"TaskRoleName": "web-staging"},
                        ),
                    ),
                ),
            ),
            "The same for the stacks of one service.",
            {"web": {"parameters": {"TaskRoleName": "web-staging"}}},
        ),
    ),
)

_SHARING = Structure(
    "the sharing options",
    (
        Key(
            "by",
            String("a kind of principal", "", known=("role", "account", "organization")),
            "Principal in the policies of other accounts: the execution roles by ARN, the account, or an organization.",
            "role",
            required=True,
        ),
        Key("organization", forms.ORGANIZATION, "The organization.", "o-a1b2c3d4e5"),
    ),
)

_ALARMS = Structure(
    "the alarms",
    (
        Key(
            "trail-log-group",
            forms.LOG_GROUP,
            "Log group to which CloudTrail delivers management events.",
            "CloudTrail/logs",
            required=True,
            source="https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html",
        ),
        Key("email", forms.EMAIL, "Email address that receives the alarms.", "team@example.com"),
        Key(
            "topic",
            forms.TOPIC_ARN,
            "Existing SNS topic to use instead of a new one.",
            "arn:aws:sns:us-east-1:123456789012:alarms",
        ),
        Key(
            "threshold",
            Number("a number of denied calls from 1 to 1000", 1, 1000),
            "Denied calls within five minutes that raise the alarm; the default is 1.",
            1,
        ),
    ),
)

SPEC = Structure(
    "the spec",
    (
        Key("project", forms.PROJECT, "First part of the names of all stacks and exports.", "shop", required=True),
        Key(
            "account",
            forms.ACCOUNT,
            "Account that the services run in.",
            "123456789012",
        ),
        Key("region", forms.REGION, "Region that the services run in.", "us-east-1"),
        Key("defaults", DEFAULTS, "Settings for every service that does not have its own.", {"exec": False}),
        Key(
            "services",
            Named("services", forms.SERVICE_NAME, SERVICE),
            "The services, by name.",
            {"web": {"task-definition": "web.json"}},
            required=True,
        ),
        Key(
            "environments",
            Named("environments", forms.ENVIRONMENT_NAME, ENVIRONMENT),
            "Other accounts, Regions and stages, which differ in parameters only.",
            {"staging": {"account": "210987654321"}},
        ),
        Key(
            "sharing",
            _SHARING,
            "How the policies of other accounts name these services, for `build --for-account`.",
            {"by": "role"},
        ),
        Key(
            "shared-gate",
            Flag(),
            "Whether the services use the one gate that `cfnroles gate` writes, as with `build --shared-gate`.",
            True,
        ),
        Key(
            "alarms",
            _ALARMS,
            "A stack of alarms for denied calls of the roles.",
            {"trail-log-group": "CloudTrail/logs"},
        ),
    ),
)
