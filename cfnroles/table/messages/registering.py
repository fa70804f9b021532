"""Task definitions and requests that Amazon ECS rejects."""

from __future__ import annotations

from cfnroles.table.message import ANY, CallingRole, Category, Symptom

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_REGISTER = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"

SYMPTOMS = (
    Symptom(
        name="execution-role-missing",
        words=(
            "to have execution role arn",
            "execution role arn to support",
            "specify a value for" + ANY + "executionrolearn",
            "requires an execution role",
        ),
        example="An error occurred (ClientException) when calling the RegisterTaskDefinition operation: When you are"
        " specifying"
        " container secrets, you must also specify a value for 'executionRoleArn'.",
        category=Category.MALFORMED,
        what="the task definition needs an execution role and names none",
        sure="cfnroles explain SOURCE",
        remedy="Set executionRoleArn; `cfnroles build SOURCE` writes the role",
        source=f"{_GUIDE}/task_execution_IAM_role.html",
        caller=CallingRole.EXECUTION,
        fields=("executionRoleArn",),
    ),
    Symptom(
        name="credential-spec-malformed",
        words=("unsupported credentialspec", "invalid credentialspec", "invalid credential spec"),
        example="unsupported credentialspec ARN, only s3/ssm ARNs are valid",
        category=Category.MALFORMED,
        what="the credential spec is not an object in Amazon S3 or a parameter",
        sure="cfnroles lint SOURCE",
        remedy="Write credentialspec:ARN or credentialspecdomainless:ARN of an object in Amazon S3 or of a parameter",
        source=f"{_GUIDE}/linux-gmsa.html",
        fields=("containerDefinitions[].credentialSpecs[]",),
    ),
    Symptom(
        name="role-not-valid",
        words=("role is not valid", "invalid iam role", "is not a valid role arn", "invalid role arn"),
        example="An error occurred (ClientException) when calling the RegisterTaskDefinition operation: Role is not"
        " valid",
        category=Category.MALFORMED,
        what="a role in the task definition is not the ARN of a role in this account",
        sure="aws iam get-role --role-name ROLE",
        remedy="Correct taskRoleArn or executionRoleArn",
        source=_REGISTER,
        fields=("taskRoleArn", "executionRoleArn"),
    ),
    Symptom(
        name="task-size",
        words=(
            "no fargate configuration exists for given values",
            "invalid 'cpu' setting",
            "invalid 'memory' setting",
            "minimum memory limit",
            "fargate resource requirements",
        ),
        example="An error occurred (ClientException) when calling the RegisterTaskDefinition operation: No Fargate"
        " configuration"
        " exists for given values: 250 CPU, 512 memory.",
        category=Category.MALFORMED,
        what="AWS does not offer this combination of CPU and memory",
        sure="cfnroles lint SOURCE --cfn-lint",
        remedy="Choose a combination from the table on AWS's page",
        source=f"{_GUIDE}/fargate-tasks-services.html",
        fields=("cpu", "memory"),
    ),
    Symptom(
        name="capacity-provider-not-found",
        words=("capacity provider" + ANY + "not found", "capacity provider" + ANY + "does not exist"),
        example="An error occurred (InvalidParameterException) when calling the CreateService operation: The specified"
        " capacity provider 'shop' was not found.",
        category=Category.MISSING,
        what="the cluster or the account has no such capacity provider",
        sure="aws ecs describe-clusters --clusters CLUSTER --query 'clusters[].capacityProviders'",
        remedy="Create the capacity provider and associate it with the cluster, or correct its name",
        source=f"{_GUIDE}/cluster-capacity-providers.html",
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="platform-refused",
        words=(
            "platformtaskdefinitionincompatibility",
            "platformunknownexception",
            "unsupportedfeatureexception",
            "not compatible with the selected compute strategy",
        ),
        example="An error occurred (PlatformUnknownException) when calling the RunTask operation: The specified"
        " platform version does not exist.",
        category=Category.MALFORMED,
        what="the platform version does not exist, or does not support what the task definition requires",
        sure="aws ecs describe-services --cluster CLUSTER --services SERVICE --query 'services[].platformVersion'",
        remedy="Use platform version LATEST, or change the task definition",
        source=f"{_GUIDE}/platform-fargate.html",
        caller=CallingRole.NOBODY,
    ),
    Symptom(
        name="load-balancer-mismatch",
        words=(
            "does not exist in the task definition",
            "did not have a container port",
            "does not have an associated load balancer",
            "has target type",
            "are not in the target group vpc",
            "incompatible with the awsvpc network mode",
        ),
        example="An error occurred (InvalidParameterException) when calling the CreateService operation: The container"
        " web does not exist in the task definition.",
        category=Category.MALFORMED,
        what="the load balancer and the task definition of the service do not match: the container, the port or the"
        " type of the target group",
        sure="aws elbv2 describe-target-groups --target-group-arns TARGET_GROUP",
        remedy="Name a container and a port of the task definition; with awsvpc the target type is ip, and the target"
        " group needs a listener of a load balancer",
        source=f"{_GUIDE}/service-load-balancing.html",
        caller=CallingRole.NOBODY,
        fields=("service.loadBalancers[]",),
    ),
    Symptom(
        name="task-definition-refused",
        words=(
            "registertaskdefinition" + ANY + "clientexception",
            "clientexception" + ANY + "registertaskdefinition",
            "invalid request provided: create taskdefinition",
            "clientexception: invalid",
        ),
        example="An error occurred (ClientException) when calling the RegisterTaskDefinition operation: Invalid"
        " setting for container"
        " 'web'. At least one of 'memory' or 'memoryReservation' must be specified.",
        category=Category.MALFORMED,
        what="ECS rejects the task definition; the rest of the message names the member",
        sure="cfnroles lint SOURCE",
        remedy="Correct the member that the message names",
        source=_REGISTER,
        caller=CallingRole.NOBODY,
    ),
)
