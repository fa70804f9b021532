"""The parameters that the stacks of a service share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from troposphere import Parameter

from cfnroles.facts import Facts
from cfnroles.need import Reference
from cfnroles.placeholders import KEYS_DESCRIPTION
from cfnroles.table.references import SecretReference, value_from

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MOST_PARAMETERS = 200
_ROOM_FOR_OTHERS = 20

#: Export names have letters, digits, colons and hyphens; a project's name is also in names of stacks.
PROJECT_NAME = r"[A-Za-z][A-Za-z0-9-]{0,99}"

PROJECT_DESCRIPTION = "First part of this project's export names; use the same value for each of its stacks."

_COMPLETE_ARN = r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@!-]+-[A-Za-z0-9]{6}$"


@lru_cache(maxsize=256)  # the same in the stacks of many services
def project_name(default: str) -> Parameter:
    """Return the parameter of the project: the first part of each export's name."""
    return Parameter(
        "ProjectName",
        Type="String",
        Default=default,
        Description=PROJECT_DESCRIPTION,
        AllowedPattern=f"^{PROJECT_NAME}$",
        ConstraintDescription="a letter, then letters, digits and hyphens",
    )


@lru_cache(maxsize=256)  # the same in the stacks of many services
def permissions_boundary(
    name: str = "PermissionsBoundaryArn", default: str = "", whose: str = "the roles"
) -> Parameter:
    """Return the parameter of the permissions boundary of a stack's roles, empty for none."""
    return Parameter(
        name,
        Type="String",
        Default=default,
        Description=f"ARN of the permissions boundary of {whose}; empty for none.",
        AllowedPattern=r"^$|^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/.+$",
        ConstraintDescription="the ARN of a managed policy, or empty",
    )


@lru_cache(maxsize=256)  # the same in the stacks of many services
def key_arns(default: tuple[str, ...] = ()) -> Parameter:
    """Return the parameter of the customer managed keys of the secrets and parameters."""
    return Parameter(
        "KmsKeyArns",
        Type="CommaDelimitedList",
        Default=",".join(default),
        Description=KEYS_DESCRIPTION,
        AllowedPattern=r"^$|^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$",
        ConstraintDescription="ARNs of keys, not of aliases",
    )


@lru_cache(maxsize=256)  # the same in the stacks of many services
def log_key(default: str, whose: str) -> Parameter:
    """Return the parameter of the customer managed key of log groups, empty for the key of CloudWatch Logs itself."""
    return Parameter(
        "LogKmsKeyArn",
        Type="String",
        Default=default,
        AllowedPattern=r"^$|^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$",
        ConstraintDescription="the ARN of a key, not of an alias",
        Description=f"Customer managed KMS key of {whose}; empty to let CloudWatch Logs encrypt with its own key.",
    )


@lru_cache(maxsize=256)  # the same in the stacks of many services
def switch(name: str, default: str, description: str) -> Parameter:
    """Return a parameter that is `enabled` or `disabled`."""
    return Parameter(
        name, Type="String", Default=default, AllowedValues=["enabled", "disabled"], Description=description
    )


def secret_parameters(references: Iterable[Reference], facts: Facts, taken: Collection[str] = ()) -> dict[str, str]:
    """Return ARN -> parameter name, for each complete ARN of a secret, which differs in each environment.

    Empty if a template may not have as many parameters: the ARNs are then in the template itself.
    """
    return within_quota(secret_names(references, facts, taken))


def secret_names(references: Iterable[Reference], facts: Facts, taken: Collection[str] = ()) -> dict[str, str]:
    """Return ARN -> parameter name, for each complete ARN of a secret, however many there are.

    ``taken`` are the names of other parameters.
    """
    return names_of(complete_arns(references, facts), taken)


def complete_arns(references: Iterable[Reference], facts: Facts) -> set[str]:
    """Return the secrets' complete ARNs."""
    return {target.arn.text.plain for target in _secrets(references, facts) if target.complete} - {""}


def names_of(arns: Iterable[str], taken: Collection[str] = ()) -> dict[str, str]:
    """Return ARN -> parameter name, for each of these ARNs of secrets, sorted, as ``secret_names`` does."""
    named: dict[str, str] = {}
    seen: Counter[str] = Counter(list(taken))
    for arn in sorted(arns):
        words = re.findall(r"[A-Za-z0-9]+", arn.rsplit(":", 1)[1][:-7])
        name = "".join(word[0].upper() + word[1:] for word in words)[:200] + "SecretArn"
        seen[name] += 1
        named[arn] = f"{name}{seen[name]}" if seen[name] > 1 else name
    return named


def within_quota(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the secret parameters, or none if a template may not have as many."""
    return {} if len(parameters) > MOST_PARAMETERS - _ROOM_FOR_OTHERS else dict(parameters)


@lru_cache(maxsize=256)  # the same in the roles and the task of a service
def secret_parameter(name: str, arn: str) -> Parameter:
    """Return the parameter with the complete ARN of one secret."""
    return Parameter(
        name,
        Type="String",
        Default=arn,
        Description=f"Complete ARN of the secret {arn.rsplit(':', 1)[1][:-7]}.",
        AllowedPattern=_COMPLETE_ARN,
        ConstraintDescription="the complete ARN of a secret, with the six characters at its end",
    )


def used(parameters: Mapping[str, str], texts: Iterable[str]) -> dict[str, str]:
    """Return the secret parameters whose ARN begins one of ``texts``, by name: parameter name -> ARN."""
    # `ARN:json-key:version-stage:version-id`: the ARN itself has seven parts.
    arns = {":".join(text.split(":")[:7]) for text in texts}
    return {name: arn for arn, name in parameters.items() if arn in arns}


def _secrets(references: Iterable[Reference], facts: Facts) -> list[SecretReference]:
    targets = (value_from(reference.value_from, facts) for reference in references)
    return [target for target in targets if isinstance(target, SecretReference)]
