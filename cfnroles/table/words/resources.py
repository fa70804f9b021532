"""The resources of grants: by name, by ARN, or as an export of another stack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from cfnroles.facts import Facts, partition_of
from cfnroles.symbols import Import
from cfnroles.table.feature import Malformed
from cfnroles.text import EMPTY, Arn, Text, arn_of, imported, text_of

#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
EXPORT_NAME = r"[A-Za-z0-9:-]{1,255}"


class ResourceKind(Struct, frozen=True):
    """A kind of resource. ``name`` is the pattern of its bare name, ``resource`` that of the last part of its ARN.

    ``prefix`` precedes a bare name in the ARN. ``region`` and ``account`` say whether the ARN has them. ``others`` are
    kinds that are valid in the same place, distinguished by name or ARN. ``hint`` says more about what to write.
    """

    noun: str
    service: str
    name: str
    resource: str
    prefix: str = ""
    region: bool = True
    account: bool = True
    others: tuple[ResourceKind, ...] = ()
    hint: str = ""

    @property
    def kinds(self) -> tuple[ResourceKind, ...]:
        """This kind and the others."""
        return self, *self.others

    @property
    def pattern(self) -> str:
        """The pattern of a name or ARN of this kind, or of the others."""
        return "|".join(kind.own_pattern for kind in self.kinds)

    @property
    def own_pattern(self) -> str:
        """The pattern of a name or ARN of this kind alone."""
        region = "[a-z0-9-]+" if self.region else ""
        account = "[0-9]{12}" if self.account else ""
        arn = f"arn:aws[a-z-]*:{self.service}:{region}:{account}:{self.resource}"
        return f"{self.name}|{arn}" if self.name else arn

    @property
    def remedy(self) -> str:
        """What to write instead."""
        region = "REGION" if self.region else ""
        account = "ACCOUNT" if self.account else ""
        shape = f"arn:aws:{self.service}:{region}:{account}:{self.prefix}NAME"
        write = f"Write its name, or {shape}" if self.name else f"Write {shape}"
        return f"{write}; {self.hint}" if self.hint else write


_BUCKET_NAME = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-bucket-naming-rules.html
_DIRECTORY_SUFFIX = r"--[a-z0-9-]+--x-s3"
_GENERAL_NAME = rf"(?![a-z0-9.-]*{_DIRECTORY_SUFFIX}$){_BUCKET_NAME}"
BUCKET = ResourceKind(
    "the name or ARN of an S3 bucket",
    "s3",
    _GENERAL_NAME,
    _GENERAL_NAME,
    region=False,
    account=False,
    hint="`prefix` limits the keys; for a directory bucket, use s3-express-read or s3-express-read-write",
)
DIRECTORY_BUCKET = ResourceKind(
    "the name or ARN of a directory bucket of S3",
    "s3express",
    rf"(?=[a-z0-9-]*{_DIRECTORY_SUFFIX}$){_BUCKET_NAME}",
    rf"bucket/[a-z0-9][a-z0-9-]*{_DIRECTORY_SUFFIX}",
    "bucket/",
)
TABLE = ResourceKind(
    "the name or ARN of a DynamoDB table",
    "dynamodb",
    r"[A-Za-z0-9_.-]{3,255}",
    r"table/[A-Za-z0-9_.-]{3,255}",
    "table/",
)
QUEUE = ResourceKind(
    "the name or ARN of an SQS queue", "sqs", r"[A-Za-z0-9_-]{1,80}(\.fifo)?", r"[A-Za-z0-9_-]{1,80}(\.fifo)?"
)
TOPIC = ResourceKind(
    "the name or ARN of an SNS topic", "sns", r"[A-Za-z0-9_-]{1,256}(\.fifo)?", r"[A-Za-z0-9_-]{1,256}(\.fifo)?"
)
STREAM = ResourceKind(
    "the name or ARN of a Kinesis stream",
    "kinesis",
    r"[A-Za-z0-9_.-]{1,128}",
    r"stream/[A-Za-z0-9_.-]{1,128}",
    "stream/",
)
DELIVERY_STREAM = ResourceKind(
    "the name or ARN of a Firehose stream",
    "firehose",
    r"[A-Za-z0-9_.-]{1,64}",
    r"deliverystream/[A-Za-z0-9_.-]{1,64}",
    "deliverystream/",
)
EVENT_BUS = ResourceKind(
    "the name or ARN of an event bus",
    "events",
    r"[A-Za-z0-9_./-]{1,256}",
    r"event-bus/[A-Za-z0-9_./-]{1,256}",
    "event-bus/",
)
STATE_MACHINE = ResourceKind(
    "the name or ARN of a state machine",
    "states",
    r"[A-Za-z0-9_-]{1,80}",
    r"stateMachine:[A-Za-z0-9_-]{1,80}",
    "stateMachine:",
)
SECRET = ResourceKind(
    "the name or ARN of a secret",
    "secretsmanager",
    r"[A-Za-z0-9/_+=.@!-]{1,512}",
    r"secret:[A-Za-z0-9/_+=.@!-]{1,512}",
    "secret:",
)
PARAMETER = ResourceKind(
    "the name or ARN of a parameter",
    "ssm",
    r"/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*",
    r"parameter(/[A-Za-z0-9_.-]+)+",
    "parameter/",
)
PARAMETER_PATH = ResourceKind(
    "the path or ARN of parameters",
    "ssm",
    r"/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*/?",
    r"parameter(/[A-Za-z0-9_.-]+)+/?",
    "parameter",
)
KEY = ResourceKind("the ARN of a KMS key", "kms", "", r"key/[A-Za-z0-9-]+", "key/")
FUNCTION = ResourceKind(
    "the name or ARN of a Lambda function",
    "lambda",
    r"[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_$-]+)?",
    r"function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_$-]+)?",
    "function:",
)
#: The prefixes of inference profile IDs: the part of the world where requests are processed.
#: https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
_GEOGRAPHY = r"(?:[a-z]{2}(?:-gov)?|apac|global)\."
_MODEL_ID = r"[a-z0-9-]+\.[A-Za-z0-9.:-]+"
_INFERENCE_PROFILE = ResourceKind(
    "the id or ARN of an inference profile",
    "bedrock",
    rf"{_GEOGRAPHY}{_MODEL_ID}",
    rf"inference-profile/{_GEOGRAPHY}{_MODEL_ID}",
    "inference-profile/",
)
_APPLICATION_PROFILE = ResourceKind(
    "the ARN of an application inference profile", "bedrock", "", r"application-inference-profile/[a-z0-9-]+"
)
#: https://docs.aws.amazon.com/service-authorization/latest/reference/list_bedrock.html
_OTHER_MODEL = ResourceKind(
    "the ARN of a provisioned, imported or custom model, or of a prompt router",
    "bedrock",
    "",
    r"(?:provisioned-model|imported-model|custom-model-deployment|prompt-router|default-prompt-router)/[A-Za-z0-9.:-]+",
)
#: The ARN of a foundation model without a Region is that of the global inference profiles.
_GLOBAL_MODEL = ResourceKind(
    "the ARN of a foundation model", "bedrock", "", rf"foundation-model/{_MODEL_ID}", region=False, account=False
)
MODEL = ResourceKind(
    "the id of a foundation model or of an inference profile, or an ARN of Bedrock",
    "bedrock",
    rf"(?!{_GEOGRAPHY}){_MODEL_ID}",
    rf"foundation-model/{_MODEL_ID}",
    "foundation-model/",
    account=False,
    others=(_INFERENCE_PROFILE, _APPLICATION_PROFILE, _OTHER_MODEL, _GLOBAL_MODEL),
)
ROLE = ResourceKind(
    "the name or ARN of a role",
    "iam",
    r"[\w+=,.@-]{1,64}",
    r"role/([\x21-\x7e]+/)?[\w+=,.@-]{1,64}",
    "role/",
    region=False,
)
IDENTITY = ResourceKind(
    "the domain or address that sends the email, or an ARN",
    "ses",
    r"([\w.+-]+@)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+",
    r"identity/([\w.+-]+@)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+",
    "identity/",
)
API = ResourceKind(
    "API-ID/STAGE of an API, with /METHOD/PATH for one of its methods, or an ARN",
    "execute-api",
    r"[a-z0-9]{8,12}/[A-Za-z0-9_$-]+(/(DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT)/[^*?\s]*)?",
    r"[a-z0-9]{8,12}/[A-Za-z0-9_$-]+(/(DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT)/[^*?\s]*)?",
)
#: The ID of a serverless cluster ends in an s and a number.
_CLUSTER_OF_KAFKA = r"[A-Za-z0-9-]{1,64}/[0-9a-f-]+(?:-s[0-9]+)?"
KAFKA_TOPIC = ResourceKind(
    "CLUSTER/ID/TOPIC of Amazon MSK, or the ARN of a topic",
    "kafka",
    rf"{_CLUSTER_OF_KAFKA}/[A-Za-z0-9._-]{{1,249}}",
    rf"topic/{_CLUSTER_OF_KAFKA}/[A-Za-z0-9._-]{{1,249}}",
    "topic/",
)
CACHE = ResourceKind(
    "replicationgroup:NAME or serverlesscache:NAME of ElastiCache, or an ARN",
    "elasticache",
    r"(replicationgroup|serverlesscache):[a-z][a-z0-9-]{0,49}",
    r"(replicationgroup|serverlesscache):[a-z][a-z0-9-]{0,49}",
)
MEMORY_DB = ResourceKind(
    "the name or ARN of a MemoryDB cluster",
    "memorydb",
    r"[a-z][a-z0-9-]{0,39}",
    r"cluster/[a-z][a-z0-9-]{0,39}",
    "cluster/",
)
DSQL = ResourceKind(
    "the id or ARN of an Aurora DSQL cluster", "dsql", r"[a-z0-9]{26}", r"cluster/[a-z0-9]{26}", "cluster/"
)
TASKS = ResourceKind(
    "the name of the cluster that the tasks run in, or arn:...:task/CLUSTER",
    "ecs",
    r"[A-Za-z0-9_-]{1,255}",
    r"task/[A-Za-z0-9_-]{1,255}",
    "task/",
)
FILE_SYSTEM = ResourceKind(
    "the id or ARN of an EFS file system",
    "elasticfilesystem",
    r"fs-[0-9a-f]+",
    r"file-system/fs-[0-9a-f]+",
    "file-system/",
)
ACCESS_POINT = ResourceKind(
    "the id or ARN of an EFS access point",
    "elasticfilesystem",
    r"fsap-[0-9a-f]+",
    r"access-point/fsap-[0-9a-f]+",
    "access-point/",
)
DATABASE_USER = ResourceKind(
    "RESOURCE-ID/USER of a database, or an ARN",
    "rds-db",
    r"(db|cluster|prx)-[A-Za-z0-9]+/[A-Za-z0-9_-]+",
    r"dbuser:(db|cluster|prx)-[A-Za-z0-9]+/[A-Za-z0-9_-]+",
    "dbuser:",
)
DOMAIN = ResourceKind(
    "the name or ARN of an OpenSearch domain", "es", r"[a-z][a-z0-9-]{2,27}", r"domain/[a-z][a-z0-9-]{2,27}", "domain/"
)
COLLECTION = ResourceKind(
    "the id or ARN of an OpenSearch Serverless collection",
    "aoss",
    r"[a-z0-9]{3,40}",
    r"collection/[a-z0-9]{3,40}",
    "collection/",
)
CONFIGURATION = ResourceKind(
    "APPLICATION/ENVIRONMENT/PROFILE ids of AppConfig, or an ARN",
    "appconfig",
    r"[a-z0-9]{4,7}/[a-z0-9]{4,7}/[a-z0-9]{4,7}",
    r"application/[a-z0-9]{4,7}/environment/[a-z0-9]{4,7}/configuration/[a-z0-9]{4,7}",
)
CLOUD_MAP = ResourceKind(
    "the id or ARN of a Cloud Map namespace or service",
    "servicediscovery",
    r"(ns|srv)-[a-z0-9]+",
    r"(namespace/ns|service/srv)-[a-z0-9]+",
)


def resource_arn(kind: ResourceKind, value: Any, facts: Facts) -> Text:
    """Return the ARN of a resource of ``kind``. Raise Malformed for any other value."""
    if isinstance(value, Mapping) and isinstance(value.get("import"), str):
        return imported(value["import"])
    kinds = kind.kinds if isinstance(value, str) else ()
    own = next((each for each in kinds if re.fullmatch(each.own_pattern, value)), None)
    if own is None:
        raise Malformed(f"{value!r} is not {kind.noun}", kind.remedy)
    if value.startswith("arn:"):
        return text_of(value)
    return Arn(
        partition_of(facts.home_region),
        own.service,
        facts.home_region if own.region else EMPTY,
        facts.home_account if own.account else EMPTY,
        Text(_resource(own, value)),
    ).text


def region_of(arn: Text, facts: Facts) -> Text:
    """Return the Region of an ARN; the home Region for an import, and for ARNs without a Region."""
    parts = arn_of(arn)
    return parts.region if parts and parts.region else facts.home_region


def is_import(arn: Text) -> bool:
    """Return whether the value is another stack's export."""
    return isinstance(arn.whole, Import)


def _resource(kind: ResourceKind, name: str) -> str:
    if kind is CONFIGURATION:
        application, environment, profile = name.split("/")
        return f"application/{application}/environment/{environment}/configuration/{profile}"
    if kind is CLOUD_MAP:
        return f"{'namespace' if name.startswith('ns-') else 'service'}/{name}"
    return f"{kind.prefix}{name.removeprefix('/') if kind is PARAMETER else name}"
