"""A task definition as a source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cfnroles.document import Document, read_document
from cfnroles.errors import InvalidInput
from cfnroles.sources.reading import Reading, Task
from cfnroles.sources.told import Told, option

if TYPE_CHECKING:
    from cfnroles.facts import Facts
    from cfnroles.workload import Workload

NOUN = "a task definition"
SIGN = "containerDefinitions"
TAKES = frozenset(Told.__struct_fields__)

_KEY = r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+"


def recognises(document: Document) -> bool:
    """Whether it has containers, by itself or under ``taskDefinition``, as ECS answers."""
    inner = document.members.get("taskDefinition")
    return any("containerDefinitions" in each for each in (document.members, inner) if isinstance(each, Mapping))


def read(document: Document, told: Told) -> Reading:
    """The task definition, with the settings of its service and account that are told."""
    from cfnroles.sources.settings import filled_by, with_settings
    from cfnroles.sources.task_definition import read_task_definition
    from cfnroles.sources.task_definition_checks import discover, family_findings

    service = read_document(told.service_file) if told.service_file else None
    elsewhere = filled_by(service, told.values) if service else frozenset()
    workload = read_task_definition(document, told, elsewhere)
    facts = _facts(workload, told)
    workload = with_settings(workload, service, told)
    task = Task(workload.family, workload, facts, discover(workload, facts))
    documents = (document, service) if service else (document,)
    # A pipeline may fill the family in later: who only looks at the task definition does not need it.
    return Reading(documents, NOUN, told, (task,), tuple(family_findings(workload)))


def _facts(workload: Workload, told: Told) -> Facts:
    from cfnroles.sources.task_definition import home

    _check(workload, told)
    return replace(
        home(workload, told.account, told.region, told.kms_key_arns),
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


def _check(workload: Workload, told: Told) -> None:
    if told.account and not re.fullmatch(r"\d{12}", told.account):
        raise InvalidInput(f"--account {told.account} is not an account", remedy="An account has 12 digits.")
    for account in told.bucket_accounts:
        if not re.fullmatch(r"\d{12}", account):
            raise InvalidInput(f"--bucket-account {account} is not an account", remedy="An account has 12 digits.")
    systems = [system for _, system in workload.find("volumes[].efsVolumeConfiguration.fileSystemId")]
    for system, account in told.efs_accounts.items():
        if not re.fullmatch(r"\d{12}", account):
            raise InvalidInput(f"--efs-account {account} is not an account", remedy="An account has 12 digits.")
        if system not in systems:
            raise InvalidInput(f"--efs-account {system}: no volume is of this file system")
    if told.region and not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", told.region):
        raise InvalidInput(f"--region {told.region} is not a region", remedy="A region is called as in us-east-1.")
    for name in ("kms_key_arns", "file_key_arns", "log_group_key_arns", "destination_key_arns"):
        for arn in getattr(told, name):
            if not re.fullmatch(_KEY, arn):
                raise InvalidInput(
                    f"--{option(name)} {arn} is not the ARN of a KMS key",
                    remedy="Write arn:PARTITION:kms:REGION:ACCOUNT:key/ID; an alias cannot stand in a policy.",
                )
    for bucket in told.s3_files_buckets:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
            raise InvalidInput(f"--{option('s3_files_buckets')} {bucket} is not a bucket's name")
    volumes = [name for _, name in workload.find("volumes[].name")]
    for volume in told.root_volumes:
        if volume not in volumes:
            raise InvalidInput(f"--efs-root-access {volume}: no volume has this name")
