"""The calls of CloudFormation for each resource type that ``cfnroles build`` writes, as a table.

CloudFormation makes these calls with the caller's permissions, or with those of a service role. The schema of each type
in CloudFormation's registry lists them under ``handlers`` and ``tagging``. cfn-lint contains a copy, which the tests
compare with these rows: every permission is either a call here or is in ``unused`` with a reason.
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html#schema-properties-handlers
"""

from __future__ import annotations

from msgspec import Struct

from cfnroles.need import Standing

#: The only type of a build that runs tasks.
EXPRESS_SERVICE = "AWS::ECS::ExpressGatewayService"
_REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference"
#: A call without a resource type.
NO_RESOURCE = "*"


class Bound(Struct, frozen=True):
    """A condition of a call. Its value is ``value`` or that of ``property``; without either, there is no condition.

    ``*`` in a value is a wildcard.
    """

    operator: str
    key: str
    value: str = ""
    property: str = ""


class Calls(Struct, frozen=True):
    """Calls that are made together, with the reason. They share one Sid.

    ``on`` is the property with the ARNs or names of their resources, ``of`` the type of resources given by name;
    without ``on`` it is the resource itself. ``has`` is the property without which they are not made.
    """

    sid: str
    why: str
    actions: tuple[str, ...]
    on: str = ""
    of: str = ""
    has: str = ""
    bounds: tuple[Bound, ...] = ()
    standing: Standing = Standing.DOCUMENTED
    doubt: str = ""


class Unused(Struct, frozen=True):
    """Permissions of a handler that are not granted. If the resource has ``property``, that is a gap."""

    permissions: tuple[str, ...]
    why: str
    property: str = ""


class ResourceType(Struct, frozen=True):
    """One type of resource. ``forms`` are the ends of its ARNs after the account, with ``{name}`` and ``{path}``.

    ``name`` is the property with its name. Without a value, CloudFormation generates a name of at most ``longest``
    characters; with 0, it does not derive the name from those of stack and resource. ``ref_is_arn`` says whether Ref is
    the ARN.
    """

    type: str
    calls: tuple[Calls, ...]
    source: str
    service: str = ""
    forms: tuple[str, ...] = ()
    name: str = ""
    longest: int = 0
    regional: bool = True
    ref_is_arn: bool = False
    unused: tuple[Unused, ...] = ()


def _without(property_: str, *permissions: str) -> Unused:
    return Unused(permissions, f"only a resource with {property_} needs it", property_)


#: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
_BOUNDARY = Bound("StringEquals", "iam:PermissionsBoundary", property="PermissionsBoundary")

_ROLE = ResourceType(
    "AWS::IAM::Role",
    service="iam",
    forms=("role{path}{name}",),
    name="RoleName",
    longest=64,
    regional=False,
    source=f"{_REFERENCE}/aws-resource-iam-role.html",
    calls=(
        Calls("ManageRoles", "CloudFormation creates the role", ("iam:CreateRole",), bounds=(_BOUNDARY,)),
        Calls(
            "ManageRoles",
            "CloudFormation writes the role's inline policies",
            ("iam:PutRolePolicy",),
            has="Policies",
            bounds=(_BOUNDARY,),
        ),
        Calls(
            "AttachPolicies",
            "CloudFormation attaches the role's managed policies",
            ("iam:AttachRolePolicy",),
            has="ManagedPolicyArns",
            bounds=(_BOUNDARY, Bound("ArnLike", "iam:PolicyARN", property="ManagedPolicyArns")),
        ),
        Calls(
            "ManageRoles",
            "CloudFormation removes the policies of an earlier template, and all policies before it deletes the role",
            ("iam:DeleteRolePolicy", "iam:DetachRolePolicy"),
            bounds=(_BOUNDARY,),
        ),
        Calls(
            "ManageRoles",
            "CloudFormation sets the permissions boundary of the role if it changed",
            ("iam:PutRolePermissionsBoundary",),
            has="PermissionsBoundary",
            bounds=(_BOUNDARY,),
        ),
        Calls(
            "ManageRoles",
            "CloudFormation reads the role, updates what changed, tags it and deletes it",
            (
                "iam:DeleteRole",
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListRolePolicies",
                "iam:ListRoleTags",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
                "iam:UpdateRoleDescription",
            ),
        ),
    ),
    unused=(
        Unused(
            ("iam:DeleteRolePermissionsBoundary",),
            "anyone who can remove a boundary has none; remove it with other credentials",
        ),
    ),
)

