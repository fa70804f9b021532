"""All task definitions of an account and Region, with their roles, secrets and other resources."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from cfnroles.answers.fleet_finding import FleetReport
from cfnroles.answers.fleet_judging import Judging
from cfnroles.answers.fleet_roles import HeldRoles, Roles
from cfnroles.answers.fleet_things import LookedAt, Things, absent_things
from cfnroles.answers.fleet_users import Users
from cfnroles.sources.fleet import Definitions, Kept, Place, crawled


class AccountReaders(Struct, frozen=True):
    """Access to the account."""

    ecs: Definitions
    iam: Roles
    things: Things


def fleet_of(
    account: AccountReaders, place: Place, kept: Kept, tell: Callable[[str], None] = lambda _: None
) -> FleetReport:
    """Examine the task definitions of a place. Find what prevents their start, and excess permissions of their roles.

    ``kept`` has what an earlier run read. Raise ``Unavailable`` if AWS cannot be reached any more; what was read is
    kept.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-iam-roles.html
    """
    users = Users(place.account, place.region)
    for definition in crawled(account.ecs, place, kept):
        users.add(definition)
        if users.count % 100 == 0:
            tell(f"{users.count:,} task definitions")
    tell(f"{len(users.references):,} secrets and parameters")
    looked = LookedAt(account.things, kept)
    looked.look(users.references)
    tell(f"{len(users.roles):,} roles")
    denied: dict[str, None] = {}
    roles = HeldRoles(account.iam, users.roles, denied)
    judging = Judging(users, looked, roles, place)
    findings = [*judging.all(), *absent_things(users, account.things, looked)]
    kept.finish()
    return FleetReport(
        place.account,
        place.region,
        place.revisions,
        users.count,
        users.families,
        len(users.roles),
        tuple(sorted(findings, key=lambda each: each.rank)),
        tuple(sorted({**denied, **account.things.denied})),
        kept.began,
        kept.resumed,
    )
