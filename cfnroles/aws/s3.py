"""Amazon S3, as far as templates that are too long for a request need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfnroles.aws.connection import Connection
from cfnroles.aws.refusals import answering

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3:
    """Amazon S3 in one account; errors as ``cfnroles.aws.refusals`` tells."""

    def __init__(self, connection: Connection) -> None:
        self._client: S3Client = connection.client("s3")

    def put_template(self, bucket: str, key: str, body: str) -> str:
        """PutObject; returns the URL that CloudFormation takes as TemplateURL, in the form that works for
        any name.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
        """
        with answering("s3:PutObject"):
            self._client.put_object(Bucket=bucket, Key=key, Body=body.encode(), ContentType="text/yaml")
        return f"{self._client.meta.endpoint_url}/{bucket}/{key}"