_MANAGED_POLICY = ResourceType(
    "AWS::IAM::ManagedPolicy",
    service="iam",
    forms=("policy{path}{name}",),
    name="ManagedPolicyName",
    longest=128,
    regional=False,
    ref_is_arn=True,
    source=f"{_REFERENCE}/aws-resource-iam-managedpolicy.html",
    calls=(
        Calls(
            "ManagePolicies",
            "CloudFormation creates the managed policy, reads it, adds a version for each update and deletes it",
            (
                "iam:CreatePolicy",
                "iam:CreatePolicyVersion",
                "iam:DeletePolicy",
                "iam:DeletePolicyVersion",
                "iam:GetPolicy",
                "iam:GetPolicyVersion",
                "iam:ListEntitiesForPolicy",
                "iam:ListPolicyVersions",
            ),
        ),
    ),
    unused=(
        _without("Groups", "iam:AttachGroupPolicy"),
        _without("Users", "iam:AttachUserPolicy"),
        _without("Roles", "iam:AttachRolePolicy"),
        Unused(
            ("iam:DetachGroupPolicy", "iam:DetachRolePolicy", "iam:DetachUserPolicy"),
            "the template attaches it in the roles, which are detached with the calls of the roles",
        ),
    ),
)

_INSTANCE_PROFILE = ResourceType(
    "AWS::IAM::InstanceProfile",
    service="iam",
    forms=("instance-profile{path}{name}",),
    name="InstanceProfileName",
    longest=128,
    regional=False,
    source=f"{_REFERENCE}/aws-resource-iam-instanceprofile.html",
    calls=(
        Calls(
            "ManageInstanceProfiles",
            "CloudFormation creates the instance profile, reads it, adds its role and deletes it",
            (
                "iam:AddRoleToInstanceProfile",
                "iam:CreateInstanceProfile",
                "iam:DeleteInstanceProfile",
                "iam:GetInstanceProfile",
                "iam:RemoveRoleFromInstanceProfile",
            ),
        ),
        Calls(
            "PassInstanceRoles",
            "CloudFormation adds the role to the instance profile",
            ("iam:PassRole",),
            on="Roles",
            of="AWS::IAM::Role",
            # The service has another name in China.
            bounds=(Bound("StringLike", "iam:PassedToService", "ec2.*"),),
            standing=Standing.DERIVED,
            doubt="AWS's page requires iam:PassRole, and only an example shows that it is for Amazon EC2",
        ),
    ),
)

_TASK_DEFINITION = ResourceType(
    "AWS::ECS::TaskDefinition",
    service="ecs",
    forms=("task-definition/{name}:*",),
    name="Family",
    longest=255,
    ref_is_arn=True,
    source=f"{_REFERENCE}/aws-resource-ecs-taskdefinition.html",
    calls=(
        Calls(
            "RegisterTaskDefinitions",
            "CloudFormation registers a revision of the task definition, and tags it",
            ("ecs:ListTagsForResource", "ecs:RegisterTaskDefinition", "ecs:TagResource", "ecs:UntagResource"),
        ),
        Calls(
            "LookAtTaskDefinitions",
            "CloudFormation reads the revision, and deregisters it when another replaces it or the stack is deleted",
            ("ecs:DeregisterTaskDefinition", "ecs:DescribeTaskDefinition"),
            on=NO_RESOURCE,
        ),
        *(
            Calls(
                sid,
                "registering a task definition passes its roles to ECS",
                actions,
                on=role,
                of="AWS::IAM::Role",
                has=role,
                bounds=bounds,
            )
            for role in ("ExecutionRoleArn", "TaskRoleArn")
            for sid, actions, bounds in (
                (
                    "PassRolesToTasks",
                    ("iam:PassRole",),
                    (Bound("StringEquals", "iam:PassedToService", "ecs-tasks.amazonaws.com"),),
                ),
                ("ManageRoles", ("iam:GetRole",), ()),
            )
        ),
    ),
)

