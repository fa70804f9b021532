"""Volumes: EFS with and without IAM, S3 Files, and EBS volumes that ECS makes itself."""

from __future__ import annotations

from typing import Any

import pytest

FILE_SYSTEM = "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-1"
S3_FILES = "arn:aws:s3files:us-east-1:123456789012:file-system/fs-1"


def efs(**members: Any) -> list[dict[str, Any]]:
    return [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1", **members}}]


def mount(read_only: bool) -> dict[str, Any]:
    return {"mountPoints": [{"sourceVolume": "data", "containerPath": "/data", "readOnly": read_only}]}


IAM = {"transitEncryption": "ENABLED", "authorizationConfig": {"iam": "ENABLED"}}


def test_efs_without_iam_costs_nothing(answer: Any) -> None:
    assert answer(volumes=efs()).needs == set()


def test_iam_and_access_points_need_encryption_in_transit(answer: Any) -> None:
    assert answer(volumes=efs(authorizationConfig={"iam": "ENABLED"})).errors
    assert answer(volumes=efs(authorizationConfig={"accessPointId": "fsap-1"})).errors


def test_one_container_that_may_write_is_enough_to_write(answer: Any) -> None:
    write = f"task role: elasticfilesystem:ClientWrite on {FILE_SYSTEM}"
    assert write not in answer(mount(read_only=True), mount(read_only=True), volumes=efs(**IAM)).needs
    assert write in answer(mount(read_only=True), mount(read_only=False), volumes=efs(**IAM)).needs


def test_root_is_given_to_the_volumes_that_ask_for_it(answer: Any) -> None:
    root = f"task role: elasticfilesystem:ClientRootAccess on {FILE_SYSTEM}"
    assert root not in answer(volumes=efs(**IAM)).needs
    assert root in answer(volumes=efs(**IAM), facts={"root_volumes": ("data",)}).needs
    assert root not in answer(volumes=efs(**IAM), facts={"root_volumes": ("other",)}).needs


def test_an_unknown_authorization_is_a_gap_and_unknown_encryption_is_accepted(answer: Any) -> None:
    found = answer(volumes=efs(transitEncryption="<ENCRYPTED>", authorizationConfig={"iam": "ENABLED"}))
    assert found.errors == []
    assert any("elasticfilesystem:ClientMount" in need for need in found.needs)
    found = answer(volumes=efs(transitEncryption="ENABLED", authorizationConfig={"iam": "<IAM>"}))
    assert found.needs == set()
    assert ["cannot see whether iam is ENABLED" in each for each in found.gaps] == [True]


def test_a_file_system_and_its_access_point_are_of_the_account_that_is_told(answer: Any) -> None:
    point = {"transitEncryption": "ENABLED", "authorizationConfig": {"iam": "ENABLED", "accessPointId": "fsap-1"}}
    here, there = (
        f"task role: elasticfilesystem:ClientMount on arn:aws:elasticfilesystem:us-east-1:{account}:file-system/fs-1,"
        " elasticfilesystem:AccessPointArn StringEquals"
        f" arn:aws:elasticfilesystem:us-east-1:{account}:access-point/fsap-1"
        for account in ("123456789012", "210987654321")
    )
    assert here in answer(volumes=efs(**point)).needs
    assert there in answer(volumes=efs(**point), facts={"efs_accounts": (("fs-1", "210987654321"),)}).needs
    assert here in answer(volumes=efs(**point), facts={"efs_accounts": (("fs-2", "210987654321"),)}).needs


def test_s3_files_is_always_mounted_by_the_task_role_and_hides_its_bucket(answer: Any) -> None:
    volumes = [{"name": "data", "s3filesVolumeConfiguration": {"fileSystemArn": S3_FILES}}]
    found = answer(volumes=volumes)
    assert f"task role: s3files:ClientMount on {S3_FILES}" in found.needs
    assert "--s3-files-bucket" in found.gaps[0]
    told = answer(volumes=volumes, facts={"s3_files_buckets": ("b",)})
    assert told.gaps == []
    assert "task role: s3:ListBucket on arn:aws:s3:::b" in told.needs


def test_an_access_point_binds_s3_files(answer: Any) -> None:
    point = "arn:aws:s3files:us-east-1:123456789012:file-system/fs-1/access-point/fsap-1"
    volumes = [{"name": "data", "s3filesVolumeConfiguration": {"fileSystemArn": S3_FILES, "accessPointArn": point}}]
    grant = f"task role: s3files:ClientMount on {S3_FILES}, s3files:AccessPointArn StringEquals {point}"
    assert grant in answer(volumes=volumes).needs


def test_a_managed_volume_is_the_infrastructure_roles(answer: Any) -> None:
    found = answer(volumes=[{"name": "data", "configuredAtLaunch": True}])
    assert all(need.startswith("infrastructure role: ") for need in found.needs)
    assert "--service-file FILE" in found.gaps[0]
    assert answer(volumes=[{"name": "data", "configuredAtLaunch": False}]).needs == set()


def test_the_services_settings_tell_snapshot_and_key(answer: Any) -> None:
    managed = {"snapshotId": "snap-1", "kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/1"}
    service = {"volumeConfigurations": [{"name": "data", "managedEBSVolume": managed}]}
    found = answer(volumes=[{"name": "data", "configuredAtLaunch": True}], service=service)
    assert found.gaps == []
    assert "infrastructure role: ec2:CreateVolume on arn:aws:ec2:us-east-1::snapshot/snap-1" in found.needs
    assert "infrastructure role: kms:DescribeKey on arn:aws:kms:us-east-1:123456789012:key/1" in found.needs


VOLUME = [{"name": "data", "configuredAtLaunch": True}]
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"


def managed(**members: str) -> dict[str, Any]:
    return {"volumeConfigurations": [{"name": "data", "managedEBSVolume": members}]}


def with_key(found: Any) -> set[str]:
    actions = {need.split(" on ")[0].rpartition(":")[2] for need in found.needs if f" on {KEY}" in need}
    assert found.gaps == []
    return actions


ENCRYPTED = {"DescribeKey", "GenerateDataKeyWithoutPlaintext", "CreateGrant"}


def test_only_what_is_in_a_snapshot_is_encrypted_anew(answer: Any) -> None:
    assert with_key(answer(volumes=VOLUME, service=managed(kmsKeyId=KEY))) == ENCRYPTED
    both = with_key(answer(volumes=VOLUME, service=managed(kmsKeyId=KEY, snapshotId="snap-1")))
    assert both == {*ENCRYPTED, "ReEncryptFrom", "ReEncryptTo"}


@pytest.mark.parametrize(
    ("volumes", "settings", "actions"),
    [
        (VOLUME, managed(sizeInGiB="10"), ENCRYPTED),
        (VOLUME, managed(snapshotId="snap-1"), {*ENCRYPTED, "ReEncryptFrom", "ReEncryptTo"}),
        (VOLUME, managed(kmsKeyId="arn:aws:kms:us-east-1:123456789012:key/2"), set()),
        ([], {}, set()),
    ],
    ids=["no key of its own", "from a snapshot", "a key of its own", "no volume"],
)
def test_the_clusters_key_encrypts_volumes_without_one(
    answer: Any, volumes: Any, settings: Any, actions: set[str]
) -> None:
    cluster = {"configuration": {"managedStorageConfiguration": {"kmsKeyId": KEY}}}
    assert with_key(answer(volumes=volumes, service=settings, cluster=cluster)) == actions


def test_root_is_asked_for_on_s3_files_too(answer: Any) -> None:
    volumes = [{"name": "data", "s3filesVolumeConfiguration": {"fileSystemArn": S3_FILES}}]
    grant = f"task role: s3files:ClientRootAccess on {S3_FILES}"
    assert grant not in answer(volumes=volumes, facts={"root_volumes": ("other",)}).needs
    assert grant in answer(volumes=volumes, facts={"root_volumes": ("data",)}).needs


def test_an_alias_cannot_stand_in_a_policy(answer: Any) -> None:
    service = {"volumeConfigurations": [{"name": "data", "managedEBSVolume": {"kmsKeyId": "alias/x"}}]}
    assert "is an alias" in answer(service=service).gaps[0]
