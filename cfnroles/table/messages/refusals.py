"""The kinds of policies by which IAM says that it refused a call, and which of them a statement in the role can"
" cure."""

from __future__ import annotations

from cfnroles.table.message import PolicyKind, Refusal

_DENIED = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"
_ROLE = "User: arn:aws:sts::123456789012:assumed-role/shop-execution/0f9d3c2b1a4e4d5c8b7a6f5e4d3c2b1a"
_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbCdEf"  # noqa: S105 - a name
_GET = f"{_ROLE} is not authorized to perform: secretsmanager:GetSecretValue on resource: {_SECRET}"
_ALLOWS = "allows the secretsmanager:GetSecretValue action"

REFUSALS = (
    Refusal(
        kind=PolicyKind.ENDPOINT,
        names=("vpc endpoint policy", "vpc endpoint policies", "endpoint policy"),
        example=f"{_GET} because no VPC endpoint policy {_ALLOWS}",
        what="the policy of the VPC endpoint that the call went through does not allow it",
        explicit="the policy of the VPC endpoint that the call went through denies it",
        sure="aws ec2 describe-vpc-endpoints --query 'VpcEndpoints[].[ServiceName,PolicyDocument]'",
        remedy="Change the policy of the VPC endpoint. A statement in the role does not help",
        source="https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html",
    ),
    Refusal(
        kind=PolicyKind.BOUNDARY,
        names=("permissions boundary", "permission boundary"),
        example=f"{_GET} because no permissions boundary {_ALLOWS}",
        what="the permissions boundary of the role does not allow the call",
        explicit="the permissions boundary of the role denies the call",
        sure="aws iam get-role --role-name ROLE --query Role.PermissionsBoundary",
        remedy="Change the permissions boundary, or ask its owner. A statement in the role does not help",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
    ),
    Refusal(
        kind=PolicyKind.RESOURCE_CONTROL,
        names=("resource control policy", "resource control policies"),
        example=f"{_GET} with an explicit deny in a resource control policy",
        what="a resource control policy of the organization does not allow the call",
        explicit="a resource control policy of the organization denies the call",
        sure="aws organizations list-policies --filter RESOURCE_CONTROL_POLICY",
        remedy="Ask the administrator of the organization. A statement in the role does not help",
        source="https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html",
    ),
    Refusal(
        kind=PolicyKind.SERVICE_CONTROL,
        names=("service control policy", "service control policies"),
        example=f"{_GET} with an explicit deny in a service control policy",
        what="a service control policy of the organization does not allow the call",
        explicit="a service control policy of the organization denies or does not allow the call: both give the same"
        " message",
        sure="aws organizations list-policies --filter SERVICE_CONTROL_POLICY",
        remedy="Ask the administrator of the organization. A statement in the role does not help",
        source="https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html",
    ),
    Refusal(
        kind=PolicyKind.SESSION,
        names=("session policy", "sessions policy", "session policies"),
        example=f"{_GET} because no session policy {_ALLOWS}",
        what="the session policy that was passed when the role was assumed does not allow the call",
        explicit="the session policy that was passed when the role was assumed denies the call",
        sure="aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=AssumeRole",
        remedy="Change the session policy where the role is assumed. A statement in the role does not help",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session",
    ),
    Refusal(
        kind=PolicyKind.TRUST,
        names=("role trust policy", "trust policy"),
        example="User: arn:aws:iam::123456789012:user/deploy is not authorized to perform: sts:AssumeRole because no"
        " role"
        " trust policy allows the sts:AssumeRole action",
        what="the trust policy of the role does not let the caller assume it",
        explicit="the trust policy of the role denies the caller",
        sure="aws iam get-role --role-name TARGET_ROLE --query Role.AssumeRolePolicyDocument",
        remedy="Change the trust policy of the role to be assumed. A statement in another policy does not help",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
    ),
    Refusal(
        kind=PolicyKind.KEY,
        names=("key policy",),
        example=f"{_ROLE} is not authorized to perform: kms:Decrypt on resource:"
        " arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab because no resource-based policy"
        " allows the kms:Decrypt action",
        what="the policy of the KMS key does not let the role use it",
        explicit="the policy of the KMS key denies the role",
        sure="aws kms get-key-policy --key-id KEY --policy-name default",
        remedy="Let the role, or IAM policies of its account, use the key in the key policy. A statement in the role"
        " alone"
        " does not help",
        source="https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html",
    ),
    Refusal(
        kind=PolicyKind.RESOURCE,
        names=("resource-based policy", "resource based policy", "resource-based policies"),
        example=f"{_GET} because no resource-based policy {_ALLOWS}",
        what="the policy of the resource itself does not let the role use it",
        explicit="the policy of the resource itself denies the call",
        sure="Read the policy of the secret, the repository or the bucket",
        remedy="Change the policy of the resource: of the secret, the repository or the bucket. A statement in the role"
        " alone does not help",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
    ),
    Refusal(
        kind=PolicyKind.IDENTITY,
        names=("identity-based policy", "identity based policy", "identity-based policies"),
        example=f"{_GET} because no identity-based policy {_ALLOWS}",
        what="no policy of the role allows the call",
        explicit="a policy of the role denies the call",
        sure="cfnroles verify SOURCE --live --role ROLE",
        remedy="Add the statement to the role",
        source=_DENIED,
        helps=True,
    ),
    Refusal(
        kind=PolicyKind.UNSTATED,
        names=(),
        example=_GET,
        what="a policy refused the call, and the message does not say which kind",
        explicit="a policy denies the call explicitly, and the message does not say which kind",
        sure="cfnroles diagnose - --source SOURCE --live",
        remedy="Find the policy before you change the role",
        source=_DENIED,
    ),
)
