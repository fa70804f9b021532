"""What the services of a spec get: the grants of their roles under the service's name, as they are compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cfnroles.answers.grants import Grant, Kind, Place, merged, needed
from cfnroles.iam.evaluator import Effect
from cfnroles.need import Gap, Holder, Origin
from cfnroles.sources.service_spec.services import ROLES, Prepared


def spec_grants(document: str, services: Iterable[Prepared]) -> tuple[Grant, ...]:
    """The grants of all roles, called ``web execution role`` and the like; ``document`` is the spec.

    A managed policy and a permissions boundary are told by their names: what they say is not compared.
    """
    return merged(grant for each in services for grant in _of_service(document, each))


def spec_gaps(services: Iterable[Prepared]) -> tuple[Gap, ...]:
    """The gaps of all services, each with the service's name: two may have one in containers of the same name."""
    return tuple(_named(gap, each.service.name) for each in services for gap in each.discovery.gaps)


def _of_service(document: str, each: Prepared) -> Iterator[Grant]:
    for grant in needed(each.discovery):
        yield replace(grant, role=_role(each, grant.role))
    needing = {need.holder for need in each.discovery.needs}
    for holder, options in each.options.items():
        # Without needs there is no infrastructure role, and its options are nobody's.
        if holder is Holder.INFRASTRUCTURE and holder not in needing:
            continue
        key = ROLES[holder]
        for arn in options.managed_policies:
            yield _whole(document, each, holder, Kind.MANAGED_POLICY, arn, "managed-policies", key)
        if boundary := options.permissions_boundary:
            yield _whole(document, each, holder, Kind.BOUNDARY, boundary, "permissions-boundary", key)


def _whole(document: str, each: Prepared, holder: Holder, kind: Kind, arn: str, option: str, key: str) -> Grant:
    # A boundary takes away: a role without one may do more.
    effect = Effect.DENY if kind is Kind.BOUNDARY else Effect.ALLOW
    origin = Origin(document, each.service.where(key, option), item=f"{each.service.name}, {option}")
    return Grant(_role(each, holder), kind, effect, (), (arn,), places=(Place(origin, origin.place),))


def _role(each: Prepared, holder: str) -> str:
    return f"{each.service.name} {holder}"


def _named(gap: Gap, service: str) -> Gap:
    origin = gap.origin
    item = ", ".join(part for part in (origin.item, f"service {service}") if part)
    return replace(gap, origin=replace(origin, item=item))
