"""Active Directory credentials (gMSA): a credential spec in S3 or Parameter Store, and the secret in it."""

from __future__ import annotations

from functools import partial

from awacs import kms, s3, secretsmanager, ssm
from msgspec.structs import replace

from cfnroles.need import Condition, Holder, Standing
from cfnroles.symbols import Symbol
from cfnroles.table.ecs.environment_files import owned
from cfnroles.table.ecs.keys import S3, of_files, through_s3
from cfnroles.table.ecs.secrets import decrypt, through_secrets_manager
from cfnroles.table.feature import Feature, Found, Grant, Malformed, Unnamed
from cfnroles.table.references import (
    ParameterReference,
    SecretReference,
    parse_arn,
    remedy,
    s3_bucket,
    s3_object,
    shown,
    value_from,
)
from cfnroles.text import Text

_LINUX = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/linux-gmsa.html"
_FARGATE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-linux-gmsa.html"
_PREFIXES = ("credentialspec:", "credentialspecdomainless:")
_FROM = "ECS reads credential specs from S3 and Parameter Store only."
_EXAMPLE = "credentialspec:arn:aws:s3:::shop-config/web.json"


def is_in_s3(found: Found) -> bool:
    """The credential spec is an object in S3."""
    return _service(found) == "s3"


def is_in_s3_with_key(found: Found) -> bool:
    """The credential spec is an object in S3, and customer managed keys of files are given."""
    return bool(found.facts.file_key_arns) and is_in_s3(found)


def is_in_parameter_store(found: Found) -> bool:
    """The credential spec is a parameter."""
    return _service(found) == "ssm"


def is_local(found: Found) -> bool:
    """The string is another Docker option, or a credential spec in a file on the container instance."""
    return _service(found) == ""


def is_domainless(found: Found) -> bool:
    """The credential spec contains a secret."""
    return found.text.startswith("credentialspecdomainless:")


def is_in_s3_for_fargate(found: Found) -> bool:
    """The credential spec is in S3, and the permissions of AWS's page about Fargate are requested."""
    return found.facts.compat and is_in_s3(found)


def spec_object(found: Found) -> Text:
    """The credential spec in S3."""
    return s3_object(_arn(found)).text


def spec_bucket(found: Found) -> Text:
    """The bucket of the credential spec."""
    return s3_bucket(_arn(found)).text


def spec_bucket_and_object(found: Found) -> tuple[Text, ...]:
    """The resources in the encryption context of S3."""
    return spec_bucket(found), spec_object(found)


def spec_parameter(found: Found) -> Text:
    """The parameter that holds the credential spec."""
    reference = value_from(_arn(found), found.facts)
    if not isinstance(reference, ParameterReference):
        raise Malformed(
            f"{shown(found.text)} is not a parameter", "ECS reads credential specs from S3 and Parameter Store only."
        )
    return reference.arn.text


def reference(found: Found) -> Text:
    """The ARN of the parameter."""
    return _arn(found)


def inner_secrets(found: Found) -> tuple[Text, ...]:
    """The secrets in domainless credential specs, from an option."""
    if not found.facts.domainless_secret_arns:
        raise Unnamed(
            "the file of the domainless credential spec names a secret",
            "Pass that secret with --gmsa-secret ARN",
        )
    return tuple(text for secret in _inner_secrets(found) for text in secret.policy_resources)


def through_secrets_manager_for_inner(found: Found) -> tuple[Condition, ...]:
    """Decryption only of the inner secrets, and only through Secrets Manager."""
    conditions = [through_secrets_manager(secret) for secret in _inner_secrets(found)]
    return tuple(
        Condition(parts[0].operator, parts[0].key, tuple(sorted({value for part in parts for value in part.values})))
        for parts in zip(*conditions, strict=True)
    )


def _inner_secrets(found: Found) -> tuple[SecretReference, ...]:
    return tuple(_secret(arn, found) for arn in found.facts.domainless_secret_arns)


def _secret(arn: str, found: Found) -> SecretReference:
    resolved = value_from(Text(arn), found.facts)
    if not isinstance(resolved, SecretReference):
        raise Malformed(f"{arn} is not the ARN of a secret", "Pass the ARN of the secret with --gmsa-secret.")
    return resolved


