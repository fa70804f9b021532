"""The calls of ``cfnroles deploy``, ``status``, ``outputs`` and ``delete``, as a table.

docs/deploy.md lists this table. The tests compare it with every call of ``cfnroles.aws``.
"""

from __future__ import annotations

from msgspec import Struct

from cfnroles.deploy.plan import RUN_PREFIX

_API = "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference"

#: The resource of a call, after the account in its ARN. ``{stack}`` is each of the stacks.
STACK = "stack/{stack}/*"
CHANGE_SET = f"changeSet/{RUN_PREFIX}*/*"
STACK_SET = "stackset/{stack}:*"
#: The targets and contents of stack sets. AWS's pages disagree on whether their ARNs have a Region and account.
STACK_SET_TARGET = "arn:{partition}:cloudformation:*:*:stackset-target/{stack}:*"
RESOURCE_TYPE = "arn:{partition}:cloudformation:*:*:type/resource/{type}"
#: AWS defines no resource type for the call.
NO_RESOURCE = "*"


class OwnCalls(Struct, frozen=True):
    """Calls to CloudFormation for one purpose. ``option`` is the option that they require."""

    sid: str
    why: str
    actions: tuple[str, ...]
    source: str
    on: tuple[str, ...] = (STACK,)
    option: str = ""


OWN_CALLS = (
    OwnCalls(
        "ManageStacks",
        "cfnroles reads a stack before, during and after a change",
        (
            "cloudformation:DescribeStackEvents",
            "cloudformation:DescribeStacks",
            "cloudformation:GetTemplate",
            "cloudformation:ListChangeSets",
            "cloudformation:ListStackResources",
        ),
        f"{_API}/API_DescribeStacks.html",
    ),
    OwnCalls(
        "ManageStacks",
        "cfnroles reads what validations and hooks report about a failure",
        ("cloudformation:DescribeEvents",),
        f"{_API}/API_DescribeEvents.html",
        (STACK, CHANGE_SET),
    ),
    OwnCalls(
        "ManageStacks",
        "cfnroles changes a stack with change sets, rolls it back, and deletes the rest of a failed creation",
        (
            "cloudformation:CreateChangeSet",
            "cloudformation:DeleteChangeSet",
            "cloudformation:DeleteStack",
            "cloudformation:DescribeChangeSet",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:RollbackStack",
        ),
        f"{_API}/API_CreateChangeSet.html",
    ),
    OwnCalls(
        "LookAtExports",
        "cfnroles compares the imports and exports of all stacks, and validates templates before a stack exists",
        ("cloudformation:ListExports", "cloudformation:ListImports", "cloudformation:ValidateTemplate"),
        f"{_API}/API_ListExports.html",
        (NO_RESOURCE,),
    ),
    OwnCalls(
        "ManageStacks",
        "--continue-rollback finishes a rollback that failed",
        ("cloudformation:ContinueUpdateRollback",),
        f"{_API}/API_ContinueUpdateRollback.html",
        option="continue_rollback",
    ),
    OwnCalls(
        "ManageStacks",
        "--termination-protection protects the stacks against deletion",
        ("cloudformation:UpdateTerminationProtection",),
        f"{_API}/API_UpdateTerminationProtection.html",
        option="termination_protection",
    ),
)

#: ``stack-sets``, in the administrator's account. StackSets' own roles create the resources in the stacks.
STACK_SET_CALLS = (
    OwnCalls(
        "ManageStackSets",
        "cfnroles reads a stack set and follows its operations",
        (
            "cloudformation:DescribeStackSet",
            "cloudformation:DescribeStackSetOperation",
            "cloudformation:ListStackInstances",
            "cloudformation:ListStackSetOperationResults",
        ),
        f"{_API}/API_DescribeStackSet.html",
        (STACK_SET,),
    ),
    OwnCalls(
        "CreateStackSets",
        "cfnroles creates a stack set",
        ("cloudformation:CreateStackSet",),
        f"{_API}/API_CreateStackSet.html",
        (NO_RESOURCE,),
    ),
    OwnCalls(
        "ManageStackSets",
        "cfnroles updates a stack set, and creates its stacks in accounts and Regions",
        ("cloudformation:CreateStackInstances", "cloudformation:UpdateStackSet"),
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html",
        (STACK_SET, STACK_SET_TARGET, RESOURCE_TYPE),
    ),
    OwnCalls(
        "ManageStackSets",
        "cfnroles deletes the stacks of a stack set in accounts and Regions",
        ("cloudformation:DeleteStackInstances",),
        f"{_API}/API_DeleteStackInstances.html",
        (STACK_SET, STACK_SET_TARGET, RESOURCE_TYPE),
    ),
    OwnCalls(
        "ManageStackSets",
        "cfnroles deletes a stack set",
        ("cloudformation:DeleteStackSet",),
        f"{_API}/API_DeleteStackSet.html",
        (STACK_SET,),
    ),
    OwnCalls(
        "ManageStackSets",
        "creating or updating a stack set with tags requires permission to tag it",
        ("cloudformation:TagResource", "cloudformation:UntagResource"),
        f"{_API}/API_UpdateStackSet.html",
        (STACK_SET,),
    ),
)

#: ``--bucket``: cfnroles uploads a template, and CloudFormation reads it with the caller's permissions.
BUCKET_CALLS = ("s3:GetObject", "s3:PutObject")
BUCKET_FOLDER = "cfnroles/"

#: Calls of this package that need no permission or belong to another command, with the reason.
#: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
ELSEWHERE = {
    "sts:GetCallerIdentity": "AWS answers it to every caller",
}
