"""Amazon EBS volumes that ECS creates for each task with the infrastructure role."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from awacs import ec2, kms

from cfnroles.facts import partition_of
from cfnroles.need import Condition, Holder, Standing
from cfnroles.symbols import Attribute
from cfnroles.table.choices import is_true
from cfnroles.table.feature import Feature, Found, Grant, Malformed, Unnamed, everything
from cfnroles.table.references import located_arn, service_host
from cfnroles.text import ANYTHING, Arn, Text

_POLICY = (
    "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSInfrastructureRolePolicyForVolumes.html"
)
_LAUNCHED = "volumes[].configuredAtLaunch"
_CONFIGURED = "service.volumeConfigurations[].managedEBSVolume"
_CLUSTER_KEY = "cluster.configuration.managedStorageConfiguration.kmsKeyId"
_KEYS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ebs-kms-encryption.html"
_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_MANAGED = "AmazonECSManaged"
_TRUE = Text("true")
_CREATED = "AmazonECSCreated"


def is_launched(found: Found) -> bool:
    """The volume is configured at launch, which only managed EBS volumes are."""
    return is_true(found.value, "configuredAtLaunch")


def is_unconfigured(found: Found) -> bool:
    """No service setting contains the source of the volume."""
    volume = found.parent.get("name")
    configured = (
        value.get("name")
        for _, value in found.workload.find("service.volumeConfigurations[]")
        if isinstance(value, dict)
    )
    return is_launched(found) and volume not in configured


def is_of_snapshot(found: Found) -> bool:
    """The volume is created from a snapshot."""
    return bool(found.parent.get("snapshotId"))


def encrypts_volumes(found: Found) -> bool:
    """The task has a volume of ECS without a key of its own."""
    return any("kmsKeyId" not in volume for volume in _launched(found))


def encrypts_snapshots(found: Found) -> bool:
    """One of the volumes that the cluster's key encrypts is created from a snapshot."""
    return any("kmsKeyId" not in volume and volume.get("snapshotId") for volume in _launched(found))


def _launched(found: Found) -> Iterator[Mapping[str, Any]]:
    """The settings of each volume that ECS creates; none if the service does not contain them."""
    configured = {
        value.get("name"): value.get("managedEBSVolume")
        for _, value in found.workload.find("service.volumeConfigurations[]")
        if isinstance(value, Mapping)
    }
    for _, volume in found.workload.find("volumes[]"):
        if isinstance(volume, Mapping) and is_true(volume.get("configuredAtLaunch"), "configuredAtLaunch"):
            settings = configured.get(volume.get("name"))
            yield settings if isinstance(settings, Mapping) else {}


def of_kind(kind: str) -> Callable[[Found], Text]:
    """The EC2 resources of one kind in the home account, whose IDs are unknown when the role is created."""

    def resources(found: Found) -> Text:
        return found.facts.home_arn("ec2", f"{kind}/", ANYTHING)

    return resources


def asked_by_ecs(found: Found) -> tuple[Condition, ...]:
    """Only with ECS's tags for the volumes of its tasks."""
    return _tags(found, "aws:RequestTag")


def on_creation(found: Found) -> tuple[Condition, ...]:
    """Tags only while a volume is created."""
    return (*_tags(found, "aws:RequestTag"), Condition("StringEquals", "ec2:CreateAction", (Text("CreateVolume"),)))


def managed_by_ecs(found: Found) -> tuple[Condition, ...]:
    """Only volumes that ECS manages."""
    return (Condition("StringEquals", f"aws:ResourceTag/{_MANAGED}", (_TRUE,)),)


def made_by_ecs(found: Found) -> tuple[Condition, ...]:
    """Only volumes that ECS created for a task."""
    return _tags(found, "aws:ResourceTag")


def unknown_configuration(found: Found) -> None:
    """Raise Unnamed: the snapshot and key of the volume are defined where the service is created."""
    raise Unnamed(
        "the service, or the call that runs the task, chooses the snapshot and the key of the volume",
        "Pass the input of create-service with --service-file FILE, or that of run-task with --run-task-file FILE;"
        " in a spec, write it under `service` or `run-task`",
    )


def snapshot(found: Found) -> Text:
    """The snapshot of the volume; snapshots have no account in their ARNs."""
    region = found.facts.home_region
    return Text("arn:", partition_of(region), ":ec2:", region, "::snapshot/", found.text)


def key(found: Found) -> Text:
    """The volume's key, given by ARN or ID."""
    return key_arn(found, found.text).text


def key_arn(found: Found, text: Text) -> Arn:
    """The ARN of a KMS key, given by ARN or ID. Raises Unnamed for an alias, which no policy can contain.

    https://docs.aws.amazon.com/kms/latest/developerguide/cmks-in-iam-policies.html
    """
    is_arn = text.startswith(("arn:", "${")) and not _is_id(text)
    arn = located_arn(text) if is_arn else found.facts.arn("kms", Text("key/", text))
    if arn.resource.removeprefix("key/").startswith("alias/"):
        raise Unnamed(f"{text.written} is an alias, and a policy needs the ARN of the key", "Write the ARN of the key")
    if arn.service != "kms" or not arn.resource.startswith("key/"):
        raise Malformed(f"{text.written} is not the ARN of a KMS key", "Write arn:PARTITION:kms:REGION:ACCOUNT:key/ID.")
    return arn


def _is_id(text: Text) -> bool:
    """Return whether the text is the ``Ref`` of a key, which is its ID."""
    whole = text.whole
    return isinstance(whole, Attribute) and whole.type == "AWS::KMS::Key" and "." not in whole.name


