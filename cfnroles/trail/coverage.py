"""The coverage of a trail: accounts, Regions, days, and kinds of events.

The absence of a call is evidence only where the trail would show it.

Only where a trail would show a call does its absence say anything.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from msgspec import Struct, field

from cfnroles.trail.selectors import Selectors

#: An account and a Region.
Place = tuple[str, str]
#: A service, what of it is recorded, and whether the calls read.
Recorded = tuple[str, str, bool]
#: The maximum number of unreadable files to list.
NAMED = 5


class Region(Struct, frozen=True):
    """The coverage in one Region of one account.

    ``days`` are the days with events, ``reads`` and ``writes`` the numbers of management events that read or change
    something, and ``excludable`` the services whose events a trail may exclude. ``data`` counts data events by
    resource.
    """

    account: str
    name: str
    events: int = 0
    first: str = ""
    last: str = ""
    days: frozenset[str] = frozenset()
    reads: int = 0
    writes: int = 0
    excludable: frozenset[str] = frozenset()
    data: Mapping[Recorded, int] = field(default_factory=dict)


class BrokenFile(Struct, frozen=True):
    """A file that could not be read to its end, with its account, Region and day from its name."""

    name: str
    why: str
    account: str = ""
    region: str = ""
    day: str = ""


class LastAccessed(Struct, frozen=True):
    """IAM's report on when a role last called services and actions, including refused calls.

    ``role`` is its ARN, empty if it never called any. The times of ``services`` and ``actions`` are empty for those
    that IAM never saw. ``cut`` says that the response is one page of several.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetails.html
    """

    role: str
    services: Mapping[str, str]
    actions: Mapping[str, str]
    cut: bool = False


class Coverage(Struct, frozen=True):
    """The content of what was read.

    ``first`` and ``last`` are the times of the first and the last event. ``broken`` are files that could not be read to
    their end, ``broken_count`` their number; ``ignored`` counts files that are not CloudTrail's, ``digests`` digest
    files. ``malformed`` counts events that do not have CloudTrail's format. ``more`` says that output of lookup-events
    is one page of several. ``history`` says that the events are those of the event history, which contains exactly all
    management events, of ``days`` days. ``reports`` are IAM's reports on the last calls of roles; ``unreported`` are
    the roles without a report. ``selectors`` say what trails record, and ``reselected`` are accounts whose events show
    that someone changed that, or stopped a trail.
    """

    regions: tuple[Region, ...] = ()
    events: int = 0
    first: str = ""
    last: str = ""
    files: int = 0
    broken: tuple[BrokenFile, ...] = ()
    broken_count: int = 0
    ignored: int = 0
    digests: int = 0
    malformed: int = 0
    more: bool = False
    history: bool = False
    days: int = 0
    reports: tuple[LastAccessed, ...] = ()
    unreported: tuple[str, ...] = ()
    selectors: tuple[Selectors, ...] = ()
    reselected: tuple[str, ...] = ()

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts with events."""
        return tuple(sorted({each.account for each in self.regions}))

    def regions_of(self, account: str) -> tuple[Region, ...]:
        """Return the Regions of one account."""
        return tuple(each for each in self.regions if each.account == account)

    def missing_days(self, region: Region) -> tuple[str, ...]:
        """Return the days of the window for which a Region has no events, or not all."""
        if self.history:
            return ()
        broken = {
            each.day
            for each in self.broken
            if each.account in ("", region.account) and each.region in ("", region.name)
        }
        return tuple(day for day in self.window(region.account) if day not in region.days or day in broken)

    def window(self, account: str) -> tuple[str, ...]:
        """Return the days from the first event of an account to the last."""
        own = self.regions_of(account)
        try:
            first = date.fromisoformat(min((each.first for each in own if each.first), default="")[:10])
            last = date.fromisoformat(max((each.last for each in own), default="")[:10])
        except ValueError:
            return ()
        return tuple((first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1))

    def told(self, account: str) -> tuple[Selectors, ...]:
        """Return what trails record of an account, if it was the same for the whole window."""
        if self.history or account in self.reselected:
            return ()
        return tuple(each for each in self.selectors if each.account == account)

    @property
    def is_torn(self) -> bool:
        """Whether events of unknown place and day are missing."""
        return any(not each.day for each in self.broken) or self.malformed > 0 or self.more


def periods(days: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return days as periods, each from its first to its last day."""
    found: list[tuple[str, str]] = []
    for day in sorted(days):
        if found and date.fromisoformat(found[-1][1]) + timedelta(days=1) == date.fromisoformat(day):
            found[-1] = found[-1][0], day
        else:
            found.append((day, day))
    return tuple(found)
