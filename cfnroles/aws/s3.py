"""Uploads to Amazon S3 of templates that are too long for a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfnroles.aws.connection import Connection
from cfnroles.aws.refusals import answering

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3:
    """Amazon S3 in one account. Errors are those of ``cfnroles.aws.refusals``."""

    def __init__(self, connection: Connection) -> None:
        self._client: S3Client = connection.client("s3")

    def put_template(self, bucket: str, key: str, body: str) -> str:
        """PutObject. Returns the URL for CloudFormation's TemplateURL, in the form that works for any bucket name.
        any name.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
        """
        with answering("s3:PutObject"):
            self._client.put_object(Bucket=bucket, Key=key, Body=body.encode(), ContentType="text/yaml")
        return f"{self._client.meta.endpoint_url}/{bucket}/{key}"
