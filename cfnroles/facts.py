"""What no task definition states, and what follows from it: the home account and region, and their partition."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Region prefix -> partition. Everything else is `aws`. The same as in botocore's partitions.json.
#: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
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

    ``account`` and ``region`` are where the stacks are meant to be deployed. ``kms_key_arns``, ``file_key_arns`` and
    ``log_group_key_arns`` are the customer managed keys of the secrets and parameters, of the files in S3, and of the
    log groups. ``pull_through_prefixes`` are the ECR repository prefixes that a pull-through cache rule fills.
    ``domainless_secret_arns`` are the secrets inside of domainless credential specs, ``s3_files_buckets`` the buckets
    behind S3 file systems, ``root_volumes`` the EFS volumes that are to be written as root. With ``compat`` the roles
    also get what AWS's pages ask for in one place and leave out in another.
    """

    account: str = ""
    region: str = ""
    kms_key_arns: tuple[str, ...] = ()
    file_key_arns: tuple[str, ...] = ()
    log_group_key_arns: tuple[str, ...] = ()
    pull_through_prefixes: tuple[str, ...] = ()
    domainless_secret_arns: tuple[str, ...] = ()
    s3_files_buckets: tuple[str, ...] = ()
    root_volumes: tuple[str, ...] = ()
    compat: bool = False

    def home_arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in the home account and region, with pseudo parameters for what is unknown."""
        region = self.region or "${AWS::Region}"
        account = self.account or "${AWS::AccountId}"
        return f"arn:{partition_of(region)}:{service}:{region}:{account}:{resource}"
