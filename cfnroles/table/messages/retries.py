"""What the number of retries suggests in a text that ends before its cause.

A service that responds is called once more, one that does not three or five times. This is a hint, not a proof.
"""

from __future__ import annotations

from cfnroles.table.message import Category, PossibleCause

#: The number of retries of a call without a response.
UNANSWERED_FROM = 3
#: The stages for which it is known.
STAGES = frozenset({"registry-credentials", "ecr-authorization", "secret", "parameter", "secrets-or-registry"})

_NO_ANSWER = PossibleCause(
    "the task cannot reach the service: its subnet has no route, or a security group blocks port 443",
    "aws ec2 describe-route-tables --filters Name=association.subnet-id,Values=SUBNET; aws ec2 describe-vpc-endpoints",
    "Assign the task a public IP address in a public subnet, or add a NAT gateway or a VPC endpoint to the subnet",
    category=Category.NETWORK,
)
_REFUSED = PossibleCause(
    "no policy of the execution role allows the call",
    "cfnroles verify SOURCE --live --role ROLE",
    "Add what verify reports to the execution role",
    lacking=True,
    category=Category.PERMISSION,
)
_MISSING = PossibleCause(
    "the secret or parameter does not exist in that account and Region, or has no such key",
    "cfnroles check SOURCE",
    "Create it, or correct valueFrom",
    category=Category.MISSING,
)
_KEY = PossibleCause(
    "the policy of its KMS key does not let the role use the key",
    "cfnroles check SOURCE",
    "Let the role, or IAM policies of its account, use the key in the key policy",
    category=Category.KEY_POLICY,
)

ANSWERED = (_REFUSED, _MISSING, _KEY, _NO_ANSWER)
UNANSWERED = (_NO_ANSWER, _MISSING, _REFUSED)
