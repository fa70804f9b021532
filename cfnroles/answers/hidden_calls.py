"""Whether a trail would show a call: only then is its absence evidence.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from cfnroles.iam.actions import is_known
from cfnroles.table.event_source import DataEvents, EventSource, Recording, reads_only
from cfnroles.table.event_sources import source_of_action
from cfnroles.text import is_region
from cfnroles.trail.coverage import Coverage, Region, periods

_SIGNS = "*?$"
_STS = ("sts.amazonaws.com",)
_TORN = "events of unknown time and Region are missing"


class View(Struct, frozen=True):
    """The coverage of a trail for a role of an account, in the Regions where it is used."""

    coverage: Coverage
    account: str
    regions: tuple[str, ...]

    def hidden(self, action: str, resource: str) -> str:
        """Return why the trail would not show every call of an action on a resource; empty if it would."""
        source = source_of_action(action)
        if source is None:
            return f"cfnroles does not know what CloudTrail records of {action.partition(':')[0]}"
        recording = source.recording(action)
        if recording is Recording.NEVER:
            return f"CloudTrail does not record {action}"
        if recording is Recording.UNKNOWN or not is_known(action):
            return f"cfnroles does not know whether CloudTrail records {action}"
        data = source.data_events(action)
        if data is not None:
            return self._data(action, resource, source, data)
        found = self._among(resource, source)
        if isinstance(found, str):
            return found
        if why := self.missing(found):
            return why
        return "" if self.coverage.history or self._told(action, source) else _management(action, source, found)

    def _told(self, action: str, source: EventSource) -> bool:
        """Return whether event selectors record all management events of an action."""
        reads = reads_only(action.partition(":")[2])
        told = self.coverage.told(self.account)
        return all(
            any(each.records_management(source.hosts, read=read) for each in told)
            for read in ((True, False) if reads is None else (reads,))
        )

    def sessions(self) -> str:
        """Return why the trail would not show that the role was assumed; empty if it would."""
        found = self._among("*", None)
        if isinstance(found, str):
            return found
        if why := self.missing(found):
            return why if self.regions else f"{why}; pass --region for where its tasks run"
        told = any(each.records_management(_STS, read=True) for each in self.coverage.told(self.account))
        if not (self.coverage.history or told or all(each.reads for each in found)):
            return "the trail may record only events that write, and AssumeRole is one that reads"
        return ""

    def missing(self, regions: Sequence[Region]) -> str:
        """Return the missing parts of the window."""
        if self.coverage.is_torn:
            return _TORN
        for region in regions:
            if days := self.coverage.missing_days(region):
                return f"the trail has no complete events of {region.name} on {days_in_words(days)}"
        return ""

    def looked_at(self, resource: str) -> tuple[str, ...]:
        """Return the Regions where calls would be seen, if the resource names none."""
        if _region(resource):
            return ()
        return self.regions or tuple(each.name for each in self.coverage.regions_of(self.account))

    def _among(self, resource: str, source: EventSource | None) -> tuple[Region, ...] | str:
        """Return the Regions where a call would be seen, or why there are none."""
        own = {each.name: each for each in self.coverage.regions_of(self.account)}
        if not own:
            return f"the trail has no events of the account {self.account or 'of the role'}"
        wanted = _region(resource) or [*self.regions] or list(own)
        names = dict.fromkeys((*wanted, *(source.regions if source else ())))
        if missing := [name for name in names if name not in own]:
            return f"the trail has no events of {missing[0]}"
        return tuple(own[name] for name in names)

    def _data(self, action: str, resource: str, source: EventSource, data: DataEvents) -> str:
        if self.coverage.history:
            return f"{action} is a data event ({data.type}), and the event history has none"
        thing = data.recorded_thing(resource)
        if (resource == "*" and not data.whole) or any(sign in thing for sign in _SIGNS):
            return f"{action} is a data event ({data.type}), which a trail may record of some resources only"
        reads = reads_only(action.partition(":")[2])
        for read in (True, False) if reads is None else (reads,):
            key = (source.service, thing, read)
            seen = [each for each in self.coverage.regions_of(self.account) if key in each.data]
            told = self.coverage.told(self.account)
            if not seen and thing and any(each.records_data(data.type, thing, read=read) for each in told):
                found = self._among(resource, source)
                if isinstance(found, str):
                    return found
                seen = [*found]
            if not seen:
                what = f"of {thing}" if thing else f"of {source.service}"
                kind = "that read" if read else "that write"
                return f"{action} is a data event ({data.type}), and the trail shows none {what} {kind}"
            if why := self.missing(seen):
                return why
        return ""


def _region(resource: str) -> list[str]:
    """Return the Region of a resource."""
    return [name for name in resource.split(":")[3:4] if is_region(name) and "$" not in name]


def _management(action: str, source: EventSource, regions: Sequence[Region]) -> str:
    read = reads_only(action.partition(":")[2])
    for region in regions:
        if read is not False and not region.reads:
            return f"the trail shows no management event that reads in {region.name}: it may record writes only"
        if read is not True and not region.writes:
            return f"the trail shows no management event that writes in {region.name}: it may record reads only"
        if source.excluded and region.excludable.isdisjoint(source.hosts):
            return f"the trail shows no event of {source.service} in {region.name}: it may exclude them"
    return ""


def days_in_words(days: tuple[str, ...]) -> str:
    """Return days as periods, and the number of those that a sentence omits."""
    told = [first if first == last else f"{first} to {last}" for first, last in periods(days)]
    return ", ".join(told[:3]) + (f" and {len(told) - 3} more periods" if len(told) > 3 else "")
