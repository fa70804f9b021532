"""The table of event sources: one module for each kind of service."""

from __future__ import annotations

import re
from functools import lru_cache

from cfnroles.table.event_source import DataEvents, EventSource
from cfnroles.table.event_sources import applications, identities, secrets, storage, tasks

EVENT_SOURCES: tuple[EventSource, ...] = (
    *tasks.SOURCES,
    *secrets.SOURCES,
    *storage.SOURCES,
    *applications.SOURCES,
    *identities.SOURCES,
)

_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9-]+")
_BY_HOST = {host: source for source in EVENT_SOURCES for host in source.hosts}
_BY_SERVICE = {source.service: source for source in EVENT_SOURCES}
_SESSIONS = _BY_SERVICE["ssmmessages"]


@lru_cache(maxsize=4096)
def source_of_event(host: str, name: str) -> EventSource | None:
    """Return the row of an event by its source and name, or ``None``.

    Channels of Session Manager have the host of Systems Manager.
    """
    if host == "ssm.amazonaws.com" and any(name in each.actions for each in _SESSIONS.data):
        return _SESSIONS
    return _BY_HOST.get(host)


@lru_cache(maxsize=4096)
def source_of_action(action: str) -> EventSource | None:
    """Return the row of an action by its service, or ``None``."""
    return _BY_SERVICE.get(action.partition(":")[0].lower())


#: Services whose event host differs from the prefix of their actions.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_SERVICES = {"monitoring": "cloudwatch", "tagging": "tag", "email": "ses"}


@lru_cache(maxsize=4096)
def actions_of_event(host: str, name: str) -> tuple[tuple[str, bool], ...]:
    """Return the actions that the call of an event needs, and whether that is certain; without a row, those of its
    name.
    """
    source = source_of_event(host, name)
    service = host.partition(".")[0]
    found = source.actions(name) if source else ((f"{_SERVICES.get(service, service)}:{name}", True),)
    return tuple(each for each in found if _ACTION.fullmatch(each[0]))


@lru_cache(maxsize=4096)
def data_events_of(host: str, name: str) -> tuple[str, DataEvents] | None:
    """Return the service and the data events of an event, or ``None``."""
    source = source_of_event(host, name)
    found = next((source.data_events(action) for action, _ in source.actions(name)), None) if source else None
    return (source.service, found) if source and found else None
