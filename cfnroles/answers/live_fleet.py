"""The fleet of an account, read with the credentials of a profile: the report of ``cfnroles fleet --live``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cfnroles.answers.fleet import AccountReaders, fleet_of
from cfnroles.answers.fleet_finding import FleetReport
from cfnroles.aws.caller import caller_of
from cfnroles.aws.connection import Connection
from cfnroles.aws.ecs import Ecs
from cfnroles.aws.existing import ExistingThings
from cfnroles.aws.iam import Iam
from cfnroles.errors import InvalidInput
from cfnroles.sources.fleet import Kept, Place, Revisions


def fleet(
    profile: str = "",
    region: str = "",
    revisions: str = "all",
    resume: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> FleetReport:
    """Check all task definitions of an account and Region, with their roles, secrets and other resources.

    ``revisions`` is ``all``, ``latest`` or ``used``; ``resume`` is a file that stores what is read, so that an
    interrupted run can continue. Reads only. Raise InvalidInput if no Region is set, and Unavailable if AWS cannot be
    reached.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-iam-roles.html
    """
    connection = Connection(profile, region)
    home = connection.home_region
    if not home:
        raise InvalidInput("no AWS Region is set", remedy="Pass --region, or set AWS_REGION.")
    account = caller_of(connection).account
    place = Place(account, home, Revisions(revisions))
    asked = AccountReaders(
        Ecs(connection, patient=True), Iam(connection, patient=True), ExistingThings(connection, home, account)
    )
    with Kept(resume, place, lambda: f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC") as kept:
        return fleet_of(asked, place, kept, tell)
