"""Managed Instances: the role with which ECS launches the instances of a capacity provider, and their own role.

AWS's managed policies cover every account, Region, subnet and cluster, and each role with a name prefix. These rows use
those of the capacity provider. The rest is AWS's: the conditions on tags, the images, and what is only described.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from awacs import cloudformation, ec2, ecs, iam, resource_groups, tag

from cfnroles.facts import partition_of
from cfnroles.need import Condition, Holder, Standing
from cfnroles.role_kinds import kind_of
from cfnroles.table.choices import is_choice
from cfnroles.table.feature import Feature, Found, Grant, Malformed, Unnamed, always, everything
from cfnroles.table.references import located_arn
from cfnroles.table.scopes import EveryOf, When, each_of
from cfnroles.text import ANYTHING, EMPTY, Text, arn_of, text_of
from cfnroles.workload import PROFILE, PROVIDER

_REFERENCE = "https://docs.aws.amazon.com/aws-managed-policy/latest/reference"
_POLICY = f"{_REFERENCE}/AmazonECSInfrastructureRolePolicyForManagedInstances.html"
_INSTANCE_POLICY = f"{_REFERENCE}/AmazonECSInstanceRolePolicyForManagedInstances.html"
_PROVIDER = f"{PROVIDER}.managedInstancesProvider"
_LAUNCHED = f"{_PROVIDER}.instanceLaunchTemplate"
_NETWORK = f"{_LAUNCHED}.networkConfiguration"
#: Resources that ECS creates and tags when it launches instances.
_MADE = ("instance", "network-interface", "volume")
_DESCRIBED = (
    ec2.DescribeAvailabilityZones,
    ec2.DescribeCapacityReservations,
    ec2.DescribeInstanceTypeOfferings,
    ec2.DescribeInstanceTypes,
    ec2.DescribeInstances,
    ec2.DescribeLaunchTemplates,
    ec2.DescribeNetworkInterfaces,
    ec2.DescribeSecurityGroups,
    ec2.DescribeSubnets,
    ec2.DescribeVpcs,
)


def _every(*kinds: str) -> EveryOf:
    """Every resource of these kinds of Amazon EC2."""
    return EveryOf("ec2", *(f"{kind}/" for kind in kinds))


def images(found: Found) -> Text:
    """Every image, which has no account in its ARN."""
    region = found.facts.home_region
    return Text("arn:", partition_of(region), ":ec2:", region, "::image/", ANYTHING)


def subnet(found: Found) -> Text:
    """The subnet."""
    return found.facts.home_arn("ec2", "subnet/", found.text)


def security_group(found: Found) -> Text:
    """The security group."""
    return found.facts.home_arn("ec2", "security-group/", found.text)


def reservation_group(found: Found) -> Text:
    """The resource group of capacity reservations."""
    arn = located_arn(found.text)
    if arn.service != "resource-groups" or not arn.resource.startswith("group/"):
        raise Malformed(
            f"{found.text.written} is not the ARN of a resource group",
            "Write arn:PARTITION:resource-groups:REGION:ACCOUNT:group/NAME.",
        )
    return arn.text


def stacks(found: Found) -> Text:
    """Every stack: a resource group may be created from one, and the capacity provider does not contain which."""
    return found.facts.home_arn("cloudformation", "stack/", ANYTHING)


def instance_role(found: Found) -> Text:
    """The role of the instances: of the profile that is named where that can be seen, else the one that is made."""
    if PROFILE not in found.workload.tree or found.facts.makes_profiles:
        return kind_of(Holder.INSTANCE).arn
    told = found.workload.at((PROFILE, "roleArn"))
    role = text_of(told) if isinstance(told, str) else EMPTY
    if arn_of(role) is None and role.whole is None:
        raise Unnamed(
            f"the ARN of the role in the instance profile{f' {found.text.written}' if found.text else ''} is unknown",
            "Allow the managed instances role iam:PassRole on that role",
        )
    return role


def spot_role(found: Found) -> Text:
    """The service-linked role of EC2 Spot, which is created with the first Spot Instance."""
    facts = found.facts
    role = "role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
    return Text("arn:", partition_of(facts.home_region), ":iam::", facts.home_account, ":", role)


def cluster(found: Found) -> Text:
    """The cluster of the capacity provider."""
    return found.facts.home_arn("ecs", "cluster/", _cluster(found))


def container_instances(found: Found) -> Text:
    """The container instances of the cluster."""
    return found.facts.home_arn("ecs", "container-instance/", _cluster(found), "/", ANYTHING)


def task_sets(found: Found) -> Text:
    """The task sets of the cluster."""
    return found.facts.home_arn("ecs", "task-set/", _cluster(found), "/", ANYTHING)


def by_default(found: Found) -> bool:
    """The capacity provider has no security group: that of the default VPC is used."""
    network = found.workload.at(found.path[:-2])
    return isinstance(network, Mapping) and not network.get("securityGroups")


def is_spot(found: Found) -> bool:
    """The instances are Spot Instances."""
    return is_choice(found.text, "SPOT", "capacityOptionType")


def _cluster(found: Found) -> Text:
    provider = found.workload.tree[PROVIDER]
    named = provider.get("cluster") if isinstance(provider, Mapping) else None
    if not isinstance(named, str) or not named:
        raise Unnamed(
            "the capacity provider names no cluster", "Name it: `ClusterName` in CloudFormation, otherwise `cluster`"
        )
    return text_of(named).cut("/")[-1]


def to_ec2(found: Found) -> tuple[Condition, ...]:
    """Passed to Amazon EC2, by its name in each partition."""
    return (Condition("StringLike", "iam:PassedToService", (Text("ec2.", ANYTHING),)),)


_TAGGED_NOW = When("StringEquals", "aws:RequestTag/AmazonECSManaged", "true")
_TAGGED = When("StringEquals", "ec2:ResourceTag/AmazonECSManaged", "true")
_OPERATED = When("StringEquals", "ec2:ManagedResourceOperator", "ecs.amazonaws.com")
_AS_MADE = When("StringEquals", "ec2:CreateAction", "CreateFleet", "CreateLaunchTemplate", "RunInstances")
_BOTH = (ec2.CreateFleet, ec2.RunInstances)


_infrastructure = partial(
    Feature, holder=Holder.MANAGED_INSTANCES, source=_POLICY, standing=Standing.MANAGED_POLICY, when=always
)

#: The permission that depends on the role in the instance profile.
PASSED_ROLE = _infrastructure(
    name="managed-instances-role",
    field=f"{_LAUNCHED}.ec2InstanceProfileArn",
    why="ECS passes the role in the instance profile to the instances",
    source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instances-instance-profile.html",
    standing=Standing.DOCUMENTED,
    example="arn:aws:iam::123456789012:instance-profile/ecsInstanceRole",
    grants=(Grant(iam.PassRole, on=instance_role, sid="PassInstanceRole", conditions=to_ec2),),
)

FEATURES = (
    _infrastructure(
        name="managed-instances",
        field=f"{_PROVIDER}.infrastructureRoleArn",
        why="ECS creates launch templates and launches the instances of the capacity provider from them",
        example="arn:aws:iam::123456789012:role/ecsInfrastructureRole",
        grants=(
            Grant(ec2.CreateLaunchTemplate, on=_every("launch-template"), sid="MakeTemplates", conditions=_TAGGED_NOW),
            *each_of(
                (ec2.CreateLaunchTemplateVersion, ec2.ModifyLaunchTemplate),
                on=_every("launch-template"),
                sid="ChangeTemplates",
                conditions=_OPERATED,
            ),
            Grant(ec2.CreateFleet, on=_every("fleet", *_MADE), sid="LaunchFleets", conditions=_TAGGED_NOW),
            Grant(ec2.RunInstances, on=_every(*_MADE), sid="LaunchInstances", conditions=_TAGGED_NOW),
            *each_of(_BOTH, on=_every("launch-template"), sid="LaunchByTemplates", conditions=_TAGGED),
            *each_of(_BOTH, on=images, sid="LaunchImages"),
            Grant(
                ec2.CreateTags, on=_every("fleet", "launch-template", *_MADE), sid="TagWhatIsMade", conditions=_AS_MADE
            ),
            *each_of(_DESCRIBED, on=everything, sid="DescribeInstances"),
        ),
    ),
    _infrastructure(
        name="managed-instances-subnet",
        field=f"{_NETWORK}.subnets[]",
        why="ECS launches instances in this subnet",
        example="subnet-0123456789abcdef0",
        grants=tuple(each_of(_BOTH, on=subnet, sid="LaunchInNetwork")),
    ),
    _infrastructure(
        name="managed-instances-security-group",
        field=f"{_NETWORK}.securityGroups[]",
        why="ECS launches instances with this security group",
        example="sg-0123456789abcdef0",
        grants=tuple(each_of(_BOTH, on=security_group, sid="LaunchInNetwork")),
    ),
    _infrastructure(
        name="managed-instances-default-security-group",
        field=f"{_NETWORK}.subnets[]",
        why="ECS launches instances with the default security group of the VPC, because the capacity provider names"
        " none",
        example="subnet-0123456789abcdef0",
        grants=tuple(each_of(_BOTH, on=_every("security-group"), sid="LaunchInNetwork")),
        when=by_default,
    ),
    _infrastructure(
        name="managed-instances-spot",
        field=f"{_LAUNCHED}.capacityOptionType",
        why="the first Spot Instance in an account creates a service-linked role",
        example="SPOT",
        grants=(Grant(iam.CreateServiceLinkedRole, on=spot_role, sid="MakeSpotRole"),),
        when=is_spot,
    ),
    _infrastructure(
        name="managed-instances-reservations",
        field=f"{_LAUNCHED}.capacityReservations.reservationGroupArn",
        why="ECS launches instances in the Capacity Reservations of this resource group",
        example="arn:aws:resource-groups:us-east-1:123456789012:group/reserved",
        grants=(
            Grant(ec2.RunInstances, on=reservation_group, sid="LaunchReserved"),
            Grant(resource_groups.ListGroupResources, on=reservation_group, sid="ListReservations"),
            Grant(tag.GetResources, on=everything, sid="FindReservations"),
            *each_of(
                (cloudformation.DescribeStacks, cloudformation.ListStackResources), on=stacks, sid="FindReservedStacks"
            ),
        ),
    ),
    PASSED_ROLE,
    Feature(
        name="managed-instances-agent",
        field=f"{_LAUNCHED}.ec2InstanceProfileArn",
        holder=Holder.INSTANCE,
        why="the ECS agent registers its instance with the cluster, and reports the state of the instance and its"
        " tasks",
        source=_INSTANCE_POLICY,
        standing=Standing.MANAGED_POLICY,
        example="arn:aws:iam::123456789012:instance-profile/ecsInstanceRole",
        grants=(
            Grant(ecs.DiscoverPollEndpoint, on=everything, sid="FindEndpoint"),
            *each_of(
                (ecs.RegisterContainerInstance, ecs.SubmitAttachmentStateChanges, ecs.SubmitTaskStateChange),
                on=cluster,
                sid="TellCluster",
            ),
            *each_of(
                (ecs.Poll, ecs.PutSystemLogEvents, ecs.StartTelemetrySession),
                on=container_instances,
                sid="TellOfInstance",
            ),
            Grant(ecs.Poll, on=task_sets, sid="PollTaskSets"),
        ),
        beside=((f"{PROVIDER}.cluster", "shop"),),
    ),
)
