"""Facts from the given values about an account and its keys."""

from __future__ import annotations

import re

from msgspec.structs import replace

from cfnroles.errors import InvalidInput
from cfnroles.facts import Facts
from cfnroles.sources.told import Told, option

_KEY = r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+"


def told_facts(told: Told, home: Facts) -> Facts:
    """Return the facts about a task. Raise InvalidInput for a given value in another format."""
    _check(told)
    return replace(
        home,
        file_key_arns=told.file_key_arns,
        log_group_key_arns=told.log_group_key_arns,
        destination_key_arns=told.destination_key_arns,
        bucket_accounts=told.bucket_accounts,
        efs_accounts=tuple(sorted(told.efs_accounts.items())),
        pull_through_prefixes=told.pull_through_prefixes,
        domainless_secret_arns=told.gmsa_secrets,
        s3_files_buckets=told.s3_files_buckets,
        root_volumes=told.root_volumes,
        compat=told.compat,
    )


def _check(told: Told) -> None:
    if told.account and not re.fullmatch(r"\d{12}", told.account):
        raise InvalidInput(f"--account {told.account} is not an account ID", remedy="An account ID has 12 digits.")
    for account in told.bucket_accounts:
        if not re.fullmatch(r"\d{12}", account):
            raise InvalidInput(
                f"--bucket-account {account} is not an account ID", remedy="An account ID has 12 digits."
            )
    for account in told.efs_accounts.values():
        if not re.fullmatch(r"\d{12}", account):
            raise InvalidInput(f"--efs-account {account} is not an account ID", remedy="An account ID has 12 digits.")
    if told.region and not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", told.region):
        raise InvalidInput(f"--region {told.region} is not a Region", remedy="Write it like us-east-1.")
    for name in ("kms_key_arns", "file_key_arns", "log_group_key_arns", "destination_key_arns"):
        for arn in getattr(told, name):
            if not re.fullmatch(_KEY, arn):
                raise InvalidInput(
                    f"--{option(name)} {arn} is not the ARN of a KMS key",
                    remedy="Write arn:PARTITION:kms:REGION:ACCOUNT:key/ID; a policy cannot name an alias.",
                )
    for bucket in told.s3_files_buckets:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
            raise InvalidInput(f"--{option('s3_files_buckets')} {bucket} is not a bucket name")