_EXPRESS_SERVICE = ResourceType(
    EXPRESS_SERVICE,
    service="ecs",
    forms=(
        "service/*/{name}",
        "service-deployment/*/{name}/*",
        "service-revision/*/{name}/*",
        "task-definition/*-{name}:*",
    ),
    name="ServiceName",
    source=f"{_REFERENCE}/aws-resource-ecs-expressgatewayservice.html",
    calls=(
        Calls(
            "ManageExpressServices",
            "CloudFormation creates the service, follows its deployments, updates what changed, tags it and deletes it",
            (
                "ecs:CreateExpressGatewayService",
                "ecs:DeleteExpressGatewayService",
                "ecs:DescribeExpressGatewayService",
                "ecs:DescribeServiceDeployments",
                "ecs:DescribeServiceRevisions",
                "ecs:DescribeServices",
                "ecs:ListServiceDeployments",
                "ecs:ListTagsForResource",
                "ecs:TagResource",
                "ecs:UntagResource",
                "ecs:UpdateExpressGatewayService",
            ),
        ),
        Calls(
            "RegisterTaskDefinitions",
            "ECS registers a task definition for the service, with the credentials of the principal that"
            " creates or updates it",
            ("ecs:RegisterTaskDefinition",),
            standing=Standing.DERIVED,
            doubt="AWS does not document the name of the task definition; published examples are CLUSTER-SERVICE",
        ),
        Calls(
            "LookAtTaskDefinitions",
            "CloudFormation reads the task definition that ECS registered",
            ("ecs:DescribeTaskDefinition",),
            on=NO_RESOURCE,
        ),
        *(
            Calls(
                f"PassRolesTo{sid}",
                "creating the service passes its roles to ECS",
                ("iam:PassRole",),
                on=role,
                of="AWS::IAM::Role",
                has=role,
                bounds=(Bound("StringEquals", "iam:PassedToService", service),),
            )
            for sid, service, roles in (
                ("Tasks", "ecs-tasks.amazonaws.com", ("ExecutionRoleArn", "TaskRoleArn")),
                ("Ecs", "ecs.amazonaws.com", ("InfrastructureRoleArn",)),
            )
            for role in roles
        ),
    ),
    unused=(
        Unused(
            ("ecs:CreateCluster",),
            "only the first service of an account needs it, to create the cluster `default`; create the cluster first",
        ),
    ),
)

_FUNCTION = ResourceType(
    "AWS::Lambda::Function",
    service="lambda",
    forms=("function:{name}", "function:{name}:*"),
    name="FunctionName",
    longest=64,
    source=f"{_REFERENCE}/aws-resource-lambda-function.html",
    calls=(
        Calls(
            "ManageFunctions",
            "CloudFormation creates the function, reads it, updates what changed, tags it and deletes it",
            (
                "lambda:CreateFunction",
                "lambda:DeleteFunction",
                "lambda:GetFunction",
                "lambda:GetFunctionCodeSigningConfig",
                "lambda:GetFunctionRecursionConfig",
                "lambda:GetFunctionScalingConfig",
                "lambda:GetRuntimeManagementConfig",
                "lambda:ListTags",
                "lambda:TagResource",
                "lambda:UntagResource",
                "lambda:UpdateFunctionCode",
                "lambda:UpdateFunctionConfiguration",
            ),
        ),
        Calls(
            "PassRolesToFunctions",
            "creating a function passes its role to Lambda",
            ("iam:PassRole",),
            on="Role",
            of="AWS::IAM::Role",
            bounds=(Bound("StringEquals", "iam:PassedToService", "lambda.amazonaws.com"),),
        ),
    ),
    unused=(
        _without("ReservedConcurrentExecutions", "lambda:DeleteFunctionConcurrency", "lambda:PutFunctionConcurrency"),
        Unused(
            ("s3:GetObject", "s3:GetObjectVersion"), "only a resource whose Code is in S3 needs it", "Code.S3Bucket"
        ),
        _without(
            "VpcConfig",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
        ),
        _without("FileSystemConfigs", "elasticfilesystem:DescribeMountTargets", "s3files:ListMountTargets"),
        _without(
            "KmsKeyArn", "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"
        ),
        _without(
            "CodeSigningConfigArn",
            "lambda:DeleteFunctionCodeSigningConfig",
            "lambda:GetCodeSigningConfig",
            "lambda:PutFunctionCodeSigningConfig",
        ),
        _without("Layers", "lambda:GetLayerVersion"),
        _without("RuntimeManagementConfig", "lambda:PutRuntimeManagementConfig"),
        _without("RecursiveLoop", "lambda:PutFunctionRecursionConfig"),
        _without("FunctionScalingConfig", "lambda:PutFunctionScalingConfig"),
        _without("CapacityProviderConfig", "lambda:PassCapacityProvider"),
        _without("PublishToLatestPublished", "lambda:PublishVersion"),
        Unused(("lambda:AssociateRuntimeAlias",), "the list of Lambda's actions does not have it"),
    ),
)

