"""Volumes that ECS mounts with a role: EFS, S3 Files and FSx for Windows File Server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from awacs import elasticfilesystem, fsx, kms, s3, s3files, secretsmanager, ssm
from msgspec.structs import replace

from cfnroles.need import Condition, Holder, Standing
from cfnroles.table.choices import is_choice, may_be
from cfnroles.table.ecs.environment_files import owned
from cfnroles.table.ecs.keys import S3, of_files, through_s3
from cfnroles.table.ecs.secrets import decrypt, itself, parameter, secret, through_secrets_manager_for_secret
from cfnroles.table.feature import Feature, Found, Grant, Malformed, Unnamed, everything
from cfnroles.table.references import (
    OpenReference,
    ParameterReference,
    SecretReference,
    located_arn,
    shown,
    value_from,
)
from cfnroles.text import ANYTHING, Text, text_of

_EFS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/efs-volumes.html"
_EFS_IAM = "https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html"
_S3_FILES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-prereq-policies.html"
_FSX = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/tutorial-wfsx-volumes.html"
_FILE_SYSTEM = "volumes[].efsVolumeConfiguration.fileSystemId"
_MOUNTED_BY_IAM = (
    ("volumes[].efsVolumeConfiguration.transitEncryption", "ENABLED"),
    ("volumes[].efsVolumeConfiguration.authorizationConfig.iam", "ENABLED"),
    ("volumes[].efsVolumeConfiguration.authorizationConfig.accessPointId", "fsap-0123456789abcdef0"),
)
_S3_FILE_SYSTEM = "volumes[].s3filesVolumeConfiguration.fileSystemArn"
_CREDENTIALS = "volumes[].fsxWindowsFileServerVolumeConfiguration.authorizationConfig.credentialsParameter"


def uses_iam(found: Found) -> bool:
    """EFS is mounted with the task role, which requires encryption in transit.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSAuthorizationConfig.html
    """
    authorization = _authorization(found)
    encrypted = may_be(found.parent.get("transitEncryption"), "ENABLED")
    if (authorization.get("iam") == "ENABLED" or authorization.get("accessPointId")) and not encrypted:
        raise Malformed(
            "EFS allows IAM authorization and access points only with encryption in transit",
            'Add "transitEncryption": "ENABLED" to efsVolumeConfiguration.',
        )
    return is_choice(authorization.get("iam"), "ENABLED", "iam")


def uses_no_iam(found: Found) -> bool:
    """EFS is mounted without IAM: its network and file system policy decide."""
    return not uses_iam(found)


def writes_by_iam(found: Found) -> bool:
    """EFS is mounted with IAM, and some container may write to it."""
    return uses_iam(found) and not _is_read_only(found)


def writes_as_root(found: Found) -> bool:
    """Root access to this volume is requested."""
    return uses_iam(found) and is_root_volume(found)


def is_root_volume(found: Found) -> bool:
    """An option lists the volume as one that root writes to."""
    return _volume(found).get("name") in found.facts.root_volumes


def has_file_key(found: Found) -> bool:
    """Customer managed keys of files are given."""
    return bool(found.facts.file_key_arns)


def writes(found: Found) -> bool:
    """Some container may write to the volume."""
    return not _is_read_only(found)


def file_system(found: Found) -> Text:
    """The EFS file system, of the home account unless another is given."""
    if not found.text.startswith(("fs-", "${")):
        raise Unnamed(f"{found.text.written} is not the id of a file system", "Write its id, which begins with fs-")
    return _of_owner(found, Text("file-system/", found.text))


def through_access_point(found: Found) -> tuple[Condition, ...]:
    """Only through the access point, if there is one."""
    point = _authorization(found).get("accessPointId")
    if not isinstance(point, str) or not point:
        return ()
    arn = _of_owner(found, Text("access-point/", text_of(point)))
    return (Condition("StringEquals", "elasticfilesystem:AccessPointArn", (arn,)),)


def _of_owner(found: Found, resource: Text) -> Text:
    arn = found.facts.arn("elasticfilesystem", resource)
    account = dict(found.facts.efs_accounts).get(found.text)
    return (replace(arn, account=Text(account)) if account else arn).text


def s3_file_system(found: Found) -> Text:
    """The S3 file system."""
    arn = located_arn(found.text)
    if arn.service != "s3files" or not arn.resource.startswith("file-system/"):
        raise Malformed(
            f"{found.text.written} is not the ARN of an S3 file system",
            "Write arn:PARTITION:s3files:REGION:ACCOUNT:file-system/fs-ID.",
        )
    return arn.text


def through_s3_access_point(found: Found) -> tuple[Condition, ...]:
    """Only through the S3 Files access point, if there is one."""
    point = found.parent.get("accessPointArn")
    if not isinstance(point, str) or not point:
        return ()
    return (Condition("StringEquals", "s3files:AccessPointArn", (located_arn(text_of(point)).text,)),)


def linked_bucket(found: Found) -> tuple[Text, ...]:
    """The buckets of S3 file systems, from an option."""
    if not found.facts.s3_files_buckets:
        raise Unnamed(
            "the bucket behind the S3 file system is not in the task definition",
            "Name it with --s3-files-bucket BUCKET",
        )
    partition = located_arn(found.text).partition
    return tuple(Text("arn:", partition, ":s3:::", bucket) for bucket in found.facts.s3_files_buckets)


def linked_objects(found: Found) -> tuple[Text, ...]:
    """The objects in the buckets of S3 file systems."""
    return tuple(Text(bucket, "/", ANYTHING) for bucket in linked_bucket(found))


def linked_buckets_and_objects(found: Found) -> tuple[Text, ...]:
    """The resources in the encryption context of S3."""
    return *linked_bucket(found), *linked_objects(found)


def is_secret(found: Found) -> bool:
    """The credentials of the Active Directory are a secret."""
    return isinstance(_credentials(found), SecretReference | OpenReference)


def is_parameter(found: Found) -> bool:
    """The credentials of the Active Directory are a parameter."""
    return isinstance(_credentials(found), ParameterReference | OpenReference)


def _credentials(found: Found) -> SecretReference | ParameterReference | OpenReference:
    if not found.text.startswith(("arn:", "${")):
        raise Malformed(f"{shown(found.text)} is not an ARN", "Write the ARN of the secret or of the parameter.")
    return value_from(found.text, found.facts)


def _authorization(found: Found) -> Mapping[str, Any]:
    authorization = found.parent.get("authorizationConfig")
    return authorization if isinstance(authorization, dict) else {}


def _volume(found: Found) -> Mapping[str, Any]:
    volume = found.workload.at(found.path[:2])
    return volume if isinstance(volume, dict) else {}


def _is_read_only(found: Found) -> bool:
    mounts = list(_mounts(found, _volume(found).get("name")))
    return bool(mounts) and all(mount.get("readOnly") is True for mount in mounts)


def _mounts(found: Found, volume: Any) -> Iterator[Mapping[str, Any]]:
    for _, mount in found.workload.find("containerDefinitions[].mountPoints[]"):
        if isinstance(mount, dict) and mount.get("sourceVolume") == volume:
            yield mount


FEATURES = (
    Feature(
        name="efs-iam",
        field=_FILE_SYSTEM,
        holder=Holder.TASK,
        why="ECS mounts the file system with the task role, because authorizationConfig.iam is ENABLED",
        source=_EFS,
        standing=Standing.DOCUMENTED,
        example="fs-0123456789abcdef0",
        grants=(Grant(elasticfilesystem.ClientMount, on=file_system, conditions=through_access_point, sid="MountEfs"),),
        when=uses_iam,
        beside=_MOUNTED_BY_IAM,
    ),
    Feature(
        name="efs-iam-write",
        field=_FILE_SYSTEM,
        holder=Holder.TASK,
        why="not every container mounts the volume with readOnly, so the task may write to the file system",
        source=_EFS_IAM,
        standing=Standing.DOCUMENTED,
        example="fs-0123456789abcdef0",
        grants=(Grant(elasticfilesystem.ClientWrite, on=file_system, conditions=through_access_point, sid="MountEfs"),),
        when=writes_by_iam,
        beside=_MOUNTED_BY_IAM,
    ),
    Feature(
        name="efs-iam-root",
        field=_FILE_SYSTEM,
        holder=Holder.TASK,
        why="required by --efs-root-access: the task has root access to the file system",
        source=_EFS_IAM,
        standing=Standing.DOCUMENTED,
        example="fs-0123456789abcdef0",
        grants=(
            Grant(elasticfilesystem.ClientRootAccess, on=file_system, conditions=through_access_point, sid="MountEfs"),
        ),
        when=writes_as_root,
        beside=_MOUNTED_BY_IAM,
    ),
    Feature(
        name="efs-without-iam",
        field=_FILE_SYSTEM,
        holder=Holder.TASK,
        why="ECS mounts the file system anonymously, because authorizationConfig.iam is not ENABLED",
        source=_EFS,
        standing=Standing.DOCUMENTED,
        example="fs-0123456789abcdef0",
        when=uses_no_iam,
    ),
    Feature(
        name="s3-files",
        field=_S3_FILE_SYSTEM,
        holder=Holder.TASK,
        why="ECS always mounts an S3 file system with the task role",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/s3files-volumes.html",
        standing=Standing.DOCUMENTED,
        example="arn:aws:s3files:us-east-1:123456789012:file-system/fs-0123456789abcdef0",
        grants=(Grant(s3files.ClientMount, on=s3_file_system, conditions=through_s3_access_point, sid="MountS3Files"),),
    ),
    Feature(
        name="s3-files-write",
        field=_S3_FILE_SYSTEM,
        holder=Holder.TASK,
        why="not every container mounts the volume with readOnly, so the task may write to the S3 file system",
        source=_S3_FILES,
        standing=Standing.DOCUMENTED,
        example="arn:aws:s3files:us-east-1:123456789012:file-system/fs-0123456789abcdef0",
        grants=(Grant(s3files.ClientWrite, on=s3_file_system, conditions=through_s3_access_point, sid="MountS3Files"),),
        when=writes,
    ),
    Feature(
        name="s3-files-bucket",
        field=_S3_FILE_SYSTEM,
        holder=Holder.TASK,
        why="the mount reads larger objects directly from the linked bucket",
        source=_S3_FILES,
        standing=Standing.DOCUMENTED,
        example="arn:aws:s3files:us-east-1:123456789012:file-system/fs-0123456789abcdef0",
        grants=(
            Grant(s3.GetObject, on=linked_objects, conditions=owned, sid="ReadS3FilesObjects"),
            Grant(s3.GetObjectVersion, on=linked_objects, conditions=owned, sid="ReadS3FilesObjects"),
            Grant(s3.ListBucket, on=linked_bucket, conditions=owned, sid="ListS3FilesBuckets"),
        ),
    ),
    Feature(
        name="s3-files-root",
        field=_S3_FILE_SYSTEM,
        holder=Holder.TASK,
        why="required by --efs-root-access: the task has root access to the S3 file system",
        source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-security-iam.html",
        standing=Standing.DOCUMENTED,
        example="arn:aws:s3files:us-east-1:123456789012:file-system/fs-0123456789abcdef0",
        grants=(
            Grant(s3files.ClientRootAccess, on=s3_file_system, conditions=through_s3_access_point, sid="MountS3Files"),
        ),
        when=is_root_volume,
    ),
    Feature(
        name="s3-files-customer-key",
        field=_S3_FILE_SYSTEM,
        holder=Holder.TASK,
        why="S3 decrypts the objects that the mount reads directly with a customer managed key, with the"
        " permissions of the role that reads them",
        source=S3,
        standing=Standing.DERIVED,
        example="arn:aws:s3files:us-east-1:123456789012:file-system/fs-0123456789abcdef0",
        grants=(
            Grant(
                kms.Decrypt,
                on=of_files,
                conditions=through_s3(of_files, values=linked_buckets_and_objects),
                sid="DecryptFiles",
            ),
        ),
        when=has_file_key,
    ),
    Feature(
        name="fsx-credentials-secret",
        field=_CREDENTIALS,
        holder=Holder.EXECUTION,
        why="ECS reads the credentials of the Active Directory from a secret and looks up the file system",
        source=_FSX,
        standing=Standing.DOCUMENTED,
        example="arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/directory-AbCdEf",
        grants=(
            Grant(secretsmanager.GetSecretValue, on=secret, sid="ReadSecrets"),
            decrypt(through_secrets_manager_for_secret),
            Grant(fsx.DescribeFileSystems, on=everything, sid="FindFileSystems"),
        ),
        when=is_secret,
        reference=itself,
        use="fsx",
    ),
    Feature(
        name="fsx-credentials-parameter",
        field=_CREDENTIALS,
        holder=Holder.EXECUTION,
        why="ECS reads the credentials of the Active Directory from a parameter, which it does not decrypt, and"
        " looks up the file system",
        source=_FSX,
        standing=Standing.DOCUMENTED,
        example="arn:aws:ssm:us-east-1:123456789012:parameter/shop/directory",
        grants=(
            Grant(ssm.GetParameters, on=parameter, sid="ReadParameters"),
            Grant(fsx.DescribeFileSystems, on=everything, sid="FindFileSystems"),
        ),
        when=is_parameter,
        reference=itself,
        use="fsx",
    ),
)
