"""Secrets and parameters that ECS injects as environment variables and log driver options."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from awacs import kms, secretsmanager, ssm
from msgspec.structs import replace

from cfnroles.need import Condition, Holder, Standing
from cfnroles.symbols import Parameter, Placeholder
from cfnroles.table.feature import Feature, Found, Grant, Trap, Unnamed
from cfnroles.table.references import (
    OpenReference,
    ParameterReference,
    SecretReference,
    secret_or_name,
    shown,
    value_from,
    via_service,
)
from cfnroles.text import Text

_KEYS = Text(Parameter("KmsKeyArns"))


def is_secret(found: Found) -> bool:
    """``valueFrom`` names a secret in Secrets Manager."""
    return isinstance(value_from(found.text, found.facts), SecretReference)


def is_parameter(found: Found) -> bool:
    """``valueFrom`` names a parameter in Parameter Store with its own value."""
    reference = value_from(found.text, found.facts)
    return isinstance(reference, ParameterReference) and reference.secret is None


def is_secret_by_parameter(found: Found) -> bool:
    """``valueFrom`` names a parameter in Parameter Store that represents a secret."""
    reference = value_from(found.text, found.facts)
    return isinstance(reference, ParameterReference) and reference.secret is not None


def is_open(found: Found) -> bool:
    """``valueFrom`` is one parameter of the template, whose value names a secret or a parameter."""
    return isinstance(value_from(found.text, found.facts), OpenReference)


def secret_of(found: Found) -> SecretReference:
    """The secret that is read: directly, or through a parameter."""
    reference = value_from(found.text, found.facts)
    secret = reference if isinstance(reference, SecretReference) else reference.secret
    if secret is None:
        raise Unnamed(
            f"{shown(found.text)} does not name a secret", "Name a parameter of /aws/reference/secretsmanager/"
        )
    return secret


def parameters_of(found: Found) -> tuple[ParameterReference, ...]:
    """The parameter that is read, for each possible meaning of its text."""
    reference = value_from(found.text, found.facts)
    if isinstance(reference, SecretReference):
        raise Unnamed(f"{shown(found.text)} does not name a parameter", "Name a parameter")
    return reference.parameters if isinstance(reference, OpenReference) else (reference,)


def secret(found: Found) -> tuple[Text, ...]:
    """The secret in the form of a policy."""
    return secret_of(found).policy_resources


def parameter(found: Found) -> tuple[Text, ...]:
    """The parameter in the form of a policy."""
    return tuple(each.arn.text for each in parameters_of(found))


def credentials(found: Found) -> tuple[Text, ...]:
    """The secret of ``credentialsParameter``, which may be given by its bare name."""
    return secret_or_name(found.text, found.facts).policy_resources


def itself(found: Found) -> Text:
    """The string for ECS, unchanged."""
    return found.text


def credentials_arn(found: Found) -> Text:
    """The ARN of the secret, also for a bare name."""
    return secret_or_name(found.text, found.facts).arn.text


def customer_keys(found: Found) -> Text:
    """The customer managed keys, which no task definition names: a parameter of the template."""
    return _KEYS


def through_secrets_manager(reference: SecretReference) -> tuple[Condition, ...]:
    """Decryption only of this secret, and only through Secrets Manager.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """
    return (
        via_service("secretsmanager", reference.arn.region),
        Condition("StringLike", "kms:EncryptionContext:SecretARN", tuple(sorted(reference.policy_resources))),
    )


def through_secrets_manager_for_secret(found: Found) -> tuple[Condition, ...]:
    """Decryption only of the secret, and only through Secrets Manager."""
    return through_secrets_manager(secret_of(found))


def through_parameter_store(found: Found) -> tuple[Condition, ...]:
    """Decryption only of this parameter, and only through Parameter Store.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
    """
    region = parameters_of(found)[0].arn.region
    return (
        via_service("ssm", region),
        Condition("StringEquals", "kms:EncryptionContext:PARAMETER_ARN", tuple(sorted(parameter(found)))),
    )


def secret_trap(found: Found) -> Trap | None:
    """A name that looks like a complete ARN, or a version that is given twice."""
    reference = secret_of(found)
    if reference.version_stage and reference.version_id:
        return Trap(
            f"{shown(found.text)} has both a version stage and a version id, and ECS accepts only one",
            "Leave one of the two empty",
        )
    account, home = reference.arn.account, found.facts.account
    if home and account != home and not account.unknown and not found.facts.kms_key_arns:
        return Trap(
            f"{reference.arn} belongs to another account, which can share a secret only if a customer"
            " managed key encrypts it",
            "Pass the key with --kms-key-arn; the policies of the secret and the key must also grant the role access",
        )
    return ambiguity(reference)


def ambiguity(reference: SecretReference) -> Trap | None:
    """A name that ends like a complete ARN."""
    if not reference.ambiguous:
        return None
    suffix = reference.arn.resource[-6:]
    return Trap(
        f"{reference.arn} ends in a hyphen and six characters, so Secrets Manager reads `{suffix}` as the random"
        " suffix of a complete ARN, and the role gets exactly this ARN",
        f"If `{suffix}` is a part of the secret's name, write the complete ARN, with the suffix after it",
    )


def credentials_trap(found: Found) -> Trap | None:
    """A name of the registry's secret that looks like a complete ARN."""
    return ambiguity(secret_or_name(found.text, found.facts))


