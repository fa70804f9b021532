"""Possible causes of a denial that IAM's message does not settle, likeliest first."""

from __future__ import annotations

import re

from msgspec.structs import replace

from cfnroles.messages.denials import Denial
from cfnroles.table.message import CallingRole, Category, PolicyKind, PossibleCause, Stage
from cfnroles.text import Arn

#: Suffixes of Secrets Manager mix cases and digits: six characters of one case are more likely a word.
_SIX = re.compile(r"-(?:[a-z0-9]{6}|[A-Z0-9]{6})")
#: Values of unset variables in a name.
_UNFILLED = re.compile(r"(?:^|[/:])(?:null|undefined|none)(?:[/:]|$)", re.IGNORECASE)
#: Calls of Amazon ECS with the execution role, or with the instance role without one.
_OF_EXECUTION = frozenset(
    {
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "secretsmanager:GetSecretValue",
        "ssm:GetParameters",
        "kms:Decrypt",
    }
)
_LINKED = "AWSServiceRoleFor"
#: Bucket permissions for requests of an object: Amazon S3 checks them if the object does not exist.
_LISTING = "s3:ListBucket"
_OBJECTS = ("environment-file", "firelens-file")

LACKS = PossibleCause(
    "no policy of the role allows the call",
    "cfnroles verify SOURCE --live --role ROLE",
    "Add what verify reports to the role",
    lacking=True,
)
_HYPHEN = PossibleCause(
    "the name of the secret ends in a hyphen and six characters, so it was read as a complete ARN, and no secret"
    " has that ARN",
    "aws secretsmanager describe-secret --secret-id SECRET --query ARN",
    "Write the complete ARN, with the six characters that Secrets Manager added",
    category=Category.MALFORMED,
)
_UNREAD_KEY = PossibleCause(
    "the JSON key after the ARN in valueFrom was read as part of the secret's name: the platform version or the"
    " agent does not support JSON keys",
    "aws ecs describe-tasks --cluster CLUSTER --tasks TASK --query 'tasks[].platformVersion'",
    "Use Fargate platform version 1.4.0 or later, or the agent 1.37.0 or later",
    category=Category.MALFORMED,
)
_TWO_SLASHES = PossibleCause(
    "the ARN of the parameter has one slash too many: its name already begins with a slash",
    "cfnroles lint SOURCE",
    "Write :parameter/NAME with one slash in valueFrom",
    category=Category.MALFORMED,
)
_NO_NAME = PossibleCause(
    "the name is a placeholder that was never filled in",
    "Check the registered revision: aws ecs describe-task-definition --task-definition FAMILY",
    "Fill in the name where the task definition is created",
    category=Category.MALFORMED,
)
_NO_EXECUTION_ROLE = PossibleCause(
    "the task has no execution role, so the agent calls as the instance",
    "aws ecs describe-task-definition --task-definition FAMILY --query taskDefinition.executionRoleArn",
    "Add an execution role to the task; `cfnroles build SOURCE` writes one",
)
_NO_OBJECT = PossibleCause(
    "the file does not exist: Amazon S3 requires s3:ListBucket to report a missing object",
    "aws s3api head-object --bucket BUCKET --key OBJECT",
    "Upload the file, or correct its ARN. A statement in the role does not help",
    category=Category.MISSING,
)
_SERVICE_LINKED = PossibleCause(
    "a service-linked role: only AWS can change its policy",
    "aws iam get-role --role-name ROLE --query Role.Path",
    "Check the policies of the organization, and whether the service can use the resource",
)
_OTHER_ACCOUNT = PossibleCause(
    "the resource is in another account: its policy must also grant access to the role, or the account ID is wrong",
    "Compare the account of the role with that of the resource",
    "Allow the call on both sides, or correct the ARN",
)
_RESOURCE = PossibleCause(
    "the policy of the resource does not grant access to the role",
    "Read the policy of the secret, the repository, the bucket or the like",
    "Change that policy; a statement in the role does not help",
)
_KEY = PossibleCause(
    "the key policy does not let the role, or the IAM policies of its account, use the key",
    "aws kms get-key-policy --key-id KEY --policy-name default",
    "Let the role, or IAM policies of its account, use the key in the key policy",
    category=Category.KEY_POLICY,
)
_TRUST = PossibleCause(
    "the trust policy of the role does not let the caller assume it",
    "aws iam get-role --role-name TARGET_ROLE --query Role.AssumeRolePolicyDocument",
    "Let the caller assume the role in its trust policy",
    category=Category.TRUST,
)
_BOUNDARY = PossibleCause(
    "a permissions boundary, a policy of the organization or the policy of a VPC endpoint does not allow it",
    "aws iam get-role --role-name ROLE --query Role.PermissionsBoundary; aws ec2 describe-vpc-endpoints",
    "Change that policy; a statement in the role does not help",
)
_DENY = PossibleCause(
    "a statement denies the call", "cfnroles verify SOURCE --live --role ROLE", "Change the statement that denies"
)
#: Services whose resources have their own policies, and how to read them.
_POLICIES = {
    "secretsmanager": "aws secretsmanager get-resource-policy --secret-id SECRET",
    "ecr": "aws ecr get-repository-policy --repository-name REPOSITORY --registry-id ACCOUNT",
    "s3": "aws s3api get-bucket-policy --bucket BUCKET",
    "elasticfilesystem": "aws efs describe-file-system-policy --file-system-id FS",
    "sqs": _RESOURCE.check,
    "sns": _RESOURCE.check,
    "lambda": _RESOURCE.check,
}


