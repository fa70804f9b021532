"""CloudTrail's event history, which every account has: the management events of the last 90 days in one Region.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from cfnroles.aws.connection import Connection
from cfnroles.aws.refusals import answering

#: "The rate of lookup requests is limited to two per second, per account, per Region."
_SECONDS = 0.5
#: The length of the event history.
DAYS = 90


class EventHistory:
    """The event history of one account and Region. Errors are those of ``cfnroles.aws.refusals``."""

    def __init__(self, connection: Connection, seconds: float = _SECONDS) -> None:
        self._client: Any = connection.client("cloudtrail")
        self._seconds = seconds

    def events(self, first: datetime, last: datetime, only: tuple[str, str] | None = None) -> Iterator[list[str]]:
        """Yield the events of a period as JSON texts by page. ``only`` is an attribute and its value in them."""
        asked: dict[str, Any] = {"StartTime": first, "EndTime": last, "MaxResults": 50}
        if only:
            asked["LookupAttributes"] = [{"AttributeKey": only[0], "AttributeValue": only[1]}]
        while True:
            with answering("cloudtrail:LookupEvents"):
                answer = self._client.lookup_events(**asked)
            yield [str(each["CloudTrailEvent"]) for each in answer.get("Events", ()) if each.get("CloudTrailEvent")]
            if not answer.get("NextToken"):
                return
            asked["NextToken"] = answer["NextToken"]
            time.sleep(self._seconds)

    def of_sources(self, first: datetime, last: datetime, hosts: Iterable[str]) -> Iterator[list[str]]:
        """Yield the events of some services, and the start of each role session."""
        yield from self.events(first, last, ("EventName", "AssumeRole"))
        for host in hosts:
            time.sleep(self._seconds)
            yield from self.events(first, last, ("EventSource", host))
