"""One pass over the events, which measures the coverage and shows each event to a watcher."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from cfnroles.errors import InvalidInput
from cfnroles.files import below, is_directory, opened
from cfnroles.table.event_sources import EVENT_SOURCES, data_events_of
from cfnroles.trail.coverage import NAMED, BrokenFile, Coverage, LastAccessed, Place, Recorded, Region
from cfnroles.trail.record import Record, ServiceAccess
from cfnroles.trail.resources import arns_of
from cfnroles.trail.selectors import Selectors
from cfnroles.trail.stream import Batch, Broken, OtherDocument, batches, unwrapped

_CHUNK = 1 << 20
#: CloudTrail's file names.
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
_NAME = re.compile(r"(?P<account>\d{12})_CloudTrail_(?P<region>[a-z0-9-]+)_(?P<date>\d{8})T\d{4}Z_")
_READ = (".json", ".gz", ".jsonl", ".ndjson")
#: Other files that CloudTrail writes next to those with events.
_DIGEST = "CloudTrail-Digest"
_INSIGHTS = "Insight"
_DATA = "Data"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
#: The maximum number of resources for which data events are counted; others count as not recorded.
_MOST_RECORDED = 50_000
#: The maximum number of Regions of accounts, larger than any organization's.
_MOST_PLACES = 100_000
#: The maximum number of IAM reports: an account has no more roles.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_MOST_REPORTS = 5_000
_CLOUDTRAIL = "cloudtrail.amazonaws.com"
#: Calls that change what a trail records.
_RESELECTING = frozenset(
    {"PutEventSelectors", "StartLogging", "StopLogging", "CreateTrail", "UpdateTrail", "DeleteTrail"}
)
_EXCLUDABLE = frozenset(host for source in EVENT_SOURCES if source.excluded for host in source.hosts)
_FORMS = "Pass files of CloudTrail as delivered, a directory of them, or the output of `aws cloudtrail lookup-events`."

#: The function that gets each event.
Watch = Callable[[Record], None]


class _Seen:
    """The counts of one Region of one account."""

    __slots__ = ("data", "days", "events", "excludable", "first", "last", "reads", "writes")

    def __init__(self) -> None:
        self.events = self.reads = self.writes = 0
        self.first, self.last = "\uffff", ""
        self.days: set[str] = set()
        self.excludable: set[str] = set()
        self.data: Counter[Recorded] = Counter()


class Pass:
    """The pass: add events, which are shown to ``watch``, then read the coverage."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._places: dict[Place, _Seen] = {}
        self._things = 0
        self._broken: list[BrokenFile] = []
        self._counts: Counter[str] = Counter()
        self._more = False
        self.reports: list[LastAccessed] = []
        self._selectors: dict[str, Selectors] = {}
        self._reselected: set[str] = set()
        self._files: set[str] = set()

    def take(self, records: Iterable[Record]) -> None:
        """Count events, and show each to the watcher."""
        for record in unwrapped(self._without_answers(records)):
            if record is None or not _TIME.fullmatch(record.eventTime):
                self._counts["malformed"] += 1
            elif record.eventCategory != _INSIGHTS:
                self._counts["events"] += 1
                self._count(record)
                self._watch(record)

    def _without_answers(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield the records without IAM's and CloudTrail's responses, which are kept."""
        for record in records:
            if record.EventSelectors is not None or record.AdvancedEventSelectors is not None:
                trail = record.TrailARN or ""
                told = tuple(record.EventSelectors or ()), tuple(record.AdvancedEventSelectors or ())
                self._selectors[trail] = Selectors(trail, *told)
                self._counts["answers"] += 1
            elif record.ServicesLastAccessed is None:
                yield record
            elif len(self.reports) < _MOST_REPORTS:
                self.reports.append(report_of(record.ServicesLastAccessed, cut=bool(record.IsTruncated)))
                self._counts["events"] += 1

    def place(self, account: str, region: str) -> None:
        """Record that a Region of an account is covered, with or without events."""
        self._places.setdefault((account, region), _Seen())

    def file(self, source: str | Path) -> None:
        """Add the events of one file.

        Raise InvalidInput if it cannot be opened, Broken if it is truncated, and OtherDocument if it is not
        CloudTrail's. Events before the error are added. A file that was added before is skipped: it may be named twice,
        alone and by its directory.
        """
        place = os.path.realpath(source)
        if place in self._files:
            return
        self._files.add(place)
        events, malformed = self._counts["events"], self._counts["malformed"]
        answers = self._counts["answers"]
        with opened(source) as file:
            for batch in batches(iter(lambda: file.read(_CHUNK), b"")):
                self._batch(batch)
        answered = self._counts["answers"] > answers
        if not answered and self._counts["events"] == events and self._counts["malformed"] > malformed:
            self._counts["malformed"] = malformed
            raise OtherDocument("it is not a CloudTrail file")
        self._counts["files"] += 1

    def directory(self, source: str) -> None:
        """Add the events of all files below a directory. An unreadable file is recorded as a gap."""
        files, unlisted = below(source)
        for path in unlisted:
            self._broke(path, "it cannot be listed")
        for path in files:
            if _DIGEST in path.parts:
                self._counts["digests"] += 1
            elif path.suffix not in _READ:
                self._counts["ignored"] += 1
            else:
                self._of_directory(path)

    def _of_directory(self, path: Path) -> None:
        try:
            self.file(path)
        except OtherDocument as other:
            if _NAME.search(path.name):
                self._broke(path, str(other))
            else:
                self._counts["ignored"] += 1
        except Broken as error:
            self._broke(path, str(error))
        except InvalidInput as error:
            self._broke(path, error.what)

    def _broke(self, path: Path, why: str) -> None:
        found = _NAME.search(path.name)
        day = f"{found['date'][:4]}-{found['date'][4:6]}-{found['date'][6:]}" if found else ""
        place = (found["account"], found["region"]) if found else ("", "")
        self._counts["broken"] += 1
        # Those with a known place are stored by day, of which there are few.
        told = BrokenFile(path.name, why, *place, day)
        if len(self._broken) < NAMED or not any(_same_day(told, each) for each in self._broken):
            self._broken.append(told)

    def _batch(self, batch: Batch) -> None:
        self._counts["malformed"] += batch.malformed
        self._more = self._more or batch.more
        self.take(batch.records)

    def _count(self, record: Record) -> None:
        place = (record.account, record.awsRegion)
        seen = self._places.get(place)
        if seen is None:
            if len(self._places) >= _MOST_PLACES:
                self._counts["malformed"] += 1
                return
            seen = self._places[place] = _Seen()
        time, host = record.eventTime, record.eventSource
        seen.events += 1
        if time < seen.first:
            seen.first = time
        if time > seen.last:
            seen.last = time
        seen.days.add(time[:10])
        if is_data(record):
            self._count_data(record, seen)
        else:
            read = record.is_read
            seen.reads += read is True
            seen.writes += read is False
        if host in _EXCLUDABLE:
            seen.excludable.add(host)
        elif host == _CLOUDTRAIL and record.eventName in _RESELECTING:
            self._reselected.add(record.account)

    def _count_data(self, record: Record, seen: _Seen) -> None:
        found = data_events_of(record.eventSource, record.eventName)
        read = record.is_read
        if found is None or read is None:
            return
        service, events = found
        arns = [""] if events.whole else arns_of(record)
        for thing in {events.recorded_thing(arn) for arn in arns}:
            key = (service, thing, read)
            if key in seen.data or self._things < _MOST_RECORDED:
                self._things += key not in seen.data
                seen.data[key] += 1

    def coverage(self, *, history: bool = False, days: int = 0) -> Coverage:
        """Return the coverage. With ``history``, it is the known extent of the event history."""
        regions = tuple(
            Region(
                account,
                name,
                seen.events,
                seen.first if seen.events else "",
                seen.last,
                frozenset(seen.days),
                seen.reads,
                seen.writes,
                frozenset(seen.excludable),
                dict(seen.data),
            )
            for (account, name), seen in sorted(self._places.items())
        )
        return Coverage(
            regions,
            sum(each.events for each in regions),
            min((each.first for each in regions if each.first), default=""),
            max((each.last for each in regions), default=""),
            self._counts["files"],
            tuple(self._broken),
            self._counts["broken"],
            self._counts["ignored"],
            self._counts["digests"],
            self._counts["malformed"],
            self._more,
            history,
            days,
            tuple(self.reports),
            selectors=tuple(self._selectors.values()),
            reselected=tuple(sorted(self._reselected)),
        )


def is_data(record: Record) -> bool:
    """Return whether an event is a data event. Old events do not say, so the table decides."""
    if record.eventCategory is not None:
        return record.eventCategory == _DATA
    if record.managementEvent is not None:
        return str(record.managementEvent).lower() == "false"
    return data_events_of(record.eventSource, record.eventName) is not None


def report_of(services: Iterable[ServiceAccess], role: str = "", *, cut: bool = False) -> LastAccessed:
    """Return IAM's report. ``role`` is its ARN, if known."""
    times: dict[str, str] = {}
    actions: dict[str, str] = {}
    for each in services:
        times[each.ServiceNamespace.lower()] = each.LastAuthenticated or ""
        role = role or each.LastAuthenticatedEntity or ""
        for action in each.TrackedActionsLastAccessed or ():
            actions[f"{each.ServiceNamespace}:{action.ActionName}".lower()] = action.LastAccessedTime or ""
    return LastAccessed(role, times, actions, cut)


def read_events(sources: Iterable[str], watch: Watch) -> Coverage:
    """Read files, directories and standard input (``-``) in one pass.

    An unreadable file of a directory is a gap in the coverage. Raise InvalidInput for one that is given by name, and if
    there are no events.
    """
    passing = Pass(watch)
    names = list(sources)
    for source in names:
        if source != "-" and is_directory(source):
            passing.directory(source)
        else:
            _of_file(passing, source)
    covered = passing.coverage()
    if not covered.events and not covered.reports:
        broken = [f"{each.name}: {each.why}" for each in covered.broken]
        where = ", ".join("standard input" if name == "-" else name for name in names)
        raise InvalidInput("has no CloudTrail events", where=where, why="; ".join(broken), remedy=_FORMS)
    return covered


def _of_file(passing: Pass, source: str) -> None:
    where = "standard input" if source == "-" else source
    try:
        passing.file(source)
    except Broken as error:
        raise InvalidInput(
            "is not a complete CloudTrail file",
            where=where,
            why=f"{str(error)[0].upper()}{str(error)[1:]}.",
            remedy="Download it again: missing events would look like unused permissions.",
        ) from error
    except OtherDocument as error:
        raise InvalidInput("has no CloudTrail events", where=where, why=f"{error}.", remedy=_FORMS) from error


def _same_day(one: BrokenFile, other: BrokenFile) -> bool:
    return (one.account, one.region, one.day) == (other.account, other.region, other.day)
