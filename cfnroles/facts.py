"""Facts that no task definition has: the account and Region, and what follows from them."""

from __future__ import annotations

from msgspec import Struct

from cfnroles.symbols import Symbol
from cfnroles.text import ACCOUNT, PARTITION, REGION, Arn, Text, is_region, text_of

#: Region prefix -> partition, as in botocore's partitions.json. All other Regions are in `aws`.
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
    """Return the partition of a Region: ``aws-cn`` for ``cn-north-1``; that of the stack for an unknown Region."""
    if text_of(region).unknown or not is_region(region):
        return PARTITION
    return Text(next((partition for prefix, partition in _PARTITIONS if region.startswith(prefix)), "aws"))


class Facts(Struct, frozen=True):
    """Facts that are not in the task definition. An empty string is an unknown fact.

    ``account`` and ``region`` are the target of the deployment. ``kms_key_arns``, ``file_key_arns``,
    ``log_group_key_arns`` and ``destination_key_arns`` are the customer managed keys of the secrets and parameters, of
    the files in S3, of the log groups, and of the streams and buckets for logs. ``made_log_groups_key`` is the key of
    the log groups that are created with the roles, except ``existing_log_groups``. ``keys_of_log_groups`` are
    the log groups that the source defines, each by its name or the name of its symbol, with its customer managed key
    or an empty string; ``keys_of_destinations`` are its streams and buckets for logs in the same form, each after its
    service. ``bucket_accounts`` own the buckets of environment files; if empty, a bucket may belong to any
    account. ``efs_accounts`` are pairs of file system ID and
    account, for EFS file systems of other accounts. ``pull_through_prefixes`` are ECR repository prefixes of
    pull-through cache rules. ``domainless_secret_arns`` are the secrets in domainless credential specs,
    ``s3_files_buckets`` the buckets of S3 file systems, ``root_volumes`` the EFS volumes that root writes to. With
    ``compat``, the roles also get permissions that only some of AWS's pages require. With ``roles_first``, the roles
    exist before the task definitions, so their revisions are unknown and the roles that they name now do not matter.
    With ``makes_profiles``, the instance profiles are created with their roles, in place of those that are named now.
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
    keys_of_log_groups: tuple[tuple[str, str], ...] = ()
    keys_of_destinations: tuple[tuple[str, str, str], ...] = ()
    pull_through_prefixes: tuple[str, ...] = ()
    domainless_secret_arns: tuple[str, ...] = ()
    s3_files_buckets: tuple[str, ...] = ()
    root_volumes: tuple[str, ...] = ()
    compat: bool = False
    roles_first: bool = False
    makes_profiles: bool = False

    @property
    def home_region(self) -> Text:
        """The Region of the deployment; the pseudo parameter if it is unknown."""
        return Text(self.region) if self.region else REGION

    @property
    def home_account(self) -> Text:
        """The account of the deployment; the pseudo parameter if it is unknown."""
        return Text(self.account) if self.account else ACCOUNT

    def home_arn(self, service: str, *resource: str | Symbol) -> Text:
        """Return the ARN of a resource in the home account and Region."""
        return self.arn(service, Text(*resource)).text

    def arn(self, service: str, resource: Text, region: Text | None = None) -> Arn:
        """Return the ARN of a resource in the home account, and in the home Region unless another is given."""
        region = region or self.home_region
        return Arn(partition_of(region), service, region, self.home_account, resource)
