"""Roles that cannot be assumed."""

from __future__ import annotations

from cfnroles.table.message import ANY, CallingRole, Category, PossibleCause, Symptom

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_TRUST = PossibleCause(
    "the trust policy of the role does not let ecs-tasks.amazonaws.com assume it",
    "aws iam get-role --role-name ROLE --query Role.AssumeRolePolicyDocument",
    "Let ecs-tasks.amazonaws.com assume the role in its trust policy",
    untrusted=True,
)
_PASS = PossibleCause(
    "the caller that starts the task or deploys the service lacks iam:PassRole on the role",
    "cfnroles deploy-policy SOURCE",
    "Allow the deploying principal iam:PassRole on the role, with iam:PassedToService ecs-tasks.amazonaws.com",
    category=Category.PERMISSION,
)
_GONE = PossibleCause(
    "the role does not exist, or its name in the task definition is wrong: `null`, empty or from another account",
    "aws iam get-role --role-name ROLE",
    "Correct taskRoleArn or executionRoleArn",
    category=Category.MISSING,
)
_NEW = PossibleCause(
    "the role was created seconds ago, and the change has not reached all of AWS yet",
    "Start the task again",
    "Wait a few seconds between creating the role and running the task",
    category=Category.OTHER,
)

SYMPTOMS = (
    Symptom(
        name="service-linked-role-missing",
        words=(
            "assume the service linked role",
            "assume the service-linked role",
            "ecs service linked role exists",
            "ecs service linked role does not exist",
            "unable to assume iam role" + ANY + "aws-service-role/",
        ),
        example="Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
        category=Category.TRUST,
        what="the account does not have the service-linked role of Amazon ECS yet",
        sure="aws iam get-role --role-name AWSServiceRoleForECS",
        remedy="Run `aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com`, then repeat the call",
        source=f"{_GUIDE}/using-service-linked-roles.html",
        caller=CallingRole.SERVICE_LINKED,
        action="iam:CreateServiceLinkedRole",
    ),
    Symptom(
        name="role-not-named",
        words=tuple(
            f"{words}{name}"
            for words in ("assume the role " + ANY + ":role/", "assume the role '", "assume role '")
            for name in ("null'", "undefined'", "none'", "'")
        ),
        example="ECS was unable to assume the role 'arn:aws:iam::123456789012:role/null' that was provided for this"
        " task. Please verify that the role being passed has the proper trust relationship and permissions and that"
        " your IAM user has permissions to pass this role.",
        category=Category.MALFORMED,
        what="the name of the role is a placeholder that was never filled in; trust is not the cause",
        sure="aws ecs describe-task-definition --task-definition FAMILY --query"
        " 'taskDefinition.[executionRoleArn,taskRoleArn]'",
        remedy="Fill in the name where the task definition is created",
        source=f"{_GUIDE}/task_execution_IAM_role.html",
        caller=CallingRole.EITHER,
        action="sts:AssumeRole",
        fields=("taskRoleArn", "executionRoleArn"),
        after=("assume the role '", "assume role '"),
    ),
    Symptom(
        name="trust-changed",
        words=("trust relationship has been misconfigured",),
        example="IAM trust relationship has been misconfigured or changed, and ECS can no longer maintain your service",
        category=Category.TRUST,
        what="the trust policy of a role of the service or of its tasks no longer lets Amazon ECS assume it",
        sure=_TRUST.check,
        remedy="Let ecs-tasks.amazonaws.com assume the roles of the tasks, and ecs.amazonaws.com that of the service",
        source=f"{_GUIDE}/service-event-messages-list.html",
        caller=CallingRole.EITHER,
        action="sts:AssumeRole",
        fields=("taskRoleArn", "executionRoleArn"),
    ),
    Symptom(
        name="role-not-assumed",
        words=(
            "unable to assume the role",
            "unable to assume role",
            "unable to assume a role",
            "role is unable to be assumed",
            "proper trust relationship",
            "role" + ANY + "cannot be assumed",
            "could not assume role",
            "unable to assume the configured",
            "failed to assume role",
            "not authorized to assume role",
            "unable to assume iam role",
        ),
        example="ECS was unable to assume the role 'arn:aws:iam::123456789012:role/shop-task' that was provided for"
        " this task. Please"
        " verify that the role being passed has the proper trust relationship and permissions and that your IAM user"
        " has"
        " permissions to pass this role.",
        category=Category.TRUST,
        what="ECS could not assume a role of the task; four causes produce this message about the trust policy",
        sure=_TRUST.check,
        remedy="Find out which cause applies",
        source=f"{_GUIDE}/task_execution_IAM_role.html",
        caller=CallingRole.EITHER,
        action="sts:AssumeRole",
        fields=("taskRoleArn", "executionRoleArn"),
        after=("assume the role '", "infrastructure role '", "assume role "),
        causes=(_TRUST, _GONE, _PASS, _NEW),
    ),
)
