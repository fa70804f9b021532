"""The images, keys and secrets of other accounts that the services use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from cfnroles.facts import Facts
from cfnroles.need import Condition, Holder, Need
from cfnroles.options import RoleOptions
from cfnroles.sources.reading import Task
from cfnroles.table.references import parse_arn
from cfnroles.text import Arn, Text

_SERVICES = ("ecr", "kms", "secretsmanager")
#: Features that use resources that AWS itself owns and shares with everyone.
_SHARED_BY_AWS = frozenset({"guard-duty"})


class Consumer(Struct, frozen=True):
    """A service or a task definition whose roles use resources of other accounts."""

    name: str
    facts: Facts
    needs: tuple[Need, ...]
    options: Mapping[Holder, RoleOptions] = field(default_factory=dict)


class ForeignUse(Struct, frozen=True):
    """One service uses one resource with one action, under conditions."""

    service: str
    holder: Holder
    action: str
    conditions: tuple[Condition, ...]


def other_accounts(services: Sequence[Task]) -> tuple[str, ...]:
    """Return the other accounts that own images, keys or secrets of the services."""
    return tuple(sorted({arn.account for arn, _ in uses_of(consumers_of(services)) if arn.account.isdigit()}))


def consumers_of(services: Sequence[Task]) -> tuple[Consumer, ...]:
    """Return the services, each with the resources that it uses."""
    return tuple(Consumer(each.name, each.facts, each.discovery.needs, each.options) for each in services)


def uses_of(consumers: Sequence[Consumer], account: str = "") -> Iterable[tuple[Arn, ForeignUse]]:
    """Return each resource of one account, or of all accounts except the services' own, with its uses."""
    for each in consumers:
        for need in each.needs:
            if need.reason.feature in _SHARED_BY_AWS:
                continue
            for resource in _resources(need, each):
                arn = parse_arn(resource)
                if arn.service in _SERVICES and _is_asked(arn, each, account):
                    permission = need.permission
                    yield arn, ForeignUse(each.name, need.holder, permission.action, permission.conditions)


def _resources(need: Need, service: Consumer) -> tuple[Text, ...]:
    if need.permission.resource == "${KmsKeyArns}":
        return tuple(map(Text, service.facts.kms_key_arns))
    return (need.permission.resource,) if need.permission.resource.startswith("arn:") else ()


def _is_asked(arn: Arn, service: Consumer, account: str) -> bool:
    own = service.facts.account
    foreign = arn.account.isdigit() and bool(own) and arn.account != own
    # In the services' own account only a key can deny what their roles allow.
    return (not account or arn.account == account) and (foreign or (bool(account) and arn.service == "kms"))
