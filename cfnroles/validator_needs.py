"""The permissions that the secret validator needs to check every reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from awacs import kms, secretsmanager, ssm

from cfnroles.facts import Facts
from cfnroles.need import Condition, Holder, Need, Permission, Reason, Reference
from cfnroles.symbols import Field, Parameter
from cfnroles.table.references import OpenReference, ParameterReference, SecretReference, value_from, via_service
from cfnroles.text import Text

#: Template parameters that enable optional checks of the validator.
CHECK_JSON_KEYS = "CheckJsonKeys"
CHECK_KEYS = "CheckKeys"
SWITCHES = frozenset({CHECK_JSON_KEYS, CHECK_KEYS})

_SECRET = Reason(
    "secret-exists",
    "the validator checks that the secret exists and which versions it has; the answer has no value",
    "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html",
)
_VERSION = Reason(
    "secret-version-exists",
    "only the list of versions shows whether a version without a label, or a pending one, has a value",
    "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecretVersionIds.html",
)
_PARAMETER = Reason(
    "parameter-exists",
    "the validator reads the type and version of the parameter; it discards the value in the answer, which it"
    " does not decrypt",
    "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html",
)
_JSON_KEYS = Reason(
    "json-keys-exist",
    "the validator reads the secret to check that the JSON keys exist, and stores nothing of it",
    "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html",
)
_KEY = Reason(
    "key-usable",
    "the validator checks that the key is enabled",
    "https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html",
)
_KEYS = Text(Parameter("KmsKeyArns"))


def validator_needs(references: Iterable[Reference], facts: Facts) -> tuple[Need, ...]:
    """Return the needs of the validator's role: to describe exactly the secrets and parameters that are referred to.

    The needs of its optional checks depend on their parameters.
    """
    return tuple(need for reference in references for need in _needs(reference, facts))


def _needs(reference: Reference, facts: Facts) -> Iterator[Need]:
    target = value_from(reference.value_from, facts)
    if isinstance(target, OpenReference):
        for parameter in target.parameters:
            yield from _for_parameter(parameter, reference)
        yield from _for_secret(target.secret, reference)
    elif isinstance(target, SecretReference):
        yield from _for_secret(target, reference)
    else:
        yield from _for_parameter(target, reference)


def _need(reference: Reference, sid: str, reason: Reason, permission: Permission) -> Need:
    return Need(Holder.VALIDATOR, permission, reason, reference.origin, sid)


def _for_parameter(target: ParameterReference, reference: Reference) -> Iterator[Need]:
    yield _need(reference, "FindParameters", _PARAMETER, Permission(_name(ssm.GetParameters), target.arn.text))


def _for_secret(target: SecretReference, reference: Reference) -> Iterator[Need]:
    # A secret that does not exist has no suffix: IAM then compares with the ARN as given. Without this second resource,
    # the answer would be AccessDenied instead of "not found".
    for resource in dict.fromkeys((target.arn.text, *target.policy_resources)):
        describe = Permission(_name(secretsmanager.DescribeSecret), resource)
        yield _need(reference, "DescribeSecrets", _SECRET, describe)
        if target.version_id or target.version_stage == "AWSPENDING":
            versions = Permission(_name(secretsmanager.ListSecretVersionIds), resource)
            yield _need(reference, "ListSecretVersions", _VERSION, versions)
    describe_key = Permission(_name(kms.DescribeKey), _KEYS, (), (CHECK_KEYS, "KmsKeyArns"))
    yield _need(reference, "DescribeKeys", _KEY, describe_key)
    # What follows the ARN in the value of a template parameter is known at deployment.
    if target.json_key or _names_either(target):
        yield from _for_json_key(target, reference)


def _names_either(target: SecretReference) -> bool:
    return isinstance(target.arn.resource.parts[-1], Field)


def _for_json_key(target: SecretReference, reference: Reference) -> Iterator[Need]:
    for resource in target.policy_resources:
        read = Permission(_name(secretsmanager.GetSecretValue), resource, (), (CHECK_JSON_KEYS,))
        yield _need(reference, "ReadSecrets", _JSON_KEYS, read)
        conditions = (
            via_service("secretsmanager", target.arn.region),
            Condition("StringLike", "kms:EncryptionContext:SecretARN", (resource,)),
        )
        decrypt = Permission(_name(kms.Decrypt), _KEYS, conditions, (CHECK_JSON_KEYS, "KmsKeyArns"))
        yield _need(reference, "DecryptSecrets", _JSON_KEYS, decrypt)


def _name(action: object) -> str:
    return f"{action.prefix}:{action.action}"  # type: ignore[attr-defined]
