"""Certificates of Service Connect, which ECS requests and stores with the infrastructure role."""

from __future__ import annotations

from awacs import acm_pca, kms, secretsmanager

from cfnroles.facts import partition_of
from cfnroles.need import Condition, Holder, Standing
from cfnroles.table.ecs.managed_volumes import key
from cfnroles.table.feature import Feature, Found, Grant, Malformed
from cfnroles.table.references import located_arn
from cfnroles.text import ANYTHING, Text

_REFERENCE = "https://docs.aws.amazon.com/aws-managed-policy/latest/reference"
_TLS = f"{_REFERENCE}/AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity.html"
_TLS_FIELD = "service.serviceConnectConfiguration.services[].tls"


def authority(found: Found) -> Text:
    """The private certificate authority."""
    arn = located_arn(found.text)
    if arn.service != "acm-pca" or not arn.resource.startswith("certificate-authority/"):
        raise Malformed(
            f"{found.text.written} is not the ARN of a private certificate authority",
            "Write arn:PARTITION:acm-pca:REGION:ACCOUNT:certificate-authority/ID.",
        )
    return arn.text


def certificates(found: Found) -> Text:
    """The secrets with the certificates of Service Connect."""
    return found.facts.home_arn("secretsmanager", "secret:ecs-sc!", ANYTHING)


def asked_for_services(found: Found) -> tuple[Condition, ...]:
    """Only with ECS's tags for what it creates for services."""
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
    """Only end-entity certificates, from an authority that its owner has tagged for ECS."""
    partition = partition_of(located_arn(found.text).region)
    template = Text("arn:", partition, ":acm-pca:::template/EndEntityCertificate/V1")
    return (*managed_authority(found), Condition("StringEquals", "acm-pca:TemplateArn", (template,)))


FEATURES = (
    Feature(
        name="service-connect-certificates",
        field=f"{_TLS_FIELD}.issuerCertificateAuthority.awsPcaAuthorityArn",
        holder=Holder.INFRASTRUCTURE,
        why="ECS requests certificates for Service Connect from AWS Private CA, stores them in secrets that it manages,"
        " and renews them",
        source=_TLS,
        standing=Standing.MANAGED_POLICY,
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
        why="this key encrypts the certificates of Service Connect",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-tls.html",
        standing=Standing.DOCUMENTED,
        example="arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        grants=tuple(
            Grant(action, on=key, sid="EncryptCertificates")
            for action in (kms.Encrypt, kms.Decrypt, kms.GenerateDataKey, kms.GenerateDataKeyPair)
        ),
    ),
)
