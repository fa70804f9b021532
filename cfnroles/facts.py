"""What no task definition states, and what follows from it: the home account and region, and their partition."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Region prefix -> partition. Everything else is `aws`.
#: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html, botocore partitions.json
_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("eusc-", "aws-eusc"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-iso-", "aws-iso"),
)


def partition_of(region: str) -> str:
    """The partition of a region: ``aws-cn`` for ``cn-north-1``. Unresolved regions give ``${AWS::Partition}``."""
    if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", region):
        return "${AWS::Partition}"
    return next((partition for prefix, partition in _PARTITIONS if region.startswith(prefix)), "aws")


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts that are not in the task definition. An empty text is a fact nobody told.

    ``account`` and ``region`` are where the stacks are meant to be deployed. ``kms_key_arns`` are the customer
    managed keys of the secrets and parameters.
    """

    account: str = ""
    region: str = ""
    kms_key_arns: tuple[str, ...] = ()

    def home_arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in the home account and region, with pseudo parameters for what is unknown."""
        region = self.region or "${AWS::Region}"
        account = self.account or "${AWS::AccountId}"
        return f"arn:{partition_of(region)}:{service}:{region}:{account}:{resource}"
