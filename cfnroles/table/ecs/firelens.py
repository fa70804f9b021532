"""FireLens: the container that routes logs, and its configuration file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from awacs import kms, s3

from cfnroles.need import Holder, Standing
from cfnroles.table.choices import is_choice
from cfnroles.table.ecs.awslogs import has_unknown_options
from cfnroles.table.ecs.environment_files import bucket, bucket_and_object, itself, owned
from cfnroles.table.ecs.keys import S3, of_files, through_s3
from cfnroles.table.feature import Feature, Found, Grant, Trap, Unnamed
from cfnroles.text import Text

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-taskdef.html"
_FILE = "containerDefinitions[].firelensConfiguration.options.config-file-value"
_INIT = "https://github.com/aws/aws-for-fluent-bit/tree/mainline/use_cases/init-process-for-fluent-bit"
_INIT_VARIABLE = "aws_fluent_bit_init_s3_"


def is_in_s3(found: Found) -> bool:
    """The router's configuration file is an object in S3."""
    return is_choice(found.parent.get("config-file-type"), "s3", "config-file-type")


def is_in_s3_with_key(found: Found) -> bool:
    """The router's configuration file is an object in S3, and customer managed keys of files are given."""
    return is_in_s3(found) and bool(found.facts.file_key_arns)


def is_in_image(found: Found) -> bool:
    """The router's configuration file is in its image."""
    return not is_in_s3(found)


def is_init_file(found: Found) -> bool:
    """The variable is an object in S3 for the init process of AWS for Fluent Bit."""
    return (
        isinstance(found.value, str)
        and "firelensConfiguration" in found.container
        and str(found.parent.get("name", "")).startswith(_INIT_VARIABLE)
    )


def is_init_file_with_key(found: Found) -> bool:
    """The init process reads an object in S3, and customer managed keys of files are given."""
    return is_init_file(found) and bool(found.facts.file_key_arns)


def is_anything(found: Found) -> bool:
    """The router reads its own configuration file, which may contain more destinations."""
    return True


def destinations_in_file(found: Found) -> None:
    """Raise Unnamed: the destinations in the configuration file are unknown."""
    raise Unnamed(
        f"cfnroles does not read {found.text.written}, so its log destinations are unknown",
        "Add the permissions that they need to the task role, or name the destinations in the options of awsfirelens",
    )


def routes_by_file(found: Found) -> bool:
    """The driver's options name no destination, so only the router's configuration does."""
    if has_unknown_options(found):
        return False
    options = found.parent.get("options")
    names = {key.lower() for key in options} if isinstance(options, Mapping) else set()
    return not names & {"name", "@type", "awslogs-group"} and is_choice(found.value, "awsfirelens", "logDriver")


def destination_unknown(found: Found) -> None:
    """Raise Unnamed: the router decides where this container's logs go."""
    file = _router_file(found)
    told = f", which reads {file}" if file else ""
    raise Unnamed(
        f"the options name no destination, so the configuration of the FireLens container decides{told}",
        'Name the destination in the options ("Name": "cloudwatch_logs", ...), or add the permissions that it needs'
        " to the task role",
    )


def on_fargate(found: Found) -> Trap | None:
    """Fargate accepts the file only in the image."""
    if found.workload.launch_types != ("FARGATE",):
        return None
    return Trap(
        "Fargate reads a FireLens configuration from the image only (config-file-type file)",
        "Put the file in the image, or use the init image of AWS for Fluent Bit, which reads it from S3",
    )


def _router_file(found: Found) -> str:
    for _, value in found.workload.find(_FILE):
        return value.written if isinstance(value, Text) else str(value)
    return ""


