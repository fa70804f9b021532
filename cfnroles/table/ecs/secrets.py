"""Secrets and parameters that ECS injects as environment variables and as options of log drivers."""

from __future__ import annotations

from awacs import kms, secretsmanager, ssm

from cfnroles.need import Condition, Holder
from cfnroles.table.feature import Feature, Found, Grant, Trap, Unnamed
from cfnroles.table.references import ParameterReference, SecretReference, parse_arn, secret_or_name, value_from

_KEYS = "${KmsKeyArns}"


def is_secret(found: Found) -> bool:
    """``valueFrom`` names a secret in Secrets Manager."""
    return isinstance(value_from(found.text, found.facts), SecretReference)


def is_parameter(found: Found) -> bool:
    """``valueFrom`` names a parameter in Parameter Store that holds its own value."""
    reference = value_from(found.text, found.facts)
    return isinstance(reference, ParameterReference) and reference.secret is None


def is_secret_by_parameter(found: Found) -> bool:
    """``valueFrom`` names a parameter in Parameter Store that stands for a secret."""
    reference = value_from(found.text, found.facts)
    return isinstance(reference, ParameterReference) and reference.secret is not None


def secret_behind(found: Found) -> str:
    """The secret that the parameter stands for."""
    reference = value_from(found.text, found.facts)
    if not isinstance(reference, ParameterReference) or reference.secret is None:
        raise Unnamed(f"{found.text} stands for no secret", "Name a parameter of /aws/reference/secretsmanager/")
    return reference.secret.policy_resource


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


def through_secrets_manager_behind(found: Found) -> tuple[Condition, ...]:
    """Decrypt for the secret that a parameter stands for only, and only when Secrets Manager asks."""
    return through_secrets_manager(secret_behind(found))


def secret_trap(found: Found) -> Trap | None:
    """A name that may be taken for a complete ARN, or a version that is named twice."""
    reference = value_from(found.text, found.facts)
    if not isinstance(reference, SecretReference):
        return None
    if reference.version_stage and reference.version_id:
        return Trap(
            f"{found.text} names a version's stage and its id, and ECS takes one of them", "Leave one of the two empty"
        )
    account = reference.arn.account
    if (
        found.facts.account
        and account not in (found.facts.account, "${AWS::AccountId}")
        and not found.facts.kms_key_arns
    ):
        return Trap(
            f"{reference.arn} belongs to another account, which can share a secret only under a customer managed key",
            "Give the key with --kms-key-arn; the secret's and the key's policies must admit the role too",
        )
    return ambiguity(reference)


def ambiguity(reference: SecretReference) -> Trap | None:
    """A name that ends as a complete ARN does."""
    if not reference.ambiguous:
        return None
    suffix = reference.arn.resource[-6:]
    return Trap(
        f"{reference.arn} ends in a hyphen and six characters, so Secrets Manager takes `{suffix}` for the random"
        " suffix of a complete ARN, and the role gets this ARN as it stands",
        f"If `{suffix}` is a part of the secret's name, write the complete ARN, with the suffix after it",
    )


def credentials_trap(found: Found) -> Trap | None:
    """A name of the registry's secret that may be taken for a complete ARN."""
    return ambiguity(secret_or_name(found.text, found.facts))


def parameter_trap(found: Found) -> Trap | None:
    """A name that Parameter Store does not take, and that is likely meant for Secrets Manager."""
    if found.text.startswith(("arn:", "/")) or "/" not in found.text:
        return None
    return Trap(
        f"{found.text} is read as the name of a parameter, and a parameter whose name has a slash begins with one",
        f"Write /{found.text} for a parameter, or the complete ARN for a secret",
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

_BY_PARAMETER = (
    Grant(ssm.GetParameters, on=itself, sid="ReadParameters"),
    Grant(secretsmanager.GetSecretValue, on=secret_behind, sid="ReadSecrets"),
    Grant(
        kms.Decrypt,
        on=customer_keys,
        conditions=through_secrets_manager_behind,
        when=("KmsKeyArns",),
        sid="DecryptSecrets",
    ),
)

_FROM_SECRETS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html"
_FROM_PARAMETERS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-paramstore.html"
_FOR_LOGS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-logconfig.html"


def _rows(prefix: str, field: str, use: str, sources: tuple[str, str]) -> tuple[Feature, ...]:
    from_secrets, from_parameters = sources
    return (
        Feature(
            name=f"{prefix}secret",
            field=field,
            holder=Holder.EXECUTION,
            why=f"ECS reads the secret and {use}",
            source=from_secrets,
            example="arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/database-AbCdEf:password::",
            grants=_SECRET,
            when=is_secret,
            reference=spelled,
            trap=secret_trap,
        ),
        Feature(
            name=f"{prefix}parameter",
            field=field,
            holder=Holder.EXECUTION,
            why=f"ECS reads the parameter and {use}",
            source=from_parameters,
            example="/shop/feature-flags",
            grants=_PARAMETER,
            when=is_parameter,
            reference=spelled,
            trap=parameter_trap,
        ),
        Feature(
            name=f"{prefix}secret-through-parameter",
            field=field,
            holder=Holder.EXECUTION,
            why=f"ECS reads the parameter, behind it the secret is read in the same role's name, and ECS {use}",
            source="https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html",
            example="/aws/reference/secretsmanager/shop/database",
            grants=_BY_PARAMETER,
            when=is_secret_by_parameter,
            reference=spelled,
        ),
    )


FEATURES = (
    *_rows(
        "",
        "containerDefinitions[].secrets[].valueFrom",
        "sets it as an environment variable before it starts the container",
        (_FROM_SECRETS, _FROM_PARAMETERS),
    ),
    *_rows(
        "log-",
        "containerDefinitions[].logConfiguration.secretOptions[].valueFrom",
        "passes it to the log driver",
        (_FOR_LOGS, _FOR_LOGS),
    ),
    *_rows(
        "service-connect-log-",
        "service.serviceConnectConfiguration.logConfiguration.secretOptions[].valueFrom",
        "passes it to the log driver of the Service Connect proxy",
        (_FOR_LOGS, _FOR_LOGS),
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
        use="repository-credentials",
        trap=credentials_trap,
    ),
)
