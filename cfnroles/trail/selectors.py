"""What a trail records, from ``aws cloudtrail get-event-selectors``.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html
"""

from __future__ import annotations

from msgspec import Struct

_BOTH = "All"
_OBJECTS = "AWS::S3::Object"
#: The supported fields of an advanced selector. With any other field, it records only some events.
_MANAGEMENT_FIELDS = frozenset({"eventCategory", "readOnly", "eventSource"})
_DATA_FIELDS = frozenset({"eventCategory", "readOnly", "resources.type", "resources.ARN"})


class DataResource(Struct, gc=False):
    """Resources of one type whose data events are recorded, by prefixes of their ARNs."""

    Type: str = ""
    Values: list[str] | None = None


class EventSelector(Struct, gc=False):
    """A basic event selector."""

    ReadWriteType: str = _BOTH
    IncludeManagementEvents: bool = True
    DataResources: list[DataResource] | None = None
    ExcludeManagementEventSources: list[str] | None = None


class FieldSelector(Struct, gc=False):
    """A condition on one field of an event."""

    Field: str = ""
    Equals: list[str] | None = None
    StartsWith: list[str] | None = None
    EndsWith: list[str] | None = None
    NotEquals: list[str] | None = None
    NotStartsWith: list[str] | None = None
    NotEndsWith: list[str] | None = None

    @property
    def is_equal(self) -> bool:
        """Whether it consists only of equality."""
        return not (self.StartsWith or self.EndsWith or self.NotEquals or self.NotStartsWith or self.NotEndsWith)


class AdvancedEventSelector(Struct, gc=False):
    """An advanced event selector. It records an event if all conditions hold."""

    FieldSelectors: list[FieldSelector] | None = None


class Selectors(Struct, frozen=True):
    """The event selectors of one trail, by its ARN, at the time of the call."""

    trail: str
    basic: tuple[EventSelector, ...] = ()
    advanced: tuple[AdvancedEventSelector, ...] = ()

    @property
    def account(self) -> str:
        """The account of the trail; empty if its ARN does not contain it."""
        fields = self.trail.split(":")
        return fields[4] if len(fields) > 4 else ""

    def records_data(self, kind: str, thing: str, *, read: bool) -> bool:
        """Return whether all data events of a type on one resource are recorded, for reads or for writes."""
        begins = f"{thing}/" if kind == _OBJECTS else thing
        return any(_takes(each.ReadWriteType, read) and _data(each, kind, begins) for each in self.basic) or any(
            _advanced_data(each, kind, begins, read=read) for each in self.advanced
        )

    def records_management(self, hosts: tuple[str, ...], *, read: bool) -> bool:
        """Return whether all management events of a service are recorded, for reads or for writes."""
        basic = any(
            each.IncludeManagementEvents
            and _takes(each.ReadWriteType, read)
            and set(hosts).isdisjoint(each.ExcludeManagementEventSources or ())
            for each in self.basic
        )
        return basic or any(_advanced_management(each, hosts, read=read) for each in self.advanced)


def _takes(kind: str, read: bool) -> bool:
    return kind in (_BOTH, "ReadOnly" if read else "WriteOnly")


def _data(selector: EventSelector, kind: str, begins: str) -> bool:
    resources = (each for each in selector.DataResources or () if each.Type == kind)
    return any(begins.startswith(value) for each in resources for value in each.Values or ())


def _by_field(selector: AdvancedEventSelector) -> dict[str, FieldSelector]:
    return {each.Field: each for each in selector.FieldSelectors or ()}


def _equals(fields: dict[str, FieldSelector], name: str, value: str) -> bool:
    found = fields.get(name)
    return found is not None and found.is_equal and value in (found.Equals or ())


def _admits(fields: dict[str, FieldSelector], *, read: bool) -> bool:
    return "readOnly" not in fields or _equals(fields, "readOnly", str(read).lower())


def _advanced_data(selector: AdvancedEventSelector, kind: str, begins: str, *, read: bool) -> bool:
    fields = _by_field(selector)
    if not _DATA_FIELDS.issuperset(fields) or not _equals(fields, "eventCategory", "Data"):
        return False
    named = fields.get("resources.ARN")
    if named is not None and (named.EndsWith or named.NotEquals or named.NotStartsWith or named.NotEndsWith):
        return False
    values = (*(named.StartsWith or ()), *(named.Equals or ())) if named is not None else ("",)
    return (
        _equals(fields, "resources.type", kind)
        and _admits(fields, read=read)
        and any(begins.startswith(value) for value in values)
    )


def _advanced_management(selector: AdvancedEventSelector, hosts: tuple[str, ...], *, read: bool) -> bool:
    fields = _by_field(selector)
    if not _MANAGEMENT_FIELDS.issuperset(fields) or not _equals(fields, "eventCategory", "Management"):
        return False
    source = fields.get("eventSource")
    if source is not None:
        without = source.Equals or source.StartsWith or source.EndsWith or source.NotStartsWith or source.NotEndsWith
        if without or not set(hosts).isdisjoint(source.NotEquals or ()):
            return False
    return _admits(fields, read=read)
