"""The event history of an account and IAM's reports on roles, read from AWS as a trail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cfnroles.aws.caller import caller_of
from cfnroles.aws.cloudtrail import DAYS, EventHistory
from cfnroles.aws.connection import Connection
from cfnroles.errors import InvalidInput, Unavailable
from cfnroles.sources.live import iam_of
from cfnroles.table.event_sources import source_of_action
from cfnroles.trail.coverage import Coverage
from cfnroles.trail.reading import Pass, Watch, report_of
from cfnroles.trail.record import Record, ServiceAccess


class LiveTrail(Struct, frozen=True):
    """What to read: the last ``days`` of one Region, and the reports on ``roles``, by ARN.

    ``services`` are the prefixes of the roles' actions; one with a wildcard means all events.
    """

    profile: str
    region: str
    days: int
    roles: tuple[str, ...]
    services: tuple[str, ...]

    def read(self, watch: Watch) -> Coverage:
        """Read the event history once. Raise InvalidInput for more days than it has, and Unavailable."""
        if not 1 <= self.days <= DAYS:
            raise InvalidInput(
                f"--days {self.days}: the event history covers the last {DAYS} days",
                remedy="For more, pass the files of a trail with --events.",
            )
        connection = Connection(self.profile, self.region)
        passing = Pass(watch)
        passing.place(caller_of(connection).account, connection.home_region)
        last = datetime.now(UTC)
        history, first = EventHistory(connection), last - timedelta(days=self.days)
        hosts = hosts_of(self.services)
        pages = history.events(first, last) if hosts is None else history.of_sources(first, last, hosts)
        for page in pages:
            passing.take(Record(CloudTrailEvent=text) for text in page)
        unreported = self._reports(passing)
        return replace(passing.coverage(history=True, days=self.days), unreported=unreported)

    def _reports(self, passing: Pass) -> tuple[str, ...]:
        """Read IAM's report on each role. Return the roles without a report."""
        unreported: list[str] = []
        iam = iam_of(self.profile, self.region)
        for role in self.roles:
            try:
                found = msgspec.convert(
                    iam.last_accessed(role), list[ServiceAccess], strict=False, from_attributes=False
                )
            except (Unavailable, msgspec.ValidationError):
                unreported.append(role)  # the report is optional
            else:
                passing.reports.append(report_of(found, role))
        return tuple(unreported)


def hosts_of(services: Iterable[str]) -> tuple[str, ...] | None:
    """Return the event sources of services; ``None`` if all events are needed."""
    names = sorted(set(services))
    if any(sign in name for name in names for sign in "*?") or any(name.startswith("NOT ") for name in names):
        return None
    found: dict[str, None] = {}
    for name in names:
        source = source_of_action(f"{name}:")
        found |= dict.fromkeys(source.hosts if source else (f"{name}.amazonaws.com",))
    return tuple(found)