_INVOCATION = ResourceType(
    "AWS::Lambda::EventInvokeConfig",
    source=f"{_REFERENCE}/aws-resource-lambda-eventinvokeconfig.html",
    calls=(
        Calls(
            "ConfigureInvocation",
            "CloudFormation sets how often Lambda retries an asynchronous invocation",
            (
                "lambda:DeleteFunctionEventInvokeConfig",
                "lambda:GetFunctionEventInvokeConfig",
                "lambda:PutFunctionEventInvokeConfig",
                "lambda:UpdateFunctionEventInvokeConfig",
            ),
            on="FunctionName",
            of="AWS::Lambda::Function",
        ),
    ),
)

_LOG_GROUP = ResourceType(
    "AWS::Logs::LogGroup",
    service="logs",
    forms=("log-group:{name}", "log-group:{name}:*"),
    name="LogGroupName",
    longest=512,
    source=f"{_REFERENCE}/aws-resource-logs-loggroup.html",
    calls=(
        Calls(
            "ManageLogGroups",
            "CloudFormation creates the log group, reads it, updates what changed, tags it and deletes it",
            (
                "logs:CreateLogGroup",
                "logs:DeleteLogGroup",
                "logs:DeleteRetentionPolicy",
                "logs:DisassociateKmsKey",
                "logs:GetDataProtectionPolicy",
                "logs:ListTagsForResource",
                "logs:PutRetentionPolicy",
                "logs:TagResource",
                "logs:UntagResource",
            ),
        ),
        Calls(
            "EncryptLogGroups",
            "CloudFormation sets the key of the log group",
            ("logs:AssociateKmsKey",),
            has="KmsKeyId",
        ),
        Calls(
            "LookAtLogGroups",
            "CloudFormation reads the log group and its settings",
            ("logs:DescribeIndexPolicies", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies"),
            on=NO_RESOURCE,
        ),
    ),
    unused=(
        _without(
            "DataProtectionPolicy",
            "firehose:TagDeliveryStream",
            "logs:CreateLogDelivery",
            "logs:DeleteDataProtectionPolicy",
            "logs:PutDataProtectionPolicy",
            "s3:REST.PUT.OBJECT",
        ),
        _without("FieldIndexPolicies", "logs:DeleteIndexPolicy", "logs:PutIndexPolicy"),
        _without("ResourcePolicyDocument", "logs:DeleteResourcePolicy", "logs:PutResourcePolicy"),
        _without("BearerTokenAuthenticationEnabled", "logs:PutBearerTokenAuthentication"),
        _without("DeletionProtectionEnabled", "logs:PutLogGroupDeletionProtection"),
    ),
)

_METRIC_FILTER = ResourceType(
    "AWS::Logs::MetricFilter",
    source=f"{_REFERENCE}/aws-resource-logs-metricfilter.html",
    calls=(
        Calls(
            "ManageMetricFilters",
            "CloudFormation puts a metric filter on the log group",
            ("logs:DeleteMetricFilter", "logs:DescribeMetricFilters", "logs:PutMetricFilter"),
            on="LogGroupName",
            of="AWS::Logs::LogGroup",
        ),
    ),
)

_ALARM = ResourceType(
    "AWS::CloudWatch::Alarm",
    service="cloudwatch",
    forms=("alarm:{name}",),
    name="AlarmName",
    longest=255,
    source=f"{_REFERENCE}/aws-resource-cloudwatch-alarm.html",
    calls=(
        Calls(
            "ManageAlarms",
            "CloudFormation creates the alarm, reads it, updates what changed, tags it and deletes it",
            (
                "cloudwatch:DeleteAlarms",
                "cloudwatch:DescribeAlarms",
                "cloudwatch:ListTagsForResource",
                "cloudwatch:PutMetricAlarm",
                "cloudwatch:TagResource",
                "cloudwatch:UntagResource",
            ),
        ),
    ),
)

_DASHBOARD = ResourceType(
    "AWS::CloudWatch::Dashboard",
    service="cloudwatch",
    forms=("dashboard/{name}",),
    name="DashboardName",
    regional=False,
    source=f"{_REFERENCE}/aws-resource-cloudwatch-dashboard.html",
    calls=(
        Calls(
            "ManageDashboards",
            "CloudFormation writes the dashboard, reads it, tags it and deletes it",
            (
                "cloudwatch:DeleteDashboards",
                "cloudwatch:GetDashboard",
                "cloudwatch:ListTagsForResource",
                "cloudwatch:PutDashboard",
                "cloudwatch:TagResource",
                "cloudwatch:UntagResource",
            ),
        ),
    ),
)

_TOPIC = ResourceType(
    "AWS::SNS::Topic",
    service="sns",
    forms=("{name}",),
    name="TopicName",
    longest=256,
    ref_is_arn=True,
    source=f"{_REFERENCE}/aws-resource-sns-topic.html",
    calls=(
        Calls(
            "ManageTopics",
            "CloudFormation creates the topic with its subscriptions, reads it, tags it and deletes it",
            (
                "sns:CreateTopic",
                "sns:DeleteTopic",
                "sns:GetDataProtectionPolicy",
                "sns:GetTopicAttributes",
                "sns:ListSubscriptionsByTopic",
                "sns:ListTagsForResource",
                "sns:SetTopicAttributes",
                "sns:Subscribe",
                "sns:TagResource",
                "sns:Unsubscribe",
                "sns:UntagResource",
            ),
        ),
    ),
    unused=(
        _without("DataProtectionPolicy", "sns:PutDataProtectionPolicy"),
        _without("DeliveryStatusLogging", "iam:GetRole", "iam:PassRole"),
    ),
)

_TOPIC_POLICY = ResourceType(
    "AWS::SNS::TopicPolicy",
    source=f"{_REFERENCE}/aws-resource-sns-topicpolicy.html",
    calls=(
        Calls(
            "ManageTopics",
            "CloudFormation writes the topic's policy",
            ("sns:SetTopicAttributes",),
            on="Topics",
            of="AWS::SNS::Topic",
        ),
    ),
)

_REPOSITORY = ResourceType(
    "AWS::ECR::Repository",
    service="ecr",
    forms=("repository/{name}",),
    name="RepositoryName",
    source=f"{_REFERENCE}/aws-resource-ecr-repository.html",
    calls=(
        Calls(
            "ManageRepositories",
            "CloudFormation creates the repository and its policy, reads and updates both, tags and deletes it",
            (
                "ecr:CreateRepository",
                "ecr:DeleteRepository",
                "ecr:DeleteRepositoryPolicy",
                "ecr:DescribeRepositories",
                "ecr:GetLifecyclePolicy",
                "ecr:GetRepositoryPolicy",
                "ecr:ListTagsForResource",
                "ecr:PutImageScanningConfiguration",
                "ecr:PutImageTagMutability",
                "ecr:SetRepositoryPolicy",
                "ecr:TagResource",
                "ecr:UntagResource",
            ),
        ),
    ),
    unused=(
        _without("LifecyclePolicy", "ecr:DeleteLifecyclePolicy", "ecr:PutLifecyclePolicy"),
        _without("EncryptionConfiguration", "kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"),
    ),
)

_SECRET_POLICY = ResourceType(
    "AWS::SecretsManager::ResourcePolicy",
    source=f"{_REFERENCE}/aws-resource-secretsmanager-resourcepolicy.html",
    calls=(
        Calls(
            "ManageSecretPolicies",
            "CloudFormation writes the secret's policy",
            (
                "secretsmanager:DeleteResourcePolicy",
                "secretsmanager:GetResourcePolicy",
                "secretsmanager:PutResourcePolicy",
            ),
            on="SecretId",
        ),
    ),
)

#: https://github.com/aws-solutions/instance-scheduler-on-aws/issues/29 shows the error.
_CUSTOM = ResourceType(
    "AWS::CloudFormation::CustomResource",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources-lambda.html",
    calls=(
        Calls(
            "InvokeGate",
            "CloudFormation invokes the function of a custom resource when it creates, updates and deletes it",
            ("lambda:InvokeFunction",),
            on="ServiceToken",
            of="AWS::Lambda::Function",
            standing=Standing.DERIVED,
            doubt="AWS does not document whose permission it is; reports show that AWS checks the caller's",
        ),
    ),
)

RESOURCE_TYPES: dict[str, ResourceType] = {
    row.type: row
    for row in (
        _ROLE,
        _MANAGED_POLICY,
        _INSTANCE_PROFILE,
        _TASK_DEFINITION,
        _EXPRESS_SERVICE,
        _FUNCTION,
        _INVOCATION,
        _LOG_GROUP,
        _METRIC_FILTER,
        _ALARM,
        _DASHBOARD,
        _TOPIC,
        _TOPIC_POLICY,
        _REPOSITORY,
        _SECRET_POLICY,
        _CUSTOM,
    )
}


def type_of(name: str) -> ResourceType | None:
    """Return the row of a resource type; ``None`` for one that ``cfnroles build`` does not write."""
    return RESOURCE_TYPES.get(_CUSTOM.type if name.startswith("Custom::") else name)
