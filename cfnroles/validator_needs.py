"""What the secret validator must be allowed to ask, so that it can tell whether every reference is usable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from awacs import kms, secretsmanager, ssm

from cfnroles.facts import Facts
from cfnroles.need import Condition, Holder, Need, Permission, Reason, Reference
from cfnroles.table.references import SecretReference, parse_arn, value_from

#: Template parameters that switch on what the validator does not do unasked.
CHECK_JSON_KEYS = "CheckJsonKeys"
CHECK_KEYS = "CheckKeys"
SWITCHES = frozenset({CHECK_JSON_KEYS, CHECK_KEYS})

_SECRET = Reason(
    "secret-exists",
    "the validator asks whether the secret exists and has a value, without reading the value",
    "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html",
)
_VERSION = Reason(
    "secret-version-exists",
    "only the list of versions tells whether one that has no label, or a pending one, has a value",
    "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecretVersionIds.html",
)
_PARAMETER = Reason(
    "parameter-exists",
    "the validator asks whether the parameter exists, without decrypting its value",
    "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html",
)
_JSON_KEYS = Reason(
    "json-keys-exist",
    "the validator reads the secret to see that the JSON keys exist, and keeps nothing of it",
    "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html",
)
_KEY = Reason(
    "key-usable",
    "the validator asks whether the key is enabled",
    "https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html",
)
_KEYS = "${KmsKeyArns}"


def validator_needs(references: Iterable[Reference], facts: Facts) -> tuple[Need, ...]:
    """The needs of the validator's role: to describe exactly the secrets and parameters that are referred to.

    What its opt-in checks need hangs on their switches.
    """
    return tuple(need for reference in references for need in _needs(reference, facts))


def _needs(reference: Reference, facts: Facts) -> Iterator[Need]:
    def need(sid: str, reason: Reason, permission: Permission) -> Need:
        return Need(Holder.VALIDATOR, permission, reason, reference.origin, sid)

    target = value_from(reference.value_from, facts)
    if not isinstance(target, SecretReference):
        yield need("FindParameters", _PARAMETER, Permission(_name(ssm.GetParameters), str(target.arn)))
        return
    # A secret that does not exist has no suffix: IAM then compares with the ARN as it was asked for, and without
    # this second resource the answer would be AccessDenied where it should be "not found".
    resources = (str(target.arn),) if target.complete else (str(target.arn), target.policy_resource)
    for resource in resources:
        yield need("DescribeSecrets", _SECRET, Permission(_name(secretsmanager.DescribeSecret), resource))
        if target.version_id or target.version_stage == "AWSPENDING":
            yield need("ListSecretVersions", _VERSION, Permission(_name(secretsmanager.ListSecretVersionIds), resource))
    yield need("DescribeKeys", _KEY, Permission(_name(kms.DescribeKey), _KEYS, (), (CHECK_KEYS, "KmsKeyArns")))
    if not target.json_key:
        return
    yield need(
        "ReadSecrets",
        _JSON_KEYS,
        Permission(_name(secretsmanager.GetSecretValue), target.policy_resource, (), (CHECK_JSON_KEYS,)),
    )
    host = f"secretsmanager.{parse_arn(target.policy_resource).region}.amazonaws.com"
    conditions = (
        Condition("StringEquals", "kms:ViaService", (host,)),
        Condition("StringLike", "kms:EncryptionContext:SecretARN", (target.policy_resource,)),
    )
    yield need(
        "DecryptSecrets",
        _JSON_KEYS,
        Permission(_name(kms.Decrypt), _KEYS, conditions, (CHECK_JSON_KEYS, "KmsKeyArns")),
    )


def _name(action: object) -> str:
    return f"{action.prefix}:{action.action}"  # type: ignore[attr-defined]
