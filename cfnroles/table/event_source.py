"""One row of the table of event sources: what CloudTrail records of a service, and under which names.

The names of an IAM action and of the event of its call may differ, and many calls leave no event. What no row contains
is unknown: a trail without such an event proves nothing.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-events.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

#: Lambda's events have an API version after their names: ``GetFunction20150331v2``.
_VERSION = re.compile(r"\d{8}(v\d+)?")
#: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
_READING = re.compile(
    r"(?:Batch)?(?:Check|Describe|Get|Head|List|Lookup|Query|Scan|Search|View)(?![a-z])|Decrypt|Filter"
)
_WRITING = re.compile(
    r"(?:Batch)?(?:Abort|Add|Associate|Attach|Cancel|Copy|Create|Delete|Deregister|Detach|Disable|Disassociate|Enable"
    r"|Import|Increase|Invoke|Modify|Open|Pass|Publish|Purge|Put|Register|Remove|Restore|Revoke|Run|Send|Set|Start|Stop"
    r"|Tag|Terminate|Untag|Update|Upload|Write)(?![a-z])"
)


class Recording(StrEnum):
    """How CloudTrail records the calls that an action allows."""

    MANAGEMENT = "management event"
    DATA = "data event"
    NEVER = "not recorded"
    UNKNOWN = "unknown to cfnroles"


class DataEvents(Struct, frozen=True):
    """Data events of one resource type, which a trail records only if configured to.

    ``actions`` are IAM's names without the service. The first ``parts`` of the last field of an ARN, separated by
    ``between``, name what a trail records: the bucket of an object, the table of an index. If calls have no resource in
    ARNs (``whole``), one event of the service proves that they are recorded.
    """

    type: str
    actions: tuple[str, ...]
    between: str = ""
    parts: int = 1
    whole: bool = False

    def recorded_thing(self, arn: str) -> str:
        """Return what a trail records for this resource: its bucket, table, stream, function, queue or topic."""
        if self.whole:
            return ""
        *fields, last = arn.split(":", 5)
        kept = last.split(self.between)[: self.parts] if self.between else [last]
        return ":".join([*fields, self.between.join(kept)])


class NamedResource(Struct, frozen=True):
    """The place of a resource in a call: a member of ``requestParameters``, and the ARNs for its value.

    ``{value}`` is the value, ``{path}`` the value without surrounding slashes, and other names in braces are other
    members. ``{partition}``, ``{region}`` and ``{account}`` are those of the event. A value that is an ARN is used
    unchanged.
    """

    member: str
    arns: tuple[str, ...]


class EventSource(Struct, frozen=True):
    """A service: the names of its events, and the actions that they show.

    ``service`` is the prefix of its actions and ``hosts`` are the values of ``eventSource``. ``management`` are the
    actions whose calls are management events; ``None`` means all operations that no other member names. ``never`` are
    actions that no event shows. ``renamed`` has the actions for the name of an event, if they differ; one after ``~``
    may have been used, on another resource than that of the event. ``unbound`` are actions without a resource type.
    ``listed`` says that an event with resources lists all. ``excluded`` says that a trail may exclude the management
    events of the service. ``regions`` are Regions whose events include calls from everywhere. ``model`` is botocore's
    name of the service.
    """

    service: str
    hosts: tuple[str, ...]
    page: str
    model: str
    management: tuple[str, ...] | None = None
    data: tuple[DataEvents, ...] = ()
    never: tuple[str, ...] = ()
    renamed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unbound: tuple[str, ...] = ()
    named: tuple[NamedResource, ...] = ()
    listed: bool = False
    excluded: bool = False
    regions: tuple[str, ...] = ()

    def actions(self, event: str) -> tuple[tuple[str, bool], ...]:
        """Return the actions that the call of an event needs, and whether that is certain for the resources of the
        event.
        """
        name = event if event in self.renamed else _VERSION.sub("", event)
        found = self.renamed.get(name, (name,))
        return tuple((f"{self.service}:{each.removeprefix('~')}", not each.startswith("~")) for each in found)

    def recording(self, action: str) -> Recording:
        """Return how the calls of one of the service's own actions are recorded, ignoring case."""
        name = action.partition(":")[2].lower()
        if self.data_events(action):
            return Recording.DATA
        if name in _lower(self.never):
            return Recording.NEVER
        if self.management is None or name in _lower(self.management):
            return Recording.MANAGEMENT
        return Recording.UNKNOWN

    def data_events(self, action: str) -> DataEvents | None:
        """Return the data events that show calls of an action; ``None`` if none do."""
        name = action.partition(":")[2].lower()
        return next((each for each in self.data if name in _lower(each.actions)), None)


def reads_only(name: str) -> bool | None:
    """Return whether a call of this name is read-only; ``None`` if its first word does not say."""
    if _READING.match(name):
        return True
    return False if _WRITING.match(name) else None


def _lower(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)
