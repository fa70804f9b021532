"""Causes of a denied call that the role allows.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from cfnroles.table.message import PossibleCause

#: For a statement of the source with an expression where the message has an ARN.
NOT_DEPLOYED = PossibleCause(
    "the source has this statement, but the role was deployed without it",
    "aws iam list-role-policies --role-name ROLE",
    "Deploy the source",
)
ANOTHER_RESOURCE = PossibleCause(
    "the statement of the source is about another resource",
    "Compare the value of its expression with the name in the message",
    "Add the resource to the statement",
)
#: Causes of a denied call that the role allows, in the order in which to check them.
REMAINING = (
    PossibleCause(
        "the task ran with another role, or before this policy existed",
        "aws ecs describe-task-definition --task-definition FAMILY --query"
        " 'taskDefinition.[executionRoleArn,taskRoleArn]'",
        "Deploy again with this role",
    ),
    PossibleCause(
        "the policy of the resource or of its KMS key does not grant access to the role",
        "Read the policy of the secret, the repository, the bucket or the key",
        "Change that policy; a statement in the role does not help",
    ),
    PossibleCause(
        "the policy of the VPC endpoint does not allow the call",
        "aws ec2 describe-vpc-endpoints --query 'VpcEndpoints[].[ServiceName,PolicyDocument]'",
        "Change that policy; a statement in the role does not help",
    ),
    PossibleCause(
        "a permissions boundary or a policy of the organization does not allow the call",
        "aws iam get-role --role-name ROLE --query Role.PermissionsBoundary",
        "Ask its owner; a statement in the role does not help",
    ),
)
