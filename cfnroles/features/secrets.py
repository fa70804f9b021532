"""Secrets and parameters that ECS injects as environment variables and as options of log drivers."""

from __future__ import annotations

from awacs import kms, secretsmanager, ssm

from cfnroles.arns import ParameterReference, SecretReference, parse_arn, secret_or_name, value_from
from cfnroles.feature import Feature, Found, Grant
from cfnroles.need import Condition, Holder

_KEYS = "${KmsKeyArns}"


def is_secret(found: Found) -> bool:
    """``valueFrom`` names a secret in Secrets Manager."""
    return isinstance(value_from(found.text, found.facts), SecretReference)


def is_parameter(found: Found) -> bool:
    """``valueFrom`` names a parameter in Parameter Store."""
    return isinstance(value_from(found.text, found.facts), ParameterReference)


def itself(found: Found) -> str:
    """The secret or the parameter, as a policy names it."""
    reference = value_from(found.text, found.facts)
    return reference.policy_resource if isinstance(reference, SecretReference) else str(reference.arn)


def credentials(found: Found) -> str:
    """The secret of ``credentialsParameter``, which may be given by its bare name."""
    return secret_or_name(found.text, found.facts).policy_resource


def spelled(found: Found) -> str:
    """What ECS is given, as it stands in the document."""
    return found.text


def credentials_spelled(found: Found) -> str:
    """The ARN of the secret, also where the document gives its bare name."""
    return str(secret_or_name(found.text, found.facts).arn)


def customer_keys(found: Found) -> str:
    """The customer managed keys, which no task definition names: a parameter of the template."""
    return _KEYS


def through_secrets_manager(secret: str) -> tuple[Condition, ...]:
    """Decrypt for this secret only, and only when Secrets Manager asks.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """
    region = parse_arn(secret).region
    return (
        Condition("StringEquals", "kms:ViaService", (f"secretsmanager.{region}.amazonaws.com",)),
        Condition("StringLike", "kms:EncryptionContext:SecretARN", (secret,)),
    )


def through_service(found: Found) -> tuple[Condition, ...]:
    """Decrypt for this secret or parameter only, and only when its service asks.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
    """
    resource = itself(found)
    if is_secret(found):
        return through_secrets_manager(resource)
    region = parse_arn(resource).region
    return (
        Condition("StringEquals", "kms:ViaService", (f"ssm.{region}.amazonaws.com",)),
        Condition("StringEquals", "kms:EncryptionContext:PARAMETER_ARN", (resource,)),
    )


def through_secrets_manager_for_credentials(found: Found) -> tuple[Condition, ...]:
    """Decrypt for the registry's credentials only, and only when Secrets Manager asks."""
    return through_secrets_manager(credentials(found))


_SECRET = (
    Grant(secretsmanager.GetSecretValue, on=itself, sid="ReadSecrets"),
    Grant(kms.Decrypt, on=customer_keys, conditions=through_service, when=("KmsKeyArns",), sid="DecryptSecrets"),
)
_PARAMETER = (
    Grant(ssm.GetParameters, on=itself, sid="ReadParameters"),
    Grant(kms.Decrypt, on=customer_keys, conditions=through_service, when=("KmsKeyArns",), sid="DecryptParameters"),
)

FEATURES = (
    Feature(
        name="secret",
        field="containerDefinitions[].secrets[].valueFrom",
        holder=Holder.EXECUTION,
        why="ECS reads the secret and sets it as an environment variable before it starts the container",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html",
        example="arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/database-AbCdEf:password::",
        grants=_SECRET,
        when=is_secret,
        reference=spelled,
    ),
    Feature(
        name="parameter",
        field="containerDefinitions[].secrets[].valueFrom",
        holder=Holder.EXECUTION,
        why="ECS reads the parameter and sets it as an environment variable before it starts the container",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-paramstore.html",
        example="/shop/feature-flags",
        grants=_PARAMETER,
        when=is_parameter,
        reference=spelled,
    ),
    Feature(
        name="log-secret",
        field="containerDefinitions[].logConfiguration.secretOptions[].valueFrom",
        holder=Holder.EXECUTION,
        why="ECS reads the secret and passes it to the log driver",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-logconfig.html",
        example="arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/splunk-token-GhIjKl",
        grants=_SECRET,
        when=is_secret,
        reference=spelled,
    ),
    Feature(
        name="log-parameter",
        field="containerDefinitions[].logConfiguration.secretOptions[].valueFrom",
        holder=Holder.EXECUTION,
        why="ECS reads the parameter and passes it to the log driver",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-logconfig.html",
        example="/shop/splunk-token",
        grants=_PARAMETER,
        when=is_parameter,
        reference=spelled,
    ),
    Feature(
        name="registry-credentials",
        field="containerDefinitions[].repositoryCredentials.credentialsParameter",
        holder=Holder.EXECUTION,
        why="ECS reads the user name and password of the private registry before it pulls the image",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html",
        example="arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/registry-MnOpQr",
        grants=(
            Grant(secretsmanager.GetSecretValue, on=credentials, sid="ReadSecrets"),
            Grant(
                kms.Decrypt,
                on=customer_keys,
                conditions=through_secrets_manager_for_credentials,
                when=("KmsKeyArns",),
                sid="DecryptSecrets",
            ),
        ),
        reference=credentials_spelled,
    ),
)
