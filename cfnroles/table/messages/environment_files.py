"""Environment files that cannot be read from Amazon S3."""

from __future__ import annotations

from cfnroles.table.message import ANY, Category, PossibleCause, Symptom

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html"
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html"
_FIELDS = ("containerDefinitions[].environmentFiles[].value",)
_STAGE = ("environment-file", "firelens-file")
_HEAD = "aws s3api head-object --bucket BUCKET --key OBJECT"
_DOWN = "ResourceInitializationError: failed to download env files: file download command: non empty error stream:"
_FORBIDDEN = (
    PossibleCause(
        "the file does not exist, or its name is mistyped",
        _HEAD,
        "Upload the file, or correct its ARN",
        category=Category.MISSING,
    ),
    PossibleCause(
        "the role lacks s3:GetObject on the file",
        "cfnroles verify SOURCE --live --role ROLE",
        "Add what verify reports to the role",
        lacking=True,
        category=Category.PERMISSION,
    ),
    PossibleCause(
        "the policy of the bucket, or of the VPC endpoint of Amazon S3, does not allow it",
        "aws s3api get-bucket-policy --bucket BUCKET",
        "Change that policy",
        category=Category.PERMISSION,
    ),
    PossibleCause(
        "a customer managed key encrypts the file, and the role cannot use the key",
        f"{_HEAD} --query SSEKMSKeyId",
        "Pass --file-key-arn to cfnroles and add what verify reports",
        category=Category.KEY_POLICY,
    ),
)

SYMPTOMS = (
    Symptom(
        name="environment-file-not-found",
        words=(
            "nosuchkey",
            "nosuchbucket",
            "statuscode: 404",
            "status code: 404",
            "the specified key does not exist",
            "notfound",
            "not found",
        ),
        during=_STAGE,
        example=f"{_DOWN} NoSuchKey: The specified key does not exist.",
        category=Category.MISSING,
        what="Amazon S3 has no such environment file",
        sure=_HEAD,
        remedy="Upload the file, or correct its ARN in environmentFiles",
        source=_PAGE,
        action="s3:GetObject",
    ),
    Symptom(
        name="environment-file-wrong-region",
        words=(
            "bucketregionerror",
            "incorrect region",
            "permanentredirect",
            "movedpermanently",
            "statuscode: 301",
            "status code: 301",
        ),
        during=_STAGE,
        example=f"{_DOWN} BucketRegionError: incorrect region, the bucket is not in 'us-east-1' region",
        category=Category.MALFORMED,
        what="the bucket of the environment file is in another Region",
        sure="aws s3api get-bucket-location --bucket BUCKET",
        remedy="Keep the file in a bucket of the task's Region",
        source=_PAGE,
    ),
    Symptom(
        name="environment-file-forbidden",
        words=("headobject" + ANY + "403", "forbidden"),
        during=_STAGE,
        example=f"{_DOWN} operation error S3: HeadObject, https response error StatusCode: 403, RequestID:"
        f" 1A2B3C4D5E6F7A8B, HostID:"
        " abc=, api error Forbidden: Forbidden",
        category=Category.MISSING,
        what="Amazon S3 denied access to the environment file; without s3:ListBucket, a missing file gives the same"
        " response",
        sure=_HEAD,
        remedy="Find out which cause applies before you change the role",
        source=_S3,
        action="s3:GetObject",
        causes=_FORBIDDEN,
    ),
    Symptom(
        name="environment-file-denied",
        words=("403", "accessdenied", "access denied"),
        during=_STAGE,
        example=f"{_DOWN} AccessDenied: Access Denied status code: 403, request id: 1A2B3C4D5E6F7A8B",
        category=Category.PERMISSION,
        what="Amazon S3 denied access to the environment file; the message does not say which policy denied it",
        sure="cfnroles verify SOURCE --live --role ROLE",
        remedy="Find out which cause applies before you change the role",
        source=_S3,
        action="s3:GetObject",
        causes=(_FORBIDDEN[1], _FORBIDDEN[0], *_FORBIDDEN[2:]),
    ),
    Symptom(
        name="object-forbidden",
        words=("(403) when calling the headobject", "(forbidden) when calling the headobject"),
        example="botocore.exceptions.ClientError: An error occurred (403) when calling the HeadObject operation:"
        " Forbidden",
        category=Category.UNDETERMINED,
        what="Amazon S3 denied access to an object; without s3:ListBucket, a missing object gives the same response",
        sure=_HEAD,
        remedy="Find out which cause applies before you change the role",
        source=_S3,
        action="s3:GetObject",
        causes=_FORBIDDEN,
    ),
    Symptom(
        name="environment-file-malformed",
        words=(
            "env file" + ANY + "invalid",
            "invalid environment file",
            "invalid env file",
            "must end in .env",
            "must have a .env",
        ),
        example="ResourceInitializationError: failed to download env files: env file arn:aws:s3:::shop-config/web.txt"
        " is invalid",
        category=Category.MALFORMED,
        what="ECS does not accept the environment file",
        sure="cfnroles lint SOURCE",
        remedy="Name the object NAME.env, and write one VARIABLE=VALUE per line",
        source=_PAGE,
        fields=_FIELDS,
    ),
)
