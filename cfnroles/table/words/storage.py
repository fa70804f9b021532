"""Objects in S3, tables in DynamoDB, file systems, databases, and search."""

from __future__ import annotations

from awacs import aoss, dynamodb, elasticfilesystem, es, kms, rds_db, s3, s3express

from cfnroles.need import Condition, Standing
from cfnroles.table.feature import Found
from cfnroles.table.words.resources import (
    ACCESS_POINT,
    BUCKET,
    COLLECTION,
    DATABASE_USER,
    DIRECTORY_BUCKET,
    DOMAIN,
    FILE_SYSTEM,
    TABLE,
    is_import,
    resource_arn,
)
from cfnroles.table.words.row import Access, KeyUse, Row, name_in, option
from cfnroles.text import ANYTHING, Text, text_of

_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"
_S3_EXPRESS = (
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-security-iam-example-bucket-policies.html"
)
_DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/api-permissions-reference.html"
_EFS = "https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html"
_OPENSEARCH = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ac.html"


def objects(arn: Text, found: Found) -> tuple[Text, ...]:
    """The objects of a bucket, or those whose keys have one of the prefixes."""
    return tuple(Text(arn, "/", prefix, ANYTHING) for prefix in _prefixes(found) or ("",))


def bucket_and_objects(arn: Text, found: Found) -> tuple[Text, ...]:
    """The resources in the encryption context of S3: the object, or with a bucket key the bucket.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    return arn, *objects(arn, found)


def of_prefix(found: Found) -> tuple[Condition, ...]:
    """Only keys with one of the prefixes."""
    prefixes = tuple(sorted(prefix + ANYTHING for prefix in _prefixes(found)))
    return (Condition("StringLike", "s3:prefix", prefixes),) if prefixes else ()


def indexes(arn: Text, found: Found) -> tuple[Text, ...]:
    """The table and its named indexes."""
    return arn, *(Text(arn, "/index/", ANYTHING if index == "*" else index) for index in option(found, "indexes"))


def streams(arn: Text, found: Found) -> Text:
    """The streams of a table, whose names are times."""
    return Text(arn, "/stream/", ANYTHING)


def table_name(arn: Text, found: Found) -> tuple[Text, ...]:
    """The name of the table, if known.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    """
    return () if is_import(arn) else (name_in(arn),)


def through_access_point(found: Found) -> tuple[Condition, ...]:
    """Only through the access points, if any are named."""
    points = tuple(sorted(resource_arn(ACCESS_POINT, point, found.facts) for point in option(found, "access-point")))
    return (Condition("StringEquals", "elasticfilesystem:AccessPointArn", points),) if points else ()


def paths(arn: Text, found: Found) -> Text:
    """Everything in a domain."""
    return Text(arn, "/", ANYTHING)


def searches(arn: Text, found: Found) -> tuple[Text, ...]:
    """The paths of a domain for search requests, at its root and below an index."""
    at_root = (*_SEARCHES, "_search/scroll")
    return (*(Text(arn, "/", name) for name in at_root), *(Text(arn, "/", ANYTHING, "/", name) for name in _SEARCHES))


def for_reading(found: Found) -> tuple[Condition, ...]:
    """Only read sessions. S3 opens one if the request has no mode and may not write."""
    return (Condition("StringEquals", "s3express:SessionMode", (Text("ReadOnly"),)),)


def _prefixes(found: Found) -> tuple[Text, ...]:
    return tuple(text_of(prefix).lstrip("/") for prefix in option(found, "prefix"))


#: POST requests without side effects.
#: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/supported-operations.html
_SEARCHES = ("_count", "_field_caps", "_mget", "_msearch", "_search")
_READ_ITEMS = (dynamodb.BatchGetItem, dynamodb.DescribeTable, dynamodb.GetItem)
_QUERY = (dynamodb.Query, dynamodb.Scan)
_WRITE_ITEMS = (
    dynamodb.BatchWriteItem,
    dynamodb.ConditionCheckItem,
    dynamodb.DeleteItem,
    dynamodb.PutItem,
    dynamodb.UpdateItem,
)
_TABLE_KEY = KeyUse((kms.Decrypt,), "dynamodb", Standing.DOCUMENTED, "aws:dynamodb:tableName", table_name)
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-UsingKMSEncryption.html asks for both, to read, too.
_DIRECTORY_KEY = KeyUse(
    (kms.Decrypt, kms.GenerateDataKey),
    "",
    Standing.UNPROVEN,
    "aws:s3express:arn",
    doubt="that the context is the bucket's ARN without an object key, as AWS's page says; its example of a log entry"
    " shows another",
)
_READ_OBJECTS = Access((s3.GetObject,), objects)
_WRITE_OBJECTS = Access((s3.AbortMultipartUpload, s3.ListMultipartUploadParts, s3.PutObject), objects)

ROWS = (
    Row(
        "s3-read",
        "reads objects",
        _S3,
        Standing.DOCUMENTED,
        "shop-assets",
        (_READ_OBJECTS,),
        BUCKET,
        ("prefix",),
        KeyUse((kms.Decrypt,), "s3", Standing.DOCUMENTED, "aws:s3:arn", bucket_and_objects),
    ),
    Row(
        "s3-write",
        "writes objects, including multipart uploads",
        _S3,
        Standing.DOCUMENTED,
        "shop-uploads",
        (_WRITE_OBJECTS,),
        BUCKET,
        ("prefix",),
        # Completing a multipart upload decrypts its parts.
        KeyUse((kms.Decrypt, kms.GenerateDataKey), "s3", Standing.DOCUMENTED, "aws:s3:arn", bucket_and_objects),
    ),
    Row(
        "s3-read-write",
        "reads and writes objects",
        _S3,
        Standing.DOCUMENTED,
        "shop-uploads",
        (_READ_OBJECTS, _WRITE_OBJECTS),
        BUCKET,
        ("prefix",),
        KeyUse((kms.Decrypt, kms.GenerateDataKey), "s3", Standing.DOCUMENTED, "aws:s3:arn", bucket_and_objects),
    ),
    Row(
        "s3-list",
        "lists the keys of objects",
        _S3,
        Standing.DOCUMENTED,
        "shop-assets",
        (Access((s3.ListBucket,), conditions=of_prefix), Access((s3.GetBucketLocation,))),
        BUCKET,
        ("prefix",),
    ),
    Row(
        "s3-delete",
        "deletes objects",
        _S3,
        Standing.DOCUMENTED,
        "shop-uploads",
        (Access((s3.DeleteObject,), objects),),
        BUCKET,
        ("prefix",),
    ),
    Row(
        "s3-express-read",
        "reads objects of a directory bucket",
        _S3_EXPRESS,
        Standing.DOCUMENTED,
        "shop-cache--use1-az4--x-s3",
        (Access((s3express.CreateSession,), conditions=for_reading),),
        DIRECTORY_BUCKET,
        (),
        _DIRECTORY_KEY,
    ),
    Row(
        "s3-express-read-write",
        "reads and writes objects of a directory bucket",
        _S3_EXPRESS,
        Standing.DOCUMENTED,
        "shop-cache--use1-az4--x-s3",
        (Access((s3express.CreateSession,)),),
        DIRECTORY_BUCKET,
        (),
        _DIRECTORY_KEY,
    ),
    Row(
        "dynamodb-read",
        "reads items",
        _DYNAMODB,
        Standing.DOCUMENTED,
        "orders",
        (Access(_READ_ITEMS), Access(_QUERY, indexes)),
        TABLE,
        ("indexes",),
        _TABLE_KEY,
    ),
    Row(
        "dynamodb-write",
        "writes items",
        _DYNAMODB,
        Standing.DOCUMENTED,
        "orders",
        (Access(_WRITE_ITEMS),),
        TABLE,
        (),
        _TABLE_KEY,
    ),
    Row(
        "dynamodb-read-write",
        "reads and writes items",
        _DYNAMODB,
        Standing.DOCUMENTED,
        "orders",
        (Access((*_READ_ITEMS, *_WRITE_ITEMS)), Access(_QUERY, indexes)),
        TABLE,
        ("indexes",),
        _TABLE_KEY,
    ),
    Row(
        "dynamodb-stream",
        "reads the stream of changes of a table",
        _DYNAMODB,
        Standing.DOCUMENTED,
        "orders",
        (
            Access((dynamodb.DescribeStream, dynamodb.GetRecords, dynamodb.GetShardIterator), streams),
            Access((dynamodb.ListStreams,), None),
        ),
        TABLE,
        (),
        _TABLE_KEY,
    ),
    Row(
        "efs-read",
        "mounts a file system and reads files",
        _EFS,
        Standing.DOCUMENTED,
        "fs-0123456789abcdef0",
        (Access((elasticfilesystem.ClientMount,), conditions=through_access_point),),
        FILE_SYSTEM,
        ("access-point",),
    ),
    Row(
        "efs-read-write",
        "mounts a file system, reads and writes files",
        _EFS,
        Standing.DOCUMENTED,
        "fs-0123456789abcdef0",
        (Access((elasticfilesystem.ClientMount, elasticfilesystem.ClientWrite), conditions=through_access_point),),
        FILE_SYSTEM,
        ("access-point",),
    ),
    Row(
        "rds-connect",
        "connects to a database with IAM authentication",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html",
        Standing.DOCUMENTED,
        "db-ABCDEFGHIJKL01234/shop",
        (Access((rds_db.connect,)),),
        DATABASE_USER,
    ),
    Row(
        "opensearch-read",
        "searches",
        _OPENSEARCH,
        Standing.DERIVED,
        "shop-search",
        (Access((es.ESHttpGet, es.ESHttpHead), paths), Access((es.ESHttpPost,), searches)),
        DOMAIN,
    ),
    Row(
        "opensearch-read-write",
        "searches and changes documents",
        _OPENSEARCH,
        Standing.DOCUMENTED,
        "shop-search",
        (Access((es.ESHttpDelete, es.ESHttpGet, es.ESHttpHead, es.ESHttpPatch, es.ESHttpPost, es.ESHttpPut), paths),),
        DOMAIN,
    ),
    Row(
        "opensearch-serverless",
        "uses a collection, if its data access policy also allows it",
        "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/security-iam-serverless.html",
        Standing.DOCUMENTED,
        "07tjusf2h91cunochc",
        (Access((aoss.APIAccessAll,)),),
        COLLECTION,
    ),
)