_DECRYPT = Grant(
    kms.Decrypt, on=of_files, conditions=through_s3(of_files, values=bucket_and_object), sid="DecryptFiles"
)
_ROWS: Mapping[str, Any] = {
    "field": _FILE,
    "source": _PAGE,
    "example": "arn:aws:s3:::shop-config/fluent-bit.conf",
    "beside": (("containerDefinitions[].firelensConfiguration.options.config-file-type", "s3"),),
}
_INIT_CONTAINER = (
    ("containerDefinitions[].firelensConfiguration.type", "fluentbit"),
    ("containerDefinitions[].environment[].name", "aws_fluent_bit_init_s3_1"),
)

FEATURES = (
    Feature(
        name="firelens-file-in-s3",
        holder=Holder.EXECUTION,
        why="ECS downloads the configuration of the log router before it starts the container",
        standing=Standing.DOCUMENTED,
        grants=(
            Grant(s3.GetObject, on=itself, conditions=owned, sid="ReadLogRouterFiles"),
            Grant(s3.GetBucketLocation, on=bucket, conditions=owned, sid="LocateLogRouterBuckets"),
        ),
        when=is_in_s3,
        trap=on_fargate,
        **_ROWS,
    ),
    Feature(
        name="firelens-file-customer-key",
        holder=Holder.EXECUTION,
        why="S3 decrypts the configuration of the log router with a customer managed key, with the permissions of"
        " the role that reads it",
        standing=Standing.DOCUMENTED,
        grants=(_DECRYPT,),
        when=is_in_s3_with_key,
        **_ROWS,
    ),
    Feature(
        name="firelens-file-in-image",
        field=_FILE,
        holder=Holder.EXECUTION,
        why="the log router reads its configuration from its own image",
        source=_PAGE,
        standing=Standing.DOCUMENTED,
        example="/fluent-bit/etc/extra.conf",
        when=is_in_image,
    ),
    Feature(
        name="firelens-file-destinations",
        holder=Holder.TASK,
        why="the log router writes to the destinations in its configuration with the task role",
        standing=Standing.DOCUMENTED,
        hidden=destinations_in_file,
        when=is_anything,
        **_ROWS,
    ),
    Feature(
        name="firelens-init-file",
        field="containerDefinitions[].environment[].value",
        holder=Holder.TASK,
        why="the init process of AWS for Fluent Bit reads this file with the task role",
        source=_INIT,
        standing=Standing.DOCUMENTED,
        example="arn:aws:s3:::shop-config/parsers.conf",
        grants=(
            Grant(s3.GetObject, on=itself, conditions=owned, sid="ReadLogRouterFiles"),
            Grant(s3.GetBucketLocation, on=bucket, conditions=owned, sid="LocateLogRouterBuckets"),
        ),
        when=is_init_file,
        beside=_INIT_CONTAINER,
    ),
    Feature(
        name="firelens-init-file-customer-key",
        field="containerDefinitions[].environment[].value",
        holder=Holder.TASK,
        why="S3 decrypts the file with a customer managed key, with the permissions of the role that reads it",
        source=S3,
        standing=Standing.DOCUMENTED,
        example="arn:aws:s3:::shop-config/parsers.conf",
        grants=(_DECRYPT,),
        when=is_init_file_with_key,
        beside=_INIT_CONTAINER,
    ),
    Feature(
        name="firelens-init-destinations",
        field="containerDefinitions[].environment[].value",
        holder=Holder.TASK,
        why="the log router writes to the destinations in the files of its init process with the task role",
        source=_INIT,
        standing=Standing.DOCUMENTED,
        example="arn:aws:s3:::shop-config/parsers.conf",
        hidden=destinations_in_file,
        when=is_init_file,
        beside=_INIT_CONTAINER,
    ),
    Feature(
        name="firelens-without-destination",
        field="containerDefinitions[].logConfiguration.logDriver",
        holder=Holder.TASK,
        why="the log router writes to the destinations in its configuration with the task role",
        source=_PAGE,
        standing=Standing.DOCUMENTED,
        example="awsfirelens",
        hidden=destination_unknown,
        when=routes_by_file,
    ),
)