def through_ec2(found: Found) -> tuple[Condition, ...]:
    """Only for an EBS volume, and only through EC2.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ebs-kms-encryption.html
    """
    region = key_arn(found, found.text).region
    return (
        Condition("StringEquals", "kms:ViaService", (service_host("ec2", region),)),
        Condition("ForAnyValue:StringEquals", "kms:EncryptionContextKeys", (Text("aws:ebs:id"),)),
    )


def grant_for_ec2(found: Found) -> tuple[Condition, ...]:
    """Grants only for EC2 itself."""
    return (*through_ec2(found), Condition("Bool", "kms:GrantIsForAWSResource", (_TRUE,)))


def _tags(found: Found, kind: str) -> tuple[Condition, ...]:
    return (
        Condition("StringEquals", f"{kind}/{_MANAGED}", (_TRUE,)),
        Condition("ArnLike", f"{kind}/{_CREATED}", (found.facts.home_arn("ecs", "task/", ANYTHING),)),
    )


_ENCRYPT = (
    Grant(kms.DescribeKey, on=key, sid="DescribeVolumeKeys"),
    Grant(kms.GenerateDataKeyWithoutPlaintext, on=key, conditions=through_ec2, sid="EncryptVolumes"),
    Grant(kms.CreateGrant, on=key, conditions=grant_for_ec2, sid="GrantVolumeKeys"),
)
_REENCRYPT = tuple(
    Grant(action, on=key, conditions=through_ec2, sid="EncryptVolumes")
    for action in (kms.ReEncryptFrom, kms.ReEncryptTo)
)
_VOLUME = ((_LAUNCHED, True), ("service.volumeConfigurations[].name", "data"))

FEATURES = (
    Feature(
        name="managed-volume",
        field=_LAUNCHED,
        holder=Holder.INFRASTRUCTURE,
        why="ECS creates an EBS volume for each task, attaches it, and deletes it afterwards",
        source=_POLICY,
        standing=Standing.MANAGED_POLICY,
        example=True,
        grants=(
            Grant(ec2.CreateVolume, on=of_kind("volume"), conditions=asked_by_ecs, sid="CreateVolumes"),
            Grant(ec2.CreateTags, on=of_kind("volume"), conditions=on_creation, sid="TagVolumes"),
            Grant(ec2.DescribeVolumes, on=everything, sid="FindVolumes"),
            Grant(ec2.DescribeAvailabilityZones, on=everything, sid="FindVolumes"),
            Grant(ec2.DescribeInstances, on=everything, sid="FindVolumes"),
            Grant(ec2.AttachVolume, on=of_kind("volume"), conditions=managed_by_ecs, sid="AttachVolumes"),
            Grant(ec2.DetachVolume, on=of_kind("volume"), conditions=managed_by_ecs, sid="AttachVolumes"),
            Grant(ec2.AttachVolume, on=of_kind("instance"), sid="AttachToInstances"),
            Grant(ec2.DetachVolume, on=of_kind("instance"), sid="AttachToInstances"),
            Grant(ec2.DeleteVolume, on=of_kind("volume"), conditions=made_by_ecs, sid="DeleteVolumes"),
        ),
        when=is_launched,
    ),
    Feature(
        name="managed-volume-configuration",
        field=_LAUNCHED,
        holder=Holder.INFRASTRUCTURE,
        why="a snapshot or a customer managed key of the volume requires additional permissions",
        source=_POLICY,
        standing=Standing.MANAGED_POLICY,
        example=True,
        hidden=unknown_configuration,
        when=is_unconfigured,
    ),
    Feature(
        name="managed-volume-snapshot",
        field=f"{_CONFIGURED}.snapshotId",
        holder=Holder.INFRASTRUCTURE,
        why="ECS creates the volume from this snapshot",
        source=_POLICY,
        standing=Standing.MANAGED_POLICY,
        example="snap-0123456789abcdef0",
        grants=(Grant(ec2.CreateVolume, on=snapshot, sid="UseSnapshots"),),
    ),
    Feature(
        name="managed-volume-key",
        field=f"{_CONFIGURED}.kmsKeyId",
        holder=Holder.INFRASTRUCTURE,
        why="EC2 encrypts the volume with this key, with the permissions of the infrastructure role",
        source=_KEYS,
        standing=Standing.DOCUMENTED,
        example=_KEY,
        grants=_ENCRYPT,
    ),
    Feature(
        name="managed-volume-snapshot-key",
        field=f"{_CONFIGURED}.kmsKeyId",
        holder=Holder.INFRASTRUCTURE,
        why="EC2 re-encrypts the snapshot with this key",
        source=_KEYS,
        standing=Standing.DOCUMENTED,
        example=_KEY,
        grants=_REENCRYPT,
        when=is_of_snapshot,
        beside=((f"{_CONFIGURED}.snapshotId", "snap-0123456789abcdef0"),),
    ),
    Feature(
        name="cluster-volume-key",
        field=_CLUSTER_KEY,
        holder=Holder.INFRASTRUCTURE,
        why="EC2 encrypts volumes that name no key with the key of the cluster",
        source=_KEYS,
        standing=Standing.DOCUMENTED,
        example=_KEY,
        grants=_ENCRYPT,
        when=encrypts_volumes,
        beside=_VOLUME,
    ),
    Feature(
        name="cluster-volume-snapshot-key",
        field=_CLUSTER_KEY,
        holder=Holder.INFRASTRUCTURE,
        why="EC2 re-encrypts the snapshot with the key of the cluster",
        source=_KEYS,
        standing=Standing.DOCUMENTED,
        example=_KEY,
        grants=_REENCRYPT,
        when=encrypts_snapshots,
        beside=(*_VOLUME, (f"{_CONFIGURED}.snapshotId", "snap-0123456789abcdef0")),
    ),
)
