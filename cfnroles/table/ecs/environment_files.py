"""Environment variables in files in Amazon S3."""

from __future__ import annotations

from awacs import kms, s3

from cfnroles.need import Condition, Holder, Standing
from cfnroles.table.ecs.keys import S3, of_files, through_s3
from cfnroles.table.feature import Feature, Found, Grant, Trap
from cfnroles.table.references import of_known_owners, s3_bucket, s3_object
from cfnroles.text import Text

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html"


def itself(found: Found) -> Text:
    """The object."""
    return s3_object(found.text).text


def bucket(found: Found) -> Text:
    """The object's bucket."""
    return s3_bucket(found.text).text


def owned(found: Found) -> tuple[Condition, ...]:
    """Only buckets of the accounts in an option."""
    return of_known_owners(found.facts)


def has_customer_key(found: Found) -> bool:
    """Customer managed keys of files are given."""
    return bool(found.facts.file_key_arns)


def bucket_and_object(found: Found) -> tuple[Text, ...]:
    """The resources in the encryption context of S3."""
    return bucket(found), itself(found)


def trap(found: Found) -> Trap | None:
    """A file name that ECS does not accept."""
    if found.text.endswith((".env", "}")):
        return None
    return Trap(
        f"{found.text.written} does not end in .env, which ECS requires of environment files", "Rename the object"
    )


FEATURES = (
    Feature(
        name="environment-files",
        field="containerDefinitions[].environmentFiles[].value",
        holder=Holder.EXECUTION,
        why="ECS downloads the file before it starts the container",
        source=_PAGE,
        standing=Standing.DOCUMENTED,
        example="arn:aws:s3:::shop-config/web.env",
        grants=(
            Grant(s3.GetObject, on=itself, conditions=owned, sid="ReadEnvironmentFiles"),
            Grant(s3.GetBucketLocation, on=bucket, conditions=owned, sid="LocateEnvironmentFileBuckets"),
        ),
        trap=trap,
    ),
    Feature(
        name="environment-files-customer-key",
        field="containerDefinitions[].environmentFiles[].value",
        holder=Holder.EXECUTION,
        why="S3 decrypts the file with a customer managed key, with the permissions of the role that reads it",
        source=S3,
        standing=Standing.DOCUMENTED,
        example="arn:aws:s3:::shop-config/web.env",
        grants=(
            Grant(
                kms.Decrypt, on=of_files, conditions=through_s3(of_files, values=bucket_and_object), sid="DecryptFiles"
            ),
        ),
        when=has_customer_key,
    ),
)