def parameter_trap(found: Found) -> Trap | None:
    """A name that is invalid in Parameter Store, and likely meant for Secrets Manager."""
    if found.text.startswith(("arn:", "/", "${")) or "/" not in found.text.shape():
        return None
    return Trap(
        f"{shown(found.text)} is read as the name of a parameter, and a parameter name with a slash must begin with"
        " one",
        f"Write /{shown(found.text)} for a parameter, or the complete ARN for a secret",
    )


def through_secrets_manager_for_credentials(found: Found) -> tuple[Condition, ...]:
    """Decryption only of the registry's credentials, and only through Secrets Manager."""
    return through_secrets_manager(secret_or_name(found.text, found.facts))


def decrypt(conditions: Callable[[Found], tuple[Condition, ...]], sid: str = "DecryptSecrets") -> Grant:
    """Decryption with the customer managed keys, if the stack has any."""
    return Grant(kms.Decrypt, on=customer_keys, conditions=conditions, when=("KmsKeyArns",), sid=sid)


_OPEN = Placeholder("DatabasePasswordArn", written="${DATABASE_PASSWORD_ARN}", called="DATABASE_PASSWORD_ARN")
_READ_PARAMETER = Grant(ssm.GetParameters, on=parameter, sid="ReadParameters")
_SECRET = (
    Grant(secretsmanager.GetSecretValue, on=secret, sid="ReadSecrets"),
    decrypt(through_secrets_manager_for_secret),
)
_DECRYPT_BEHIND = replace(
    _SECRET[1],
    standing=Standing.UNPROVEN,
    doubt="that Secrets Manager uses the key with the role's permissions when Parameter Store reads the secret",
)
_PARAMETER = (
    _READ_PARAMETER,
    decrypt(through_parameter_store, "DecryptParameters"),
)

_FROM_SECRETS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html"
_FROM_PARAMETERS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-paramstore.html"
_FOR_LOGS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-logconfig.html"


def _rows(prefix: str, field: str, use: str, sources: tuple[str, str]) -> tuple[Feature, ...]:
    from_secrets, from_parameters = sources
    row = partial(Feature, field=field, holder=Holder.EXECUTION, standing=Standing.DOCUMENTED, reference=itself)
    return (
        row(
            name=f"{prefix}secret",
            why=f"ECS reads the secret and {use}",
            source=from_secrets,
            example="arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/database-AbCdEf:password::",
            grants=_SECRET,
            when=is_secret,
            trap=secret_trap,
        ),
        row(
            name=f"{prefix}parameter",
            why=f"ECS reads the parameter and {use}",
            source=from_parameters,
            example="/shop/feature-flags",
            grants=_PARAMETER,
            when=is_parameter,
            trap=parameter_trap,
        ),
        row(
            name=f"{prefix}secret-through-parameter",
            why=f"ECS reads the parameter, behind it the secret is read in the same role's name, and ECS {use}",
            source="https://docs.aws.amazon.com/systems-manager/latest/userguide/integration-ps-secretsmanager.html",
            example="/aws/reference/secretsmanager/shop/database",
            grants=(_READ_PARAMETER, _SECRET[0], _DECRYPT_BEHIND),
            when=is_secret_by_parameter,
        ),
        row(
            name=f"{prefix}secret-or-parameter",
            why=f"ECS reads the secret or parameter that the deployment names, and {use}",
            source=from_secrets,
            example=Text(_OPEN),
            grants=(*_SECRET, *_PARAMETER),
            when=is_open,
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
        standing=Standing.DOCUMENTED,
        example="arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/registry-MnOpQr",
        grants=(
            Grant(secretsmanager.GetSecretValue, on=credentials, sid="ReadSecrets"),
            decrypt(through_secrets_manager_for_credentials),
        ),
        reference=credentials_arn,
        use="repository-credentials",
        trap=credentials_trap,
    ),
)
