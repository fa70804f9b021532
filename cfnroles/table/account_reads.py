"""The calls of commands that read an account, as a table: docs/permissions.md has the policy for each command.

The tests compare it with every call of the gateways. ``${Account}``, ``${Region}`` and similar represent values that
only the user knows.
"""

from __future__ import annotations

from msgspec import Struct

_ECS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html"
_IAM = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html"
_CFN = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html"
_SECRETS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html"
_SSM = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html"
_KMS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html"
_LOGS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html"
_ECR = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html"

_TRAIL = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudtrail.html"

_ROLE, _POLICY = "arn:aws:iam::ACCOUNT:role/*", ("arn:aws:iam::ACCOUNT:policy/*", "arn:aws:iam::aws:policy/*")
_HERE = "REGION:ACCOUNT"
#: AWS defines no resource type for the call.
NO_RESOURCE = "*"


class Reads(Struct, frozen=True):
    """Calls for one purpose. ``only`` says when they are made, and ``without`` what is unknown without them."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    why: str
    without: str
    source: str
    only: str = ""


class CommandReads(Struct, frozen=True):
    """A command that reads an account."""

    command: str
    does: str
    reads: tuple[Reads, ...]

    @property
    def actions(self) -> frozenset[str]:
        """Every call that it may make."""
        return frozenset(action for each in self.reads for action in each.actions)


_ROLES = Reads(
    "ReadRoles",
    ("iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"),
    (_ROLE,),
    "the role, its trust policy and its own policies",
    "what the role allows, and whether it exists",
    _IAM,
)
_POLICIES = Reads(
    "ReadManagedPolicies",
    ("iam:GetPolicy", "iam:GetPolicyVersion"),
    _POLICY,
    "the managed policies of the role and its permissions boundary",
    "what the role allows",
    _IAM,
)
_DEFINITION = Reads(
    "ReadTaskDefinitions",
    ("ecs:DescribeTaskDefinition",),
    (NO_RESOURCE,),
    "the registered task definition",
    "which field required the call, and which roles the task has",
    _ECS,
)

COMMANDS = (
    CommandReads(
        "diagnose --live",
        "reads a failed task, service or stack",
        (
            Reads(
                "ReadTasks",
                ("ecs:DescribeTasks",),
                (f"arn:aws:ecs:{_HERE}:task/*",),
                "why a task stopped, and how each of its containers ended",
                "the reason of the task",
                _ECS,
            ),
            Reads(
                "ReadServices",
                ("ecs:DescribeServices",),
                (f"arn:aws:ecs:{_HERE}:service/*",),
                "the events and deployments of the service",
                "the events of the service",
                _ECS,
                "--service, and --stack if a service failed",
            ),
            Reads(
                "ListTasks",
                ("ecs:ListTasks",),
                (f"arn:aws:ecs:{_HERE}:container-instance/*",),
                "which tasks of the service stopped",
                "the stopped tasks of the service",
                _ECS,
                "--service, and --stack if a service failed",
            ),
            Reads(
                "ReadStackEvents",
                ("cloudformation:DescribeStackEvents",),
                (f"arn:aws:cloudformation:{_HERE}:stack/*",),
                "what failed in the last operation on the stack and its nested stacks",
                "the events of the stack",
                _CFN,
                "--stack",
            ),
            _DEFINITION,
            _ROLES,
            _POLICIES,
        ),
    ),
    CommandReads(
        "fleet --live",
        "reads all task definitions of an account and Region",
        (
            Reads(
                "ListTaskDefinitions",
                ("ecs:ListTaskDefinitions", "ecs:ListTaskDefinitionFamilies"),
                (NO_RESOURCE,),
                "which task definitions exist",
                "nothing: the command ends with exit code 3",
                _ECS,
            ),
            Reads(
                "ReadTaskDefinitions",
                ("ecs:DescribeTaskDefinition",),
                (NO_RESOURCE,),
                "each task definition, once",
                "nothing: the command ends with exit code 3",
                _ECS,
            ),
            Reads(
                "ReadWhatRuns",
                ("ecs:ListClusters", "ecs:ListServices", "ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks"),
                (NO_RESOURCE,),
                "which task definitions the services and running tasks of all clusters use",
                "nothing: the command ends with exit code 3",
                _ECS,
                "--revisions used",
            ),
            Reads(
                "ReadAllRoles",
                ("iam:GetAccountAuthorizationDetails",),
                (NO_RESOURCE,),
                "all roles and their policies, a thousand in one response",
                "which roles nothing uses; the command reads the others one by one",
                _IAM,
            ),
            _ROLES,
            _POLICIES,
            Reads(
                "DescribeSecrets",
                ("secretsmanager:DescribeSecret",),
                (f"arn:aws:secretsmanager:{_HERE}:secret:*",),
                "whether a secret exists, and which key encrypts it; not its value",
                "whether secrets exist, and which keys the roles need",
                _SECRETS,
            ),
            Reads(
                "DescribeParameters",
                ("ssm:DescribeParameters",),
                (NO_RESOURCE,),
                "whether parameters exist, fifty names in one call; not their values",
                "whether parameters exist, and which keys the roles need",
                _SSM,
            ),
            Reads(
                "DescribeKeys",
                ("kms:DescribeKey",),
                (f"arn:aws:kms:{_HERE}:key/*",),
                "whether the key of a secret can be used",
                "whether keys can be used",
                _KMS,
            ),
            Reads(
                "DescribeLogGroups",
                ("logs:DescribeLogGroups",),
                (NO_RESOURCE,),
                "which log groups exist",
                "whether log groups exist",
                _LOGS,
            ),
            Reads(
                "DescribeRepositories",
                ("ecr:DescribeRepositories",),
                (f"arn:aws:ecr:{_HERE}:repository/*",),
                "which repositories exist",
                "whether repositories exist",
                _ECR,
            ),
            Reads(
                "DescribePullThroughCacheRules",
                ("ecr:DescribePullThroughCacheRules",),
                (NO_RESOURCE,),
                "whether a pull through cache creates a missing repository",
                "whether a repository that does not exist is a problem",
                _ECR,
                "a repository does not exist",
            ),
        ),
    ),
    CommandReads(
        "audit --live",
        "reads the event history and the roles to judge",
        (
            Reads(
                "LookUpEvents",
                ("cloudtrail:LookupEvents",),
                (NO_RESOURCE,),
                "the management events of up to 90 days",
                "what was called",
                _TRAIL,
                "no --events",
            ),
            Reads(
                "ReadLastAccessed",
                ("iam:GenerateServiceLastAccessedDetails",),
                (_ROLE,),
                "a report on when the role last called each service: IAM generates it without changing the role",
                "when permissions that CloudTrail does not show were used",
                _IAM,
            ),
            Reads(
                "ReadReport",
                ("iam:GetServiceLastAccessedDetails",),
                (NO_RESOURCE,),
                "the contents of that report",
                "when permissions that CloudTrail does not show were used",
                _IAM,
            ),
            _DEFINITION,
            _ROLES,
            _POLICIES,
        ),
    ),
)

#: The calls of `deploy` to Amazon ECS if a service of its stacks fails.
FAILED_SERVICE = tuple(each for each in COMMANDS[0].reads if all(action.startswith("ecs:") for action in each.actions))
