"""What ECS manages for a service with the infrastructure role: certificates of Service Connect, and targets."""

from __future__ import annotations

from awacs import acm_pca, ec2, kms, secretsmanager, vpc_lattice

from cfnroles.facts import partition_of
from cfnroles.need import Condition, Holder
from cfnroles.table.ecs.managed_volumes import key
from cfnroles.table.feature import Feature, Found, Grant, Unnamed, everything
from cfnroles.table.references import located_arn
from cfnroles.text import ANYTHING, Text

_REFERENCE = "https://docs.aws.amazon.com/aws-managed-policy/latest/reference"
_TLS = f"{_REFERENCE}/AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity.html"
_TLS_FIELD = "service.serviceConnectConfiguration.services[].tls"


def authority(found: Found) -> Text:
    """The private certificate authority."""
    return located_arn(found.text).text


def certificates(found: Found) -> Text:
    """The secrets in which ECS keeps the certificates of Service Connect."""
    return found.facts.home_arn("secretsmanager", "secret:ecs-sc!", ANYTHING)


def asked_for_services(found: Found) -> tuple[Condition, ...]:
    """Only with the tags that ECS gives to what it makes for services."""
    return (
        Condition("StringEquals", "aws:RequestTag/AmazonECSManaged", (Text("true"),)),
        Condition(
            "ArnLike",
            "aws:RequestTag/AmazonECSCreated",
            tuple(found.facts.home_arn("ecs", kind, "/", ANYTHING, "/", ANYTHING) for kind in ("service", "task-set")),
        ),
    )


def owned_by_service_connect(found: Found) -> tuple[Condition, ...]:
    """Only secrets that Service Connect owns."""
    owner = "secretsmanager:ResourceTag/aws:secretsmanager:owningService"
    return (Condition("StringEquals", owner, (Text("ecs-sc"),)),)


def managed_authority(found: Found) -> tuple[Condition, ...]:
    """Only an authority that its owner has tagged for ECS."""
    return (Condition("StringEquals", "aws:ResourceTag/AmazonECSManaged", (Text("true"),)),)


def end_entities(found: Found) -> tuple[Condition, ...]:
    """Only certificates of end entities, from an authority that its owner has tagged for ECS."""
    partition = partition_of(located_arn(found.text).region)
    template = Text("arn:", partition, ":acm-pca:::template/EndEntityCertificate/V1")
    return (*managed_authority(found), Condition("StringEquals", "acm-pca:TemplateArn", (template,)))


def target_group(found: Found) -> Text:
    """The target group of VPC Lattice."""
    return located_arn(found.text).text


def unknown_listeners(found: Found) -> None:
    """Never seen: AWS changes the policy for load balancers often, and it names no resource of the service."""
    raise Unnamed(
        "ECS switches listeners and rules of the load balancer with a role of its own, which is not built here",
        "Give that role AmazonECSInfrastructureRolePolicyForLoadBalancers, AWS's own policy",
    )


FEATURES = (
    Feature(
        name="service-connect-certificates",
        field=f"{_TLS_FIELD}.issuerCertificateAuthority.awsPcaAuthorityArn",
        holder=Holder.INFRASTRUCTURE,
        why="ECS has certificates issued for Service Connect, keeps them in secrets of its own and renews them",
        source=_TLS,
        example="arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1234abcd-12ab-34cd-56ef-1234567890ab",
        grants=(
            Grant(secretsmanager.CreateSecret, on=certificates, conditions=asked_for_services, sid="MakeCertificates"),
            Grant(secretsmanager.TagResource, on=certificates, conditions=asked_for_services, sid="MakeCertificates"),
            *(
                Grant(action, on=certificates, conditions=owned_by_service_connect, sid="RenewCertificates")
                for action in (
                    secretsmanager.UpdateSecret,
                    secretsmanager.GetSecretValue,
                    secretsmanager.PutSecretValue,
                    secretsmanager.DeleteSecret,
                    secretsmanager.RotateSecret,
                    secretsmanager.UpdateSecretVersionStage,
                )
            ),
            Grant(secretsmanager.DescribeSecret, on=certificates, sid="FindCertificates"),
            *(
                Grant(action, on=authority, conditions=managed_authority, sid="ReadAuthority")
                for action in (
                    acm_pca.GetCertificate,
                    acm_pca.GetCertificateAuthorityCertificate,
                    acm_pca.DescribeCertificateAuthority,
                )
            ),
            Grant(acm_pca.IssueCertificate, on=authority, conditions=end_entities, sid="IssueCertificates"),
        ),
    ),
    Feature(
        name="service-connect-key",
        field=f"{_TLS_FIELD}.kmsKey",
        holder=Holder.INFRASTRUCTURE,
        why="the certificates of Service Connect are kept under this key",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-tls.html",
        example="arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        grants=tuple(
            Grant(action, on=key, sid="EncryptCertificates")
            for action in (kms.Encrypt, kms.Decrypt, kms.GenerateDataKey, kms.GenerateDataKeyPair)
        ),
    ),
    Feature(
        name="lattice-targets",
        field="service.vpcLatticeConfigurations[].targetGroupArn",
        holder=Holder.INFRASTRUCTURE,
        why="ECS registers the service's tasks as targets in VPC Lattice",
        source=f"{_REFERENCE}/AmazonECSInfrastructureRolePolicyForVpcLattice.html",
        example="arn:aws:vpc-lattice:us-east-1:123456789012:targetgroup/tg-0123456789abcdef0",
        grants=(
            *(
                Grant(action, on=target_group, sid="RegisterTargets")
                for action in (
                    vpc_lattice.RegisterTargets,
                    vpc_lattice.DeregisterTargets,
                    vpc_lattice.GetTargetGroup,
                    vpc_lattice.ListTargets,
                )
            ),
            *(
                Grant(action, on=everything, sid="FindTargets")
                for action in (ec2.DescribeSubnets, ec2.DescribeVpcs, ec2.DescribeInstances)
            ),
        ),
    ),
    Feature(
        name="load-balancer-deployments",
        field="service.loadBalancers[].advancedConfiguration.productionListenerRule",
        holder=Holder.INFRASTRUCTURE,
        why="ECS shifts traffic between target groups of a load balancer during a deployment",
        source=f"{_REFERENCE}/AmazonECSInfrastructureRolePolicyForLoadBalancers.html",
        example="arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee",
        hidden=unknown_listeners,
    ),
)