def is_general(cause: PossibleCause) -> bool:
    """Return whether a cause is possible for any denied call by any caller."""
    return cause.what in (_RESOURCE.what, _BOUNDARY.what)


def policy_command(denial: Denial) -> str:
    """Return the command that reads the policy of the denied resource; empty if none is known."""
    return _POLICIES.get(denial.action.partition(":")[0], "")


def doubts(denial: Denial, stages: tuple[Stage, ...], called: str) -> tuple[PossibleCause, ...]:
    """Return the possible causes of a denial; empty if IAM's message settles it. ``called`` is the client's action.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    if denial.kind is PolicyKind.UNSTATED:
        return _unstated(denial, stages, called)
    if denial.kind is PolicyKind.IDENTITY and not denial.explicit:
        odd = _odd(denial, stages, called)
        return (odd, LACKS) if odd else ()
    return ()


def _is_missing_object(denial: Denial, stages: tuple[Stage, ...], called: str) -> bool:
    """Return whether one object was requested without permission to list its bucket: S3's response for a missing
    object.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    staged = any(stage.name in _OBJECTS for stage in stages)
    return denial.action == _LISTING and (staged or called == "s3:GetObject")


def _odd(denial: Denial, stages: tuple[Stage, ...], called: str) -> PossibleCause | None:
    """Return what is unusual about a missing statement, so that it may not be missing."""
    if _is_missing_object(denial, stages, called):
        return _NO_OBJECT
    if denial.role.startswith(_LINKED):
        return _SERVICE_LINKED
    if denial.caller is CallingRole.INSTANCE and denial.action in _OF_EXECUTION:
        return _NO_EXECUTION_ROLE
    if misnamed := _misnamed(denial):
        return misnamed
    return _OTHER_ACCOUNT if _is_foreign(denial) else None


def _misnamed(denial: Denial) -> PossibleCause | None:
    arn = denial.arn
    if arn is None:
        return None
    resource = str(arn.resource)
    if arn.service == "secretsmanager":
        if resource.count(":") > 1:
            return _UNREAD_KEY
        return _HYPHEN if _SIX.fullmatch(resource[-7:]) else _unfilled(resource)
    if arn.service == "ssm" and resource.startswith("parameter//"):
        return _TWO_SLASHES
    return _unfilled(resource) if arn.service in ("ssm", "iam", "ecs", "ecr") else None


def _unfilled(resource: str) -> PossibleCause | None:
    return _NO_NAME if _UNFILLED.search(resource) or resource.endswith("role/") else None


def _is_foreign(denial: Denial) -> bool:
    """Return whether a role and its resource belong to different accounts."""
    caller = denial.principal.split(":")[4:5]
    owner = _owner(denial.arn)
    return bool(owner and caller and caller[0].isdigit()) and caller[0] != owner


def _owner(arn: Arn | None) -> str:
    return str(arn.account) if arn is not None and str(arn.account).isdigit() else ""


def _unstated(denial: Denial, stages: tuple[Stage, ...], called: str) -> tuple[PossibleCause, ...]:
    if denial.explicit:
        return _DENY, _BOUNDARY
    found = [LACKS]
    if odd := _odd(denial, stages, called):
        found.insert(0, odd)
    if denial.action == "sts:AssumeRole":
        # Across accounts both sides must allow the call, and the caller knows its own.
        found.insert(0 if _is_foreign(denial) else 1, _TRUST)
    service = denial.action.partition(":")[0]
    if service == "kms":
        found.append(_KEY)
    elif service in _POLICIES and _OTHER_ACCOUNT not in found:
        found.append(replace(_RESOURCE, check=_POLICIES[service]))
    return (*found, _BOUNDARY)