def _arn(found: Found) -> Text:
    return found.text.partition(":")[2]


def _service(found: Found) -> str:
    first = found.text.parts[0] if found.text.parts else ""
    if isinstance(first, Symbol) and found.text.unknown:
        raise Unnamed(f"cannot see whether {shown(found.text)} is a credential spec", remedy(first))
    if not found.text.startswith(_PREFIXES):
        return ""
    text = _arn(found)
    if not text.startswith("arn:"):
        if text.startswith("file://"):
            return ""
        raise Unnamed(
            f"{shown(text)} is neither an ARN nor a file", "Write the ARN of an object in S3 or of a parameter"
        )
    service = parse_arn(text).service
    if service not in ("s3", "ssm"):
        raise Malformed(
            f"{text.written} is an ARN of {service}", "ECS reads credential specs from S3 and Parameter Store only."
        )
    return service


_row = partial(Feature, field="containerDefinitions[].credentialSpecs[]", holder=Holder.EXECUTION)
_ROWS = (
    _row(
        name="credential-spec-in-s3",
        why="ECS downloads the credential spec before it starts the container",
        source=_LINUX,
        standing=Standing.DOCUMENTED,
        example=_EXAMPLE,
        grants=(
            Grant(s3.GetObject, on=spec_object, conditions=owned, sid="ReadCredentialSpecs"),
            Grant(s3.GetBucketLocation, on=spec_bucket, conditions=owned, sid="LocateCredentialSpecBuckets"),
        ),
        when=is_in_s3,
    ),
    _row(
        name="credential-spec-in-s3-compat",
        why="required by --compat: AWS's page about Fargate lists object versions and the bucket, where the other"
        " pages list the object only",
        source=_FARGATE,
        standing=Standing.DOCUMENTED,
        example=_EXAMPLE,
        grants=(
            Grant(s3.GetObjectVersion, on=spec_object, conditions=owned, sid="ReadCredentialSpecVersions"),
            Grant(s3.ListBucket, on=spec_bucket, conditions=owned, sid="ListCredentialSpecBuckets"),
        ),
        when=is_in_s3_for_fargate,
    ),
    _row(
        name="credential-spec-customer-key",
        why="S3 decrypts the credential spec with a customer managed key, with the permissions of the role that"
        " reads it",
        source=S3,
        standing=Standing.DOCUMENTED,
        example=_EXAMPLE,
        grants=(
            Grant(
                kms.Decrypt,
                on=of_files,
                conditions=through_s3(of_files, values=spec_bucket_and_object),
                sid="DecryptFiles",
            ),
        ),
        when=is_in_s3_with_key,
    ),
    _row(
        name="credential-spec-in-parameter-store",
        why="ECS reads the credential spec from a parameter before it starts the container",
        source=_LINUX,
        standing=Standing.DOCUMENTED,
        example="credentialspec:arn:aws:ssm:us-east-1:123456789012:parameter/shop/credential-spec",
        grants=(Grant(ssm.GetParameters, on=spec_parameter, sid="ReadParameters"),),
        when=is_in_parameter_store,
        reference=reference,
        use="windows-credential-spec",
    ),
    _row(
        name="domainless-secret",
        why="the credential spec is domainless: ECS reads the user name and password from the secret that the spec"
        " names",
        source=_FARGATE,
        standing=Standing.DOCUMENTED,
        example="credentialspecdomainless:arn:aws:s3:::shop-config/web.json",
        grants=(
            Grant(secretsmanager.GetSecretValue, on=inner_secrets, sid="ReadSecrets"),
            decrypt(through_secrets_manager_for_inner),
        ),
        when=is_domainless,
    ),
    _row(
        name="local-option",
        why="Docker uses the option, or the file on the container instance, unchanged",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html",
        standing=Standing.AGENT,
        example="credentialspec:file://web.json",
        when=is_local,
    ),
)

FEATURES = (
    *_ROWS,
    *(
        replace(row, name=f"security-option-{row.name}", field="containerDefinitions[].dockerSecurityOptions[]")
        for row in _ROWS
    ),
)
