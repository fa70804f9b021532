"""What the secret validator must be allowed to ask, so that it can tell whether every reference exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from awacs import secretsmanager, ssm

from cfnroles.arns import SecretReference, value_from
from cfnroles.facts import Facts
from cfnroles.need import Holder, Need, Permission, Reason, Reference

_SECRET = Reason(
    "secret-exists",
    "the validator asks whether the secret exists and has a value, without reading the value",
    "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html",
)
_PARAMETER = Reason(
    "parameter-exists",
    "the validator asks whether the parameter exists, without decrypting its value",
    "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html",
)


def validator_needs(references: Iterable[Reference], facts: Facts) -> tuple[Need, ...]:
    """The needs of the validator's role: to describe exactly the secrets and parameters that are referred to."""
    return tuple(need for reference in references for need in _needs(reference, facts))


def _needs(reference: Reference, facts: Facts) -> Iterator[Need]:
    target = value_from(reference.value_from, facts)
    if not isinstance(target, SecretReference):
        permission = Permission(_name(ssm.GetParameters), str(target.arn))
        yield Need(Holder.VALIDATOR, permission, _PARAMETER, reference.origin, "FindParameters")
        return
    # A secret that does not exist has no suffix: IAM then compares with the ARN as it was asked for, and without
    # this second resource the answer would be AccessDenied where it should be "not found".
    resources = (str(target.arn),) if target.complete else (str(target.arn), target.policy_resource)
    for resource in resources:
        for action in (secretsmanager.DescribeSecret, secretsmanager.ListSecretVersionIds):
            yield Need(
                Holder.VALIDATOR, Permission(_name(action), resource), _SECRET, reference.origin, "DescribeSecrets"
            )


def _name(action: object) -> str:
    return f"{action.prefix}:{action.action}"  # type: ignore[attr-defined]
