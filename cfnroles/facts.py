"""What no task definition states, and what follows from it: the home account and region, and their partition."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.symbols import Symbol
from cfnroles.text import ACCOUNT, PARTITION, REGION, Arn, Text, is_region, text_of

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


def partition_of(region: str) -> Text:
    """The partition of a Region: ``aws-cn`` for ``cn-north-1``; that of the stack for one that is known later."""
    if text_of(region).unknown or not is_region(region):
        return PARTITION
    return Text(next((partition for prefix, partition in _PARTITIONS if region.startswith(prefix)), "aws"))


class Facts(Struct, frozen=True):
    """Facts that are not in the task definition. An empty text is a fact nobody told.

    ``account`` and ``region`` are where the stacks are meant to be deployed. ``kms_key_arns``, ``file_key_arns``,
    ``log_group_key_arns`` and ``destination_key_arns`` are the customer managed keys of the secrets and parameters, of
    the files in S3, of the log groups, and of the streams and buckets that logs are written to.
    ``made_log_groups_key`` is that of the log groups which are made with the roles, but ``existing_log_groups``.
    ``bucket_accounts`` own the buckets that files are read from, if anybody told; a bucket may be of any account.
    ``efs_accounts`` are pairs of the id and the account of an EFS file system that is of another account.
    ``pull_through_prefixes`` are the ECR repository prefixes that a pull-through cache rule fills.
    ``domainless_secret_arns`` are the secrets inside of domainless credential specs, ``s3_files_buckets`` the buckets
    behind S3 file systems, ``root_volumes`` the EFS volumes that are to be written as root. With ``compat`` the roles
    also get what AWS's pages ask for in one place and leave out in another. With ``roles_first`` the roles are there
    before the task definitions: no revision of these is known, and what roles they name now does not matter.
    """

    account: str = ""
    region: str = ""
    kms_key_arns: tuple[str, ...] = ()
    file_key_arns: tuple[str, ...] = ()
    log_group_key_arns: tuple[str, ...] = ()
    destination_key_arns: tuple[str, ...] = ()
    bucket_accounts: tuple[str, ...] = ()
    efs_accounts: tuple[tuple[str, str], ...] = ()
    made_log_groups_key: str = ""
    existing_log_groups: tuple[str, ...] = ()
    pull_through_prefixes: tuple[str, ...] = ()
    domainless_secret_arns: tuple[str, ...] = ()
    s3_files_buckets: tuple[str, ...] = ()
    root_volumes: tuple[str, ...] = ()
    compat: bool = False
    roles_first: bool = False

    @property
    def home_region(self) -> Text:
        """The Region that the stacks are deployed to; the pseudo parameter where nobody told."""
        return Text(self.region) if self.region else REGION

    @property
    def home_account(self) -> Text:
        """The account that the stacks are deployed to; the pseudo parameter where nobody told."""
        return Text(self.account) if self.account else ACCOUNT

    def home_arn(self, service: str, *resource: str | Symbol) -> Text:
        """The ARN of a resource in the home account and Region."""
        return self.arn(service, Text(*resource)).text

    def arn(self, service: str, resource: Text, region: Text | None = None) -> Arn:
        """The ARN of a resource in the home account, and in the home Region where no other is named."""
        region = region or self.home_region
        return Arn(partition_of(region), service, region, self.home_account, resource)
