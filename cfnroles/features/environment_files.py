"""Environment variables that ECS reads from files in Amazon S3."""

from __future__ import annotations

from awacs import s3

from cfnroles.arns import s3_bucket, s3_object
from cfnroles.feature import Feature, Found, Grant
from cfnroles.need import Holder


def itself(found: Found) -> str:
    """The object."""
    return str(s3_object(found.text))


def bucket(found: Found) -> str:
    """The object's bucket."""
    return str(s3_bucket(found.text))


FEATURES = (
    Feature(
        name="environment-files",
        field="containerDefinitions[].environmentFiles[].value",
        holder=Holder.EXECUTION,
        why="ECS downloads the file before it starts the container",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html",
        example="arn:aws:s3:::shop-config/web.env",
        grants=(
            Grant(s3.GetObject, on=itself, sid="ReadEnvironmentFiles"),
            Grant(s3.GetBucketLocation, on=bucket, sid="LocateEnvironmentFileBuckets"),
        ),
    ),
)
